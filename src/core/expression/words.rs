//! What CEL's values are in the words of a report. Called by `verify` and by whoever shows evidence.

use cel::Value;
use chrono::SecondsFormat;

use crate::model::text;

/// `yes`, `10.0.0.0/16`, `a, b`, `3m20s`, `none`.
pub fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Int(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::String(s) if s.is_empty() => "none".to_owned(),
        Value::String(s) => s.to_string(),
        Value::Duration(d) => text::duration(d.num_seconds()),
        Value::Timestamp(t) => t.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true),
        Value::List(items) if items.is_empty() => "none".to_owned(),
        Value::List(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Map(map) => {
            let mut entries: Vec<String> = map.map.iter().map(|(key, value)| format!("{key} {}", words(value))).collect();
            entries.sort();
            if entries.is_empty() { "none".to_owned() } else { entries.join(", ") }
        }
        other => format!("a value of type {}", other.type_of()),
    }
}
