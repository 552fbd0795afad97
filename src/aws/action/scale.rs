//! Scale a service: a count or a change of it, from a fresh read. What autoscaling will do with the count is said; `--hold` raises its
//! least first (AWS map §3, "interplay with autoscaling").

use std::sync::Arc;

use crate::aws::op::{Op, Scope};
use crate::model::action::{Count, Request, count};
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::identity::Identity;
use crate::model::network::Network;
use crate::model::plan::{Outcome, Plan, Refusal, Run, Step, Verdict};
use crate::model::scaling::{ScalableTarget, Scaling};
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Service, Services};

use super::service::{UPDATE, addresses, draft, find, healthy, not_deploying, scalable, settling, should_show, update_cli};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

pub(super) const REGISTER: Op =
    Op::write("Application Auto Scaling", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget")
        .on(Scope::ScalableTargets);

pub(super) struct Scale;

impl Action for Scale {
    const NAME: &'static str = "scale";
    const WRITES: &'static [Op] = &[UPDATE, REGISTER];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Services::KEY, Scaling::KEY];
    const WATCHES: &'static [SectionKey] = &[Services::KEY, Targets::KEY];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        for key in [Balancer::KEY, Routing::KEY, Targets::KEY, Network::KEY] {
            desk.glance(key).await;
        }
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<Draft, Refusal> {
        let service = find(facts, &request.target)?;
        let wanted = wanted(service, request)?;
        let target = scalable(facts, &service.name);
        let hold = request.has("hold");
        let (min, max) = target.map_or((0, 0), |t| (t.min, t.max));
        let raises = hold && (wanted > min || wanted > max);
        if wanted == service.desired && !raises {
            return Err(Refusal::Check(format!("{} has a desired count of {wanted} already: nothing to do", service.name)));
        }
        if hold && target.is_none() {
            return Err(Refusal::Check(format!("{} has no autoscaling: there is nothing to hold it against", service.name)));
        }
        let mut plan = draft(service).change("desired count", service.desired, wanted);
        plan = not_deploying(plan, service);
        let settled = service.running == service.desired && service.pending == 0;
        plan = plan.should(
            settled,
            "steady: every task that is desired is running",
            format!("still changing: {} running, {} pending of {}", service.running, service.pending, service.desired),
        );
        plan = if wanted > service.desired {
            addresses(plan, facts, service, wanted - service.desired)
        } else {
            enough_left(plan, facts, service, wanted)
        };
        if raises {
            let most = max.max(wanted);
            plan = plan.change("autoscaling least", min, wanted);
            if most != max {
                plan = plan.change("autoscaling most", max, most);
            }
            plan = plan.call(&REGISTER, bounds_cli(facts, &service.name, wanted, most)).rests("register", format!("{wanted}-{most}"));
        }
        plan = plan
            .note(interplay(target, wanted, hold))
            .call(&UPDATE, format!("{} --desired-count {wanted}", update_cli(facts, &service.name)));
        let out = wanted > service.desired;
        let reach = if out {
            "nothing: new tasks join once they are healthy"
        } else {
            "stopped tasks drain their connections first (300 s at most)"
        };
        Ok(plan
            .reach(reach, "this service only; no deployment begins")
            .undo(undo_words(service, raises), Some(Request::new("scale", &service.name).with("count", service.desired.to_string())))
            .takes(if out { 60 } else { 20 }, if out { 180 } else { 90 }, 900)
            .rests("wanted", wanted)
            .rests("desired", service.desired)
            .rests("bounds", format!("{min}-{max}")))
    }

    async fn send(sender: Sender, plan: Arc<Plan>) -> Result<Receipt, SendError> {
        let service = &plan.request.target;
        let wanted = number(plan.fact("wanted"));
        let mut receipt = Receipt::default();
        if let Some((min, max)) = plan.fact("register").split_once('-') {
            receipt = register(&sender, service, Some((number(min), number(max))), None).await?;
        }
        let call = sender.clients.ecs.update_service().cluster(&sender.stack.cluster).service(service).desired_count(wanted);
        let answer = call.send().await.map_err(|e| SendError::of(UPDATE, &e).after(&receipt, "the autoscaling bounds were set"))?;
        Ok(receipt.and(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run) -> Sight {
        sight_of(facts, run, number(run.plan.fact("wanted")))
    }
}

/// How far a service has come to so many tasks.
pub(super) fn sight_of(facts: &Facts<'_>, run: &Run, wanted: i32) -> Sight {
    let Ok(service) = find(facts, &run.plan.request.target) else { return Sight::default() };
    let applied = service.desired == wanted;
    let mut steps = vec![Step::new(format!("desired count is {}", service.desired), applied, true)];
    if !applied && should_show(facts, run) {
        let text = format!("the desired count is {}, not {wanted}: somebody or autoscaling has set it meanwhile", service.desired);
        return Sight { steps, applied: Some(false), end: Some((Outcome::Failed, text)) };
    }
    let (more, settled) = settling(facts, service, wanted);
    steps.extend(more);
    let end = (applied && settled).then(|| (Outcome::Done, format!("{} runs {wanted} tasks", service.name)));
    Sight { steps, applied: Some(applied), end }
}

fn wanted(service: &Service, request: &Request) -> Result<i32, Refusal> {
    let usage = || Refusal::Usage("count: a count such as 4, or a change such as +1 or -1".to_owned());
    let wanted = match request.arg("count").and_then(count).ok_or_else(usage)? {
        Count::To(n) => n,
        Count::By(n) => service.desired + n,
    };
    if wanted < 0 {
        return Err(Refusal::Usage(format!("{} has a desired count of {}: it cannot become {wanted}", service.name, service.desired)));
    }
    Ok(wanted)
}

/// Whether enough tasks serve after a scale-in.
pub(super) fn enough_left(plan: Draft, facts: &Facts<'_>, service: &Service, wanted: i32) -> Draft {
    if wanted == 0 {
        return plan.check(Verdict::Warn, "no task will be left: the service is off");
    }
    let Some(now) = healthy(facts, service) else { return plan };
    let left = (now as i32).min(wanted);
    plan.should(left >= 2, format!("{left} healthy targets will be left"), format!("only {left} healthy target will be left"))
}

/// What autoscaling will do with the count.
fn interplay(target: Option<&ScalableTarget>, wanted: i32, hold: bool) -> String {
    let Some(t) = target else { return "no autoscaling: the count stays".to_owned() };
    let (min, max) = (t.min, t.max);
    match wanted {
        _ if hold => format!("autoscaling keeps at least {wanted} from now on; it may still scale out"),
        _ if t.in_suspended && t.out_suspended => {
            format!("autoscaling is suspended: the count stays; resuming it will bring it into {min}-{max}")
        }
        n if n < min => format!("below autoscaling's {min}-{max}: stays until a scale-out alarm fires, then jumps to {min} first"),
        n if n > max => format!("above autoscaling's {min}-{max}: stays until a scale-in alarm fires, then drops to {max}"),
        _ => {
            format!("within autoscaling's {min}-{max}: it may scale in again after about 15 quiet minutes; --hold keeps at least {wanted}")
        }
    }
}

fn undo_words(service: &Service, raises: bool) -> String {
    let back = format!("scale {} {}", service.name, service.desired);
    if raises { format!("{back}, and set the autoscaling bounds back") } else { back }
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

/// Sets bounds, or what is suspended (always all three), of a service's scalable target.
pub(super) async fn register(
    sender: &Sender,
    service: &str,
    bounds: Option<(i32, i32)>,
    suspended: Option<bool>,
) -> Result<Receipt, SendError> {
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
        .resource_id(format!("service/{}/{service}", sender.stack.cluster))
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .set_min_capacity(bounds.map(|b| b.0))
        .set_max_capacity(bounds.map(|b| b.1))
        .set_suspended_state(suspended.map(flags));
    let answer = call.send().await.map_err(|e| SendError::of(REGISTER, &e))?;
    Ok(Receipt::of(&answer))
}

/// A number among the facts that a plan rests on: written by the draft, so it is one.
pub(super) fn number(text: &str) -> i32 {
    text.parse().unwrap_or_default()
}
