//! The pane of ECR, CodeBuild and CodePipeline: its row, and the rows of its lists.

use crate::model::resource::{Kind, Registry, Resource};
use crate::model::section::Section;
use crate::model::service::TaskDefinitions;
use std::collections::{BTreeMap, BTreeSet};

use crate::insight::topology::images::digest_in;
use crate::model::delivery::{Build, Builds, Image, Pipeline, PipelineAction, PipelineExecution, PipelineStage, Repositories, Repository};
use crate::model::service::{TaskStatus, Tasks};
use crate::model::store::Store;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Delivery,
    place: None,
    needs: &[Repositories::KEY, Builds::KEY, Pipeline::KEY, TaskDefinitions::KEY],
    panels: &[
        list("Pipeline", |s, q| named(actions(&s.store, q.filter), |(stage, a)| format!("{} {}", stage.name, a.name))).is(action),
        list("Builds", |s, q| borrowed(builds(&s.store, q.filter), |b| &b.id)).is(build),
        list("Images", |s, q| named(images(s, q.filter), |r| format!("{}@{}", r.repository.uri, r.digest))).is(image),
        list("Executions", |s, q| borrowed(executions(&s.store, q.filter), |e| &e.id)).is(execution),
    ],
};

fn action(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = actions(&session.store, query.filter);
    let (stage, action) = all.get(index)?;
    let kind = Kind::PipelineAction { pipeline: session.stack.pipeline.clone(), stage: stage.name.clone() };
    Some(Resource::new(kind, &action.name))
}

fn build(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    builds(&session.store, query.filter).get(index).map(|b| Resource::new(Kind::Build { project: b.project.clone() }, &b.id))
}

/// An image is named by what it is pulled by.
fn image(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = images(session, query.filter);
    let ImageRow { repository, digest, .. } = all.get(index)?;
    let kind = Kind::Image { registry: Registry::of(&repository.uri), repository: repository.name.clone() };
    Some(Resource::new(kind, format!("{}@{digest}", repository.uri)))
}

fn execution(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let kind = Kind::PipelineExecution { pipeline: session.stack.pipeline.clone() };
    executions(&session.store, query.filter).get(index).map(|e| Resource::new(kind, &e.id))
}

/// Every action of the pipeline with its stage, in order.
pub(crate) fn actions<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a PipelineStage, &'a PipelineAction)> {
    let stages = store.get::<Pipeline>().map(|p| p.stages.as_slice()).unwrap_or_default();
    let all = stages.iter().flat_map(|s| s.actions.iter().map(move |a| (s, a)));
    all.filter(|(s, a)| filter.matches_fields(&[&s.name, &a.name, &a.provider, a.status.as_str(), &a.summary])).collect()
}

/// Builds of all projects, newest first.
pub(crate) fn builds<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Build> {
    let all = store.get::<Builds>().map(|b| b.builds.as_slice()).unwrap_or_default();
    all.iter().filter(|b| filter.matches_fields(&[&b.id, &b.project, b.status.as_str(), b.phase.as_str(), &b.version])).collect()
}

/// One image of a repository, or a digest that runs and is not in it.
#[derive(Debug, Clone)]
pub(crate) struct ImageRow<'a> {
    /// Where it is, or should be.
    pub repository: &'a Repository,
    /// `sha256:…`.
    pub digest: &'a str,
    /// What ECR says of it; `None` = it is not there.
    pub image: Option<&'a Image>,
    /// The services that run it, with how many tasks.
    pub runs: Vec<(&'a str, usize)>,
}

/// By digest: the services that run it, with how many tasks.
type Running<'a> = BTreeMap<&'a str, Vec<(&'a str, usize)>>;

/// The digests of a repository that tasks run.
fn running<'a>(session: &'a Session, repository: &Repository) -> Running<'a> {
    let services: BTreeSet<&str> = session.stack.services.iter().filter(|s| s.role == repository.role).map(|s| s.name.as_str()).collect();
    let tasks = session.store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let mut all = Running::new();
    for task in tasks.iter().filter(|t| t.status == TaskStatus::Running && services.contains(t.service.as_str())) {
        let Some(digest) = digest_in(&session.store, repository, task) else { continue };
        let users = all.entry(digest).or_default();
        match users.iter_mut().find(|(service, _)| *service == task.service) {
            Some((_, count)) => *count += 1,
            None => users.push((&task.service, 1)),
        }
    }
    all
}

/// Every known image with who runs it, by repository; before them the digests that run and are not in ECR.
pub(crate) fn images<'a>(session: &'a Session, filter: &Filter) -> Vec<ImageRow<'a>> {
    let all = session.store.get::<Repositories>().map(|r| r.repositories.as_slice()).unwrap_or_default();
    let mut rows = Vec::new();
    for repository in all {
        let mut running = running(session, repository);
        let known: Vec<ImageRow<'a>> = repository
            .images
            .iter()
            .map(|i| ImageRow {
                repository,
                digest: &i.digest,
                image: Some(i),
                runs: running.remove(i.digest.as_str()).unwrap_or_default(),
            })
            .collect();
        rows.extend(running.into_iter().map(|(digest, runs)| ImageRow { repository, digest, image: None, runs }));
        rows.extend(known);
    }
    rows.retain(|row| filter.is_empty() || shown(row, filter));
    rows
}

fn shown(row: &ImageRow<'_>, filter: &Filter) -> bool {
    let tags = row.image.map(|i| i.tags.join(" ")).unwrap_or_default();
    let services = row.runs.iter().map(|(s, _)| *s).collect::<Vec<_>>().join(" ");
    let status = row.image.map_or("missing", |i| i.scan_status.as_str());
    filter.matches_fields(&[&row.repository.name, row.digest, &tags, &services, status])
}

/// Executions of the pipeline, newest first.
pub(crate) fn executions<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a PipelineExecution> {
    let all = store.get::<Pipeline>().map(|p| p.executions.as_slice()).unwrap_or_default();
    all.iter().filter(|e| filter.matches_fields(&[&e.id, e.status.as_str(), &e.trigger, &e.revision])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Judgement;
    use crate::model::mode::Mode;
    use crate::model::service::{Container, Task};
    use crate::model::stack::{ServiceRole, Stack};
    use crate::session::{Msg, SessionOptions, update};
    use std::sync::Arc;

    #[test]
    fn images_say_who_runs_them_and_what_runs_without_an_image_comes_first() {
        let now = chrono::DateTime::from_timestamp(1000, 0).unwrap();
        let task = |service: &str, digest: &str| Task {
            service: service.into(),
            status: "RUNNING".into(),
            containers: vec![Container { image_digest: Some(digest.into()), ..Container::default() }],
            ..Task::default()
        };
        let mut store = Store::default();
        let tasks =
            vec![task("web", "sha256:new"), task("web", "sha256:new"), task("web", "sha256:lost"), task("celery-worker", "sha256:old")];
        store.put(Tasks { tasks }, now, std::time::Duration::from_secs(5));
        let image = |digest: &str| Image { digest: digest.into(), ..Image::default() };
        let repository = Repository {
            name: "nextcore/web".into(),
            role: ServiceRole::Web,
            exists: true,
            uri: String::new(),
            tag_mutability: String::new(),
            scan_frequency: String::new(),
            encryption: String::new(),
            image_count: 2,
            images: vec![image("sha256:new"), image("sha256:old")],
        };
        store.put(Repositories { repositories: vec![repository], replicates_to: Vec::new() }, now, std::time::Duration::from_secs(5));
        let mut session = Session::new(SessionOptions { stack: Stack::default(), mode: Mode::Safe, simulated: true, size: (80, 24), now });
        update(&mut session, Msg::Observed(Arc::new(store), Judgement::default()));
        let told: Vec<_> = images(&session, &Filter::default())
            .into_iter()
            .map(|r| (r.digest.to_owned(), r.image.is_some(), r.runs.iter().map(|(s, n)| format!("{s} {n}")).collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            told,
            [
                ("sha256:lost".to_owned(), false, vec!["web 1".to_owned()]),
                ("sha256:new".to_owned(), true, vec!["web 2".to_owned()]),
                ("sha256:old".to_owned(), true, vec![])
            ]
        );
    }
}
