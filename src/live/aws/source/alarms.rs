//! CloudWatch alarms, metric and composite (15 s), and their state changes of the last day (60 s).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types as sdk;
use futures_util::future::join_all;

use super::{Context, MEDIUM, MINUTE};
use crate::aws::convert::{sdk_time, text, text_opt, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::alarm::{Alarm, AlarmChange, AlarmHistory, Alarms};
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const ALARMS: Op = Op::read("CloudWatch", "DescribeAlarms", "cloudwatch:DescribeAlarms").on(Scope::Any);
const HISTORY: Op = Op::read("CloudWatch", "DescribeAlarmHistory", "cloudwatch:DescribeAlarmHistory").on(Scope::Any);
const LOOK_BACK: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// Changes that one answer can hold.
const PAGE: usize = 100;
/// Alarms whose changes are asked for one by one in one poll.
const MOST: usize = 20;

pub(super) struct AlarmsSource;

impl super::Source for AlarmsSource {
    type Out = Alarms;
    const READS: &'static [Op] = &[ALARMS];

    fn every(_: &Store) -> Duration {
        MEDIUM
    }

    async fn poll(cx: Arc<Context>) -> Result<Alarms, Problem> {
        let prefix = Some(cx.stack.alarm_prefix.clone()).filter(|p| !p.is_empty());
        let request = cx.clients.cloudwatch.describe_alarms().set_alarm_name_prefix(prefix).max_records(100);
        // Without the types CloudWatch answers with metric alarms only.
        let request = request.alarm_types(sdk::AlarmType::MetricAlarm).alarm_types(sdk::AlarmType::CompositeAlarm);
        let mut alarms: Vec<Alarm> = page::all(
            ALARMS,
            |token| request.clone().set_next_token(token).send(),
            |out| {
                let metric = out.metric_alarms().iter().map(metric_alarm);
                let all: Vec<Alarm> = metric.chain(out.composite_alarms().iter().map(composite_alarm)).collect();
                ((out.metric_alarms.is_some() || out.composite_alarms.is_some()).then_some(all), out.next_token)
            },
        )
        .await?;
        sent(ALARMS, "the state of an alarm", alarms.iter().all(|a| !a.state.as_str().is_empty()).then_some(()))?;
        alarms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Alarms { alarms })
    }
}

fn metric_alarm(a: &sdk::MetricAlarm) -> Alarm {
    let band = a.threshold_metric_id().is_some();
    // An anomaly alarm holds one metric against a band of its own.
    let stat = a.metrics().iter().filter(|_| band).find_map(|q| q.metric_stat());
    let watched = stat.and_then(sdk::MetricStat::metric);
    Alarm {
        name: text(a.alarm_name()),
        state: text(a.state_value().map(sdk::StateValue::as_str)).into(),
        reason: text(a.state_reason()),
        since: time(a.state_transitioned_timestamp().or(a.state_updated_timestamp())),
        actions_enabled: a.actions_enabled(),
        actions: texts(a.alarm_actions()),
        namespace: text(watched.map_or(a.namespace(), sdk::Metric::namespace)),
        metric: text(watched.map_or(a.metric_name(), sdk::Metric::metric_name)),
        expression: text(a.metrics().iter().find(|q| q.return_data() == Some(true)).and_then(|q| q.expression().filter(|_| !band))),
        statistic: text(a.statistic().map(sdk::Statistic::as_str).or(a.extended_statistic())),
        dimensions: watched.map_or(a.dimensions(), sdk::Metric::dimensions).iter().map(|d| (text(d.name()), text(d.value()))).collect(),
        threshold: a.threshold(),
        comparison: text(a.comparison_operator().map(sdk::ComparisonOperator::as_str)).into(),
        period: a.period().or(stat.and_then(sdk::MetricStat::period)),
        periods: a.evaluation_periods(),
        datapoints: a.datapoints_to_alarm().filter(|n| Some(*n) != a.evaluation_periods()),
        band,
        missing_data: text_opt(a.treat_missing_data()).map(|policy| policy.as_str().into()),
        evaluation: a.evaluation_state().map(|state| state.as_str().into()),
        composite: false,
        suppressed: None,
    }
}

fn composite_alarm(a: &sdk::CompositeAlarm) -> Alarm {
    Alarm {
        name: text(a.alarm_name()),
        state: text(a.state_value().map(sdk::StateValue::as_str)).into(),
        reason: text(a.state_reason()),
        since: time(a.state_transitioned_timestamp().or(a.state_updated_timestamp())),
        actions_enabled: a.actions_enabled(),
        actions: texts(a.alarm_actions()),
        composite: true,
        expression: text(a.alarm_rule()),
        suppressed: a.actions_suppressed_by().map(|by| match a.actions_suppressed_reason() {
            Some(reason) => reason.to_owned(),
            None => by.as_str().to_owned(),
        }),
        ..Alarm::default()
    }
}

pub(super) struct HistorySource;

impl super::Source for HistorySource {
    type Out = AlarmHistory;
    const READS: &'static [Op] = &[HISTORY];

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<AlarmHistory, Problem> {
        let (mut items, more) = history(&cx, None).await?;
        let ours = |name: &str| name.starts_with(cx.stack.alarm_prefix.as_str());
        if more && !items.iter().all(|i| i.alarm_name().is_some_and(ours)) {
            // Others of the account fill the page: those of ours that have changed are asked for one by one, the latest first.
            let since = cx.now - LOOK_BACK;
            let alarms = cx.store.get::<Alarms>().map(|a| a.alarms.as_slice()).unwrap_or_default();
            let mut changed: Vec<&Alarm> = alarms.iter().filter(|a| a.since.is_some_and(|at| at > since)).collect();
            changed.sort_by_key(|a| std::cmp::Reverse(a.since));
            let each = join_all(changed.into_iter().take(MOST).map(|a| history(&cx, Some(&a.name)))).await;
            items = each.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flat_map(|(items, _)| items).collect();
        }
        let mut changes: Vec<AlarmChange> = items
            .iter()
            .filter(|i| i.alarm_name().is_some_and(ours))
            .map(|i| AlarmChange {
                name: text(i.alarm_name()),
                at: time(i.timestamp()),
                kind: text(i.history_item_type().map(sdk::HistoryItemType::as_str)).into(),
                summary: text(i.history_summary()),
            })
            .collect();
        changes.sort_by_key(|c| std::cmp::Reverse(c.at));
        Ok(AlarmHistory { changes })
    }
}

/// The newest changes of state of one alarm, or of all of the account, and whether there are more.
async fn history(cx: &Context, name: Option<&str>) -> Result<(Vec<sdk::AlarmHistoryItem>, bool), Problem> {
    let request = cx.clients.cloudwatch.describe_alarm_history().history_item_type(sdk::HistoryItemType::StateUpdate);
    // Without the types CloudWatch answers with those of metric alarms only.
    let request = request.alarm_types(sdk::AlarmType::MetricAlarm).alarm_types(sdk::AlarmType::CompositeAlarm);
    let request = request.set_alarm_name(name.map(str::to_owned)).start_date(sdk_time(cx.now - LOOK_BACK)).end_date(sdk_time(cx.now));
    let out = request.max_records(PAGE as i32).send().await.map_err(|e| problem_of(HISTORY, &e))?;
    let more = out.next_token.is_some();
    Ok((sent(HISTORY, "changes of alarms", out.alarm_history_items)?, more))
}
