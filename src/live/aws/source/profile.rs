//! What the database does inside: Performance Insights and Enhanced Monitoring, asked for only while its pane is open (60 s).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_pi::types as pi;
use chrono::TimeDelta;
use futures_util::future::try_join3;
use serde_json::Value;

use super::{Context, MINUTE};
use crate::aws::convert::{sdk_time, text, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use nextcore_core::model::Time;
use nextcore_core::model::database::{Database, InsightsMode};
use nextcore_core::model::profile::{DatabaseHost, DatabaseLoad, LoadPart, Process};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const LOAD: Op = Op::read("PI", "GetResourceMetrics", "pi:GetResourceMetrics").on(Scope::Insights);
const KEYS: Op = Op::read("PI", "DescribeDimensionKeys", "pi:DescribeDimensionKeys").on(Scope::Insights);
const EVENTS: Op = Op::read("CloudWatch Logs", "GetLogEvents", "logs:GetLogEvents").on(Scope::DatabaseLogs);
/// The curve.
const SPAN: TimeDelta = TimeDelta::hours(1);
/// What the load is made of, lately.
const LATELY: TimeDelta = TimeDelta::minutes(10);
const PARTS: i32 = 10;
/// RDS writes Enhanced Monitoring here, one stream per instance.
const GROUP: &str = "RDSOSMetrics";

fn off(what: &str, next: &str) -> Problem {
    Problem { kind: ProblemKind::Service, headline: what.to_owned(), hint: next.to_owned(), permission: None }
}

fn resource(database: &Database) -> Result<&str, Problem> {
    let id = database.resource_id.as_deref();
    id.ok_or_else(|| off("the DB instance has no resource id yet", "retried automatically"))
}

pub(super) struct LoadSource;

impl super::Source for LoadSource {
    type Out = DatabaseLoad;
    const READS: &'static [Op] = &[LOAD, KEYS];
    const ON_DEMAND: bool = true;

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<DatabaseLoad, Problem> {
        let database = cx.needs::<Database>()?;
        if database.performance_insights == Some(false) && database.insights_mode != InsightsMode::Advanced {
            return Err(off("Performance Insights is off for this DB instance", "enable it in the DB instance settings"));
        }
        let id = resource(database)?;
        let load = Box::pin(load(&cx, id));
        let waits = Box::pin(parts(&cx, id, "db.wait_event", "db.wait_event.name"));
        let statements = Box::pin(parts(&cx, id, "db.sql_tokenized", "db.sql_tokenized.statement"));
        let (load, waits, statements) = try_join3(load, waits, statements).await?;
        Ok(DatabaseLoad { load, waits, statements, span: LATELY.num_seconds() })
    }
}

async fn load(cx: &Context, id: &str) -> Result<Vec<(i64, f64)>, Problem> {
    let query = pi::MetricQuery::builder().metric("db.load.avg").build().map_err(|e| off(&e.to_string(), ""))?;
    let request = cx.clients.insights.get_resource_metrics().service_type(pi::ServiceType::Rds).identifier(id).metric_queries(query);
    let request = request.start_time(sdk_time(cx.now - SPAN)).end_time(sdk_time(cx.now)).period_in_seconds(60);
    let out = request.send().await.map_err(|e| problem_of(LOAD, &e))?;
    let points = out.metric_list().iter().flat_map(pi::MetricKeyDataPoints::data_points);
    let mut load: Vec<(i64, f64)> = points.filter(|p| p.value().is_finite()).map(|p| (p.timestamp().secs(), p.value())).collect();
    load.sort_by_key(|p| p.0);
    Ok(load)
}

async fn parts(cx: &Context, id: &str, group: &str, dimension: &str) -> Result<Vec<LoadPart>, Problem> {
    let by = pi::DimensionGroup::builder().group(group).limit(PARTS).build().map_err(|e| off(&e.to_string(), ""))?;
    let request = cx.clients.insights.describe_dimension_keys().service_type(pi::ServiceType::Rds).identifier(id).metric("db.load.avg");
    let request = request.group_by(by).start_time(sdk_time(cx.now - LATELY)).end_time(sdk_time(cx.now));
    let out = request.send().await.map_err(|e| problem_of(KEYS, &e))?;
    let part = |k: &pi::DimensionKeyDescription| LoadPart {
        name: text(k.dimensions().and_then(|d| d.get(dimension)).map(String::as_str)),
        sessions: k.total().unwrap_or_default(),
    };
    let mut parts: Vec<LoadPart> = out.keys().iter().map(part).filter(|p| !p.name.is_empty()).collect();
    parts.sort_by(|a, b| b.sessions.total_cmp(&a.sessions));
    Ok(parts)
}

pub(super) struct HostSource;

impl super::Source for HostSource {
    type Out = DatabaseHost;
    const READS: &'static [Op] = &[EVENTS];
    const ON_DEMAND: bool = true;

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<DatabaseHost, Problem> {
        let database = cx.needs::<Database>()?;
        if database.monitoring_interval == Some(0) {
            return Err(off("Enhanced Monitoring is off for this DB instance", "enable it in the DB instance settings"));
        }
        let request = cx.clients.logs.get_log_events().log_group_name(GROUP).log_stream_name(resource(database)?);
        let out = request.limit(1).start_from_head(false).send().await.map_err(|e| problem_of(EVENTS, &e))?;
        let newest = out.events().last().and_then(|e| e.message());
        let newest = newest.ok_or_else(|| off("no Enhanced Monitoring data yet", "data arrives every monitoring interval"))?;
        host(newest).ok_or_else(|| off("cannot parse the Enhanced Monitoring event", "retried automatically"))
    }
}

/// The names of Enhanced Monitoring's JSON (memory and file systems in KiB).
fn host(event: &str) -> Option<DatabaseHost> {
    const KIB: f64 = 1024.0;
    let event: Value = serde_json::from_str(event).ok()?;
    let number = |v: &Value, path: &str| v.pointer(path).and_then(Value::as_f64);
    let word = |v: &Value, path: &str| text(v.pointer(path).and_then(Value::as_str));
    let list = |path: &str| event.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |of: &str, names: &[&str], unit: f64| -> Vec<(String, f64)> {
        names.iter().filter_map(|n| Some(((*n).to_owned(), number(&event, &format!("/{of}/{n}"))? * unit))).collect()
    };
    let swap = || Some((number(&event, "/swap/total")? - number(&event, "/swap/free")?) * KIB);
    let mut processes: Vec<Process> = list("/processList")
        .iter()
        .map(|p| Process {
            name: word(p, "/name"),
            cpu: number(p, "/cpuUsedPc").unwrap_or_default(),
            memory: number(p, "/memoryUsedPc").unwrap_or_default(),
        })
        .collect();
    processes.sort_by(|a, b| b.cpu.total_cmp(&a.cpu));
    Some(DatabaseHost {
        at: event.pointer("/timestamp").and_then(Value::as_str).and_then(|t| t.parse::<Time>().ok()).or_else(|| time(None)),
        uptime: word(&event, "/uptime"),
        cpus: event.pointer("/numVCPUs").and_then(Value::as_i64).unwrap_or_default(),
        cpu: named("cpuUtilization", &["total", "user", "system", "wait", "steal", "idle"], 1.0),
        load_average: ["one", "five", "fifteen"].iter().filter_map(|n| number(&event, &format!("/loadAverageMinute/{n}"))).collect(),
        memory: named("memory", &["total", "free", "cached", "active", "buffers"], KIB),
        swap_used: swap(),
        file_systems: list("/fileSys").iter().filter_map(|f| Some((word(f, "/mountPoint"), number(f, "/usedPercent")?))).collect(),
        disks: list("/diskIO")
            .iter()
            .map(|d| {
                let figure = |name: &str| number(d, name).unwrap_or_default();
                (word(d, "/device"), figure("/readIOsPS"), figure("/writeIOsPS"), figure("/await"))
            })
            .collect(),
        tasks: ["running", "sleeping", "blocked", "zombie", "stopped", "total"]
            .iter()
            .filter_map(|n| Some(((*n).to_owned(), event.pointer(&format!("/tasks/{n}"))?.as_i64()?)))
            .collect(),
        processes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_monitoring_event_becomes_figures() {
        let event = r#"{"engine":"POSTGRES","timestamp":"2026-11-23T02:59:00Z","uptime":"3 days, 02:11:40","numVCPUs":2,
            "cpuUtilization":{"total":31.5,"user":20.0,"idle":68.5},"loadAverageMinute":{"one":0.8,"five":0.7,"fifteen":0.6},
            "memory":{"total":8000000,"free":1000000},"swap":{"total":4000.0,"free":3000.0},
            "fileSys":[{"mountPoint":"/rdsdbdata","usedPercent":37.2}],"diskIO":[{"device":"rdsdev","readIOsPS":10.0,"writeIOsPS":5.0,"await":1.2}],
            "tasks":{"running":2,"total":130},"processList":[{"name":"a","cpuUsedPc":1.0,"memoryUsedPc":2.0},{"name":"b","cpuUsedPc":9.0,"memoryUsedPc":1.0}]}"#;
        let host = host(event).unwrap();
        assert_eq!(host.cpu.first(), Some(&("total".to_owned(), 31.5)));
        assert_eq!(host.memory.first().map(|m| m.1), Some(8_192_000_000.0));
        assert_eq!(host.swap_used, Some(1_024_000.0));
        assert_eq!(host.processes[0].name, "b");
        assert_eq!(host.disks, [("rdsdev".to_owned(), 10.0, 5.0, 1.2)]);
        assert_eq!(host.at.map(|t| t.to_rfc3339()), Some("2026-11-23T02:59:00+00:00".to_owned()));
        assert!(super::host("<html>").is_none());
    }
}
