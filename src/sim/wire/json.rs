//! awsJson1_0 and awsJson1_1: serde_json in, serde_json out. Times are epoch seconds.
//! Knows nothing of services; called by `wire::Call::decode` and `wire::respond`.

use serde_json::{Map, Number, Value as Json};

use super::Value;

/// Parses a request body; an empty body is an empty structure.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::EMPTY);
    }
    match serde_json::from_slice(body).map_err(|error| error.to_string())? {
        object @ Json::Object(_) => Ok(from_json(object)),
        _ => Err("the request body is not a JSON object".to_owned()),
    }
}

/// Renders a response body.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    to_json(value).to_string().into_bytes()
}

fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int),
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::members(items.into_iter().map(from_json)),
        Json::Object(members) => Value::Map(members.into_iter().map(|(name, value)| (name.into(), from_json(value))).collect()),
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Str(text) => Json::String(text.clone().into_owned()),
        Value::Time(epoch_ms) => Json::from(*epoch_ms as f64 / 1000.0),
        Value::List { items, .. } | Value::Flat(items) => items.iter().map(to_json).collect(),
        Value::Map(members) => Json::Object(
            members
                .iter()
                .filter(|(_, value)| *value != Value::Null)
                .map(|(name, value)| (name.clone().into_owned(), to_json(value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn values_render_as_aws_writes_them() {
        for (value, text) in [
            (object! { "a" => 1, "gone" => Value::Null }, r#"{"a":1}"#),
            (object! { "at" => Value::Time(1_790_000_000_500) }, r#"{"at":1790000000.5}"#),
            (object! { "of" => Value::list("x", ["a", "b"]) }, r#"{"of":["a","b"]}"#),
            (object! { "f" => 2.0, "nan" => f64::NAN }, r#"{"f":2.0,"nan":null}"#),
            (Value::EMPTY, "{}"),
        ] {
            assert_eq!(String::from_utf8(encode(&value)).unwrap(), text);
        }
    }

    #[test]
    fn requests_are_objects() {
        assert_eq!(decode(b"").unwrap(), Value::EMPTY);
        assert_eq!(decode(br#"{"n":3,"f":1.5,"l":[true]}"#).unwrap().get("n"), Some(&Value::Int(3)));
        assert!(decode(b"[1]").is_err());
        assert!(decode(b"{\"a\":").is_err());
    }
}
