//! Rules that cannot be used: each is refused with file, line and what is wrong there.

use super::super::Rules;

const RULE: &str = r#"id = "x"
name = "X"
severity = "warning"
systems = ["db"]
aws = "https://docs.aws.amazon.com/"
opens = 'db.status == "failed"'
closes = 'db.status == "available"'
"#;

fn refused(text: &str) -> String {
    Rules::read([("x.toml", text)]).map_or_else(|e| e.to_string(), |_| "taken".to_owned())
}

#[test]
fn a_rule_that_cannot_be_used_is_refused_with_its_line() {
    assert_eq!(refused(RULE), "taken");
    let long = "x".repeat(70_000);
    let cases: &[(&str, String, &[&str])] = &[
        ("a field that no document has", RULE.replace("db.status == \"failed\"", "db.statis == \"failed\""), &["x.toml:6", "db.status"]),
        ("a name that nothing has", RULE.replace("db.status == \"failed\"", "dbs.status == \"failed\""), &["x.toml:6", "dbs"]),
        ("an expression that is none", RULE.replace("== \"failed\"", "== "), &["x.toml:6", "opens"]),
        ("a key that is none", RULE.replace("aws =", "asw ="), &["x.toml:5", "asw"]),
        ("a system that is none", RULE.replace("[\"db\"]", "[\"mainframe\"]"), &["x.toml:4", "mainframe"]),
        ("a severity that is none", RULE.replace("warning", "loud"), &["x.toml:3", "loud"]),
        ("a span that is none", format!("{RULE}holds = \"soon\"\n"), &["x.toml:8", "soon"]),
        ("a rule that is none", format!("{RULE}folds = [\"y\"]\n"), &["`y`"]),
        ("what cannot be kept", RULE.replace("db.status == \"failed\"", "timeline.size() > 0"), &["x.toml:6", "timeline"]),
        ("a window of nothing", format!("{RULE}[windows]\na = {{ over = \"5m\" }}\n"), &["x.toml:9", "series, events and value"]),
        (
            "a pattern without end",
            format!("{RULE}[windows]\na = {{ events = 'database_events.events', matching = '(', over = \"5m\" }}\n"),
            &["x.toml:9", "matching"],
        ),
        (
            "loops in loops in loops",
            RULE.replace(
                "db.status == \"failed\"",
                "tasks.tasks.all(a, tasks.tasks.all(b, tasks.tasks.all(c, a.zone == b.zone && b.zone == c.zone)))",
            ),
            &["x.toml:6", "loops"],
        ),
        ("a book", long, &["x.toml:1", "longer"]),
    ];
    for (what, text, words) in cases {
        let said = refused(text);
        assert!(words.iter().all(|word| said.contains(word)), "{what}: {said}");
    }
}
