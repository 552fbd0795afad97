//! Suspend and resume the autoscaling of a service: twins, one call with all three flags. It pulls the desired count into the bounds at
//! once, also when it only suspends; what that means is in `bounds`.

use std::time::Duration;

use crate::aws::op::Op;
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params::{Range, Suspension};
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::obligation::Owed;
use nextcore_core::model::plan::{Refusal, Run, Verdict};
use nextcore_core::model::scaling::{ScalableTarget, Scaling};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::Services;

use super::bounds::{Shown, clamp, clamped, expect, gather, is_suspended, target, undo_words};
use super::scale::{REGISTER, Registers, register, register_cli};
use super::service::{draft, find, on, scalable};
use super::tracking::{self, Triggers, Way, acts, firing};
use super::{Action, Desk, Draft, Facts, LASTS, Receipt, SendError, Sender, Sight};

const NEEDS: &[SectionKey] = &[Identity::KEY, Services::KEY, Scaling::KEY];
const WATCHES: &[SectionKey] = &[Services::KEY, Scaling::KEY];

pub(super) struct Suspend;

impl Action for Suspend {
    type Params = Suspension;
    const NAME: &'static str = "autoscaling suspend";
    const WRITES: &'static [Op] = &[REGISTER];
    const READS: &'static [Op] = tracking::READS;
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];
    const LASTS: Option<Duration> = Some(LASTS);

    async fn gather(desk: &mut Desk, request: &Request) -> Result<(), Refusal> {
        gather(desk, NEEDS, request).await
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, Suspension), Refusal> {
        switch(facts, request, true)
    }

    async fn send(sender: Sender, params: Suspension) -> Result<Receipt, SendError> {
        register(&sender, &params.on, Registers::Suspended(params.suspended)).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &Suspension) -> Sight {
        switched(facts, run, params)
    }
}

pub(super) struct Resume;

impl Action for Resume {
    type Params = Suspension;
    const NAME: &'static str = "autoscaling resume";
    const WRITES: &'static [Op] = &[REGISTER];
    const READS: &'static [Op] = tracking::READS;
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];
    const LASTS: Option<Duration> = Some(LASTS);

    async fn gather(desk: &mut Desk, request: &Request) -> Result<(), Refusal> {
        gather(desk, NEEDS, request).await
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, Suspension), Refusal> {
        switch(facts, request, false)
    }

    async fn send(sender: Sender, params: Suspension) -> Result<Receipt, SendError> {
        register(&sender, &params.on, Registers::Suspended(params.suspended)).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &Suspension) -> Sight {
        switched(facts, run, params)
    }
}

/// The three things that can be suspended.
fn flags(target: &ScalableTarget) -> [(&'static str, bool); 3] {
    [("scale-in", target.in_suspended), ("scale-out", target.out_suspended), ("scheduled scaling", target.scheduled_suspended)]
}

fn word(suspended: bool) -> &'static str {
    if suspended { "suspended" } else { "active" }
}

fn switch(facts: &Facts<'_>, request: &Request, off: bool) -> Result<(Draft, Suspension), Refusal> {
    let service = find(facts, &request.target)?;
    let target = target(facts, service)?;
    let name = &service.name;
    if flags(target).iter().all(|(_, suspended)| *suspended == off) {
        return Err(Refusal::Check(format!("autoscaling of {name} is already {}: nothing to do", word(off))));
    }
    let mut plan = draft(service);
    for (what, suspended) in flags(target).into_iter().filter(|(_, suspended)| *suspended != off) {
        plan = plan.change(what, word(suspended), word(off));
    }
    let clamped = clamped(service, target.min, target.max);
    plan = clamp(plan, facts, service, (target.min, target.max));
    let partly = is_suspended(target) && flags(target).iter().any(|(_, suspended)| !suspended);
    plan = if off {
        let fires = firing(facts, target, Way::Out)
            .map(|alarm| format!("autoscaling's scale-out alarm {alarm} is firing: no tasks are added while autoscaling is suspended"));
        plan = fires.into_iter().fold(plan, |plan, text| plan.check(Verdict::Warn, text));
        if facts.store.get::<Triggers>().is_none() {
            plan = plan.unknown(facts, Triggers::KEY, "unknown whether a scaling alarm is about to add tasks");
        }
        plan.check(Verdict::Warn, "no tasks are added under load while autoscaling is suspended")
            .note(format!("suspended until resumed: autoscaling resume {name}"))
    } else {
        let working = ScalableTarget { in_suspended: false, out_suspended: false, ..target.clone() };
        let count = clamped.unwrap_or(service.desired);
        acts(plan, facts, &working, count, Range::new(target.min, target.max))
            .note("its alarms apply again: it may scale within a few minutes")
    };
    let all = format!("DynamicScalingInSuspended={off},DynamicScalingOutSuspended={off},ScheduledScalingSuspended={off}");
    let back = Request::new(if off { Resume::NAME } else { Suspend::NAME }, name);
    let undo = undo_words(&back, service, clamped);
    let undo = if partly { format!("{undo}: suspends all of it, only a part was suspended before") } else { undo };
    let params = Suspension { on: on(facts, service), suspended: off, clamp: clamped };
    let plan = plan
        .call(&REGISTER, format!("{} --suspended-state {all}", register_cli(facts, name)))
        .reach(expect(service, clamped), "autoscaling of this service only; the count can still be set by hand")
        .undo(undo, Some(back))
        .owes(off.then(|| Owed::Autoscaling { cluster: facts.stack.cluster.clone(), service: name.clone() }))
        .takes(2, if clamped.is_some() { 180 } else { 10 }, 900)
        .rests("bounds", Range::new(target.min, target.max))
        .rests("suspended", flags(target).map(|(_, suspended)| suspended.to_string()).join(","));
    Ok((plan, params))
}

fn switched(facts: &Facts<'_>, run: &Run, params: &Suspension) -> Sight {
    let Some(target) = scalable(facts, &params.on.service) else { return Sight::default() };
    let off = params.suspended;
    let applied = flags(target).iter().all(|(_, suspended)| *suspended == off);
    let shown = if is_suspended(target) && !(target.in_suspended && target.out_suspended && target.scheduled_suspended) {
        "partly suspended"
    } else {
        word(is_suspended(target))
    };
    let bounds = Range::new(target.min, target.max);
    Shown { applied, bounds, clamp: params.clamp, seen: shown.to_owned(), done: word(off).to_owned() }.see(facts, run, &params.on)
}

#[cfg(test)]
#[path = "tests/autoscaling.rs"]
mod tests;
