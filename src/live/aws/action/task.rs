//! What the actions on ECS tasks share: finding a task by the beginning of its id, and a draft about it.

use nextcore_core::model::balancer::{TargetState, Targets};
use nextcore_core::model::plan::Refusal;
use nextcore_core::model::service::{Service, Services, Task, Tasks};

use super::{Draft, Facts};

/// Characters of an id that people read.
const SHORT: usize = 8;

/// The first characters of a task's id.
pub(super) fn short_id(id: &str) -> String {
    id.chars().take(SHORT).collect()
}

/// The one running task whose id is this or begins with this; an ARN is as good.
pub(super) fn find<'a>(facts: &Facts<'a>, target: &str) -> Result<&'a Task, Refusal> {
    let tasks = &facts.need::<Tasks>()?.tasks;
    let id = target.rsplit('/').next().unwrap_or(target);
    if let Some(task) = tasks.iter().find(|t| t.id() == id) {
        return Ok(task);
    }
    let found: Vec<&Task> = tasks.iter().filter(|t| !id.is_empty() && t.id().starts_with(id)).collect();
    match found.as_slice() {
        [task] => Ok(task),
        [] => {
            let what = format!("no running task in cluster {} with an id starting with '{id}'", facts.stack.cluster);
            Err(Refusal::Check(format!("{what}: it may have stopped\n  next: check the tasks of its service")))
        }
        several => {
            let names: Vec<String> = several.iter().map(|t| format!("{} of {}", t.id(), t.service)).collect();
            let what = format!("'{id}' matches {} tasks: {}", several.len(), names.join(", "));
            Err(Refusal::Usage(format!("{what}\n  next: use more of the id")))
        }
    }
}

/// The service that a task belongs to, if it does and is watched.
pub(super) fn service<'a>(facts: &Facts<'a>, task: &Task) -> Option<&'a Service> {
    facts.store.get::<Services>()?.get(&task.service)
}

/// A draft about a task.
pub(super) fn draft(task: &Task) -> Draft {
    let of = if task.service.is_empty() { "no service" } else { &task.service };
    let mut draft = Draft::of("ECS task", task.id(), &task.arn).detail(format!(
        "{} of {of}  {}  {}",
        task.status,
        nextcore_core::model::service::short_revision(&task.task_definition),
        task.zone
    ));
    draft.object = Some(format!("{} of {of}", short_id(task.id())));
    draft.rests("service", &task.service)
}

/// Whether the task's target is healthy; `None` where it has none, or targets are not known.
pub(super) fn in_service(facts: &Facts<'_>, service: &Service, task: &Task) -> Option<bool> {
    let targets = facts.store.get::<Targets>()?;
    let ip = task.ip.as_deref()?;
    let all = service.groups().into_iter().filter_map(|g| targets.groups.get(g)).flatten();
    all.filter(|t| t.id == ip).map(|t| t.state == TargetState::Healthy).reduce(|a, b| a && b)
}
