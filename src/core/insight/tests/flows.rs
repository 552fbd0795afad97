//! The written architecture's flows of requests and jobs; its deliveries are in `deliveries`.

use crate::insight::fixture::{DISTRIBUTION, RG, World, arn, target};
use crate::insight::panes::flows::{Flow, FlowPart, Flows, flows};
use crate::insight::reading::{Measure, Unit};
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::cdn::Cdn;
use crate::model::database::Database;
use crate::model::health::Level;
use crate::model::metric;
use crate::model::network::SecurityGroups;

pub(super) fn draw(world: &World) -> Flows {
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
