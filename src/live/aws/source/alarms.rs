//! CloudWatch alarms, metric and composite (15 s), and their state changes of the last day (60 s).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types as sdk;

use super::{Context, MEDIUM, MINUTE};
use crate::aws::convert::{sdk_time, text, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::alarm::{Alarm, AlarmChange, AlarmHistory, Alarms};
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const ALARMS: Op = Op::read("CloudWatch", "DescribeAlarms", "cloudwatch:DescribeAlarms").on(Scope::Any);
const HISTORY: Op = Op::read("CloudWatch", "DescribeAlarmHistory", "cloudwatch:DescribeAlarmHistory").on(Scope::Any);
const LOOK_BACK: chrono::TimeDelta = chrono::TimeDelta::hours(24);

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
        alarms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Alarms { alarms })
    }
}

fn metric_alarm(a: &sdk::MetricAlarm) -> Alarm {
    Alarm {
        name: text(a.alarm_name()),
        state: text(a.state_value().map(sdk::StateValue::as_str)).into(),
        reason: text(a.state_reason()),
        since: time(a.state_transitioned_timestamp().or(a.state_updated_timestamp())),
        actions_enabled: a.actions_enabled().unwrap_or_default(),
        actions: texts(a.alarm_actions()),
        namespace: text(a.namespace()),
        metric: text(a.metric_name()),
        dimensions: a.dimensions().iter().map(|d| (text(d.name()), text(d.value()))).collect(),
        threshold: a.threshold(),
        comparison: text(a.comparison_operator().map(sdk::ComparisonOperator::as_str)).into(),
        period: a.period(),
        periods: a.evaluation_periods(),
        composite: false,
    }
}

fn composite_alarm(a: &sdk::CompositeAlarm) -> Alarm {
    Alarm {
        name: text(a.alarm_name()),
        state: text(a.state_value().map(sdk::StateValue::as_str)).into(),
        reason: text(a.state_reason()),
        since: time(a.state_transitioned_timestamp().or(a.state_updated_timestamp())),
        actions_enabled: a.actions_enabled().unwrap_or_default(),
        actions: texts(a.alarm_actions()),
        composite: true,
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
        let request = cx.clients.cloudwatch.describe_alarm_history().history_item_type(sdk::HistoryItemType::StateUpdate);
        let request = request.start_date(sdk_time(cx.now - LOOK_BACK)).end_date(sdk_time(cx.now)).max_records(100);
        let out = request.send().await.map_err(|e| problem_of(HISTORY, &e))?;
        let mut changes: Vec<AlarmChange> = out
            .alarm_history_items()
            .iter()
            .filter(|i| i.alarm_name().is_some_and(|n| n.starts_with(cx.stack.alarm_prefix.as_str())))
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
