//! Counts that people seldom mean: a typing error of one digit is a factor of ten. What is far from what runs now is warned of, priced and
//! confirmed by typing the service's name; no task at all is an outage. Called by the actions that move a count or its bounds.

use nextcore_core::model::action::Tier;
use nextcore_core::model::plan::Verdict;
use nextcore_core::model::section::Section;
use nextcore_core::model::service::{Service, TaskDefinition, TaskDefinitions};

use super::rollout::running_definition;
use super::{Desk, Draft, Facts};

/// So many times as many tasks, or so small a part of them, is seldom meant...
const FACTOR: i32 = 3;
/// ...where it is more than a few tasks: one to three is daily work.
const A_FEW: i32 = 4;
/// So many more or fewer at once are seldom meant, whatever the factor.
const MANY: i32 = 10;

/// On-demand list prices of Fargate on Linux, US dollars an hour: region, of a vCPU, of a GB. The first is what is said elsewhere.
const PRICES: &[(&str, f64, f64)] = &[
    ("us-east-1", 0.040_48, 0.004_445),
    ("us-west-2", 0.040_48, 0.004_445),
    ("eu-west-1", 0.040_48, 0.004_445),
    ("ap-southeast-2", 0.048_56, 0.005_32),
];
/// Hours of a month in AWS's price examples.
const HOURS_PER_MONTH: f64 = 730.0;

/// Whether a change of a count is far from what runs now.
fn is_far(from: i32, to: i32, most: Option<i32>) -> bool {
    let (low, high) = (from.min(to), from.max(to));
    let moved = high - low;
    let by_factor = moved >= A_FEW && high >= FACTOR * low.max(1);
    // Above what autoscaling was ever allowed to, and more than twice of now.
    let past_most = to > from && most.is_some_and(|most| to > most) && to > 2 * from && moved > 1;
    moved >= MANY || by_factor || past_most
}

/// Reads what a price needs, where one will be said.
pub(super) async fn gather(desk: &mut Desk, from: i32, to: i32, most: Option<i32>) {
    if to > from && is_far(from, to, most) {
        desk.glance(TaskDefinitions::KEY).await;
    }
}

/// Warns of a count that is far from what runs now, and prices it.
pub(super) fn count(plan: Draft, facts: &Facts<'_>, service: &Service, to: i32, most: Option<i32>) -> Draft {
    let from = service.desired;
    if to == 0 && from > 0 {
        return off(plan, &service.name);
    }
    let plan = match most.filter(|most| to > *most && to > from) {
        Some(most) => plan.check(Verdict::Warn, format!("{to} is above autoscaling's max of {most}")),
        None => plan,
    };
    if !is_far(from, to, most) {
        return plan;
    }
    let plan = plan.surprise(format!("{}: {from} → {to} tasks", factor(from, to)));
    if to > from { price(plan, facts, service, to - from) } else { plan }
}

/// Warns of a maximum that is far from what it was, and prices what it allows.
pub(super) fn maximum(plan: Draft, facts: &Facts<'_>, service: &Service, before: i32, to: i32) -> Draft {
    if to <= before || !is_far(before, to, None) {
        return plan;
    }
    let plan = plan.surprise(format!("{}: autoscaling may go up to {to} tasks, it was {before}", factor(before, to)));
    price(plan, facts, service, to - before)
}

/// Nothing is left: whatever the service does ends.
fn off(mut plan: Draft, name: &str) -> Draft {
    plan.tier = Some(Tier::T2);
    plan.surprise(format!("no task of {name} will remain: the service is down until it is scaled up again"))
}

fn factor(from: i32, to: i32) -> String {
    match (from, to) {
        (0, _) => "from none".to_owned(),
        (from, to) if to >= from => format!("{} times as many", times(to, from)),
        (from, to) => format!("1/{} of what runs", times(from, to.max(1))),
    }
}

/// `50`, `2.5`.
fn times(more: i32, less: i32) -> String {
    let times = f64::from(more) / f64::from(less);
    if times >= 10.0 { format!("{times:.0}") } else { format!("{times:.1}").trim_end_matches(".0").to_owned() }
}

/// What so many more tasks cost.
fn price(plan: Draft, facts: &Facts<'_>, service: &Service, more: i32) -> Draft {
    let arn = running_definition(service);
    let Some(definitions) = facts.store.get::<TaskDefinitions>() else {
        return plan.unknown(facts, TaskDefinitions::KEY, "cost of more tasks unknown");
    };
    let size = definitions.definitions.get(arn).and_then(size);
    let spot = service.launch_type.contains("SPOT");
    let Some((cpus, gigabytes)) = size.filter(|_| service.launch_type.contains("FARGATE")) else {
        return plan.check(Verdict::Unknown, "cost of more tasks unknown: not Fargate, or unknown size");
    };
    let region = facts.stack.region.as_str();
    let listed = PRICES.iter().find(|(of, ..)| *of == region);
    let Some((of, cpu, gigabyte)) = listed.or(PRICES.first()) else { return plan };
    let hour = f64::from(more) * (cpus * cpu + gigabytes * gigabyte);
    let whose = if listed.is_some() { String::new() } else { format!(" at the prices of {of}") };
    let less = if spot { ", less on Spot" } else { "" };
    plan.check(
        Verdict::Warn,
        format!(
            "{more} more tasks of {cpus} vCPU and {gigabytes} GB cost up to ${hour:.2} an hour, ${:.0} a month{whose}{less} (Fargate list price)",
            hour * HOURS_PER_MONTH
        ),
    )
}

/// vCPUs and GB of a task.
fn size(definition: &TaskDefinition) -> Option<(f64, f64)> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| *n > 0.0);
    Some((number(&definition.cpu)? / 1024.0, number(&definition.memory)? / 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daily_work_is_not_far_and_one_digit_too_many_is() {
        for (from, to, most, far) in [
            (2, 3, Some(6), false),
            (1, 3, Some(6), false),
            (3, 6, Some(6), false),
            (4, 2, Some(6), false),
            (2, 6, Some(6), true),
            (2, 99, Some(6), true),
            (2, 20, None, true),
            (40, 50, Some(60), true),
            (40, 49, Some(60), false),
            (4, 9, Some(6), true),
            (4, 8, Some(6), false),
            (12, 2, Some(20), true),
            (0, 2, Some(6), false),
            (0, 5, Some(6), true),
        ] {
            assert_eq!(is_far(from, to, most), far, "{from} → {to}, most {most:?}");
        }
    }

    #[test]
    fn factors_are_said_as_people_say_them() {
        assert_eq!(factor(2, 99), "50 times as many");
        assert_eq!(factor(4, 10), "2.5 times as many");
        assert_eq!(factor(12, 2), "1/6 of what runs");
        assert_eq!(factor(0, 5), "from none");
    }
}
