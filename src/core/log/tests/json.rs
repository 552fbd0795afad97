//! JSON as services write it, and as somebody writes it who means no good.

use proptest::prelude::*;

use crate::log::json::{Inventory, Json, Kind};

fn fields(text: &str) -> Vec<String> {
    let json = Json::parse(text).expect(text);
    json.fields().iter().map(|f| format!("{}={}", f.path, f.text(&json))).collect()
}

#[test]
fn fields_by_dotted_path_as_they_were_written() {
    for (text, expected) in [
        (r#"{"a":1}"#, &["a=1"][..]),
        (r#"{"a":{"b":"x","c":[1,{"d":null}]},"e":true}"#, &["a.b=x", "a.c.0=1", "a.c.1.d=null", "e=true"]),
        (r#"{"a.b":1,"a":{"b":2}}"#, &["a.b=1", "a.b=2"]),
        (r#"{"n":12345678901234567890123,"f":1e400,"z":0.10}"#, &["n=12345678901234567890123", "f=1e400", "z=0.10"]),
        (r#"{"a":{},"b":[]}"#, &["a=", "b="]),
        (r#"{"s":"a\nb \"c\" \u00e9 \ud83d\ude00"}"#, &["s=a\nb \"c\" é 😀"]),
        (r#"{"s":"\u001b[2Jx\u202ey"}"#, &["s=␛[2Jx⟨202E⟩y"]),
        (r#"{"\u001bk":1}"#, &["␛k=1"]),
        (r#"{"s":"\ud83d"}"#, &["s=\\ud83d"]),
        (
            r#"{"password":"x","pass\u0077ord":"hunter2","u":"postgres:\/\/a:hunter2@b"}"#,
            &["password=***", "password=***", "u=postgres://a:***@b"],
        ),
        (r#"{"passwords":1,"token":["a","b"]}"#, &["passwords=1", "token.0=***", "token.1=***"]),
        (r#"  { "a" : [ 1 , 2 ] , "b" : "}" }  "#, &["a.0=1", "a.1=2", "b=}"]),
        (r#"2026-11-30T10:00:00Z web {"a":1}"#, &["a=1"]),
        (r#"error: it broke {"a":{"b":1}}"#, &["a.b=1"]),
        (r#"{"a":1,"a":2}"#, &["a=1", "a=2"]),
        ("{}", &["="]),
    ] {
        assert_eq!(fields(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_json_is_refused() {
    let deep = format!("{}{}{}", "{\"a\":".repeat(100_000), "1", "}".repeat(100_000));
    let list = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for text in ["", "{", "}", "{a:1}", "{\"a\":}", "[1]", "1", "x {y}", "{\"a\":1} x", "{\"a\":1,}", "{\"a\":\"}", &deep, &list] {
        assert!(Json::parse(text).is_none(), "{}", text.get(..40).unwrap_or(text));
    }
    let wide = format!("{{{}}}", (0..5000).map(|i| format!("\"k{i}\":1")).collect::<Vec<_>>().join(","));
    assert_eq!(Json::parse(&wide).unwrap().fields().len(), 1000);
    // What a long key would be repeated in is bounded.
    let long = format!("{{\"{}\":{wide}}}", "k".repeat(100_000));
    let json = Json::parse(&long).unwrap();
    assert_eq!(json.rows().len(), 5001);
    assert!(json.fields()[0].path.len() < 600 && json.fields()[0].path.ends_with('…'));
}

#[test]
fn rows_are_in_the_order_of_the_text() {
    let json = Json::parse(r#"{"z":"1\n2","a":{"b":[1,"x"],"c":{}},"n":null}"#).unwrap();
    let rows: Vec<String> = json
        .rows()
        .iter()
        .map(|r| {
            format!("{}{}{} <{}>", "  ".repeat(r.depth), r.key.as_ref().map(|k| format!("{k}: ")).unwrap_or_default(), r.value, r.path)
        })
        .collect();
    assert_eq!(
        rows,
        [
            "{ <>",
            "  z: 1\n2 <z>",
            "  a: { <a>",
            "    b: [ <a.b>",
            "      1 <a.b.0>",
            "      x <a.b.1>",
            "    ] <a.b>",
            "    c: {} <a.c>",
            "  } <a>",
            "  n: null <n>",
            "} <>",
        ]
    );
    assert_eq!(json.rows()[7].kind, Some(Kind::Empty));
    assert_eq!(Json::parse_revealed(r#"{"password":"hunter2"}"#).unwrap().rows()[1].value, "hunter2");
    assert_eq!(Json::parse(r#"{"password":"hunter2"}"#).unwrap().rows()[1].value, "***");
}

#[test]
fn the_message_and_what_fields_there_are() {
    for (text, message) in [
        (r#"{"level":1,"msg":"x"}"#, Some("x")),
        (r#"{"Message":"x"}"#, Some("x")),
        (r#"{"jsonPayload":{"message":"x"}}"#, Some("x")),
        (r#"{"a":1}"#, None),
    ] {
        assert_eq!(Json::parse(text).unwrap().message().as_deref(), message);
    }
    let mut inventory = Inventory::default();
    for text in [r#"{"a":1,"b":1}"#, r#"{"b":1}"#] {
        inventory.add(&Json::parse(text).unwrap());
    }
    assert_eq!(inventory.list(), [("b", 2), ("a", 1)]);
    for i in 0..600 {
        inventory.add(&Json::parse(&format!("{{\"k{i}\":1}}")).unwrap());
    }
    assert_eq!((inventory.list().len(), inventory.dropped), (500, 102));
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(\\PC|[\u{0}-\u{9f}\u{202e}\"\\\\{}\\[\\],:]){0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("(\\PC|[\u{0}-\u{9f}\"\\\\]){0,6}", inner, 0..5)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn leaves(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(a) if !a.is_empty() => a.iter().map(leaves).sum(),
        serde_json::Value::Object(o) if !o.is_empty() => o.values().map(leaves).sum(),
        _ => 1,
    }
}

proptest! {
    /// Whatever is valid is read whole, and no control character comes out of it.
    #[test]
    fn what_is_valid_is_read_whole(map in prop::collection::btree_map("[a-z]{1,4}", value(), 1..5)) {
        let text = serde_json::to_string(&map).unwrap();
        let json = Json::parse(&text).unwrap();
        prop_assert_eq!(json.fields().len(), map.values().map(leaves).sum::<usize>());
        for field in json.fields() {
            let at = field.text(&json);
            prop_assert!(!at.chars().chain(field.path.chars()).any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{at:?}");
        }
        for row in json.rows() {
            prop_assert!(!row.value.chars().any(|c| c != '\n' && c.is_control()));
        }
    }

    #[test]
    fn anything_else_is_calm(text in "(\\PC|[\\[\\]{}\",:\\\\ 0-9]|null|\\{\"a\":){0,60}") {
        if let Some(json) = Json::parse(&text) {
            let _ = (json.rows(), json.message());
        }
    }
}
