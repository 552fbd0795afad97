//! CloudWatch: the operation table and what its parts share. `metrics` reads figures, `alarms` reads and mutes alarms.
//! The figures are made in `world`. Called through the service table; speaks CBOR, JSON and awsQuery alike.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};

use super::{Operation, Service};

mod alarms;
mod dashboards;
mod metric_data;
mod metrics;
mod put_alarm;

pub(super) const SERVICE: Service = Service {
    name: "cloudwatch",
    iam_prefix: "cloudwatch",
    signing_name: "monitoring",
    targets: &["GraniteServiceVersion20100801", "2010-08-01"],
    namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
    dialect: Dialect { missing: "MissingParameter", invalid: "ValidationError" },
    operations: &[
        Operation::read("GetMetricData", metric_data::get_metric_data),
        Operation::read("GetMetricStatistics", metrics::get_metric_statistics),
        Operation::read("ListMetrics", metrics::list_metrics),
        Operation::read("DescribeAlarms", alarms::describe_alarms),
        Operation::read("DescribeAlarmHistory", alarms::describe_alarm_history),
        Operation::read("ListDashboards", dashboards::list_dashboards),
        Operation::read("GetDashboard", dashboards::get_dashboard),
        Operation::write("PutDashboard", dashboards::put_dashboard),
        Operation::write("DeleteDashboards", dashboards::delete_dashboards),
        Operation::write("PutMetricAlarm", put_alarm::put_metric_alarm),
        Operation::write("DeleteAlarms", put_alarm::delete_alarms),
        Operation::write("EnableAlarmActions", alarms::enable_alarm_actions),
        Operation::write("DisableAlarmActions", alarms::disable_alarm_actions),
    ],
};

/// Where the figures of the global services are, and they alone.
const GLOBAL_REGION: &str = "us-east-1";
const GLOBAL: [&str; 2] = ["AWS/CloudFront", "AWS/Route53"];

/// Whether the request was signed for the region of the global services; everywhere else is home.
fn is_global(params: &Params<'_>) -> bool {
    params.region() == Some(GLOBAL_REGION)
}

/// Whether the figures of a namespace are in the region that the request was signed for.
fn is_here(params: &Params<'_>, namespace: &str) -> bool {
    GLOBAL.contains(&namespace) == is_global(params)
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn combination(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombinationException", message).with_query_code("InvalidParameterCombination")
}

fn invalid_token() -> ApiError {
    ApiError::new("InvalidNextToken", "The NextToken provided is invalid.")
}

/// One page of `items` under `member`.
fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, limit: i64, question: &str) -> Result<Value, ApiError> {
    let Page { items, next } = page(items, limit as usize, params.str("NextToken"), question).ok_or_else(invalid_token)?;
    Ok(object! { member => Value::members(items), "NextToken" => next })
}

/// The dimensions of a metric, as (name, value).
fn dimensions(params: &Params<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let given = params.structures("Dimensions");
    if given.len() > 30 {
        return Err(validation("A metric has at most 30 dimensions."));
    }
    given.into_iter().map(|dimension| Ok((dimension.required("Name")?.to_owned(), dimension.required("Value")?.to_owned()))).collect()
}

fn render_dimensions(dimensions: &[(String, String)]) -> Value {
    Value::members(dimensions.iter().map(|(name, value)| object! { "Name" => name, "Value" => value }))
}

/// Periods are 1, 5, 10, 20, 30 or a multiple of 60 seconds.
fn check_period(period: i64) -> Result<i64, ApiError> {
    if matches!(period, 1 | 5 | 10 | 20 | 30) || (period >= 60 && period % 60 == 0) {
        Ok(period)
    } else {
        Err(validation(format!("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, not {period}.")))
    }
}

/// `StartTime` and `EndTime`, which must be given and in order.
fn window(params: &Params<'_>) -> Result<(i64, i64), ApiError> {
    let start = params.time("StartTime")?.ok_or_else(|| params.missing("StartTime"))?;
    let end = params.time("EndTime")?.ok_or_else(|| params.missing("EndTime"))?;
    if start >= end {
        return Err(validation("The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok((start, end))
}
