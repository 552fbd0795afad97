//! The pane of ECR, CodeBuild and CodePipeline: its row, and the rows of its lists.

use crate::model::resource::{Kind, Registry, Resource};
use crate::model::section::Section;
use crate::model::service::TaskDefinitions;
use std::collections::{BTreeMap, BTreeSet};

use crate::insight::topology::images::digest_in;
use crate::model::delivery::{
    Build, BuildStatus, Builds, Image, Pipeline, PipelineAction, PipelineExecution, PipelineStage, PipelineStatus, Repositories,
    Repository, ScanStatus, Severity,
};
use crate::model::service::{TaskStatus, Tasks};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::Session;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Delivery,
    place: None,
    needs: &[Repositories::KEY, Builds::KEY, Pipeline::KEY, TaskDefinitions::KEY],
    panels: &[
        list("Pipeline", |s, q| named(actions(&s.store, q.list), |(stage, a)| format!("{} {}", stage.name, a.name)))
            .is(action)
            .columns(ACTIONS),
        list("Builds", |s, q| borrowed(builds(&s.store, q.list), |b| &b.id)).is(build).columns(BUILDS),
        list("Images", |s, q| named(images(s, q.list), |r| format!("{}@{}", r.repository.uri, r.digest))).is(image).columns(IMAGES),
        list("Executions", |s, q| borrowed(executions(&s.store, q.list), |e| &e.id)).is(execution).columns(EXECUTIONS),
    ],
};

/// Cells of the bar of a whole build.
pub(crate) const BAR: usize = 24;

pub(crate) const ACTIONS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("stage", 9, 0).by(SortKey::Text),
    Column::of("action", 12, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("provider", 12, 2).by(SortKey::Text),
    Column::left("status", 15, 0).by(SortKey::State),
    Column::right("since", 7, 0).by(SortKey::Time),
    Column::left("revision", 8, 3).by(SortKey::Text),
    Column::of("message", 20, 3, Fill::Left, 0).by(SortKey::Text),
];

pub(crate) const EXECUTIONS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("status", 11, 0).by(SortKey::State),
    Column::left("start (UTC)", 12, 1).by(SortKey::Time),
    Column::right("ago", 7, 0),
    Column::right("took", 7, 0).by(SortKey::Number),
    Column::left("trigger", 14, 2).by(SortKey::Text),
    Column::of("revision", 24, 3, Fill::Left, 0).by(SortKey::Text),
];

pub(crate) const BUILDS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("project", 8, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("status", 11, 0).by(SortKey::State),
    Column::left("phase", 16, 1).by(SortKey::Text),
    Column::right("took", 7, 0).by(SortKey::Number),
    Column::right("ago", 7, 0).by(SortKey::Time),
    Column::left("commit", 7, 0).by(SortKey::Text),
    Column::left("phases", BAR as u16, 2),
];

pub(crate) const IMAGES: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("image", 8, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::of("tags", 14, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("digest", 12, 2).by(SortKey::Text),
    Column::right("pushed", 7, 0).by(SortKey::Time),
    Column::right("size", 7, 4).by(SortKey::Number),
    Column::left("scan", 9, 3).by(SortKey::Text),
    Column::left("findings", 18, 1).by(SortKey::State),
    Column::of("running in", 18, 2, Fill::Left, 0).by(SortKey::Number),
];

fn action(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = actions(&session.store, query.list);
    let (stage, action) = all.get(index)?;
    let kind = Kind::PipelineAction { pipeline: session.stack.pipeline.clone(), stage: stage.name.clone() };
    Some(Resource::new(kind, &action.name))
}

fn build(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    builds(&session.store, query.list).get(index).map(|b| Resource::new(Kind::Build { project: b.project.clone() }, &b.id))
}

/// An image is named by what it is pulled by.
fn image(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = images(session, query.list);
    let ImageRow { repository, digest, .. } = all.get(index)?;
    let kind = Kind::Image { registry: Registry::of(&repository.uri), repository: repository.name.clone() };
    Some(Resource::new(kind, format!("{}@{digest}", repository.uri)))
}

fn execution(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let kind = Kind::PipelineExecution { pipeline: session.stack.pipeline.clone() };
    executions(&session.store, query.list).get(index).map(|e| Resource::new(kind, &e.id))
}

/// Every action of the pipeline with its stage, in order.
pub(crate) fn actions<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a PipelineStage, &'a PipelineAction)> {
    let stages = store.get::<Pipeline>().map(|p| p.stages.as_slice()).unwrap_or_default();
    let all = stages.iter().flat_map(|s| s.actions.iter().map(move |a| (s, a)));
    let shown = all.filter(|(s, a)| list.filter.matches_fields(&[&s.name, &a.name, &a.provider, a.status.as_str(), &a.summary]));
    list.sorted(shown.collect(), ACTIONS, |(stage, action), column| match column {
        "stage" => Value::text(&stage.name),
        "action" => Value::text(&action.name),
        "provider" => Value::text(&action.provider),
        "status" => Value::State(if action.awaits_approval { 2 } else { badness(&action.status) }),
        "since" => Value::time(action.changed_at),
        "revision" => Value::text(&action.revision),
        "message" => Value::text(action.says()),
        _ => Value::Unknown,
    })
}

/// How bad the state of an action or an execution is, for sorting.
fn badness(status: &PipelineStatus) -> u8 {
    match status {
        PipelineStatus::Succeeded => 0,
        PipelineStatus::Unstated | PipelineStatus::Superseded => 1,
        PipelineStatus::InProgress | PipelineStatus::Stopping => 2,
        _ => 3,
    }
}

/// Builds of all projects, newest first.
pub(crate) fn builds<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Build> {
    let all = store.get::<Builds>().map(|b| b.builds.as_slice()).unwrap_or_default();
    let shown = |b: &&Build| list.filter.matches_fields(&[&b.id, &b.project, b.status.as_str(), b.phase.as_str(), &b.version]);
    list.sorted(all.iter().filter(shown).collect(), BUILDS, |build, column| match column {
        "project" => Value::text(&build.project),
        "status" => Value::State(match build.status {
            BuildStatus::Succeeded => 0,
            BuildStatus::Stopped => 1,
            BuildStatus::InProgress => 2,
            _ => 3,
        }),
        "phase" => Value::text(build.failed_phase().map_or(&build.phase, |p| &p.kind).as_str()),
        "took" => Value::span(
            build.started_at,
            build.ended_at.or_else(|| store.at::<Builds>().filter(|_| build.status == BuildStatus::InProgress)),
        ),
        "ago" => Value::time(build.started_at),
        "commit" => Value::text(&build.version),
        _ => Value::Unknown,
    })
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
pub(crate) fn images<'a>(session: &'a Session, list: &ListState) -> Vec<ImageRow<'a>> {
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
    rows.retain(|row| list.filter.is_empty() || shown(row, list));
    list.sorted(rows, IMAGES, image_value)
}

fn image_value(row: &ImageRow<'_>, column: &str) -> Value {
    match (column, row.image) {
        ("image", _) => Value::text(&row.repository.name),
        ("digest", _) => Value::text(row.digest),
        ("running in", _) => Value::count(row.runs.iter().map(|(_, tasks)| tasks).sum()),
        ("tags", Some(image)) => Value::text(image.tags.join(" ")),
        ("pushed", Some(image)) => Value::time(image.pushed_at),
        ("size", Some(image)) => Value::Number(image.bytes as f64),
        ("scan", Some(image)) => Value::text(image.scan_status.as_str()),
        // What runs and is not in ECR is worse than any finding.
        ("findings", None) => Value::State(u8::MAX),
        ("findings", Some(image)) => match image.scan_status {
            ScanStatus::Complete | ScanStatus::Active => Value::State(findings(image)),
            _ if image.findings.is_empty() => Value::Unknown,
            _ => Value::State(findings(image)),
        },
        _ => Value::Unknown,
    }
}

/// The worst severity that was found, and within it how many.
fn findings(image: &Image) -> u8 {
    let worst = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].into_iter().zip([180_u8, 120, 60, 1]);
    let found = worst.map(|(severity, least)| (image.count(&severity), least)).find(|(n, _)| *n > 0);
    found.map_or(0, |(n, least)| least + u8::try_from(n.clamp(1, 59)).unwrap_or(59) - 1)
}

fn shown(row: &ImageRow<'_>, list: &ListState) -> bool {
    let tags = row.image.map(|i| i.tags.join(" ")).unwrap_or_default();
    let services = row.runs.iter().map(|(s, _)| *s).collect::<Vec<_>>().join(" ");
    let status = row.image.map_or("missing", |i| i.scan_status.as_str());
    list.filter.matches_fields(&[&row.repository.name, row.digest, &tags, &services, status])
}

/// Executions of the pipeline, newest first.
pub(crate) fn executions<'a>(store: &'a Store, list: &ListState) -> Vec<&'a PipelineExecution> {
    let all = store.get::<Pipeline>().map(|p| p.executions.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|e| list.filter.matches_fields(&[&e.id, e.status.as_str(), &e.trigger, &e.revision])).collect();
    list.sorted(rows, EXECUTIONS, |e, column| match column {
        "status" => Value::State(badness(&e.status)),
        "start (UTC)" => Value::time(e.started_at),
        "took" => Value::span(e.started_at, if e.status.is_open() { store.at::<Pipeline>() } else { e.updated_at }),
        "trigger" => Value::text(&e.trigger),
        "revision" => Value::text(&e.revision),
        _ => Value::Unknown,
    })
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
        let told: Vec<_> = images(&session, &ListState::default())
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
