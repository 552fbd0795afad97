//! Series that are asked for rarely: what they say holds until they are asked again, and what was not asked is not zero.

use crate::insight::fixture::{World, look};
use crate::model::metric::{self, Metrics, Readings, Series, SeriesId};

/// A series with a value every minute up to `age` minutes ago, asked for every so many seconds.
fn series(world: &mut World, id: impl Into<SeriesId>, value: f64, age: i64, every: i64) {
    let id = id.into();
    let zero_fill = ["5xx", "requests"].iter().any(|name| id.as_str().ends_with(name));
    let mut metrics = world.store.get::<Metrics>().cloned().unwrap_or_default();
    let open = world.now.timestamp().div_euclid(60) * 60;
    let points = (age..age + 20).rev().map(|back| (open - 60 * back, value)).collect();
    metrics.series.insert(id.into(), Series { points, zero_fill, every });
    // The newest point is three minutes older than the question.
    metrics.asked_at.insert(every, open - 60 * (age - 3));
    world.put(metrics);
}

#[test]
fn a_share_of_several_counts_is_of_one_minute_that_is_over() {
    let mut world = World::healthy();
    world.counts(metric::Alb::Requests, &[600.0; 3]);
    world.counts(metric::Alb::Target5xx, &[60.0; 3]);
    let share = |world: &World, parts: &[metric::Alb]| Readings::new(&world.store, world.now).share_of(parts, metric::Alb::Requests);
    assert_eq!(share(&world, &[metric::Alb::Elb5xx, metric::Alb::Target5xx]), Some(10.0), "one of them was never published");
    world.counts(metric::Alb::Elb5xx, &[6.0; 3]);
    assert_eq!(share(&world, &[metric::Alb::Elb5xx, metric::Alb::Target5xx]), Some(11.0));
    assert_eq!(share(&world, &[metric::Alb::Rejected]), Some(0.0), "CloudWatch was asked, and counts nothing");
}

#[test]
fn a_gauge_speaks_until_it_is_asked_for_again() {
    for (age, every, level) in [(2, 60, "degraded"), (17, 900, "degraded"), (17, 60, "healthy"), (25, 900, "healthy")] {
        let mut world = World::healthy();
        series(&mut world, metric::Db::EbsIo, 12.0, age, every);
        assert_eq!(look(&world.judge(), "db").0, level, "{age} min old, asked every {every} s");
    }
}

#[test]
fn minutes_that_were_not_asked_for_do_not_dilute_errors() {
    let mut world = World::healthy();
    series(&mut world, metric::Tg::Requests.of("production-nextcore-web"), 100.0, 2, 60);
    series(&mut world, metric::Tg::Target5xx.of("production-nextcore-web"), 9.0, 8, 300);
    assert_eq!(look(&world.judge(), "tg/production-nextcore-web"), ("down", "5xx 9.0 % of requests at 21:53, for 3 min".into()));
    let shown = Readings::new(&world.store, world.now)
        .share(metric::Tg::Target5xx.of("production-nextcore-web"), metric::Tg::Requests.of("production-nextcore-web"));
    assert_eq!(shown, Some(9.0), "the figure beside it says the same");
}

#[test]
fn failures_that_are_over_are_no_verdict_and_the_figure_beside_it_says_the_same() {
    let (requests, errors) = (metric::Tg::Requests.of("production-nextcore-web"), metric::Tg::Target5xx.of("production-nextcore-web"));
    // The newest minute is free of errors: the headline says 0 %.
    let cases = [
        (&[60.0, 60.0, 60.0][..], "down", "5xx 10 % of requests for 3 min"),
        (&[60.0, 0.0, 60.0], "down", "5xx 10 % of requests in 2 of 3 min"),
        (&[60.0, 60.0, 0.0], "healthy", ""),
    ];
    for (bad, level, said) in cases {
        let mut world = World::healthy();
        world.counts(requests.clone(), &[600.0; 3]);
        world.counts(errors.clone(), bad);
        assert_eq!(look(&world.judge(), "tg/production-nextcore-web"), (level, said.to_owned()));
        let shown = Readings::new(&world.store, world.now).share(errors.clone(), requests.clone());
        assert_eq!(shown, Some(bad[2] / 6.0), "the headline");
    }
}

#[test]
fn points_that_say_nothing_about_now_decide_nothing() {
    for (age, level) in [(2, "degraded"), (6, "healthy")] {
        let mut world = World::healthy();
        // Ten minutes of it, the newest so old: the oldest are older than 15 minutes.
        series(&mut world, metric::Db::Cpu, 88.0, age, 60);
        assert_eq!(look(&world.judge(), "db").0, level, "{age} min old");
    }
}
