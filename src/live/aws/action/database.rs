//! Fail the database over to its standby: a reboot with failover. `available` says nothing about its end, because it is available before:
//! the end is an event after it was sent, or the swap of the zones. A cluster promotes a reader instead: `cluster`.

mod cluster;

use chrono::TimeDelta;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::Time;
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params::FailOverDatabase;
use nextcore_core::model::cache::DataEvent;
use nextcore_core::model::database::{Database, DatabaseEvents, DatabaseSettings, InstanceStatus};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::metric::{self, Metrics};
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step, Verdict};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{Service, Services};
use nextcore_core::model::text;

use super::common::{arn, clock, figure, seen, since, waited};
use super::service::failed;
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const REBOOT: Op = Op::write("RDS", "RebootDBInstance", "rds:RebootDBInstance").on(Scope::Database);
const PROMOTE: Op = Op::write("RDS", "FailoverDBCluster", "rds:FailoverDBCluster").on(Scope::Database);

/// RDS abandons a failover soon after another; a standby needs time to catch up.
const PAUSE: TimeDelta = TimeDelta::minutes(30);
/// Point-in-time restore is the way back when a failover goes wrong: it must not be far behind.
const RESTORE_LAG: TimeDelta = TimeDelta::minutes(10);

pub(super) struct FailOver;

impl Action for FailOver {
    type Params = FailOverDatabase;
    const NAME: &'static str = "failover db";
    const WRITES: &'static [Op] = &[REBOOT, PROMOTE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Database::KEY];
    const WATCHES: &'static [SectionKey] = &[Database::KEY];
    const BESIDE: &'static [SectionKey] = &[DatabaseEvents::KEY];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        desk.try_fetch(DatabaseEvents::KEY).await;
        for key in [Services::KEY, DatabaseSettings::KEY, Metrics::KEY] {
            desk.glance(key).await;
        }
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, FailOverDatabase), Refusal> {
        let db = facts.need::<Database>()?;
        if let Some(why) = db.no_failover() {
            return Err(Refusal::Check(format!("{}: {why}", db.name())));
        }
        if let Some(cluster) = &db.cluster {
            return cluster::draft(facts, request, db, cluster);
        }
        let to = chosen(request);
        if let Some(to) = to {
            return Err(Refusal::Check(format!("{} is no cluster: it fails over to its standby, not to '{to}'", db.id)));
        }
        let standby = db.secondary_zone.as_deref().unwrap_or_default();
        let plan = Draft::of("RDS instance", &db.id, &arn(facts, "rds", &format!("db:{}", db.id)))
            .detail(format!("{} {}  {}", db.engine.title(), db.version, db.class))
            .change("primary", &db.zone, or_none(standby))
            .change("standby", or_none(standby), &db.zone)
            .must(db.status == InstanceStatus::Available, "available", format!("the database is {}", db.status))
            .must(!standby.is_empty(), "Multi-AZ, standby present", "no standby: it is being created");
        let plan = restorable(quiet(plan, facts), facts, db);
        let plan = connected(maintained(undisturbed(plan, facts), facts, db), facts);
        let params = FailOverDatabase { instance: db.id.clone(), from: db.zone.clone(), promotion: None };
        let plan = plan
            .reach(
                "writes and reads fail for 60-120 s; API 5xx in that window; cold cache after",
                "every service that uses the database; health checks that query it fail, and ECS may replace those tasks",
            )
            .undo("failover db again, at least 30 min after this one (another outage)", Some(request.clone()))
            .call(&REBOOT, format!("aws rds reboot-db-instance --db-instance-identifier {} --force-failover", db.id))
            .takes(60, 120, 600)
            .rests("standby", standby);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: FailOverDatabase) -> Result<Receipt, SendError> {
        if let Some(promotion) = params.promotion {
            return cluster::send(sender, promotion).await;
        }
        let call = sender.clients.rds.reboot_db_instance().db_instance_identifier(&params.instance).force_failover(true);
        let answer = call.customize().interceptor(sender.warrant(&REBOOT)?).send().await.map_err(|e| SendError::of(REBOOT, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &FailOverDatabase) -> Sight {
        let Ok(db) = facts.need::<Database>() else { return Sight::default() };
        if let Some(promotion) = &params.promotion {
            return cluster::sight(facts, run, params, promotion, db);
        }
        let old = params.from.as_str();
        let (started, completed) = (said(facts, run, &["failover", "started"]), said(facts, run, &["failover", "completed"]));
        let swapped = !old.is_empty() && !db.zone.is_empty() && db.zone != old;
        let asked = said(facts, run, &["requested a failover"]).or(started).is_some();
        // The status passes within a minute: what an earlier look saw stays seen.
        let begun = db.status == InstanceStatus::Rebooting || asked || completed.is_some() || swapped || seen(run, 0);
        let over = completed.is_some() || swapped;
        let available = over && db.status == InstanceStatus::Available;
        let beginning = if begun { "reboot started".to_owned() } else { format!("status {}: reboot not started", db.status) };
        let mut steps = vec![
            Step::new(beginning, begun, true),
            Step::new("event: failover started", started.is_some() || over, begun),
            Step::new("event: failover completed", over, started.is_some()),
            Step::new(format!("primary in {}", db.zone), swapped, over),
            Step::new(format!("status {}", db.status), available, over),
        ];
        let end = if let Some(at) = said(facts, run, &["abandoning", "failover"]) {
            let text = format!("RDS abandoned it at {}: too soon after the last failover", clock(at));
            steps.push(failed(text.clone()));
            Some((Outcome::Failed, text))
        } else if db.status.is_stuck() {
            Some((Outcome::Failed, format!("{} is {}: it does not recover automatically", db.id, db.status)))
        } else {
            available.then(|| (Outcome::Done, ending(facts, run, db, old, (started, completed))))
        };
        Sight { steps, applied: Some(begun), end }
    }
}

/// What happened and how long it took: from event to event, where RDS has told both.
fn ending(facts: &Facts<'_>, run: &Run, db: &Database, old: &str, (started, completed): (Option<Time>, Option<Time>)) -> String {
    let whole = text::duration(waited(facts, run));
    let took = match started.zip(completed) {
        Some((from, to)) => format!("{} from started to completed, {whole} in total", text::age(from, to)),
        None => format!("{whole} in total"),
    };
    if db.zone == old {
        // AWS may show the swap minutes late.
        return format!("{} has failed over to its standby: {took}; its zone still shows {old}, the update may lag", db.id);
    }
    format!("primary of {} moved from {old} to {}: {took}", db.id, db.zone)
}

fn events<'a>(facts: &Facts<'a>) -> &'a [DataEvent] {
    facts.store.get::<DatabaseEvents>().map_or(&[], |e| e.events.as_slice())
}

/// When an event with all of these words came first after it was sent.
fn said(facts: &Facts<'_>, run: &Run, words: &[&str]) -> Option<Time> {
    let has = |e: &&DataEvent| {
        let message = e.message.to_lowercase();
        since(e.at, run) && words.iter().all(|w| message.contains(w))
    };
    events(facts).iter().filter(has).filter_map(|e| e.at).min()
}

fn or_none(zone: &str) -> &str {
    if zone.is_empty() { "none" } else { zone }
}

/// The reader that was asked for.
fn chosen(request: &Request) -> Option<&str> {
    request.arg("to").filter(|to| !to.is_empty() && *to != "auto")
}

/// When a failover was last reported, if that was a short while ago.
fn lately(facts: &Facts<'_>) -> Option<Time> {
    let failovers = events(facts).iter().filter(|e| e.message.to_lowercase().contains("failover")).filter_map(|e| e.at);
    failovers.max().filter(|at| facts.now - *at < PAUSE)
}

/// No failover a short while ago. The text names the moment, not the age: it is part of what must not move.
fn quiet(plan: Draft, facts: &Facts<'_>) -> Draft {
    if facts.store.get::<DatabaseEvents>().is_none() {
        return plan.unknown(facts, DatabaseEvents::KEY, "unknown whether there was a failover in the last 30 min");
    }
    let last = lately(facts);
    let bad = last.map_or_else(String::new, |at| format!("a failover was reported at {}: wait for 30 min after it", clock(at)));
    plan.must(last.is_none(), "no failover in the last 30 min", bad)
}

fn restorable(plan: Draft, facts: &Facts<'_>, db: &Database) -> Draft {
    let Some(at) = db.latest_restorable else {
        return plan.check(Verdict::Unknown, "latest restorable time unknown");
    };
    let age = text::age(at, facts.now);
    plan.should(
        facts.now - at < RESTORE_LAG,
        format!("point-in-time restore {age} behind"),
        format!("point-in-time restore is {age} behind, more than 10 min"),
    )
}

fn undisturbed(plan: Draft, facts: &Facts<'_>) -> Draft {
    let Some(services) = facts.store.get::<Services>() else {
        return plan.unknown(facts, Services::KEY, "unknown whether a deployment is in progress");
    };
    let busy: Vec<&str> = services.services.iter().filter(|s| s.deploying().is_some()).map(name).collect();
    plan.should(busy.is_empty(), "no deployment in progress", format!("a deployment is in progress: {}", busy.join(", ")))
}

fn name(service: &Service) -> &str {
    &service.name
}

fn maintained(plan: Draft, facts: &Facts<'_>, db: &Database) -> Draft {
    let Some(settings) = facts.store.get::<DatabaseSettings>() else {
        return plan.unknown(facts, DatabaseSettings::KEY, "unknown whether maintenance is pending");
    };
    // A reboot may apply what waits.
    let waiting: Vec<&str> = settings.maintenance.iter().chain(&db.pending).map(String::as_str).collect();
    plan.should(waiting.is_empty(), "no pending maintenance", format!("pending, and a reboot may apply it: {}", waiting.join("; ")))
}

fn connected(plan: Draft, facts: &Facts<'_>) -> Draft {
    match figure(facts, metric::Db::Connections) {
        Some(n) => plan.check(Verdict::Pass, format!("{n:.0} connections now: all will drop")),
        None => plan.unknown(facts, Metrics::KEY, "connection count unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::common::bench::{Bench, at, refusal, texts};
    use super::*;
    use nextcore_core::model::service::Deployment;

    const A: &str = "ap-southeast-2a";
    const B: &str = "ap-southeast-2b";

    fn database() -> Database {
        Database {
            id: "production-nextcore-db".into(),
            status: "available".into(),
            engine: "postgres".into(),
            version: "15.7".into(),
            class: "db.t3.large".into(),
            multi_az: Some(true),
            zone: A.into(),
            secondary_zone: Some(B.into()),
            latest_restorable: Some(at(-200)),
            ..Database::default()
        }
    }

    fn told(all: &[(i64, &str)]) -> DatabaseEvents {
        let event = |(s, m): &(i64, &str)| DataEvent { at: Some(at(*s)), message: (*m).into(), ..DataEvent::default() };
        DatabaseEvents { events: all.iter().map(event).collect() }
    }

    fn bench() -> Bench {
        let deploying = Deployment { status: "PRIMARY".into(), rollout_state: "COMPLETED".into(), ..Deployment::default() };
        let web = Service { name: "web".into(), deployments: vec![deploying], ..Service::default() };
        let services = Services { services: vec![web], missing: Vec::new() };
        Bench::new().with(database()).with(told(&[])).with(services).with(DatabaseSettings::default())
    }

    fn request() -> Request {
        Request::new("failover db", "")
    }

    #[test]
    fn the_plan_swaps_the_zones_and_asks_for_the_instances_name() {
        let mut bench = bench();
        bench.measure(metric::Db::Connections, 61.0);
        let draft = bench.draft::<FailOver>(&request()).unwrap();
        assert!(texts(&draft, Verdict::Fail).is_empty() && texts(&draft, Verdict::Warn).is_empty(), "{:?}", draft.checks);
        assert_eq!(draft.resource.name, "production-nextcore-db");
        assert_eq!(draft.resource.arn, "arn:aws:rds:ap-southeast-2:111122223333:db:production-nextcore-db");
        let changes: Vec<_> = draft.changes.iter().map(|c| (c.what.as_str(), c.before.as_str(), c.after.as_str())).collect();
        assert_eq!(changes, [("primary", A, B), ("standby", B, A)]);
        assert_eq!(draft.calls[0].cli, "aws rds reboot-db-instance --db-instance-identifier production-nextcore-db --force-failover");
        assert!(draft.checks.iter().any(|c| c.text.starts_with("61 connections")));
        assert_eq!(draft.undo_request, Some(request()));
    }

    #[test]
    fn what_forbids_it() {
        type Change = fn(&mut Database);
        let cases: [(Change, &str); 3] = [
            (|d| d.status = "backing-up".into(), "the database is backing-up"),
            (|d| d.secondary_zone = None, "no standby: it is being created"),
            (|d| d.secondary_zone = Some(String::new()), "no standby: it is being created"),
        ];
        for (change, text) in cases {
            let mut db = database();
            change(&mut db);
            assert_eq!(refusal(&bench().with(db).draft::<FailOver>(&request()).unwrap()), text);
        }
        for event in ["Multi-AZ instance failover completed", "Abandoning user requested failover since a failover recently occurred"] {
            let draft = bench().with(told(&[(-1_700, event)])).draft::<FailOver>(&request()).unwrap();
            assert_eq!(refusal(&draft), format!("a failover was reported at {}: wait for 30 min after it", clock(at(-1_700))));
        }
        let long_ago = bench().with(told(&[(-1_900, "Multi-AZ instance failover completed")]));
        assert!(texts(&long_ago.draft::<FailOver>(&request()).unwrap(), Verdict::Fail).is_empty());
    }

    #[test]
    fn what_it_warns_of_and_what_it_does_not_know() {
        let mut db = database();
        (db.latest_restorable, db.pending) = (Some(at(-700)), vec!["class db.t3.xlarge".into()]);
        let rolling = Deployment { status: "PRIMARY".into(), rollout_state: "IN_PROGRESS".into(), ..Deployment::default() };
        let web = Service { name: "web".into(), deployments: vec![rolling], ..Service::default() };
        let settings = DatabaseSettings { maintenance: vec!["system-update: OS".into()], ..DatabaseSettings::default() };
        let bench = bench().with(db).with(Services { services: vec![web], missing: Vec::new() }).with(settings);
        let draft = bench.draft::<FailOver>(&request()).unwrap();
        assert_eq!(
            texts(&draft, Verdict::Warn),
            [
                "point-in-time restore is 11m40s behind, more than 10 min",
                "a deployment is in progress: web",
                "pending, and a reboot may apply it: system-update: OS; class db.t3.xlarge"
            ]
        );
        let bare = Bench::new().with(Database { latest_restorable: None, ..database() }).with(told(&[]));
        let draft = bare.draft::<FailOver>(&request()).unwrap();
        assert_eq!(texts(&draft, Verdict::Unknown).len(), 4, "{:?}", draft.checks);
    }

    #[test]
    fn it_is_over_when_an_event_says_so_and_not_because_it_is_available() {
        let mut bench = bench().with(told(&[(-4_000, "Multi-AZ instance failover completed")]));
        let mut run = bench.sent::<FailOver>(&request(), None);
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(false), None), "available as before");
        bench.later(4);
        bench.put(Database { status: "rebooting".into(), ..database() });
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None));
        bench.later(60);
        bench.put(database());
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None), "available again, and nothing says that it is over");
        let mut events = vec![(-4_000, "Multi-AZ instance failover completed"), (14, "Multi-AZ instance failover started")];
        bench.put(told(&events));
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None));
        bench.later(90);
        events.push((88, "Multi-AZ instance failover completed"));
        bench.put(told(&events));
        let (_, end) = bench.look::<FailOver>(&mut run);
        let (outcome, text) = end.unwrap();
        assert_eq!(outcome, Outcome::Done);
        assert!(text.contains("1m14s from started to completed, 1m30s in total") && text.contains("the update may lag"), "{text}");
    }

    #[test]
    fn the_swap_is_as_good_as_the_event_and_waits_for_available() {
        let mut bench = bench();
        let mut run = bench.sent::<FailOver>(&request(), None);
        let swapped = Database { zone: B.into(), secondary_zone: Some(A.into()), ..database() };
        bench.later(80);
        bench.put(Database { status: "rebooting".into(), ..swapped.clone() });
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None));
        bench.put(swapped);
        let (_, end) = bench.look::<FailOver>(&mut run);
        assert_eq!(end, Some((Outcome::Done, format!("primary of production-nextcore-db moved from {A} to {B}: 1m20s in total"))));
    }

    #[test]
    fn abandoned_and_broken_are_failures() {
        let mut bench = bench();
        let mut run = bench.sent::<FailOver>(&request(), None);
        bench.later(6);
        bench.put(told(&[(3, "Abandoning user requested failover since a failover recently occurred on the database instance.")]));
        assert_eq!(bench.look::<FailOver>(&mut run).1.unwrap().0, Outcome::Failed);
        bench.put(told(&[]));
        bench.put(Database { status: "incompatible-network".into(), ..database() });
        assert_eq!(bench.look::<FailOver>(&mut run).1.unwrap().0, Outcome::Failed);
    }
}
