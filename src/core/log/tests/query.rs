//! The filter: what is let through, what is refused and where, and that one line and many are judged alike.

use proptest::prelude::*;

use crate::log::level::Level;
use crate::log::query::{Line, Query, context, fold};
use crate::log::search::Index;

fn matches(query: &str, text: &str, level: Level) -> bool {
    let folded = fold(text);
    let is_json = text.starts_with('{');
    let line = Line { text, folded: &folded, level, service: "web", stream: "web/app/0a1b", is_json };
    Query::parse(query).expect(query).matches(&line)
}

#[test]
fn what_is_let_through() {
    const JSON: &str = r#"{"msg":"Saved","status":500,"user":{"id":42,"name":"Ann Lee"},"duration_ms":812.5,"tags":["a","b"]}"#;
    let mut wrong = Vec::new();
    for (query, text, shown) in [
        ("", "anything", true),
        ("  ", "anything", true),
        ("get", "GET /", true),
        ("GET", "get /", false),
        ("get !health", "GET /health", false),
        ("get !health", "GET /", true),
        ("!get", "GET /", false),
        ("a b", "b a", true),
        ("a AND b", "b a", true),
        ("a && c", "b a", false),
        ("x OR a", "b a", true),
        ("x || y", "b a", false),
        ("(x OR a) b", "b a", true),
        ("(x OR a) !b", "b a", false),
        ("x OR a b", "x", true),
        ("x OR a b", "a", false),
        ("!(x OR a)", "b", true),
        ("NOT a", "b", true),
        ("!!a", "a", true),
        ("((a))", "a", true),
        ("\"b a\"", "b a", true),
        ("\"b a\"", "a b", false),
        ("\"say \\\"x\\\"\"", "say \"x\"", true),
        ("\"OR\"", "x OR y", true),
        ("!\"b a\"", "b a", false),
        ("f(x)", "f(x)", true),
        ("(f(x) OR y)", "f(x)", true),
        ("a.c", "abc", false),
        ("/a.c/", "abc", true),
        ("/A.C/", "abc", false),
        (r"/\Sb\W/", "ab c", true),
        (r"/^b/", "a\nb", true),
        ("/a c/ d", "xa c d", true),
        (r"/a\/b/", "a/b", true),
        ("!/a.c/", "abc", false),
        ("/api/users", "GET /api/users", true),
        ("/api/users", "api users", false),
        ("/api", "GET /api", true),
        ("http://x:80/a", "see http://x:80/a", true),
        ("10:00:00", "at 10:00:00", true),
        ("@web", "x", true),
        ("@we x", "x", true),
        ("@0a1b", "x", true),
        ("@app", "x", true),
        ("@a1b", "x", false),
        ("@api", "the web @ap", false),
        ("!@web", "x", false),
        ("@", "a @ b", true),
        ("@t:5", "@t:5", true),
        ("std::fmt", "in std::fmt", true),
        ("error:", "error: x", true),
        ("<div>", "a <div>", true),
        ("a->b", "a->b", true),
        ("größe", "GRÖSSE GRÖßE", true),
        ("ÄRGER", "ärger", false),
        ("ärger", "ÄRGER", true),
        ("ORDER", "ORDER BY", true),
        ("service:web", "x", true),
        ("service:WEB", "x", true),
        ("service:we", "x", false),
        ("service:w*", "x", true),
        ("!service:web", "x", false),
        ("stream:web/*", "x", true),
        ("stream:*0a1b", "x", true),
        ("stream:api/*", "x", false),
        ("level:error", "x", true),
        ("level:warn", "x", true),
        ("level:critical", "x", false),
        ("level:=warn", "x", false),
        ("level=error", "x", true),
        ("level:err", "x", true),
        ("level:inf", "x", true),
        ("level:none", "x", false),
        ("!level:none", "x", true),
        ("level<error", "x", false),
        ("level>=warn", "x", true),
        ("level>error", "x", false),
        ("status:500", JSON, true),
        ("status=500", JSON, true),
        ("status:50", JSON, false),
        ("status:5*", JSON, true),
        ("user.id:42", JSON, true),
        ("user.name:\"ann lee\"", JSON, true),
        ("user.name:ann*", JSON, true),
        ("user.name:*lee", JSON, true),
        ("USER.ID:42", JSON, true),
        ("id:42", JSON, false),
        ("tags.1:b", JSON, true),
        ("duration_ms>500", JSON, true),
        ("duration_ms>=812.5", JSON, true),
        ("duration_ms<500", JSON, false),
        ("duration_ms<=812.5", JSON, true),
        ("msg>5", JSON, false),
        ("none>5", JSON, false),
        ("none:x", JSON, false),
        ("!none:x", JSON, true),
        ("method:GET", "level=info method=GET path=/x status=200", true),
        ("status>=500", "level=info status=502", true),
        ("took>5", "x took=12ms", true),
        ("msg:\"it broke\"", "level=error msg=\"it broke\"", true),
        ("code:42", "plain text with code:42", true),
        ("code:42", "plain text with code 42", false),
        ("xstatus:200", "status=200", false),
        ("tatus:200", "status=200", false),
    ] {
        if matches(query, text, Level::Error) != shown {
            wrong.push(format!("{query:?} {text:?}: {}", !shown));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // An escape in JSON stands for the letter.
    assert!(matches("name:ann", r#"{"name":"\u0061nn"}"#, Level::None));
}

#[test]
fn what_is_refused_and_where() {
    for (query, at, what) in [
        ("a (b", 2, "a ( that is not closed"),
        ("a )", 2, "a ) that closes nothing"),
        ("()", 0, "nothing in the parentheses"),
        ("( )", 0, "nothing in the parentheses"),
        ("a OR", 4, "something is missing"),
        ("OR a", 0, "something is missing before this"),
        ("a AND", 2, "nothing after AND"),
        ("AND a", 0, "nothing before AND"),
        ("a !", 2, "nothing after the negation"),
        ("! a", 0, "nothing after the negation"),
        ("a \"b", 2, "a quote that is not closed"),
        ("\"\"", 0, "nothing between the quotes"),
        ("ä level:loud", 8, "no level: loud (there are trace, debug, info, notice, warn, error, critical, none)"),
        ("x level>5", 8, "no level: 5 (there are trace, debug, info, notice, warn, error, critical, none)"),
        ("/a(/", 1, "no regular expression: unclosed group"),
        (r"x /\w{999}{999}/", 3, "a regular expression that takes too much memory"),
        ("a>\"x\"", 2, "no number: x (invalid float literal)"),
    ] {
        let error = Query::parse(query).expect_err(query);
        assert_eq!((error.at, error.what.as_str()), (at, what), "{query:?}");
    }
    assert_eq!(Query::parse("a )").unwrap_err().to_string(), "a ) that closes nothing at 3");
    assert!(Query::parse(&"(".repeat(100)).unwrap_err().what.contains("nested deeper than 32"));
    assert!(Query::parse(&"!".repeat(100)).unwrap_err().what.contains("nested deeper than 32"));
    assert!(Query::parse(&"a ".repeat(2000)).unwrap_err().what.contains("more than 2000 bytes"));
    assert!(Query::parse(&format!("/{}a/", "(".repeat(60))).is_err());
}

#[test]
fn what_matched_is_marked() {
    for (query, text, parts) in [
        ("get", "GET get", &["GET", "get"][..]),
        ("a /b+/ !c", "abbc", &["abb"]),
        ("level:error service:web", "error web", &[]),
        ("x*y", "x*y", &["x*y"]),
        ("", "x", &[]),
        ("ß OR i", "ßi", &["ßi"]),
    ] {
        let hits: Vec<&str> = Query::parse(query).unwrap().hits(text).into_iter().map(|r| text.get(r).unwrap()).collect();
        assert_eq!(hits, parts, "{query:?}");
    }
}

#[test]
fn context_around_matches() {
    for (at, n, total, ranges) in [
        (&[][..], 2, 10, &[][..]),
        (&[0], 2, 10, &[(0, 3)]),
        (&[9], 2, 10, &[(7, 10)]),
        (&[2, 4], 1, 10, &[(1, 6)]),
        (&[2, 5], 1, 10, &[(1, 7)]),
        (&[2, 6], 1, 10, &[(1, 4), (5, 8)]),
        (&[2, 3], 0, 10, &[(2, 4)]),
        (&[2, 20], 1, 10, &[(1, 4)]),
        (&[5], usize::MAX, 10, &[(0, 10)]),
    ] {
        let shown: Vec<(usize, usize)> = context(at, n, total).into_iter().map(|r| (r.start, r.end)).collect();
        assert_eq!(shown, ranges, "{at:?} {n}");
    }
}

#[test]
fn the_index_keeps_numbers_and_forgets_blocks() {
    let mut index = Index::default();
    for i in 0..5000 {
        index.push(&format!("line {i}"), Level::Info, "web", "web/1", false);
    }
    let all = Query::parse("").unwrap();
    assert_eq!(index.search(&all, 0).len(), 5000);
    assert_eq!(index.search(&Query::parse("\"line 4321\"").unwrap(), 0), [4321]);
    index.forget(3000);
    assert_eq!((index.first(), index.end()), (3000, 5000));
    assert_eq!(index.search(&all, 0).first(), Some(&3000));
    assert_eq!(index.search(&all, 4999), [4999]);
    assert!(index.line(2999).is_none());
    assert_eq!(index.line(4321).unwrap().text, "line 4321");
    index.forget(9000);
    assert_eq!(index.search(&all, 0), [0u64; 0]);
    index.push("one more", Level::Info, "web", "web/1", false);
    assert_eq!(index.search(&Query::parse("more").unwrap(), 0), [5000]);
}

fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-cA-C]{1,2}",
        Just("level:warn".to_owned()),
        Just("level:=error".to_owned()),
        Just("service:w*".to_owned()),
        Just("/a.?b/".to_owned()),
        Just("n>2".to_owned()),
        Just("n:3".to_owned()),
        Just("ä".to_owned()),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    /// A line is judged alike by itself and among others.
    #[test]
    fn one_line_and_many_are_judged_alike(query in query(), lines in prop::collection::vec("([a-cA-C ]{0,6}|n=[0-5]|\\{\"n\":[0-5]\\}|Äa)", 1..40)) {
        let query = Query::parse(&query).unwrap();
        let mut index = Index::default();
        let mut expected = Vec::new();
        for (i, text) in lines.iter().enumerate() {
            let level = Level::ALL[i % 7];
            let service = if i % 3 == 0 { "web" } else { "api" };
            let is_json = text.starts_with('{');
            index.push(text, level, service, "s", is_json);
            let line = Line { text, folded: &fold(text), level, service, stream: "s", is_json };
            if query.matches(&line) {
                expected.push(i as u64);
            }
        }
        prop_assert_eq!(index.search(&query, 0), expected);
    }

    /// Whatever is typed is a filter or an error with a place inside of it.
    #[test]
    fn anything_can_be_typed(typed in "(\\PC|[()!\"/ :<>=*\\\\]|OR|AND|NOT|level:|a>){0,30}", text in "\\PC{0,30}") {
        match Query::parse(&typed) {
            Ok(query) => {
                let folded = fold(&text);
                let _ = query.matches(&Line { text: &text, folded: &folded, ..Line::default() });
                for hit in query.hits(&text) {
                    prop_assert!(text.get(hit).is_some());
                }
            }
            Err(e) => prop_assert!(e.at <= typed.chars().count()),
        }
    }
}
