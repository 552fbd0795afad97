//! The ECS half: images, task definitions, services with their first tasks, scaling policies, alarms.
//! Not older records (see `past`).

use std::collections::VecDeque;

use super::super::World;
use super::super::metrics::Stats;
use super::super::names::{
    ACCOUNT, ALARM_TOPIC, ALB_DIM, CLUSTER, CONTROL, DAY, DB, HOUR, LOG_GROUP, MIN, Ms, REGION, SEC, SERVICES, STACK, WEB, arn,
    scaling_resource_id, service_arn, task_definition_arn,
};
use super::super::state::{
    Alarm, AlarmState, Comparison, Deployer, LoadBalancerRef, MissingData, ScalableTarget, ScalingPolicy, Service, Target, TargetState,
    TaskDefinition, TaskHealth, TaskStatus,
};
use super::super::traffic::{API_PEAK, WEB_PEAK, shape};

/// What differs between the services.
pub(super) struct Shape {
    cpu: u32,
    memory: u32,
    port: Option<u16>,
    min: u32,
    max: u32,
    command: &'static [&'static str],
    check: &'static str,
    /// The newest revision when history begins.
    pub(super) revision: u32,
}

impl Shape {
    /// The scalable target's minimum.
    pub(super) const fn min_count(&self) -> u32 {
        self.min
    }
}

pub(super) fn shape_of(service: &str) -> Shape {
    match service {
        CONTROL => Shape {
            cpu: 1024,
            memory: 2048,
            port: Some(8000),
            min: 2,
            max: 6,
            command: &["gunicorn", "nextcore.wsgi", "--bind", "0.0.0.0:8000"],
            check: "curl -fsS http://localhost:8000/api/health/ || exit 1",
            revision: 41,
        },
        WEB => Shape {
            cpu: 512,
            memory: 1024,
            port: Some(3000),
            min: 2,
            max: 6,
            command: &["node", "server.js"],
            check: "wget -qO- http://localhost:3000/health || exit 1",
            revision: 57,
        },
        _ => Shape {
            cpu: 1024,
            memory: 2048,
            port: None,
            min: 3,
            max: 9,
            command: &["celery", "-A", "nextcore", "worker", "--concurrency", "4"],
            check: "celery -A nextcore inspect ping -d celery@$HOSTNAME || exit 1",
            revision: 33,
        },
    }
}

/// The tasks a service needs at `t` to sit at about half of its CPU.
fn fitting(service: &str, t: Ms) -> u32 {
    let level = shape(t);
    let (work, room) = match service {
        CONTROL => (API_PEAK * level * 3.6, 47.0),
        WEB => (WEB_PEAK * level * 4.0, 47.0),
        _ => ((API_PEAK * level * 0.15 + 0.3) * 22.5, 44.0),
    };
    let s = shape_of(service);
    ((work / room).ceil() as u32).clamp(s.min, s.max)
}

impl World {
    /// Registers a revision of a service's task definition.
    pub(super) fn register_definition(&mut self, service: &str, revision: u32, at: Ms) -> String {
        let shape = shape_of(service);
        let image = self.released_image(service, at);
        let family = format!("{STACK}-{service}");
        let arn_of = task_definition_arn(&family, revision);
        let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{STACK}-{name}");
        let secret = |name: &str| (name.to_uppercase(), arn("secretsmanager", format_args!("secret:{STACK}/{name}-a1B2c3")));
        let definition = TaskDefinition {
            arn: arn_of.clone(),
            family: family.clone(),
            revision,
            active: true,
            cpu: shape.cpu,
            memory: shape.memory,
            task_role_arn: role("ecs-task"),
            execution_role_arn: role("ecs-execution"),
            container_name: service.into(),
            image,
            container_port: shape.port,
            command: shape.command.iter().map(|s| (*s).to_owned()).collect(),
            environment: vec![("ENVIRONMENT".into(), "production".into()), ("LOG_LEVEL".into(), "INFO".into())],
            secrets: if service == WEB { vec![] } else { vec![secret("database_url"), secret("redis_url"), secret("django_secret_key")] },
            health_check: shape.check.into(),
            log_options: vec![
                ("awslogs-group".into(), LOG_GROUP.into()),
                ("awslogs-region".into(), REGION.into()),
                ("awslogs-stream-prefix".into(), service.into()),
            ],
            registered_at: at,
            exits_with: None,
        };
        self.ecs.task_definitions.insert((family, revision), definition);
        arn_of
    }

    /// A service in force for days, with its tasks running.
    pub(super) fn build_service(&mut self, service: &str) {
        let now = self.now;
        let shape = shape_of(service);
        for back in (1..4_u32).rev() {
            self.register_definition(service, shape.revision - back, now - Ms::from(back) * 4 * DAY - 3 * HOUR);
        }
        let definition = self.register_definition(service, shape.revision, now - 3 * DAY - 2 * HOUR);
        let desired = fitting(service, now);
        let tg = self.alb.target_groups.iter().find(|g| g.service == service).map(|g| g.arn.clone());
        let subnets = self.network.private.0.to_vec();
        let made = Service {
            name: service.into(),
            arn: service_arn(service),
            status: "ACTIVE".into(),
            desired_count: desired,
            running_count: desired,
            pending_count: 0,
            task_definition: definition.clone(),
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: true,
            circuit_breaker_rollback: true,
            health_check_grace_seconds: tg.is_some().then_some(60),
            load_balancer: tg.zip(shape.port).map(|(target_group_arn, container_port)| LoadBalancerRef {
                target_group_arn,
                container_name: service.into(),
                container_port,
                blue_green: None,
            }),
            deployer: Deployer::default(),
            platform_version: "1.4.0".into(),
            enable_execute_command: true,
            availability_zone_rebalancing: "ENABLED".into(),
            subnets,
            security_groups: vec![self.network.ecs_sg.clone()],
            assign_public_ip: false,
            created_at: now - super::platform::AGE,
            deployments: Vec::new(),
            events: VecDeque::new(),
            current_service_deployment: None,
            current_service_revision: None,
            consecutive_failures: 0,
            backoff_until: 0,
            next_look: now + SEC,
            steady: true,
            last_steady: now - 2 * HOUR - 17 * MIN,
            rebalancing: false,
        };
        self.ecs.services.insert(service.into(), made);
        self.build_rollouts(service);
        let deployment = self.ecs.services.get(service).and_then(|s| s.primary()).map(|d| d.id.clone()).unwrap_or_default();
        for _ in 0..desired {
            let id = self.launch(service, &deployment, &definition);
            self.make_running(&id);
        }
    }

    /// A task that has been up for days.
    fn make_running(&mut self, id: &str) {
        let now = self.now;
        let since = now - 3 * DAY - HOUR + self.rng.life.seconds(0, 400);
        let number = self.rng.ids.digits(10);
        let Some(image) = self.ecs.tasks.get(id).map(|t| t.container.image.clone()) else { return };
        let digest = self.digest_of(&image);
        let Some(task) = self.ecs.tasks.get_mut(id) else { return };
        task.last_status = TaskStatus::Running;
        task.created_at = since;
        task.connectivity_at = Some(since + 9 * SEC);
        task.pull_started_at = Some(since + 13 * SEC);
        task.pull_stopped_at = Some(since + 31 * SEC);
        task.started_at = Some(since + 38 * SEC);
        task.connected = true;
        task.next_at = Ms::MAX;
        task.boot_until = since + 50 * SEC;
        task.was_healthy = true;
        task.version = 4;
        task.cpu_percent = 35.0;
        task.memory_percent = task.memory_base + 6.0;
        task.container.last_status = "RUNNING";
        task.container.exec_agent = "RUNNING";
        task.container.health = TaskHealth::Healthy;
        task.container.image_digest = digest;
        task.container.runtime_id = format!("{id}-{number}");
        let (service, ip, az) = (task.service.clone(), task.private_ip.clone(), task.az);
        self.note_pull(id, since + 31 * SEC);
        let check = self.rng.life.seconds(1, 10);
        if let Some(tg) = self.alb.target_groups.iter_mut().find(|g| g.service == service) {
            tg.targets.push(Target {
                ip,
                port: tg.port,
                az,
                task_id: id.to_owned(),
                state: TargetState::Healthy,
                reason: None,
                registered_at: since,
                next_check: now + check,
                passes: 9,
                fails: 0,
                drain_until: None,
            });
        }
    }

    /// Scalable targets and policies.
    pub(super) fn build_scaling(&mut self) {
        let created_at = self.now - super::platform::AGE;
        for service in SERVICES {
            let shape = shape_of(service);
            let resource_id = scaling_resource_id(service);
            let name = format!("{STACK}-{service}-cpu");
            let policy = self.new_policy(service, &name, 60.0, (120, 300), created_at);
            let target = ScalableTarget {
                service: service.into(),
                arn: arn("application-autoscaling", format_args!("scalable-target/{}", self.rng.ids.hex(32))),
                role_arn: format!(
                    "arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
                     AWSServiceRoleForApplicationAutoScaling_ECSService"
                ),
                resource_id,
                min: shape.min,
                max: shape.max,
                in_suspended: false,
                out_suspended: false,
                scheduled_suspended: false,
                created_at,
            };
            self.scaling.policies.insert(service.into(), policy);
            self.scaling.targets.insert(service.into(), target);
        }
    }

    /// A target-tracking policy on the CPU of a service.
    pub(in super::super) fn new_policy(
        &mut self,
        service: &str,
        name: &str,
        target_value: f64,
        (scale_out_cooldown, scale_in_cooldown): (u32, u32),
        created_at: Ms,
    ) -> ScalingPolicy {
        let resource_id = scaling_resource_id(service);
        let uuid = self.rng.ids.uuid();
        let alarm = |kind: &str, uuid: String| format!("TargetTracking-{resource_id}-{kind}-{uuid}");
        ScalingPolicy {
            arn: arn("autoscaling", format_args!("scalingPolicy:{uuid}:resource/ecs/{resource_id}:policyName/{name}")),
            name: name.into(),
            service: service.into(),
            target_value,
            scale_out_cooldown,
            scale_in_cooldown,
            alarm_high: alarm("AlarmHigh", self.rng.ids.uuid()),
            alarm_low: alarm("AlarmLow", self.rng.ids.uuid()),
            created_at,
            last_out: None,
            last_in: None,
        }
    }

    /// The two alarms that a target-tracking policy makes.
    pub(in super::super) fn policy_alarms(&mut self, policy: &ScalingPolicy) -> [Alarm; 2] {
        let target = policy.target_value;
        let dims = vec![("ClusterName".to_owned(), CLUSTER.to_owned()), ("ServiceName".to_owned(), policy.service.clone())];
        [(&policy.alarm_high, Comparison::Greater, target, 3), (&policy.alarm_low, Comparison::Less, target * 0.9, 15)].map(
            |(name, comparison, threshold, n)| {
                let a = self.alarm(name.clone(), ("AWS/ECS", "CPUUtilization", dims.clone()), (comparison, threshold), (n, n));
                Alarm {
                    description: format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {}.", policy.arn),
                    alarm_actions: vec![policy.arn.clone()],
                    ok_actions: Vec::new(),
                    ..a
                }
            },
        )
    }

    /// The alarms people set, and those the policies made.
    pub(super) fn build_alarms(&mut self) {
        let own = |v: &[(&str, &str)]| v.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
        let alb = own(&[("LoadBalancer", ALB_DIM)]);
        for service in SERVICES {
            let dims = own(&[("ClusterName", CLUSTER), ("ServiceName", service)]);
            for (what, metric) in [("cpu", "CPUUtilization"), ("memory", "MemoryUtilization")] {
                let name = format!("{STACK}-{service}-{what}-high");
                let a = self.alarm(name, ("AWS/ECS", metric, dims.clone()), (Comparison::Greater, 80.0), (5, 5));
                self.alarms.push(Alarm { description: format!("{metric} of {service} above 80 % for 5 minutes"), ..a });
            }
            let Some(policy) = self.scaling.policies.get(service).cloned() else { continue };
            let made = self.policy_alarms(&policy);
            self.alarms.extend(made);
        }
        for (name, metric, threshold, text) in [
            ("alb-5xx", "HTTPCode_ELB_5XX_Count", 20.0, "5xx made by the load balancer above 20 a minute"),
            ("target-5xx", "HTTPCode_Target_5XX_Count", 25.0, "5xx of the targets above 25 a minute"),
        ] {
            let a = self.alarm(
                format!("{STACK}-{name}"),
                ("AWS/ApplicationELB", metric, alb.clone()),
                (Comparison::Greater, threshold),
                (3, 2),
            );
            self.alarms.push(Alarm { description: text.into(), statistic: "Sum", missing: MissingData::NotBreaching, ..a });
        }
        let db = own(&[("DBInstanceIdentifier", DB)]);
        let a = self.alarm(format!("{STACK}-rds-cpu-high"), ("AWS/RDS", "CPUUtilization", db), (Comparison::Greater, 80.0), (5, 5));
        self.alarms.push(Alarm { description: "CPU of the database above 80 % for 5 minutes".into(), ..a });
        self.alarms.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn alarm(
        &mut self,
        name: String,
        (namespace, metric, dimensions): (&str, &str, Vec<(String, String)>),
        (comparison, threshold): (Comparison, f64),
        (periods, to_alarm): (u32, u32),
    ) -> Alarm {
        let since = self.now - 2 * DAY + self.rng.ids.below(80_000) as Ms * SEC;
        let value = Stats::one((threshold * 0.61 * 100.0).round() / 100.0).sum;
        Alarm {
            arn: arn("cloudwatch", format_args!("alarm:{name}")),
            name,
            description: String::new(),
            actions_enabled: true,
            alarm_actions: vec![ALARM_TOPIC.into()],
            ok_actions: vec![ALARM_TOPIC.into()],
            namespace: namespace.into(),
            metric: metric.into(),
            dimensions,
            statistic: "Average",
            unit: None,
            period: 60,
            evaluation_periods: periods,
            datapoints_to_alarm: to_alarm,
            threshold,
            comparison,
            missing: MissingData::Missing,
            state: AlarmState::Ok,
            state_reason: format!(
                "Threshold Crossed: 1 datapoint [{value:?}] was not {} the threshold ({threshold:?}).",
                comparison.words()
            ),
            state_reason_data: "{\"version\":\"1.0\"}".into(),
            state_updated: since,
            state_transitioned: since,
            configuration_updated: self.now - super::platform::AGE,
        }
    }
}
