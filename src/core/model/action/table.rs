//! ACTIONS: the rows, in the order of help and menus. What a row is made of stands in `mod`; a new action is one row here and one file in
//! `aws::action`. The offers look at the newest store only: what they let through, the plan still checks.

use super::{Param, Spec, Subject, Takes, Tier};
use crate::model::alarm::Alarms;
use crate::model::cache::{AutomaticFailover, CacheStatus, ReplicationGroup};
use crate::model::cdn::Cdn;
use crate::model::database::{ClusterStatus, Database, InstanceStatus};
use crate::model::delivery::{BuildStatus, Builds, Pipeline, PipelineStatus};
use crate::model::network::{NatGateways, NatState};
use crate::model::scaling::{ScalableTarget, Scaling};
use crate::model::service::{Service, Services, TaskStatus, Tasks};
use crate::model::store::Store;

const fn positional(name: &'static str, takes: Takes, doc: &'static str) -> Param {
    Param { name, takes, positional: true, default: None, doc }
}

const fn option(name: &'static str, takes: Takes, default: &'static str, doc: &'static str) -> Param {
    Param { name, takes, positional: false, default: Some(default), doc }
}

const fn flag(name: &'static str, doc: &'static str) -> Param {
    Param { name, takes: Takes::Flag, positional: false, default: None, doc }
}

pub const ACTIONS: &[Spec] = &[
    Spec {
        name: "scale",
        key: 's',
        title: "Scale",
        doc: "set the desired count of a service",
        tier: Tier::T1,
        subject: Subject::Service,
        params: &[
            positional("count", Takes::Count, "how many tasks: 4, or a change such as +1 or -1"),
            flag("hold", "keep autoscaling from going below it: raises the min first"),
        ],
        offer: |store, _, name| service(store, name).map(|_| ()),
    },
    Spec {
        name: "bounds",
        key: 'b',
        title: "Set the autoscaling bounds of",
        doc: "set min and max of a service's autoscaling",
        tier: Tier::T1,
        subject: Subject::Service,
        params: &[positional("bounds", Takes::Bounds, "min-max: 3-6")],
        offer: |store, _, name| scalable(store, name).map(|_| ()),
    },
    Spec {
        name: "autoscaling suspend",
        key: 'z',
        title: "Suspend autoscaling of",
        doc: "suspend autoscaling of a service until resumed",
        tier: Tier::T0,
        subject: Subject::Service,
        params: &[],
        offer: |store, _, name| {
            let target = scalable(store, name)?;
            refuse(target.in_suspended && target.out_suspended && target.scheduled_suspended, "already suspended")
        },
    },
    Spec {
        name: "autoscaling resume",
        key: 'Z',
        title: "Resume autoscaling of",
        doc: "resume autoscaling of a service",
        tier: Tier::T0,
        subject: Subject::Service,
        params: &[],
        offer: |store, _, name| {
            let target = scalable(store, name)?;
            refuse(!(target.in_suspended || target.out_suspended || target.scheduled_suspended), "not suspended")
        },
    },
    Spec {
        name: "redeploy",
        key: 'd',
        title: "Redeploy",
        doc: "replace all tasks of a service, same task definition",
        tier: Tier::T1,
        subject: Subject::Service,
        params: &[],
        offer: |store, _, name| calm(service(store, name)?),
    },
    Spec {
        name: "rollback",
        key: 'r',
        title: "Roll back",
        doc: "return a service to an earlier task definition",
        tier: Tier::T1,
        subject: Subject::Service,
        params: &[option("to", Takes::Revision, "last-successful", "last-successful, or a revision: 57 or web:57")],
        offer: |store, _, name| calm(service(store, name)?),
    },
    Spec {
        name: "stop-deployment",
        key: 'x',
        title: "Stop deployment of",
        doc: "stop a running deployment and roll it back",
        tier: Tier::T1,
        subject: Subject::Service,
        params: &[],
        offer: |store, _, name| refuse(service(store, name)?.deploying().is_none(), "no deployment in progress"),
    },
    Spec {
        name: "stop-task",
        key: 't',
        title: "Stop task",
        doc: "stop one task; ECS starts another",
        tier: Tier::T1,
        subject: Subject::Task,
        params: &[],
        offer: |store, _, id| task(store, id),
    },
    Spec {
        name: "exec",
        key: 'e',
        title: "Open a shell in task",
        doc: "open a shell in a container of a task",
        tier: Tier::T1,
        subject: Subject::Task,
        params: &[
            option("container", Takes::Text, "first", "container; default: the first"),
            option("command", Takes::Text, "/bin/sh", "command to run"),
        ],
        offer: |store, _, id| {
            task(store, id)?;
            let of = store.get::<Tasks>().and_then(|t| t.tasks.iter().find(|t| t.id() == id)).map(|t| t.service.as_str());
            let enabled = of.and_then(|name| store.get::<Services>()?.get(name)).is_some_and(|s| s.exec_enabled);
            refuse(!enabled, "ECS Exec is off for its service (enableExecuteCommand)")
        },
    },
    Spec {
        name: "failover db",
        key: 'f',
        title: "Fail over the database",
        doc: "promote the database standby, or a reader of the cluster, to primary",
        tier: Tier::T2,
        subject: Subject::Database,
        params: &[
            option("to", Takes::Reader, "auto", "reader of the cluster to promote; auto: the first in order, in another zone"),
            option("of", Takes::Resource, "first", "database, where the stack has several; default: the first"),
        ],
        offer: |store, _, _| {
            let database = store.get::<Database>().ok_or("database not loaded yet")?;
            if let Some(why) = database.no_failover() {
                return Err(why);
            }
            if let Some(cluster) = &database.cluster {
                return refuse(cluster.status != ClusterStatus::Available, &format!("cluster status {}", cluster.status));
            }
            refuse(database.secondary_zone.is_none(), "no standby")?;
            refuse(database.status != InstanceStatus::Available, &format!("status {}", database.status))
        },
    },
    Spec {
        name: "failover cache",
        key: 'f',
        title: "Fail over cache node group",
        doc: "promote the replica of one node group to primary",
        tier: Tier::T2,
        subject: Subject::NodeGroup,
        params: &[option("of", Takes::Resource, "first", "cache, where the stack has several; default: the first")],
        offer: |store, _, _| {
            let group = store.get::<ReplicationGroup>().ok_or("cache not loaded yet")?;
            refuse(group.no_failover().is_some(), group.no_failover().unwrap_or_default())?;
            refuse(group.automatic_failover != AutomaticFailover::Enabled, "automatic failover not enabled")?;
            refuse(group.status != CacheStatus::Available, &format!("status {}", group.status))
        },
    },
    Spec {
        name: "reroute",
        key: 'r',
        title: "Reroute outbound traffic of zone",
        doc: "send a zone's outbound traffic through another zone's NAT gateway",
        tier: Tier::T1,
        subject: Subject::Zone,
        params: &[option("via", Takes::Zone, "auto", "zone whose NAT gateway to use; its own zone: undo the reroute")],
        offer: |store, _, _| {
            let gateways = store.get::<NatGateways>().ok_or("NAT gateways not loaded yet")?;
            refuse(!gateways.gateways.iter().any(|g| g.state == NatState::Available), "no available NAT gateway")
        },
    },
    Spec {
        name: "alarm-actions off",
        key: 'o',
        title: "Disable actions of alarm",
        doc: "disable an alarm's actions for a while; re-enabled automatically",
        tier: Tier::T0,
        subject: Subject::Alarm,
        params: &[option("for", Takes::Span, "30m", "re-enable after")],
        offer: |store, _, name| {
            let Some(alarm) = store.get::<Alarms>().and_then(|a| a.alarms.iter().find(|a| a.name == name)) else { return Ok(()) };
            refuse(alarm.is_scaling(), "used by autoscaling")?;
            refuse(alarm.is_muted(), "already off")
        },
    },
    Spec {
        name: "alarm-actions on",
        key: 'O',
        title: "Enable actions of alarm",
        doc: "enable an alarm's actions again",
        tier: Tier::T0,
        subject: Subject::Alarm,
        params: &[],
        offer: |store, _, name| {
            let Some(alarm) = store.get::<Alarms>().and_then(|a| a.alarms.iter().find(|a| a.name == name)) else { return Ok(()) };
            refuse(alarm.actions_enabled == Some(true), "already on")
        },
    },
    Spec {
        name: "pipeline start",
        key: 'p',
        title: "Start the pipeline",
        doc: "run the pipeline from its source",
        tier: Tier::T1,
        subject: Subject::Pipeline,
        params: &[],
        offer: |store, _, _| refuse(running(pipeline(store)?), "an execution is in progress"),
    },
    Spec {
        name: "pipeline retry",
        key: 'y',
        title: "Retry a stage of the pipeline",
        doc: "retry the failed actions of a stage",
        tier: Tier::T1,
        subject: Subject::Pipeline,
        params: &[option("stage", Takes::Stage, "failed", "stage; default: the failed one")],
        offer: |store, _, _| refuse(!pipeline(store)?.stages.iter().any(|s| s.status == PipelineStatus::Failed), "no stage has failed"),
    },
    Spec {
        name: "pipeline stop",
        key: 'k',
        title: "Stop the pipeline",
        doc: "stop the current execution after its running actions",
        tier: Tier::T1,
        subject: Subject::Pipeline,
        params: &[flag("abandon", "do not wait for running actions")],
        offer: |store, _, _| refuse(!running(pipeline(store)?), "no execution in progress"),
    },
    Spec {
        name: "build start",
        key: 'b',
        title: "Start a build of",
        doc: "build a project",
        tier: Tier::T0,
        subject: Subject::Project,
        params: &[option("version", Takes::Text, "default", "commit, branch or tag; default: the project's own")],
        offer: |store, _, name| refuse(building(store, name)?, "a build is in progress"),
    },
    Spec {
        name: "build retry",
        key: 'B',
        title: "Retry the last build of",
        doc: "rebuild the project's last version",
        tier: Tier::T0,
        subject: Subject::Project,
        params: &[],
        offer: |store, _, name| {
            refuse(building(store, name)?, "a build is in progress")?;
            let builds = store.get::<Builds>().ok_or("builds not loaded yet")?;
            refuse(builds.latest(name).is_none(), "never built")
        },
    },
    Spec {
        name: "build stop",
        key: 'K',
        title: "Stop the build of",
        doc: "stop a project's current build",
        tier: Tier::T0,
        subject: Subject::Project,
        params: &[],
        offer: |store, _, name| refuse(!building(store, name)?, "no build in progress"),
    },
    Spec {
        name: "invalidate",
        key: 'i',
        title: "Invalidate paths of",
        doc: "invalidate paths in CloudFront",
        tier: Tier::T0,
        subject: Subject::Distribution,
        params: &[positional("paths", Takes::Paths, "one or more paths: /static/*")],
        offer: |store, _, _| {
            let cdn = store.get::<Cdn>().ok_or("CloudFront not loaded yet")?;
            refuse(cdn.distribution.is_none(), "no distribution")
        },
    },
];

fn refuse(when: bool, why: &str) -> Result<(), String> {
    if when { Err(why.to_owned()) } else { Ok(()) }
}

fn service<'a>(store: &'a Store, name: &str) -> Result<&'a Service, String> {
    let services = store.get::<Services>().ok_or("services not loaded yet")?;
    services.get(name).ok_or_else(|| "no such service".to_owned())
}

fn calm(service: &Service) -> Result<(), String> {
    refuse(service.deploying().is_some(), "a deployment is in progress: use stop-deployment")
}

fn scalable<'a>(store: &'a Store, name: &str) -> Result<&'a ScalableTarget, String> {
    let scaling = store.get::<Scaling>().ok_or("autoscaling not loaded yet")?;
    scaling.get(name).ok_or_else(|| "no autoscaling".to_owned())
}

fn task(store: &Store, id: &str) -> Result<(), String> {
    let tasks = store.get::<Tasks>().ok_or("tasks not loaded yet")?;
    refuse(!tasks.tasks.iter().any(|t| t.id() == id && t.status == TaskStatus::Running), "not running")
}

fn pipeline(store: &Store) -> Result<&Pipeline, String> {
    let pipeline = store.get::<Pipeline>().ok_or("pipeline not loaded yet")?;
    if pipeline.exists { Ok(pipeline) } else { Err("no pipeline".to_owned()) }
}

fn running(pipeline: &Pipeline) -> bool {
    pipeline.executions.iter().any(|e| e.status.is_open())
}

fn building(store: &Store, project: &str) -> Result<bool, String> {
    let builds = store.get::<Builds>().ok_or("builds not loaded yet")?;
    refuse(builds.missing.iter().any(|m| m == project), "no such project")?;
    Ok(builds.latest(project).is_some_and(|b| b.status == BuildStatus::InProgress))
}
