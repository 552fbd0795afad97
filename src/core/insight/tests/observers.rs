//! Alarms and logs.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::insight::fixture::{World, ago, alarm, now, run, task_ids};
use crate::model::alarm::Alarms;
use crate::model::log::{LogEvent, LogGroup, LogStream, LogTail};
use crate::model::metric;
use crate::model::service::Services;

fn alarms(world: &mut World, list: Vec<crate::model::alarm::Alarm>) {
    world.put(Alarms { alarms: list });
}

const CROSSED: &str = "Threshold Crossed: 2 out of the last 2 datapoints [91.25 (01/03/26 11:58:00), 88.0 (01/03/26 11:57:00)] were greater than the threshold (80.0) (minimum 2 datapoints for OK -> ALARM transition).";

#[test]
fn alarm_states() {
    run(&[
        (
            "in alarm",
            |w| alarms(w, vec![crate::model::alarm::Alarm { reason: CROSSED.into(), ..alarm("high-cpu", "ALARM", 3) }]),
            "alarms",
            "degraded",
            "alarm high-cpu: CPUUtilization 91.25 > 80",
        ),
        (
            "critical by its name",
            |w| alarms(w, vec![crate::model::alarm::Alarm { reason: CROSSED.into(), ..alarm("db-cpu-critical", "ALARM", 3) }]),
            "alarms",
            "down",
            "alarm db-cpu-critical: CPUUtilization 91.25 > 80",
        ),
        (
            "composite",
            |w| {
                let composite = crate::model::alarm::Alarm {
                    reason: "arn:aws:cloudwatch:x transitioned to ALARM.".into(),
                    metric: String::new(),
                    composite: true,
                    ..alarm("anything", "ALARM", 3)
                };
                alarms(w, vec![composite]);
            },
            "alarms",
            "degraded",
            "alarm anything: arn:aws:cloudwatch:x transitioned to ALARM",
        ),
        (
            "a scaling policy's",
            |w| {
                let low = crate::model::alarm::Alarm {
                    actions: vec!["arn:aws:autoscaling:x:scalingPolicy:y".into()],
                    ..alarm("low", "ALARM", 900)
                };
                alarms(w, vec![low]);
            },
            "alarms",
            "n/a",
            "no alarms",
        ),
        ("no data", |w| alarms(w, vec![alarm("5xx", "INSUFFICIENT_DATA", 20)]), "alarms", "degraded", "alarm 5xx: no data for 20m00s"),
        ("no data yet", |w| alarms(w, vec![alarm("5xx", "INSUFFICIENT_DATA", 10)]), "alarms", "healthy", ""),
        (
            "muted",
            |w| alarms(w, vec![crate::model::alarm::Alarm { actions_enabled: Some(false), ..alarm("5xx", "OK", 20) }]),
            "alarms",
            "degraded",
            "alarm 5xx: actions disabled",
        ),
        (
            "not known whether anybody is told",
            |w| alarms(w, vec![crate::model::alarm::Alarm { actions_enabled: None, ..alarm("5xx", "OK", 20) }]),
            "alarms",
            "unknown",
            "alarm 5xx: not known whether its actions are enabled",
        ),
        ("none at all", |w| alarms(w, vec![]), "alarms", "n/a", "no alarms"),
    ]);
}

#[test]
fn alarms_of_other_kinds() {
    run(&[
        (
            "no data of a count that is missing while nothing is counted",
            |w| alarms(w, vec![crate::model::alarm::Alarm { statistic: "Sum".into(), ..alarm("5xx", "INSUFFICIENT_DATA", 20) }]),
            "alarms",
            "healthy",
            "",
        ),
        (
            "no data of a count whose owner calls that well",
            |w| {
                let policy = Some("notBreaching".into());
                let silent = alarm("5xx", "INSUFFICIENT_DATA", 20);
                alarms(w, vec![crate::model::alarm::Alarm { statistic: "Sum".into(), missing_data: policy, ..silent }]);
            },
            "alarms",
            "degraded",
            "alarm 5xx: no data for 20m00s",
        ),
        (
            "metric math",
            |w| {
                let math = crate::model::alarm::Alarm {
                    reason: CROSSED.into(),
                    metric: String::new(),
                    expression: "100*errors/requests".into(),
                    ..alarm("error-rate", "ALARM", 3)
                };
                alarms(w, vec![math]);
            },
            "alarms",
            "degraded",
            "alarm error-rate: 100*errors/requests 91.25 > 80",
        ),
        (
            "a band of anomaly detection",
            |w| {
                let band = crate::model::alarm::Alarm {
                    reason: CROSSED.into(),
                    band: true,
                    threshold: None,
                    comparison: "LessThanLowerOrGreaterThanUpperThreshold".into(),
                    ..alarm("odd", "ALARM", 3)
                };
                alarms(w, vec![band]);
            },
            "alarms",
            "degraded",
            "alarm odd: CPUUtilization 91.25 outside its band",
        ),
        (
            "suppressed",
            |w| {
                let held = crate::model::alarm::Alarm {
                    reason: "a fires".into(),
                    metric: String::new(),
                    composite: true,
                    suppressed: Some("Alarm".into()),
                    ..alarm("all", "ALARM", 3)
                };
                alarms(w, vec![held]);
            },
            "alarms",
            "degraded",
            "alarm all: a fires; nobody is told: suppressed (Alarm)",
        ),
        (
            "evaluated on a part of its data",
            |w| alarms(w, vec![crate::model::alarm::Alarm { evaluation: Some("PARTIAL_DATA".into()), ..alarm("x", "OK", 3) }]),
            "alarms",
            "unknown",
            "alarm x: judged by a part of its data only",
        ),
    ]);
}

/// Nothing tells of a line but the tail, and the last of it is so old.
fn last_event(world: &mut World, minutes: i64) {
    world.last_line(minutes);
    world.put(LogGroup::default());
    world.unmeasured("logs/events");
}

/// The stream of a web task.
fn of_web(task: usize) -> String {
    format!("web/web/{}", task_ids("web")[task])
}

/// The streams of web tasks, by number, and how old the last line of each is.
fn streams(world: &mut World, list: &[(usize, i64)]) {
    let stream = |(task, at): &(usize, i64)| LogStream { name: of_web(*task), last_ingestion: Some(ago(*at)), last_event: None };
    world.put(LogGroup { name: "g".into(), streams: list.iter().map(stream).collect(), ..Default::default() });
}

#[test]
fn log_silence() {
    run(&[
        ("silent", |w| last_event(w, 7), "logs", "degraded", "no log events for 7m00s while 7 tasks run"),
        ("quiet", |w| last_event(w, 4), "logs", "healthy", ""),
        (
            "the tail is old, the metric is not",
            |w| {
                last_event(w, 7);
                w.series(metric::Logs::Events, &[900.0]);
            },
            "logs",
            "healthy",
            "",
        ),
        (
            "never a line",
            |w| {
                last_event(w, 7);
                w.edit::<LogTail>(|t| t.events.clear());
            },
            "logs",
            "degraded",
            "no log events while 7 tasks run",
        ),
        (
            "nothing runs",
            |w| {
                last_event(w, 70);
                w.edit::<Services>(|s| s.services.iter_mut().for_each(|s| s.running = 0));
            },
            "logs",
            "healthy",
            "",
        ),
        (
            "one task is silent",
            |w| {
                w.last_line(7);
                streams(w, &[(1, 9), (0, 0)]);
            },
            "logs",
            "degraded",
            "1 of 7 tasks silent for 5 min (web 5a74d9f5)",
        ),
        (
            "its stream is old, its lines are in the tail",
            |w| {
                w.last_line(7);
                streams(w, &[(1, 9)]);
                w.edit::<LogTail>(|t| {
                    let at = now() - TimeDelta::seconds(9);
                    t.events.push_back(Arc::new(LogEvent { at, stream: of_web(1), ..Default::default() }));
                });
            },
            "logs",
            "healthy",
            "",
        ),
    ]);
}

#[test]
fn an_event_from_the_future_does_not_make_a_silent_log_live() {
    let ahead = |w: &mut World| {
        last_event(w, 7);
        w.edit::<LogTail>(|t| {
            let event = LogEvent { at: now() + TimeDelta::hours(1), received: Some(ago(6)), ..(*t.events[0]).clone() };
            t.events.push_back(Arc::new(event));
        });
        // The stream's last event is said to be in the future, too.
        let stream = LogStream { name: of_web(0), last_ingestion: Some(ago(6)), last_event: Some(now() + TimeDelta::hours(1)) };
        w.put(LogGroup { name: "g".into(), streams: vec![stream], ..Default::default() });
    };
    let mut world = World::healthy();
    ahead(&mut world);
    assert_eq!(crate::insight::fixture::look(&world.judge(), "logs").1, "no log events for 6m00s while 7 tasks run");
}
