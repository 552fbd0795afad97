//! A user's file: what it adds, what it takes the place of, and every way in which it is refused: file, line, statement, key.

use crate::model::database::Database;

use super::super::{Only, StatementError, Statements, verify};
use super::seed::Seed;
use super::{builtin, outcomes, run};

fn user(text: &str) -> Result<Statements, StatementError> {
    builtin().with_user(text, "mine.toml")
}

fn refusal(text: &str) -> String {
    user(text).unwrap_err().to_string()
}

#[test]
fn a_file_adds_statements_at_the_end_under_its_own_heading() {
    let statements = user("group = \"Ours\"\n[[statement]]\nid = \"T02\"\ntitle = \"b\"\npass = 'true'\n[[statement]]\nid = \"T01\"\ntitle = \"a\"\npass = 'false'\n").unwrap();
    let report = run(&statements, &Seed::new());
    let last: Vec<_> =
        report.rows.iter().rev().take(2).map(|r| (r.about.id.as_str(), r.about.group.as_str(), r.about.file.as_str())).collect();
    assert_eq!(last, [("T02", "Ours", "mine.toml"), ("T01", "Ours", "mine.toml")]);
    assert_eq!(report.groups().last().unwrap().1.len(), 2);
}

#[test]
fn an_id_that_exists_takes_the_place_of_the_built_in_statement() {
    let text =
        "[[statement]]\nid = \"D02\"\ntitle = \"db.r6g.large\"\npass = 'database.class == \"db.r6g.large\"'\nfound = 'database.class'\n";
    let statements = user(text).unwrap();
    let mut seed = Seed::new();
    assert_eq!(outcomes(&run(&statements, &seed))["D02"], "fail");
    seed.edit::<Database>(|x| x.class = "db.r6g.large".into());
    let report = run(&statements, &seed);
    let at = report.rows.iter().position(|r| r.about.id == "D02").unwrap();
    assert_eq!(report.rows[at - 1].about.id, "D01", "in its place");
    let row = &report.rows[at];
    assert_eq!((row.about.title.as_str(), row.about.group.as_str(), row.outcome.word()), ("db.r6g.large", "RDS PostgreSQL", "pass"));
    assert_eq!(report.counts.total(), 173);
}

#[test]
fn names_can_be_given_in_any_order_and_the_built_in_ones_used() {
    let text = "[let]\na = 'b + 1'\nb = 'size(nat_live)'\n[[statement]]\nid = \"T\"\ntitle = \"t\"\npass = 'a == 4'\nfound = '[a, b]'\n";
    let statements = user(text).unwrap();
    let report = verify(&statements, Seed::new().document(), &Only::parse("T", &statements).unwrap());
    assert_eq!((report.rows[0].outcome.word(), report.rows[0].found.as_deref()), ("pass", Some("4, 3")));
    assert_eq!(statements.needs(&Only::parse("T", &statements).unwrap()).into_iter().collect::<Vec<_>>(), ["nat"]);
}

#[test]
fn each_makes_a_statement_of_every_entry() {
    let text = r#"
[[statement]]
each = [{ id = "T1", zone = "a", n = 1 }, { id = "T2", zone = "z", n = 2 }]
title = "zone {zone} ({n})"
pass = 'zones.zones.exists(z, z.name == stack.region + it.zone)'
manual = "look"
"#;
    let statements = user(text).unwrap();
    let report = verify(&statements, Seed::new().document(), &Only::parse("T1,T2", &statements).unwrap());
    let rows: Vec<_> = report.rows.iter().map(|r| (r.about.title.as_str(), r.outcome.word())).collect();
    assert_eq!(rows, [("zone a (1)", "pass"), ("zone z (2)", "manual")]);
}

#[test]
fn what_is_wrong_is_refused_with_file_line_statement_and_key() {
    let statement = |keys: &str| format!("# a comment\n[[statement]]\nid = \"T1\"\ntitle = \"t\"\n{keys}\n");
    let cases = [
        (statement("pass = 'database.class =='"), "mine.toml:5: T1: pass: "),
        (
            statement("pass = 'databse.class == 1'"),
            "mine.toml:5: T1: pass: `databse` is not a section, a [let] name or one of stack, as_of",
        ),
        (statement("pass = 'true'\nwarn = '\"a'"), "mine.toml:6: T1: warn: "),
        (statement("pass = 'true'\nfound = 'it.x'"), "mine.toml:6: T1: found: `it` is not a section"),
        (statement("pass = 'true'\nwhen = 'true'"), "mine.toml:2: T1: `when` needs `optional` or `na` to say why it does not apply"),
        (statement("pas = 'true'"), "mine.toml:5: unknown field `pas`, expected one of `id`, `each`, `title`"),
        (statement("pass = true"), "mine.toml:5: invalid type: boolean `true`, expected a string"),
        (statement(""), "mine.toml:2: T1: needs `pass` (an expression) or `manual` (what to do by hand)"),
        ("[[statement]]\nid = \"T1\"\npass = 'true'\n".into(), "mine.toml:1: missing field `title`"),
        ("[[statement]]\ntitle = \"t\"\npass = 'true'\n".into(), "mine.toml:1: statement without an id"),
        ("[[statement]]\nid = \"T 1\"\ntitle = \"t\"\npass = 'true'\n".into(), "mine.toml:1: T 1: an id has no spaces and no commas"),
        (
            "[[statement]]\nid = \"T1\"\ntitle = \"t\"\npass = 'true'\n\n[[statement]]\nid = \"T1\"\ntitle = \"t\"\npass = 'true'\n".into(),
            "mine.toml:6: T1: duplicate statement id",
        ),
        (
            "[[statement]]\neach = [{ id = \"T1\" }, { id = \"T1\" }]\ntitle = \"t\"\npass = 'true'\n".into(),
            "mine.toml:1: T1: duplicate statement id",
        ),
        ("[[statement]]\neach = [{ x = 1 }]\ntitle = \"t\"\npass = 'true'\n".into(), "mine.toml:2: statement without an id"),
        (
            "[[statement]]\nid = \"T1\"\neach = [{ id = \"T2\" }]\ntitle = \"t\"\npass = 'true'\n".into(),
            "mine.toml:1: T1: use either `id` or `each`",
        ),
        (
            "[[statement]]\neach = [{ id = \"T1\" }]\ntitle = \"{size}\"\npass = 'true'\n".into(),
            "mine.toml:1: T1: title: no `size` in this entry of `each`",
        ),
        ("[let]\ndatabase = '1'\n".into(), "mine.toml:2: [let] database: a name in the state document"),
        ("[let]\nnat_live = '1'\n".into(), "mine.toml:2: [let] nat_live: already a name, in names.toml"),
        ("[let]\nx = '1 +'\n".into(), "mine.toml:2: [let] x: "),
        ("[let]\nx = 'nowhere'\n".into(), "mine.toml:2: [let] x: `nowhere` is not a section"),
        ("[let]\nx = 'y'\ny = 'x'\n".into(), "mine.toml:2: [let] x: refers to itself"),
        ("[statement]\nid = \"T1\"\n".into(), "mine.toml:1: invalid type: map, expected a sequence"),
        ("statements = []\n".into(), "mine.toml:1: unknown field `statements`, expected one of `group`, `let`, `statement`"),
        ("group = \n".into(), "mine.toml:1: "),
    ];
    for (text, expected) in cases {
        let refusal = refusal(&text);
        assert!(refusal.starts_with(expected), "{text}\n  says: {refusal}");
        assert!(!refusal.contains('\n'), "one line: {refusal}");
    }
}

#[test]
fn a_syntax_error_says_where_in_the_expression() {
    let text = "[[statement]]\nid = \"T\"\ntitle = \"t\"\npass = '''\ndatabase.class ==\n  == 1\n'''\n";
    assert!(refusal(text).contains("(line 2, column 3)"), "{}", refusal(text));
}
