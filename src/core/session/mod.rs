//! One user's screen: what is open, selected, filtered, paused. `update` is pure: no clock, no await, no I/O.
//! Knows places on the screen but draws nothing. Called by `shell` (one per terminal or SSH client); read by `view`.

pub mod act;
pub(crate) mod column;
pub(crate) mod derived;
mod diary;
pub mod filter;
pub(crate) mod help;
pub(crate) mod json;
pub mod layout;
pub(crate) mod lens;
mod list;
pub(crate) mod logs;
mod msg;
pub(crate) mod pane;
mod places;
pub(crate) mod query;
pub(crate) mod rows;
pub(crate) mod runbook;
mod selected;
mod situation;
mod trail;
mod update;
mod window;

use crate::model::system::System;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use list::ListState;
pub(crate) use list::first_visible;
pub(crate) use logs::LogView;
pub use msg::{Effect, Flash, Glance, Msg, Tone};
pub use runbook::Kept;
pub use update::update;

use crate::incident::{Incident, Phase};
use crate::insight::{self, Judgement, NodeId};
use crate::model::Time;
use crate::model::mode::Mode;
use crate::model::obligation::{Holder, Standing};
use crate::model::place::Place;
use crate::model::plan::Run;
use crate::model::section::{Problem, ProblemKind, SectionKey};
use crate::model::stack::{Stack, StackChoice};
use crate::model::store::Store;
use layout::{Layout, Wish};
use pane::{PaneId, Panel};

/// The smallest screen that the dashboard is laid out for.
pub(crate) const SMALLEST: (u16, u16) = (60, 16);

/// Sections that are polled at least this often decide how fresh the screen is.
pub(crate) const LIVE: std::time::Duration = std::time::Duration::from_secs(30);

/// What a session starts with.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// What is watched.
    pub stack: Stack,
    /// What this process may do.
    pub mode: Mode,
    /// Watching the embedded cloud.
    pub simulated: bool,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The moment of the first frame.
    pub now: Time,
}

/// An incident that the embedded cloud can play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    pub name: String,
    /// What may stand after the name and a colon.
    pub choices: Vec<String>,
    /// What happens, in one line.
    pub summary: String,
}

/// One open pane above the stack view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Which pane.
    pub pane: PaneId,
    /// What it is about: a service's name, else empty.
    pub subject: String,
    /// The focused panel.
    pub panel: usize,
}

/// Names a list: its pane, subject and panel.
pub(crate) type ListKey = (PaneId, String, usize);

/// One user's screen state.
#[derive(Debug)]
pub struct Session {
    pub(crate) stack: Stack,
    pub(crate) mode: Mode,
    pub(crate) simulated: bool,
    pub(crate) size: (u16, u16),
    pub(crate) now: Time,
    pub(crate) store: Arc<Store>,
    pub(crate) judgement: Judgement,
    /// The resources beside the first of their kind.
    pub(crate) lenses: BTreeMap<NodeId, lens::Lens>,
    pub(crate) focused: bool,
    /// The selected box of the stack view.
    pub(crate) selected: NodeId,
    /// Open panes, the topmost last; empty = the stack view.
    pub(crate) screens: Vec<Screen>,
    trail: trail::Trail,
    pub(crate) help: Option<help::Help>,
    /// The text being typed after `/`.
    pub(crate) typing: Option<String>,
    pub(crate) lists: BTreeMap<ListKey, ListState>,
    pub(crate) logs: LogView,
    /// Scaling alarms are shown one by one.
    pub(crate) unfolded: bool,
    pub(crate) flash: Option<Flash>,
    /// The layer of actions above the body.
    pub(crate) act: Option<act::Act>,
    /// What was carried out from here, by the runs' ids.
    pub(crate) runs: BTreeMap<String, Arc<Run>>,
    /// What is owed, by this process and by those before it.
    pub(crate) owed: Arc<Vec<Standing>>,
    /// The configured stacks, where there are several.
    pub(crate) stacks: Vec<StackChoice>,
    /// The incidents that can be rehearsed; none where this is not the embedded cloud.
    pub(crate) rehearsals: Vec<Rehearsal>,
    /// What is happening and what happened before, the newest first.
    pub(crate) incidents: Vec<Arc<Incident>>,
    /// Runbooks, and the walks through them.
    pub(crate) books: runbook::Books,
    pub(crate) queries: query::Queries,
    /// How the others were when they were looked at last.
    pub(crate) glances: BTreeMap<String, Glance>,
    /// What was left behind and has been offered already.
    offered: BTreeSet<String>,
    /// Stopping was asked for while something is promised.
    stopping: bool,
    /// Lines of the palette.
    history: Vec<String>,
    /// Leaving was asked for while something is under way.
    leaving: bool,
    derived: derived::Derived,
    pub(crate) diary: diary::Diary,
    /// The stretch of time and the moment that charts, timeline and log share.
    pub(crate) window: window::Window,
    needs: (BTreeSet<SectionKey>, BTreeSet<SectionKey>, Option<NodeId>),
    /// Something is not healthy.
    closely: bool,
    /// How many notices of the place were put away.
    noted: usize,
    dirty: bool,
}

impl Session {
    /// A session before any data, on the stack view.
    pub fn new(options: SessionOptions) -> Self {
        Self {
            stack: options.stack,
            mode: options.mode,
            simulated: options.simulated,
            size: options.size,
            now: options.now,
            store: Arc::new(Store::default()),
            judgement: Judgement::default(),
            lenses: BTreeMap::new(),
            focused: true,
            selected: NodeId::of(System::Balancer),
            screens: Vec::new(),
            trail: trail::Trail::default(),
            help: None,
            typing: None,
            lists: BTreeMap::new(),
            logs: LogView::default(),
            unfolded: false,
            flash: None,
            act: None,
            runs: BTreeMap::new(),
            owed: Arc::default(),
            stacks: Vec::new(),
            rehearsals: Vec::new(),
            incidents: Vec::new(),
            books: runbook::Books::default(),
            queries: query::Queries::default(),
            glances: BTreeMap::new(),
            offered: BTreeSet::new(),
            stopping: false,
            history: Vec::new(),
            leaving: false,
            derived: derived::Derived::default(),
            diary: diary::Diary::default(),
            window: window::Window::default(),
            needs: Default::default(),
            closely: false,
            noted: 0,
            dirty: true,
        }
    }

    /// Looking at this place: known before there is any data.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.store = Arc::new(Store::at_place(place));
        self
    }

    /// Where these incidents can be rehearsed.
    #[must_use]
    pub fn rehearsing(mut self, rehearsals: Vec<Rehearsal>) -> Self {
        self.rehearsals = rehearsals;
        self
    }

    /// One of these stacks.
    #[must_use]
    pub fn among(mut self, stacks: Vec<StackChoice>) -> Self {
        self.stacks = stacks;
        self
    }

    /// What contradicts what about the place, one after the other, until it is put away.
    pub fn notice(&self) -> Option<&str> {
        self.store.place.notices.get(self.noted).map(String::as_str)
    }

    /// Whether anything visible changed since the last call.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// What is happening and what happened before.
    pub fn incidents(&self) -> &[Arc<Incident>] {
        &self.incidents
    }

    /// Whether anything visible changed since the last `take_dirty`.
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    /// The sections that the screen reads now.
    pub fn needs(&self) -> BTreeSet<SectionKey> {
        let id = self.screen().map_or(PaneId::Stack, |s| s.pane);
        let mut needs = insight::sections();
        needs.extend(pane::row(id).needs.iter().chain(pane::ALWAYS));
        needs.extend(self.books.needs(self.screen()));
        needs.extend(self.json_of().into_iter().flat_map(|node| insight::document::sections_of(node.system())));
        needs
    }

    /// The sections that the open pane is about; empty on the stack view.
    pub fn front(&self) -> BTreeSet<SectionKey> {
        self.screen().map(|s| pane::row(s.pane).needs.iter().copied().collect()).unwrap_or_default()
    }

    /// The topmost pane; `None` on the stack view.
    pub fn screen(&self) -> Option<&Screen> {
        self.screens.last()
    }

    /// The node of the stack view that is selected.
    pub fn selected(&self) -> &NodeId {
        &self.selected
    }

    /// What may be done, and the badge for it.
    pub(crate) fn set_mode(&mut self, mode: Mode) {
        self.dirty |= self.mode != mode;
        self.mode = mode;
    }

    /// What it shows: the newest store, what is judged of it, and when.
    pub fn observed(&self) -> (&Store, &Judgement, Time) {
        (&self.store, &self.judgement, self.now)
    }

    /// The stack's name.
    pub(crate) fn stack_name(&self) -> &str {
        &self.stack.name
    }

    /// What may be done.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The places of the stack view at this moment.
    pub fn layout(&self) -> Layout {
        let wishes: Vec<Wish> = layout::wishes(&self.stack, &self.store, &self.judgement);
        let line = self.banner().is_some() || self.reminder().is_some() || self.notice().is_some() || self.worst_incident().is_some();
        layout::plan(self.size, line, &wishes, &self.selected)
    }

    /// Why nothing of what is polled often answers any more, if that is so: nothing on the screen is current then.
    pub(crate) fn outage(&self) -> Option<&Problem> {
        // The fastest decide: with slower ones it would be said when they are asked again, half a minute late.
        let asked: Vec<_> = self.needs.0.iter().filter_map(|key| self.store.entry(*key)).filter(|e| !e.interval.is_zero()).collect();
        let fastest = asked.iter().map(|e| e.interval).min()?;
        let live: Vec<_> = asked.into_iter().filter(|e| e.interval <= fastest).collect();
        let since = live.iter().filter_map(|e| e.failing_since).min()?;
        let answered = self.store.entries().any(|(_, e)| e.at.is_some_and(|at| at > since));
        let all = live.iter().all(|e| e.is_failing());
        live.first().filter(|_| all && !answered)?.problem.as_ref()
    }

    /// What a person has to know of everything: a headline and what to do.
    pub(crate) fn banner(&self) -> Option<(Cow<'_, str>, &str)> {
        self.blocked().or_else(|| self.store.notices.first().map(|text| (text.as_str().into(), "")))
    }

    /// What stands between us and the cloud, if it concerns everything.
    pub(crate) fn blocked(&self) -> Option<(Cow<'_, str>, &str)> {
        let mut offline = None;
        // One call may time out; when nothing has ever come, it is the line.
        let nothing_yet = self.store.entries().all(|(_, e)| e.value.is_none());
        for key in &self.needs.0 {
            let Some(problem) = self.store.entry(*key).and_then(|e| e.problem.as_ref()) else { continue };
            match problem.kind {
                ProblemKind::Credentials | ProblemKind::Clock | ProblemKind::WrongAccount => {
                    return Some((problem.headline.as_str().into(), problem.hint.as_str()));
                }
                ProblemKind::Timeout if !nothing_yet => {}
                ProblemKind::Offline | ProblemKind::Timeout => {
                    offline = offline.or(Some((problem.headline.as_str().into(), problem.hint.as_str())));
                }
                _ => {}
            }
        }
        let outage = || self.outage().map(|p| (format!("every AWS call fails: {}", p.headline).into(), p.hint.as_str()));
        offline.or_else(outage)
    }

    /// What stands as it should not until a person sees to it, for a line above everything: the oldest, and how many more.
    pub fn reminder(&self) -> Option<(&Standing, usize)> {
        let mut all = self.owed.iter().filter(|s| s.is_left_behind(self.now) || s.is_reminder());
        all.next().map(|oldest| (oldest, all.count()))
    }

    /// The incident that the line above everything tells of: the worst that goes on, the newest of those; how many others go on.
    pub fn worst_incident(&self) -> Option<(&Incident, usize)> {
        let open: Vec<&Arc<Incident>> = self.incidents.iter().filter(|i| i.is_open()).collect();
        let worst = open.iter().max_by_key(|i| (i.phase != Phase::Recovering, i.severity, i.detected_at))?;
        Some((worst, open.len() - 1))
    }

    /// The one that nobody has taken on yet, the worst first.
    pub(crate) fn to_take_on(&self) -> Option<&Incident> {
        let new = self.incidents.iter().filter(|i| i.is_open() && i.acknowledged.is_none());
        new.max_by_key(|i| (i.severity, i.detected_at)).map(Arc::as_ref)
    }

    /// The runbook of the incident that is looked at: the selected one of the list, that of the selected problem, on the stack view the
    /// banner's. From a pane, and from a walk, the key leads to all runbooks.
    pub(crate) fn incident_with_runbook(&self) -> Option<(String, BTreeMap<String, String>, String)> {
        let looked_at = match self.screen() {
            None => self.worst_incident().map(|(incident, _)| incident),
            Some(_) => self.chosen_incident().or_else(|| self.follows_from(&self.pointed()?)),
        };
        let incident = looked_at.filter(|i| i.is_open() && !i.runbook.is_empty())?;
        Some((incident.runbook.clone(), incident.values.clone(), incident.id.clone()))
    }

    /// The selected one, while the list of incidents is open.
    pub(crate) fn chosen_incident(&self) -> Option<&Incident> {
        self.screen().filter(|s| s.pane == PaneId::Incidents)?;
        pane::incidents::selected(self)
    }

    /// The incident that a node's state follows from.
    pub(crate) fn follows_from(&self, node: &NodeId) -> Option<&Incident> {
        self.incidents.iter().find(|i| i.is_open() && i.explains(node)).map(Arc::as_ref)
    }

    /// What this process has promised and not yet put right.
    pub fn promises(&self) -> impl Iterator<Item = &Standing> {
        self.owed.iter().filter(|s| s.holder == Holder::Us && !s.is_reminder())
    }

    /// The focused panel of the topmost pane.
    pub fn panel(&self) -> Option<&'static Panel> {
        let screen = self.screen()?;
        pane::row(screen.pane).panels.get(screen.panel)
    }

    /// The state of the focused list.
    pub fn list(&self, pane: PaneId, subject: &str, panel: usize) -> ListState {
        self.lists.get(&(pane, subject.to_owned(), panel)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
