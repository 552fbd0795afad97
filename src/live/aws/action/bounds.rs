//! Set the autoscaling bounds of a service. The call pulls the desired count into the bounds at once, and so does every other call on the
//! scalable target: what that means is shared with `autoscaling`.

use std::time::Duration;

use crate::aws::op::Op;
use nextcore_core::model::action::params::{self, OnService, Range};
use nextcore_core::model::action::{Request, bounds};
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::network::Network;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step, Verdict};
use nextcore_core::model::scaling::{ScalableTarget, Scaling};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{Service, Services};

use super::scale::{REGISTER, Registers, bounds_cli, enough_left, register};
use super::service::{addresses, draft, find, on, scalable, settling, should_show};
use super::tracking::{self, acts};
use super::{Action, Desk, Draft, Facts, LASTS, Receipt, SendError, Sender, Sight, surprise, unread};

pub(super) struct Bounds;

impl Action for Bounds {
    type Params = params::SetBounds;
    const NAME: &'static str = "bounds";
    const WRITES: &'static [Op] = &[REGISTER];
    const READS: &'static [Op] = tracking::READS;
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Services::KEY, Scaling::KEY];
    const WATCHES: &'static [SectionKey] = &[Services::KEY, Scaling::KEY];
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];
    const LASTS: Option<Duration> = Some(LASTS);

    async fn gather(desk: &mut Desk, request: &Request) -> Result<(), Refusal> {
        gather(desk, Self::NEEDS, request).await
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::SetBounds), Refusal> {
        let usage = || Refusal::Usage("bounds: min-max such as 3-6".to_owned());
        let (min, max) = request.arg("bounds").and_then(bounds).ok_or_else(usage)?;
        let service = find(facts, &request.target)?;
        let target = target(facts, service)?;
        if (min, max) == (target.min, target.max) {
            return Err(Refusal::Check(format!("autoscaling bounds of {} are already {min}-{max}: nothing to do", service.name)));
        }
        let mut plan = draft(service);
        if min != target.min {
            plan = plan.change("autoscaling min", target.min, min);
        }
        if max != target.max {
            plan = plan.change("autoscaling max", target.max, max);
        }
        let clamped = clamped(service, min, max);
        plan = clamp(plan, facts, service, (min, max));
        plan = surprise::maximum(plan, facts, service, target.max, max);
        plan = acts(plan, facts, target, clamped.unwrap_or(service.desired), Range::new(min, max));
        if min == 0 {
            plan = plan.check(Verdict::Warn, "min 0: autoscaling may remove the last task");
        }
        if is_suspended(target) {
            plan = plan.note("autoscaling is suspended: the count does not change within the bounds until it is resumed");
        }
        let before = Range::new(target.min, target.max);
        let back = Request::new("bounds", &service.name).with("bounds", before.to_string());
        let params = params::SetBounds { on: on(facts, service), bounds: Range::new(min, max), clamp: clamped };
        let plan = plan
            .call(&REGISTER, bounds_cli(facts, &service.name, min, max))
            .reach(expect(service, clamped), "this service only; autoscaling uses the new bounds from now on")
            .undo(undo_words(&back, service, clamped), Some(back))
            .takes(2, if clamped.is_some() { 180 } else { 10 }, 900)
            .rests("bounds", before);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::SetBounds) -> Result<Receipt, SendError> {
        register(&sender, &params.on, Registers::Bounds(params.bounds)).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &params::SetBounds) -> Sight {
        let Some(target) = scalable(facts, &params.on.service) else { return Sight::default() };
        let now = Range::new(target.min, target.max);
        Shown {
            applied: now == params.bounds,
            bounds: params.bounds,
            clamp: params.clamp,
            seen: format!("bounds {now}"),
            done: params.bounds.to_string(),
        }
        .see(facts, run, &params.on)
    }
}

/// What both kinds of calls on a scalable target read.
pub(super) async fn gather(desk: &mut Desk, needs: &[SectionKey], request: &Request) -> Result<(), Refusal> {
    desk.fetch_all(needs).await.map_err(|p| unread(&p))?;
    tracking::gather(desk, &request.target).await;
    let facts = desk.facts();
    let service = find(&facts, &request.target)?;
    let now = scalable(&facts, &service.name).map(|t| (t.min, t.max));
    let Some((before, after)) = now.map(|now| (now, request.arg("bounds").and_then(bounds).unwrap_or(now))) else { return Ok(()) };
    let (from, to) = (service.desired, clamped(service, after.0, after.1));
    surprise::gather(desk, before.1, after.1, None).await;
    if let Some(to) = to {
        surprise::gather(desk, from, to, None).await;
        desk.glance(if to > from { Network::KEY } else { Targets::KEY }).await;
    }
    Ok(())
}

/// The service's scalable target, or why there is nothing to be done.
pub(super) fn target<'a>(facts: &Facts<'a>, service: &Service) -> Result<&'a ScalableTarget, Refusal> {
    facts.need::<Scaling>()?;
    let without = || Refusal::Check(format!("{} has no autoscaling: nothing to set\n  next: scale {} COUNT", service.name, service.name));
    scalable(facts, &service.name).ok_or_else(without)
}

/// Whether any of it is suspended.
pub(super) fn is_suspended(target: &ScalableTarget) -> bool {
    target.in_suspended || target.out_suspended || target.scheduled_suspended
}

/// Where the call pulls the desired count to, if it is not within the bounds.
pub(super) fn clamped(service: &Service, min: i32, max: i32) -> Option<i32> {
    Some(service.desired.clamp(min, max.max(min))).filter(|n| *n != service.desired)
}

/// Says what the call does to the desired count at once, with the checks that a change of it needs.
pub(super) fn clamp(plan: Draft, facts: &Facts<'_>, service: &Service, (min, max): (i32, i32)) -> Draft {
    let Some(to) = clamped(service, min, max) else {
        // The count itself is left out: autoscaling may move it between two looks, and the plan is the same.
        return plan.note(format!("the desired count is within {min}-{max}: it stays as it is"));
    };
    let now = service.desired;
    let side = if to > now { "below" } else { "above" };
    let plan = plan
        .change("desired count", now, to)
        .note(format!("the desired count changes from {now} to {to} AT ONCE: {now} is {side} the bounds {min}-{max}"));
    let plan = surprise::count(plan, facts, service, to, None);
    let plan = match service.deploying() {
        Some(d) => plan.check(Verdict::Warn, format!("a deployment to {} is in progress: its count changes too", d.revision())),
        None => plan.check(Verdict::Pass, "no deployment in progress"),
    };
    if to > now { addresses(plan, facts, service, to - now) } else { enough_left(plan, facts, service, to) }
}

/// What users notice of a clamp.
pub(super) fn expect(service: &Service, clamped: Option<i32>) -> &'static str {
    match clamped {
        Some(to) if to > service.desired => "nothing: new tasks join once they are healthy",
        Some(_) => "stopped tasks drain their connections first (300 s at most)",
        None => "nothing: no task starts or stops",
    }
}

/// How to take a call back that may have moved the count, too.
pub(super) fn undo_words(back: &Request, service: &Service, clamped: Option<i32>) -> String {
    match clamped {
        Some(_) => format!("{back}, then scale {} {}", service.name, service.desired),
        None => back.to_string(),
    }
}

/// What a look at a scalable target shows, and what it should show.
pub(super) struct Shown {
    /// It shows what was sent.
    pub(super) applied: bool,
    /// The bounds in force.
    pub(super) bounds: Range,
    /// The count to which the call has pulled the service, if it has.
    pub(super) clamp: Option<i32>,
    /// What it shows: `bounded by 3-6`.
    pub(super) seen: String,
    /// What it should show: `3-6`.
    pub(super) done: String,
}

impl Shown {
    /// How far it has come: the setting, then the count that the call has moved.
    pub(super) fn see(self, facts: &Facts<'_>, run: &Run, on: &OnService) -> Sight {
        let name = &on.service;
        let mut steps = vec![Step::new(format!("autoscaling of {name} is {}", self.seen), self.applied, true)];
        if !self.applied {
            let text = format!("autoscaling of {name} is {}, not {}: changed by someone else", self.seen, self.done);
            let end = should_show(facts, run).then_some((Outcome::Failed, text));
            return Sight { steps, applied: Some(false), end };
        }
        let done = format!("autoscaling of {name} is {}", self.seen);
        if self.clamp.is_none() {
            return Sight { steps, applied: Some(true), end: Some((Outcome::Done, done)) };
        }
        let Ok(service) = find(facts, name) else { return Sight { steps, applied: Some(true), end: None } };
        // Autoscaling may have moved it on within the bounds meanwhile: that is as good.
        let within = self.bounds.holds(service.desired);
        steps.push(Step::new(format!("desired count is {}", service.desired), within, true));
        let (more, settled) = settling(facts, service, service.desired);
        steps.extend(more);
        let end = (within && settled).then(|| (Outcome::Done, format!("{done}, {} tasks running", service.running)));
        Sight { steps, applied: Some(true), end }
    }
}

#[cfg(test)]
#[path = "tests/bounds.rs"]
mod tests;
