//! Security groups as the written architecture draws them: the written rules, the matrix of permitted paths, and every deviation with its level.
//! Pure; `expected` beside it is the written architecture's table, `check` the comparison. Called by the rules of `sg` and by the network pane.

mod check;
mod expected;
mod needed;
mod ports;

use crate::model::Time;
use crate::model::health::{Level, Verdict};
use crate::model::network::{GroupRole, SecurityGroups};
use crate::model::section::Section;
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::system::System;

use crate::insight::health::standing;
use crate::insight::{Judgement, NodeId};

use needed::Table;

pub(crate) use expected::{CLOSED, EXPECTED, ExpectedRule};
pub(crate) use ports::PortRange;

/// An end of a path: a row and a column of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    /// `0.0.0.0/0` and `::/0`.
    Internet,
    /// The groups of the load balancer.
    Alb,
    /// Those of the tasks.
    Ecs,
    /// Those of the database.
    Rds,
    /// Those of Redis.
    Redis,
    /// Any other address, group or prefix list that a rule names.
    Other,
}

impl End {
    /// All of them, in the order of rows and columns.
    pub(crate) const ALL: [Self; 6] = [Self::Internet, Self::Alb, Self::Ecs, Self::Rds, Self::Redis, Self::Other];

    /// The heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Internet => "Internet",
            Self::Other => "Other",
            Self::Alb => GroupRole::Alb.title(),
            Self::Ecs => GroupRole::Ecs.title(),
            Self::Rds => GroupRole::Rds.title(),
            Self::Redis => GroupRole::Redis.title(),
        }
    }

    /// Whose groups it stands for.
    pub(crate) fn role(self) -> Option<GroupRole> {
        match self {
            Self::Alb => Some(GroupRole::Alb),
            Self::Ecs => Some(GroupRole::Ecs),
            Self::Rds => Some(GroupRole::Rds),
            Self::Redis => Some(GroupRole::Redis),
            Self::Internet | Self::Other => None,
        }
    }
}

impl From<GroupRole> for End {
    fn from(role: GroupRole) -> Self {
        match role {
            GroupRole::Alb => Self::Alb,
            GroupRole::Ecs => Self::Ecs,
            GroupRole::Rds => Self::Rds,
            GroupRole::Redis => Self::Redis,
        }
    }
}

/// What the matrix says of one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellVerdict {
    /// No path, and none is written.
    Closed,
    /// Exactly what is written.
    AsWritten,
    /// A written path is not permitted.
    Missing,
    /// A path is permitted that is not written.
    Extra,
    /// Only one of the two groups allows it.
    Half,
    /// The groups of one end are not known.
    Unknown,
}

/// One cell: from a row's end to a column's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Row.
    pub from: End,
    /// Column.
    pub to: End,
    /// Ports on which the path is permitted by both ends.
    pub ports: Vec<PortRange>,
    /// Ports on which only one end permits it.
    pub half: Vec<PortRange>,
    /// Ports that the written architecture writes.
    pub written: Vec<PortRange>,
    /// The comparison.
    pub verdict: CellVerdict,
    /// How bad that is.
    pub level: Level,
}

/// What became of one line of the written architecture, or of one rule that is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineState {
    /// The rule exists as written.
    Present,
    /// A wider rule permits it.
    Covered,
    /// No rule permits it.
    Missing,
    /// A rule that the written architecture does not write.
    Extra,
    /// The groups are not known.
    Unknown,
}

/// One line of the rule list, as the written architecture draws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleLine {
    /// Conformance id, for written lines: `S07`.
    pub id: Option<&'static str>,
    /// Whose group.
    pub group: GroupRole,
    /// Outbound.
    pub egress: bool,
    /// The other end: `ALB SG`, `0.0.0.0/0`, `Self`, `pl-123`, ...
    pub peer: String,
    /// `tcp 8000`, `all`, ...
    pub ports: String,
    /// What became of it.
    pub state: LineState,
    /// AWS's id of the rule, if there is one.
    pub rule: Option<String>,
    /// The rule's description.
    pub description: String,
    /// How bad.
    pub level: Level,
}

/// One deviation from what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deviation {
    /// How bad: a missing required rule is down, an extra rule degraded, a contradiction of the written architecture itself a note.
    pub level: Level,
    /// Conformance id that it falls under.
    pub id: &'static str,
    /// Whose group.
    pub group: GroupRole,
    /// In words.
    pub text: String,
}

/// A path that traffic needs and that the groups do not let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClosedPath {
    /// Where the traffic comes from.
    pub from: End,
    /// Where it goes.
    pub to: End,
    /// Its TCP port.
    pub port: i32,
    /// The rules that are missing, at one end or at both.
    pub missing: Vec<ExpectedRule>,
}

impl ClosedPath {
    /// `ECS → Redis 6379`.
    pub(crate) fn name(&self) -> String {
        format!("{} → {} {}", self.from.title(), self.to.title(), self.port)
    }

    /// Whose rules are missing: `ECS outbound, Redis inbound`.
    pub(crate) fn where_missing(&self) -> String {
        let side = |e: &ExpectedRule| format!("{} {}", e.group.title(), if e.egress { "outbound" } else { "inbound" });
        self.missing.iter().map(side).collect::<Vec<_>>().join(", ")
    }
}

/// Security groups held against the written architecture.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Paths {
    /// The groups, by role: ids and names of each.
    pub groups: Vec<(GroupRole, Vec<(String, String)>)>,
    /// They are held against what is written down, and not only against what is needed.
    pub strict: bool,
    /// By group and direction in the written architecture's order; extra rules after the written ones of their group and direction.
    pub lines: Vec<RuleLine>,
    /// Rows and columns in the order of `End::ALL`.
    pub matrix: Vec<Vec<Cell>>,
    /// Worst first.
    pub deviations: Vec<Deviation>,
    /// The verdict on the node `sg`.
    pub verdict: Option<Verdict>,
    /// Why the groups are not current, in words.
    pub missing: Option<String>,
}

impl Paths {
    pub(crate) fn cell(&self, from: End, to: End) -> Option<&Cell> {
        self.matrix.iter().flatten().find(|c| c.from == from && c.to == to)
    }

    /// The paths that this stack's traffic needs and that are closed.
    pub(crate) fn closed(store: &Store, stack: &Stack) -> Vec<ClosedPath> {
        store.get::<SecurityGroups>().map_or_else(Vec::new, |groups| check::closed(groups, &Table::of(store, stack)))
    }

    /// Holds groups against what is written of the stack, or else against what it needs; without a verdict.
    pub(crate) fn of(store: &Store, stack: &Stack) -> Self {
        let unread = SecurityGroups::default();
        check::paths(store.get::<SecurityGroups>().unwrap_or(&unread), &Table::of(store, stack))
    }
}

/// The picture of one moment. Before the groups were read everything in it is unknown, and `missing` says why.
pub(crate) fn paths(store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> Paths {
    let entry = store.entry(SecurityGroups::KEY);
    Paths {
        verdict: judgement.of(&NodeId::of(System::SecurityGroups)).cloned(),
        missing: standing::explain(entry, now).or_else(|| entry.is_none().then(|| standing::LOADING.to_owned())),
        ..Paths::of(store, stack)
    }
}
