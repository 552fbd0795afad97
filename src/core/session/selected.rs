//! What is selected, as AWS names it: what `y` copies the name of, `Y` the ARN and `u` the page in the console. A row says it by its pane,
//! a box by its own row; what neither does is about the box that it leads to. Called by `update`.

use super::pane::{Lead, PaneId, Query, row};
use super::{Screen, Session, layout, rows};
use crate::insight::NodeId;
use crate::model::identity::Identity;
use crate::model::log::LogTail;
use crate::model::partition::Partition;
use crate::model::resource::{Home, Kind, Resource};

impl Session {
    /// What the selected row or box is, where it is something in AWS.
    pub(crate) fn selected_resource(&self) -> Option<Resource> {
        if let Some(node) = self.pointed() {
            return Some(of_node(self, &node));
        }
        let Screen { pane, subject, panel } = self.screen()?;
        let is = row(*pane).panels.get(*panel)?.is?;
        let list = self.list(*pane, subject, *panel);
        let at = list.position(&rows::ids(self, *pane, subject, *panel));
        is(self, &Query { subject, list: &list }, at).filter(|r| !r.name.is_empty())
    }

    /// The same; of a row that is nothing in AWS by itself, the box that it leads to, or that the pane is about.
    pub(crate) fn concerned(&self) -> Option<Resource> {
        let led = || self.led_to().map(|node| of_node(self, &node));
        let pane = || match self.screen()? {
            Screen { pane: PaneId::Logs, .. } => Some(log_group(self)),
            screen => screen.node().map(|node| of_node(self, &node)),
        };
        self.selected_resource().or_else(led).or_else(pane)
    }

    /// The box that is selected: on the stack view, by a row that leads to one, or by the pane that is its own.
    pub(crate) fn selected_node(&self) -> Option<NodeId> {
        let Some(screen) = self.screen() else { return Some(self.selected.clone()) };
        let opens = |panel: Option<usize>| {
            let own = |spec: &layout::BoxSpec| spec.pane.0 == screen.pane && panel.is_none_or(|panel| spec.pane.1 == panel);
            layout::boxes().into_iter().find(|(_, spec)| own(spec)).map(|(system, _)| NodeId::of(system))
        };
        let of_pane = || opens(Some(screen.panel)).or_else(|| opens(None));
        self.json_of().or_else(|| screen.node()).or_else(|| self.led_to()).or_else(of_pane)
    }

    /// The box that Enter on the selected row opens.
    fn led_to(&self) -> Option<NodeId> {
        let Screen { pane, subject, panel } = self.screen()?;
        let enter = row(*pane).panels.get(*panel)?.enter?;
        let list = self.list(*pane, subject, *panel);
        let at = list.position(&rows::ids(self, *pane, subject, *panel));
        match enter(self, &Query { subject, list: &list }, at)? {
            Lead::Node(node) => Some(node),
            _ => None,
        }
    }

    /// Where the stack is, as far as it is known.
    pub(crate) fn home(&self) -> Home {
        let place = &self.store.place;
        let region = place.region.as_ref().map_or(self.stack.region.as_str(), |r| r.value.as_str());
        let pinned = place.account.as_ref().map_or(self.stack.account.as_str(), |a| a.value.as_str());
        let account = self.store.get::<Identity>().map_or(pinned, |i| i.account.as_str());
        let partition = if place.region.is_some() { place.partition } else { Partition::of_region(region) };
        Home { partition, region: region.to_owned(), account: account.to_owned() }
    }
}

impl Screen {
    /// The box that an open pane is about, where that is one.
    fn node(&self) -> Option<NodeId> {
        let first = || layout::boxes().into_iter().find(|(_, spec)| spec.pane.0 == self.pane).map(|(system, _)| NodeId::of(system));
        match self.pane {
            PaneId::Service => Some(NodeId::service(&self.subject)),
            PaneId::Charts | PaneId::Json => self.subject.parse().ok(),
            PaneId::Balancer | PaneId::Cache | PaneId::Database => self.member().or_else(first),
            _ => None,
        }
    }
}

/// A box: one resource, or all that a system has.
pub(super) fn of_node(session: &Session, node: &NodeId) -> Resource {
    let (stack, store) = session.lenses.get(node).map_or((&session.stack, &session.store as &_), |lens| (&lens.stack, &lens.store));
    let is = layout::spec(node.system()).is;
    is(stack, store, node).filter(|r| !r.name.is_empty()).unwrap_or_else(|| Resource::all(node.system()))
}

/// The group that the event under the cursor stands in.
fn log_group(session: &Session) -> Resource {
    let event = || {
        let shown = session.logs.shown().get(session.logs.position())?;
        super::logs::place::event(session.store.get::<LogTail>()?, shown.place)
    };
    let of = session.logs.detail.as_ref().map(|d| d.event.of.clone()).or_else(|| event().map(|e| e.of.clone()));
    let own = session.stack.followed().into_iter().find(|g| of.as_ref().is_some_and(|of| !of.is_empty() && g.of == **of));
    let name = own.map_or_else(|| session.stack.first_log_group().to_owned(), |g| g.name);
    Resource::new(Kind::LogGroup, name)
}
