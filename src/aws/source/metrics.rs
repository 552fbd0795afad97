//! CloudWatch GetMetricData: one batch a minute of everything that panes and rules read, a golden part always, the rest every fifth time.
//! The ids are those of `model::metric`; rows are the AWS map's §1.2.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types as sdk;
use chrono::TimeDelta;

use super::{Context, MINUTE};
use crate::aws::convert::{sdk_time, text, time};
use crate::aws::error::problem_of;
use crate::aws::op::Op;
use crate::model::balancer::{Balancer, Routing};
use crate::model::cache::ReplicationGroup;
use crate::model::metric::Metrics;
use crate::model::section::{Problem, ProblemKind, Section};
use crate::model::store::Store;

const GET: Op = Op::read("CloudWatch", "GetMetricData", "cloudwatch:GetMetricData");
/// Points kept of a series: three hours, and the minutes that CloudWatch is late.
const KEEP: usize = 185;
/// What a series that is new to us is filled with.
const BACK_FILL: TimeDelta = TimeDelta::hours(3);
/// Late points are corrected by CloudWatch: fetch them again and overwrite. Longer than the slow part's cadence.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(12);
/// Golden metrics every minute, the others every fifth: a third of the price (AWS map §5).
const COMPLETE_EVERY: TimeDelta = TimeDelta::seconds(5 * 60 - 20);
/// GetMetricData takes no more in one call.
const QUERIES_PER_CALL: usize = 500;

/// One metric of a system.
struct Spec {
    id: &'static str,
    metric: &'static str,
    stat: &'static str,
    golden: bool,
    zero_fill: bool,
}

const fn spec(id: &'static str, metric: &'static str, stat: &'static str) -> Spec {
    Spec { id, metric, stat, golden: false, zero_fill: false }
}
const fn golden(id: &'static str, metric: &'static str, stat: &'static str) -> Spec {
    Spec { golden: true, ..spec(id, metric, stat) }
}
/// A count that CloudWatch publishes only when it is not zero.
const fn counted(spec: Spec) -> Spec {
    Spec { zero_fill: true, ..spec }
}

const BALANCER: &[Spec] = &[
    counted(golden("requests", "RequestCount", "Sum")),
    counted(golden("elb5xx", "HTTPCode_ELB_5XX_Count", "Sum")),
    counted(golden("target5xx", "HTTPCode_Target_5XX_Count", "Sum")),
    counted(spec("target4xx", "HTTPCode_Target_4XX_Count", "Sum")),
    golden("p50", "TargetResponseTime", "p50"),
    golden("p95", "TargetResponseTime", "p95"),
    golden("p99", "TargetResponseTime", "p99"),
    counted(spec("rejected", "RejectedConnectionCount", "Sum")),
    counted(spec("connerr", "TargetConnectionErrorCount", "Sum")),
    spec("active", "ActiveConnectionCount", "Sum"),
];
const TARGET_GROUP: &[Spec] = &[
    counted(golden("requests", "RequestCount", "Sum")),
    spec("healthy", "HealthyHostCount", "Minimum"),
    spec("unhealthy", "UnHealthyHostCount", "Maximum"),
    counted(spec("5xx", "HTTPCode_Target_5XX_Count", "Sum")),
    spec("p95", "TargetResponseTime", "p95"),
];
const SERVICE: &[Spec] = &[
    golden("cpu", "CPUUtilization", "Average"),
    golden("cpu.max", "CPUUtilization", "Maximum"),
    golden("mem", "MemoryUtilization", "Average"),
    golden("mem.max", "MemoryUtilization", "Maximum"),
];
const DATABASE: &[Spec] = &[
    golden("cpu", "CPUUtilization", "Average"),
    golden("connections", "DatabaseConnections", "Average"),
    golden("storage", "FreeStorageSpace", "Average"),
    golden("memory", "FreeableMemory", "Average"),
    golden("read_latency", "ReadLatency", "Average"),
    golden("write_latency", "WriteLatency", "Average"),
    golden("load", "DBLoad", "Average"),
    spec("load_noncpu", "DBLoadNonCPU", "Average"),
    spec("swap", "SwapUsage", "Average"),
    spec("queue", "DiskQueueDepth", "Average"),
    spec("read_iops", "ReadIOPS", "Average"),
    spec("write_iops", "WriteIOPS", "Average"),
    spec("ebs_io", "EBSIOBalance%", "Average"),
    spec("ebs_byte", "EBSByteBalance%", "Average"),
    spec("xids", "MaximumUsedTransactionIDs", "Maximum"),
    spec("wal", "TransactionLogsDiskUsage", "Average"),
    spec("credits", "CPUCreditBalance", "Average"),
    spec("surplus", "CPUSurplusCreditsCharged", "Average"),
];
const CACHE_NODE: &[Spec] = &[
    golden("memory", "DatabaseMemoryUsagePercentage", "Average"),
    golden("primary", "IsMaster", "Maximum"),
    spec("cpu", "CPUUtilization", "Average"),
    spec("engine", "EngineCPUUtilization", "Average"),
    spec("evictions", "Evictions", "Sum"),
    spec("swap", "SwapUsage", "Average"),
    spec("connections", "CurrConnections", "Average"),
    spec("hit_rate", "CacheHitRate", "Average"),
    spec("lag", "ReplicationLag", "Average"),
    spec("link", "MasterLinkHealthStatus", "Minimum"),
    spec("gets", "GetTypeCmds", "Sum"),
    spec("sets", "SetTypeCmds", "Sum"),
];
const LOGS: &[Spec] = &[spec("events", "IncomingLogEvents", "Sum"), spec("bytes", "IncomingBytes", "Sum")];

/// A spec with its dimensions: one thing to ask for.
struct Query {
    id: String,
    spec: &'static Spec,
    namespace: &'static str,
    dimensions: Vec<(&'static str, String)>,
}

fn queries(cx: &Context) -> Vec<Query> {
    let mut all = Vec::new();
    let mut add = |prefix: &str, namespace: &'static str, specs: &'static [Spec], dimensions: Vec<(&'static str, String)>| {
        all.extend(specs.iter().map(|spec| Query { id: format!("{prefix}/{}", spec.id), spec, namespace, dimensions: dimensions.clone() }));
    };
    let balancer = cx.store.get::<Balancer>().and_then(Balancer::dimension).map(ToOwned::to_owned);
    if let Some(lb) = &balancer {
        add("alb", "AWS/ApplicationELB", BALANCER, vec![("LoadBalancer", lb.clone())]);
        for group in cx.store.get::<Routing>().map(|r| r.target_groups.as_slice()).unwrap_or_default() {
            if let Some(dimension) = group.dimension() {
                let dimensions = vec![("TargetGroup", dimension.to_owned()), ("LoadBalancer", lb.clone())];
                add(&format!("tg/{}", group.name), "AWS/ApplicationELB", TARGET_GROUP, dimensions);
            }
        }
    }
    for service in &cx.stack.services {
        let dimensions = vec![("ClusterName", cx.stack.cluster.clone()), ("ServiceName", service.name.clone())];
        add(&format!("svc/{}", service.name), "AWS/ECS", SERVICE, dimensions);
    }
    add("db", "AWS/RDS", DATABASE, vec![("DBInstanceIdentifier", cx.stack.database.clone())]);
    let members = cx.store.get::<ReplicationGroup>().map(|g| g.node_groups.as_slice()).unwrap_or_default();
    for member in members.iter().flat_map(|n| &n.members) {
        let dimensions = vec![("CacheClusterId", member.id.clone()), ("CacheNodeId", "0001".to_owned())];
        add(&format!("redis/{}", member.id), "AWS/ElastiCache", CACHE_NODE, dimensions);
    }
    add("logs", "AWS/Logs", LOGS, vec![("LogGroupName", cx.stack.log_group.clone())]);
    all
}

/// Names of the balancer and the Redis nodes are part of the queries: on the first poll wait until those sections have answered somehow.
fn wait_for_names(cx: &Context) -> Result<(), Problem> {
    for key in [Balancer::KEY, Routing::KEY, ReplicationGroup::KEY] {
        let answered =
            cx.store.entry(key).is_some_and(|e| e.value.is_some() || e.problem.as_ref().is_some_and(|p| p.kind != ProblemKind::Waiting));
        if !answered && cx.store.get::<Metrics>().is_none() {
            let headline = format!("waiting for the names of the resources ({key})");
            return Err(Problem { kind: ProblemKind::Waiting, headline, hint: String::new(), permission: None });
        }
    }
    Ok(())
}

pub(super) struct Source;

impl super::Source for Source {
    type Out = Metrics;
    const READS: &'static [Op] = &[GET];

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<Metrics, Problem> {
        wait_for_names(&cx)?;
        let mut metrics = cx.store.get::<Metrics>().cloned().unwrap_or_default();
        let all = queries(&cx);
        let slow_turn = metrics.complete_at.is_none_or(|at| cx.now - at >= COMPLETE_EVERY);
        let is_new = |q: &Query| !metrics.series.contains_key(&q.id);
        let any_new = all.iter().any(is_new);
        let due: Vec<&Query> = all.iter().filter(|q| q.spec.golden || slow_turn || is_new(q)).collect();
        let from = cx.now - if any_new { BACK_FILL } else { LOOK_BACK };
        metrics.refused.clear();
        for chunk in due.chunks(QUERIES_PER_CALL) {
            ask(&cx, chunk, from, &mut metrics).await?;
        }
        let wanted: BTreeSet<&str> = all.iter().map(|q| q.id.as_str()).collect();
        if slow_turn {
            metrics.complete_at = Some(cx.now);
        }
        metrics.series.retain(|id, _| wanted.contains(id.as_str()));
        Ok(metrics)
    }
}

async fn ask(cx: &Context, queries: &[&Query], from: crate::model::Time, metrics: &mut Metrics) -> Result<(), Problem> {
    // Statistics of one metric in one request count once (AWS map §5).
    let billed: BTreeSet<_> = queries.iter().map(|q| (q.namespace, q.spec.metric, &q.dimensions)).collect();
    cx.meter.metrics(billed.len() as u64);
    let by_query_id: BTreeMap<String, &Query> = queries.iter().enumerate().map(|(i, q)| (format!("q{i}"), *q)).collect();
    let request = cx.clients.cloudwatch.get_metric_data().start_time(sdk_time(from)).end_time(sdk_time(cx.now));
    let request = request.set_metric_data_queries(Some(by_query_id.iter().map(|(id, q)| data_query(id, q)).collect()));
    let mut pages = request.scan_by(sdk::ScanBy::TimestampAscending).into_paginator().send();
    for query in queries {
        metrics.series.entry(query.id.clone()).or_default().zero_fill = query.spec.zero_fill;
    }
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| problem_of(GET, &e))?;
        for result in page.metric_data_results() {
            let Some(query) = result.id().and_then(|id| by_query_id.get(id)) else { continue };
            if matches!(result.status_code(), Some(sdk::StatusCode::Forbidden | sdk::StatusCode::InternalError)) {
                let said = result.messages().iter().map(|m| text(m.value())).collect::<Vec<_>>().join("; ");
                metrics.refused.insert(query.id.clone(), said);
            }
            let points = result.timestamps().iter().zip(result.values()).filter_map(|(at, v)| time(Some(at)).map(|t| (t.timestamp(), *v)));
            metrics.series.entry(query.id.clone()).or_default().merge(points, KEEP);
        }
    }
    Ok(())
}

fn data_query(id: &str, query: &Query) -> sdk::MetricDataQuery {
    let dimensions = query.dimensions.iter().map(|(name, value)| sdk::Dimension::builder().name(*name).value(value).build());
    let metric =
        sdk::Metric::builder().namespace(query.namespace).metric_name(query.spec.metric).set_dimensions(Some(dimensions.collect()));
    let stat = sdk::MetricStat::builder().metric(metric.build()).period(60).stat(query.spec.stat).build();
    sdk::MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
}
