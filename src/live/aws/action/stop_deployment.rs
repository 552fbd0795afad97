//! Stop a running deployment and roll it back (`StopServiceDeployment`, stop type ROLLBACK: AWS documents no other). It works on the record
//! of the deployment, not on the service, and also where there is no circuit breaker.

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params;
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step, Verdict};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{ServiceDeployment, ServiceDeploymentStatus, ServiceDeployments, Services, short_revision};

use super::revisions::{self, Candidates, Known, past, put};
use super::rollout::running_definition;
use super::service::{by_ecs, draft, failed, find, healthy, should_show};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const STOP: Op = Op::write("ECS", "StopServiceDeployment", "ecs:StopServiceDeployment").on(Scope::Cluster);

pub(super) struct StopDeployment;

impl Action for StopDeployment {
    type Params = params::StopDeployment;
    const NAME: &'static str = "stop-deployment";
    const WRITES: &'static [Op] = &[STOP];
    const READS: &'static [Op] = revisions::READS;
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Services::KEY, ServiceDeployments::KEY];
    const WATCHES: &'static [SectionKey] = &[Services::KEY, ServiceDeployments::KEY];
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];

    async fn gather(desk: &mut Desk, request: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        let name = find(&desk.facts(), &request.target)?.name.clone();
        let found = Candidates { past: Known::of(past(desk, &name).await), ..Candidates::default() };
        put(desk, found);
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::StopDeployment), Refusal> {
        let service = find(facts, &request.target)?;
        by_ecs(service)?;
        let name = &service.name;
        let record = open(facts, name)?;
        if record.status.is_going_back() {
            let text = format!("the deployment of {name} is already rolling back ({}): nothing to do", record.status);
            return Err(Refusal::Check(text));
        }
        let now = running_definition(service);
        // After a redeploy the way back leads to the same task definition.
        let past = &facts.need::<Candidates>()?.past;
        let before = past.read().and_then(|p| p.first()).map(|p| p.definition.as_str());
        let mut plan = draft(service);
        plan = plan.must(
            record.status != ServiceDeploymentStatus::StopRequested,
            "the deployment can be stopped",
            "the deployment is stopping without a rollback: roll back the service afterwards",
        );
        plan = match (past, before) {
            (Known::Unread(why), _) => plan
                .check(Verdict::Unknown, format!("unknown which task definition it rolls back to{why}"))
                .undo(format!("deploy again: rollback {name} --to {}", short_revision(now)), None),
            (_, Some(before)) => plan
                .check(Verdict::Pass, format!("an earlier deployment succeeded: {}", short_revision(before)))
                .change("task definition", short_revision(now), short_revision(before))
                .undo(format!("deploy again: {}", again(name, now, before)), Some(again(name, now, before))),
            (_, None) => plan
                .check(Verdict::Fail, "no earlier deployment of this service succeeded: nothing to roll back to")
                .undo("deploy again", None),
        };
        if service.circuit_breaker.is_some_and(|(on, _)| !on) {
            plan = plan.note("the service has no circuit breaker: this works without one");
        }
        plan.permission_on = vec![record.arn.clone()];
        let back = before.map(ToOwned::to_owned);
        let params = params::StopDeployment { service: name.clone(), deployment: record.arn.clone(), back };
        let plan = plan
            .change("deployment", "running", "rolled back")
            .call(&STOP, format!("aws ecs stop-service-deployment --service-deployment-arn {} --stop-type ROLLBACK", record.arn))
            .reach(
                "nothing, as long as enough old tasks are running",
                "this service only: its new tasks stop, the old revision is restored",
            )
            .takes(60, 300, 1800);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::StopDeployment) -> Result<Receipt, SendError> {
        use aws_sdk_ecs::types::StopServiceDeploymentStopType::Rollback;
        let call = sender.clients.ecs.stop_service_deployment().service_deployment_arn(&params.deployment).stop_type(Rollback);
        let answer = call.customize().interceptor(sender.warrant(&STOP)?).send().await.map_err(|e| SendError::of(STOP, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &params::StopDeployment) -> Sight {
        let known = facts.store.get::<ServiceDeployments>().map(|d| d.deployments.as_slice()).unwrap_or_default();
        let Some(record) = known.iter().find(|d| d.arn == params.deployment) else { return Sight::default() };
        let (status, name) = (&record.status, &params.service);
        let applied = status.is_rollback();
        let mut steps = vec![Step::new(format!("deployment is {status}"), applied, true)];
        let why = if record.reason.is_empty() { String::new() } else { format!(": {}", record.reason.trim_end_matches('.')) };
        let end = match status {
            ServiceDeploymentStatus::RollbackSuccessful => Some((Outcome::Done, back_on(facts, params))),
            ServiceDeploymentStatus::RollbackFailed => Some((Outcome::Failed, format!("the rollback of {name} failed{why}"))),
            ServiceDeploymentStatus::Successful => {
                Some((Outcome::Failed, format!("the deployment of {name} succeeded before it could be stopped")))
            }
            ServiceDeploymentStatus::Stopped => {
                Some((Outcome::Failed, format!("the deployment of {name} was stopped without a rollback{why}")))
            }
            _ => None,
        };
        if let Some((Outcome::Failed, text)) = &end {
            steps.push(failed(text.clone()));
            return Sight { steps, applied: Some(applied), end };
        }
        if !applied && should_show(facts, run) {
            steps.push(Step::new("rollback not started yet", false, false));
        }
        steps.extend(coming_back(facts, name, applied, end.is_some()));
        Sight { steps, applied: Some(applied), end }
    }
}

/// What it runs again: what the plan said, or what ECS shows now.
fn back_on(facts: &Facts<'_>, params: &params::StopDeployment) -> String {
    let name = &params.service;
    let shown = || find(facts, name).ok().map(running_definition);
    match params.back.as_deref().or_else(shown) {
        Some(definition) => format!("{name} is back on {}", short_revision(definition)),
        None => format!("{name} is back on its earlier task definition"),
    }
}

/// The tasks on the way back.
fn coming_back(facts: &Facts<'_>, name: &str, begun: bool, over: bool) -> Vec<Step> {
    let Ok(service) = find(facts, name) else { return Vec::new() };
    let Some(primary) = service.primary().filter(|_| begun) else { return Vec::new() };
    let all = over || primary.running >= primary.desired;
    let text = format!("{} of {} tasks of {} running", primary.running, primary.desired, primary.revision());
    let mut steps = vec![Step::new(text, all, true)];
    if let Some(n) = healthy(facts, service) {
        steps.push(Step::new(format!("{n} of {} targets healthy", primary.desired), over || n as i32 >= primary.desired, all));
    }
    steps
}

/// After a redeploy the way back leads to the same task definition: then deploying again is another redeploy.
fn again(service: &str, now: &str, before: &str) -> Request {
    if now == before {
        return Request::new("redeploy", service);
    }
    Request::new("rollback", service).with("to", short_revision(now))
}

/// The record of the service's deployment that is under way.
fn open<'a>(facts: &Facts<'a>, service: &str) -> Result<&'a ServiceDeployment, Refusal> {
    let records = facts.need::<ServiceDeployments>()?;
    let found = records.deployments.iter().find(|d| d.service == service && d.status.is_open());
    found.ok_or_else(|| Refusal::Check(format!("no deployment of {service} in progress: nothing to do\n  next: rollback {service}")))
}

#[cfg(test)]
#[path = "tests/stop_deployment.rs"]
mod tests;
