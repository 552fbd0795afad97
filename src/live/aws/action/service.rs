//! What the actions on ECS services share: finding the service, its command lines, its checks, and how far it has come to a steady state.

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::names::no_service;
use nextcore_core::model::action::params::OnService;
use nextcore_core::model::balancer::{Routing, Targets};
use nextcore_core::model::network::Network;
use nextcore_core::model::plan::{Refusal, Run, Step, StepState, Verdict};
use nextcore_core::model::scaling::{ScalableTarget, Scaling};
use nextcore_core::model::section::Section;
use nextcore_core::model::service::{Controller, Service, ServiceStatus, Services};

use super::{Draft, Facts};

pub(super) const UPDATE: Op = Op::write("ECS", "UpdateService", "ecs:UpdateService").on(Scope::Cluster);

/// Seconds after which a change that AWS accepted must be visible.
const VISIBLE: i64 = 30;

/// The service of this name.
pub(super) fn find<'a>(facts: &Facts<'a>, name: &str) -> Result<&'a Service, Refusal> {
    let services = facts.need::<Services>()?;
    services.get(name).ok_or_else(|| Refusal::Check(no_service(name, facts.stack)))
}

/// Its scalable target, if autoscaling knows it.
pub(super) fn scalable<'a>(facts: &Facts<'a>, name: &str) -> Option<&'a ScalableTarget> {
    facts.store.get::<Scaling>()?.get(name)
}

/// The service, as calls name it.
pub(super) fn on(facts: &Facts<'_>, service: &Service) -> OnService {
    OnService { cluster: facts.stack.cluster.clone(), service: service.name.clone() }
}

/// A draft about a service.
pub(super) fn draft(service: &Service) -> Draft {
    let revision = nextcore_core::model::service::short_revision(&service.task_definition);
    Draft::of("ECS service", &service.name, &service.arn)
        .detail(format!("{}/{} running  {revision}", service.running, service.desired))
        .must(service.status == ServiceStatus::Active, "service ACTIVE", format!("the service is {}", service.status))
}

/// A running deployment forbids: it can be stopped, or waited for.
pub(super) fn not_deploying(mut draft: Draft, service: &Service) -> Draft {
    let Some(d) = service.deploying() else { return draft.check(Verdict::Pass, "no deployment in progress") };
    draft.instead = Some(Request::new("stop-deployment", &service.name));
    let text =
        format!("a deployment to {} is in progress ({}/{}): use stop-deployment {}", d.revision(), d.running, d.desired, service.name);
    draft.check(Verdict::Fail, text)
}

/// `aws ecs update-service --cluster C --service S`.
pub(super) fn update_cli(facts: &Facts<'_>, name: &str) -> String {
    format!("aws ecs update-service --cluster {} --service {name}", facts.stack.cluster)
}

/// Healthy targets of the target groups that take the service's requests, the worst of them; `None` where it is behind none, or they are not
/// known.
pub(super) fn healthy(facts: &Facts<'_>, service: &Service) -> Option<usize> {
    let targets = facts.store.get::<Targets>()?;
    let serving = service.serving(facts.store.get::<Routing>())?;
    serving.into_iter().filter_map(|g| targets.healthy(g)).map(|(healthy, _)| healthy).min()
}

/// Only what ECS itself deploys can be rolled, rolled back or stopped by it: for the rest AWS refuses all but the desired count.
pub(super) fn by_ecs(service: &Service) -> Result<(), Refusal> {
    let (name, controller) = (&service.name, &service.controller);
    let newest = service.task_sets.iter().map(|s| s.external_id.as_str()).find(|id| id.starts_with("d-"));
    let (who, next) = match controller {
        Controller::Ecs | Controller::Unstated => return Ok(()),
        Controller::CodeDeploy => {
            let stop = newest.map_or_else(String::new, |id| {
                format!("; to go back: aws deploy stop-deployment --deployment-id {id} --auto-rollback-enabled")
            });
            ("CodeDeploy".to_owned(), format!("deploy in CodeDeploy: aws deploy create-deployment{stop}"))
        }
        Controller::External => ("an external controller".to_owned(), "deploy with the tool that makes its task sets".to_owned()),
        other @ Controller::Other(_) => (other.to_string(), "deploy there".to_owned()),
    };
    let what = format!("{name} is deployed by {who} (deployment controller {controller}): ECS itself can neither roll it nor roll it back");
    Err(Refusal::Check(format!("{what}\n  next: {next}")))
}

/// Whether the subnets have addresses for so many more tasks: a Fargate task needs one each.
pub(super) fn addresses(draft: Draft, facts: &Facts<'_>, service: &Service, more: i32) -> Draft {
    let Some(network) = facts.store.get::<Network>() else {
        return draft.unknown(facts, Network::KEY, "free addresses of the subnets unknown");
    };
    let free: Vec<i32> = service.subnets.iter().filter_map(|id| network.subnet(id)).map(|s| s.free_addresses).collect();
    if free.is_empty() {
        return draft.check(Verdict::Unknown, "free addresses of the subnets unknown");
    }
    let all: i32 = free.iter().sum();
    draft.must(
        all >= more,
        format!("{all} free addresses in its subnets"),
        format!("only {all} free addresses in its subnets, {more} are needed"),
    )
}

/// Healthy now, for what replaces tasks.
pub(super) fn all_healthy(draft: Draft, facts: &Facts<'_>, service: &Service) -> Draft {
    let running = service.running >= service.desired;
    let text = format!("{}/{} tasks running", service.running, service.desired);
    let draft = draft.should(running, text.clone(), format!("only {text}"));
    match healthy(facts, service) {
        Some(n) => draft.should(
            n as i32 >= service.desired,
            format!("{n} healthy targets"),
            format!("only {n} healthy targets of {}", service.desired),
        ),
        None => targets_unknown(draft, facts, service),
    }
}

/// Says that the targets of a service are not known, where it has any.
pub(super) fn targets_unknown(draft: Draft, facts: &Facts<'_>, service: &Service) -> Draft {
    if service.groups().is_empty() {
        return draft;
    }
    draft.unknown(facts, Targets::KEY, &format!("healthy targets of {} unknown", service.name))
}

/// The steps to so many running, healthy tasks; the last member says that all of it is seen.
pub(super) fn settling(facts: &Facts<'_>, service: &Service, wanted: i32) -> (Vec<Step>, bool) {
    let running = service.running == wanted && service.pending == 0;
    let mut steps = vec![Step::new(format!("{} of {wanted} tasks running, {} pending", service.running, service.pending), running, true)];
    let mut settled = running;
    if let Some(n) = healthy(facts, service) {
        let enough = n as i32 >= wanted;
        steps.push(Step::new(format!("{n} of {wanted} targets healthy"), enough, running));
        settled &= enough;
    } else if !service.groups().is_empty() {
        steps.push(Step::new(format!("healthy targets unknown{}", facts.why(Targets::KEY)), false, false));
    }
    (steps, settled)
}

/// Whether AWS has had the time to show what it accepted.
pub(super) fn should_show(facts: &Facts<'_>, run: &Run) -> bool {
    (facts.now - run.sent_at).num_seconds() >= VISIBLE
}

/// A step that has failed.
pub(super) fn failed(text: impl Into<String>) -> Step {
    Step { text: text.into(), state: StepState::Failed }
}

#[cfg(test)]
#[path = "tests/ecs.rs"]
pub(super) mod fixture;
