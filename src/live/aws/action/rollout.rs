//! What the actions that begin a deployment share: whether its images can still be pulled, and how far the new deployment has come. It is
//! told from the old one by its id: a state from before the call never counts as the end.

use nextcore_core::model::action::params::{Deploys, Rollout};
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::delivery::{Image, Repositories, Repository};
use nextcore_core::model::plan::{Outcome, Run, Step, Verdict};
use nextcore_core::model::section::Section;
use nextcore_core::model::service::{Deployment, RolloutState, Service, TaskDefinition};

use super::service::{UPDATE, failed, find, healthy, should_show};
use super::{Draft, Facts, Receipt, SendError, Sender, Sight};

/// What our clock and that of AWS may differ by, in seconds: only where the answer with the new deployment's id was lost.
const SKEW: i64 = 30;

/// The task definition that runs now, or that is being rolled out.
pub(super) fn running_definition(service: &Service) -> &str {
    service.primary().map_or(service.task_definition.as_str(), |d| d.task_definition.as_str())
}

/// The part of a draft that every deployment has: what it rolls, and what it rests on.
pub(super) fn rolls(plan: Draft, service: &Service) -> Draft {
    let plan = match service.circuit_breaker {
        _ if !service.strategy.is_rolling() => {
            plan.check(Verdict::Pass, format!("{}: the new tasks get the requests only when they are healthy", service.strategy))
        }
        Some((true, true)) => plan.check(Verdict::Pass, "the circuit breaker rolls back if tasks fail to start"),
        Some((true, false)) => plan.check(Verdict::Warn, "the circuit breaker stops a failed deployment without a rollback"),
        Some((false, _)) => plan.check(Verdict::Warn, "no circuit breaker: a failing deployment retries until it is stopped"),
        None => plan.check(
            Verdict::Unknown,
            "unknown whether a circuit breaker is on: without one a failing deployment retries until it is stopped",
        ),
    };
    let (least, most) = (service.minimum_healthy.unwrap_or(100), service.maximum.unwrap_or(200));
    let expect = if least >= 100 {
        "nothing: old tasks stop once new ones are healthy"
    } else {
        "reduced capacity during the deployment: old tasks stop before new ones are healthy"
    };
    plan.reach(expect, format!("every task of this service is replaced ({least}-{most} % running meanwhile); the desired count stays"))
        .takes(120, 420, 1800)
}

/// The deployment that the new one is told from.
pub(super) fn before(service: &Service) -> Option<String> {
    service.primary().map(|d| d.id.clone()).filter(|id| !id.is_empty())
}

/// Whether the images of a task definition are still in their repositories.
pub(super) fn images(mut plan: Draft, facts: &Facts<'_>, definition: &TaskDefinition) -> Draft {
    for (container, image) in &definition.images {
        let (verdict, text) = match find_image(facts, image) {
            Found::Here(found) => (Verdict::Pass, format!("image {} is in ECR ({})", short(image), short_digest(&found.digest))),
            Found::Gone => (Verdict::Fail, format!("image {} of {container} is no longer in ECR: no task can start", short(image))),
            Found::Unknown => {
                let why = facts.why(Repositories::KEY);
                (Verdict::Unknown, format!("unknown whether image {} can still be pulled{why}", short(image)))
            }
        };
        plan = plan.check(verdict, text);
    }
    plan
}

/// What became of an image.
pub(super) enum Found<'a> {
    /// It is there.
    Here(&'a Image),
    /// It is not.
    Gone,
    /// Nobody can tell: another registry, or not every image is known.
    Unknown,
}

/// Looks an image reference up among the known repositories.
pub(super) fn find_image<'a>(facts: &Facts<'a>, image: &str) -> Found<'a> {
    let Some(repositories) = facts.store.get::<Repositories>() else { return Found::Unknown };
    let (name, wanted) = match image.split_once('@') {
        Some((name, digest)) => (name, Wanted::Digest(digest)),
        None => image.rsplit_once(':').map_or((image, Wanted::Tag("latest")), |(name, tag)| (name, Wanted::Tag(tag))),
    };
    // A digest may follow a tag: `web:1.4@sha256:…`.
    let bare = |uri: &str| name == uri || name.strip_prefix(uri).is_some_and(|rest| rest.starts_with(':'));
    let Some(repository) = repositories.repositories.iter().find(|r| r.exists && bare(&r.uri)) else { return Found::Unknown };
    let fits = |i: &&Image| match wanted {
        Wanted::Digest(digest) => i.digest == digest,
        Wanted::Tag(tag) => i.tags.iter().any(|t| t == tag),
    };
    // What images it has may not have been read, while the rest of it was.
    let read = facts.store.unread::<Repositories>(&repository.name, "images").is_none();
    match repository.images.iter().find(fits) {
        Some(image) => Found::Here(image),
        None if read && is_whole(repository) => Found::Gone,
        None => Found::Unknown,
    }
}

enum Wanted<'a> {
    Digest(&'a str),
    Tag(&'a str),
}

/// Whether every image of the repository is listed: of a long list only the newest are kept.
fn is_whole(repository: &Repository) -> bool {
    repository.images.len() >= repository.image_count
}

/// `nextcore/web:1.4.2` of an image reference.
pub(super) fn short(image: &str) -> &str {
    image.split_once('/').filter(|(host, _)| host.contains('.')).map_or(image, |(_, rest)| rest)
}

/// `sha256:9f8e7d6…`, short enough for a line.
pub(super) fn short_digest(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 12).collect()
}

/// Rolls out a definition, or the same one again. The desired count is never sent: autoscaling may have moved it.
pub(super) async fn update(sender: Sender, params: Rollout) -> Result<Receipt, SendError> {
    let call = sender.clients.ecs.update_service().cluster(&params.on.cluster).service(&params.on.service);
    let call = match &params.deploys {
        Deploys::Definition(name) => call.task_definition(name),
        Deploys::Same => call.force_new_deployment(true),
    };
    let answer = call.customize().interceptor(sender.warrant(&UPDATE)?).send().await.map_err(|e| SendError::of(UPDATE, &e))?;
    let mut deployments = answer.service().map(aws_sdk_ecs::types::Service::deployments).unwrap_or_default().iter();
    let primary = deployments.find(|d| d.status() == Some("PRIMARY")).and_then(|d| d.id());
    Ok(Receipt::of(&answer).made(primary.filter(|id| Some(*id) != params.before.as_deref())))
}

/// How far the deployment has come that the call began.
pub(super) fn sight(facts: &Facts<'_>, run: &Run, params: &Rollout) -> Sight {
    let name = &params.on.service;
    let Ok(service) = find(facts, name) else { return Sight::default() };
    let Some(ours) = ours(service, run, params) else { return unseen(facts, service, run, params) };
    let registered = format!("deployment {} to {} registered", ours.id, ours.revision());
    let mut steps = vec![Step::new(registered, true, true)];
    if let Some(why) = gone_wrong(service, ours) {
        steps.push(failed(why.clone()));
        return Sight { steps, applied: Some(true), end: Some((Outcome::Failed, why)) };
    }
    let completed = is_complete(service, ours);
    let all = ours.running >= ours.desired;
    steps.push(Step::new(format!("{} of {} new tasks running", ours.running, ours.desired), all, true));
    if ours.failed > 0 {
        steps.push(Step::new(format!("{} tasks failed to start{}", ours.failed, breaker(service)), completed, true));
    }
    if let Some(n) = healthy(facts, service) {
        let enough = n as i32 >= ours.desired;
        // Before the new tasks run, it is the old ones that are healthy.
        steps.push(Step::new(format!("{n} of {} targets healthy", ours.desired), completed || (all && enough), all));
    } else if !service.groups().is_empty() {
        steps.push(Step::new(format!("healthy targets unknown{}", facts.why(Targets::KEY)), false, false));
    }
    let old = service.deployments.iter().filter(|d| d.id != ours.id).map(|d| d.running).sum::<i32>();
    let rest = if old > 0 { format!("{old} old tasks still running") } else { "no old tasks running".to_owned() };
    steps.push(Step::new(rest, completed || old == 0, all));
    let done = || (Outcome::Done, format!("all {name} tasks run {} of {} ({} tasks)", ours.revision(), ours.id, ours.running));
    Sight { steps, applied: Some(true), end: completed.then(done) }
}

/// Where two target groups take turns ECS need not say a rollout state: then it is over when only this deployment is left.
fn is_complete(service: &Service, ours: &Deployment) -> bool {
    let left = || service.deployments.len() == 1 && ours.running >= ours.desired && ours.pending == 0;
    ours.rollout_state == RolloutState::Completed || (ours.rollout_state.is_empty() && !service.strategy.is_rolling() && left())
}

/// The deployment that the call began: by the id of the answer; without an answer, one that is new since then.
fn ours<'a>(service: &'a Service, run: &Run, params: &Rollout) -> Option<&'a Deployment> {
    if let Some(id) = &run.made {
        return service.deployments.iter().find(|d| d.id == *id);
    }
    let since = run.sent_at - chrono::TimeDelta::seconds(SKEW);
    let fits = |d: &Deployment| match &params.deploys {
        Deploys::Same => true,
        Deploys::Definition(name) => d.task_definition == *name || d.revision() == name,
    };
    let new = |d: &&Deployment| params.before.as_ref() != Some(&d.id) && d.created_at.is_some_and(|at| at >= since) && fits(d);
    service.deployments.iter().filter(new).max_by_key(|d| d.created_at)
}

/// The deployment is not listed: not yet, or not any more.
fn unseen(facts: &Facts<'_>, service: &Service, run: &Run, params: &Rollout) -> Sight {
    let steps = vec![Step::new("no new deployment registered yet", false, true)];
    let Some(id) = run.made.as_deref() else {
        // Nobody can say that it was refused either: the watch goes on until its limit.
        return Sight { steps, applied: Some(false), end: None };
    };
    let primary = service.primary();
    let now = primary.map_or("nothing", Deployment::revision);
    let told = failure_event(service, id);
    let text = match (&told, primary.is_some_and(|d| Some(&d.id) == params.before.as_ref())) {
        (Some(why), _) => format!("deployment {id} failed: {why}; {} is on {now}", service.name),
        (None, true) => format!("deployment {id} was rolled back: {} is on {now}", service.name),
        (None, false) => format!("deployment {id} was replaced by another, to {now}"),
    };
    // Right after the call a look may still be answered from before it.
    let end = (told.is_some() || should_show(facts, run)).then(|| (Outcome::Failed, text.clone()));
    let steps = if end.is_some() { vec![failed(text)] } else { steps };
    Sight { steps, applied: Some(true), end }
}

/// Why the deployment will not come to its end, if it will not.
fn gone_wrong(service: &Service, ours: &Deployment) -> Option<String> {
    let primary = service.primary();
    let back = primary.filter(|p| p.id != ours.id).map_or_else(String::new, |p| format!("; ECS rolls back to {}", p.revision()));
    if ours.rollout_state == RolloutState::Failed {
        let why = if ours.rollout_reason.is_empty() { "no reason given" } else { ours.rollout_reason.trim_end_matches('.') };
        let tasks = if ours.failed > 0 { format!(" ({} tasks failed to start)", ours.failed) } else { String::new() };
        return Some(format!("deployment {} failed: {why}{tasks}{back}", ours.id));
    }
    let other = primary.filter(|p| p.id != ours.id)?;
    Some(match failure_event(service, &ours.id) {
        Some(why) => format!("deployment {} failed: {why}{back}", ours.id),
        None => format!("deployment {} was replaced by {} to {}", ours.id, other.id, other.revision()),
    })
}

/// What ECS wrote when the deployment failed.
fn failure_event<'a>(service: &'a Service, id: &str) -> Option<&'a str> {
    let about = format!("(deployment {id})");
    let events = service.events.iter().map(|e| e.message.as_str());
    let mut after = events.filter_map(|m| m.split_once(&about)).map(|(_, rest)| rest.trim());
    after.find_map(|rest| rest.strip_prefix("deployment failed:")).map(|why| why.trim().trim_end_matches('.'))
}

fn breaker(service: &Service) -> &'static str {
    if service.circuit_breaker.is_some_and(|(on, _)| on) { "; the circuit breaker counts them" } else { "" }
}
