//! What an expression yields as JSON: for windows, lists of subjects and texts of evidence, which are more than true or false.
//! What has no value yields none. Called by rules of incidents.

use cel::Value;
use cel::objects::Key;
use chrono::SecondsFormat;
use serde_json::{Map, Value as Json};

use super::compiled::Expression;
use super::facts::Facts;

impl Expression {
    /// Its value; none where it cannot be told.
    pub fn json(&self, facts: &Facts) -> Option<Json> {
        if !self.unknown.is_empty() {
            return None;
        }
        facts.reading.run.begin(self.steps, self.plain);
        let value = self.value(&facts.cx).ok()?;
        if facts.reading.run.is_over() { None } else { Some(json(&value)) }
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Bool(b) => Json::from(*b),
        Value::Int(n) => Json::from(*n),
        Value::UInt(n) => Json::from(*n),
        Value::Float(n) => Json::from(*n),
        Value::String(s) => Json::from(s.as_str()),
        Value::Timestamp(at) => Json::from(at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        Value::Duration(span) => Json::from(span.num_seconds()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(map) => Json::Object(map.map.iter().map(|(k, v)| (key(k), json(v))).collect::<Map<_, _>>()),
        _ => Json::Null,
    }
}

fn key(key: &Key) -> String {
    match key {
        Key::String(text) => text.as_str().to_owned(),
        other => other.to_string(),
    }
}
