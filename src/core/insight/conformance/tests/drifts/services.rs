//! Drifts of the services: cluster, task definitions, tasks, autoscaling, images.

use super::super::seed::{seconds_ago, target_group, zone};
use super::{Drift, all_services, definitions, service};
use crate::model::scaling::Scaling;
use crate::model::service::{Cluster, Services, StoppedTasks, Task, TaskDefinitions, Tasks};

pub(super) const SERVICES: &[Drift] = &[
    ("the cluster is being deleted", |s| s.edit::<Cluster>(|x| x.status = "DEPROVISIONING".into()), &[("E01", "fail")]),
    (
        "no control plane",
        |s| s.edit::<Services>(|x| drop(x.services.remove(0))),
        &[
            ("E02", "fail"),
            ("E05", "fail"),
            ("E08", "fail"),
            ("E11", "fail"),
            ("E13", "fail"),
            ("E23", "fail"),
            ("E24", "fail"),
            ("E25", "fail"),
            ("E27", "fail"),
            ("A06", "fail"),
            ("A08", "fail"),
            ("A10", "fail"),
            ("A12", "fail"),
        ],
    ),
    (
        "no web portal",
        |s| s.edit::<Services>(|x| drop(x.services.remove(1))),
        &[
            ("E03", "fail"),
            ("E06", "fail"),
            ("E09", "fail"),
            ("E12", "fail"),
            ("E14", "fail"),
            ("E23", "fail"),
            ("E24", "fail"),
            ("E25", "fail"),
            ("E28", "fail"),
            ("A07", "fail"),
            ("A13", "fail"),
            ("A09", "fail"),
            ("A11", "fail"),
            ("A12", "fail"),
        ],
    ),
    (
        "no workers",
        |s| s.edit::<Services>(|x| drop(x.services.remove(2))),
        &[
            ("E04", "fail"),
            ("E07", "fail"),
            ("E10", "fail"),
            ("E15", "fail"),
            ("E23", "fail"),
            ("E24", "fail"),
            ("E29", "fail"),
            ("E35", "fail"),
        ],
    ),
    ("on EC2", |s| all_services(s, |x| x.launch_type = "EC2".into()), &[("E05", "fail"), ("E06", "fail"), ("E07", "fail")]),
    ("on Fargate and Fargate Spot", |s| service(s, 2, |x| x.launch_type = "FARGATE+FARGATE_SPOT".into()), &[]),
    ("other sizes", |s| definitions(s, |x| x.cpu = "256".into()), &[("E08", "fail"), ("E09", "fail"), ("E10", "fail")]),
    (
        "other ports",
        |s| s.edit::<TaskDefinitions>(|x| x.definitions.values_mut().for_each(|d| d.ports = vec![80])),
        &[("E11", "fail"), ("E12", "fail")],
    ),
    ("one web task is missing", |s| service(s, 1, |x| x.running = 1), &[("E14", "fail"), ("H08", "fail")]),
    (
        "one web task has just died",
        |s| {
            service(s, 1, |x| x.running = 1);
            let dead = Task { service: "web".into(), stopped_at: Some(seconds_ago(120)), ..Default::default() };
            s.put(StoppedTasks { tasks: vec![dead] });
        },
        &[("E14", "fail"), ("H08", "warn")],
    ),
    ("scaled to one", |s| service(s, 0, |x| (x.running, x.desired) = (1, 1)), &[("E13", "fail")]),
    ("two workers", |s| service(s, 2, |x| (x.running, x.desired) = (2, 2)), &[("E15", "fail")]),
    ("a deployment runs more", |s| all_services(s, |x| x.running += 1), &[("E13", "warn"), ("E14", "warn"), ("E15", "warn")]),
    (
        "other bounds",
        |s| s.edit::<Scaling>(|x| x.targets.iter_mut().for_each(|t| t.max = 4)),
        &[("E16", "fail"), ("E17", "fail"), ("E18", "fail")],
    ),
    (
        "scaling suspended",
        |s| s.edit::<Scaling>(|x| x.targets.iter_mut().for_each(|t| t.out_suspended = true)),
        &[("E19", "fail"), ("E20", "fail"), ("E21", "fail")],
    ),
    ("no scaling policy", |s| s.edit::<Scaling>(|x| x.targets[0].policies.clear()), &[("E21", "fail")]),
    ("blue/green", |s| all_services(s, |x| x.strategy = "BLUE_GREEN".into()), &[("E22", "warn"), ("E36", "pass")]),
    ("CodeDeploy deploys", |s| all_services(s, |x| x.controller = "CODE_DEPLOY".into()), &[("E22", "fail"), ("E36", "pass")]),
    ("canary", |s| service(s, 0, |x| x.strategy = "CANARY".into()), &[("E22", "fail"), ("E36", "fail")]),
    ("circuit breaker off", |s| service(s, 1, |x| x.circuit_breaker = Some((false, false))), &[("E23", "fail"), ("E24", "fail")]),
    ("circuit breaker not in the answer", |s| service(s, 1, |x| x.circuit_breaker = None), &[("E23", "unknown"), ("E24", "unknown")]),
    ("no automatic rollback", |s| service(s, 2, |x| x.circuit_breaker = Some((true, false))), &[("E24", "fail")]),
    ("deployments may stop everything", |s| service(s, 0, |x| x.minimum_healthy = Some(0)), &[("E25", "warn")]),
    (
        "the portal is not registered",
        |s| service(s, 1, |x| x.registrations.clear()),
        &[("E25", "fail"), ("A07", "fail"), ("A13", "fail"), ("A09", "fail"), ("A11", "fail"), ("A12", "fail")],
    ),
    ("public addresses", |s| service(s, 0, |x| x.assign_public_ip = "ENABLED".into()), &[("E26", "fail")]),
    ("a service in one zone", |s| service(s, 0, |x| x.subnets.truncate(1)), &[("E26", "fail"), ("H06", "fail")]),
    (
        "all tasks in one zone",
        |s| s.edit::<Tasks>(|x| x.tasks.iter_mut().for_each(|t| t.zone = zone("b"))),
        &[("E27", "fail"), ("E28", "fail"), ("E29", "fail")],
    ),
    ("another log group", |s| definitions(s, |x| x.log_group = Some("/ecs/old".into())), &[("E30", "fail")]),
    ("no task role", |s| definitions(s, |x| x.task_role = None), &[("E31", "fail")]),
    (
        "Container Insights off",
        |s| s.edit::<Cluster>(|x| drop(x.settings.insert("containerInsights".into(), "disabled".into()))),
        &[("E32", "fail")],
    ),
    ("images from elsewhere", |s| definitions(s, |x| x.images[0].1 = "docker.io/library/nginx:1".into()), &[("E33", "fail")]),
    (
        "a secret from the parameter store",
        |s| definitions(s, |x| x.secrets.iter_mut().for_each(|secret| secret.1 = "arn:aws:ssm:r:1:parameter/db".into())),
        &[("E34", "fail")],
    ),
    ("workers behind the balancer", |s| service(s, 2, |x| x.target_groups.push(target_group("web"))), &[("E35", "fail")]),
];
