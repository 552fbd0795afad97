//! Runbooks: what is read, what is refused, what is built in, and a walk through one.

mod builtin;
mod hostile;
mod walk;

use std::collections::BTreeMap;

use super::{Block, Command, Fault, LogQuery, Runbook, lint};
use crate::expression::Language;
use crate::input::Jump;
use crate::model::action::Request;
use crate::model::system::NodeId;

const FRONT: &str = "---\ntitle: The web is slow\nwhen: p99 above 3 s\nincidents: [slow-web, other]\nowner: team web\nvalues:\n  service: choice of services\n  count: number, default 4\n---\n";

fn parse(text: &str) -> Runbook {
    Runbook::parse("web.md", text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn linted(text: &str) -> Vec<String> {
    told(&lint(&parse(text), &Language::new().unwrap(), &|path, _| path == "there.md"))
}

fn values(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_runbook_is_read_with_its_places() {
    let text = format!(
        "{FRONT}\n# The web is slow\n\nFirst *things*.\n\n## Look at {{{{service}}}}\n\nRead [this](there.md#x).\n\n```nextcore-top\n# why\ncheck service[\"{{{{service}}}}\"].running > 0\n\n  logs --service {{{{service}}}} --grep \"no route\" --since 15m\n```\n\nThen:\n\n```sh\naws ecs list-tasks\n```\n\n### A detail\n\n- one\n- two\n\n## Tell people\n\nSay it.\n"
    );
    let book = parse(&text);
    assert_eq!((book.name.as_str(), book.front.title.as_str(), book.front.owner.as_str()), ("web", "The web is slow", "team web"));
    assert_eq!(book.front.incidents, ["slow-web", "other"]);
    assert_eq!(book.front.values.len(), 2);
    assert_eq!(book.intro, [Block::Prose { text: "First *things*.".to_owned(), line: 13 }]);
    let titles: Vec<(&str, usize)> = book.steps.iter().map(|s| (s.title.as_str(), s.line)).collect();
    assert_eq!(titles, [("Look at {{service}}", 15), ("Tell people", 37)]);
    let lines: Vec<(usize, usize, &str)> = book.steps[0].commands().map(|l| (l.line, l.column, l.text.as_str())).collect();
    assert_eq!(
        lines,
        [(21, 1, "check service[\"{{service}}\"].running > 0"), (23, 3, "logs --service {{service}} --grep \"no route\" --since 15m")]
    );
    assert!(matches!(&book.steps[0].blocks[3], Block::Shell { text, line: 28 } if text == "aws ecs list-tasks"));
    assert_eq!(book.anchors, ["the-web-is-slow", "look-at-service", "a-detail", "tell-people"]);
    assert_eq!(book.links[0].to, "there.md#x");

    let filled = book.fill(&values(&[("service", "web")])).unwrap();
    assert_eq!(filled.steps[0].title, "Look at web");
    assert_eq!(filled.steps[0].commands().next().unwrap().text, "check service[\"web\"].running > 0");
    assert_eq!(filled.values, values(&[("service", "web"), ("count", "4")]));
}

#[test]
fn an_incident_answers_what_it_knows() {
    let book = parse(&format!("{FRONT}## A\n\n{{{{service}}}} {{{{count}}}}\n"));
    let nodes = |all: &[&str]| -> Vec<NodeId> { all.iter().map(|n| n.parse().unwrap()).collect() };
    let asked = &book.front.values[0];
    assert_eq!(asked.known(&nodes(&["db", "svc/web"])), Some("web".to_owned()));
    assert_eq!(asked.known(&nodes(&["svc/web", "svc/worker"])), None);
    assert_eq!(book.front.values[1].known(&nodes(&["svc/web"])), None);
}

#[test]
fn a_value_that_means_something_to_a_shell_is_refused_by_name() {
    let book = parse(&format!("{FRONT}## A\n\n{{{{service}}}} {{{{count}}}}\n"));
    for (value, why) in [
        ("web; rm -rf /", "value 'service' has ';' in it"),
        ("$(reboot)", "value 'service' has '$' in it"),
        ("a\"b", "value 'service' has '\"' in it"),
        ("`id`", "value 'service' has '`' in it"),
        ("web --hold", "value 'service' has ' ' in it"),
        ("a\nb", "value 'service' has '\\n' in it"),
        ("--hold", "value 'service' begins with '-'"),
        ("", "value 'service' is empty"),
    ] {
        let faults = told(&book.fill(&values(&[("service", value)])).unwrap_err());
        assert!(faults[0].contains(why), "{value}: {faults:?}");
    }
    assert!(told(&book.fill(&values(&[("service", "web"), ("count", "x")])).unwrap_err())[0].contains("value 'count' is a whole number"));
    assert!(told(&book.fill(&values(&[])).unwrap_err())[0].contains("value 'service' is missing"));
    let faults = told(&book.fill(&values(&[("service", "web"), ("zone", "a")])).unwrap_err());
    assert_eq!(faults, ["web.md:1:1: value 'zone' is not asked for"]);
    assert!(book.fill(&values(&[("service", "arn:aws:ecs:ap-southeast-2:1/web_1.2")])).is_ok());
}

#[test]
fn the_front_matter_is_told_by_line() {
    for (front, why) in [
        ("", "a.md:1:1: no front matter"),
        ("---\ntitle: x\n", "a.md:1:1: no front matter"),
        ("---\ntitle: x\n---\n## A\n", "a.md:1:1: front matter without 'when'"),
        ("---\ntitle: x\nwhen: y\nincidint: z\n---\n## A\n", "a.md:4:1: unknown key 'incidint': did you mean incidents?"),
        ("---\ntitle: x\nwhen: y\nvalues:\n  a b: text\n---\n## A\n", "a.md:5:3: 'a b' cannot be the name of a value"),
        ("---\ntitle: x\nwhen: y\nvalues:\n  a: choice of planets\n---\n## A\n", "a.md:5:3: 'planets' cannot be chosen of: services"),
        ("---\ntitle: x\nwhen: y\nvalues:\n  a: number, default x\n---\n## A\n", "a.md:5:3: value 'a' is a whole number, not 'x'"),
        ("---\ntitle: x\ntitle: y\nwhen: y\n---\n## A\n", "a.md:3:1: key 'title' is there twice"),
        ("---\ntitle x\nwhen: y\n---\n## A\n", "a.md:2:1: 'title x' is not `key: value`"),
        ("---\ntitle: x\nwhen: y\n---\nprose\n", "a.md:4:1: no steps"),
    ] {
        let faults = told(&Runbook::parse("a.md", front).unwrap_err());
        assert!(faults.iter().any(|f| f.starts_with(why)), "{front}: {faults:?}");
    }
}

#[test]
fn a_line_is_a_command_of_the_same_grammar() {
    assert_eq!(Command::parse("check db.status == 'available'"), Ok(Command::Check("db.status == 'available'".to_owned())));
    assert_eq!(Command::parse("check 'db.status == \"a\"'"), Ok(Command::Check("db.status == \"a\"".to_owned())));
    assert_eq!(Command::parse("wait 'counts.down == 0' 5m"), Ok(Command::Wait("counts.down == 0".to_owned(), 300)));
    assert_eq!(Command::parse("wait counts.down == 0 90s"), Ok(Command::Wait("counts.down == 0".to_owned(), 90)));
    assert_eq!(Command::parse("zones"), Ok(Command::Go(Jump::Zones)));
    assert_eq!(Command::parse("failover db"), Ok(Command::Act(Request::new("failover db", ""))));
    assert_eq!(
        Command::parse("scale web 4 --hold"),
        Ok(Command::Act(Request::new("scale", "web").with("count", "4").with("hold", "true")))
    );
    let query = LogQuery { service: Some("web".to_owned()), grep: Some("no route".to_owned()), since: Some(900) };
    assert_eq!(Command::parse("logs --service=web --grep \"no route\" --since 15m"), Ok(Command::Logs(query)));
    for (line, why) in [
        ("failovr db", "unknown command 'failovr db': did you mean 'failover db'?"),
        ("chek x", "unknown command 'chek x': did you mean 'check'?"),
        ("scael web 4", "unknown command 'scael web': did you mean 'scale'?"),
        ("scale web", "COUNT is missing: scale SERVICE COUNT [--hold]"),
        ("wait 'counts.down == 0'", "how long is missing"),
        ("wait 'counts.down == 0", "the quote ' is not closed"),
        ("wait 'counts.down == 0' 9d", "how long is missing, from 1s to 1d"),
        ("check", "what to check is missing"),
        ("open mainframe", "no box 'mainframe'"),
        ("logs --srvice web", "unexpected '--srvice'"),
        ("rm -rf /", "unknown command 'rm -rf'"),
        ("quit", "unknown command 'quit'"),
    ] {
        let told = Command::parse(line).unwrap_err();
        assert!(told.contains(why), "{line}: {told}");
    }
}

#[test]
fn lint_finds_what_would_fail_at_night() {
    let text = format!(
        "{FRONT}## Look\n\n[a](there.md) [b](gone.md) [c](#look) [d](#nowhere) [e](https://example.com)\n\n```nextcore-top\ncheck db.statu == \"available\"\ncheck db.status ==\nchek db\nscale {{{{service}}}} {{{{count}}}}\nredeploy {{{{service}}}}\nwait 'databse.status == \"x\"' 5m\nredeploy web\n```\n\n{{{{zone}}}}\n"
    );
    let told = linted(&text);
    for why in [
        "web.md:12:15: the link 'gone.md' leads nowhere",
        "web.md:12:39: the link '#nowhere' leads nowhere",
        "web.md:15:7: no field `db.statu`: did you mean `db.status`?",
        "web.md:16:19: it ends too early",
        "web.md:17:1: unknown command 'chek db': did you mean 'check'?",
        "web.md:18:1: nothing checks or waits after 'scale {{service}} {{count}}'",
        "web.md:20:7: unknown name `databse`: did you mean `database`?",
        "web.md:21:1: nothing checks or waits after 'redeploy web'",
        "web.md:24:1: value 'zone' is used and not asked for",
    ] {
        assert!(told.iter().any(|t| t.starts_with(why)), "{why}: {told:#?}");
    }
    assert_eq!(told.len(), 9, "{told:#?}");
    let fine = format!(
        "{FRONT}## Look\n\n```nextcore-top\nscale {{{{service}}}} {{{{count}}}}\n```\n\n## Wait\n\n```nextcore-top\nwait 'counts.down == 0' 5m\n```\n"
    );
    assert_eq!(linted(&fine), Vec::<String>::new());
}
