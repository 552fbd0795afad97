//! The two dashboards that the stack's owner made: service health and database performance.
//! Every metric that they show is one that the world publishes; a test holds them to it.

use serde_json::{Value, json};

use super::super::names::{ALB_DIM, CLUSTER, DAY, DB, Ms, REDIS, REGION, SERVICES, STACK, TG_API_DIM, TG_WEB_DIM};
use super::super::state::{Dashboard, Dashboards};

/// One chart: title, statistic, metrics.
type Chart = (&'static str, &'static str, Vec<Value>);

/// Both dashboards, as they are at `begin`.
pub(super) fn dashboards(begin: Ms) -> Dashboards {
    [("service-health", service_health(), begin - 34 * DAY), ("database-performance", database_performance(), begin - 61 * DAY)]
        .into_iter()
        .map(|(name, charts, modified_at)| {
            let name = format!("{STACK}-{name}");
            let arn = dashboard_arn(&name);
            (name, Dashboard { arn, body: body(charts), modified_at })
        })
        .collect()
}

/// The ARN of a dashboard; it names no region.
pub(in super::super) fn dashboard_arn(name: &str) -> String {
    format!("arn:aws:cloudwatch::{}:dashboard/{name}", super::super::names::ACCOUNT)
}

/// Two charts beside each other in every row.
fn body(charts: Vec<Chart>) -> String {
    let widgets: Vec<Value> = charts
        .into_iter()
        .enumerate()
        .map(|(index, (title, stat, metrics))| {
            json!({
                "type": "metric", "x": index % 2 * 12, "y": index / 2 * 6, "width": 12, "height": 6,
                "properties": {
                    "title": title, "stat": stat, "metrics": metrics,
                    "view": "timeSeries", "stacked": false, "region": REGION, "period": 60,
                },
            })
        })
        .collect();
    json!({ "start": "-PT3H", "periodOverride": "auto", "widgets": widgets }).to_string()
}

fn service_health() -> Vec<Chart> {
    let balancer = |name: &str| json!(["AWS/ApplicationELB", name, "LoadBalancer", ALB_DIM]);
    let target = |name: &str, group: &str| json!(["AWS/ApplicationELB", name, "TargetGroup", group, "LoadBalancer", ALB_DIM]);
    let both = |name: &str| [TG_API_DIM, TG_WEB_DIM].map(|group| target(name, group)).to_vec();
    let services = |namespace: &str, name: &str| {
        SERVICES.map(|service| json!([namespace, name, "ClusterName", CLUSTER, "ServiceName", service])).to_vec()
    };
    vec![
        ("Requests", "Sum", vec![balancer("RequestCount")]),
        ("Errors", "Sum", vec![balancer("HTTPCode_ELB_5XX_Count"), balancer("HTTPCode_Target_5XX_Count")]),
        ("Response time, p99", "p99", both("TargetResponseTime")),
        ("Healthy targets", "Minimum", both("HealthyHostCount")),
        ("CPU of the services", "Average", services("AWS/ECS", "CPUUtilization")),
        ("Memory of the services", "Average", services("AWS/ECS", "MemoryUtilization")),
        ("Running tasks", "Average", services("ECS/ContainerInsights", "RunningTaskCount")),
    ]
}

fn database_performance() -> Vec<Chart> {
    let db = |names: &[&str]| names.iter().map(|name| json!(["AWS/RDS", name, "DBInstanceIdentifier", DB])).collect();
    let nodes = |name: &str| {
        ["0001-001", "0001-002", "0002-001", "0002-002"]
            .map(|node| json!(["AWS/ElastiCache", name, "CacheClusterId", format!("{REDIS}-{node}"), "CacheNodeId", "0001"]))
            .to_vec()
    };
    vec![
        ("Database CPU", "Average", db(&["CPUUtilization"])),
        ("Database load", "Average", db(&["DBLoad", "DBLoadCPU", "DBLoadNonCPU"])),
        ("Connections", "Average", db(&["DatabaseConnections"])),
        ("Latency", "Average", db(&["ReadLatency", "WriteLatency"])),
        ("Operations per second", "Average", db(&["ReadIOPS", "WriteIOPS"])),
        ("Free storage and memory", "Average", db(&["FreeStorageSpace", "FreeableMemory"])),
        ("Cache memory", "Average", nodes("DatabaseMemoryUsagePercentage")),
        ("Cache engine CPU", "Average", nodes("EngineCPUUtilization")),
        ("Cache hit rate", "Average", nodes("CacheHitRate")),
        ("Evictions", "Sum", nodes("Evictions")),
    ]
}
