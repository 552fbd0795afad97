//! Scale a service: a count or a change of it, from a fresh read. What autoscaling will do with the count is said; `--hold` raises its
//! least first.

use std::time::Duration;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::params::{self, OnService, Range};
use nextcore_core::model::action::{Count, Request, count};
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::network::Network;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step};
use nextcore_core::model::scaling::{ScalableTarget, Scaling, ScalingActivities};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{Service, Services};

use super::common::{clock, seen, since, waited};
use super::service::{
    UPDATE, addresses, draft, find, healthy, not_deploying, on, scalable, settling, should_show, targets_unknown, update_cli,
};
use super::tracking::{self, outlook};
use super::{Action, Desk, Draft, Facts, LASTS, Receipt, SendError, Sender, Sight, surprise, unread};

pub(super) const REGISTER: Op =
    Op::write("Application Auto Scaling", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget")
        .on(Scope::ScalableTargets);

/// Seconds in which autoscaling acts on an alarm that fires already.
const STAYS: i64 = 150;

pub(super) struct Scale;

impl Action for Scale {
    type Params = params::Scale;
    const NAME: &'static str = "scale";
    const WRITES: &'static [Op] = &[UPDATE, REGISTER];
    const READS: &'static [Op] = tracking::READS;
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Services::KEY];
    const WATCHES: &'static [SectionKey] = &[Services::KEY];
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];
    const EXPLAINS: &'static [SectionKey] = &[ScalingActivities::KEY];
    const LASTS: Option<Duration> = Some(LASTS);

    async fn gather(desk: &mut Desk, request: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        if request.has("hold") {
            // The bounds are set, too: what they are now decides what is sent.
            desk.fetch(Scaling::KEY).await.map_err(|p| unread(&p))?;
        } else {
            desk.try_fetch(Scaling::KEY).await;
        }
        tracking::gather(desk, &request.target).await;
        let service = find(&desk.facts(), &request.target)?;
        let (from, to) = (service.desired, wanted(service, request)?);
        let most = scalable(&desk.facts(), &request.target).map(|t| t.max);
        surprise::gather(desk, from, to, most).await;
        desk.glance(if to > from { Network::KEY } else { Targets::KEY }).await;
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::Scale), Refusal> {
        let service = find(facts, &request.target)?;
        let wanted = wanted(service, request)?;
        let target = scalable(facts, &service.name);
        let hold = request.has("hold");
        let (min, max) = target.map_or((0, 0), |t| (t.min, t.max));
        let raises = hold && (wanted > min || wanted > max);
        if wanted == service.desired && !raises {
            return Err(Refusal::Check(format!("{} already has a desired count of {wanted}: nothing to do", service.name)));
        }
        if hold && target.is_none() {
            return Err(Refusal::Check(format!("{} has no autoscaling: nothing to hold against", service.name)));
        }
        let mut plan = draft(service).change("desired count", service.desired, wanted);
        plan = not_deploying(plan, service);
        let settled = service.running == service.desired && service.pending == 0;
        plan = plan.should(
            settled,
            "steady: all desired tasks are running",
            format!("still changing: {} running, {} pending of {}", service.running, service.pending, service.desired),
        );
        plan = if wanted > service.desired {
            addresses(plan, facts, service, wanted - service.desired)
        } else {
            enough_left(plan, facts, service, wanted)
        };
        if raises {
            let most = max.max(wanted);
            plan = plan.change("autoscaling min", min, wanted);
            if most != max {
                plan = plan.change("autoscaling max", max, most);
            }
            plan = plan.call(&REGISTER, bounds_cli(facts, &service.name, wanted, most));
        }
        plan = surprise::count(plan, facts, service, wanted, target.map(|t| t.max));
        let (plan, take_back) = outlook(plan, facts, service, wanted, hold);
        let plan = plan.call(&UPDATE, format!("{} --desired-count {wanted}", update_cli(facts, &service.name)));
        let out = wanted > service.desired;
        let reach = match (out, wanted) {
            (true, _) => "nothing: new tasks join once they are healthy",
            (false, 0) => "an outage of this service until it is scaled up again",
            (false, _) => "stopped tasks drain their connections first (300 s at most)",
        };
        let usually = match (&take_back, out) {
            (Some(_), _) => (STAYS, STAYS + 60),
            (None, true) => (60, 180),
            (None, false) => (20, 90),
        };
        let undo = undo(service, raises.then(|| Range::new(min, max)));
        let register = raises.then(|| Range::new(wanted, max.max(wanted)));
        let params = params::Scale { on: on(facts, service), from: service.desired, wanted, register, take_back };
        let plan = plan
            .reach(reach, "this service only; no deployment starts")
            .undo(undo.0, Some(undo.1))
            .takes(usually.0, usually.1, 900)
            .rests("desired", service.desired)
            .rests("bounds", bounds_now(facts, target));
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::Scale) -> Result<Receipt, SendError> {
        let mut receipt = Receipt::default();
        if let Some(bounds) = params.register {
            receipt = register(&sender, &params.on, Registers::Bounds(bounds)).await?;
        }
        let set = |e: SendError| e.after(&receipt, "the autoscaling bounds were set");
        let ticket = sender.warrant(&UPDATE).map_err(set)?;
        let call = sender.clients.ecs.update_service().cluster(&params.on.cluster).service(&params.on.service);
        let call = call.desired_count(params.wanted).customize().interceptor(ticket);
        let answer = call.send().await.map_err(|e| set(SendError::of(UPDATE, &e)))?;
        Ok(receipt.and(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &params::Scale) -> Sight {
        sight_of(facts, run, params)
    }
}

/// How far a service has come to so many tasks.
fn sight_of(facts: &Facts<'_>, run: &Run, params: &params::Scale) -> Sight {
    let wanted = params.wanted;
    let Ok(service) = find(facts, &params.on.service) else { return Sight::default() };
    let applied = service.desired == wanted;
    let mut steps = vec![Step::new(format!("desired count is {}", service.desired), applied, true)];
    if !applied && should_show(facts, run) {
        return Sight { steps, applied: Some(false), end: Some(moved(facts, run, service, params)) };
    }
    let (more, mut settled) = settling(facts, service, wanted);
    steps.extend(more);
    if let Some(take_back) = &params.take_back {
        // Autoscaling looks once a minute: before it has, "done" would be said of what is about to be undone.
        let stays = waited(facts, run) >= STAYS;
        steps.push(Step::new(format!("stays although {} is firing", take_back.alarm), stays, settled));
        settled &= stays;
    }
    let end = (applied && settled).then(|| (Outcome::Done, format!("{} runs {wanted} tasks", service.name)));
    Sight { steps, applied: Some(applied), end }
}

/// Who has set another count, as far as autoscaling's own record tells.
fn moved(facts: &Facts<'_>, run: &Run, service: &Service, params: &params::Scale) -> (Outcome, String) {
    let (from, now, wanted) = (params.from, service.desired, params.wanted);
    let activities = facts.store.get::<ScalingActivities>().map(|a| a.activities.as_slice()).unwrap_or_default();
    let ours = activities.iter().filter(|a| a.service == service.name && since(a.started_at, run));
    let by =
        ours.filter(|a| a.description.contains(&format!(" {now}."))).filter_map(|a| Some((a.started_at?, a))).max_by_key(|(at, _)| *at);
    let was_there = seen(run, 0) || run.end.is_some();
    let outcome = if was_there { Outcome::TakenBack } else { Outcome::Failed };
    let text = match by {
        Some((at, activity)) => {
            let keeps = if now < wanted { format!("; scale {} {wanted} --hold keeps it", service.name) } else { String::new() };
            let how = if (from < wanted) == (now < wanted) { "set it back" } else { "changed it" };
            format!("autoscaling {how} to {now} at {} ({}){keeps}", clock(at), activity.cause.trim_end_matches('.'))
        }
        None => format!("the desired count is {now}, not {wanted}: changed by someone else or autoscaling"),
    };
    (outcome, text)
}

fn wanted(service: &Service, request: &Request) -> Result<i32, Refusal> {
    let usage = || Refusal::Usage("count: a count such as 4, or a change such as +1 or -1".to_owned());
    let wanted = match request.arg("count").and_then(count).ok_or_else(usage)? {
        Count::To(n) => n,
        Count::By(n) => service.desired + n,
    };
    if wanted < 0 {
        return Err(Refusal::Usage(format!("{} has a desired count of {}: cannot set {wanted}", service.name, service.desired)));
    }
    Ok(wanted)
}

/// Whether enough tasks serve after a scale-in.
pub(super) fn enough_left(plan: Draft, facts: &Facts<'_>, service: &Service, wanted: i32) -> Draft {
    if wanted == 0 {
        return plan;
    }
    let Some(now) = healthy(facts, service) else { return targets_unknown(plan, facts, service) };
    let left = (now as i32).min(wanted);
    plan.should(left >= 2, format!("{left} healthy targets will remain"), format!("only {left} healthy target will remain"))
}

/// The bounds as they are, for the re-check.
fn bounds_now(facts: &Facts<'_>, target: Option<&ScalableTarget>) -> String {
    match target {
        Some(t) => Range::new(t.min, t.max).to_string(),
        None if facts.store.get::<Scaling>().is_some() => "none".to_owned(),
        None => "not known".to_owned(),
    }
}

/// The way back: where the bounds were raised they come first, or the count would not stay.
fn undo(service: &Service, raised: Option<Range>) -> (String, Request) {
    let back = Request::new("scale", &service.name).with("count", service.desired.to_string());
    match raised {
        None => (back.to_string(), back),
        Some(bounds) => {
            let first = Request::new("bounds", &service.name).with("bounds", bounds.to_string());
            (format!("{first}, then {back}"), first)
        }
    }
}

/// The command line that sets bounds.
pub(super) fn bounds_cli(facts: &Facts<'_>, service: &str, min: i32, max: i32) -> String {
    format!("{} --min-capacity {min} --max-capacity {max}", register_cli(facts, service))
}

/// The command line of every call on a scalable target.
pub(super) fn register_cli(facts: &Facts<'_>, service: &str) -> String {
    format!(
        "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id service/{}/{service} --scalable-dimension ecs:service:DesiredCount",
        facts.stack.cluster
    )
}

/// What a call on a scalable target sets.
pub(super) enum Registers {
    /// Least and most.
    Bounds(Range),
    /// Whether it is suspended: always all three flags.
    Suspended(bool),
}

/// Sets bounds, or what is suspended, of a service's scalable target.
pub(super) async fn register(sender: &Sender, on: &OnService, what: Registers) -> Result<Receipt, SendError> {
    use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
    let flags = |all: bool| {
        SuspendedState::builder()
            .dynamic_scaling_in_suspended(all)
            .dynamic_scaling_out_suspended(all)
            .scheduled_scaling_suspended(all)
            .build()
    };
    let call = sender
        .clients
        .scaling
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(format!("service/{}/{}", on.cluster, on.service))
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    let call = match what {
        Registers::Bounds(bounds) => call.min_capacity(bounds.min).max_capacity(bounds.max),
        Registers::Suspended(all) => call.suspended_state(flags(all)),
    };
    let answer = call.customize().interceptor(sender.warrant(&REGISTER)?).send().await.map_err(|e| SendError::of(REGISTER, &e))?;
    Ok(Receipt::of(&answer))
}
