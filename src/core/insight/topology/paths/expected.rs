//! The security group rules as the written architecture writes them, one row each: the rules that must exist, and the directions in which nothing else may.
//! Data only; ids are those of the conformance statements. Read by `check`, by the network pane and by conformance.

use super::End;
use crate::model::network::GroupRole::{self, Alb, Ecs, Rds, Redis};

/// One written rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExpectedRule {
    /// Conformance id.
    pub id: &'static str,
    /// Whose group.
    pub group: GroupRole,
    /// Outbound.
    pub egress: bool,
    /// The other end; the own group's end is `Self`.
    pub peer: End,
    /// TCP port; `None` = all of every protocol.
    pub port: Option<i32>,
    /// Traffic breaks without it.
    pub required: bool,
}

impl ExpectedRule {
    /// Where the traffic comes from.
    pub(crate) fn source(&self) -> End {
        if self.egress { self.group.into() } else { self.peer }
    }

    /// Where the traffic goes.
    pub(crate) fn destination(&self) -> End {
        if self.egress { self.peer } else { self.group.into() }
    }
}

/// A direction in which the written architecture writes nothing but the rules above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NothingElse {
    /// Conformance id.
    pub id: &'static str,
    /// Whose group.
    pub group: GroupRole,
    /// Outbound.
    pub egress: bool,
}

const IN: bool = false;
const OUT: bool = true;

const fn tcp(id: &'static str, group: GroupRole, egress: bool, peer: End, port: i32) -> ExpectedRule {
    ExpectedRule { id, group, egress, peer, port: Some(port), required: true }
}

const fn closed(id: &'static str, group: GroupRole, egress: bool) -> NothingElse {
    NothingElse { id, group, egress }
}

/// The written rules, in the order of the written architecture.
pub(crate) const EXPECTED: &[ExpectedRule] = &[
    tcp("S01", Alb, IN, End::Internet, 80),
    tcp("S02", Alb, IN, End::Internet, 443),
    tcp("S04", Alb, OUT, End::Ecs, 8000),
    tcp("S05", Alb, OUT, End::Ecs, 3000),
    tcp("S07", Ecs, IN, End::Alb, 8000),
    tcp("S08", Ecs, IN, End::Alb, 3000),
    // Nothing of the written architecture talks from task to task: without it no traffic breaks.
    ExpectedRule { id: "S09", group: Ecs, egress: IN, peer: End::Ecs, port: None, required: false },
    tcp("S11", Ecs, OUT, End::Rds, 5432),
    tcp("S12", Ecs, OUT, End::Redis, 6379),
    tcp("S13", Ecs, OUT, End::Internet, 443),
    tcp("S15", Rds, IN, End::Ecs, 5432),
    tcp("S18", Redis, IN, End::Ecs, 6379),
];

/// Nothing else, by group and direction.
pub(crate) const CLOSED: &[NothingElse] = &[
    closed("S03", Alb, IN),
    closed("S06", Alb, OUT),
    closed("S10", Ecs, IN),
    closed("S14", Ecs, OUT),
    closed("S16", Rds, IN),
    closed("S17", Rds, OUT),
    closed("S19", Redis, IN),
    closed("S20", Redis, OUT),
];
