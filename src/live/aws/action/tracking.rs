//! What autoscaling is about to do with a count: the alarms of a service's scaling policies, read by their names as they are now. One that
//! fires already acts within a minute. Called by the actions on a desired count and on scalable targets.

use aws_sdk_cloudwatch::types as sdk;
use serde::{Deserialize, Serialize};

use crate::aws::convert::text;
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::params::{Range, TakeBack};
use nextcore_core::model::plan::Verdict;
use nextcore_core::model::scaling::{ScalableTarget, Scaling};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::Service;

use super::service::scalable;
use super::{Desk, Draft, Facts};

const ALARMS: Op = Op::read("CloudWatch", "DescribeAlarms", "cloudwatch:DescribeAlarms").on(Scope::Any);

/// The reads of looking at them.
pub(super) const READS: &[Op] = &[ALARMS];

/// Which way an alarm scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Way {
    /// More tasks.
    Out,
    /// Fewer.
    In,
}

/// One alarm that a scaling policy works by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trigger {
    pub(super) name: String,
    /// Which way it scales.
    pub(super) way: Way,
    /// It is in ALARM, and its actions are on.
    pub(super) fires: bool,
}

/// The alarms of a service's policies. On the desk only: no source yields it, no pane reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Triggers {
    /// All of them.
    pub(super) triggers: Vec<Trigger>,
}

impl Section for Triggers {
    const KEY: SectionKey = SectionKey("action_scaling_alarms");
    const TITLE: &'static str = "scaling alarms";
    const OF: Option<nextcore_core::model::system::System> = None;
}

/// Reads the alarms of a service's policies; where they cannot be read, that is a check that could not be made.
pub(super) async fn gather(desk: &mut Desk, service: &str) {
    desk.store.entry_mut(Triggers::KEY).value = None;
    let policies = desk.store.get::<Scaling>().and_then(|s| s.get(service)).map(|t| t.policies.as_slice()).unwrap_or_default();
    let names: Vec<String> = policies.iter().flat_map(|p| p.alarms.iter().cloned()).collect();
    let mut found = Triggers::default();
    if !names.is_empty() {
        match desk.clients.cloudwatch.describe_alarms().set_alarm_names(Some(names)).send().await {
            Ok(out) => found.triggers = out.metric_alarms().iter().filter_map(trigger).collect(),
            Err(e) => {
                desk.store.entry_mut(Triggers::KEY).problem = Some(problem_of(ALARMS, &e));
                return;
            }
        }
    }
    let now = desk.now;
    desk.store.put(found, now, std::time::Duration::from_secs(5));
}

fn trigger(alarm: &sdk::MetricAlarm) -> Option<Trigger> {
    let comparison = alarm.comparison_operator()?.as_str();
    let way = if comparison.starts_with("Greater") {
        Way::Out
    } else if comparison.starts_with("Less") {
        Way::In
    } else {
        return None;
    };
    let fires = alarm.state_value() == Some(&sdk::StateValue::Alarm) && alarm.actions_enabled() != Some(false);
    Some(Trigger { name: text(alarm.alarm_name()), way, fires })
}

/// The alarm that fires now and scales this way, where nothing keeps autoscaling from it.
pub(super) fn firing<'a>(facts: &Facts<'a>, target: &ScalableTarget, way: Way) -> Option<&'a str> {
    let suspended = match way {
        Way::Out => target.out_suspended,
        Way::In => target.in_suspended,
    };
    let triggers = facts.store.get::<Triggers>().filter(|_| !suspended)?;
    let may = |name: &str| way == Way::Out || !target.policies.iter().any(|p| p.scale_in_disabled && p.alarms.iter().any(|a| a == name));
    triggers.triggers.iter().find(|t| t.fires && t.way == way && may(&t.name)).map(|t| t.name.as_str())
}

/// What autoscaling will do with a count that is set by hand; and by which alarm it takes it back within a minute, if it will.
pub(super) fn outlook(plan: Draft, facts: &Facts<'_>, service: &Service, wanted: i32, hold: bool) -> (Draft, Option<TakeBack>) {
    if facts.store.get::<Scaling>().is_none() {
        return (plan.unknown(facts, Scaling::KEY, "unknown what autoscaling will do with the count"), None);
    }
    let Some(target) = scalable(facts, &service.name) else { return (plan.note("no autoscaling: the count stays"), None) };
    let plan = known(plan, facts);
    let bounds = Range::new(target.min, target.max);
    let least = if hold { wanted.max(bounds.min) } else { bounds.min };
    let name = &service.name;
    let taken = |alarm: &str| Some(TakeBack { alarm: alarm.to_owned() });
    if let Some(alarm) = firing(facts, target, Way::In).filter(|_| wanted > least) {
        let what = if wanted > service.desired { "will be reverted" } else { "will not stay" };
        let text = format!(
            "autoscaling's scale-in alarm {alarm} is firing: the count {what} within about a minute, down to {}; --hold keeps at least {wanted}",
            if wanted > bounds.max { bounds.max } else { least }
        );
        return (plan.check(Verdict::Warn, text), taken(alarm));
    }
    if let Some(alarm) = firing(facts, target, Way::Out).filter(|_| wanted < service.desired && wanted < bounds.max) {
        let text = format!(
            "autoscaling's scale-out alarm {alarm} is firing: the count will be raised again within about a minute; autoscaling suspend {name} first prevents it"
        );
        return (plan.check(Verdict::Warn, text), taken(alarm));
    }
    (plan.note(interplay(target, wanted, hold)), None)
}

/// What autoscaling will do once a call has left it working within these bounds.
pub(super) fn acts(plan: Draft, facts: &Facts<'_>, target: &ScalableTarget, desired: i32, bounds: Range) -> Draft {
    let plan = known(plan, facts);
    let fires = |way| firing(facts, target, way);
    if let Some(alarm) = fires(Way::Out).filter(|_| desired < bounds.max) {
        let text = format!("autoscaling's scale-out alarm {alarm} is firing: it adds tasks within about a minute, up to {}", bounds.max);
        return plan.check(Verdict::Warn, text);
    }
    if let Some(alarm) = fires(Way::In).filter(|_| desired > bounds.min) {
        let text =
            format!("autoscaling's scale-in alarm {alarm} is firing: it removes tasks within about a minute, down to {}", bounds.min);
        return plan.check(Verdict::Warn, text);
    }
    plan
}

fn known(plan: Draft, facts: &Facts<'_>) -> Draft {
    match facts.store.get::<Triggers>() {
        Some(_) => plan,
        None => plan.unknown(facts, Triggers::KEY, "unknown whether a scaling alarm is firing"),
    }
}

/// What autoscaling will do with the count while no alarm of it fires.
fn interplay(target: &ScalableTarget, wanted: i32, hold: bool) -> String {
    let (min, max) = (target.min, target.max);
    match wanted {
        _ if hold => format!("autoscaling keeps at least {wanted} from now on; it may still scale out"),
        _ if target.in_suspended && target.out_suspended => {
            format!("autoscaling is suspended: the count stays; resuming it brings it into {min}-{max}")
        }
        n if n < min => format!("below autoscaling's {min}-{max}: stays until a scale-out alarm fires, then jumps to {min} first"),
        n if n > max => format!("above autoscaling's {min}-{max}: stays until a scale-in alarm fires, then drops to {max}"),
        _ if target.in_suspended => format!("within autoscaling's {min}-{max}; its scale-in is suspended: it may only scale out"),
        _ => {
            format!("within autoscaling's {min}-{max}: it may scale in again after about 15 quiet minutes; --hold keeps at least {wanted}")
        }
    }
}
