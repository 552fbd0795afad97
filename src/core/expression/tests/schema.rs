//! The schema against the example documents, and against itself: nothing that the program writes is missing in it.

use serde_json::Value;

use super::super::shape::{Shape, roots, sections};
use super::super::{roots as names, schema};
use crate::model::kinds::KINDS;

const DOCUMENTS: [&str; 3] = [
    include_str!("../../tests/documents/healthy.json"),
    include_str!("../../tests/documents/incident.json"),
    include_str!("../../tests/documents/deploying.json"),
];

#[test]
fn every_section_and_name_has_a_shape() {
    let known: Vec<&str> = sections().iter().map(|(key, _)| *key).collect();
    let all: Vec<&str> = KINDS.iter().map(|kind| kind.key.0).collect();
    assert_eq!(known, all);
    let shapes = roots();
    for root in names() {
        let (_, shape) = shapes.iter().find(|(name, _)| *name == root.name).unwrap_or_else(|| panic!("{}", root.name));
        assert_ne!(*shape, Shape::Any, "{}", root.name);
    }
}

/// The part of JSON Schema that ours uses.
fn fits(value: &Value, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(ways) = schema.get("anyOf").and_then(Value::as_array) {
        let fitting = ways.iter().any(|way| {
            let mut own = Vec::new();
            fits(value, way, at, &mut own);
            own.is_empty()
        });
        if !fitting {
            wrong.push(format!("{at}: {value} is none of {}", schema["anyOf"]));
        }
        return;
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        if !words.contains(value) {
            wrong.push(format!("{at}: {value} is not a word of {words:?}"));
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |wanted: &Value| wanted == kind || (wanted == "number" && kind == "integer");
    match &schema["type"] {
        Value::Null => return,
        Value::Array(any) if any.iter().any(is) => {}
        one if is(one) => {}
        other => return wrong.push(format!("{at}: {kind} is not {other}")),
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        let of = schema.get("items").or_else(|| schema["prefixItems"].get(i)).unwrap_or(&Value::Null);
        fits(item, of, &format!("{at}/{i}"), wrong);
    }
    for (key, item) in value.as_object().into_iter().flatten() {
        match (schema["properties"].get(key), schema.get("additionalProperties")) {
            (Some(of), _) | (None, Some(of @ Value::Object(_))) => fits(item, of, &format!("{at}/{key}"), wrong),
            (None, Some(Value::Bool(false))) => wrong.push(format!("{at}/{key}: not in the schema")),
            _ => {}
        }
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(key).is_none() {
            wrong.push(format!("{at}: lacks {key}"));
        }
    }
}

#[test]
fn the_example_documents_fit_the_schema() {
    let schema = schema();
    for text in DOCUMENTS {
        let document: Value = serde_json::from_str(text).unwrap();
        let mut wrong = Vec::new();
        fits(&document, &schema, "", &mut wrong);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn nothing_in_the_schema_is_left_open_but_what_is_meant_to_be() {
    fn open(shape: &Shape, at: &str, found: &mut Vec<String>) {
        match shape {
            Shape::Any => found.push(at.to_owned()),
            Shape::Nullable(of) | Shape::List(of) | Shape::Map(of) => open(of, at, found),
            Shape::Tuple(items) => items.iter().for_each(|of| open(of, at, found)),
            Shape::Fields(fields) => fields.iter().for_each(|(name, of)| open(of, &format!("{at}.{name}"), found)),
            Shape::Choice(words) => words.iter().for_each(|(word, of)| {
                if let Some(of) = of {
                    open(of, &format!("{at}.{word}"), found);
                }
            }),
            Shape::Bool | Shape::Int | Shape::Float | Shape::Text => {}
        }
    }
    let mut found = Vec::new();
    for (name, shape) in &roots() {
        open(shape, name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}
