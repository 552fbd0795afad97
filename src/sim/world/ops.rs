//! The write operations, after the service handlers have parsed and checked the parameters' form.
//! Each returns what AWS would return or a `WorldError` with the wire code; effects go through the physics.

use std::fmt;

use super::World;
use super::names::{CLUSTER, DAY, MIN, Ms, SEC};
use super::state::{
    AlarmHistoryItem, CacheMode, DbInstance, DbStatus, FailoverCause, ReplicationGroup, ScalableTarget, Service, ServiceDeploymentStatus,
    StopCode, Task,
};

/// What UpdateService may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateService {
    /// New desired count.
    pub desired_count: Option<u32>,
    /// `forceNewDeployment`.
    pub force: bool,
    /// `family:revision`, `family` (latest active) or full ARN.
    pub task_definition: Option<String>,
    /// New subnets, security groups and addresses.
    pub network: Option<NetworkChange>,
    /// New rules of deployments.
    pub deployment: Option<DeploymentChange>,
    /// New `healthCheckGracePeriodSeconds`.
    pub grace_seconds: Option<u32>,
}

/// A new `awsvpcConfiguration`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkChange {
    /// Subnet ids.
    pub subnets: Vec<String>,
    /// Security groups; none leaves them as they are.
    pub security_groups: Vec<String>,
    /// `assignPublicIp`.
    pub public_ip: bool,
}

/// What a `deploymentConfiguration` says; what it leaves out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentChange {
    /// Circuit breaker: on, and rolling back.
    pub circuit_breaker: Option<(bool, bool)>,
    /// `minimumHealthyPercent`.
    pub minimum_healthy_percent: Option<u32>,
    /// `maximumPercent`.
    pub maximum_percent: Option<u32>,
}

/// An error of a write operation, as the wire knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldError {
    /// Wire code, `ServiceNotFoundException`.
    pub code: &'static str,
    pub message: String,
}

impl WorldError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for WorldError {}

pub(super) type Done<T> = Result<T, WorldError>;

/// The name at the end of an ARN, or the name itself.
fn short(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

impl World {
    fn check_cluster(cluster: &str) -> Done<()> {
        if short(cluster) == CLUSTER { Ok(()) } else { Err(WorldError::new("ClusterNotFoundException", "Cluster not found.")) }
    }

    /// `ecs:UpdateService`. `cluster` and `service` are names or ARNs.
    pub fn update_service(&mut self, cluster: &str, service: &str, change: UpdateService) -> Done<&Service> {
        Self::check_cluster(cluster)?;
        let name = short(service).to_owned();
        let missing = || WorldError::new("ServiceNotFoundException", "Service not found.");
        let current = self.ecs.services.get(&name).ok_or_else(missing)?.task_definition.clone();
        if let Some(network) = &change.network {
            self.check_network(network)?;
        }
        let definition = match &change.task_definition {
            Some(wanted) => Some(self.resolve_definition(wanted)?),
            None => change.force.then(|| current.clone()),
        };
        let moved = self.reconfigure(&name, &change);
        let definition = definition.or_else(|| moved.then(|| current.clone()));
        if let Some(count) = change.desired_count {
            self.set_desired(&name, count);
        }
        if let Some(arn) = definition.filter(|arn| change.force || moved || *arn != current) {
            self.begin_rollout(&name, &arn);
        }
        self.count_tasks();
        self.ecs.services.get(&name).ok_or_else(missing)
    }

    fn check_network(&self, wanted: &NetworkChange) -> Done<()> {
        let refuse = |what: &str, id: &str, code: &str| {
            let message = format!("Error retrieving {what} information for [{id}]: The {what} '{id}' does not exist (ErrorCode: {code})");
            Err(WorldError::new("InvalidParameterException", message))
        };
        if let Some(id) = wanted.subnets.iter().find(|id| !self.network.subnets.iter().any(|subnet| subnet.id == **id)) {
            return refuse("subnet", id, "InvalidSubnetID.NotFound");
        }
        match wanted.security_groups.iter().find(|id| self.network.group(id).is_none()) {
            Some(id) => refuse("security group", id, "InvalidGroup.NotFound"),
            None => Ok(()),
        }
    }

    /// Takes new settings over; true when the tasks have to be replaced for them.
    fn reconfigure(&mut self, service: &str, change: &UpdateService) -> bool {
        let Some(s) = self.ecs.services.get_mut(service) else { return false };
        s.health_check_grace_seconds = change.grace_seconds.filter(|_| s.load_balancer.is_some()).or(s.health_check_grace_seconds);
        if let Some(wanted) = &change.deployment {
            (s.circuit_breaker, s.circuit_breaker_rollback) =
                wanted.circuit_breaker.unwrap_or((s.circuit_breaker, s.circuit_breaker_rollback));
            s.minimum_healthy_percent = wanted.minimum_healthy_percent.unwrap_or(s.minimum_healthy_percent);
            s.maximum_percent = wanted.maximum_percent.unwrap_or(s.maximum_percent);
        }
        let Some(wanted) = &change.network else { return false };
        let groups = if wanted.security_groups.is_empty() { s.security_groups.clone() } else { wanted.security_groups.clone() };
        let moved = s.subnets != wanted.subnets || s.security_groups != groups || s.assign_public_ip != wanted.public_ip;
        (s.subnets, s.security_groups, s.assign_public_ip) = (wanted.subnets.clone(), groups, wanted.public_ip);
        moved
    }

    fn resolve_definition(&self, wanted: &str) -> Done<String> {
        let tail = short(wanted);
        let (family, revision) = tail.split_once(':').map_or((tail, None), |(f, r)| (f, Some(r)));
        let all = self.ecs.task_definitions.range((family.to_owned(), 0)..=(family.to_owned(), u32::MAX));
        let found = match revision {
            Some(text) => all.map(|(_, d)| d).find(|d| d.revision.to_string() == text),
            None => all.map(|(_, d)| d).rfind(|d| d.active),
        };
        match found {
            Some(d) if d.active => Ok(d.arn.clone()),
            Some(_) => Err(WorldError::new("ClientException", "TaskDefinition is inactive")),
            None => Err(WorldError::new("ClientException", "TaskDefinition not found.")),
        }
    }

    /// Sets the desired count and makes the scheduler look soon.
    pub(super) fn set_desired(&mut self, service: &str, count: u32) {
        let now = self.now;
        let pause = self.rng.life.seconds(1, 3);
        if let Some(s) = self.ecs.services.get_mut(service).filter(|s| s.desired_count != count) {
            s.desired_count = count;
            s.steady = false;
            s.next_look = now + pause;
            if let Some(d) = s.deployments.first_mut() {
                d.desired_count = count;
                d.updated_at = now;
            }
        }
    }

    /// `ecs:StopTask`. `task` is an id or ARN.
    pub fn stop_task(&mut self, cluster: &str, task: &str, reason: Option<&str>) -> Done<&Task> {
        Self::check_cluster(cluster)?;
        let id = short(task).to_owned();
        let missing = || WorldError::new("InvalidParameterException", "The referenced task was not found.");
        let found = self.ecs.tasks.get(&id).ok_or_else(missing)?;
        let (service, deployment) = (found.service.clone(), found.deployment.clone());
        if !found.stopping {
            let registered = self.target_healthy(&id).is_some();
            self.begin_stop(&id, StopCode::UserInitiated, reason.unwrap_or("Task stopped by user"));
            if let Some(s) = self.ecs.services.get_mut(&service) {
                s.steady = false;
                s.next_look = self.now + 3 * SEC;
            }
            if registered {
                self.draining_events(&service, 1, Some(&deployment));
            }
        }
        self.count_tasks();
        self.ecs.tasks.get(&id).ok_or_else(missing)
    }

    /// `ecs:StopServiceDeployment`; only `ROLLBACK` is supported, as in AWS. Returns the ARN.
    pub fn stop_service_deployment(&mut self, arn: &str, stop_type: &str) -> Done<String> {
        if stop_type != "ROLLBACK" {
            return Err(WorldError::new("InvalidParameterException", "stopType must be ROLLBACK."));
        }
        let now = self.now;
        let record = self
            .ecs
            .service_deployments
            .iter_mut()
            .find(|d| d.arn == arn)
            .ok_or_else(|| WorldError::new("ServiceDeploymentNotFoundException", "The service deployment was not found."))?;
        if !record.status.is_open() {
            return Err(WorldError::new(
                "ConflictException",
                format!("The service deployment cannot be stopped in status {}.", record.status.as_str()),
            ));
        }
        record.status = ServiceDeploymentStatus::RollbackRequested;
        record.stopped_at = Some(now);
        record.updated_at = now;
        let (service, arn) = (record.service.clone(), record.arn.clone());
        if let Some(s) = self.ecs.services.get_mut(&service) {
            s.next_look = now + 2 * SEC;
        }
        Ok(arn)
    }

    /// `rds:RebootDBInstance`.
    pub fn reboot_db(&mut self, id: &str, force_failover: bool) -> Done<&DbInstance> {
        if id != self.rds.instance.id {
            return Err(WorldError::new("DBInstanceNotFound", format!("DBInstance {id} not found.")));
        }
        let db = &self.rds.instance;
        if db.status != DbStatus::Available || db.failover.is_some() {
            return Err(WorldError::new("InvalidDBInstanceState", format!("Instance {id} is not in available state.")));
        }
        if force_failover && self.rds.cluster.is_some() {
            return Err(WorldError::new(
                "InvalidParameterCombination",
                "ForceFailover cannot be specified for an instance of a DB cluster.",
            ));
        }
        if force_failover && db.secondary_az.is_none() {
            return Err(WorldError::new(
                "InvalidDBInstanceState",
                format!("Instance {id} cannot fail over: its standby is not available."),
            ));
        }
        self.begin_failover(if force_failover { FailoverCause::User } else { FailoverCause::Reboot });
        Ok(&self.rds.instance)
    }

    /// `elasticache:TestFailover`.
    pub fn test_failover(&mut self, group: &str, node_group: &str) -> Done<&ReplicationGroup> {
        if group != self.redis.group.id || self.redis.group.mode == CacheMode::Alone {
            return Err(WorldError::new("ReplicationGroupNotFoundFault", format!("ReplicationGroup {group} not found.")));
        }
        if !self.redis.group.node_groups.iter().any(|(id, _)| id == node_group) {
            return Err(WorldError::new("NodeGroupNotFoundFault", format!("Node group {node_group} not found.")));
        }
        let now = self.now;
        self.redis.test_failovers.retain(|at| now - at < DAY);
        if self.redis.test_failovers.len() >= 15 {
            return Err(WorldError::new("APICallRateForCustomerExceeded", "The customer has exceeded the allowed rate of API calls."));
        }
        let members = || self.redis.nodes.iter().filter(|n| n.node_group == node_group);
        if self.redis.group.status != "available" || members().any(|n| n.recovery.is_some()) {
            return Err(WorldError::new(
                "InvalidReplicationGroupState",
                format!("Replication group {group} is not in a valid state for a test failover."),
            ));
        }
        let primary = members().find(|n| n.primary && n.up).map(|n| n.id.clone());
        let Some(primary) = primary.filter(|_| members().any(|n| !n.primary && n.up)) else {
            return Err(WorldError::new("TestFailoverNotAvailableFault", "The test failover is not available."));
        };
        self.redis.test_failovers.push_back(now);
        self.lose_node(&primary, true);
        Ok(&self.redis.group)
    }

    /// `application-autoscaling:RegisterScalableTarget` for an existing target; clamps the service at once.
    /// `suspended` is (scale in, scale out, scheduled); `None` leaves a value as it is.
    pub fn register_scalable_target(
        &mut self,
        resource_id: &str,
        min: Option<u32>,
        max: Option<u32>,
        suspended: (Option<bool>, Option<bool>, Option<bool>),
    ) -> Done<&ScalableTarget> {
        let service = short(resource_id).to_owned();
        let unknown = || WorldError::new("ValidationException", format!("ECS service doesn't exist: {resource_id}"));
        let target = self.scaling.targets.get_mut(&service).filter(|t| t.resource_id == resource_id).ok_or_else(unknown)?;
        let (low, high) = (min.unwrap_or(target.min), max.unwrap_or(target.max));
        if low > high {
            return Err(WorldError::new("ValidationException", "Maximum capacity cannot be less than minimum capacity"));
        }
        (target.min, target.max) = (low, high);
        target.in_suspended = suspended.0.unwrap_or(target.in_suspended);
        target.out_suspended = suspended.1.unwrap_or(target.out_suspended);
        target.scheduled_suspended = suspended.2.unwrap_or(target.scheduled_suspended);
        let current = self.ecs.services.get(&service).map_or(low, |s| s.desired_count);
        if current < low {
            self.scale_to(&service, low, format!("minimum capacity was set to {low}"));
        } else if current > high {
            self.scale_to(&service, high, format!("maximum capacity was set to {high}"));
        }
        self.count_tasks();
        self.scaling.targets.get(&service).ok_or_else(unknown)
    }

    /// `cloudwatch:EnableAlarmActions` and `DisableAlarmActions`. Unknown names are ignored, as in AWS.
    pub fn set_alarm_actions(&mut self, names: &[String], enabled: bool) {
        let now = self.now;
        for alarm in self.alarms.iter_mut().filter(|a| names.contains(&a.name) && a.actions_enabled != enabled) {
            alarm.actions_enabled = enabled;
            alarm.configuration_updated = now;
            self.alarm_history.push_front(AlarmHistoryItem {
                alarm: alarm.name.clone(),
                timestamp: now,
                item_type: "ConfigurationUpdate",
                summary: format!("Alarm \"{}\" updated", alarm.name),
                data: format!(
                    "{{\"version\":\"1.0\",\"type\":\"Update\",\"updatedAlarm\":{{\"alarmName\":\"{}\",\"actionsEnabled\":{enabled}}}}}",
                    alarm.name
                ),
            });
        }
    }

    /// Test failovers of the last 24 hours.
    pub fn recent_test_failovers(&self) -> usize {
        let since: Ms = self.now - 24 * 60 * MIN;
        self.redis.test_failovers.iter().filter(|at| **at > since).count()
    }
}
