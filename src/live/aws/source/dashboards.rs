//! CloudWatch dashboards whose name has the stack's prefix, and what their widgets show (15 min).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;

use super::{Context, Part, QUARTER};
use crate::aws::convert::{text, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::dashboard::{Dashboard, Dashboards, Widget};
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const LIST: Op = Op::read("CloudWatch", "ListDashboards", "cloudwatch:ListDashboards").on(Scope::Any);
const GET: Op = Op::read("CloudWatch", "GetDashboard", "cloudwatch:GetDashboard").on(Scope::Dashboards);
/// Bodies read: an account may have hundreds of dashboards, the stack has two.
const MOST: usize = 10;

pub(super) struct DashboardsSource;

impl super::Source for DashboardsSource {
    type Out = Dashboards;
    const READS: &'static [Op] = &[LIST, GET];

    fn every(_: &Store) -> Duration {
        QUARTER
    }

    async fn poll(cx: Arc<Context>) -> Result<Dashboards, Problem> {
        let client = &cx.clients.cloudwatch;
        let prefix = Some(cx.stack.dashboard_prefix.clone()).filter(|p| !p.is_empty());
        let request = client.list_dashboards().set_dashboard_name_prefix(prefix);
        let all = page::all(LIST, |token| request.clone().set_next_token(token).send(), |out| (out.dashboard_entries, out.next_token));
        let mut found: Vec<_> = all.await?.iter().map(|entry| (text(entry.dashboard_name()), time(entry.last_modified()))).collect();
        found.sort();
        found.truncate(MOST);
        let answers = join_all(found.iter().map(|(name, _)| client.get_dashboard().dashboard_name(name).send())).await;
        let mut bodies = Vec::new();
        for ((name, _), answer) in found.iter().zip(answers) {
            let part = Part::shown(format!("widgets of {name}"), name, "widgets");
            bodies.push(cx.part(part, answer.map_err(|e| problem_of(GET, &e)))?);
        }
        let dashboards = found.into_iter().zip(&bodies).map(|((name, modified_at), body)| {
            let widgets = widgets(body.as_ref().and_then(|b| b.dashboard_body()).unwrap_or_default());
            let namespaces: BTreeSet<&str> = widgets.iter().flat_map(|w| &w.metrics).filter_map(|m| m.split(' ').next()).collect();
            Dashboard { name, modified_at, namespaces: namespaces.into_iter().map(ToOwned::to_owned).collect(), widgets }
        });
        Ok(Dashboards { dashboards: dashboards.collect() })
    }
}

/// The widgets of a body. In its metric arrays `.` repeats what stood above, and `...` all of it.
fn widgets(body: &str) -> Vec<Widget> {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return Vec::new() };
    let widgets = body.get("widgets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    widgets.iter().map(widget).collect()
}

fn widget(w: &Value) -> Widget {
    let properties = w.get("properties").unwrap_or(&Value::Null);
    let mut above: (String, String) = Default::default();
    let mut metrics = Vec::new();
    for row in properties.get("metrics").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        let cell = |i: usize| row.get(i).and_then(Value::as_str);
        match (cell(0), cell(1)) {
            (Some("..."), _) => {}
            (Some(namespace), Some(name)) => {
                if namespace != "." {
                    namespace.clone_into(&mut above.0);
                }
                if name != "." {
                    name.clone_into(&mut above.1);
                }
            }
            // An expression: an object in place of names.
            _ => continue,
        }
        metrics.push(text(Some(&format!("{} {}", above.0, above.1))));
    }
    metrics.dedup();
    Widget {
        title: text(properties.get("title").and_then(Value::as_str)),
        kind: text(w.get("type").and_then(Value::as_str)).into(),
        metrics,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_a_widget_repeat_what_stands_above() {
        let body = r#"{"widgets":[{"type":"metric","properties":{"title":"db","metrics":[
            ["AWS/RDS","CPUUtilization","DBInstanceIdentifier","a"],[".","DatabaseConnections",".","."],["...","b"],[{"expression":"m1*2"}]]}},
            {"type":"text","properties":{"markdown":"x"}}]}"#;
        let found = widgets(body);
        assert_eq!(found[0].metrics, ["AWS/RDS CPUUtilization", "AWS/RDS DatabaseConnections"]);
        assert_eq!((found[1].kind.as_str(), found[1].metrics.len()), ("text", 0));
        assert!(widgets("{").is_empty());
    }
}
