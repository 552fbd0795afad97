//! Fail one node group of the cache over to its replica, by ElastiCache's TestFailover: it is over when the event chain is, and until then no
//! other node group may follow. Roles are not in the API in cluster mode: who is primary is said as far as it is known.

use chrono::TimeDelta;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::Time;
use nextcore_core::model::action::Request;
use nextcore_core::model::action::names::among;
use nextcore_core::model::action::params::FailOverCache;
use nextcore_core::model::cache::{
    AutomaticFailover, CacheEvents, CacheMember, CacheNodes, CacheStatus, DataEvent, NodeGroup, NodeRole, ReplicationGroup, engine_title,
};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::metric::{self, Metrics, Reading, Readings};
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step, Verdict};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::text;

use super::common::{arn, clock, figure, seen, since, waited};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const TEST: Op = Op::write("ElastiCache", "TestFailover", "elasticache:TestFailover").on(Scope::Cache);

/// Calls that AWS allows in any 24 hours.
const CALLS_A_DAY: usize = 15;
const DAY: TimeDelta = TimeDelta::hours(24);
/// A replica that lags more than this many seconds loses writes when it is promoted.
const LAG: f64 = 5.0;
/// A recovery takes 5 to 15 minutes. Events are delivered on best effort: one that is missing must not forbid for a day.
const RECOVERS_WITHIN: TimeDelta = TimeDelta::hours(1);

pub(super) struct FailOver;

impl Action for FailOver {
    type Params = FailOverCache;
    const NAME: &'static str = "failover cache";
    const WRITES: &'static [Op] = &[TEST];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, ReplicationGroup::KEY];
    const WATCHES: &'static [SectionKey] = &[ReplicationGroup::KEY];
    const BESIDE: &'static [SectionKey] = &[CacheEvents::KEY];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        for key in [CacheNodes::KEY, CacheEvents::KEY] {
            desk.try_fetch(key).await;
        }
        desk.glance(Metrics::KEY).await;
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, FailOverCache), Refusal> {
        let group = facts.need::<ReplicationGroup>()?;
        if let Some(why) = group.no_failover() {
            return Err(Refusal::Check(format!("{}: {why}", group.id)));
        }
        let shard = find(group, &request.target)?;
        let (id, name) = (&shard.id, format!("{}-{}", group.id, shard.id));
        let on = arn(facts, "elasticache", &format!("replicationgroup:{}", group.id));
        let mut plan = Draft::of(&format!("{} node group", engine_title(facts.store)), &name, &on)
            .detail(format!("{} nodes of {}  {}", shard.members.len(), group.id, group.node_type))
            .must(
                group.status == CacheStatus::Available,
                "replication group available",
                format!("the replication group is {}", group.status),
            )
            .must(
                shard.status == CacheStatus::Available,
                format!("node group {id} available"),
                format!("node group {id} is {}", shard.status),
            )
            .must(
                group.automatic_failover == AutomaticFailover::Enabled,
                "automatic failover enabled",
                format!("automatic failover is {}", or_unknown(group.automatic_failover.as_str())),
            );
        plan.object = Some(format!("{id} of {}", group.id));
        let plan = called(recovered(lagging(replicated(plan, facts, shard), facts, shard), facts, group), facts);
        let shards = group.node_groups.len().max(1);
        let params = FailOverCache { group: group.id.clone(), node_group: id.clone() };
        let plan = roles(plan, facts, shard)
            .reach(
                format!(
                    "clients of 1 of {shards} node groups disconnect for seconds; Celery reconnects all at once; no replica for 5-15 min"
                ),
                format!("1/{shards} of the keys; TestFailover is AWS's test tool: one node group at a time, 15 in 24 h, AWS may block it"),
            )
            .undo(format!("failover cache {id} again, once it has recovered (another interruption)"), Some(Request::new(Self::NAME, id)))
            .call(&TEST, format!("aws elasticache test-failover --replication-group-id {} --node-group-id {id}", group.id))
            .takes(300, 900, 1200);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: FailOverCache) -> Result<Receipt, SendError> {
        let call = sender.clients.cache.test_failover().replication_group_id(&params.group).node_group_id(&params.node_group);
        let answer = call.customize().interceptor(sender.warrant(&TEST)?).send().await.map_err(|e| SendError::of(TEST, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &FailOverCache) -> Sight {
        let Ok(group) = facts.need::<ReplicationGroup>() else { return Sight::default() };
        let shard = params.shard();
        let news: Vec<(Time, Kind)> = events(facts)
            .iter()
            .filter(|e| since(e.at, run))
            .filter_map(|e| Some((e.at?, kind(e, group).filter(|(s, _)| *s == shard)?.1)))
            .collect();
        let first = |wanted: &dyn Fn(&Kind) -> bool| news.iter().filter(|(_, k)| wanted(k)).min_by_key(|(at, _)| *at);
        let called = first(&|k| *k == Kind::Called).is_some();
        let failed_over = first(&|k| matches!(k, Kind::FailedOver(_)));
        let recovering = first(&|k| *k == Kind::Recovering).is_some();
        let finished = failed_over.and_then(|(from, _)| first(&|k| *k == Kind::Finished).filter(|(at, _)| at >= from)).is_some();
        let modifying = group.status == CacheStatus::Modifying || seen(run, 0);
        let begun = modifying || !news.is_empty();
        let over = match failed_over {
            Some((_, Kind::FailedOver(to))) => format!("event: {to} is primary"),
            _ => "event: failover completed".to_owned(),
        };
        let beginning = if begun { "failover started".to_owned() } else { format!("replication group {}", group.status) };
        if facts.store.get::<CacheEvents>().is_none() {
            return without_events(facts, run, group, &shard, modifying);
        }
        let available = finished && group.status == CacheStatus::Available;
        let steps = vec![
            Step::new(beginning, begun, true),
            Step::new("event: test failover called", called || failed_over.is_some(), begun),
            Step::new(over, failed_over.is_some(), begun),
            Step::new("event: recovering the old primary", recovering || finished, failed_over.is_some()),
            Step::new("event: finished recovery", finished, recovering),
            Step::new(format!("replication group {}", group.status), available, finished),
        ];
        let end = available.then(|| {
            let now = match failed_over {
                Some((_, Kind::FailedOver(to))) => format!("{to} is the primary of {shard}"),
                _ => format!("{shard} has failed over"),
            };
            (Outcome::Done, format!("{now}, its replica is back: {} in total", text::duration(waited(facts, run))))
        });
        Sight { steps, applied: Some(begun), end }
    }
}

/// Without the permission to read events only the group's state tells: it is being modified until the replica is back.
fn without_events(facts: &Facts<'_>, run: &Run, group: &ReplicationGroup, shard: &str, begun: bool) -> Sight {
    let available = begun && group.status == CacheStatus::Available;
    let beginning = if begun { "failover started".to_owned() } else { format!("replication group {}", group.status) };
    let steps = vec![
        Step::new(beginning, begun, true),
        Step::new(format!("replication group {}", group.status), available, begun),
        Step::new(format!("its events are unknown{}", facts.why(CacheEvents::KEY)), false, false),
    ];
    let took = text::duration(waited(facts, run));
    let end = available.then(|| (Outcome::Done, format!("{} is available again: {took} in total; primary of {shard} unknown", group.id)));
    Sight { steps, applied: Some(begun), end }
}

/// The node group of this id: `0001`, or as it is confirmed: `production-nextcore-redis-0001`.
fn find<'a>(group: &'a ReplicationGroup, wanted: &str) -> Result<&'a NodeGroup, Refusal> {
    let id = wanted.strip_prefix(group.id.as_str()).and_then(|rest| rest.strip_prefix('-')).unwrap_or(wanted);
    group.node_groups.iter().find(|g| g.id == id).ok_or_else(|| {
        let known: Vec<&str> = group.node_groups.iter().map(|g| g.id.as_str()).collect();
        Refusal::Check(among(&format!("no node group '{wanted}' in {}", group.id), wanted, &known))
    })
}

fn or_unknown(state: &str) -> &str {
    if state.is_empty() { "not known" } else { state }
}

fn events<'a>(facts: &Facts<'a>) -> &'a [DataEvent] {
    facts.store.get::<CacheEvents>().map_or(&[], |e| e.events.as_slice())
}

/// What an event is part of the chain of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Called,
    /// To this node.
    FailedOver(String),
    Recovering,
    Finished,
}

/// The node group (`GROUP-0001`) that an event is about, and what it says. Texts drift: `master` or `primary`, with or without a period.
fn kind(event: &DataEvent, group: &ReplicationGroup) -> Option<(String, Kind)> {
    let message = event.message.trim_end_matches('.');
    let lower = message.to_lowercase();
    // Without cluster mode a node's name does not tell its node group; a node that is gone has only its name.
    let of_node = |node: &str| {
        let known = group.node_groups.iter().find(|g| g.members.iter().any(|m| m.id == node));
        known.map_or_else(|| node.rsplit_once('-').map_or(node, |(shard, _)| shard).to_owned(), |g| format!("{}-{}", group.id, g.id))
    };
    if lower.contains("test failover api called") {
        let id = message.split_whitespace().next_back()?;
        return Some((format!("{}-{id}", group.id), Kind::Called));
    }
    if let Some((from, to)) = failed_over(message) {
        return Some((of_node(from), Kind::FailedOver(to.to_owned())));
    }
    let kind = if lower.contains("finished recovery") {
        Kind::Finished
    } else if lower.contains("recovering cache node") {
        Kind::Recovering
    } else {
        return None;
    };
    Some((of_node(&event.source), kind))
}

/// From which node to which, if that is what happened.
fn failed_over(message: &str) -> Option<(&str, &str)> {
    let lower = message.to_lowercase();
    if !(lower.contains("failover from") && lower.contains("completed")) {
        return None;
    }
    let mut words = message.split_whitespace();
    let mut node = || words.find(|w| *w == "node").and_then(|_| words.next());
    Some((node()?, node()?))
}

/// Another node that can take over.
fn replicated(plan: Draft, facts: &Facts<'_>, shard: &NodeGroup) -> Draft {
    let Some(nodes) = facts.store.get::<CacheNodes>() else {
        return plan.unknown(facts, CacheNodes::KEY, &format!("unknown whether node group {} has an available replica", shard.id));
    };
    let serves = |m: &&CacheMember| nodes.nodes.iter().any(|n| n.id == m.id && n.status == CacheStatus::Available);
    let available = shard.members.iter().filter(serves).count();
    plan.must(available >= 2, "replica available", format!("node group {} has no available replica", shard.id))
}

fn lagging(plan: Draft, facts: &Facts<'_>, shard: &NodeGroup) -> Draft {
    let lags = shard.members.iter().filter_map(|m| figure(facts, metric::Redis::Lag.of(&m.id)));
    match lags.reduce(f64::max) {
        // The figure stays out of the refusal: a plan must not move because it does.
        Some(lag) => {
            plan.must(lag < LAG, format!("replication lag {}", text::latency(lag)), "the replica lags 5 s or more: writes would be lost")
        }
        None => plan.unknown(facts, Metrics::KEY, "replication lag unknown"),
    }
}

/// No node group is on its way back: with two at a time there would be no replica of either.
fn recovered(plan: Draft, facts: &Facts<'_>, group: &ReplicationGroup) -> Draft {
    if facts.store.get::<CacheEvents>().is_none() {
        return plan.unknown(facts, CacheEvents::KEY, "unknown whether a node group is still recovering");
    }
    let all: Vec<(Time, String, Kind)> =
        events(facts).iter().filter_map(|e| kind(e, group).zip(e.at).map(|((shard, kind), at)| (at, shard, kind))).collect();
    let ended = |shard: &str, at: Time| all.iter().any(|(end, s, k)| *k == Kind::Finished && s == shard && *end >= at);
    let open = all.iter().filter(|(at, shard, kind)| *kind != Kind::Finished && !ended(shard, *at)).max_by_key(|(at, ..)| *at);
    match open {
        None => plan.check(Verdict::Pass, "no node group is recovering"),
        Some((at, shard, _)) if facts.now - *at > RECOVERS_WITHIN => {
            plan.check(Verdict::Warn, format!("{shard} started recovering at {}, no 'finished' event yet", clock(*at)))
        }
        Some((_, shard, _)) => plan.check(Verdict::Fail, format!("{shard} is still recovering: wait for its 'Finished recovery' event")),
    }
}

fn called(plan: Draft, facts: &Facts<'_>) -> Draft {
    if facts.store.get::<CacheEvents>().is_none() {
        return plan.unknown(facts, CacheEvents::KEY, "unknown how many test failovers were made in the last 24 h");
    }
    let calls = events(facts)
        .iter()
        .filter(|e| e.at.is_some_and(|at| facts.now - at < DAY) && e.message.to_lowercase().contains("test failover api called"))
        .count();
    plan.must(
        calls < CALLS_A_DAY,
        format!("{calls} of {CALLS_A_DAY} test failovers used in 24 h"),
        format!("all {CALLS_A_DAY} test failovers in 24 h are used"),
    )
}

/// Who is primary. What a metric or an event says is a note: it is late, and must not make the plan move.
fn roles(plan: Draft, facts: &Facts<'_>, shard: &NodeGroup) -> Draft {
    let by_api = shard.members.iter().find(|m| m.role.as_ref().is_some_and(NodeRole::is_primary));
    let heir = |primary: &str| shard.members.iter().filter(|m| m.id != primary).map(|m| m.id.as_str()).collect::<Vec<_>>().join(" or ");
    if let Some(primary) = by_api {
        return plan.change("primary", &primary.id, heir(&primary.id));
    }
    let plan = plan.change("primary", "the current primary", "its replica");
    match primary(facts, shard) {
        Some(primary) => plan.note(format!("primary now: {} in {}; {} takes over", primary.id, primary.zone, heir(&primary.id))),
        None => plan.note("primary unknown: in cluster mode only the metric IsMaster shows it"),
    }
}

/// By the metric, unless a failover is newer than its newest minute.
fn primary<'a>(facts: &Facts<'_>, shard: &'a NodeGroup) -> Option<&'a CacheMember> {
    let readings = Readings::new(facts.store, facts.now);
    let metric = |m: &CacheMember| readings.of(metric::Redis::Primary.of(&m.id));
    let newest = shard.members.iter().filter_map(|m| metric(m).newest()).map(|p| p.0).max();
    let failover = events(facts)
        .iter()
        .filter_map(|e| {
            let (_, to) = failed_over(e.message.trim_end_matches('.'))?;
            Some((e.at?, shard.members.iter().find(|m| m.id == to)?))
        })
        .max_by_key(|(at, _)| *at);
    if let Some((_, to)) = failover.filter(|(at, _)| newest.is_none_or(|n| at.timestamp() > n)) {
        return Some(to);
    }
    let is_primary = |reading: Reading| match reading {
        Reading::Value { value, at } => value >= 0.5 && newest.is_some_and(|n| n - at <= 180),
        _ => false,
    };
    let mut primaries = shard.members.iter().filter(|m| is_primary(metric(m)));
    primaries.next().filter(|_| primaries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::super::common::bench::{Bench, at, refusal, texts};
    use super::*;
    use nextcore_core::model::cache::CacheNode;

    const RG: &str = "production-nextcore-redis";

    fn members(shard: &str) -> Vec<CacheMember> {
        let member = |n: &str, zone: &str| CacheMember { id: format!("{RG}-{shard}-{n}"), zone: zone.into(), role: None };
        vec![member("001", "ap-southeast-2a"), member("002", "ap-southeast-2b")]
    }

    fn group() -> ReplicationGroup {
        let shard = |id: &str| NodeGroup { id: id.into(), status: "available".into(), slots: String::new(), members: members(id) };
        ReplicationGroup {
            id: RG.into(),
            status: "available".into(),
            cluster_enabled: Some(true),
            automatic_failover: "enabled".into(),
            node_type: "cache.t3.medium".into(),
            node_groups: vec![shard("0001"), shard("0002")],
            ..ReplicationGroup::default()
        }
    }

    fn nodes() -> CacheNodes {
        let node = |m: CacheMember| CacheNode { id: m.id, status: "available".into(), ..CacheNode::default() };
        CacheNodes { nodes: ["0001", "0002"].into_iter().flat_map(members).map(node).collect() }
    }

    fn told(all: &[(i64, &str, &str)]) -> CacheEvents {
        let event = |(s, source, m): &(i64, &str, &str)| DataEvent {
            at: Some(at(*s)),
            source: format!("{RG}{source}"),
            message: m.replace("RG", RG),
            ..DataEvent::default()
        };
        CacheEvents { events: all.iter().map(event).collect() }
    }

    const CALLED: &str = "Test Failover API called for node group 0001";
    const OVER: &str = "Failover from primary node RG-0001-001 to replica node RG-0001-002 completed";
    const RECOVERING: &str = "Recovering cache nodes 0001";
    const FINISHED: &str = "Finished recovery for cache nodes 0001";

    fn bench() -> Bench {
        Bench::new().with(group()).with(nodes()).with(told(&[]))
    }

    fn request() -> Request {
        Request::new("failover cache", "0001")
    }

    #[test]
    fn without_cluster_mode_events_are_of_the_one_node_group() {
        let mut plain = group();
        plain.cluster_enabled = Some(false);
        plain.node_groups.truncate(1);
        for (member, (id, role)) in plain.node_groups[0].members.iter_mut().zip([("001", "primary"), ("002", "replica")]) {
            (member.id, member.role) = (format!("{RG}-{id}"), Some(role.into()));
        }
        let node = |id: &str| CacheNode { id: format!("{RG}-{id}"), status: "available".into(), ..CacheNode::default() };
        let mut bench = Bench::new().with(plain).with(CacheNodes { nodes: vec![node("001"), node("002")] }).with(told(&[]));
        let draft = bench.draft::<FailOver>(&request()).unwrap();
        assert_eq!((draft.changes[0].before.as_str(), draft.changes[0].after.as_str()), (&*format!("{RG}-001"), &*format!("{RG}-002")));
        let mut run = bench.sent::<FailOver>(&request(), None);
        bench.later(400);
        bench.put(told(&[
            (20, "", CALLED),
            (25, "-001", "Failover from primary node RG-001 to replica node RG-002 completed"),
            (60, "-001", RECOVERING),
            (300, "-001", FINISHED),
        ]));
        let text = format!("{RG}-002 is the primary of {RG}-0001, its replica is back: 6m40s in total");
        assert_eq!(bench.look::<FailOver>(&mut run).1, Some((Outcome::Done, text)));
    }

    #[test]
    fn what_has_no_replica_is_refused_plainly() {
        type Change = fn(&mut ReplicationGroup);
        let cases: [(Change, &str); 3] = [
            (|g| g.alone = true, "a single cache cluster: no replica to fail over to"),
            (|g| (g.alone, g.engine) = (true, "memcached".into()), "Memcached: its nodes are independent, there is no failover"),
            (|g| g.node_groups.iter_mut().for_each(|n| n.members.truncate(1)), "no replica to fail over to"),
        ];
        for (change, why) in cases {
            let mut changed = group();
            change(&mut changed);
            let refused = bench().with(changed).draft::<FailOver>(&request()).unwrap_err();
            assert_eq!(refused.text(), format!("{RG}: {why}"));
        }
    }

    #[test]
    fn the_plan_names_group_and_node_group() {
        let mut bench = bench();
        bench.measure(metric::Redis::Primary.of(&format!("{RG}-0001-001")), 1.0);
        bench.measure(metric::Redis::Primary.of(&format!("{RG}-0001-002")), 0.0);
        bench.measure(metric::Redis::Lag.of(&format!("{RG}-0001-002")), 0.2);
        let draft = bench.draft::<FailOver>(&request()).unwrap();
        assert!(draft.checks.iter().all(|c| c.verdict == Verdict::Pass), "{:?}", draft.checks);
        assert_eq!(draft.resource.name, "production-nextcore-redis-0001");
        assert_eq!(draft.object.as_deref(), Some("0001 of production-nextcore-redis"));
        assert_eq!(draft.resource.arn, "arn:aws:elasticache:ap-southeast-2:111122223333:replicationgroup:production-nextcore-redis");
        assert!(draft.notes[0].starts_with("primary now: production-nextcore-redis-0001-001 in ap-southeast-2a"), "{:?}", draft.notes);
        assert!(draft.rests_on.is_empty(), "nothing that varies by itself");
        let same = bench.draft::<FailOver>(&Request::new("failover cache", "production-nextcore-redis-0001")).unwrap();
        assert_eq!(same.calls, draft.calls);
        let unknown = bench.draft::<FailOver>(&Request::new("failover cache", "0003")).unwrap_err();
        assert!(matches!(&unknown, Refusal::Check(t) if t.contains("0001, 0002")), "{unknown:?}");
    }

    #[test]
    fn a_failover_that_is_newer_than_the_metric_tells_the_primary() {
        let mut bench = bench();
        bench.measure(metric::Redis::Primary.of(&format!("{RG}-0001-001")), 1.0);
        bench.put(told(&[(-30, "-0001-001", OVER), (-10, "-0001-001", FINISHED)]));
        let draft = bench.draft::<FailOver>(&request()).unwrap();
        assert!(draft.notes[0].starts_with("primary now: production-nextcore-redis-0001-002"), "{:?}", draft.notes);
        let unknown = Bench::new().with(group()).with(nodes()).with(told(&[])).draft::<FailOver>(&request()).unwrap();
        assert!(unknown.notes[0].contains("unknown"));
    }

    #[test]
    fn what_forbids_it() {
        type Change = fn(&mut ReplicationGroup);
        let cases: [(Change, &str); 3] = [
            (|g| g.status = "modifying".into(), "the replication group is modifying"),
            (|g| g.node_groups[0].status = "modifying".into(), "node group 0001 is modifying"),
            (|g| g.automatic_failover = "disabled".into(), "automatic failover is disabled"),
        ];
        for (change, text) in cases {
            let mut group = group();
            change(&mut group);
            assert_eq!(refusal(&bench().with(group).draft::<FailOver>(&request()).unwrap()), text);
        }
        let mut ill = nodes();
        ill.nodes[1].status = "recovering".into();
        assert_eq!(refusal(&bench().with(ill).draft::<FailOver>(&request()).unwrap()), "node group 0001 has no available replica");
        let mut behind = bench();
        behind.measure(metric::Redis::Lag.of(&format!("{RG}-0001-002")), 7.0);
        assert_eq!(refusal(&behind.draft::<FailOver>(&request()).unwrap()), "the replica lags 5 s or more: writes would be lost");
        let calls: Vec<_> = (0..15_i64).flat_map(|n| [(-80_000 + n, "", CALLED), (-70_000 + n, "-0001-001", FINISHED)]).collect();
        assert!(refusal(&bench().with(told(&calls)).draft::<FailOver>(&request()).unwrap()).contains("are used"));
        assert!(texts(&bench().with(told(&calls[2..])).draft::<FailOver>(&request()).unwrap(), Verdict::Fail).is_empty());
    }

    #[test]
    fn no_node_group_follows_another_that_is_still_recovering() {
        let other = "Failover from master node RG-0002-001 to replica node RG-0002-002 completed.";
        for open in [
            vec![(-100, "-0002-001", other)],
            vec![(-100, "-0002-001", other), (-60, "-0002-001", RECOVERING)],
            vec![(-100, "-0002-001", other), (-200, "-0002-001", FINISHED)],
            vec![(-100, "-0002-001", other), (-50, "-0001-001", FINISHED)],
            vec![(-20, "", "Test Failover API called for node group 0002")],
        ] {
            let draft = bench().with(told(&open)).draft::<FailOver>(&request()).unwrap();
            assert_eq!(refusal(&draft), "production-nextcore-redis-0002 is still recovering: wait for its 'Finished recovery' event");
        }
        let closed = [(-100, "-0002-001", other), (-60, "-0002-001", RECOVERING), (-5, "-0002-001", FINISHED)];
        assert!(texts(&bench().with(told(&closed)).draft::<FailOver>(&request()).unwrap(), Verdict::Fail).is_empty());
        let lost = bench().with(told(&[(-4_000, "-0002-001", other)])).draft::<FailOver>(&request()).unwrap();
        assert!(texts(&lost, Verdict::Fail).is_empty() && texts(&lost, Verdict::Warn)[0].contains("no 'finished' event yet"));
    }

    #[test]
    fn it_follows_the_chain_of_events_to_its_end() {
        let old = [(-4_000, "-0001-002", OVER), (-3_700, "-0001-002", FINISHED)];
        let mut bench = bench().with(told(&old));
        let mut run = bench.sent::<FailOver>(&request(), None);
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(false), None), "an old chain is not this one");
        bench.later(10);
        bench.put(ReplicationGroup { status: "modifying".into(), ..group() });
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None));
        let mut events = old.to_vec();
        for event in [(30, "", CALLED), (31, "-0001-001", OVER), (31, "", OVER), (80, "-0001-001", RECOVERING)] {
            bench.later(event.0 + 1);
            events.push(event);
            bench.put(told(&events));
            assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None));
        }
        bench.later(400);
        events.push((398, "-0001-001", FINISHED));
        bench.put(told(&events));
        assert_eq!(bench.look::<FailOver>(&mut run).1, None, "the group is still modifying");
        bench.put(group());
        let text = format!("{RG}-0001-002 is the primary of {RG}-0001, its replica is back: 6m40s in total");
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), Some((Outcome::Done, text))));
    }

    #[test]
    fn a_recovery_without_a_failover_and_another_node_groups_events_are_not_the_end() {
        let mut bench = bench();
        let mut run = bench.sent::<FailOver>(&request(), None);
        bench.later(500);
        bench.put(told(&[(100, "-0001-002", RECOVERING), (300, "-0001-002", FINISHED)]));
        assert_eq!(bench.look::<FailOver>(&mut run).1, None);
        bench.put(told(&[
            (100, "-0002-001", "Failover from primary node RG-0002-001 to replica node RG-0002-002 completed"),
            (300, "-0002-001", FINISHED),
        ]));
        run.steps.clear();
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(false), None));
    }
}
