//! ECS tasks of the cluster: those that should run (20 s), and those that stopped lately (30 s). One list and one describe each.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types as sdk;
use futures_util::future::try_join_all;

use super::{Context, HALF_MINUTE, MEDIUM, TWENTY};
use crate::aws::convert::{text, text_opt, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::section::Problem;
use nextcore_core::model::service::{Container, Services, StoppedTasks, Task, Tasks};
use nextcore_core::model::store::Store;

const LIST: Op = Op::read("ECS", "ListTasks", "ecs:ListTasks").on(Scope::InCluster);
const DESCRIBE: Op = Op::read("ECS", "DescribeTasks", "ecs:DescribeTasks").on(Scope::Cluster);
/// ECS describes no more in one call.
const TASKS_PER_CALL: usize = 100;

pub(super) struct RunningSource;

impl super::Source for RunningSource {
    type Out = Tasks;
    const READS: &'static [Op] = &[LIST, DESCRIBE];

    fn every(_: &Store) -> Duration {
        TWENTY
    }

    async fn poll(cx: Arc<Context>) -> Result<Tasks, Problem> {
        let arns = list(&cx, sdk::DesiredStatus::Running).await?;
        let mut tasks = describe(&cx, &arns).await?;
        tasks.sort_by(|a, b| (&a.service, &a.zone, &a.arn).cmp(&(&b.service, &b.zone, &b.arn)));
        Ok(Tasks { tasks })
    }
}

pub(super) struct StoppedSource;

impl super::Source for StoppedSource {
    type Out = StoppedTasks;
    const READS: &'static [Op] = &[LIST, DESCRIBE];
    /// They say why a service is not well.
    const UNWELL: Option<Duration> = Some(MEDIUM);

    fn every(_: &Store) -> Duration {
        HALF_MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<StoppedTasks, Problem> {
        let arns = list(&cx, sdk::DesiredStatus::Stopped).await?;
        // A task that has stopped does not change any more: only what is new, or still stopping, is asked for.
        let before = cx.store.get::<StoppedTasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
        let ended = |arn: &String| before.iter().find(|t| t.arn == *arn && t.stopped_at.is_some());
        let (known, unknown): (Vec<String>, Vec<String>) = arns.into_iter().partition(|arn| ended(arn).is_some());
        let mut tasks = describe(&cx, &unknown).await?;
        tasks.extend(known.iter().filter_map(ended).cloned());
        // Of a service that was made anew under the same name only what is its own.
        let services = cx.store.get::<Services>();
        tasks.retain(|t| services.and_then(|s| s.get(&t.service)).is_none_or(|s| s.is_own(t.created_at)));
        tasks.sort_by(|a, b| b.stopped_at.cmp(&a.stopped_at).then_with(|| a.arn.cmp(&b.arn)));
        Ok(StoppedTasks { tasks })
    }
}

async fn list(cx: &Context, desired: sdk::DesiredStatus) -> Result<Vec<String>, Problem> {
    let request = cx.clients.ecs.list_tasks().cluster(&cx.stack.cluster).desired_status(desired);
    page::all(LIST, |token| request.clone().set_next_token(token).send(), |out| (out.task_arns, out.next_token)).await
}

async fn describe(cx: &Context, arns: &[String]) -> Result<Vec<Task>, Problem> {
    let call = |chunk: &[String]| cx.clients.ecs.describe_tasks().cluster(&cx.stack.cluster).set_tasks(Some(chunk.to_vec())).send();
    let described = try_join_all(arns.chunks(TASKS_PER_CALL).map(call)).await.map_err(|e| problem_of(DESCRIBE, &e))?;
    let mut tasks = Vec::new();
    for out in described {
        tasks.extend(sent(DESCRIBE, "tasks", out.tasks)?.iter().map(task));
    }
    Ok(tasks)
}

fn task(t: &sdk::Task) -> Task {
    Task {
        arn: text(t.task_arn()),
        service: text(t.group().and_then(|g| g.strip_prefix("service:"))),
        status: text(t.last_status()).into(),
        desired_status: text(t.desired_status()).into(),
        health: text(t.health_status().map(sdk::HealthStatus::as_str)).into(),
        zone: text(t.availability_zone()),
        task_definition: text(t.task_definition_arn()),
        ip: private_ip(t),
        created_at: time(t.created_at()),
        started_at: time(t.started_at()),
        stopping_at: time(t.stopping_at()),
        stopped_at: time(t.stopped_at()),
        stop_code: t.stop_code().map(|code| code.as_str().into()),
        stopped_reason: text_opt(t.stopped_reason()),
        started_by: text_opt(t.started_by()),
        containers: t.containers().iter().map(container).collect(),
    }
}

fn container(c: &sdk::Container) -> Container {
    let agent = c.managed_agents().iter().find(|a| a.name() == Some(&sdk::ManagedAgentName::ExecuteCommandAgent));
    Container {
        name: text(c.name()),
        status: text(c.last_status()).into(),
        exit_code: c.exit_code(),
        reason: text_opt(c.reason()),
        health: text(c.health_status().map(sdk::HealthStatus::as_str)).into(),
        image_digest: text_opt(c.image_digest()),
        runtime_id: text_opt(c.runtime_id()),
        exec_agent: agent.and_then(|a| text_opt(a.last_status())).map(Into::into),
    }
}

/// The address that a target group knows the task by: of a container's interface, or of the task's attachment.
fn private_ip(t: &sdk::Task) -> Option<String> {
    let mut interfaces = t.containers().iter().flat_map(aws_sdk_ecs::types::Container::network_interfaces);
    let of_container = interfaces.find_map(|n| text_opt(n.private_ipv4_address()));
    of_container.or_else(|| {
        let details = t.attachments().iter().flat_map(aws_sdk_ecs::types::Attachment::details);
        details.filter(|d| d.name() == Some("privateIPv4Address")).find_map(|d| text_opt(d.value()))
    })
}
