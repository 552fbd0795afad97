//! The selected step as text: how it stands, its prose, its commands with what they say now and what they said, shell lines, notes. Wrapped
//! here, so that a page knows where it ends; and where list and text stand. Read by the keys that turn pages and by the view.

use super::{Line, Walk};
use crate::expression::Answer;
use crate::model::Time;
use crate::model::text::{self, inert, wrap};
use crate::runbook::{Block, Note, State, plain};
use crate::session::layout::Area;

/// From here on list and text stand beside each other.
const BESIDE: u16 = 100;
/// Cells of a list beside the titles of its steps.
const BESIDE_TITLE: u16 = 23;
/// Prose is read badly in wider lines.
const WIDEST: u16 = 100;
/// The least rows of the list.
const LIST: u16 = 4;

/// What a line of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Prose,
    /// Context: when, who, what is done by hand.
    Muted,
    /// How the step stands, where somebody has to know it.
    Failed,
    /// A command that has its turn.
    Next,
    /// Another command.
    Command,
    /// What is true now.
    True,
    False,
    CannotTell,
    /// A line for a shell.
    Shell,
    Note,
}

/// One line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageLine {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

/// Where things stand in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    /// The steps, their header with them.
    pub(crate) list: Area,
    /// The rule above the text.
    pub(crate) head: Area,
    pub(crate) page: Area,
}

/// List and text in a body of this size, beneath the rule of the pane.
pub(crate) fn places(size: (u16, u16), walk: &Walk) -> Places {
    let (w, h) = (size.0, size.1.saturating_sub(1));
    let wanted = u16::try_from(walk.steps.len()).unwrap_or(u16::MAX).saturating_add(1);
    let area = |x, y, w, h| Area { x, y, w, h };
    if w >= BESIDE {
        let widest = walk.book.steps.iter().map(|step| text::cells(&step.title)).max().unwrap_or(0);
        let left = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(BESIDE_TITLE).clamp(44, w / 2);
        let x = left + 4;
        let right = w.saturating_sub(x + 1);
        let page = area(x, 2, right.min(WIDEST), h.saturating_sub(1));
        return Places { list: area(1, 1, left, h), head: area(x - 1, 1, w.saturating_sub(x - 1), 1), page };
    }
    let list = wanted.min((h / 2).max(LIST)).min(h);
    let inner = w.saturating_sub(2);
    Places { list: area(1, 1, inner, list), head: area(0, list + 1, w, 1), page: area(1, list + 2, inner, h.saturating_sub(list + 1)) }
}

/// The text of a step in lines of this width.
pub(crate) fn lines(walk: &Walk, at: usize, now: Time, width: usize) -> Vec<PageLine> {
    let mut page = Page { width: width.max(8), lines: Vec::new() };
    let (Some(step), Some(progress)) = (walk.book.steps.get(at), walk.progress.steps.get(at)) else { return page.lines };
    page.stands(walk, at, &progress.state, now);
    if at == 0 {
        page.blocks(&walk.book.intro);
    }
    let (mut shown, next) = (0, if progress.state.is_over() { usize::MAX } else { progress.ran });
    for block in &step.blocks {
        if let Block::Commands(block) = block {
            page.gap();
            let ours = walk.steps.get(at).map(Vec::as_slice).unwrap_or_default();
            for line in ours.iter().skip(shown).take(block.len()) {
                page.command(walk, at, line, shown == next);
                shown += 1;
            }
        } else {
            page.blocks(std::slice::from_ref(block));
        }
    }
    let notes: Vec<&Note> = walk.progress.notes.iter().filter(|note| note.step == Some(at)).collect();
    if !notes.is_empty() {
        page.gap();
    }
    for note in notes {
        page.put(Kind::Note, &format!("note  {} {}: {}", moment(note.at, now), note.by, note.text), 0, 6);
    }
    page.lines
}

struct Page {
    width: usize,
    lines: Vec<PageLine>,
}

impl Page {
    /// A blank line, unless there is one.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.text.is_empty()) {
            self.lines.push(PageLine { kind: Kind::Prose, text: String::new() });
        }
    }

    /// Text behind `indent` blanks, wrapped further in by `hang`.
    fn put(&mut self, kind: Kind, text: &str, indent: usize, hang: usize) {
        let text = inert(text);
        let room = self.width.saturating_sub(indent + hang).max(8);
        for (i, line) in wrap(&text, room).into_iter().enumerate() {
            // The first line has the mark in it: what hangs is beneath the words.
            let blanks = if i == 0 { indent } else { indent + hang };
            self.lines.push(PageLine { kind, text: format!("{}{line}", " ".repeat(blanks)) });
        }
    }

    fn stands(&mut self, walk: &Walk, at: usize, state: &State, now: Time) {
        let (kind, words) = match state {
            State::ToDo => return,
            State::Running { since } => {
                let waiting = walk.waiting.as_ref().filter(|w| w.step == at);
                let left = waiting.filter(|w| w.waits).map(|w| format!(", {} left", text::duration((w.ends - now).num_seconds().max(0))));
                let whose = if walk.is_under_way(at) { "" } else { ": in another dashboard, or in one that has ended" };
                (Kind::Muted, format!("running for {}{}{whose}", text::age(*since, now), left.unwrap_or_default()))
            }
            State::Done { at, by } => (Kind::Muted, format!("done {} by {by}", moment(*at, now))),
            State::Failed { at, reason } => (Kind::Failed, format!("failed {}: {reason}", moment(*at, now))),
            State::Skipped { at, by, reason } => (Kind::Muted, format!("skipped {} by {by}: {reason}", moment(*at, now))),
        };
        self.put(kind, &words, 0, 2);
        self.gap();
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.gap();
            match block {
                Block::Prose { text, .. } => {
                    for piece in plain(text) {
                        if piece.apart {
                            self.gap();
                        }
                        self.put(Kind::Prose, &format!("{}{}", piece.mark, piece.text), piece.indent, piece.mark.len());
                    }
                }
                Block::Shell { text, .. } => {
                    self.put(Kind::Muted, "by hand, in a shell (y copies it):", 0, 0);
                    text.lines().for_each(|line| self.put(Kind::Shell, &format!("$ {line}"), 2, 2));
                }
                Block::Commands(_) => {}
            }
        }
    }

    fn command(&mut self, walk: &Walk, at: usize, line: &Line, is_next: bool) {
        if is_next {
            self.put(Kind::Next, &format!("▸ {}", line.text), 0, 2);
        } else {
            self.put(Kind::Command, &line.text, 2, 0);
        }
        if let Some(wrong) = line.wrong() {
            self.put(Kind::Failed, &format!("cannot be run: {wrong}"), 2, 2);
        }
        if let Some(live) = &line.live {
            let kind = match live.answer {
                Answer::True => Kind::True,
                Answer::False => Kind::False,
                Answer::CannotTell(_) => Kind::CannotTell,
            };
            self.put(kind, &format!("now {}", live.words()), 2, 4);
        }
        let Some(progress) = walk.progress.steps.get(at) else { return };
        let said = progress.said.iter().rev().find(|said| said.command == line.text);
        // How the step failed stands on top.
        let told = |words: &str| matches!(&progress.state, State::Failed { reason, .. } if reason.ends_with(words));
        if let Some(said) = said.filter(|said| !told(&said.result)) {
            self.put(Kind::Muted, &format!("{} {}", said.at.format("%H:%M:%SZ"), said.result), 2, 10);
        }
    }
}

/// `03:12:05Z`, with the day where it is another one.
fn moment(at: Time, now: Time) -> String {
    let form = if at.date_naive() == now.date_naive() { "%H:%M:%SZ" } else { "%d %b %H:%MZ" };
    at.format(form).to_string()
}
