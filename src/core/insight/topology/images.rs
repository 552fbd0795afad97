//! Which images of which repository a service runs: tasks' image digests joined with ECR. Called by the ECR rules, the delivery flow and the
//! delivery pane.

use crate::model::delivery::{Repositories, Repository};
use crate::model::service::{Task, TaskDefinition, TaskDefinitions};
use crate::model::stack::ServiceRole;
use crate::model::store::Store;

use crate::insight::health::facts::Facts;

/// The first twelve characters of a digest, without `sha256:`.
pub(crate) fn short_digest(digest: &str) -> &str {
    let hex = digest.rsplit(':').next().unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

/// The repository whose images the services of a role run.
pub(crate) fn repository<'a>(facts: &Facts<'a>, role: &ServiceRole) -> Option<&'a Repository> {
    facts.store.get::<Repositories>()?.repositories.iter().find(|r| r.role == *role)
}

/// The digest of the repository's image that a task runs: by the task definition's image, else the only one that the task has.
pub(crate) fn digest_in<'a>(store: &Store, repository: &Repository, task: &'a Task) -> Option<&'a str> {
    let definition = store.get::<TaskDefinitions>().and_then(|d| d.definitions.get(&task.task_definition));
    digest(definition, repository, task)
}

fn digest<'a>(definition: Option<&TaskDefinition>, repository: &Repository, task: &'a Task) -> Option<&'a str> {
    let ours = |container: &str| match definition {
        Some(d) => d.images.iter().any(|(name, image)| name == container && image.starts_with(&repository.uri)),
        None => task.containers.len() == 1,
    };
    task.containers.iter().find(|c| ours(&c.name)).and_then(|c| c.image_digest.as_deref()).filter(|d| !d.is_empty())
}

/// The tasks of a service that run an image of the repository, with its digest.
pub(crate) fn digests<'a>(facts: &Facts<'a>, repository: &Repository, service: &str) -> Vec<(&'a str, &'a Task)> {
    let all = facts.store.get::<TaskDefinitions>();
    // Neighbours run the same definition: 10,000 look-ups would cost a frame.
    let mut last: (&str, Option<&TaskDefinition>) = ("", None);
    let mut found = Vec::new();
    for task in facts.tasks_of(service) {
        if last.0 != task.task_definition {
            last = (&task.task_definition, all.and_then(|d| d.definitions.get(&task.task_definition)));
        }
        found.extend(digest(last.1, repository, task).map(|digest| (digest, task)));
    }
    found
}
