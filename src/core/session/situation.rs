//! Where the user is, as far as it decides which commands work: asked for every key, for hints and for help.

use super::pane::{self, PaneId};
use super::{Session, act};
use crate::input::Situation;

impl Session {
    /// What decides which commands work now.
    pub(crate) fn situation(&self) -> Situation {
        let panes = self.screen().map(|s| pane::row(s.pane));
        let panel = self.panel();
        let walk = self.screen().is_some_and(|s| s.pane == PaneId::Runbook);
        Situation {
            stack: panes.is_none(),
            list: panel.is_some_and(|p| p.rows.is_some()) && !walk,
            panels: panes.is_some_and(|p| p.panels.len() > 1),
            logs: self.screen().is_some_and(|s| s.pane == PaneId::Logs && s.panel == 0),
            event: self.screen().is_some_and(|s| s.pane == PaneId::Logs && s.panel == 0) && self.logs.detail.is_some(),
            folds: self.screen().is_some_and(|s| s.pane == PaneId::Alarms),
            opens: panes.is_none()
                || panel.is_some_and(|p| p.enter.is_some() || (p.title == pane::logs::LINES && self.logs.detail.is_none())),
            layer: self.help.is_some() || (panes.is_none() && self.notice().is_some()),
            acts: !act::subjects(self).is_empty(),
            open: self.to_take_on().is_some(),
            walk,
            charts: self.screen().is_some_and(|s| s.pane == PaneId::Charts),
            charted: self.charted().is_some(),
            queries: self.screen().is_some_and(|s| s.pane == PaneId::Queries),
            troubled: self.judgement.nodes.values().any(pane::problems::is_trouble),
        }
    }
}
