//! Promote a reader of a DB cluster: FailoverDBCluster, Aurora's and that of a Multi-AZ cluster. It is over when another member is the writer
//! and the cluster is available. Called by the failover of the database.

use nextcore_core::model::action::Request;
use nextcore_core::model::action::names::among;
use nextcore_core::model::action::params::{FailOverDatabase, Promotion};
use nextcore_core::model::database::{ClusterStatus, Database, DatabaseEvents, DbCluster, DbMember, Engine};
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step};
use nextcore_core::model::section::Section;
use nextcore_core::model::text;

use super::{FailOver, PROMOTE, chosen, connected, lately, maintained, restorable, said, undisturbed};
use crate::aws::action::common::{arn, clock, seen, waited};
use crate::aws::action::service::failed;
use crate::aws::action::{Action, Draft, Facts, Receipt, SendError, Sender, Sight};

/// The reader that is promoted: the one that was asked for, else the first in order, in another zone if there is one.
fn heir<'a>(cluster: &'a DbCluster, request: &Request) -> Result<Option<&'a DbMember>, Refusal> {
    let chooses_itself = cluster.is_multi_az() && cluster.engine == Engine::Mysql;
    match chosen(request) {
        Some(_) if chooses_itself => {
            Err(Refusal::Check(format!("{}: a Multi-AZ cluster of MySQL chooses the reader itself: leave --to out", cluster.id)))
        }
        None if chooses_itself => Ok(None),
        Some(to) => cluster.reader(to).map(Some).ok_or_else(|| {
            let known: Vec<&str> = cluster.readers().map(|r| r.id.as_str()).collect();
            Refusal::Check(among(&format!("no reader '{to}' in {}", cluster.id), to, &known))
        }),
        None => cluster.heir().map(Some).ok_or_else(|| Refusal::Check(format!("{}: no reader is available to fail over to", cluster.id))),
    }
}

pub(super) fn draft(
    facts: &Facts<'_>,
    request: &Request,
    db: &Database,
    cluster: &DbCluster,
) -> Result<(Draft, FailOverDatabase), Refusal> {
    let Some(writer) = cluster.writer() else {
        return Err(Refusal::Check(format!("{}: no writer now: a failover may be under way", cluster.id)));
    };
    let to = heir(cluster, request)?;
    let place = |m: &DbMember| format!("{} in {}", m.id, if m.zone.is_empty() { "an unknown zone" } else { &m.zone });
    let plan = Draft::of(cluster.kind(), &cluster.id, &arn(facts, "rds", &format!("cluster:{}", cluster.id)))
        .detail(format!("{} {}  {} members", cluster.engine.title(), db.version, cluster.members.len()))
        .change("writer", place(writer), to.map_or_else(|| "one of its readers".to_owned(), place))
        .must(cluster.status == ClusterStatus::Available, "cluster available", format!("the cluster is {}", cluster.status));
    let plan = match to {
        Some(to) => plan
            .must(to.serves(), format!("{} available", to.id), format!("{} is {}", to.id, to.status))
            .should(
                !to.zone.is_empty() && to.zone != writer.zone,
                "the reader is in another zone",
                format!("{} is not in another zone than the writer", to.id),
            )
            .should(to.class == writer.class, "of the writer's class", format!("{} is {}, the writer {}", to.id, to.class, writer.class)),
        None => plan,
    };
    let plan = connected(maintained(undisturbed(restorable(quiet(plan, facts), facts, db), facts), facts, db), facts);
    let target = to.map(|to| format!(" --target-db-instance-identifier {}", to.id)).unwrap_or_default();
    let (from, most) = if cluster.is_multi_az() { (15, 35) } else { (30, 120) };
    let plan = plan
        .reach(
            format!("writes fail for {from}-{most} s; connections to the writer and to the promoted reader drop; cold cache after"),
            "every service that uses the database; health checks that query it fail, and ECS may replace those tasks",
        )
        .undo(
            format!("failover db --to {}, once it is a reader (another outage)", writer.id),
            Some(Request::new(FailOver::NAME, "").with("to", &writer.id)),
        )
        .call(&PROMOTE, format!("aws rds failover-db-cluster --db-cluster-identifier {}{target}", cluster.id))
        .takes(from, most, 600)
        .rests("to", to.map_or("", |to| to.id.as_str()));
    let promotion = Promotion { cluster: cluster.id.clone(), to: to.map(|to| to.id.clone()) };
    Ok((plan, FailOverDatabase { instance: writer.id.clone(), from: writer.zone.clone(), promotion: Some(promotion) }))
}

/// A cluster may fail over twice in a row: back to where it was is often the second.
fn quiet(plan: Draft, facts: &Facts<'_>) -> Draft {
    if facts.store.get::<DatabaseEvents>().is_none() {
        return plan.unknown(facts, DatabaseEvents::KEY, "unknown whether there was a failover in the last 30 min");
    }
    let last = lately(facts);
    let bad = last.map_or_else(String::new, |at| format!("a failover was reported at {}", clock(at)));
    plan.should(last.is_none(), "no failover in the last 30 min", bad)
}

pub(super) async fn send(sender: Sender, promotion: Promotion) -> Result<Receipt, SendError> {
    let call = sender.clients.rds.failover_db_cluster().db_cluster_identifier(&promotion.cluster);
    let call = call.set_target_db_instance_identifier(promotion.to);
    let answer = call.customize().interceptor(sender.warrant(&PROMOTE)?).send().await.map_err(|e| SendError::of(PROMOTE, &e))?;
    Ok(Receipt::of(&answer))
}

pub(super) fn sight(facts: &Facts<'_>, run: &Run, params: &FailOverDatabase, promotion: &Promotion, db: &Database) -> Sight {
    let Some(cluster) = &db.cluster else { return Sight::default() };
    let started = said(facts, run, &["started", "failover"]);
    let completed = said(facts, run, &["completed failover"]);
    let writer = cluster.writer();
    let moved = writer.filter(|w| w.id != params.instance);
    let failing = cluster.status == ClusterStatus::FailingOver;
    let begun = failing || started.is_some() || completed.is_some() || moved.is_some() || seen(run, 0);
    let available = moved.is_some() && cluster.status == ClusterStatus::Available;
    let beginning = if begun { "failover started".to_owned() } else { format!("cluster {}: failover not started", cluster.status) };
    let now = match (moved, writer) {
        (Some(to), _) => format!("{} is the writer", to.id),
        (None, Some(old)) => format!("{} is still the writer", old.id),
        (None, None) => "no writer".to_owned(),
    };
    let mut steps = vec![
        Step::new(beginning, begun, true),
        Step::new(now, moved.is_some(), begun),
        Step::new(format!("cluster {}", cluster.status), available, moved.is_some()),
    ];
    let trouble = said(facts, run, &["failover failed"]).or_else(|| said(facts, run, &["promoting previous primary again"]));
    let elsewhere = moved.filter(|to| promotion.to.as_ref().is_some_and(|wanted| *wanted != to.id));
    let end = if let Some(at) = trouble.filter(|_| moved.is_none()) {
        let text = format!("RDS gave it up at {}: {} stays the writer", clock(at), params.instance);
        steps.push(failed(text.clone()));
        Some((Outcome::Failed, text))
    } else if let Some(to) = elsewhere.filter(|_| available) {
        let text = format!("{} is the writer of {}, not {}", to.id, cluster.id, promotion.to.as_deref().unwrap_or_default());
        steps.push(failed(text.clone()));
        Some((Outcome::Failed, text))
    } else {
        let to = moved.filter(|_| available);
        to.map(|to| {
            let whole = text::duration(waited(facts, run));
            let zone = if to.zone.is_empty() { String::new() } else { format!(" in {}", to.zone) };
            (Outcome::Done, format!("writer of {} moved from {} to {}{zone}: {whole} in total", cluster.id, params.instance, to.id))
        })
    };
    Sight { steps, applied: Some(begun), end }
}

#[cfg(test)]
mod tests {
    use super::super::super::common::bench::{Bench, at, refusal, texts};
    use super::*;
    use nextcore_core::model::cache::DataEvent;
    use nextcore_core::model::database::DatabaseSettings;
    use nextcore_core::model::plan::Verdict;
    use nextcore_core::model::service::Services;

    fn member(id: &str, writer: bool, tier: i32, zone: &str) -> DbMember {
        DbMember {
            id: id.into(),
            writer,
            tier: Some(tier),
            zone: format!("ap-southeast-2{zone}"),
            status: "available".into(),
            class: "db.r6g.large".into(),
        }
    }

    fn aurora(writer: &str) -> Database {
        let all = [("shop-1", 0, "a"), ("shop-2", 1, "a"), ("shop-3", 2, "b"), ("shop-4", 3, "c")];
        let members = all.iter().map(|(id, tier, zone)| member(id, *id == writer, *tier, zone)).collect();
        let mut cluster = DbCluster {
            id: "shop".into(),
            status: "available".into(),
            engine: "aurora-postgresql".into(),
            members,
            ..DbCluster::default()
        };
        cluster.sort();
        Database {
            id: writer.into(),
            status: "available".into(),
            engine: "aurora-postgresql".into(),
            version: "15.4".into(),
            latest_restorable: Some(at(-60)),
            cluster: Some(cluster),
            ..Database::default()
        }
    }

    fn with(change: impl FnOnce(&mut DbCluster)) -> Database {
        let mut db = aurora("shop-1");
        change(db.cluster.as_mut().unwrap());
        db
    }

    fn told(all: &[(i64, &str)]) -> DatabaseEvents {
        let event = |(s, m): &(i64, &str)| DataEvent { at: Some(at(*s)), message: (*m).into(), ..DataEvent::default() };
        DatabaseEvents { events: all.iter().map(event).collect() }
    }

    fn bench(db: Database) -> Bench {
        Bench::new().with(db).with(told(&[])).with(Services::default()).with(DatabaseSettings::default())
    }

    fn request() -> Request {
        Request::new("failover db", "")
    }

    #[test]
    fn the_first_reader_in_another_zone_is_promoted_and_nothing_is_rebooted() {
        let draft = bench(aurora("shop-1")).draft::<FailOver>(&request()).unwrap();
        assert!(texts(&draft, Verdict::Fail).is_empty() && texts(&draft, Verdict::Warn).is_empty(), "{:?}", draft.checks);
        assert_eq!((draft.resource.kind.as_str(), draft.resource.name.as_str()), ("Aurora cluster", "shop"));
        assert_eq!(draft.resource.arn, "arn:aws:rds:ap-southeast-2:111122223333:cluster:shop");
        let changes: Vec<_> = draft.changes.iter().map(|c| (c.what.as_str(), c.before.as_str(), c.after.as_str())).collect();
        assert_eq!(changes, [("writer", "shop-1 in ap-southeast-2a", "shop-3 in ap-southeast-2b")]);
        let calls: Vec<_> = draft.calls.iter().map(|c| c.cli.as_str()).collect();
        assert_eq!(calls, ["aws rds failover-db-cluster --db-cluster-identifier shop --target-db-instance-identifier shop-3"]);
        assert_eq!(draft.undo_request, Some(request().with("to", "shop-1")));
        let wanted = bench(aurora("shop-1")).draft::<FailOver>(&request().with("to", "shop-2")).unwrap();
        assert!(wanted.calls[0].cli.ends_with("shop-2"));
        assert_eq!(texts(&wanted, Verdict::Warn), ["shop-2 is not in another zone than the writer"]);
        let beside = bench(with(|c| c.members.retain(|m| m.zone.ends_with('a'))));
        assert!(
            beside.draft::<FailOver>(&request()).unwrap().calls[0].cli.ends_with("shop-2"),
            "no reader in another zone: the one beside"
        );
    }

    #[test]
    fn a_multi_az_cluster_of_mysql_chooses_itself() {
        let db = with(|c| (c.engine, c.class) = ("mysql".into(), Some("db.m6gd.large".into())));
        let draft = bench(db.clone()).draft::<FailOver>(&request()).unwrap();
        assert_eq!(draft.calls[0].cli, "aws rds failover-db-cluster --db-cluster-identifier shop");
        let refused = bench(db).draft::<FailOver>(&request().with("to", "shop-2")).unwrap_err();
        assert_eq!(refused.text(), "shop: a Multi-AZ cluster of MySQL chooses the reader itself: leave --to out");
    }

    #[test]
    fn what_forbids_it() {
        let mut replica = Database { cluster: None, replica_of: Some("orders".into()), id: "copy".into(), ..aurora("shop-1") };
        for (db, to, text) in [
            (with(|c| c.members.truncate(1)), "", "shop: one member only: no reader to fail over to"),
            (with(|c| c.members.clear()), "", "shop: the members of the cluster are not known"),
            (with(|c| c.members[0].writer = false), "", "shop: no writer now: a failover may be under way"),
            (
                with(|c| c.members.iter_mut().skip(1).for_each(|m| m.status = "rebooting".into())),
                "",
                "shop: no reader is available to fail over to",
            ),
            (aurora("shop-1"), "shop-9", "no reader 'shop-9' in shop: did you mean shop-2?\n  next: choose one of shop-2, shop-3, shop-4"),
            (replica.clone(), "", "copy: read replica of orders: it has no failover"),
            (Database { replica_of: None, multi_az: Some(false), ..replica.clone() }, "", "copy: single-AZ: no standby to fail over to"),
            (Database { replica_of: None, multi_az: None, ..replica.clone() }, "", "copy: not known whether it is Multi-AZ"),
        ] {
            let refused = bench(db).draft::<FailOver>(&request().with("to", to)).unwrap_err();
            assert_eq!(refused.text(), text);
        }
        (replica.replica_of, replica.multi_az, replica.secondary_zone) = (None, Some(true), Some("ap-southeast-2b".into()));
        let refused = bench(replica).draft::<FailOver>(&request().with("to", "shop-2")).unwrap_err();
        assert_eq!(refused.text(), "copy is no cluster: it fails over to its standby, not to 'shop-2'");
        for (db, to, text) in [
            (with(|c| c.status = "modifying".into()), "", "the cluster is modifying"),
            (with(|c| c.members[1].status = "rebooting".into()), "shop-2", "shop-2 is rebooting"),
        ] {
            assert_eq!(refusal(&bench(db).draft::<FailOver>(&request().with("to", to)).unwrap()), text);
        }
    }

    #[test]
    fn it_is_over_when_the_writer_has_moved_and_the_cluster_is_available() {
        let mut bench = bench(aurora("shop-1"));
        let mut run = bench.sent::<FailOver>(&request(), None);
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(false), None), "available as before");
        bench.later(5);
        bench.put(with(|c| c.status = "failing-over".into()));
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None));
        bench.later(20);
        let mut moved = aurora("shop-3");
        moved.cluster.as_mut().unwrap().status = "failing-over".into();
        bench.put(moved);
        assert_eq!(bench.look::<FailOver>(&mut run), (Some(true), None), "the writer has moved, the cluster is not back");
        bench.later(30);
        bench.put(aurora("shop-3"));
        let end = (Outcome::Done, "writer of shop moved from shop-1 to shop-3 in ap-southeast-2b: 30.0s in total".to_owned());
        assert_eq!(bench.look::<FailOver>(&mut run).1.map(|(o, t)| (o, t.replace("30s", "30.0s"))), Some(end));
    }

    #[test]
    fn a_failover_that_was_given_up_or_went_elsewhere_has_failed() {
        let mut bench = bench(aurora("shop-1"));
        let mut run = bench.sent::<FailOver>(&request(), None);
        bench.later(20);
        bench.put(told(&[(15, "Cluster failover failed, check the health of your cluster instances and try again.")]));
        let (outcome, text) = bench.look::<FailOver>(&mut run).1.unwrap();
        assert_eq!((outcome, text.contains("shop-1 stays the writer")), (Outcome::Failed, true), "{text}");
        bench.put(told(&[]));
        bench.put(aurora("shop-4"));
        let (outcome, text) = bench.look::<FailOver>(&mut run).1.unwrap();
        assert_eq!((outcome, text.as_str()), (Outcome::Failed, "shop-4 is the writer of shop, not shop-3"));
    }
}
