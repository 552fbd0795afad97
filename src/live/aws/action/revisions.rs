//! What was deployed before: the successful service deployments of a service and the task definitions that they brought, read for the
//! actions that go back (`rollback`, `stop-deployment`). Never guessed from revision numbers: the one before may be the one that failed.

use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionError;
use aws_sdk_ecs::types as sdk;
use serde::{Deserialize, Serialize};

use crate::aws::convert::{text, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::source::services::definition;
use nextcore_core::model::Time;
use nextcore_core::model::section::{Problem, ProblemKind, Section, SectionKey};
use nextcore_core::model::service::{DefinitionStatus, TaskDefinition};

use super::{Desk, because};

const LIST: Op = Op::read("ECS", "ListServiceDeployments", "ecs:ListServiceDeployments").on(Scope::Cluster);
const REVISIONS: Op = Op::read("ECS", "DescribeServiceRevisions", "ecs:DescribeServiceRevisions").on(Scope::Cluster);
const DEFINITION: Op = Op::read("ECS", "DescribeTaskDefinition", "ecs:DescribeTaskDefinition").on(Scope::Any);

/// The reads of going back.
pub(super) const READS: &[Op] = &[LIST, REVISIONS, DEFINITION];

/// Newest successful deployments that are looked at; ECS describes no more revisions in one call.
pub(super) const PAST: i32 = 20;

/// A deployment that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Past {
    /// The task definition that it brought.
    pub(super) definition: String,
    /// When it was asked for.
    pub(super) created_at: Option<Time>,
}

/// A task definition as it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Registered {
    /// `ACTIVE`, `INACTIVE`, ...
    pub(super) status: DefinitionStatus,
    /// What it is.
    pub(super) definition: TaskDefinition,
}

/// What a way back is chosen from. On the desk only: no source yields it, no pane reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Candidates {
    /// Newest first.
    pub(super) past: Known<Vec<Past>>,
    /// What runs now; none = there is no such task definition any more.
    pub(super) current: Known<Option<Registered>>,
    /// What is wanted; none = there is no such task definition.
    pub(super) wanted: Known<Option<Registered>>,
}

/// What was read, or why it could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Known<T> {
    Read(T),
    /// Not read, and why: the end of a sentence.
    Unread(String),
}

impl<T: Default> Default for Known<T> {
    fn default() -> Self {
        Self::Read(T::default())
    }
}

impl<T> Known<T> {
    /// Of an answer.
    pub(super) fn of(answer: Result<T, Problem>) -> Self {
        match answer {
            Ok(value) => Self::Read(value),
            Err(problem) => Self::Unread(because(&problem)),
        }
    }

    /// What was read.
    pub(super) fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unread(_) => None,
        }
    }
}

impl Section for Candidates {
    const KEY: SectionKey = SectionKey("action_rollback_candidates");
    const TITLE: &'static str = "earlier deployments";
    const OF: Option<nextcore_core::model::system::System> = None;
}

impl Candidates {
    /// The newest task definition that was deployed with success and is not this one.
    pub(super) fn before<'a>(&'a self, current: &str) -> Option<&'a str> {
        self.past.read()?.iter().map(|p| p.definition.as_str()).find(|d| *d != current)
    }
}

/// The successful deployments of a service, the newest first.
pub(super) async fn past(desk: &Desk, service: &str) -> Result<Vec<Past>, Problem> {
    let ecs = &desk.clients.ecs;
    let call = ecs.list_service_deployments().cluster(&desk.stack.cluster).service(service);
    let call = call.status(sdk::ServiceDeploymentStatus::Successful).max_results(PAST);
    let list = call.send().await.map_err(|e| problem_of(LIST, &e))?;
    let mut briefs: Vec<(Option<Time>, &str)> = list
        .service_deployments()
        .iter()
        .filter(|d| d.status() == Some(&sdk::ServiceDeploymentStatus::Successful))
        .filter_map(|d| Some((time(d.created_at()), d.target_service_revision_arn()?)))
        .collect();
    briefs.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut arns: Vec<String> = briefs.iter().map(|(_, arn)| (*arn).to_owned()).collect();
    arns.sort_unstable();
    arns.dedup();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let out = ecs.describe_service_revisions().set_service_revision_arns(Some(arns)).send().await;
    let out = out.map_err(|e| problem_of(REVISIONS, &e))?;
    let of = |arn: &str| {
        let revision = out.service_revisions().iter().find(|r| r.service_revision_arn() == Some(arn))?;
        Some(text(revision.task_definition())).filter(|d| !d.is_empty())
    };
    Ok(briefs.iter().filter_map(|(at, arn)| Some(Past { definition: of(arn)?, created_at: *at })).collect())
}

/// A task definition by ARN or `family:revision`; `None` if there is none of that name.
pub(super) async fn registered(desk: &Desk, name: &str) -> Result<Option<Registered>, Problem> {
    match desk.clients.ecs.describe_task_definition().task_definition(name).send().await {
        Ok(out) => Ok(out
            .task_definition()
            .map(|d| Registered { status: text(d.status().map(sdk::TaskDefinitionStatus::as_str)).into(), definition: definition(d) })),
        Err(e) => {
            let problem = problem_of(DEFINITION, &e);
            // ECS says ClientException for a name that it does not know.
            let unknown = e.as_service_error().is_some_and(DescribeTaskDefinitionError::is_client_exception);
            if unknown && matches!(problem.kind, ProblemKind::Service | ProblemKind::NotFound) { Ok(None) } else { Err(problem) }
        }
    }
}

/// Puts what was read where the draft finds it.
pub(super) fn put(desk: &mut Desk, candidates: Candidates) {
    let now = desk.now;
    desk.store.put(candidates, now, std::time::Duration::from_secs(5));
}
