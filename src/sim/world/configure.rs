//! Changes to configuration that the handlers have checked: dashboards, alarms, retention, cluster settings, the cache
//! group, scaling policies. Each does what it says to the world. The database's are in `rds`, the balancer's in `routing`.

use super::World;
use super::build::dashboard_arn;
use super::names::CLUSTER;
use super::ops::WorldError;
use super::state::{Alarm, AlarmHistoryItem, AlarmState, CacheMode, Cluster, Dashboard, ReplicationGroup, ScalingPolicy};

type Done<T> = Result<T, WorldError>;

/// Text as the inside of a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl World {
    /// `cloudwatch:PutDashboard`.
    pub fn put_dashboard(&mut self, name: &str, body: &str) {
        let dashboard = Dashboard { arn: dashboard_arn(name), body: body.to_owned(), modified_at: self.now };
        self.dashboards.insert(name.to_owned(), dashboard);
    }

    /// `cloudwatch:DeleteDashboards`.
    pub fn delete_dashboards(&mut self, names: &[&str]) {
        self.dashboards.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// `cloudwatch:PutMetricAlarm`: a new alarm, or a new configuration for the one with that name, which keeps its state.
    pub fn put_alarm(&mut self, alarm: Alarm) {
        let name = alarm.name.clone();
        let found = self.alarms.binary_search_by(|known| known.name.cmp(&name));
        let (kind, member) = if found.is_ok() { ("Update", "updatedAlarm") } else { ("Create", "createdAlarm") };
        let summary = format!("Alarm \"{name}\" {}", if found.is_ok() { "updated" } else { "created" });
        let data = format!(
            "{{\"version\":\"1.0\",\"type\":\"{kind}\",\"{member}\":{{\"alarmName\":{},\"threshold\":{:?},\"actionsEnabled\":{}}}}}",
            quoted(&name),
            alarm.threshold,
            alarm.actions_enabled
        );
        match found {
            Ok(index) => {
                if let Some(known) = self.alarms.get_mut(index) {
                    let (state, reason) = (known.state, std::mem::take(&mut known.state_reason));
                    let reason_data = std::mem::take(&mut known.state_reason_data);
                    let (updated, transitioned) = (known.state_updated, known.state_transitioned);
                    *known = Alarm {
                        state,
                        state_reason: reason,
                        state_reason_data: reason_data,
                        state_updated: updated,
                        state_transitioned: transitioned,
                        ..alarm
                    };
                }
            }
            Err(index) => self.alarms.insert(index, alarm),
        }
        self.note_configuration(name, summary, data);
    }

    /// `cloudwatch:DeleteAlarms`.
    pub fn delete_alarms(&mut self, names: &[&str]) {
        for name in names {
            self.alarms.retain(|alarm| alarm.name != *name);
            let data = format!("{{\"version\":\"1.0\",\"type\":\"Delete\",\"deletedAlarm\":{{\"alarmName\":{}}}}}", quoted(name));
            self.note_configuration((*name).to_owned(), format!("Alarm \"{name}\" deleted"), data);
        }
    }

    fn note_configuration(&mut self, alarm: String, summary: String, data: String) {
        let timestamp = self.now;
        self.alarm_history.push_front(AlarmHistoryItem { alarm, timestamp, item_type: "ConfigurationUpdate", summary, data });
    }

    /// `logs:PutRetentionPolicy` and `DeleteRetentionPolicy`: `None` keeps for ever.
    pub fn set_log_retention(&mut self, group: &str, days: Option<u32>) -> Done<()> {
        let missing = || WorldError::new("ResourceNotFoundException", "The specified log group does not exist.");
        self.logs.groups.get_mut(group).ok_or_else(missing)?.retention_days = days;
        Ok(())
    }

    /// `ecs:UpdateClusterSettings`. From the next minute on Container Insights publishes as the setting says.
    pub fn set_container_insights(&mut self, value: &str) -> &Cluster {
        let settings = &mut self.ecs.cluster.settings;
        settings.retain(|(name, _)| name != "containerInsights");
        settings.push(("containerInsights".to_owned(), value.to_owned()));
        &self.ecs.cluster
    }

    /// What Container Insights is set to: `disabled`, `enabled` or `enhanced`.
    pub fn container_insights(&self) -> &str {
        let setting = self.ecs.cluster.settings.iter().find(|(name, _)| name == "containerInsights");
        setting.map_or("disabled", |(_, value)| value)
    }

    /// `elasticache:ModifyReplicationGroup`: Multi-AZ, and how long snapshots are kept.
    pub fn modify_replication_group(&mut self, id: &str, multi_az: Option<bool>, snapshot_days: Option<u32>) -> Done<&ReplicationGroup> {
        if id != self.redis.group.id || self.redis.group.mode == CacheMode::Alone {
            return Err(WorldError::new("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found.")));
        }
        if self.redis.group.status != "available" {
            return Err(WorldError::new("InvalidReplicationGroupState", format!("Replication group {id} is not in available state.")));
        }
        let group = &mut self.redis.group;
        group.multi_az = multi_az.unwrap_or(group.multi_az);
        group.snapshot_retention_days = snapshot_days.unwrap_or(group.snapshot_retention_days);
        Ok(&self.redis.group)
    }

    /// `application-autoscaling:PutScalingPolicy`: the one policy of a service, new or with new figures.
    pub fn put_scaling_policy(&mut self, service: &str, name: &str, target: f64, cooldowns: (u32, u32)) -> Done<()> {
        if let Some(other) = self.scaling.policies.get(service).filter(|policy| policy.name != name) {
            let message = format!("Only one TargetTrackingScaling policy for a given metric specification is allowed: {}.", other.name);
            return Err(WorldError::new("ValidationException", message));
        }
        let now = self.now;
        let old = self.scaling.policies.remove(service);
        let (created_at, last_out, last_in) = old.as_ref().map_or((now, None, None), |old| (old.created_at, old.last_out, old.last_in));
        if let Some(old) = old {
            self.delete_alarms(&[old.alarm_high.as_str(), old.alarm_low.as_str()]);
        }
        let policy = ScalingPolicy { last_out, last_in, ..self.new_policy(service, name, target, cooldowns, created_at) };
        for alarm in self.policy_alarms(&policy) {
            self.put_alarm(Alarm {
                state: AlarmState::InsufficientData,
                state_reason: "Unchecked: Initial alarm creation".to_owned(),
                state_reason_data: String::new(),
                state_updated: now,
                state_transitioned: now,
                configuration_updated: now,
                ..alarm
            });
        }
        self.scaling.policies.insert(service.to_owned(), policy);
        Ok(())
    }

    /// `application-autoscaling:DeleteScalingPolicy`: the policy goes, and with it the alarms that it made.
    pub fn delete_scaling_policy(&mut self, service: &str, name: &str) -> Done<()> {
        let missing = || {
            WorldError::new(
                "ObjectNotFoundException",
                format!(
                    "No scaling policy found for service namespace: ecs, resource ID: service/{CLUSTER}/{service}, policy name: {name}"
                ),
            )
        };
        self.scaling.policies.get(service).filter(|policy| policy.name == name).ok_or_else(missing)?;
        if let Some(policy) = self.scaling.policies.remove(service) {
            self.delete_alarms(&[policy.alarm_high.as_str(), policy.alarm_low.as_str()]);
        }
        Ok(())
    }
}
