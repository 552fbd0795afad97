//! The result types of judgement: node ids, verdicts by node, counts, timeline events. The rules live beside this file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Time;
pub use crate::model::health::EventKind;
use crate::model::health::{Level, Verdict};
pub use crate::model::system::NodeId;
use crate::model::system::System;

/// How many nodes are at each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub down: usize,
    pub degraded: usize,
    pub unknown: usize,
    /// Changing on purpose.
    pub info: usize,
    pub healthy: usize,
    /// Optional and absent.
    pub absent: usize,
}

impl Counts {
    /// All nodes that exist.
    pub fn total(&self) -> usize {
        self.down + self.degraded + self.unknown + self.info + self.healthy
    }
}

/// One line of the timeline: what changed, where, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Time,
    /// The box that it belongs to.
    pub node: NodeId,
    /// How bad it is by itself.
    pub level: Level,
    /// The source's sentence, shortened: `started 1 task`, `failover completed`.
    pub text: String,
    #[serde(default)]
    pub kind: EventKind,
}

/// Something that others rest on and that did not serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub node: NodeId,
    /// Since when.
    pub at: Time,
    /// `failed`, `failed over`.
    pub what: String,
    /// How many nodes failed after it that rest on it.
    pub then: usize,
}

impl Cause {
    /// `the database failed over at 02:31`.
    pub fn words(&self) -> String {
        let name = self.node.system().spec().title;
        let article = if self.node.system() == System::Database { "the " } else { "" };
        format!("{article}{name} {} at {}", self.what, self.at.format("%H:%M"))
    }
}

/// The judgement of one moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Judgement {
    /// Every node of the diagram that has a source.
    pub nodes: BTreeMap<NodeId, Verdict>,
    /// Nodes by level.
    pub counts: Counts,
    /// The worst level of any node.
    pub worst: Level,
    /// Newest first.
    pub timeline: Vec<Event>,
    /// What failed that others rest on, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
}

impl Judgement {
    /// What failed first of all that something else failed after.
    pub fn cause(&self) -> Option<&Cause> {
        self.causes.iter().find(|c| c.then > 0)
    }

    /// The verdict on a node; `None` before anything is known of it.
    pub fn of(&self, node: &NodeId) -> Option<&Verdict> {
        self.nodes.get(node)
    }
}
