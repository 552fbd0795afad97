//! The moment that is looked at, and the way that it takes from charts to the timeline, to the log and back: what is found in one of them is
//! looked up in the others by the key that opens them.

use super::flash;
use super::layer::{open_log, push};
use crate::input::{Dir, Intent, Jump};
use crate::insight::NodeId;
use crate::log::query::Query;
use crate::model::Time;
use crate::model::system::System;
use crate::session::filter::Filter;
use crate::session::pane::charts::charted;
use crate::session::pane::{PaneId, timeline};
use crate::session::{Screen, Session, Tone, rows};

/// So many minutes are a page.
const PAGE: i64 = 10;

/// Up and down another chart, left and right another minute.
pub(super) fn go(session: &mut Session, dir: Dir) {
    let now = session.now;
    match dir {
        Dir::Up => session.window.chart -= 1,
        Dir::Down => session.window.chart += 1,
        Dir::Left => session.window.step(-1, now),
        Dir::Right => session.window.step(1, now),
    }
}

/// To the beginning of what is shown, ten minutes on or back, or to now.
pub(super) fn leap(session: &mut Session, intent: Intent) {
    let now = session.now;
    match intent {
        Intent::First => session.window.step(-session.window.span.seconds() / 60, now),
        Intent::PageUp => session.window.step(-PAGE, now),
        Intent::PageDown => session.window.step(PAGE, now),
        _ => session.window.cursor = None,
    }
}

impl Session {
    /// The box whose charts would be opened from here.
    pub(crate) fn charted(&self) -> Option<NodeId> {
        if let Some(node) = self.pointed() {
            return charted(&node);
        }
        let screen = self.screen()?;
        let node = match screen.pane {
            PaneId::Service => NodeId::service(&screen.subject),
            PaneId::Balancer | PaneId::Database | PaneId::Cache => screen.member().or_else(|| of_pane(screen.pane))?,
            PaneId::Timeline => self.chosen_event().and_then(|e| charted(&e.node)).unwrap_or_else(|| self.selected.clone()),
            PaneId::Logs => self.logs.service().map_or_else(|| self.selected.clone(), NodeId::service),
            PaneId::Network => NodeId::of(System::Nat),
            PaneId::Edge => NodeId::of(System::Cdn),
            _ => return None,
        };
        charted(&node)
    }

    /// The selected line of the timeline.
    fn chosen_event(&self) -> Option<&crate::insight::Event> {
        let screen = self.screen().filter(|s| s.pane == PaneId::Timeline)?;
        let state = self.list(screen.pane, &screen.subject, screen.panel);
        let at = state.position(&rows::ids(self, screen.pane, &screen.subject, screen.panel));
        timeline::timeline(self, &state.filter).get(at).copied()
    }

    /// The moment that was chosen on the screen: in charts by the cursor, in the timeline and the log by a line that was gone to.
    fn moment(&self) -> Option<Time> {
        match self.screen()?.pane {
            PaneId::Charts => self.window.cursor,
            // The newest line is where everybody begins: nobody has chosen it.
            PaneId::Timeline => {
                let newest = timeline::timeline(self, &Filter::default()).first().map(|e| e.at);
                self.chosen_event().map(|e| e.at).filter(|at| Some(*at) != newest)
            }
            PaneId::Logs => self.logs.chosen_time(),
            _ => None,
        }
    }
}

fn of_pane(pane: PaneId) -> Option<NodeId> {
    let system = match pane {
        PaneId::Balancer => System::Balancer,
        PaneId::Database => System::Database,
        PaneId::Cache => System::Cache,
        _ => return None,
    };
    Some(NodeId::of(system))
}

/// Opens charts, timeline or log at the moment that is chosen on the screen; `false` where that decides nothing.
pub(super) fn carry(session: &mut Session, place: Jump) -> bool {
    let moment = session.moment();
    match (place, moment) {
        (Jump::Charts, _) => {
            let Some(node) = session.charted() else { return true };
            if moment.is_some() {
                session.window.cursor = moment;
            }
            push(session, PaneId::Charts, node.to_string(), 0);
            true
        }
        (Jump::Timeline, Some(at)) => {
            push(session, PaneId::Timeline, String::new(), 0);
            select_before(session, at);
            true
        }
        (Jump::Logs, Some(at)) => {
            let service = session.screen().and_then(|s| s.subject.parse::<NodeId>().ok()).and_then(|n| n.as_service().map(str::to_owned));
            let service = service.or_else(|| session.chosen_event().and_then(|e| e.node.as_service().map(str::to_owned)));
            open_log(session, service, Query::default());
            if let Some(words) = session.logs.go_to(at, session.now) {
                flash(session, words, Tone::Error);
            }
            true
        }
        _ => false,
    }
}

/// The line of the timeline that tells of the moment, or the last before it.
fn select_before(session: &mut Session, at: Time) {
    let Some(Screen { pane, subject, panel }) = session.screen().cloned() else { return };
    let mut state = session.list(pane, &subject, panel);
    let all = timeline::timeline(session, &state.filter);
    let index = all.iter().position(|e| e.at <= at).unwrap_or(all.len().saturating_sub(1));
    let ids = rows::ids(session, pane, &subject, panel);
    state.select(&ids, index);
    session.lists.insert((pane, subject, panel), state);
    flash(session, format!("before {}", at.format("%H:%M:%S UTC")), Tone::Done);
}
