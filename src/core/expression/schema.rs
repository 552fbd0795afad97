//! The JSON Schema of the state document, for editors and for programs that read it. Made of the same shapes that check expressions, so of
//! the types that read documents; a test holds the example documents against it.

use serde_json::{Map, Value as Json, json};

use super::shape::{Shape, sections, top};
use crate::model::standing::Standing;

/// Counts changes that a reader of the document has to know of: a field that goes or means something else. New fields do not count.
pub const VERSION: u32 = 1;

/// The schema of what `snapshot --format json` prints.
pub fn schema() -> Json {
    let wrapped: Map<String, Json> = sections().iter().map(|(key, shape)| ((*key).to_owned(), section(shape))).collect();
    let mut members: Map<String, Json> = top().iter().map(|(name, shape)| ((*name).to_owned(), of(shape))).collect();
    let sections_of = json!({"type": "object", "properties": wrapped, "additionalProperties": false});
    let others = "the sections of each resource beside the first of its kind, by its node: db/reporting";
    members.insert("others".to_owned(), json!({"type": "object", "description": others, "additionalProperties": sections_of}));
    members.insert("sections".to_owned(), sections_of);
    members.insert("place".to_owned(), json!({"type": "object", "description": "where all of it was asked, and as whom"}));
    let identity = sections().into_iter().find(|(key, _)| *key == "identity").map(|(_, shape)| of(&Shape::Nullable(Box::new(shape))));
    members.insert("identity".to_owned(), identity.unwrap_or_default());
    let required = ["stack", "as_of", "worst", "counts", "nodes", "timeline", "sections", "inventory", "usage"];
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:nextcore-top:state-document:{VERSION}"),
        "title": "state document of nextcore-top",
        "description": "What `nextcore-top snapshot --format json` prints and what expressions read. Times are RFC 3339 UTC; what is not known is null.",
        "type": "object",
        "properties": members,
        "required": required,
    })
}

fn section(shape: &Shape) -> Json {
    json!({
        "type": "object",
        "properties": {
            "state": {"enum": Standing::ALL.map(Standing::word)},
            "at": {"type": ["string", "null"], "description": "when the data was fetched"},
            "age_s": {"type": ["integer", "null"]},
            "interval_s": {"type": "integer"},
            "problem": {"type": ["object", "null"], "description": "why the last poll failed"},
            "unread": {"type": "array", "description": "parts that could not be read while the rest could"},
            "data": of(&Shape::Nullable(Box::new(shape.clone()))),
        },
        "required": ["state", "data"],
    })
}

fn of(shape: &Shape) -> Json {
    match shape {
        Shape::Any => json!({}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Int => json!({"type": "integer"}),
        Shape::Float => json!({"type": "number"}),
        Shape::Text => json!({"type": "string"}),
        Shape::Nullable(inner) => match of(inner) {
            Json::Object(mut plain) if plain.get("type").is_some_and(Json::is_string) => {
                let own = plain.remove("type").unwrap_or_default();
                plain.insert("type".to_owned(), json!([own, "null"]));
                Json::Object(plain)
            }
            other if other == json!({}) => other,
            other => json!({"anyOf": [other, {"type": "null"}]}),
        },
        Shape::List(inner) => json!({"type": "array", "items": of(inner)}),
        Shape::Tuple(items) => {
            let all: Vec<Json> = items.iter().map(of).collect();
            json!({"type": "array", "prefixItems": all, "minItems": items.len(), "maxItems": items.len()})
        }
        Shape::Map(inner) => json!({"type": "object", "additionalProperties": of(inner)}),
        Shape::Fields(fields) => {
            let all: Map<String, Json> = fields.iter().map(|(name, shape)| ((*name).to_owned(), of(shape))).collect();
            json!({"type": "object", "properties": all, "additionalProperties": false})
        }
        Shape::Choice(words) => choice(words),
    }
}

fn choice(words: &[(&'static str, Option<Shape>)]) -> Json {
    let plain: Vec<&str> = words.iter().filter(|(_, shape)| shape.is_none()).map(|(word, _)| *word).collect();
    let object = |word: &str, shape: &Shape| {
        let mut all = Map::new();
        all.insert(word.to_owned(), of(shape));
        json!({"type": "object", "properties": all, "required": [word], "additionalProperties": false})
    };
    let mut ways: Vec<Json> = words.iter().filter_map(|(word, shape)| Some(object(word, shape.as_ref()?))).collect();
    if ways.is_empty() {
        return json!({"enum": plain});
    }
    if !plain.is_empty() {
        ways.push(json!({"enum": plain}));
    }
    json!({"anyOf": ways})
}
