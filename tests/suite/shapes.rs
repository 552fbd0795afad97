//! Databases and caches that are not the written architecture's, end to end: read, judged, shown, failed over. The embedded cloud takes their
//! shape; names in the configuration are the only thing that differs.

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::insight;
use nextcore_core::model::action::{Request, parse, words};
use nextcore_core::model::audit::Who;
use nextcore_core::model::cache::{CacheNodes, Engine as CacheEngine, ReplicationGroup};
use nextcore_core::model::database::{Database, DatabaseEvents, Engine as DbEngine};
use nextcore_core::model::health::Level;
use nextcore_core::model::metric::{self, Metrics, Readings};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::obligation::Reach;
use nextcore_core::model::plan::{Outcome, Plan, Refusal, Run};
use nextcore_core::model::section::{ProblemKind, Section};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::audit::Audit;
use nextcore_live::engine::action::{Acts, Carried, Report, Runner, Tools};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::obligation::files::Files;
use nextcore_live::engine::{Engine, channel, settled};
use nextcore_sim::world::state::CacheMode;
use nextcore_sim::world::{Az, World};
use nextcore_top::shell::Embedded;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::support::start;

/// What is changed before anybody asks.
type Change = fn(&mut World);

/// A cloud of this shape, and a stack that names what is in it.
struct Site {
    embedded: Embedded,
    stack: Stack,
}

/// What an engine has seen of it after a few minutes.
struct Seen {
    store: Arc<Store>,
    level: Level,
    reasons: Vec<String>,
}

fn site(database: &str, cache: &str, shape: impl FnOnce(&mut World)) -> Site {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    embedded.cloud.world(shape);
    let stack = Stack { database: database.to_owned(), cache: cache.to_owned(), ..Stack::default() };
    Site { embedded, stack }
}

fn aurora(w: &mut World) {
    w.shape_cluster("shop", "aurora-postgresql", "15.4", None, &[("shop-1", Az::A), ("shop-2", Az::B), ("shop-3", Az::C)]);
}

const DB: &str = "production-nextcore-db";
const REDIS: &str = "production-nextcore-redis";

impl Site {
    async fn look(&self, node: &str) -> Seen {
        let (mut feed, ends) = channel();
        let engine = Engine::start(self.embedded.setup(&self.stack), ends);
        settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
        sleep(Duration::from_mins(5)).await;
        let store = feed.store.borrow_and_update().clone();
        drop(engine);
        let judgement = insight::judge(&store, &self.stack, self.embedded.clock.now());
        let verdict = judgement.of(&node.parse().unwrap()).unwrap();
        Seen { level: verdict.level, reasons: verdict.reasons.iter().map(|r| r.text.clone()).collect(), store }
    }

    fn runner(&self) -> Runner {
        let acts = Acts {
            authority: Authority::new(Mode::Armed),
            audit: Audit::memory(),
            obligations: Files::memory(),
            reach: Reach::default(),
            who: Who { user: "maya".into(), ssh: None, arn: String::new() },
            pid: 1,
            has_session_plugin: true,
            alive: |_| false,
        };
        let setup = self.embedded.setup_with(&self.stack, acts);
        let store = watch::channel(Arc::default()).1;
        Runner::new(Tools { clients: setup.clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store })
    }

    async fn plan(&self, line: &str) -> Result<Plan, Refusal> {
        self.runner().plan(&request(line)).await
    }

    async fn run(&self, line: &str) -> Run {
        let runner = self.runner();
        let plan = Arc::new(runner.plan(&request(line)).await.unwrap());
        assert!(!plan.is_refused(), "{line}: {:#?}", plan.checks);
        let typed = plan.confirmation().unwrap_or_default().to_owned();
        let (reports, mut inbox) = mpsc::channel::<Report>(64);
        let reading = tokio::spawn(async move { while inbox.recv().await.is_some() {} });
        let carried = runner.carry_out(plan, &typed, &reports).await;
        drop(reports);
        reading.await.unwrap();
        match carried {
            Carried::Ended(run) => *run,
            other => panic!("{line}: {other:#?}"),
        }
    }

    fn writes(&self) -> Vec<String> {
        self.embedded.cloud.requests().into_iter().filter(|r| r.is_write).map(|r| r.operation.to_owned()).collect()
    }
}

fn request(line: &str) -> Request {
    parse(&words(line)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_aurora_cluster_is_read_by_its_name_and_by_that_of_a_member() {
    for name in ["shop", "shop-2"] {
        let site = site(name, REDIS, aurora);
        let seen = site.look("db").await;
        assert_eq!((seen.level, seen.reasons.first()), (Level::Healthy, None), "{name}: {:?}", seen.reasons);
        let db = seen.store.get::<Database>().unwrap();
        assert_eq!((db.id.as_str(), &db.engine, db.port), ("shop-1", &DbEngine::AuroraPostgresql, Some(5432)));
        assert!(db.endpoint.as_deref().is_some_and(|e| e.starts_with("shop.cluster-c")), "{:?}", db.endpoint);
        let cluster = db.cluster.as_ref().unwrap();
        let members: Vec<_> = cluster.members.iter().map(|m| (m.id.as_str(), m.role(), m.zone.as_str())).collect();
        let wanted =
            [("shop-1", "writer", "ap-southeast-2a"), ("shop-2", "reader", "ap-southeast-2b"), ("shop-3", "reader", "ap-southeast-2c")];
        assert_eq!((cluster.id.as_str(), members.as_slice()), ("shop", wanted.as_slice()));
        let readings = Readings::new(&seen.store, site.embedded.clock.now());
        assert!(seen.store.get::<Metrics>().is_some() && readings.value(metric::Db::Connections).is_some(), "metrics are the writer's");
    }
}

#[tokio::test(start_paused = true)]
async fn an_aurora_cluster_fails_over_to_a_reader_and_nothing_is_rebooted() {
    let site = site("shop", REDIS, aurora);
    let run = site.run("failover db --to shop-3").await;
    let end = run.end.as_ref().unwrap();
    assert_eq!(end.outcome, Outcome::Done, "{end:#?} {:#?}", run.steps);
    assert!(end.text.starts_with("writer of shop moved from shop-1 to shop-3 in ap-southeast-2c"), "{}", end.text);
    assert_eq!(site.writes(), ["FailoverDBCluster"]);
    let seen = site.look("db").await;
    let db = seen.store.get::<Database>().unwrap();
    assert_eq!((db.id.as_str(), db.zone.as_str()), ("shop-3", "ap-southeast-2c"));
    let told = &seen.store.get::<DatabaseEvents>().unwrap().events;
    assert!(told.iter().any(|e| e.message == "Completed failover to DB instance: shop-3"), "{told:?}");
    // And back, by the first in order in another zone.
    let run = site.run("failover db").await;
    assert!(run.end.unwrap().text.starts_with("writer of shop moved from shop-3 to shop-1"));
}

#[tokio::test(start_paused = true)]
async fn what_has_nothing_to_fail_over_to_is_refused_plainly() {
    let cases: [(&str, &str, Change, &str, &str); 6] = [
        (
            "shop",
            REDIS,
            |w| w.shape_cluster("shop", "aurora-mysql", "8.0", None, &[("shop-1", Az::A)]),
            "failover db",
            "shop: one member only: no reader to fail over to",
        ),
        (
            "orders",
            REDIS,
            |w| w.shape_instance("orders", "mysql", "8.0.36"),
            "failover db",
            "orders: single-AZ: no standby to fail over to",
        ),
        (
            "copy",
            REDIS,
            |w| {
                w.shape_instance("copy", "postgres", "15.7");
                w.rds.instance.replica_of = Some("orders".into());
            },
            "failover db",
            "copy: read replica of orders: it has no failover",
        ),
        (
            DB,
            REDIS,
            |_| (),
            "failover db --to shop-2",
            "production-nextcore-db is no cluster: it fails over to its standby, not to 'shop-2'",
        ),
        (
            DB,
            "pages",
            |w| w.shape_cache("pages", "valkey", "7.2.6", CacheMode::Alone, 1),
            "failover cache 0001",
            "pages: a single cache cluster: no replica to fail over to",
        ),
        (
            DB,
            "pages",
            |w| w.shape_cache("pages", "memcached", "1.6.22", CacheMode::Alone, 2),
            "failover cache 0001",
            "pages: Memcached: its nodes are independent, there is no failover",
        ),
    ];
    for (database, cache, shape, line, why) in cases {
        let site = site(database, cache, shape);
        match site.plan(line).await {
            Err(Refusal::Check(text)) => assert_eq!(text, why),
            other => panic!("{why}: {other:#?}"),
        }
        assert!(site.writes().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_in_one_zone_is_of_its_engine_and_not_degraded() {
    let site = site("orders", REDIS, |w| w.shape_instance("orders", "mysql", "8.0.36"));
    let seen = site.look("db").await;
    assert_eq!((seen.level, seen.reasons.first().map(String::as_str)), (Level::Healthy, Some("single-AZ")), "{:?}", seen.reasons);
    let db = seen.store.get::<Database>().unwrap();
    assert_eq!((db.engine.title(), db.port, db.max_connections(None)), ("MySQL", Some(5432), Some(645)));
}

#[tokio::test(start_paused = true)]
async fn without_cluster_mode_roles_are_the_apis_and_a_failover_moves_them() {
    let site = site(DB, "sessions", |w| w.shape_cache("sessions", "valkey", "7.2.6", CacheMode::Plain, 2));
    let seen = site.look("redis").await;
    assert_eq!((seen.level, seen.reasons.first()), (Level::Healthy, None), "{:?}", seen.reasons);
    let group = seen.store.get::<ReplicationGroup>().unwrap();
    assert_eq!((&group.engine, group.cluster_enabled, group.port), (&CacheEngine::Valkey, Some(false), Some(6379)));
    assert!(group.endpoint.as_deref().is_some_and(|e| e.starts_with("master.sessions")), "{:?}", group.endpoint);
    let primary = |store: &Store| {
        let group = store.get::<ReplicationGroup>().unwrap();
        group
            .members()
            .find(|m| m.role.as_ref().is_some_and(nextcore_core::model::cache::NodeRole::is_primary))
            .map(|m| m.id.clone())
            .unwrap()
    };
    assert_eq!(primary(&seen.store), "sessions-001");
    let run = site.run("failover cache 0001").await;
    assert_eq!(run.plan.resource.kind, "Valkey node group");
    assert_eq!(run.end.as_ref().unwrap().outcome, Outcome::Done, "{run:#?}");
    assert_eq!(primary(&site.look("redis").await.store), "sessions-002");
}

#[tokio::test(start_paused = true)]
async fn a_cache_cluster_by_itself_is_shown_node_by_node() {
    let site = site(DB, "pages", |w| w.shape_cache("pages", "memcached", "1.6.22", CacheMode::Alone, 3));
    let seen = site.look("redis").await;
    assert_eq!((seen.level, seen.reasons.first()), (Level::Healthy, None), "{:?}", seen.reasons);
    let group = seen.store.get::<ReplicationGroup>().unwrap();
    assert_eq!((group.alone, &group.engine, group.members().count()), (true, &CacheEngine::Memcached, 3));
    let nodes = seen.store.get::<CacheNodes>().unwrap();
    assert_eq!(nodes.nodes.iter().map(|n| n.id.as_str()).collect::<Vec<_>>(), ["pages/0001", "pages/0002", "pages/0003"]);
    let readings = Readings::new(&seen.store, site.embedded.clock.now());
    assert!(readings.value(metric::Redis::Primary.of("pages/0002")).is_some(), "each node has its own series");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_supported_is_named_and_what_is_not_there_is_missing() {
    let cases: [(&str, &str, Change, &str, ProblemKind, &str); 4] = [
        (
            DB,
            "feeds",
            |w| w.redis.serverless.push("feeds".into()),
            "redis",
            ProblemKind::Service,
            "serverless cache: not supported ('feeds')",
        ),
        (DB, "nothing", |_| (), "redis", ProblemKind::NotFound, "no replication group, cache cluster or serverless cache 'nothing'"),
        ("nothing", REDIS, aurora, "db", ProblemKind::NotFound, "no DB instance and no DB cluster 'nothing'"),
        (
            "graph",
            REDIS,
            |w| w.shape_cluster("graph", "neptune", "1.3", None, &[("graph-1", Az::A)]),
            "db",
            ProblemKind::Service,
            "'graph' is Neptune: not supported",
        ),
    ];
    for (database, cache, shape, node, kind, headline) in cases {
        let seen = site(database, cache, shape).look(node).await;
        let key = if node == "db" { Database::KEY } else { ReplicationGroup::KEY };
        let problem = seen.store.entry(key).and_then(|e| e.problem.as_ref()).unwrap();
        assert_eq!(problem.kind, kind, "{headline}");
        assert!(problem.headline.ends_with(headline), "{}", problem.headline);
        let level = if kind == ProblemKind::NotFound { Level::Down } else { Level::Unknown };
        assert_eq!(seen.level, level, "{headline}: {:?}", seen.reasons);
    }
}
