//! ECS service deployments (90 days of records, circuit breaker and rollback): every 30 s while one is in progress, else every 5 min.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types as sdk;
use futures_util::future::try_join_all;

use super::{Context, HALF_MINUTE, SLOW};
use crate::aws::convert::{text, text_opt, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use nextcore_core::model::section::Problem;
use nextcore_core::model::service::{ServiceDeployment, ServiceDeployments, Services};
use nextcore_core::model::store::Store;

const LIST: Op = Op::read("ECS", "ListServiceDeployments", "ecs:ListServiceDeployments").on(Scope::Cluster);
const DESCRIBE: Op = Op::read("ECS", "DescribeServiceDeployments", "ecs:DescribeServiceDeployments").on(Scope::Cluster);
/// Newest records kept of each service.
const PER_SERVICE: i32 = 6;
/// ECS describes no more in one call.
const PER_CALL: usize = 20;

pub(super) struct DeploymentsSource;

impl super::Source for DeploymentsSource {
    type Out = ServiceDeployments;
    const READS: &'static [Op] = &[LIST, DESCRIBE];

    fn every(store: &Store) -> Duration {
        let in_services = store.get::<Services>().is_some_and(|s| s.services.iter().any(|s| s.deploying().is_some()));
        let in_records = store.get::<ServiceDeployments>().is_some_and(|d| d.deployments.iter().any(|d| d.status.is_open()));
        if in_services || in_records { HALF_MINUTE } else { SLOW }
    }

    async fn poll(cx: Arc<Context>) -> Result<ServiceDeployments, Problem> {
        let ecs = &cx.clients.ecs;
        let calls = cx
            .stack
            .services
            .iter()
            .map(|s| ecs.list_service_deployments().cluster(&cx.stack.cluster).service(&s.name).max_results(PER_SERVICE).send());
        let lists = try_join_all(calls).await.map_err(|e| problem_of(LIST, &e))?;
        let arns: Vec<String> = lists
            .iter()
            .flat_map(aws_sdk_ecs::operation::list_service_deployments::ListServiceDeploymentsOutput::service_deployments)
            .filter_map(|d| d.service_deployment_arn())
            .map(ToOwned::to_owned)
            .collect();
        let calls =
            arns.chunks(PER_CALL).map(|chunk| ecs.describe_service_deployments().set_service_deployment_arns(Some(chunk.to_vec())).send());
        let described = try_join_all(calls).await.map_err(|e| problem_of(DESCRIBE, &e))?;
        let mut deployments: Vec<ServiceDeployment> = described
            .iter()
            .flat_map(aws_sdk_ecs::operation::describe_service_deployments::DescribeServiceDeploymentsOutput::service_deployments)
            .map(deployment)
            // Of a service that was made anew under the same name only what is its own.
            .filter(|d| cx.store.get::<Services>().and_then(|s| s.get(&d.service)).is_none_or(|s| s.is_own(d.created_at)))
            .collect();
        deployments.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.arn.cmp(&b.arn)));
        Ok(ServiceDeployments { deployments })
    }
}

fn deployment(d: &sdk::ServiceDeployment) -> ServiceDeployment {
    let breaker = d.deployment_circuit_breaker();
    ServiceDeployment {
        arn: text(d.service_deployment_arn()),
        service: text(d.service_arn().and_then(|a| a.rsplit('/').next())),
        status: text(d.status().map(sdk::ServiceDeploymentStatus::as_str)).into(),
        reason: text(d.status_reason()),
        created_at: time(d.created_at()),
        started_at: time(d.started_at()),
        finished_at: time(d.finished_at()),
        target_revision: text(d.target_service_revision().and_then(|r| r.arn())),
        breaker: breaker
            .map(|b| (text(b.status().map(sdk::ServiceDeploymentRollbackMonitorsStatus::as_str)).into(), b.failure_count(), b.threshold())),
        rollback_reason: text_opt(d.rollback().and_then(|r| r.reason())),
    }
}
