//! What AWS shows of an obligation, and the one call that puts it right. Asked by the resource's own name: an obligation may come from
//! another stack's dashboard. Called by the engine's keeper; whether and when is decided there.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
use aws_sdk_cloudwatch::types::AlarmType;

use super::Clients;
use super::action::{Receipt, SendError};
use super::authority::Warrant;
use super::error::problem_of;
use super::op::{Op, Scope};
use nextcore_core::model::obligation::Owed;
use nextcore_core::model::section::Problem;

const ALARMS: Op = Op::read("CloudWatch", "DescribeAlarms", "cloudwatch:DescribeAlarms").on(Scope::Any);
const TARGETS: Op =
    Op::read("Application Auto Scaling", "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets").on(Scope::Any);
const ENABLE: Op = Op::write("CloudWatch", "EnableAlarmActions", "cloudwatch:EnableAlarmActions").on(Scope::Alarms);

/// What AWS shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It still has to be put right.
    Owed,
    /// It is as it should be.
    Right,
    /// What it was about is gone.
    Gone,
}

/// The write by which the program puts it right; `None` = a person does.
pub fn write_of(owed: &Owed) -> Option<&'static Op> {
    match owed {
        Owed::AlarmActions { .. } => Some(&ENABLE),
        Owed::Autoscaling { .. } | Owed::WayOut { .. } => None,
    }
}

/// Looks at it now.
pub async fn look(clients: &Clients, owed: &Owed) -> Result<Shown, Problem> {
    match owed {
        Owed::AlarmActions { alarm, .. } => alarm_actions(clients, alarm).await,
        Owed::Autoscaling { cluster, service } => autoscaling(clients, cluster, service).await,
        Owed::WayOut { table, home, .. } => way_out(clients, table, home).await,
    }
}

/// Puts it right, by a warrant for `write_of`.
pub async fn settle(clients: &Clients, owed: &Owed, warrant: &Warrant) -> Result<Receipt, SendError> {
    match owed {
        Owed::AlarmActions { alarm, .. } => {
            let call = clients.cloudwatch.enable_alarm_actions().alarm_names(alarm);
            let answer = call.customize().interceptor(warrant.ticket()).send().await;
            answer.map(|a| Receipt::of(&a)).map_err(|e| SendError::of(ENABLE, &e))
        }
        Owed::Autoscaling { .. } | Owed::WayOut { .. } => Ok(Receipt::default()),
    }
}

async fn alarm_actions(clients: &Clients, alarm: &str) -> Result<Shown, Problem> {
    let call = clients.cloudwatch.describe_alarms().alarm_names(alarm);
    // Without the types CloudWatch answers with metric alarms only.
    let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
    let answer = call.send().await.map_err(|e| problem_of(ALARMS, &e))?;
    let metric = answer.metric_alarms().iter().map(|a| (a.alarm_name(), a.actions_enabled()));
    let composite = answer.composite_alarms().iter().map(|a| (a.alarm_name(), a.actions_enabled()));
    let found = metric.chain(composite).find(|(name, _)| *name == Some(alarm));
    Ok(match found {
        Some((_, Some(true))) => Shown::Right,
        Some(_) => Shown::Owed,
        None => Shown::Gone,
    })
}

async fn autoscaling(clients: &Clients, cluster: &str, service: &str) -> Result<Shown, Problem> {
    let call = clients.scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
    let call = call.resource_ids(format!("service/{cluster}/{service}")).scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    let answer = call.send().await.map_err(|e| problem_of(TARGETS, &e))?;
    let Some(target) = answer.scalable_targets().first() else { return Ok(Shown::Gone) };
    let is_off = |s: &SuspendedState| {
        [s.dynamic_scaling_in_suspended(), s.dynamic_scaling_out_suspended(), s.scheduled_scaling_suspended()].contains(&Some(true))
    };
    Ok(if target.suspended_state().is_some_and(is_off) { Shown::Owed } else { Shown::Right })
}

#[cfg(feature = "ec2")]
async fn way_out(clients: &Clients, table: &str, home: &str) -> Result<Shown, Problem> {
    const ROUTES: Op = Op::read("EC2", "DescribeRouteTables", "ec2:DescribeRouteTables").on(Scope::Any);
    let answer = clients.ec2.describe_route_tables().route_table_ids(table).send().await.map_err(|e| problem_of(ROUTES, &e))?;
    let Some(found) = answer.route_tables().first() else { return Ok(Shown::Gone) };
    let route = found.routes().iter().find(|r| r.destination_cidr_block() == Some("0.0.0.0/0"));
    Ok(if route.and_then(|r| r.nat_gateway_id()) == Some(home) { Shown::Right } else { Shown::Owed })
}

#[cfg(not(feature = "ec2"))]
fn way_out(_: &Clients, _: &str, _: &str) -> std::future::Ready<Result<Shown, Problem>> {
    // A build without the network cannot look: the reminder stays.
    std::future::ready(Ok(Shown::Owed))
}
