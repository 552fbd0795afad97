//! Figures that CloudWatch refused, left out, or has not published: none of them is zero, and none is well.

use crate::insight::fixture::{World, look, run};
use crate::model::metric::{self, Metrics, Readings};

fn refuse(world: &mut World, ids: &[&str], said: &str) {
    world.edit::<Metrics>(|m| {
        for id in ids {
            if let Some(series) = m.series.get_mut(*id) {
                series.points.clear();
            }
            m.refused.insert((*id).to_owned(), said.to_owned());
        }
    });
}

fn drop_series(world: &mut World, id: &str) {
    world.edit::<Metrics>(|m| drop(m.series.remove(id).unwrap()));
}

fn empty(world: &mut World, id: &str) {
    world.edit::<Metrics>(|m| m.series.get_mut(id).unwrap().points.iter_mut().for_each(|(at, _)| *at -= 7200));
}

/// Nothing has been published for so many minutes.
fn silent(world: &mut World, minutes: i64) {
    world.pass(minutes);
}

#[test]
fn what_cloudwatch_does_not_tell_is_not_zero() {
    run(&[
        (
            "refused",
            |w| refuse(w, &["alb/target5xx"], "InternalError"),
            "alb",
            "unknown",
            "target 5xx not known: CloudWatch says InternalError",
        ),
        ("refused without a word", |w| refuse(w, &["alb/elb5xx"], ""), "alb", "unknown", "alb 5xx not known: CloudWatch refuses it"),
        ("left out", |w| drop_series(w, "alb/target5xx"), "alb", "unknown", "target 5xx not known: CloudWatch left it out"),
        ("complete and empty", |w| w.empty_counts(metric::Alb::Target5xx), "alb", "healthy", ""),
        (
            "of a target group",
            |w| refuse(w, &["tg/production-nextcore-web/5xx"], "Forbidden"),
            "svc/web",
            "unknown",
            "5xx not known: CloudWatch says Forbidden",
        ),
        ("a gauge", |w| refuse(w, &["alb/p99"], "Forbidden"), "alb", "unknown", "p99 not known: CloudWatch says Forbidden"),
        (
            "free storage that vanishes",
            |w| empty(w, "db/storage"),
            "db",
            "unknown",
            "CloudWatch has no free storage: its figures are not seen",
        ),
        (
            "connections that vanish",
            |w| empty(w, "db/connections"),
            "db",
            "unknown",
            "CloudWatch has no connections: its figures are not seen",
        ),
        (
            "memory of a cache node",
            |w| empty(w, "redis/production-nextcore-redis-0001-001/memory"),
            "redis",
            "unknown",
            "0001-001: CloudWatch has no memory: its figures are not seen",
        ),
    ]);
}

#[test]
fn the_figure_beside_it_is_not_zero_either() {
    let share = |breaks: fn(&mut World)| {
        let mut world = World::healthy();
        breaks(&mut world);
        let errors = [metric::Alb::Elb5xx, metric::Alb::Target5xx];
        Readings::new(&world.store, world.now).share_of(&errors, metric::Alb::Requests)
    };
    assert!(share(|_| {}).is_some());
    assert_eq!(share(|w| refuse(w, &["alb/target5xx"], "InternalError")), None);
    assert_eq!(share(|w| drop_series(w, "alb/elb5xx")), None);
}

#[test]
fn without_any_data_nothing_that_rests_on_figures_is_healthy() {
    let mut world = World::healthy();
    silent(&mut world, 25);
    let seen = world.judge();
    for node in ["alb", "tg/production-nextcore-web", "nat", "nat/a", "redis", "cdn", "dns", "s3", "svc/web"] {
        let (level, text) = look(&seen, node);
        assert_eq!((level, text.starts_with("no data from CloudWatch for 2")), ("unknown", true), "{node}: {text}");
    }
    assert_eq!(look(&seen, "vpc").0, "healthy");
    let mut late = World::healthy();
    silent(&mut late, 9);
    assert_eq!(look(&late.judge(), "alb").0, "healthy");
    run(&[
        (
            "what is described decides",
            |w| {
                silent(w, 25);
                w.service("web", |s| s.running = 0);
            },
            "svc/web",
            "down",
            "running 0 of 2",
        ),
        (
            "never any",
            |w| w.edit::<Metrics>(|m| m.series.values_mut().for_each(|s| s.points.clear())),
            "alb",
            "unknown",
            "no data from CloudWatch",
        ),
        (
            "buckets without request metrics",
            |w| w.edit::<Metrics>(|m| m.series.values_mut().for_each(|s| s.points.clear())),
            "s3",
            "healthy",
            "",
        ),
    ]);
}

#[test]
fn what_cannot_be_below_zero_is_not_a_figure() {
    let mut world = World::healthy();
    world.series(metric::Alb::P95, &[-1.0; 10]);
    world.series(metric::Svc::Cpu.of("web"), &[-1.0; 10]);
    world.counts(metric::Alb::Target5xx, &[-2.0; 10]);
    world.series(metric::Alb::Active, &[-0.0; 10]);
    let read = Readings::new(&world.store, world.now);
    assert_eq!([read.value(metric::Alb::P95), read.value(metric::Svc::Cpu.of("web"))], [None, None]);
    assert_eq!(read.share(metric::Alb::Target5xx, metric::Alb::Requests), None);
    assert!(read.value(metric::Alb::Active).is_some_and(f64::is_sign_positive));
    assert_eq!(look(&world.judge(), "svc/web").0, "unknown");
}
