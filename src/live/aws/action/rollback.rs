//! Roll a service back to an earlier task definition: the newest one that was deployed with success and is not what runs now, or a chosen
//! one. The plan says what differs.

use std::collections::BTreeSet;

use crate::aws::op::Op;
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params::{Deploys, Rollout};
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::delivery::Repositories;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::network::Network;
use nextcore_core::model::plan::{Refusal, Run, Verdict};
use nextcore_core::model::section::{Problem, Section, SectionKey};
use nextcore_core::model::service::{
    DefinitionStatus, Service, ServiceDeploymentStatus, ServiceDeployments, Services, TaskDefinition, short_revision,
};

use super::revisions::{self, Candidates, Known, PAST, past, put, registered};
use super::rollout::{self, before, images, rolls, running_definition, short};
use super::service::{UPDATE, addresses, by_ecs, draft, find, not_deploying, on, update_cli};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const LAST: &str = "last-successful";

pub(super) struct Rollback;

impl Action for Rollback {
    type Params = Rollout;
    const NAME: &'static str = "rollback";
    const WRITES: &'static [Op] = &[UPDATE];
    const READS: &'static [Op] = revisions::READS;
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Services::KEY];
    const WATCHES: &'static [SectionKey] = &[Services::KEY];
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];

    async fn gather(desk: &mut Desk, request: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        let service = find(&desk.facts(), &request.target)?.clone();
        by_ecs(&service)?;
        let current = running_definition(&service);
        let past = past(desk, &service.name).await;
        if request.arg("to").is_none_or(|to| to == LAST) {
            // What it goes back to is read there: without it nothing can be sent.
            past.as_ref().map_err(choose)?;
        }
        let mut found = Candidates { past: Known::of(past), ..Candidates::default() };
        let wanted = wanted(&service, request, &found)?;
        found.current = Known::of(registered(desk, current).await);
        found.wanted = Known::of(registered(desk, &wanted).await);
        put(desk, found);
        for key in [Network::KEY, Repositories::KEY, ServiceDeployments::KEY] {
            desk.glance(key).await;
        }
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, Rollout), Refusal> {
        let service = find(facts, &request.target)?;
        by_ecs(service)?;
        let found = facts.need::<Candidates>()?;
        let current = running_definition(service);
        let name = wanted(service, request, found)?;
        let missing = || {
            let what = format!("no task definition {}", short_revision(&name));
            Refusal::Check(format!("{what}\n  next: rollback {} --to {LAST}, or one of {}", service.name, known(found)))
        };
        let target = match &found.wanted {
            Known::Read(None) => return Err(missing()),
            Known::Read(Some(wanted)) => wanted.definition.arn.clone(),
            Known::Unread(_) => name,
        };
        let (from, to) = (short_revision(current), short_revision(&target));
        let mut plan = deployed(not_undone(not_deploying(draft(service), service), facts, service, from), found, &target);
        plan = match &found.wanted {
            Known::Read(Some(wanted)) => images(
                plan.must(
                    wanted.status == DefinitionStatus::Active,
                    format!("{to} is ACTIVE"),
                    format!("{to} is {}: ECS cannot deploy it", wanted.status),
                ),
                facts,
                &wanted.definition,
            ),
            Known::Unread(why) => plan.check(Verdict::Unknown, format!("task definition {to} unknown{why}")),
            Known::Read(None) => plan,
        };
        plan = rolls(plan, service).check(Verdict::Warn, "database migrations are not undone: is the older code compatible?").change(
            "task definition",
            from,
            to,
        );
        plan = match (found.current.read(), found.wanted.read()) {
            (Some(Some(current)), Some(Some(wanted))) => differences(plan, &current.definition, &wanted.definition),
            _ => plan.note(format!("could not read {from} or {to}: differences unknown")),
        };
        let extra = service.desired * (service.maximum.unwrap_or(200) - 100).max(0) / 100;
        let (words, undo) = back(service, from, found);
        let deploys = Deploys::Definition(target.clone());
        let params = Rollout { on: on(facts, service), deploys, before: before(service) };
        let plan = addresses(plan, facts, service, extra)
            .call(&UPDATE, format!("{} --task-definition {to}", update_cli(facts, &service.name)))
            .undo(words, undo)
            .rests("current", current);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: Rollout) -> Result<Receipt, SendError> {
        rollout::update(sender, params).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &Rollout) -> Sight {
        rollout::sight(facts, run, params)
    }
}

/// Why there is no plan without a revision: the earlier deployments cannot be read.
fn choose(problem: &Problem) -> Refusal {
    match unread(problem) {
        Refusal::CannotTell(text) => Refusal::CannotTell(format!("{text}; or set the revision with --to")),
        other => other,
    }
}

/// Whether ECS has gone back by itself already: then what runs is the earlier revision.
fn not_undone(plan: Draft, facts: &Facts<'_>, service: &Service, from: &str) -> Draft {
    let Some(all) = facts.store.get::<ServiceDeployments>().map(|d| &d.deployments) else {
        let why = facts.why(ServiceDeployments::KEY);
        return plan.check(Verdict::Unknown, format!("unknown whether ECS has rolled the last deployment back{why}"));
    };
    let newest = all.iter().filter(|d| d.service == service.name).max_by_key(|d| d.created_at);
    match newest.filter(|d| d.status == ServiceDeploymentStatus::RollbackSuccessful) {
        Some(undone) => {
            let at = undone.finished_at.map_or_else(String::new, |at| format!(" at {}", at.format("%H:%M UTC")));
            plan.check(
                Verdict::Warn,
                format!("ECS has rolled the last deployment back{at}: {from} is the revision before it, this goes one further"),
            )
        }
        None => plan,
    }
}

/// Whether what is gone back to was ever deployed with success.
fn deployed(plan: Draft, found: &Candidates, target: &str) -> Draft {
    let to = short_revision(target);
    let past = match &found.past {
        Known::Read(past) => past,
        Known::Unread(why) => {
            return plan.check(Verdict::Unknown, format!("unknown whether {to} was ever deployed successfully{why}"));
        }
    };
    match past.iter().find(|p| p.definition == target || short_revision(&p.definition) == to).map(|p| p.created_at) {
        Some(Some(at)) => plan.check(Verdict::Pass, format!("{to} was deployed successfully on {}", at.format("%Y-%m-%d %H:%M UTC"))),
        Some(None) => plan.check(Verdict::Pass, format!("{to} was deployed successfully")),
        None => plan.check(Verdict::Warn, format!("{to} is not in the last {PAST} successful deployments")),
    }
}

/// The way forward again, where what runs now can still be deployed.
fn back(service: &Service, from: &str, found: &Candidates) -> (String, Option<Request>) {
    let gone = match found.current.read() {
        Some(Some(current)) => (current.status != DefinitionStatus::Active).then_some(current.status.as_str()),
        Some(None) => Some("deleted"),
        None => None,
    };
    if let Some(state) = gone {
        return (format!("none: {from} is {state}, ECS cannot deploy it again"), None);
    }
    let back = Request::new(Rollback::NAME, &service.name).with("to", from);
    (back.to_string(), Some(back))
}

/// The name of the task definition that is asked for: an ARN, or `family:revision`.
fn wanted(service: &Service, request: &Request, found: &Candidates) -> Result<String, Refusal> {
    let current = running_definition(service);
    let family = short_revision(current).rsplit_once(':').map_or("", |(family, _)| family);
    let asked = request.arg("to").unwrap_or(LAST);
    if asked == LAST {
        let none = || {
            let what = format!("{} has no successful deployment of another task definition to roll back to", service.name);
            Refusal::Check(format!("{what}\n  next: choose one with --to, such as --to {family}:1"))
        };
        return found.before(current).map(ToOwned::to_owned).ok_or_else(none);
    }
    let (of, revision) = short_revision(asked).rsplit_once(':').unwrap_or((family, asked));
    let number = revision.parse::<u32>().ok().filter(|n| *n > 0);
    let usage = || Refusal::Usage(format!("to '{asked}': {LAST}, or a revision such as 57 or {family}:57"));
    let number = number.ok_or_else(usage)?;
    // People call a family by its service: `web:57`.
    if of != family && of != service.name {
        return Err(Refusal::Usage(format!("to '{asked}': {} runs {family}, not {of}", service.name)));
    }
    let name = format!("{family}:{number}");
    if name == short_revision(current) {
        return Err(Refusal::Check(format!(
            "{} already runs {name}: nothing to do\n  next: redeploy {} replaces its tasks",
            service.name, service.name
        )));
    }
    Ok(name)
}

/// The revisions that can be gone back to, in words.
fn known(found: &Candidates) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in found.past.read().into_iter().flatten().map(|p| short_revision(&p.definition)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { "those that were registered".to_owned() } else { names.join(", ") }
}

/// What differs between what runs and what will. Names only: values may be secrets.
fn differences(mut plan: Draft, old: &TaskDefinition, new: &TaskDefinition) -> Draft {
    let count = plan.notes.len();
    for (container, image) in &new.images {
        match old.images.iter().find(|(name, _)| name == container) {
            Some((_, before)) if before != image => plan = plan.note(format!("image of {container}: {} → {}", short(before), short(image))),
            Some(_) => {}
            None => plan = plan.note(format!("container {container} added: {}", short(image))),
        }
    }
    for (container, _) in old.images.iter().filter(|(name, _)| !new.images.iter().any(|(n, _)| n == name)) {
        plan = plan.note(format!("container {container} removed"));
    }
    for (what, before, after) in [("CPU units", &old.cpu, &new.cpu), ("memory, MiB", &old.memory, &new.memory)] {
        if before != after {
            plan = plan.note(format!("{what}: {before} → {after}"));
        }
    }
    let environment = |d: &TaskDefinition| d.environment.iter().cloned().collect::<BTreeSet<String>>();
    let secrets = |d: &TaskDefinition| d.secrets.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<String>>();
    for (what, before, after) in [("environment", environment(old), environment(new)), ("secrets", secrets(old), secrets(new))] {
        for (word, names) in [("added", after.difference(&before)), ("removed", before.difference(&after))] {
            let names: Vec<&str> = names.map(String::as_str).collect();
            if !names.is_empty() {
                plan = plan.note(format!("{what} {word}: {}", names.join(", ")));
            }
        }
    }
    if plan.notes.len() == count {
        plan = plan.note("image, CPU, memory and the names of environment and secrets are the same");
    }
    plan
}

#[cfg(test)]
#[path = "tests/rollback.rs"]
mod tests;
