//! A session's state as the file that the tests of the view are drawn from: the state document that `snapshot --format json` prints, short
//! (the newest hour of figures, four digits of each) and a section on a line, so that a diff names what has changed. Called by `screenshot`.

use std::sync::Arc;

use serde_json::Value;

use nextcore_core::model::log::LogTail;
use nextcore_core::model::metric::Metrics;
use nextcore_core::model::section::Section;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::report;
use nextcore_core::session::Session;

/// Points of a series and log events that are kept: what the widest chart and the tallest list show.
const POINTS: usize = 60;
const EVENTS: usize = 80;

/// Its document.
pub(super) fn of(session: &Session) -> String {
    let (store, judgement, now) = session.observed();
    lines(&report::json(&short(store), judgement, &Stack::default(), now))
}

fn short(store: &Store) -> Store {
    let mut store = store.clone();
    if let Some(mut metrics) = store.get::<Metrics>().cloned() {
        for series in metrics.series.values_mut() {
            series.merge([], POINTS);
            for (_, value) in &mut series.points {
                *value = format!("{value:.3e}").parse().unwrap_or(*value);
            }
        }
        store.entry_mut(Metrics::KEY).value = Some(Arc::new(metrics));
    }
    if let Some(mut tail) = store.get::<LogTail>().cloned() {
        let spare = tail.events.len().saturating_sub(EVENTS);
        tail.events.drain(..spare);
        store.entry_mut(LogTail::KEY).value = Some(Arc::new(tail));
    }
    store
}

/// Compact JSON, but each member of the document, and each of its sections and nodes, on a line of its own.
fn lines(document: &Value) -> String {
    let mut out = String::new();
    members(document, &mut out, |key, value, out| {
        if matches!(key, "sections" | "nodes") {
            members(value, out, |_, value, out| out.push_str(&value.to_string()));
        } else {
            out.push_str(&value.to_string());
        }
    });
    out.push('\n');
    out
}

fn members(object: &Value, out: &mut String, each: impl Fn(&str, &Value, &mut String)) {
    let mut before = "{\n";
    for (key, value) in object.as_object().into_iter().flatten() {
        out.push_str(before);
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push_str(": ");
        each(key, value, out);
        before = ",\n";
    }
    out.push_str("\n}");
}
