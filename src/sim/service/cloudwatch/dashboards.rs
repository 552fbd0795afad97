//! Dashboards: listing, reading, writing and deleting them. Their bodies are kept as they came, once they are JSON.
//! Called through the table in `cloudwatch`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;

use super::paged;

/// AWS's own page size; the request cannot choose one.
const PAGE: i64 = 1_000;

fn invalid_value(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", message).with_query_code("InvalidParameterValue")
}

fn invalid_input(message: impl Into<String>) -> ApiError {
    ApiError::new("DashboardInvalidInputError", message).with_query_code("InvalidParameterInput")
}

fn not_found(name: &str) -> ApiError {
    ApiError::new("DashboardNotFoundError", format!("Dashboard {name} does not exist")).with_status(404).with_query_code("ResourceNotFound")
}

pub(super) fn list_dashboards(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let prefix = params.str("DashboardNamePrefix");
    let found = world
        .dashboards
        .iter()
        .filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix)))
        .map(|(name, dashboard)| {
            object! {
                "DashboardName" => name,
                "DashboardArn" => &dashboard.arn,
                "LastModified" => Value::time(dashboard.modified_at),
                "Size" => dashboard.body.len(),
            }
        })
        .collect();
    paged(params, "DashboardEntries", found, PAGE, &format!("ListDashboards {prefix:?}"))
}

pub(super) fn get_dashboard(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = params.str("DashboardName").ok_or_else(|| invalid_value("The parameter DashboardName must not be empty."))?;
    let dashboard = world.dashboards.get(name).ok_or_else(|| not_found(name))?;
    Ok(object! { "DashboardArn" => &dashboard.arn, "DashboardBody" => &dashboard.body, "DashboardName" => name })
}

pub(super) fn put_dashboard(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = params.str("DashboardName").unwrap_or_default();
    if name.is_empty() || name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        return Err(invalid_input("The value of field DashboardName is invalid: only alphanumerics, dash (-) and underscore (_)."));
    }
    let body = params.str("DashboardBody").unwrap_or_default();
    let parsed: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let widgets = parsed.as_ref().and_then(|body| body.get("widgets")).is_some_and(serde_json::Value::is_array);
    if !widgets {
        return Err(invalid_input("The dashboard body is invalid: it must be a JSON object with a \"widgets\" array."));
    }
    world.put_dashboard(name, body);
    Ok(object! { "DashboardValidationMessages" => Value::members::<Value>([]) })
}

/// All of them, or none when one does not exist.
pub(super) fn delete_dashboards(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let names = params.strings("DashboardNames");
    if names.is_empty() {
        return Err(invalid_value("The parameter DashboardNames must not be empty."));
    }
    if let Some(unknown) = names.iter().find(|name| !world.dashboards.contains_key(**name)) {
        return Err(not_found(unknown));
    }
    world.delete_dashboards(&names);
    Ok(Value::EMPTY)
}
