//! Ranges of ports with their protocol: what a rule permits, and what two rules permit together. Called by `check`.

use crate::model::network::GroupRule;

/// What AWS writes for every protocol.
const ALL: &str = "-1";
const LAST: i32 = 65_535;

/// Ports of one protocol, or everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PortRange {
    /// `tcp`, `udp`, ..., `-1` = all.
    pub protocol: String,
    /// First port.
    pub from: i32,
    /// Last port.
    pub to: i32,
}

impl PortRange {
    /// One TCP port.
    pub(crate) fn tcp(port: i32) -> Self {
        Self { protocol: "tcp".to_owned(), from: port, to: port }
    }

    /// Every port of every protocol.
    pub(crate) fn all() -> Self {
        Self { protocol: ALL.to_owned(), from: 0, to: LAST }
    }

    /// Of a rule.
    pub(crate) fn of(rule: &GroupRule) -> Self {
        if rule.protocol == ALL {
            return Self::all();
        }
        let (from, to) = if rule.from_port < 0 { (0, LAST) } else { (rule.from_port, rule.to_port.max(rule.from_port)) };
        Self { protocol: rule.protocol.clone(), from, to }
    }

    /// Whether everything in `other` is in this one.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        let protocol = self.protocol == ALL || self.protocol == other.protocol;
        protocol && self.from <= other.from && self.to >= other.to
    }

    /// What both permit.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let protocol = match (self.protocol.as_str(), other.protocol.as_str()) {
            (ALL, p) | (p, ALL) => p,
            (a, b) if a == b => a,
            _ => return None,
        };
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from <= to).then(|| Self { protocol: protocol.to_owned(), from, to })
    }
}

impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.protocol.as_str(), self.from, self.to) {
            (ALL, ..) => f.write_str("all"),
            (p, 0, LAST) => write!(f, "{p} all"),
            (p, from, to) if from == to => write!(f, "{p} {from}"),
            (p, from, to) => write!(f, "{p} {from}-{to}"),
        }
    }
}

/// Sorted, without what is part of something wider.
pub(super) fn tidy(mut ranges: Vec<PortRange>) -> Vec<PortRange> {
    ranges.sort();
    ranges.dedup();
    let all = ranges.clone();
    ranges.retain(|r| !all.iter().any(|wide| wide != r && wide.contains(r)));
    ranges
}
