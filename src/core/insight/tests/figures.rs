//! What runs and has no figures: how it does is not seen.

use crate::insight::fixture::{World, ago, look, run};
use crate::model::database::Database;
use crate::model::metric;
use crate::model::service::Tasks;

const UNSEEN: &str = "CloudWatch has no CPU figures: its figures are not seen";

/// Moves the points of its CPU so many minutes back.
fn older(world: &mut World, minutes: i64) {
    world.edit::<metric::Metrics>(|m| {
        let points = &mut m.series.get_mut(metric::Svc::Cpu.of("web").as_str()).unwrap().points;
        for point in points.iter_mut() {
            point.0 -= 60 * minutes;
        }
    });
}

fn started(world: &mut World, minutes: i64) {
    world.edit::<Tasks>(|t| t.tasks.iter_mut().filter(|t| t.service == "web").for_each(|t| t.started_at = Some(ago(minutes))));
}

#[test]
fn what_runs_without_figures_is_not_seen() {
    run(&[
        ("none at all", |w| w.unmeasured("svc/web/cpu"), "svc/web", "unknown", UNSEEN),
        ("none for an hour", |w| older(w, 60), "svc/web", "unknown", UNSEEN),
        ("some minutes late", |w| older(w, 3), "svc/web", "healthy", ""),
        (
            "it has just begun",
            |w| {
                w.unmeasured("svc/web/cpu");
                started(w, 9);
            },
            "svc/web",
            "healthy",
            "",
        ),
        (
            "it has run for long enough",
            |w| {
                w.unmeasured("svc/web/cpu");
                started(w, 11);
            },
            "svc/web",
            "unknown",
            UNSEEN,
        ),
        (
            "what is seen of it is worse",
            |w| {
                w.unmeasured("svc/web/cpu");
                w.service("web", |s| s.running = 0);
            },
            "svc/web",
            "down",
            "running 0 of 2",
        ),
    ]);
}

#[test]
fn a_database_without_figures_is_not_seen() {
    let late = |world: &mut World, minutes: i64| {
        world.edit::<metric::Metrics>(|m| m.series.get_mut("db/cpu").unwrap().points.iter_mut().for_each(|p| p.0 -= 60 * minutes));
    };
    for (name, minutes, level, reason) in [("an hour old", 60, "unknown", UNSEEN), ("a minute late", 1, "healthy", "")] {
        let mut world = World::healthy();
        late(&mut world, minutes);
        assert_eq!(look(&world.judge(), "db"), (level, reason.to_owned()), "{name}");
    }
    run(&[
        ("none at all", |w| w.unmeasured("db/cpu"), "db", "unknown", UNSEEN),
        (
            "it does not run",
            |w| {
                w.unmeasured("db/cpu");
                w.edit::<Database>(|d| d.status = "stopped".into());
            },
            "db",
            "down",
            "status stopped",
        ),
        (
            "it is being made",
            |w| {
                w.unmeasured("db/cpu");
                w.edit::<Database>(|d| d.status = "creating".into());
            },
            "db",
            "down",
            "status creating",
        ),
    ]);
}
