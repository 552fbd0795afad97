//! The balancer and its target groups.

use crate::insight::fixture::{World, ago, arn, look, run, target, task};
use crate::model::balancer::{Balancer, Target, Targets};
use crate::model::metric::{self, Metrics};
use crate::model::service::Tasks;

fn web(world: &mut World, list: Vec<Target>) {
    world.edit::<Targets>(|t| t.groups.insert(arn("web"), list).map_or((), drop));
}

#[test]
fn state_and_zones() {
    run(&[
        ("provisioning", |w| w.edit::<Balancer>(|b| b.state = "provisioning".into()), "alb", "changing", "provisioning"),
        ("impaired", |w| w.edit::<Balancer>(|b| b.state = "active_impaired".into()), "alb", "degraded", "state active_impaired"),
        (
            "failed",
            |w| {
                w.edit::<Balancer>(|b| {
                    b.state = "failed".into();
                    b.state_reason = Some("no addresses".into());
                });
            },
            "alb",
            "down",
            "state failed: no addresses",
        ),
        ("two zones", |w| w.edit::<Balancer>(|b| b.zones.truncate(2)), "alb", "degraded", "in 2 of 3 zones"),
        ("a cloud without zones", |w| w.edit::<Balancer>(|b| b.zones.clear()), "alb", "healthy", ""),
    ]);
}

#[test]
fn targets_count_for_the_group_the_balancer_and_the_service() {
    let timeout = Some("Target.Timeout");
    let mut world = World::healthy();
    web(&mut world, vec![target("10.0.11.56", "unhealthy", timeout), target("10.0.12.157", "healthy", None)]);
    let seen = world.judge();
    assert_eq!(look(&seen, "tg/production-nextcore-web"), ("degraded", "1 of 2 targets unhealthy (Target.Timeout)".into()));
    assert_eq!(look(&seen, "svc/web"), ("degraded", "1 of 2 targets unhealthy (Target.Timeout)".into()));
    assert_eq!(look(&seen, "alb"), ("degraded", "production-nextcore-web: 1 of 2 targets unhealthy (Target.Timeout)".into()));
    assert_eq!(look(&seen, "tg/production-nextcore-api").0, "healthy");
    assert_eq!(look(&seen, "svc/celery-worker").0, "healthy");

    web(
        &mut world,
        vec![target("10.0.11.56", "unhealthy", timeout), target("10.0.12.157", "unhealthy", Some("Target.FailedHealthChecks"))],
    );
    let seen = world.judge();
    let text = "0 of 2 targets healthy (1 Target.FailedHealthChecks, 1 Target.Timeout)";
    assert_eq!(look(&seen, "tg/production-nextcore-web"), ("down", text.into()));
    assert_eq!(look(&seen, "svc/web"), ("down", text.into()));
    assert_eq!(look(&seen, "alb"), ("down", format!("production-nextcore-web: {text}")));
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table of cases")]
fn target_states() {
    run(&[
        ("none registered", |w| web(w, vec![]), "tg/production-nextcore-web", "down", "no target registered, 2 wanted"),
        (
            "group unknown to the balancer",
            |w| w.edit::<Targets>(|t| t.groups.clear()),
            "tg/production-nextcore-web",
            "unknown",
            "no target health returned",
        ),
        (
            "draining alone is not a failure",
            |w| {
                web(
                    w,
                    vec![
                        target("1", "healthy", None),
                        target("2", "healthy", None),
                        target("3", "draining", Some("Target.DeregistrationInProgress")),
                    ],
                );
            },
            "tg/production-nextcore-web",
            "healthy",
            "",
        ),
        (
            "initial alone is not a failure",
            |w| web(w, vec![target("1", "healthy", None), target("2", "initial", None)]),
            "tg/production-nextcore-web",
            "changing",
            "1 target starting",
        ),
        (
            "too few",
            |w| web(w, vec![target("1", "healthy", None)]),
            "tg/production-nextcore-web",
            "degraded",
            "1 of 2 wanted targets healthy",
        ),
        (
            "unused targets do not serve",
            |w| web(w, vec![target("1", "unused", Some("Target.NotInUse")), target("2", "unused", Some("Target.NotInUse"))]),
            "tg/production-nextcore-web",
            "down",
            "0 of 2 targets healthy (Target.NotInUse)",
        ),
        (
            "unhealthy while draining",
            |w| web(w, vec![target("1", "healthy", None), target("2", "healthy", None), target("3", "unhealthy.draining", None)]),
            "tg/production-nextcore-web",
            "degraded",
            "1 of 3 targets unhealthy",
        ),
        (
            "initial for too long",
            |w| {
                web(w, vec![target("10.0.11.56", "healthy", None), target("10.0.12.157", "initial", None)]);
                w.edit::<Tasks>(|t| t.tasks.iter_mut().for_each(|t| t.started_at = Some(ago(4))));
            },
            "tg/production-nextcore-web",
            "degraded",
            "target 10.0.12.157 still initial 4m00s after start",
        ),
        (
            "nothing wanted",
            |w| {
                web(w, vec![]);
                w.service("web", |s| {
                    s.desired = 0;
                    s.running = 0;
                });
            },
            "tg/production-nextcore-web",
            "n/a",
            "its service is scaled to 0: requests get a 503",
        ),
        (
            "a task without a target",
            |w| w.edit::<Tasks>(|t| t.tasks.push(task("web", "x", "10.9.9.9"))),
            "tg/production-nextcore-web",
            "healthy",
            "",
        ),
    ]);
}

/// Fifteen quiet minutes, then these.
fn after_calm(calm: f64, last: &[f64]) -> Vec<f64> {
    let mut all = vec![calm; 15];
    all.extend(last);
    all
}

#[test]
fn traffic() {
    run(&[
        (
            "no traffic",
            |w| w.counts(metric::Alb::Requests, &after_calm(842.0, &[0.0, 0.0, 0.0])),
            "alb",
            "down",
            "no requests for 3 min (mean 842/min)",
        ),
        ("two silent minutes", |w| w.counts(metric::Alb::Requests, &after_calm(842.0, &[0.0, 0.0])), "alb", "healthy", ""),
        (
            "a drop",
            |w| w.counts(metric::Alb::Requests, &after_calm(1000.0, &[150.0, 140.0, 130.0])),
            "alb",
            "degraded",
            "requests 130/min for 3 min, mean 1.0k/min",
        ),
        ("a quiet stack may be silent", |w| w.counts(metric::Alb::Requests, &after_calm(8.0, &[0.0, 0.0, 0.0])), "alb", "healthy", ""),
    ]);
}

#[test]
fn errors() {
    run(&[
        (
            "ALB 5xx, few",
            |w| {
                w.counts(metric::Alb::Requests, &[600.0, 600.0, 600.0]);
                w.counts(metric::Alb::Elb5xx, &[12.0, 0.0, 9.0]);
            },
            "alb",
            "degraded",
            "ALB 5xx 1.5 % of requests in 2 of 3 min",
        ),
        (
            "ALB 5xx below five a minute",
            |w| {
                w.counts(metric::Alb::Requests, &[60.0, 60.0, 60.0]);
                w.counts(metric::Alb::Elb5xx, &[4.0, 4.0, 4.0]);
            },
            "alb",
            "healthy",
            "",
        ),
        (
            "ALB 5xx, many",
            |w| {
                w.counts(metric::Alb::Requests, &[600.0, 600.0, 600.0]);
                w.counts(metric::Alb::Elb5xx, &[60.0, 60.0, 60.0]);
            },
            "alb",
            "down",
            "ALB 5xx 10 % of requests for 3 min",
        ),
        (
            "every request fails before it finds a target",
            |w| {
                w.empty_counts(metric::Alb::Requests);
                w.counts(metric::Alb::Elb5xx, &[60.0, 60.0, 60.0]);
            },
            "alb",
            "down",
            "ALB 5xx 100 % of requests for 3 min",
        ),
    ]);
}

#[test]
fn errors_of_targets() {
    run(&[
        (
            "target 5xx, few",
            |w| {
                w.counts(metric::Alb::Requests, &[600.0; 5]);
                w.counts(metric::Alb::Target5xx, &[12.0, 0.0, 12.0, 0.0, 12.0]);
            },
            "alb",
            "degraded",
            "target 5xx 2.0 % of requests in 3 of 5 min",
        ),
        (
            "target 5xx with too few requests to mean anything",
            |w| {
                w.counts(metric::Alb::Requests, &[19.0; 5]);
                w.counts(metric::Alb::Target5xx, &[5.0; 5]);
            },
            "alb",
            "healthy",
            "",
        ),
        (
            "target 5xx, many",
            |w| {
                w.counts(metric::Alb::Requests, &[600.0; 3]);
                w.counts(metric::Alb::Target5xx, &[0.0, 60.0, 60.0]);
            },
            "alb",
            "down",
            "target 5xx 10 % of requests in 2 of 3 min",
        ),
        (
            "one group's 5xx",
            |w| {
                w.counts(metric::Tg::Requests.of("production-nextcore-web"), &[600.0; 3]);
                w.counts(metric::Tg::Target5xx.of("production-nextcore-web"), &[60.0; 3]);
            },
            "tg/production-nextcore-web",
            "down",
            "5xx 10 % of requests for 3 min",
        ),
        (
            "its service says so itself",
            |w| {
                w.counts(metric::Tg::Requests.of("production-nextcore-web"), &[600.0; 3]);
                w.counts(metric::Tg::Target5xx.of("production-nextcore-web"), &[60.0; 3]);
            },
            "svc/web",
            "down",
            "5xx 10 % of requests for 3 min",
        ),
        (
            "a service with a few 5xx",
            |w| {
                w.counts(metric::Tg::Requests.of("production-nextcore-api"), &[600.0; 5]);
                w.counts(metric::Tg::Target5xx.of("production-nextcore-api"), &[9.0; 5]);
            },
            "svc/control-plane",
            "degraded",
            "5xx 1.5 % of requests for 5 min",
        ),
    ]);
}

#[test]
fn latency_and_connections() {
    run(&[
        ("slow", |w| w.series(metric::Alb::P99, &[1.2; 5]), "alb", "degraded", "p99 1.2 s for 5 min"),
        ("slow for four minutes", |w| w.series(metric::Alb::P99, &[0.2, 1.2, 1.2, 1.2, 1.2]), "alb", "healthy", ""),
        ("very slow", |w| w.series(metric::Alb::P99, &[0.2, 3.4, 0.2, 3.4, 3.4]), "alb", "down", "p99 3.4 s in 3 of 5 min"),
        ("slow median", |w| w.series(metric::Alb::P50, &[1.4; 5]), "alb", "down", "p50 1.4 s for 5 min"),
        (
            "connection errors",
            |w| w.counts(metric::Alb::ConnectionErrors, &[0.0, 2.0, 3.0]),
            "alb",
            "degraded",
            "target connection errors/min 3 in 2 of 3 min",
        ),
        ("rejected", |w| w.counts(metric::Alb::Rejected, &[0.0, 0.0, 7.0]), "alb", "down", "rejected connections/min 7 in 1 of 3 min"),
    ]);
}

#[test]
fn late_counts_are_not_zeros() {
    // Published up to two minutes ago; another series is newer. Silence counts only when it is older than CloudWatch's lag.
    let mut world = World::healthy();
    world.counts(metric::Alb::Requests, &after_calm(842.0, &[842.0; 3]));
    world.pass(2);
    world.series(metric::Db::Cpu, &[20.0; 20]);
    assert_eq!(look(&world.judge(), "alb").0, "healthy");
    let mut silent = World::healthy();
    silent.counts(metric::Alb::Requests, &after_calm(842.0, &[]));
    silent.edit::<Metrics>(|m| m.series.values_mut().for_each(|s| s.points.truncate(15)));
    silent.pass(7);
    silent.series(metric::Db::Cpu, &[20.0; 20]);
    assert_eq!(look(&silent.judge(), "alb"), ("down", "no requests for 3 min (mean 786/min)".into()), "one silent minute is in the mean");
}
