//! Each resource beside the first of its kind as its box and its pane see it: its own sections, names and verdict in the place of the first
//! one's. Made when something new is observed; read by the rows of panes, by actions and by `view`.

use std::collections::BTreeMap;

use super::pane::PaneId;
use super::{Screen, Session};
use crate::insight::{Judgement, NodeId};
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::system::System;

/// One such resource.
#[derive(Debug)]
pub(crate) struct Lens {
    pub(crate) stack: Stack,
    pub(crate) store: Store,
    pub(crate) judgement: Judgement,
}

/// Those of a stack; the stack of one is kept, for it never changes.
pub(super) fn lenses(stack: &Stack, store: &Store, judgement: &Judgement) -> BTreeMap<NodeId, Lens> {
    let lens = |node: NodeId| {
        let mut own = judgement.clone();
        // What failed first is said of the first one.
        own.causes.clear();
        let system = NodeId::of(node.system());
        match own.nodes.get(&node).cloned() {
            Some(verdict) => own.nodes.insert(system, verdict),
            None => own.nodes.remove(&system),
        };
        own.timeline.retain(|e| e.node == node);
        Some((node.clone(), Lens { stack: stack.of_member(&node)?, store: store.of_member(&node), judgement: own }))
    };
    stack.members().filter_map(lens).collect()
}

/// The system whose resources a pane is about, one at a time.
fn system_of(pane: PaneId) -> Option<System> {
    match pane {
        PaneId::Balancer => Some(System::Balancer),
        PaneId::Cache => Some(System::Cache),
        PaneId::Database => Some(System::Database),
        _ => None,
    }
}

impl Screen {
    /// The resource that it tells of, where that is not the first of its kind.
    pub(crate) fn member(&self) -> Option<NodeId> {
        let system = system_of(self.pane).filter(|_| !self.subject.is_empty())?;
        Some(NodeId::named(system, self.subject.as_str()))
    }
}

impl Session {
    /// What is known of the resource that a pane of that subject tells of.
    pub(crate) fn store_of(&self, pane: PaneId, subject: &str) -> &Store {
        let lens = system_of(pane).and_then(|system| self.lenses.get(&NodeId::named(system, subject)));
        lens.map_or(&self.store, |lens| &lens.store)
    }

    /// The resource beside the first of its kind that is selected, or that the open pane tells of.
    pub(crate) fn member(&self) -> Option<NodeId> {
        let node = self.pointed().or_else(|| self.screen()?.member());
        node.filter(|node| self.lenses.contains_key(node))
    }

    /// What is known of what is selected, and the names that belong to it.
    pub(crate) fn in_view(&self) -> (&Store, &Stack) {
        let lens = self.member().and_then(|node| self.lenses.get(&node));
        lens.map_or((&self.store, &self.stack), |lens| (&lens.store, &lens.stack))
    }

    /// The names of all resources of a kind, the first one's first; none where there is only one.
    pub(crate) fn resources(&self, system: System) -> Vec<String> {
        if self.stack.others(system).is_empty() { Vec::new() } else { self.stack.all(system).map(str::to_owned).collect() }
    }

    /// What a resource is called where there are several of its kind; nothing where it is the only one.
    pub(crate) fn called(&self, node: &NodeId) -> Option<&str> {
        if self.stack.others(node.system()).is_empty() {
            return None;
        }
        self.stack.all(node.system()).find(|name| node.name().is_empty() || *name == node.name())
    }
}
