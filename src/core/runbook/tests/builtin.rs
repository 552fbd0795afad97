//! What is built in: it is linted, it stops at its first check on a healthy stack, and a team's own wins by name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{Asked, BUILTIN, Command, Library, Runbook, Step};
use super::{FRONT, told};
use crate::expression::{Answer, Facts, Language, Reading};

fn healthy() -> Value {
    serde_json::from_str(include_str!("../../tests/documents/healthy.json")).unwrap()
}

/// Every value that a runbook asks for, by what there is in the document.
fn filled(book: &Runbook, document: &Value) -> Runbook {
    let value = |asked: &Asked| match asked.name.as_str() {
        "bounds" => "3-9".to_owned(),
        "count" => "2".to_owned(),
        "service" | "worker" => "web".to_owned(),
        _ => asked.choices(document).pop().unwrap(),
    };
    let values: BTreeMap<String, String> = book.front.values.iter().map(|asked| (asked.name.clone(), value(asked))).collect();
    book.fill(&values).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[test]
fn nothing_that_is_built_in_has_a_fault() {
    let library = Library::builtin();
    assert_eq!(library.books().len(), BUILTIN.len());
    assert_eq!(told(&library.lint(&Language::new().unwrap(), &|_| false)), Vec::<String>::new());
    for book in library.books() {
        assert!(!book.front.incidents.is_empty() && !book.front.owner.is_empty(), "{}", book.name);
        let first = book.steps[0].commands().next().map(|line| Command::parse(&line.text));
        assert!(matches!(first, Some(Ok(Command::Check(_)))), "{}: {first:?}", book.name);
        assert!(book.steps.last().unwrap().title.starts_with("Tell people"), "{}", book.name);
    }
}

#[test]
fn a_healthy_stack_stops_at_the_first_check() {
    let document = healthy();
    let language = Language::new().unwrap();
    let reading = Reading::of(&document);
    let facts = Facts::of(&language, &reading);
    for book in Library::builtin().books() {
        let book = filled(book, &document);
        let (mut first, mut last) = (true, None);
        for line in book.steps.iter().flat_map(Step::commands) {
            let command = Command::parse(&line.text).unwrap_or_else(|e| panic!("{}:{}: {e}", book.file, line.line));
            let Some(text) = command.expression() else { continue };
            let answer = language.compile(text).unwrap().decide_in(&facts).unwrap_or_else(|e| panic!("{}:{}: {e}", book.file, line.line));
            if first {
                assert_eq!(answer, Answer::False, "{}:{}", book.file, line.line);
            } else {
                // What is waited for later can be told of the example: nothing in it is written for another document.
                assert!(!matches!(answer, Answer::CannotTell(_)), "{}:{}: {}", book.file, line.line, answer.words());
            }
            (first, last) = (false, Some(answer));
        }
        assert_eq!(last, Some(Answer::True), "{}: a healthy stack is where it ends", book.name);
    }
}

/// What AWS's APIs say in an incident, put into the healthy document.
type Happens = fn(&mut Value);

fn stop(document: &mut Value, service: &str, code: &str, reason: &str, exit: i64) {
    let mut task = document["sections"]["tasks"]["data"]["tasks"][0].clone();
    task["service"] = service.into();
    task["stopped_at"] = "2026-11-22T21:59:00Z".into();
    task["stop_code"] = code.into();
    task["stopped_reason"] = reason.into();
    task["containers"][0]["exit_code"] = exit.into();
    document["sections"]["stopped_tasks"]["data"]["tasks"].as_array_mut().unwrap().push(task);
}

fn last(document: &mut Value, id: &str, value: f64) {
    let points = document["sections"]["metrics"]["data"]["series"][id]["points"].as_array_mut().unwrap();
    points.last_mut().unwrap()[1] = value.into();
    let ends = points.len() - 2;
    points[ends][1] = value.into();
}

fn event(document: &mut Value, section: &str, message: &str) {
    let event = serde_json::json!({"at": "2026-11-22T21:59:30Z", "source": "x", "message": message, "categories": []});
    document["sections"][section]["data"]["events"].as_array_mut().unwrap().push(event);
}

fn web(document: &mut Value) -> &mut Value {
    let services = document["sections"]["services"]["data"]["services"].as_array_mut().unwrap();
    services.iter_mut().find(|service| service["name"] == "web").unwrap()
}

fn targets_are(document: &mut Value, state: &str, zone: &str) {
    for group in document["sections"]["targets"]["data"]["groups"].as_object_mut().unwrap().values_mut() {
        let there = group.as_array_mut().unwrap().iter_mut().filter(|t| t["zone"].as_str().unwrap().ends_with(zone));
        there.for_each(|target| target["state"] = state.into());
    }
}

/// A part of this node could not be looked at.
fn not_known(document: &mut Value, node: &str, level: &str, why: &str) {
    document["nodes"][node]["level"] = level.into();
    document["nodes"][node]["reasons"] = serde_json::json!([{"level": "unknown", "text": why}]);
    document["counts"]["unknown"] = 1.into();
}

const INCIDENTS: &[(&str, Happens)] = &[
    ("az-failure", |d| {
        targets_are(d, "unhealthy", "c");
        d["nodes"]["tg/production-nextcore-web"]["level"] = "degraded".into();
    }),
    ("rds-failover", |d| event(d, "database_events", "Multi-AZ instance failover started")),
    ("rds-failover", |d| d["sections"]["database"]["data"]["status"] = "rebooting".into()),
    ("redis-node", |d| event(d, "cache_events", "Failover from primary node a to replica node b completed")),
    ("redis-node", |d| d["sections"]["cache_nodes"]["data"]["nodes"][0]["status"] = "modifying".into()),
    ("nat-gateway", |d| d["sections"]["nat"]["data"]["gateways"][0]["state"] = "deleting".into()),
    ("nat-gateway", |d| d["nodes"]["nat"]["level"] = "degraded".into()),
    ("crash-loop", |d| stop(d, "web", "EssentialContainerExited", "Essential container in task exited", 1)),
    ("out-of-memory", |d| stop(d, "web", "EssentialContainerExited", "Essential container in task exited", 137)),
    ("bad-deployment", |d| web(d)["deployments"][0]["failed"] = 2.into()),
    ("database-cpu", |d| last(d, "db/cpu", 97.0)),
    ("database-connections", |d| {
        d["nodes"]["db"]["reasons"] = serde_json::json!([{"level": "down", "text": "connections 398 of 400 (99 %)", "kind": "health"}]);
    }),
    ("storage-filling", |d| last(d, "db/storage", 5e9)),
    ("redis-memory", |d| last(d, "redis/production-nextcore-redis-0001-001/memory", 97.0)),
    ("traffic-spike", |d| {
        last(d, "svc/web/cpu", 92.0);
        let max =
            d["sections"]["scaling"]["data"]["targets"].as_array().unwrap().iter().find(|t| t["service"] == "web").unwrap()["max"].clone();
        web(d)["desired"] = max;
    }),
    ("worker-backlog", |d| last(d, "svc/web/cpu", 97.0)),
    ("expired-credentials", |d| d["counts"]["unknown"] = 27.into()),
    ("api-throttling", |d| not_known(d, "db", "unknown", "stale for 2m00s: RDS DescribeDBInstances: throttled (Throttling)")),
    ("api-throttling", |d| not_known(d, "svc/web", "degraded", "tasks: stale for 2m00s: ECS ListTasks: throttled (ThrottlingException)")),
    ("cloudwatch-late", |d| d["as_of"] = "2026-11-22T22:11:09Z".into()),
    ("security-group", |d| targets_are(d, "unhealthy", "")),
    ("image-pull", |d| stop(d, "web", "TaskFailedToStart", "CannotPullContainerError: image not found", 0)),
];

#[test]
fn an_incident_is_recognised_by_the_first_check() {
    let language = Language::new().unwrap();
    let library = Library::builtin();
    for book in library.books() {
        assert!(INCIDENTS.iter().any(|(name, _)| *name == book.name), "{} has no incident here", book.name);
    }
    for (name, happens) in INCIDENTS {
        let mut document = healthy();
        happens(&mut document);
        let book = filled(library.get(name).unwrap(), &document);
        let line = book.steps[0].commands().next().unwrap();
        let command = Command::parse(&line.text).unwrap();
        let answer = language.compile(command.expression().unwrap()).unwrap().decide(&document).unwrap();
        assert_eq!(answer, Answer::True, "{name}: {}", answer.words());
    }
}

/// What is not known is not an incident of another kind, and not the absence of one.
#[test]
fn what_is_not_known_fails_no_first_check() {
    let mut document = healthy();
    let nodes: Vec<String> = document["nodes"].as_object().unwrap().keys().cloned().collect();
    for node in &nodes {
        not_known(&mut document, node, "unknown", "access denied: ecs:DescribeServices");
    }
    let language = Language::new().unwrap();
    let mut asked = Vec::new();
    for book in Library::builtin().books() {
        let book = filled(book, &document);
        let line = book.steps[0].commands().next().unwrap();
        let expression = language.compile(Command::parse(&line.text).unwrap().expression().unwrap()).unwrap();
        let answer = expression.decide(&document).unwrap();
        if book.name == "api-throttling" {
            assert_eq!(answer, Answer::False, "the reasons say what else it is");
        } else if expression.names().any(|name| name == "nodes") {
            assert!(matches!(answer, Answer::CannotTell(_)), "{}: {}", book.name, answer.words());
            asked.push(book.name.clone());
        }
    }
    assert_eq!(asked, ["database-connections", "nat-gateway", "rds-failover", "security-group"]);
}

#[test]
fn a_teams_own_wins_by_name_and_its_faults_have_a_place() {
    let own = format!("{FRONT}## Ours for {{{{service}}}} {{{{count}}}}\n\nSee [the other](crash-loop.md) and [that](gone.md).\n");
    let library = Library::with(vec![
        ("rds-failover.md".to_owned(), own),
        ("broken.md".to_owned(), "---\ntitle: x\nwhen: y\nfoo: z\n---\n## A\n".to_owned()),
    ]);
    assert_eq!(library.books().len(), BUILTIN.len());
    assert_eq!(library.get("rds-failover").unwrap().steps[0].title, "Ours for {{service}} {{count}}");
    assert!(library.is_own("rds-failover") && !library.is_own("crash-loop"));
    assert_eq!(library.for_incident("slow-web").len(), 1);
    let faults = told(&library.lint(&Language::new().unwrap(), &|_| false));
    assert_eq!(faults[0], "broken.md:4:1: unknown key 'foo' (keys: title, when, incidents, owner, values)");
    assert_eq!(faults[1], "rds-failover.md:12:36: the link 'gone.md' leads nowhere");
}

/// The engine decides on one thread what another one compiled.
#[test]
fn what_is_compiled_goes_to_any_thread() {
    fn any_thread<T: Send + Sync>() {}
    any_thread::<Language>();
    any_thread::<crate::expression::Expression>();
    any_thread::<Library>();
}
