//! The written architecture's three flows.

use crate::insight::fixture::{DISTRIBUTION, RG, World, ago, arn, build, digest, failed_build, now, target};
use crate::insight::panes::flows::{Delivery, Flow, FlowPart, Flows, Step, StepKind, StepState, flows};
use crate::insight::reading::{Measure, Unit};
use crate::insight::topology::images::short_digest;
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::cdn::Cdn;
use crate::model::database::Database;
use crate::model::delivery::{Build, Builds, Image, Pipeline, PipelineExecution, Repositories};
use crate::model::health::Level;
use crate::model::metric;
use crate::model::network::SecurityGroups;
use crate::model::service::{Deployment, ServiceDeployment, ServiceDeployments, TaskDefinitions};

fn draw(world: &World) -> Flows {
    flows(&world.store, &world.judge(), &world.stack, world.now)
}

fn edges(flow: &Flow) -> Vec<String> {
    flow.edges.iter().map(|e| format!("{} > {} {}", e.from, e.to, e.label).trim_end().to_owned()).collect()
}

fn edge<'a>(flow: &'a Flow, from: &str, to: &str) -> &'a crate::insight::panes::flows::Edge {
    flow.edges.iter().find(|e| e.from == from && e.to == to).unwrap()
}

fn figure(figures: &[Measure], label: &str) -> Option<(f64, Unit)> {
    figures.iter().find(|f| f.label == label).map(|f| ((f.value * 1000.0).round() / 1000.0, f.unit))
}

/// The trouble of a flow: first place, origin, text.
fn trouble(flow: &Flow) -> Option<(String, String, Level, String)> {
    let name = |place: FlowPart| match place {
        FlowPart::Hop(i) => flow.hops[i].id.clone(),
        FlowPart::Edge(i) => format!("{}>{}", flow.edges[i].from, flow.edges[i].to),
    };
    flow.trouble.as_ref().map(|t| (name(t.first), name(t.origin), t.level, t.text.clone()))
}

#[test]
fn requests_as_the_seed_draws_them() {
    let world = World::healthy();
    let flow = draw(&world).requests;
    let hops: Vec<&str> = flow.hops.iter().map(|h| h.id.as_str()).collect();
    assert_eq!(hops, ["users", "cdn", "alb", "svc/control-plane", "svc/web", "db", "redis", "s3/nextcore-documents", "s3/nextcore-static"]);
    assert_eq!(
        edges(&flow),
        [
            "users > cdn HTTPS",
            "cdn > alb HTTPS",
            "cdn > s3/nextcore-static static",
            "users > alb HTTPS",
            "alb > svc/control-plane /api/*",
            "svc/control-plane > db",
            "svc/control-plane > redis",
            "svc/control-plane > s3/nextcore-documents",
            "alb > svc/web /",
            "svc/web > s3/nextcore-static",
        ]
    );
    assert!(flow.edges.iter().all(|e| flow.hops.iter().any(|h| h.id == e.from) && flow.hops.iter().any(|h| h.id == e.to)));
    assert!(flow.edges.iter().all(|e| e.level == Level::Healthy) && flow.hops.iter().all(|h| h.level == Level::Healthy), "{flow:#?}");
    assert_eq!(flow.trouble, None);
}

#[test]
fn cloudfront_is_optional_and_need_not_lead_to_the_balancer() {
    let mut world = World::healthy();
    world.edit::<Cdn>(|c| c.distribution.as_mut().unwrap().origins.truncate(1));
    let all = edges(&draw(&world).requests);
    assert!(!all.contains(&"cdn > alb HTTPS".to_owned()) && all.contains(&"users > alb HTTPS".to_owned()), "{all:?}");
    world.put(Cdn::default());
    let flow = draw(&world).requests;
    assert!(flow.hops.iter().all(|h| h.id != "cdn"));
    assert_eq!(edges(&flow)[0], "users > alb HTTPS");
    assert_eq!(flow.notes, ["no CloudFront: users connect to the load balancer"]);
    // When the name leads to CloudFront nobody comes past it.
    let mut world = World::healthy();
    world.lead(DISTRIBUTION);
    assert!(!edges(&draw(&world).requests).contains(&"users > alb HTTPS".to_owned()));
}

#[test]
fn figures_are_live_and_have_units() {
    let mut world = World::healthy();
    world.counts(metric::Tg::Requests.of("production-nextcore-api"), &[18_600.0; 5]);
    world.counts(metric::Tg::Target5xx.of("production-nextcore-api"), &[93.0; 5]);
    world.series(metric::Tg::P95.of("production-nextcore-api"), &[0.142; 5]);
    world.series(metric::Db::Connections, &[84.0; 5]);
    world.series(metric::Db::ReadLatency, &[0.002; 5]);
    world.series(metric::Db::ReadIops, &[100.0; 5]);
    world.series(metric::Db::WriteIops, &[50.0; 5]);
    world.unmeasured(metric::Tg::Requests.of("production-nextcore-web").as_str());
    world.unmeasured(metric::S3::Requests.of("nextcore-documents").as_str());
    world.unmeasured("/gets");
    world.unmeasured("/sets");
    for node in ["0001-001", "0001-002"] {
        world.series(metric::Redis::Gets.of(&format!("{RG}-{node}")), &[6000.0; 5]);
        world.series(metric::Redis::Engine.of(&format!("{RG}-{node}")), &[if node == "0001-001" { 21.0 } else { 9.0 }; 5]);
    }
    let flow = draw(&world).requests;
    let to = |from: &str, to: &str, label: &str| figure(&edge(&flow, from, to).figures, label);
    assert_eq!(to("alb", "svc/control-plane", "requests"), Some((310.0, Unit::PerSecond)));
    assert_eq!(to("alb", "svc/control-plane", "p95"), Some((0.142, Unit::Seconds)));
    assert_eq!(to("alb", "svc/control-plane", "5xx"), Some((0.5, Unit::Percent)));
    assert_eq!(to("alb", "svc/control-plane", "healthy"), Some((2.0, Unit::Count)));
    assert_eq!(to("alb", "svc/web", "requests"), None, "what is not measured is not made up");
    assert_eq!(to("svc/control-plane", "db", "read"), Some((0.002, Unit::Seconds)));
    let at = |hop: &str, label: &str| figure(&flow.hops.iter().find(|h| h.id == hop).unwrap().figures, label);
    // What a place has in all stands at the place: nothing says how much of it came over which way.
    assert_eq!((at("db", "connections"), at("db", "IOPS")), (Some((84.0, Unit::Count)), Some((150.0, Unit::PerSecond))));
    assert_eq!((at("redis", "operations"), at("redis", "cpu")), (Some((200.0, Unit::PerSecond)), Some((21.0, Unit::Percent))));
    for (from, whole) in [("svc/control-plane", "db"), ("svc/control-plane", "redis")] {
        assert!(["connections", "IOPS", "operations"].iter().all(|l| to(from, whole, l).is_none()), "{from} > {whole}");
    }
    let jobs = draw(&world).jobs;
    assert!(jobs.edges.iter().all(|e| e.figures.iter().all(|f| f.unit == Unit::Seconds)), "{:#?}", jobs.edges);
    let documents = flow.hops.iter().find(|h| h.id == "s3/nextcore-documents").unwrap();
    assert_eq!(documents.facts, ["no request metrics"]);
}

#[test]
fn the_first_place_and_the_origin_of_trouble() {
    let requests = |change: fn(&mut World)| {
        let mut world = World::healthy();
        change(&mut world);
        trouble(&draw(&world).requests).unwrap()
    };
    let told = |first: &str, origin: &str, level, text: &str| (first.to_owned(), origin.to_owned(), level, text.to_owned());
    let dead_api = |world: &mut World| {
        world.edit::<Targets>(|t| {
            t.groups.insert(arn("control-plane"), vec![target("10.0.11.65", "unhealthy", Some("Target.Timeout"))]);
        });
    };
    assert_eq!(
        requests(dead_api),
        told("alb>svc/control-plane", "svc/control-plane", Level::Down, "Control plane: 0 of 1 targets healthy (Target.Timeout)")
    );
    // The database takes the API with it: users see the API, the cause is downstream of it.
    let dead_database = |world: &mut World| {
        world.edit::<Targets>(|t| {
            t.groups.insert(arn("control-plane"), vec![target("10.0.11.65", "unhealthy", Some("Target.ResponseCodeMismatch"))]);
        });
        world.edit::<Database>(|d| d.status = "failed".into());
    };
    assert_eq!(requests(dead_database), told("alb>svc/control-plane", "db", Level::Down, "RDS PostgreSQL: status failed"));
    let slow = |world: &mut World| world.series(metric::Tg::P95.of("production-nextcore-web"), &[1.4; 6]);
    assert_eq!(requests(slow), told("alb>svc/web", "alb>svc/web", Level::Degraded, "p95 1.4 s for 5 min"));
    let slow_disk = |world: &mut World| world.series(metric::Db::WriteLatency, &[0.03; 6]);
    assert_eq!(requests(slow_disk), told("svc/control-plane>db", "db", Level::Degraded, "RDS PostgreSQL: write latency 30 ms for 5 min"));
    let closed = |world: &mut World| world.edit::<SecurityGroups>(|g| g.groups[3].rules.clear());
    let text = "security groups do not allow tcp 6379 from ECS to Redis";
    assert_eq!(requests(closed), told("svc/control-plane>redis", "svc/control-plane>redis", Level::Down, text));
    let plain = |world: &mut World| world.edit::<Routing>(|r| r.listeners[1].protocol = "HTTP".into());
    assert_eq!(requests(plain), told("alb", "alb", Level::Down, "ALB: no HTTPS listener"));
    let errors = |world: &mut World| {
        world.counts(metric::Tg::Requests.of("production-nextcore-web"), &[100.0; 6]);
        world.counts(metric::Tg::Target5xx.of("production-nextcore-web"), &[7.0; 6]);
    };
    assert_eq!(requests(errors), told("alb>svc/web", "svc/web", Level::Down, "Web portal: 5xx 7.0 % of requests for 3 min"));
}

#[test]
fn one_closed_port_closes_one_way_only() {
    let mut world = World::healthy();
    world.edit::<SecurityGroups>(|g| g.groups[1].rules.retain(|r| r.from_port != 3000));
    let flow = draw(&world).requests;
    assert_eq!(edge(&flow, "alb", "svc/web").level, Level::Down);
    assert_eq!(edge(&flow, "alb", "svc/control-plane").level, Level::Healthy);
}

#[test]
fn errors_of_targets_are_felt_at_every_place_before_them() {
    let mut world = World::healthy();
    for (errors, requests) in [
        (metric::Tg::Target5xx.of("production-nextcore-api"), metric::Tg::Requests.of("production-nextcore-api")),
        (metric::Alb::Target5xx.id(), metric::Alb::Requests.id()),
    ] {
        world.counts(requests, &[600.0; 3]);
        world.counts(errors, &[240.0; 3]);
    }
    let flow = draw(&world).requests;
    let (users, api) = (edge(&flow, "users", "alb"), edge(&flow, "alb", "svc/control-plane"));
    assert_eq!((users.level, users.reason.as_deref()), (Level::Down, Some("target 5xx 40 % of requests for 3 min")));
    assert_eq!(figure(&users.figures, "5xx"), Some((40.0, Unit::Percent)), "the balancer's own and those of targets");
    let alb = flow.hops.iter().find(|h| h.id == "alb").unwrap();
    assert_eq!((alb.level, alb.reason.as_deref()), (Level::Down, Some("target 5xx 40 % of requests for 3 min")));
    assert_eq!((api.level, api.reason.as_deref()), (Level::Down, Some("5xx 40 % of requests for 3 min")));
    assert_eq!(trouble(&flow).unwrap().1, "svc/control-plane");
}

#[test]
fn the_balancers_own_verdict_is_its_places() {
    let hop = |change: fn(&mut World)| {
        let mut world = World::healthy();
        change(&mut world);
        let flow = draw(&world).requests;
        let (alb, web) = (flow.hops.iter().find(|h| h.id == "alb").unwrap(), edge(&flow, "alb", "svc/web"));
        (alb.level, alb.reason.clone().unwrap_or_default(), web.level, web.reason.clone().unwrap_or_default())
    };
    let calm = |level, reason: &str| (level, reason.to_owned(), Level::Healthy, String::new());
    assert_eq!(hop(|w| w.edit::<Balancer>(|b| b.zones.truncate(2))), calm(Level::Degraded, "in 2 of 3 zones"));
    assert_eq!(hop(|w| w.series(metric::Alb::Rejected, &[4.0; 3])), calm(Level::Down, "rejected connections/min 4 for 3 min"));
    // What a target group suffers from stands on the way to it.
    let dead = |w: &mut World| w.edit::<Targets>(|t| t.groups.insert(arn("web"), vec![]).map_or((), drop));
    assert_eq!(hop(dead), (Level::Healthy, String::new(), Level::Down, "0 of 0 targets healthy".to_owned()));
    // Errors of a group that is down are down, with healthy targets, too.
    let failing = |w: &mut World| {
        w.counts(metric::Tg::Requests.of("production-nextcore-web"), &[600.0; 3]);
        w.counts(metric::Tg::Target5xx.of("production-nextcore-web"), &[60.0; 3]);
    };
    assert_eq!(hop(failing).2, Level::Down);
}

#[test]
fn one_rate_stands_on_one_way() {
    let rates = |change: fn(&mut World)| {
        let mut world = World::healthy();
        world.unmeasured("/requests");
        world.counts(metric::Alb::Requests, &[48_000.0; 3]);
        world.counts(metric::Cdn::Requests, &[12_000.0; 3]);
        world.series(metric::CdnRealtime::Hit, &[90.0; 3]);
        change(&mut world);
        let flow = draw(&world).requests;
        let rate = |e: &crate::insight::panes::flows::Edge| {
            let all = e.figures.iter().filter(|f| f.unit == Unit::PerSecond);
            all.map(|f| format!("{} > {} {:.0} {}", e.from, e.to, f.value, f.label)).collect::<Vec<_>>()
        };
        flow.edges.iter().flat_map(rate).collect::<Vec<_>>()
    };
    let users = "users > cdn 200 requests";
    // Users come by both ways: the balancer's rate is that of both, and CloudFront's misses go to both of its origins.
    let seed = [users, "cdn > s3/nextcore-static 20 misses, all origins", "users > alb 800 requests, all paths"];
    assert_eq!(rates(|_| {}), seed);
    let bucket_only = |w: &mut World| w.edit::<Cdn>(|c| c.distribution.as_mut().unwrap().origins.truncate(1));
    assert_eq!(rates(bucket_only), [users, "cdn > s3/nextcore-static 20 misses", "users > alb 800 requests"]);
    let all_through = |w: &mut World| w.lead(DISTRIBUTION);
    assert_eq!(rates(all_through), [users, "cdn > alb 800 requests", "cdn > s3/nextcore-static 20 misses, all origins"]);
}

#[test]
fn jobs_as_the_seed_draws_them() {
    let mut world = World::healthy();
    let flow = draw(&world).jobs;
    assert_eq!(
        edges(&flow),
        [
            "svc/control-plane > broker queue job",
            "broker > svc/celery-worker consume",
            "svc/celery-worker > db read/write",
            "svc/celery-worker > s3/nextcore-documents upload/process",
            "svc/celery-worker > results results",
        ]
    );
    let broker = flow.hops.iter().find(|h| h.id == "broker").unwrap();
    assert_eq!(broker.facts, ["queue depth: not in any AWS API"]);
    assert!(flow.notes[0].contains("queue depth"));
    assert_eq!(flow.trouble, None);
    world.series(metric::Redis::Evictions.of(&format!("{RG}-0001-001")), &[12.0; 5]);
    let seen = trouble(&draw(&world).jobs).unwrap();
    assert_eq!(seen.0, "svc/control-plane>broker");
    let mut world = World::healthy();
    world.service("celery-worker", |s| s.running = 0);
    let (first, origin, level, _) = trouble(&draw(&world).jobs).unwrap();
    assert_eq!((first.as_str(), origin.as_str(), level), ("broker>svc/celery-worker", "svc/celery-worker", Level::Down));
}

/// The service that was rolled out last, by the newest execution.
const SERVICE: &str = "control-plane";
/// What builds it.
const PROJECT: &str = "production-nextcore-control";
/// What it runs.
const REVISION: &str = "production-nextcore-control-plane:42";
/// What that was built of.
const COMMIT: &str = "76891a7652d25e96f7855ccae6cab7498d0ff63d";
/// What the commit is called.
const SOURCE: &str = "health: check the broker as well (#1295)";

fn delivery(world: &World) -> Delivery {
    draw(world).deliveries.into_iter().find(|d| d.service == SERVICE).unwrap()
}

fn step(delivery: &Delivery, kind: StepKind) -> &Step {
    delivery.steps.iter().find(|s| s.kind == kind).unwrap()
}

fn states(delivery: &Delivery) -> Vec<StepState> {
    delivery.steps.iter().map(|s| s.state).collect()
}

#[test]
fn a_delivery_that_is_done() {
    use StepState::{Done, Unused};
    let web = delivery(&World::healthy());
    assert_eq!(states(&web), [Done, Done, Done, Done, Done, Done, Done, Done, Done, Unused], "{web:#?}");
    assert_eq!((web.active, web.at, web.level), (false, None, Level::Healthy));
    assert_eq!((web.revision.as_str(), web.commit.as_str()), (REVISION, COMMIT));
    assert_eq!(web.digest, short_digest(&digest(SERVICE)));
    assert_eq!(step(&web, StepKind::Source).detail, SOURCE);
    assert_eq!(step(&web, StepKind::Build).seconds, Some(245));
    assert_eq!(
        (step(&web, StepKind::Update).seconds, step(&web, StepKind::Update).detail.as_str()),
        (Some(75), "production-nextcore-control-plane:42 2/2 running")
    );
    assert_eq!(step(&web, StepKind::Health).detail, "2 of 2 healthy");
    assert_eq!(step(&web, StepKind::Breaker).detail, "0 of 3 failures");
}

#[test]
fn a_build_in_progress_leaves_the_rest_waiting() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        let mut build = build(PROJECT, 3, "IN_PROGRESS");
        (build.phase, build.ended_at) = ("BUILD".into(), None);
        build.phases.truncate(1);
        b.builds.insert(0, build);
    });
    let all = draw(&world).deliveries;
    assert_eq!(all[0].service, SERVICE, "what is in progress comes first");
    let web = &all[0];
    assert!(web.active && !all[1].active);
    assert_eq!(web.at.map(|i| web.steps[i].kind), Some(StepKind::Build));
    let running = step(web, StepKind::Build);
    assert_eq!(
        (running.state, running.since, running.seconds, running.detail.as_str()),
        (StepState::Running, Some(ago(3)), Some(180), "BUILD")
    );
    for kind in [StepKind::Scan, StepKind::Push, StepKind::Update, StepKind::Health] {
        assert_eq!(step(web, kind).state, StepState::Waiting, "{kind:?}");
    }
    let of_the_run = (web.revision.as_str(), web.commit.as_str(), web.digest.as_str());
    assert_eq!(of_the_run, ("", "4f2a9c1d0b7e", ""), "what runs until then is of another run");
    assert_eq!(step(web, StepKind::Update).detail, "");
    assert_eq!(step(web, StepKind::Pipeline).detail, "not by the pipeline");
}

#[test]
fn a_failed_build_delivers_nothing() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        b.builds.insert(0, failed_build(PROJECT, 9));
    });
    let web = delivery(&world);
    assert_eq!(web.at.map(|i| web.steps[i].kind), Some(StepKind::Build));
    assert_eq!(step(&web, StepKind::Build).detail, "BUILD: COMMAND_EXECUTION_ERROR: npm test");
    assert_eq!(step(&web, StepKind::Test).state, StepState::Failed);
    assert_eq!(
        (step(&web, StepKind::Update).state, step(&web, StepKind::Update).detail.as_str()),
        (StepState::Unused, "production-nextcore-control-plane:42 stays")
    );
    assert_eq!(web.level, Level::Degraded, "CI is never worse");
}

#[test]
fn a_finished_build_waits_for_its_image_to_be_rolled_out() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| b.builds.insert(0, build(PROJECT, 9, "SUCCEEDED")));
    world.edit::<Repositories>(|r| {
        let findings = [("CRITICAL".into(), 1)].into();
        let image = Image {
            digest: "sha256:feedbeef0123456789".into(),
            tags: vec!["8".into()],
            pushed_at: Some(ago(5)),
            scan_status: "COMPLETE".into(),
            findings,
            ..Default::default()
        };
        r.repositories[0].images.insert(0, image);
    });
    let web = delivery(&world);
    assert_eq!(web.digest, "feedbeef0123");
    assert_eq!((step(&web, StepKind::Push).state, step(&web, StepKind::Push).since), (StepState::Done, Some(ago(5))));
    let scan = step(&web, StepKind::Scan);
    assert_eq!((scan.state, scan.level, scan.detail.as_str()), (StepState::Done, Level::Degraded, "1 CRITICAL, 0 HIGH"));
    assert_eq!(step(&web, StepKind::Update).state, StepState::Waiting);
}

#[test]
fn a_deployment_that_is_rolled_back() {
    let mut world = World::healthy();
    world.service(SERVICE, |s| {
        s.circuit_breaker = Some((true, true));
        s.deployments[0].rollout_state = "IN_PROGRESS".into();
        s.deployments[0].created_at = Some(ago(6));
        s.deployments[0].running = 1;
    });
    let record = |status: &str, breaker: &str| ServiceDeployments {
        deployments: vec![ServiceDeployment {
            service: SERVICE.into(),
            status: status.into(),
            created_at: Some(ago(6)),
            started_at: Some(ago(6)),
            breaker: Some((breaker.into(), 2, 3)),
            rollback_reason: Some("Service deployment rolled back because the circuit breaker threshold was exceeded.".into()),
            ..Default::default()
        }],
    };
    world.put(record("IN_PROGRESS", "MONITORING"));
    let web = delivery(&world);
    assert!(web.active);
    let update = step(&web, StepKind::Update);
    assert_eq!((update.state, update.since, update.seconds), (StepState::Running, Some(ago(6)), Some((now() - ago(6)).num_seconds())));
    assert_eq!(
        (step(&web, StepKind::Breaker).state, step(&web, StepKind::Breaker).detail.as_str()),
        (StepState::Running, "2 of 3 failures")
    );
    world.put(record("ROLLBACK_IN_PROGRESS", "TRIGGERED"));
    let web = delivery(&world);
    assert_eq!(step(&web, StepKind::Breaker).state, StepState::Failed);
    assert_eq!((step(&web, StepKind::Rollback).state, step(&web, StepKind::Rollback).level), (StepState::Running, Level::Degraded));
    assert!(step(&web, StepKind::Rollback).detail.contains("circuit breaker threshold"));
}

#[test]
fn a_run_that_was_rolled_back_is_told_by_its_own_revision() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        b.builds.insert(0, Build { version: "beefcafe0000".into(), ..build(PROJECT, 12, "SUCCEEDED") });
    });
    world.edit::<Repositories>(|r| {
        let tags = vec!["beefcafe0000".into()];
        r.repositories[0]
            .images
            .insert(0, Image { digest: "sha256:beef0123456789".into(), tags, pushed_at: Some(ago(8)), ..Default::default() });
    });
    // As ECS shows it: the one before is the primary one again, with its old dates.
    world.service(SERVICE, |s| {
        let failed = Deployment {
            id: "ecs-svc/2".into(),
            status: "ACTIVE".into(),
            rollout_state: "FAILED".into(),
            task_definition: "arn:aws:ecs:r:1:task-definition/control:43".into(),
            created_at: Some(ago(6)),
            ..Default::default()
        };
        s.deployments.push(failed);
    });
    world.put(ServiceDeployments {
        deployments: vec![ServiceDeployment {
            service: SERVICE.into(),
            status: "ROLLBACK_SUCCESSFUL".into(),
            created_at: Some(ago(6)),
            started_at: Some(ago(6)),
            finished_at: Some(ago(2)),
            breaker: Some(("TRIGGERED".into(), 3, 3)),
            rollback_reason: Some("circuit breaker".into()),
            ..Default::default()
        }],
    });
    let web = delivery(&world);
    assert_eq!((web.revision.as_str(), web.commit.as_str(), web.digest.as_str()), ("control:43", "beefcafe0000", "beef01234567"));
    let told = |kind| (step(&web, kind).state, step(&web, kind).detail.as_str());
    assert_eq!(told(StepKind::Push), (StepState::Done, "beefcafe0000"));
    assert_eq!(told(StepKind::Update), (StepState::Failed, "control:43 rolled back, production-nextcore-control-plane:42 again"));
    assert_eq!(told(StepKind::Health), (StepState::Failed, "3 tasks failed"));
    assert_eq!(told(StepKind::Breaker), (StepState::Failed, "3 of 3 failures"));
    assert_eq!(told(StepKind::Rollback), (StepState::Done, "circuit breaker"));
    // The failed one is gone, and what it was called with it: the one in place does not take its name.
    world.service(SERVICE, |s| s.deployments.truncate(1));
    let web = delivery(&world);
    assert_eq!((web.revision.as_str(), web.commit.as_str()), ("", "beefcafe0000"));
    assert_eq!(step(&web, StepKind::Update).detail, "the new revision rolled back, production-nextcore-control-plane:42 again");
}

#[test]
fn an_image_that_is_not_there_was_not_pushed() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| b.builds.insert(0, build(PROJECT, 9, "SUCCEEDED")));
    let told = |world: &World| {
        let web = delivery(world);
        let push = step(&web, StepKind::Push);
        assert_eq!((push.state, web.digest.as_str()), (StepState::Unknown, ""));
        push.detail.clone()
    };
    assert_eq!(told(&world), "no matching image in nextcore/control");
    let read = world.store.get::<Repositories>().unwrap().clone();
    world.store.put(read, ago(6), std::time::Duration::from_mins(15));
    assert_eq!(told(&world), "nextcore/control not polled since", "nothing is known of it yet");
    // What runs, and is not in its repository: another image does not stand in for it.
    let mut world = World::healthy();
    world.edit::<TaskDefinitions>(|d| d.definitions.clear());
    world.edit::<Repositories>(|r| r.repositories[0].images[0].digest = "sha256:another".into());
    let web = delivery(&world);
    let push = step(&web, StepKind::Push);
    assert_eq!((push.state, push.level), (StepState::Unknown, Level::Degraded));
    assert_eq!(push.detail, format!("{} is not in nextcore/control", short_digest(&digest(SERVICE))));
    assert_eq!(step(&web, StepKind::Scan).state, StepState::Unknown);
}

#[test]
fn an_execution_that_has_only_begun_has_built_nothing() {
    let begun = |status: &str| {
        let mut world = World::healthy();
        world.edit::<Pipeline>(|p| {
            let first = p.executions[0].clone();
            let next = PipelineExecution {
                id: "e2".into(),
                status: status.into(),
                started_at: Some(ago(2)),
                updated_at: Some(ago(1)),
                revision: "Next change".into(),
                ..first
            };
            p.executions.insert(0, next);
            p.stages[0].execution = "e2".into();
            p.stages[0].actions[0].revision = "abcdef123456".into();
        });
        delivery(&world)
    };
    let web = begun("InProgress");
    assert!(web.active);
    assert_eq!((web.revision.as_str(), web.commit.as_str(), web.digest.as_str()), ("", "abcdef123456", ""));
    assert_eq!(step(&web, StepKind::Source).detail, "Next change");
    for kind in [StepKind::Build, StepKind::Test, StepKind::Scan, StepKind::Push, StepKind::Update, StepKind::Health] {
        assert_eq!(step(&web, kind).state, StepState::Waiting, "{kind:?}");
    }
    let web = begun("Failed");
    assert_eq!((step(&web, StepKind::Build).state, step(&web, StepKind::Build).detail.as_str()), (StepState::Unused, "not reached"));
    // One that has ended without a build of this service leaves what was rolled out before.
    let web = begun("Succeeded");
    assert_eq!((web.revision.as_str(), web.commit.as_str()), (REVISION, COMMIT));
    assert_eq!(step(&web, StepKind::Source).detail, SOURCE);
}

#[test]
fn a_rollout_is_told_with_the_build_that_made_its_image() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        let failed = Build { version: "badbadbadbad".into(), ..build(PROJECT, 20, "FAILED") };
        b.builds.insert(0, failed);
    });
    assert_eq!(delivery(&world).commit, "badbadbadbad");
    // Deployed again by hand: what runs is what ran.
    world.service(SERVICE, |s| s.deployments[0].created_at = Some(ago(3)));
    let web = delivery(&world);
    assert_eq!((web.revision.as_str(), web.commit.as_str()), (REVISION, COMMIT));
    assert_eq!(step(&web, StepKind::Build).state, StepState::Done);
}

#[test]
fn a_delivery_has_the_steps_that_its_stack_has() {
    use StepKind::{Breaker, Build, Health, Pipeline, Push, Rollback, Scan, Source, Test, Update};
    const ALWAYS: [StepKind; 4] = [Update, Health, Breaker, Rollback];
    type Without = fn(&mut crate::model::stack::Stack);
    let table: &[(&str, Without, &[StepKind])] = &[
        ("the written one", |_| {}, &[Source, Pipeline, Build, Test, Scan, Push]),
        ("no pipeline", |s| s.pipeline.clear(), &[Source, Build, Test, Scan, Push]),
        ("no builds", |s| s.projects.clear(), &[Source, Pipeline, Scan, Push]),
        ("images of another registry", |s| s.repositories.clear(), &[Source, Pipeline, Build, Test, Scan, Push]),
        (
            "a pipeline alone",
            |s| {
                s.projects.clear();
                s.repositories.clear();
            },
            &[Source, Pipeline],
        ),
        (
            "rolled out by hand",
            |s| {
                s.pipeline.clear();
                s.projects.clear();
            },
            &[Scan, Push],
        ),
        (
            "rolled out by hand, images of another registry",
            |s| {
                s.pipeline.clear();
                s.projects.clear();
                s.repositories.clear();
            },
            &[],
        ),
    ];
    for (name, without, before) in table {
        let mut world = World::healthy();
        without(&mut world.stack);
        let steps: Vec<StepKind> = delivery(&world).steps.iter().map(|s| s.kind).collect();
        assert_eq!(steps, [before, &ALWAYS[..]].concat(), "{name}");
    }
}

#[test]
fn without_a_pipeline_the_delivery_begins_with_the_build() {
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| p.exists = false);
    let web = delivery(&world);
    assert_eq!(
        (step(&web, StepKind::Pipeline).state, step(&web, StepKind::Pipeline).detail.as_str()),
        (StepState::Unused, "none (optional)")
    );
    assert_eq!((step(&web, StepKind::Source).state, step(&web, StepKind::Source).detail.as_str()), (StepState::Done, "76891a7652d…"));
}
