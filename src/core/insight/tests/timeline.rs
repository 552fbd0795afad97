//! The merged timeline.

use crate::insight::Judgement;
use crate::insight::fixture::{RG, World, ago, alarm, build, data_event, event, failed_build, now, stopped};
use crate::model::alarm::{Alarm, AlarmChange, AlarmHistory, Alarms};
use crate::model::cache::CacheEvents;
use crate::model::cdn::{Cdn, Invalidation};
use crate::model::database::DatabaseEvents;
use crate::model::delivery::{Builds, Pipeline, PipelineExecution, Repositories};
use crate::model::scaling::{ScalingActivities, ScalingActivity};
use crate::model::security::Secrets;
use crate::model::service::{ServiceDeployment, ServiceDeployments, StoppedTasks};

fn lines(judgement: &Judgement) -> Vec<String> {
    let line = |e: &crate::insight::Event| format!("{}m {} {} {}", (now() - e.at).num_minutes(), e.node, e.level.word(), e.text);
    judgement.timeline.iter().map(line).collect()
}

/// The lines of what a test has put in: the document's own begin two hours ago.
fn recent(judgement: &Judgement) -> Vec<String> {
    let count = judgement.timeline.iter().take_while(|e| e.at > ago(100)).count();
    lines(judgement).into_iter().take(count).collect()
}

#[test]
fn all_sources_in_one_list_newest_first() {
    let mut world = World::healthy();
    world.service("web", |s| {
        s.events.insert(0, event("web", 11, "has started 1 tasks: (task aa)."));
        s.events.insert(0, event("web", 9, "(deployment ecs-svc/9) deployment completed."));
    });
    world.put(StoppedTasks { tasks: vec![stopped("web", 12, "EssentialContainerExited", "Essential container in task exited")] });
    world.put(ScalingActivities {
        activities: vec![ScalingActivity {
            service: "control-plane".into(),
            started_at: Some(ago(20)),
            status: "Successful".into(),
            description: "Setting desired count to 4.".into(),
            cause: "monitor alarm TargetTracking-service/C/S-AlarmHigh-1 in state ALARM triggered policy P".into(),
            ..Default::default()
        }],
    });
    world.put(ServiceDeployments {
        deployments: vec![ServiceDeployment {
            service: "web".into(),
            status: "SUCCESSFUL".into(),
            finished_at: Some(ago(9)),
            ..Default::default()
        }],
    });
    world.put(Alarms { alarms: vec![Alarm { reason: "[91.25 (x)".into(), ..alarm("high-cpu", "ALARM", 3) }] });
    let change = |name: &str, at, kind: &str, summary: &str| AlarmChange {
        name: name.into(),
        at: Some(ago(at)),
        kind: kind.into(),
        summary: summary.into(),
    };
    world.put(AlarmHistory {
        changes: vec![
            change("high-cpu", 3, "StateUpdate", "Alarm updated from OK to ALARM"),
            change("high-cpu", 30, "StateUpdate", "Alarm updated from ALARM to OK"),
            change("high-cpu", 31, "Action", "Successfully executed action"),
            change("TargetTracking-service/x-AlarmLow-1", 5, "StateUpdate", "Alarm updated from OK to ALARM"),
        ],
    });
    world.put(DatabaseEvents { events: vec![data_event("db", 40, "Multi-AZ instance failover started")] });
    let over = format!("Failover from primary node {RG}-0001-001 to replica node {RG}-0001-002 completed");
    world.put(CacheEvents {
        events: vec![
            data_event(&format!("{RG}-0001-001"), 49, "Finished recovery for cache nodes 0001"),
            data_event(RG, 50, &over),
            data_event(&format!("{RG}-0001-001"), 51, &over),
        ],
    });
    let judgement = world.judge();
    let all = lines(&judgement);
    assert_eq!(
        recent(&judgement),
        [
            "3m alarms degraded alarm high-cpu: ALARM (CPUUtilization 91.25 > 80)",
            "9m svc/web healthy deployment completed",
            "11m svc/web changing started 1 task",
            "12m svc/web degraded task dead0012 stopped: Essential container in task exited",
            "20m svc/control-plane changing desired count → 4 (AlarmHigh)",
            "30m alarms healthy alarm high-cpu: OK",
            "40m db degraded failover started",
            "49m redis healthy production-nextcore-redis-0001-001 finished recovery",
            "50m redis degraded failed over: production-nextcore-redis-0001-001 → production-nextcore-redis-0001-002",
        ]
    );
    assert!(all.iter().any(|l| l.ends_with("m svc/web changing deployment of production-nextcore-web:57 started")), "{all:#?}");
    // A steady state that AWS repeats is told once: the first.
    assert_eq!(all.iter().filter(|l| l.contains("svc/web") && l.contains("steady state")).count(), 1);
}

#[test]
fn deliveries_the_edge_and_secrets_have_lines_of_their_own() {
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| {
        let execution = |id: &str, status: &str, minutes| PipelineExecution {
            id: id.into(),
            status: status.into(),
            started_at: Some(ago(minutes)),
            updated_at: Some(ago(minutes - 4)),
            revision: "Search by policy number".into(),
            ..Default::default()
        };
        p.executions = vec![execution("e3", "InProgress", 6), execution("e2", "Failed", 30)];
    });
    world.edit::<Builds>(|b| {
        let failed = failed_build("production-nextcore-web", 32);
        let mut running = build("production-nextcore-web", 3, "IN_PROGRESS");
        running.ended_at = None;
        b.builds = vec![running, failed, build("production-nextcore-web", 50, "SUCCEEDED")];
    });
    world.edit::<Repositories>(|r| {
        r.repositories.truncate(2);
        r.repositories[0].images.clear();
        let image = &mut r.repositories[1].images[0];
        (image.pushed_at, image.tags, image.digest) = (Some(ago(46)), vec!["7".into()], "sha256:feedbeef01234567".into());
    });
    world.edit::<Cdn>(|c| {
        let invalidation = Invalidation { id: "I1".into(), status: "InProgress".into(), at: Some(ago(8)) };
        c.distribution.as_mut().unwrap().invalidations = vec![invalidation];
    });
    world.edit::<Secrets>(|s| {
        s.secrets.truncate(1);
        s.secrets[0].rotated_at = Some(ago(90));
    });
    assert_eq!(
        recent(&world.judge()),
        [
            "6m pipeline changing execution started: Search by policy number",
            "8m cdn changing invalidation I1 created",
            "26m pipeline degraded execution failed: Search by policy number",
            "27m build degraded build of production-nextcore-web at 4f2a9c1d FAILED in BUILD: COMMAND_EXECUTION_ERROR: npm test",
            "30m pipeline changing execution started: Search by policy number",
            "45m build healthy built production-nextcore-web at 4f2a9c1d",
            "46m ecr changing pushed nextcore/web:7 (feedbeef0123)",
            "90m secrets changing rotated production-nextcore/database_url",
        ]
    );
}

#[test]
fn bounded_and_without_repetition() {
    let mut world = World::healthy();
    world.service("web", |s| {
        s.events = (0..2000).map(|i| event("web", i, &format!("has started {i} tasks: (task x)."))).collect();
        let again = s.events[0].clone();
        s.events.insert(0, again);
    });
    let timeline = world.judge().timeline;
    assert_eq!(timeline.len(), 500);
    assert!(timeline.windows(2).all(|w| w[0].at >= w[1].at));
    assert_eq!(timeline.iter().filter(|e| e.text == "started 0 tasks").count(), 1);
}
