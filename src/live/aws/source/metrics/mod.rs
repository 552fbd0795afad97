//! CloudWatch GetMetricData: one batch a minute and region of everything that panes and rules read, a golden part always, the rest every
//! fifth or fifteenth time (`table`); of a stack that is not healthy the fifths every time. The ids are those of `model::metric`.

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types as sdk;
use chrono::TimeDelta;

use super::{Context, HALF_MINUTE, MINUTE};
use crate::aws::convert::{sdk_time, text, time};
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::Time;
use nextcore_core::model::balancer::{Balancer, Routing};
use nextcore_core::model::cache::ReplicationGroup;
use nextcore_core::model::cdn::Cdn;
use nextcore_core::model::database::Database;
use nextcore_core::model::dns::Dns;
use nextcore_core::model::metric::Metrics;
use nextcore_core::model::network::NatGateways;
use nextcore_core::model::section::{Problem, Section};
use nextcore_core::model::stack::is_own;
use nextcore_core::model::store::Store;
use table::{Home, Query, Turn, queries};

pub(super) const GET: Op = Op::read("CloudWatch", "GetMetricData", "cloudwatch:GetMetricData").on(Scope::Any);
/// Points kept of a series: three hours, and the minutes that CloudWatch is late.
const KEEP: usize = 185;
/// What a series that is new to us is filled with.
const BACK_FILL: TimeDelta = TimeDelta::hours(3);
/// Late points are corrected by CloudWatch: fetch them again and overwrite, beyond the last question.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(7);
/// A turn is due this much early: polls are never late by so little, and a turn must not slip by a minute.
const EARLY: i64 = 20;
/// GetMetricData takes no more in one call.
const QUERIES_PER_CALL: usize = 500;

/// Names that AWS gave are part of the queries: on the first poll wait until the sections that know them have answered somehow.
fn wait_for_names(cx: &Context) -> Result<(), Problem> {
    for key in [Balancer::KEY, Routing::KEY, Database::KEY, ReplicationGroup::KEY, NatGateways::KEY, Cdn::KEY, Dns::KEY] {
        // Of several resources of a kind, each waits for its own.
        let other = cx.member.as_ref().is_some_and(|node| !is_own(key, node.system()));
        let answered = other
            || !cx.stack.reads(key)
            || cx.store.entry(key).is_some_and(|e| e.value.is_some() || e.problem.as_ref().is_some_and(|p| !p.is_waiting()));
        if !answered && cx.store.get::<Metrics>().is_none() {
            let title = super::of(key).map_or(key.0, |row| row.title);
            return Err(Problem::waiting(key, title));
        }
    }
    Ok(())
}

pub(super) struct MetricsSource;

impl super::Source for MetricsSource {
    type Out = Metrics;
    const READS: &'static [Op] = &[GET];

    // Every metric asked for is paid for.
    const FLOOR: Option<Duration> = Some(HALF_MINUTE);

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<Metrics, Problem> {
        wait_for_names(&cx)?;
        let mut metrics = cx.store.get::<Metrics>().cloned().unwrap_or_default();
        let all = queries(&cx);
        let turn = due(&metrics, cx.now.timestamp()).max(if cx.closely { Turn::Slow } else { Turn::Golden });
        let is_new = |q: &Query| !metrics.series.contains_key(q.id.as_str());
        let any_new = all.iter().any(is_new);
        let asked: Vec<&Query> = all.iter().filter(|q| q.spec.turn <= turn || is_new(q)).collect();
        let from = cx.now - if any_new { BACK_FILL } else { LOOK_BACK + TimeDelta::seconds(turn.seconds()) };
        // What is not asked now stays as it was answered last.
        let again: BTreeSet<&str> = asked.iter().map(|q| q.id.as_str()).collect();
        metrics.refused.retain(|id, _| !again.contains(id.as_str()));
        let (global, home): (Vec<&Query>, Vec<&Query>) = asked.into_iter().partition(|q| q.home == Home::Global);
        let global_ids: Vec<String> = global.iter().map(|q| q.id.to_string()).collect();
        let (home, global) = futures_util::join!(ask(&cx, &home, from), ask(&cx, &global, from));
        take(&mut metrics, home?);
        match global {
            Ok(answer) => take(&mut metrics, answer),
            // The other region's trouble is no reason to lose this one's.
            Err(problem) => {
                let ids = global_ids.into_iter();
                metrics.refused.extend(ids.map(|id| (id, problem.headline.clone())));
            }
        }
        let wanted: BTreeSet<&str> = all.iter().map(|q| q.id.as_str()).collect();
        metrics.series.retain(|id, _| wanted.contains(id.as_str()));
        metrics.refused.retain(|id, _| wanted.contains(id.as_str()));
        for asked in [Turn::Golden, Turn::Slow, Turn::Rare].into_iter().filter(|t| *t <= turn) {
            metrics.asked_at.insert(asked.seconds(), cx.now.timestamp());
        }
        Ok(metrics)
    }
}

/// The slowest turn that is due: a rare one takes the slow one with it.
fn due(metrics: &Metrics, now: i64) -> Turn {
    let is_due = |turn: &Turn| metrics.asked_at.get(&turn.seconds()).is_none_or(|at| now - at >= turn.seconds() - EARLY);
    [Turn::Rare, Turn::Slow].into_iter().find(is_due).unwrap_or(Turn::Golden)
}

/// What one region answered.
#[derive(Default)]
struct Answer {
    points: Vec<(String, Vec<(i64, f64)>)>,
    refused: BTreeMap<String, String>,
    asked: Vec<(String, bool, i64)>,
}

fn take(metrics: &mut Metrics, answer: Answer) {
    for (id, zero_fill, every) in answer.asked {
        let series = metrics.series.entry(id).or_default();
        (series.zero_fill, series.every) = (zero_fill, every);
    }
    for (id, points) in answer.points {
        metrics.series.entry(id).or_default().merge(points, KEEP);
    }
    metrics.refused.extend(answer.refused);
}

async fn ask(cx: &Context, queries: &[&Query], from: Time) -> Result<Answer, Problem> {
    let mut answer = Answer::default();
    for chunk in queries.chunks(QUERIES_PER_CALL) {
        // Statistics of one metric in one request count once.
        let billed: BTreeSet<_> = chunk.iter().map(|q| (q.namespace, q.spec.metric, &q.dimensions)).collect();
        cx.meter.metrics(billed.len() as u64);
        let by_query_id: BTreeMap<String, &Query> = chunk.iter().enumerate().map(|(i, q)| (format!("q{i}"), *q)).collect();
        let global = chunk.first().is_some_and(|q| q.home == Home::Global);
        let client = if global { &cx.clients.cloudwatch_global } else { &cx.clients.cloudwatch };
        let request = client.get_metric_data().start_time(sdk_time(from)).end_time(sdk_time(cx.now));
        let request = request.set_metric_data_queries(Some(by_query_id.iter().map(|(id, q)| data_query(id, q)).collect()));
        let request = request.scan_by(sdk::ScanBy::TimestampAscending);
        answer.asked.extend(chunk.iter().map(|q| (q.id.to_string(), q.spec.zero_fill, q.spec.turn.seconds())));
        let ask = |token| request.clone().set_next_token(token).send();
        let results = page::all(GET, ask, |out| (out.metric_data_results, out.next_token)).await?;
        hear(&by_query_id, &results, &mut answer);
    }
    Ok(answer)
}

/// Points, and what CloudWatch did not tell. It answers every query, if only with nothing.
fn hear(by_query_id: &BTreeMap<String, &Query>, results: &[sdk::MetricDataResult], answer: &mut Answer) {
    let mut missing: BTreeSet<&String> = by_query_id.keys().collect();
    for result in results {
        let Some((id, query)) = result.id().and_then(|id| by_query_id.get_key_value(id)) else { continue };
        missing.remove(id);
        if let Some(status @ (sdk::StatusCode::Forbidden | sdk::StatusCode::InternalError)) = result.status_code() {
            let said = result.messages().iter().map(|m| text(m.value())).filter(|said| !said.is_empty()).collect::<Vec<_>>().join("; ");
            answer.refused.insert(query.id.to_string(), if said.is_empty() { status.as_str().to_owned() } else { said });
        }
        let points = result.timestamps().iter().zip(result.values());
        let points = points.filter_map(|(at, v)| time(Some(at)).map(|t| (t.timestamp(), *v)));
        answer.points.push((query.id.to_string(), points.collect()));
    }
    let left_out = missing.into_iter().filter_map(|id| by_query_id.get(id));
    answer.refused.extend(left_out.map(|q| (q.id.to_string(), "left out of the answer".to_owned())));
}

fn data_query(id: &str, query: &Query) -> sdk::MetricDataQuery {
    let dimensions = query.dimensions.iter().map(|(name, value)| sdk::Dimension::builder().name(*name).value(value).build());
    let metric =
        sdk::Metric::builder().namespace(query.namespace).metric_name(query.spec.metric).set_dimensions(Some(dimensions.collect()));
    let stat = sdk::MetricStat::builder().metric(metric.build()).period(60).stat(query.spec.stat).build();
    sdk::MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
}

#[cfg(test)]
mod tests {
    use nextcore_core::model::metric::Family;

    use super::*;

    #[test]
    fn what_cloudwatch_refuses_or_leaves_out_is_told_with_the_reason_that_there_is() {
        let queries: Vec<Query> = nextcore_core::model::metric::Tg::ALL
            .iter()
            .cycle()
            .zip(["told", "refused", "refused without a word", "left out"])
            .map(|(metric, subject)| Query {
                id: metric.series(subject),
                spec: table::Spec { metric: "M", stat: "Sum", turn: Turn::Slow, zero_fill: false },
                namespace: "N",
                dimensions: Vec::new(),
                home: Home::Region,
            })
            .collect();
        let asked: BTreeMap<String, &Query> = queries.iter().enumerate().map(|(i, q)| (format!("q{i}"), q)).collect();
        let result = |id: &str, status| sdk::MetricDataResult::builder().id(id).status_code(status);
        let message = sdk::MessageData::builder().code("Forbidden").value("no right to it").build();
        let results = [
            result("q0", sdk::StatusCode::Complete).build(),
            result("q1", sdk::StatusCode::Forbidden).messages(message).build(),
            result("q2", sdk::StatusCode::InternalError).build(),
        ];
        let mut answer = Answer::default();
        hear(&asked, &results, &mut answer);
        let why: Vec<Option<&str>> = queries.iter().map(|q| answer.refused.get(q.id.as_str()).map(String::as_str)).collect();
        assert_eq!(why, [None, Some("no right to it"), Some("InternalError"), Some("left out of the answer")]);
    }
}
