//! Suspend and resume the autoscaling of a service: twins, one call with all three flags. It pulls the desired count into the bounds at
//! once, also when it only suspends; what that means is in `bounds` (AWS map §3, "suspend / resume").

use std::sync::Arc;

use crate::aws::op::Op;
use crate::model::action::Request;
use crate::model::balancer::Targets;
use crate::model::identity::Identity;
use crate::model::obligation::Owed;
use crate::model::plan::{Plan, Refusal, Run, Verdict};
use crate::model::scaling::{ScalableTarget, Scaling};
use crate::model::section::{Section, SectionKey};
use crate::model::service::Services;

use super::bounds::{Shown, clamp, clamped, expect, gather, is_suspended, target, undo_words};
use super::scale::{REGISTER, register, register_cli};
use super::service::{draft, find, scalable};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight};

const NEEDS: &[SectionKey] = &[Identity::KEY, Services::KEY, Scaling::KEY];
const WATCHES: &[SectionKey] = &[Services::KEY, Scaling::KEY, Targets::KEY];

pub(super) struct Suspend;

impl Action for Suspend {
    const NAME: &'static str = "autoscaling suspend";
    const WRITES: &'static [Op] = &[REGISTER];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        gather(desk, NEEDS).await
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<Draft, Refusal> {
        switch(facts, request, true)
    }

    async fn send(sender: Sender, plan: Arc<Plan>) -> Result<Receipt, SendError> {
        register(&sender, &plan.request.target, None, Some(true)).await
    }

    fn sight(facts: &Facts<'_>, run: &Run) -> Sight {
        switched(facts, run, true)
    }
}

pub(super) struct Resume;

impl Action for Resume {
    const NAME: &'static str = "autoscaling resume";
    const WRITES: &'static [Op] = &[REGISTER];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        gather(desk, NEEDS).await
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<Draft, Refusal> {
        switch(facts, request, false)
    }

    async fn send(sender: Sender, plan: Arc<Plan>) -> Result<Receipt, SendError> {
        register(&sender, &plan.request.target, None, Some(false)).await
    }

    fn sight(facts: &Facts<'_>, run: &Run) -> Sight {
        switched(facts, run, false)
    }
}

/// The three things that can be suspended.
fn flags(target: &ScalableTarget) -> [(&'static str, bool); 3] {
    [("scale-in", target.in_suspended), ("scale-out", target.out_suspended), ("scheduled scaling", target.scheduled_suspended)]
}

fn word(suspended: bool) -> &'static str {
    if suspended { "suspended" } else { "working" }
}

fn switch(facts: &Facts<'_>, request: &Request, off: bool) -> Result<Draft, Refusal> {
    let service = find(facts, &request.target)?;
    let target = target(facts, service)?;
    let name = &service.name;
    if flags(target).iter().all(|(_, suspended)| *suspended == off) {
        return Err(Refusal::Check(format!("autoscaling of {name} is {} already: nothing to do", word(off))));
    }
    let mut plan = draft(service);
    for (what, suspended) in flags(target).into_iter().filter(|(_, suspended)| *suspended != off) {
        plan = plan.change(what, word(suspended), word(off));
    }
    let bounds = (target.min, target.max);
    let clamped = clamped(service, bounds.0, bounds.1);
    plan = clamp(plan, facts, service, bounds);
    let partly = off && is_suspended(target);
    plan = if off {
        plan.check(Verdict::Warn, "the load may outgrow the tasks: nothing adds any while it is suspended")
            .note(format!("stays suspended until it is resumed: autoscaling resume {name}"))
    } else {
        plan.note("its alarms decide again: it may scale within a few minutes")
    };
    if partly {
        plan = plan.note("a part of it was suspended before; resuming it resumes all of it");
    }
    let all = format!("DynamicScalingInSuspended={off},DynamicScalingOutSuspended={off},ScheduledScalingSuspended={off}");
    let back = Request::new(if off { Resume::NAME } else { Suspend::NAME }, name);
    Ok(plan
        .call(&REGISTER, format!("{} --suspended-state {all}", register_cli(facts, name)))
        .reach(expect(service, clamped), "autoscaling of this service only; the count can still be set by hand")
        .undo(undo_words(&back, service, clamped), Some(back))
        .owes(off.then(|| Owed::Autoscaling { cluster: facts.stack.cluster.clone(), service: name.clone() }))
        .takes(2, if clamped.is_some() { 180 } else { 10 }, 900)
        .rests("bounds", format!("{}-{}", bounds.0, bounds.1))
        .rests("suspended", flags(target).map(|(_, suspended)| suspended.to_string()).join(",")))
}

fn switched(facts: &Facts<'_>, run: &Run, off: bool) -> Sight {
    let Some(target) = scalable(facts, &run.plan.request.target) else { return Sight::default() };
    let applied = flags(target).iter().all(|(_, suspended)| *suspended == off);
    let shown = if is_suspended(target) && !(target.in_suspended && target.out_suspended && target.scheduled_suspended) {
        "suspended in part"
    } else {
        word(is_suspended(target))
    };
    Shown { applied, bounds: (target.min, target.max), seen: shown.to_owned(), done: word(off).to_owned() }.see(facts, run)
}

#[cfg(test)]
#[path = "tests/autoscaling.rs"]
mod tests;
