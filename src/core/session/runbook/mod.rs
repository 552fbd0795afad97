//! Runbooks on a screen: the library, the walks that are open here, and those that the state folder keeps. `step` does what keys ask for,
//! `live` decides expressions, `acts` ties a step to its action, `page` is a step as text. Nothing runs by itself. Knows no file: the loop
//! reads and writes them (`Msg::Runbooks`, `Msg::Walks`, `Effect::Keep`).

mod acts;
mod lines;
mod live;
mod page;
mod step;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::act;
use super::filter::Filter;
use super::pane::PaneId;
use super::{Effect, Screen, Session, update};
use crate::expression::{Expression, Language};
use crate::insight::NodeId;
use crate::model::section::SectionKey;
use crate::model::system::System;
use crate::runbook::{Library, Outcome, Progress, Runbook, transcript};

pub(super) use acts::{left, moved, on_refused, on_run, sent};
pub(crate) use lines::{Line, Live, together};
pub(super) use live::follow;
pub(crate) use page::{Kind, PageLine, lines, places};
pub(super) use step::{again, copied, note, scroll, skip, told};
pub(super) use step::{enter, leads_back, start_note, start_skip};

/// A walk that ended longer ago is history: who opens the runbook then begins anew.
const HISTORY: chrono::TimeDelta = chrono::TimeDelta::hours(1);
/// Walks that nobody has touched for so long are not listed any more.
const LISTED: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// A walk as it is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub progress: Progress,
    /// What was done, as Markdown, once there is nothing left to do or it is begun anew.
    pub transcript: Option<String>,
}

/// What a session knows of runbooks.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// `None` while they are being read.
    pub(crate) library: Option<Arc<Library>>,
    /// What was not read of a team's folder, and why.
    pub(crate) refused: Vec<String>,
    /// Which boxes each is about.
    about: BTreeMap<String, Vec<System>>,
    /// Walks as the state folder has them, by their ids.
    kept: BTreeMap<String, Progress>,
    /// Those that are or were open here.
    walks: BTreeMap<String, Walk>,
    /// What was to be opened before they were read: name, values, incident.
    wanted: Option<(String, BTreeMap<String, String>, Option<String>)>,
    /// The action that a step has asked for, until it is sent or left.
    pending: Option<acts::Pending>,
    language: Option<Language>,
    /// Who ticks the steps.
    pub(super) by: String,
}

/// One walk with its runbook, filled in.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) book: Runbook,
    pub(crate) progress: Progress,
    /// The commands of each step.
    pub(crate) steps: Vec<Vec<Line>>,
    /// The expression that is waited for here.
    pub(crate) waiting: Option<live::Waiting>,
    /// The action of one of its steps that is under way from here.
    acting: Option<acts::Acting>,
    /// When its expressions were decided last.
    decided: Option<live::Moment>,
    /// Rows of the selected step's text that are scrolled away.
    pub(crate) scroll: usize,
    /// The step whose shell lines were copied last, and which of them.
    copied: Option<(usize, usize)>,
    /// Beginning anew was asked for once.
    leaving: bool,
    /// Ticking this step before those above it was asked for once.
    ticking: Option<usize>,
}

/// A row of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BookRow<'a> {
    /// A walk that is under way, or ended not long ago.
    Walk(&'a Progress),
    /// A runbook; whether it is about the box that was selected.
    Book(&'a Runbook, bool),
}

impl BookRow<'_> {
    /// What tells it from the others.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Walk(progress) => format!("{} since {}", progress.id(), progress.started_at.format("%Y-%m-%dT%H:%M:%SZ")),
            Self::Book(book, _) => book.name.clone(),
        }
    }
}

impl Session {
    /// Ticks steps in this name.
    #[must_use]
    pub fn walking(mut self, by: &str) -> Self {
        by.clone_into(&mut self.books.by);
        self
    }

    /// The runbooks, once they are read.
    pub(crate) fn library(&self) -> Option<&Library> {
        self.books.library.as_deref()
    }

    /// A walk that is open here.
    pub(crate) fn walk(&self, id: &str) -> Option<&Walk> {
        self.books.walks.get(id)
    }

    /// Opens a runbook with these values; asks for those that are missing. `incident` is the one that it is taken for. Why it cannot be opened.
    pub fn open_runbook(&mut self, name: &str, values: &BTreeMap<String, String>, incident: Option<&str>) -> Result<(), String> {
        let Some(library) = self.books.library.clone() else {
            self.books.wanted = Some((name.to_owned(), values.clone(), incident.map(ToOwned::to_owned)));
            update::flash(self, format!("reading the runbooks: {name} opens at once"), super::Tone::Done);
            return Ok(());
        };
        let Some(book) = library.get(name) else {
            let fault = library.faults().iter().find(|f| f.file == name || f.file == format!("{name}.md"));
            return Err(fault.map_or_else(
                || format!("no runbook '{name}': 'runbook' lists them"),
                |fault| format!("the runbook cannot be read: {fault}"),
            ));
        };
        if let Some(unasked) = values.keys().find(|value| !book.front.values.iter().any(|a| a.name == **value)) {
            return Err(format!("runbook '{name}' does not ask for '{unasked}'"));
        }
        if book.front.values.iter().all(|asked| values.contains_key(&asked.name)) {
            let filled = book.fill(values).map_err(|faults| faults.first().map_or_else(String::new, |f| f.message.clone()))?;
            self.walk_through(filled, incident);
        } else {
            self.act = Some(act::Act::Values(act::Values::begin(self, book, values, incident)));
        }
        Ok(())
    }

    /// Opens a walk through a runbook that is filled in: the one that is under way, or a new one.
    fn walk_through(&mut self, book: Runbook, incident: Option<&str>) {
        let mut fresh = Progress::start(&book, &self.books.by, self.now);
        fresh.incident = incident.map(ToOwned::to_owned);
        let id = fresh.id();
        let known = self.books.walks.get(&id).map(|w| w.progress.clone()).or_else(|| self.books.kept.get(&id).cloned());
        let goes_on = |kept: &Progress| {
            let history = kept.outcome() == Outcome::Finished && self.now - kept.touched() > HISTORY;
            let other = kept.outcome() == Outcome::Finished && incident.is_some() && kept.incident.as_deref() != incident;
            !history && !other
        };
        let progress = match known {
            Some(kept) if goes_on(&kept) => kept,
            Some(over) => Progress { round: over.round + 1, ..fresh },
            None => fresh,
        };
        self.show(book, progress);
    }

    /// Opens a walk that is listed, as it stands.
    pub(super) fn reopen(&mut self, id: &str) -> Result<(), String> {
        let library = self.books.library.clone().unwrap_or_default();
        let Some(kept) = self.books.progress(id).cloned() else { return Err(format!("no walk '{id}'")) };
        let Some(book) = library.get(&kept.runbook) else { return Err(format!("no runbook '{}': it was there once", kept.runbook)) };
        // A runbook may ask for other values now than when the walk began.
        let filled = book.fill(&kept.values).map_err(|faults| faults.first().map_or_else(String::new, |f| f.message.clone()))?;
        self.show(filled, kept);
        Ok(())
    }

    fn show(&mut self, book: Runbook, progress: Progress) {
        let progress = progress.refitted(&book);
        let (id, next) = (progress.id(), progress.next().unwrap_or_default());
        self.books.open(id.clone(), book, progress);
        update::push(self, PaneId::Runbook, id.clone(), 0);
        self.select_step(&id, next);
        self.dirty = true;
    }

    fn select_step(&mut self, id: &str, step: usize) {
        let mut state = self.list(PaneId::Runbook, id, 0);
        let ids = super::rows::ids(self, PaneId::Runbook, id, 0);
        state.select(&ids, step);
        self.lists.insert((PaneId::Runbook, id.to_owned(), 0), state);
        if let Some(walk) = self.books.walks.get_mut(id) {
            walk.scroll = 0;
        }
    }

    /// The walk on the screen, and its selected step.
    pub(crate) fn at_step(&self) -> Option<(&str, usize)> {
        let screen = self.screen().filter(|s| s.pane == PaneId::Runbook)?;
        let ids = super::rows::ids(self, screen.pane, &screen.subject, 0);
        Some((&screen.subject, self.list(screen.pane, &screen.subject, 0).position(&ids)))
    }

    /// The rows of the list: walks first, then the runbooks of the selected box, then the others.
    pub(crate) fn book_rows<'a>(&'a self, node: &str, filter: &Filter) -> Vec<BookRow<'a>> {
        let Some(library) = self.library() else { return Vec::new() };
        let system = node.parse::<NodeId>().ok().map(|node| node.system());
        let mut walks: Vec<&Progress> = self.books.all().filter(|p| self.now - p.touched() < LISTED).collect();
        walks.sort_by_key(|p| std::cmp::Reverse((p.outcome() != Outcome::Finished, p.touched())));
        let shown = |p: &Progress| filter.is_empty() || filter.matches_fields(&[&p.id(), &p.by]);
        walks.retain(|p| library.get(&p.runbook).is_some() && shown(p));
        // One that asks for nothing has one walk: its row is enough.
        let listed = |book: &Runbook| book.front.values.is_empty() && walks.iter().any(|p| p.runbook == book.name);
        let is_about = |book: &Runbook| system.is_some_and(|s| self.books.about.get(&book.name).is_some_and(|all| all.contains(&s)));
        let books = library.books().iter().filter(|book| !listed(book));
        let mut books: Vec<(bool, &Runbook)> = books.map(|book| (is_about(book), book)).collect();
        books.sort_by_key(|(about, _)| !about);
        let matches = |book: &Runbook| {
            let front = &book.front;
            filter.is_empty() || filter.matches_fields(&[&book.name, &front.title, &front.when, &front.owner, &front.incidents.join(" ")])
        };
        let books = books.into_iter().filter(|(_, book)| matches(book)).map(|(about, book)| BookRow::Book(book, about));
        walks.iter().copied().map(BookRow::Walk).chain(books).collect()
    }

    /// How many runbooks are about a box.
    pub(crate) fn books_about(&self, node: &NodeId) -> usize {
        self.books.about.values().filter(|systems| systems.contains(&node.system())).count()
    }
}

impl Books {
    /// What is known of a walk.
    fn progress(&self, id: &str) -> Option<&Progress> {
        self.walks.get(id).map(|w| &w.progress).or_else(|| self.kept.get(id))
    }

    /// Every walk, each once; one that was opened and in which nothing was done is none yet.
    fn all(&self) -> impl Iterator<Item = &Progress> {
        let begun = |p: &&Progress| !p.is_untouched() || self.kept.contains_key(&p.id());
        let open = self.walks.values().map(|w| &w.progress).filter(begun);
        open.chain(self.kept.iter().filter(|(id, _)| !self.walks.contains_key(*id)).map(|(_, p)| p))
    }

    fn open(&mut self, id: String, book: Runbook, progress: Progress) {
        // What is under way in it goes on: the walk is the same one.
        let before = self.walks.remove(&id).filter(|w| w.progress.round == progress.round && w.book == book);
        if let Some(walk) = before {
            self.walks.insert(id, Walk { progress, ..walk });
            return;
        }
        if self.language.is_none() {
            self.language = Language::new().ok();
        }
        let steps = book.steps.iter().map(|step| lines::of(step, self.language.as_ref())).collect();
        let walk = Walk {
            book,
            progress,
            steps,
            waiting: None,
            acting: None,
            decided: None,
            scroll: 0,
            copied: None,
            leaving: false,
            ticking: None,
        };
        self.walks.insert(id, walk);
    }

    /// The sections that open walks read: that on the screen, and those in which something is waited for.
    pub(super) fn needs(&self, screen: Option<&Screen>) -> BTreeSet<SectionKey> {
        let open = screen.filter(|s| s.pane == PaneId::Runbook).map(|s| s.subject.as_str());
        let walks = self.walks.iter().filter(|(id, walk)| open == Some(id.as_str()) || walk.waiting.is_some());
        walks.flat_map(|(_, walk)| walk.sections()).map(SectionKey).collect()
    }
}

impl Walk {
    /// How many steps are over, and how many there are.
    pub(crate) fn count(&self) -> (usize, usize) {
        over(&self.progress)
    }

    fn sections(&self) -> BTreeSet<&'static str> {
        self.steps.iter().flatten().filter_map(Line::compiled).flat_map(Expression::sections).collect()
    }

    /// Whether something of a step is under way from here.
    pub(crate) fn is_under_way(&self, step: usize) -> bool {
        self.waiting.as_ref().is_some_and(|w| w.step == step) || self.acting.as_ref().is_some_and(|a| a.step == step)
    }

    /// As it is to be kept; with what was done in it, when there is nothing left to do.
    fn kept(&self, told: bool) -> Effect {
        let text = told.then(|| transcript(&self.book, &self.progress));
        Effect::Keep(Box::new(Kept { progress: self.progress.clone(), transcript: text }))
    }
}

/// How many steps of a walk are over, and how many there are.
pub(crate) fn over(progress: &Progress) -> (usize, usize) {
    (progress.steps.iter().filter(|s| s.state.is_over()).count(), progress.steps.len())
}

/// The runbooks have been read.
pub(super) fn take_library(session: &mut Session, library: Arc<Library>, refused: Vec<String>) {
    session.books.about = library.books().iter().map(|book| (book.name.clone(), book.systems())).collect();
    (session.books.library, session.books.refused) = (Some(library), refused);
    session.dirty = true;
    let wanted = session.books.wanted.take().filter(|_| session.act.is_none());
    if let Some((name, values, incident)) = wanted
        && let Err(why) = session.open_runbook(&name, &values, incident.as_deref())
    {
        update::flash(session, why, super::Tone::Error);
    }
}

/// The walks as the state folder has them now: another dashboard may have gone on with one of ours.
pub(super) fn take_walks(session: &mut Session, walks: Vec<Progress>) {
    let books = &mut session.books;
    books.kept = walks.into_iter().map(|progress| (progress.id(), progress)).collect();
    for (id, walk) in &mut books.walks {
        let Some(kept) = books.kept.get(id) else { continue };
        let merged = walk.progress.clone().merged(kept.clone()).refitted(&walk.book);
        if merged.round != walk.progress.round {
            (walk.waiting, walk.acting) = (None, None);
        }
        // Somebody else has ended the step that is waited for here.
        let ended = |step: usize| merged.steps.get(step).is_none_or(|s| !matches!(s.state, crate::runbook::State::Running { .. }));
        walk.waiting = walk.waiting.take().filter(|w| !ended(w.step));
        walk.progress = merged;
    }
    session.dirty = true;
}

/// The box that is looked at, if there are runbooks about it.
pub(super) fn looked_at(session: &Session) -> Option<NodeId> {
    let opens = super::layout::spec(session.selected.system()).pane.0;
    let in_its_pane = || Some(session.selected.clone()).filter(|_| session.screen().is_some_and(|s| s.pane == opens));
    session.pointed().or_else(in_its_pane).filter(|node| session.books_about(node) > 0)
}

/// Opens the list; for the box that is looked at, its own first.
pub(super) fn open_list(session: &mut Session) {
    let subject = looked_at(session).map(|node| node.to_string()).unwrap_or_default();
    session.screens.retain(|s| s.pane != PaneId::Runbooks);
    update::push(session, PaneId::Runbooks, subject, 0);
}

/// `runbook NAME [VALUE=...]` of the palette.
pub(super) fn by_line(session: &mut Session, line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace().skip(1);
    let Some(name) = words.next() else {
        open_list(session);
        return Ok(());
    };
    let value = |word: &str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let values: Option<BTreeMap<String, String>> = words.map(value).collect();
    let values = values.ok_or_else(|| format!("after the name stand values: runbook {name} NAME=VALUE"))?;
    session.open_runbook(name, &values, None)
}

/// The names after `runbook `.
pub(super) fn suggestions(session: &Session, line: &str) -> Vec<act::Suggestion> {
    let Some(rest) = line.strip_prefix(WORD).and_then(|rest| rest.strip_prefix(' ')) else { return Vec::new() };
    let books = session.library().map(Library::books).unwrap_or_default().iter().filter(|book| book.name.starts_with(rest));
    books.map(|book| act::Suggestion { text: format!("{WORD} {}", book.name), doc: book.front.title.clone() }).collect()
}

/// The word in the palette.
pub(super) const WORD: &str = "runbook";
