//! Security groups held against the written architecture: lines, matrix, deviations.

use crate::insight::fixture::{World, group_rule};
use crate::insight::topology::paths::{CellVerdict, End, LineState, Paths, PortRange, paths};
use crate::model::health::Level;
use crate::model::network::{GroupRule, Peer, SecurityGroups};
use crate::model::stack::Stack;
use crate::model::store::Store;

const ALB: usize = 0;
const ECS: usize = 1;
const RDS: usize = 2;

fn broken(change: impl FnOnce(&mut Vec<crate::model::network::SecurityGroup>)) -> Paths {
    let mut world = World::healthy();
    world.edit::<SecurityGroups>(|g| change(&mut g.groups));
    paths(&world.store, &world.judge(), &world.stack, world.now)
}

fn verdict(paths: &Paths, from: End, to: End) -> (CellVerdict, Level, String) {
    let cell = paths.cell(from, to).unwrap();
    let ports: Vec<String> = cell.ports.iter().map(ToString::to_string).collect();
    (cell.verdict, cell.level, ports.join(" "))
}

fn texts(paths: &Paths) -> Vec<(Level, &'static str, &str)> {
    paths.deviations.iter().map(|d| (d.level, d.id, d.text.as_str())).collect()
}

/// Whoever has one of the stack's groups.
fn own(group: usize) -> Peer {
    Peer::Group(World::healthy().store.get::<SecurityGroups>().unwrap().groups[group].id.clone())
}

fn cidr(block: &str) -> Peer {
    Peer::Cidr(block.into())
}

#[test]
fn the_seed_as_written() {
    use CellVerdict::{AsWritten, Closed, Half};
    let paths = broken(|_| {});
    let blocked = "inter-task traffic is blocked: the spec allows self inbound but no self outbound";
    assert_eq!(texts(&paths), [(Level::Healthy, "S09", blocked)]);
    assert!(paths.lines.iter().all(|l| l.state == LineState::Present && l.level == Level::Healthy && l.rule.is_some()));
    assert_eq!(paths.lines.len(), 12);
    assert_eq!(paths.missing, None);
    assert!(paths.verdict.is_some());
    for (from, to, expected) in [
        (End::Internet, End::Alb, (AsWritten, Level::Healthy, "tcp 80 tcp 443")),
        (End::Alb, End::Ecs, (AsWritten, Level::Healthy, "tcp 3000 tcp 8000")),
        (End::Ecs, End::Rds, (AsWritten, Level::Healthy, "tcp 5432")),
        (End::Ecs, End::Redis, (AsWritten, Level::Healthy, "tcp 6379")),
        (End::Ecs, End::Internet, (AsWritten, Level::Healthy, "tcp 443")),
        // Both ends allow it to the world: a consequence of what is written.
        (End::Ecs, End::Alb, (AsWritten, Level::Healthy, "tcp 443")),
        // To the world means to each other, too.
        (End::Ecs, End::Ecs, (Half, Level::Healthy, "tcp 443")),
        (End::Alb, End::Rds, (Closed, Level::Healthy, "")),
        (End::Rds, End::Internet, (Closed, Level::Healthy, "")),
        (End::Other, End::Alb, (Closed, Level::Healthy, "")),
        (End::Internet, End::Other, (Closed, Level::Healthy, "")),
    ] {
        assert_eq!(verdict(&paths, from, to), (expected.0, expected.1, expected.2.to_owned()), "{from:?} → {to:?}");
    }
}

#[test]
fn a_missing_rule_closes_one_half_of_the_path() {
    let paths = broken(|g| g[RDS].rules.clear());
    assert_eq!(texts(&paths).first(), Some(&(Level::Down, "S15", "RDS inbound: tcp 5432 ECS SG missing")));
    assert_eq!(verdict(&paths, End::Ecs, End::Rds), (CellVerdict::Half, Level::Down, String::new()));
    let both = broken(|g| {
        g[RDS].rules.clear();
        g[ECS].rules.retain(|r| r.from_port != 5432);
    });
    assert_eq!(verdict(&both, End::Ecs, End::Rds), (CellVerdict::Missing, Level::Down, String::new()));
    assert_eq!(both.deviations.iter().filter(|d| d.level == Level::Down).count(), 2);
    let inter_task = broken(|g| g[ECS].rules.retain(|r| r.protocol != "-1"));
    assert_eq!(texts(&inter_task), [(Level::Degraded, "S09", "ECS inbound: all Self missing")], "nothing of the seed needs it");
}

#[test]
fn every_required_rule_is_down_when_it_is_missing() {
    let ids = ["S01", "S02", "S04", "S05", "S07", "S08", "S11", "S12", "S13", "S15", "S18"];
    let rules = [
        "sgr-0007", "sgr-0017", "sgr-0027", "sgr-0037", "sgr-0107", "sgr-0117", "sgr-0137", "sgr-0147", "sgr-0157", "sgr-0207", "sgr-0307",
    ];
    for (id, rule) in ids.iter().zip(rules) {
        let paths = broken(|g| g.iter_mut().for_each(|g| g.rules.retain(|r| !r.id.starts_with(rule))));
        let worst = texts(&paths)[0];
        assert_eq!((worst.0, worst.1), (Level::Down, *id), "{rule}");
    }
}

#[test]
fn what_is_not_written_is_extra() {
    let add = |group: usize, rule: GroupRule| broken(|g| g[group].rules.push(rule));
    let paths = add(ALB, group_rule("x", false, 22, cidr("0.0.0.0/0")));
    assert_eq!(texts(&paths)[0], (Level::Degraded, "S03", "ALB inbound: tcp 22 from 0.0.0.0/0 unexpected"));
    assert_eq!(verdict(&paths, End::Internet, End::Alb), (CellVerdict::Extra, Level::Degraded, "tcp 22 tcp 80 tcp 443".into()));
    // One side alone opens nothing, but it is one rule away.
    let paths = add(RDS, group_rule("x", false, 5432, own(ALB)));
    assert_eq!(texts(&paths)[0], (Level::Degraded, "S16", "RDS inbound: tcp 5432 from ALB SG unexpected"));
    assert_eq!(verdict(&paths, End::Alb, End::Rds), (CellVerdict::Half, Level::Degraded, String::new()));
    let paths = add(RDS, group_rule("x", false, 5432, cidr("203.0.113.7/32")));
    assert_eq!(verdict(&paths, End::Other, End::Rds), (CellVerdict::Extra, Level::Degraded, "tcp 5432".into()));
    let paths = add(RDS, group_rule("x", true, -1, cidr("0.0.0.0/0")));
    assert_eq!(texts(&paths)[0], (Level::Degraded, "S17", "RDS outbound: all to 0.0.0.0/0 unexpected"));
    let paths = add(ECS, group_rule("x", true, 443, Peer::PrefixList("pl-s3".into())));
    assert_eq!(texts(&paths)[0], (Level::Degraded, "S14", "ECS outbound: tcp 443 to pl-s3 unexpected"));
    assert!(paths.lines.iter().any(|l| l.state == LineState::Extra && l.peer == "pl-s3" && l.rule.as_deref() == Some("x")));
}

#[test]
fn harmless_additions_are_notes() {
    let twin = broken(|g| g[ALB].rules.push(group_rule("x", false, 443, cidr("::/0"))));
    assert!(twin.deviations.iter().all(|d| d.level == Level::Healthy), "{:?}", texts(&twin));
    assert_eq!(verdict(&twin, End::Internet, End::Alb).0, CellVerdict::AsWritten);
    let own = broken(|g| g[ECS].rules.push(group_rule("x", true, -1, own(ECS))));
    assert_eq!(texts(&own), [(Level::Healthy, "S14", "ECS outbound: all to ECS SG unexpected")], "and the traffic is not blocked any more");
    assert_eq!(verdict(&own, End::Ecs, End::Ecs), (CellVerdict::AsWritten, Level::Healthy, "all".into()));
}

#[test]
fn a_wider_rule_carries_the_traffic_and_is_extra() {
    let paths = broken(|g| {
        g[ALB].rules.retain(|r| !r.egress);
        g[ALB].rules.push(group_rule("wide", true, -1, cidr("0.0.0.0/0")));
    });
    let all = texts(&paths);
    assert_eq!(all[0], (Level::Degraded, "S06", "ALB outbound: all to 0.0.0.0/0 unexpected"));
    assert!(all.contains(&(Level::Healthy, "S04", "ALB outbound: tcp 8000 ECS SG only covered by the wider rule wide")), "{all:?}");
    assert_eq!(paths.lines.iter().filter(|l| l.state == LineState::Covered).count(), 2);
    assert_eq!(verdict(&paths, End::Alb, End::Ecs).2, "tcp 3000 tcp 8000");
    assert_eq!(verdict(&paths, End::Alb, End::Internet), (CellVerdict::Extra, Level::Degraded, "all".into()));
    // The block of the VPC holds the private tier: the tasks may reach the database by it.
    let block = broken(|g| g[RDS].rules = vec![group_rule("wide", false, 5432, cidr("10.0.0.0/16"))]);
    assert_eq!(verdict(&block, End::Ecs, End::Rds).2, "tcp 5432");
    assert!(block.deviations.iter().all(|d| d.level < Level::Down), "{:?}", texts(&block));
    let part = broken(|g| g[RDS].rules = vec![group_rule("part", false, 5432, cidr("10.0.11.0/24"))]);
    assert_eq!(texts(&part)[0].0, Level::Down, "one zone's tasks alone are not all tasks");
}

#[test]
fn nothing_is_claimed_of_groups_that_are_not_known() {
    let unread = paths(&Store::default(), &World::healthy().judge(), &Stack::default(), crate::insight::fixture::now());
    assert_eq!(unread.missing.as_deref(), Some("loading"));
    assert!(unread.deviations.iter().all(|d| d.level == Level::Unknown));
    assert_eq!(unread.cell(End::Alb, End::Ecs).unwrap().verdict, CellVerdict::Unknown);
    assert!(unread.lines.iter().all(|l| l.state == LineState::Unknown));
}

#[test]
fn ranges() {
    let range = |protocol: &str, from, to| PortRange { protocol: protocol.into(), from, to };
    assert_eq!(PortRange::all().and(&PortRange::tcp(80)), Some(PortRange::tcp(80)));
    assert_eq!(range("tcp", 80, 443).and(&range("tcp", 100, 1000)), Some(range("tcp", 100, 443)));
    assert_eq!(range("udp", 80, 80).and(&PortRange::tcp(80)), None);
    assert_eq!(range("tcp", 1, 2).and(&range("tcp", 3, 4)), None);
    for (range, text) in [(PortRange::all(), "all"), (range("tcp", 0, 65_535), "tcp all"), (range("udp", 1, 9), "udp 1-9")] {
        assert_eq!(range.to_string(), text);
    }
}
