//! Holds the groups' rules against the written architecture's table: lines, matrix, deviations. No thresholds, no memory. Called by `Paths::of`.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::needed::Table;
use super::ports::tidy;
use super::{CLOSED, Cell, CellVerdict, ClosedPath, Deviation, End, ExpectedRule, LineState, Paths, PortRange, RuleLine};
use crate::model::health::Level;
use crate::model::network::{GroupRole, GroupRule, Peer, SecurityGroup, SecurityGroups};

const WORLD: &str = "0.0.0.0/0";
const WORLD6: &str = "::/0";

/// One rule with what it means.
struct Seen<'a> {
    group: &'a SecurityGroup,
    rule: &'a GroupRule,
    ports: PortRange,
    /// The written rule that it is, exactly.
    written: Option<&'a ExpectedRule>,
    /// How bad it is that it exists.
    level: Level,
}

/// All rules, and what is needed to understand their other ends.
struct Scene<'a> {
    groups: &'a SecurityGroups,
    table: &'a Table,
    seen: Vec<Seen<'a>>,
}

/// The ways that traffic needs and that no rule permits, whatever else is written.
pub(super) fn closed(groups: &SecurityGroups, table: &Table) -> Vec<ClosedPath> {
    let scene = Scene::of(groups, table);
    let closed = table.needs.iter().filter_map(|need| {
        let missing: Vec<ExpectedRule> = need.rules().filter(|rule| scene.refuses(rule)).collect();
        (!missing.is_empty()).then_some(ClosedPath { from: need.from, to: need.to, port: need.port, missing })
    });
    closed.collect()
}

pub(super) fn paths(groups: &SecurityGroups, table: &Table) -> Paths {
    let scene = Scene::of(groups, table);
    let ids = |role| groups.of(role).map(|g| (g.id.clone(), g.name.clone())).collect();
    let mut deviations = scene.deviations();
    deviations.sort_by_key(|d| std::cmp::Reverse(d.level));
    Paths {
        groups: table.carriers.iter().map(|role| (*role, ids(*role))).collect(),
        strict: table.strict,
        lines: scene.lines(),
        matrix: End::ALL.iter().map(|from| End::ALL.iter().map(|to| scene.cell(*from, *to)).collect()).collect(),
        deviations,
        verdict: None,
        missing: None,
    }
}

fn range(expected: &ExpectedRule) -> PortRange {
    expected.port.map_or_else(PortRange::all, PortRange::tcp)
}

fn direction(egress: bool) -> &'static str {
    if egress { "outbound" } else { "inbound" }
}

/// `ALB SG`, `Self`, `0.0.0.0/0`.
fn written_peer(expected: &ExpectedRule) -> String {
    match expected.peer.role() {
        Some(role) if role == expected.group => "Self".to_owned(),
        Some(role) => format!("{} SG", role.title()),
        None => WORLD.to_owned(),
    }
}

impl<'a> Scene<'a> {
    fn of(groups: &'a SecurityGroups, table: &'a Table) -> Self {
        let mut scene = Self { groups, table, seen: Vec::new() };
        for group in groups.groups.iter().filter(|g| !g.roles.is_empty()) {
            for rule in &group.rules {
                let ports = PortRange::of(rule);
                let written = table.rules.iter().find(|e| group.roles.contains(&e.group) && scene.is_exactly(rule, &ports, e));
                let level = if written.is_some() { Level::Healthy } else { scene.extra_level(group, rule, &ports) };
                scene.seen.push(Seen { group, rule, ports, written, level });
            }
        }
        scene
    }

    fn knows(&self, role: GroupRole) -> bool {
        self.groups.of(role).next().is_some()
    }

    /// The roles of the group that a rule names.
    fn roles_of(&self, id: &str) -> &'a [GroupRole] {
        self.groups.groups.iter().find(|g| g.id == id).map_or(&[], |g| g.roles.as_slice())
    }

    fn is_exactly(&self, rule: &GroupRule, ports: &PortRange, expected: &ExpectedRule) -> bool {
        let peer = match (&rule.peer, expected.peer.role()) {
            (Peer::Cidr(cidr), None) => cidr == WORLD,
            // While a system's groups are not known, a group that nobody is known to carry may be its.
            (Peer::Group(id), Some(role)) => self.roles_of(id).contains(&role) || (self.roles_of(id).is_empty() && !self.knows(role)),
            _ => false,
        };
        peer && rule.egress == expected.egress && *ports == range(expected)
    }

    /// A rule that is not written: harmless is the IPv6 twin of a written one, and the self egress that the written architecture's self ingress needs.
    fn extra_level(&self, group: &SecurityGroup, rule: &GroupRule, ports: &PortRange) -> Level {
        let twin = matches!(&rule.peer, Peer::Cidr(cidr) if cidr == WORLD6)
            && self
                .table
                .rules
                .iter()
                .any(|e| e.peer == End::Internet && e.egress == rule.egress && group.roles.contains(&e.group) && range(e) == *ports);
        let own = group.roles.contains(&GroupRole::Ecs)
            && rule.egress
            && matches!(&rule.peer, Peer::Group(id) if self.roles_of(id).contains(&GroupRole::Ecs));
        if twin || own || !self.table.strict { Level::Healthy } else { Level::Degraded }
    }

    /// Whether a rule's peer permits all of an end.
    fn covers(&self, peer: &Peer, end: End) -> bool {
        match peer {
            Peer::Cidr(cidr) if cidr == WORLD => end != End::Other,
            Peer::Cidr(cidr) if cidr == WORLD6 => end == End::Internet,
            Peer::Cidr(cidr) => {
                let blocks = self.table.blocks(end);
                !blocks.is_empty() && blocks.iter().all(|b| holds(cidr, b))
            }
            Peer::Group(id) => end.role().is_some_and(|role| self.roles_of(id).contains(&role)),
            Peer::PrefixList(_) => false,
        }
    }

    /// Whether a rule's peer names an end, not the whole world; what names none of the stack's ends names `Other`.
    fn names(&self, peer: &Peer, end: End) -> bool {
        let touches = |end: End| match peer {
            Peer::Cidr(cidr) => self.table.blocks(end).iter().any(|b| holds(cidr, b) || holds(b, cidr)),
            peer => self.covers(peer, end),
        };
        match peer {
            Peer::Cidr(cidr) if cidr == WORLD || cidr == WORLD6 => end == End::Internet,
            _ if end == End::Other => !GroupRole::ALL.iter().any(|role| touches(End::from(*role))),
            _ => touches(end),
        }
    }

    /// The rules of a role in one direction.
    fn rules(&self, role: GroupRole, egress: bool) -> impl Iterator<Item = &Seen<'a>> {
        self.seen.iter().filter(move |s| s.group.roles.contains(&role) && s.rule.egress == egress)
    }

    /// Whether no rule permits what a way needs at one of its ends; not known is not refused.
    fn refuses(&self, needed: &ExpectedRule) -> bool {
        let known = self.knows(needed.group) && needed.peer.role().is_none_or(|role| self.knows(role));
        let permits = |s: &Seen<'_>| s.ports.contains(&range(needed)) && self.opens(&s.rule.peer, needed.peer);
        known && !self.rules(needed.group, needed.egress).any(permits)
    }

    /// The same as `covers`; to be reached from the internet, or to reach it, a part of it is enough: an office, CloudFront's prefix list,
    /// an endpoint of the VPC.
    fn opens(&self, peer: &Peer, end: End) -> bool {
        let own = || GroupRole::ALL.iter().any(|role| self.names(peer, End::from(*role)));
        self.covers(peer, end) || end == End::Internet && !own()
    }

    fn state(&self, expected: &ExpectedRule) -> (LineState, Option<&Seen<'a>>) {
        if !self.knows(expected.group) || expected.peer.role().is_some_and(|role| !self.knows(role)) {
            return (LineState::Unknown, None);
        }
        let ports = range(expected);
        let all = || self.rules(expected.group, expected.egress);
        if let Some(seen) = all().find(|s| self.is_exactly(s.rule, &s.ports, expected)) {
            return (LineState::Present, Some(seen));
        }
        match all().find(|s| s.ports.contains(&ports) && self.covers(&s.rule.peer, expected.peer)) {
            Some(seen) => (LineState::Covered, Some(seen)),
            None => (LineState::Missing, None),
        }
    }

    /// Whether tasks could talk to tasks, were it for the outbound side alone.
    fn self_egress(&self) -> bool {
        self.rules(GroupRole::Ecs, true).any(|s| self.covers(&s.rule.peer, End::Ecs) && s.ports.contains(&PortRange::all()))
    }

    fn deviations(&self) -> Vec<Deviation> {
        let mut all = Vec::new();
        for expected in &self.table.rules {
            let (group, id) = (expected.group, expected.id);
            let what = format!("{} {}: {} {}", group.title(), direction(expected.egress), range(expected), written_peer(expected));
            let (state, seen) = self.state(expected);
            match state {
                LineState::Missing if expected.required => {
                    all.push(Deviation { level: Level::Down, id, group, text: format!("{what} missing") });
                }
                LineState::Missing => all.push(Deviation { level: Level::Degraded, id, group, text: format!("{what} missing") }),
                LineState::Covered if self.table.strict => {
                    let rule = seen.map(|s| s.rule.id.clone()).unwrap_or_default();
                    all.push(Deviation { level: Level::Healthy, id, group, text: format!("{what} only covered by the wider rule {rule}") });
                }
                LineState::Present if id == "S09" && !self.self_egress() => {
                    let text = "inter-task traffic is blocked: the spec allows self inbound but no self outbound".to_owned();
                    all.push(Deviation { level: Level::Healthy, id, group, text });
                }
                _ => {}
            }
        }
        for role in self.table.unread.iter().filter(|role| !self.knows(**role)) {
            let id = CLOSED.iter().find(|c| c.group == *role).map_or("", |c| c.id);
            all.push(Deviation { level: Level::Unknown, id, group: *role, text: format!("no security group found for {}", role.title()) });
        }
        let mut told = BTreeSet::new();
        for closed in CLOSED.iter().filter(|_| self.table.strict) {
            for seen in self.rules(closed.group, closed.egress).filter(|s| s.written.is_none() && told.insert(s.rule.id.as_str())) {
                let (peer, way) = (self.peer(&seen.rule.peer), if closed.egress { "to" } else { "from" });
                let text = format!("{} {}: {} {way} {peer} unexpected", closed.group.title(), direction(closed.egress), seen.ports);
                all.push(Deviation { level: seen.level, id: closed.id, group: closed.group, text });
            }
        }
        all
    }

    /// The other end of a rule in words.
    fn peer(&self, peer: &Peer) -> String {
        match peer {
            Peer::Cidr(cidr) => cidr.clone(),
            Peer::PrefixList(id) => id.clone(),
            Peer::Group(id) => self.roles_of(id).first().map_or_else(|| id.clone(), |role| format!("{} SG", role.title())),
        }
    }

    fn lines(&self) -> Vec<RuleLine> {
        let mut lines = Vec::new();
        for closed in CLOSED {
            let (group, egress) = (closed.group, closed.egress);
            for expected in self.table.rules.iter().filter(|e| e.group == group && e.egress == egress) {
                let (state, seen) = self.state(expected);
                lines.push(RuleLine {
                    id: Some(expected.id).filter(|id| !id.is_empty()),
                    group,
                    egress,
                    peer: written_peer(expected),
                    ports: range(expected).to_string(),
                    state,
                    rule: seen.map(|s| s.rule.id.clone()),
                    description: seen.map(|s| s.rule.description.clone()).unwrap_or_default(),
                    level: match state {
                        LineState::Missing if expected.required => Level::Down,
                        LineState::Missing => Level::Degraded,
                        LineState::Unknown => Level::Unknown,
                        _ => Level::Healthy,
                    },
                });
            }
            lines.extend(self.rules(group, egress).filter(|s| s.written.is_none()).map(|seen| RuleLine {
                id: None,
                group,
                egress,
                peer: self.peer(&seen.rule.peer),
                ports: seen.ports.to_string(),
                state: LineState::Extra,
                rule: Some(seen.rule.id.clone()),
                description: seen.rule.description.clone(),
                level: seen.level,
            }));
        }
        lines
    }

    fn cell(&self, from: End, to: End) -> Cell {
        let required = self.table.rules.iter().filter(|e| e.source() == from && e.destination() == to);
        let written: Vec<PortRange> = tidy(required.clone().map(range).collect());
        let mut cell = Cell { from, to, ports: Vec::new(), half: Vec::new(), written, verdict: CellVerdict::Closed, level: Level::Healthy };
        if [from, to].iter().filter_map(|e| e.role()).any(|role| !self.knows(role)) {
            (cell.verdict, cell.level) = (CellVerdict::Unknown, Level::Unknown);
            return cell;
        }
        let mut extra = false;
        let mut pass = |cell: &mut Cell, ports: PortRange, by: &[&Seen<'_>]| {
            let wider = !cell.written.iter().any(|w| w.contains(&ports));
            extra |= wider && by.iter().any(|s| s.level > Level::Healthy);
            cell.ports.push(ports);
        };
        match (from.role(), to.role()) {
            (Some(a), Some(b)) => {
                let out: Vec<&Seen<'_>> =
                    self.rules(a, true).filter(|s| self.covers(&s.rule.peer, to) || self.names(&s.rule.peer, to)).collect();
                let into: Vec<&Seen<'_>> =
                    self.rules(b, false).filter(|s| self.covers(&s.rule.peer, from) || self.names(&s.rule.peer, from)).collect();
                for o in &out {
                    for i in &into {
                        if let Some(ports) = o.ports.and(&i.ports) {
                            pass(&mut cell, ports, &[o, i]);
                        }
                    }
                }
                let named =
                    out.iter().filter(|s| self.names(&s.rule.peer, to)).chain(into.iter().filter(|s| self.names(&s.rule.peer, from)));
                cell.half = named.map(|s| s.ports.clone()).collect();
            }
            (Some(a), None) => {
                for seen in self.rules(a, true).filter(|s| self.names(&s.rule.peer, to)) {
                    pass(&mut cell, seen.ports.clone(), &[seen]);
                }
            }
            (None, Some(b)) => {
                for seen in self.rules(b, false).filter(|s| self.names(&s.rule.peer, from)) {
                    pass(&mut cell, seen.ports.clone(), &[seen]);
                }
            }
            (None, None) => {}
        }
        cell.ports = tidy(cell.ports);
        cell.half = tidy(cell.half);
        let ports = cell.ports.clone();
        cell.half.retain(|h| !ports.iter().any(|p| p.contains(h)));
        let both = (from, to) == (End::Ecs, End::Ecs);
        judge(&mut cell, extra, required.clone().any(|e| e.required), both);
        if !self.table.strict && cell.verdict == CellVerdict::Half && cell.written.is_empty() {
            // One side permits what nobody has asked for.
            cell.level = Level::Healthy;
        }
        cell
    }
}

/// The comparison of one cell; `own` is the tasks' path to themselves, which the written architecture writes for one side only.
fn judge(cell: &mut Cell, extra: bool, required: bool, own: bool) {
    let closed: Vec<&PortRange> = cell.written.iter().filter(|w| !cell.ports.iter().any(|p| p.contains(w))).collect();
    let broken = if required { Level::Down } else { Level::Degraded };
    (cell.verdict, cell.level) = if closed.is_empty() {
        match (cell.ports.is_empty(), cell.half.is_empty()) {
            (false, _) if extra => (CellVerdict::Extra, Level::Degraded),
            (_, false) => (CellVerdict::Half, Level::Degraded),
            (false, true) => (CellVerdict::AsWritten, Level::Healthy),
            (true, true) => (CellVerdict::Closed, Level::Healthy),
        }
    } else if closed.iter().all(|w| cell.half.iter().any(|h| h.contains(w))) {
        (CellVerdict::Half, if own { Level::Healthy } else { broken })
    } else {
        (CellVerdict::Missing, broken)
    };
}

/// Whether an IPv4 block lies inside another.
fn holds(outer: &str, inner: &str) -> bool {
    let (Some((outer, bits)), Some((inner, longer))) = (block(outer), block(inner)) else { return false };
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    bits <= longer && outer & mask == inner & mask
}

/// Address and prefix length.
fn block(cidr: &str) -> Option<(u32, u32)> {
    let (address, bits) = cidr.split_once('/')?;
    Some((u32::from(address.parse::<Ipv4Addr>().ok()?), bits.parse().ok().filter(|b| *b <= 32)?))
}
