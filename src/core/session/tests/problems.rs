//! Everything that is not healthy in one list: what stands in it, in which order, and what keys do to the selected box.

use super::*;
use crate::model::database::Database;
use crate::model::health::{Level, Reason, ReasonKind, Verdict};
use crate::model::system::System;
use crate::session::filter::Filter;
use pane::problems::{troubles, unseen};

fn verdict(level: Level, text: &str) -> Verdict {
    Verdict { level, reasons: vec![Reason::new(level, text)], since: None, as_of: None }
}

fn judged(nodes: &[(&str, Level, &str)]) -> Judgement {
    let nodes = nodes.iter().map(|(node, level, text)| (node.parse().unwrap(), verdict(*level, text)));
    Judgement { nodes: nodes.collect(), ..Judgement::default() }
}

/// An open incident that is about the database and explains these nodes.
fn failover(nodes: &[&str]) -> Arc<Incident> {
    let symptom = |node: &&str| serde_json::json!({ "node": node, "level": "down", "since": null, "text": "", "until": null });
    let incident = serde_json::json!({
        "id": "1", "rule": "rds-failover", "name": "RDS failover", "severity": "critical", "systems": ["db"], "runbook": "rds-failover",
        "since": at(0), "detected_at": at(0), "symptoms": nodes.iter().map(symptom).collect::<Vec<_>>(),
    });
    Arc::new(serde_json::from_value(incident).unwrap())
}

fn seeing(size: (u16, u16), nodes: &[(&str, Level, &str)]) -> Session {
    let mut s = session(size);
    update(&mut s, Msg::Observed(Arc::new(Store::default()), judged(nodes)));
    s
}

fn listed(s: &Session) -> Vec<String> {
    troubles(s, &Filter::default()).iter().map(|t| t.node.to_string()).collect()
}

const TROUBLES: &[(&str, Level, &str)] = &[
    ("alb", Level::Degraded, "tg production-web: 1 of 2 targets unhealthy"),
    ("tg/production-web", Level::Degraded, "1 of 2 targets unhealthy"),
    ("svc/control-plane", Level::Down, "0 of 2 tasks run"),
    ("svc/web", Level::Down, "1 of 2 tasks run"),
    ("redis", Level::Unknown, "access denied: elasticache:DescribeReplicationGroups"),
    ("db", Level::Down, "status is rebooting"),
    ("s3/docs", Level::Degraded, "no lifecycle"),
    ("s3", Level::Healthy, ""),
    ("pipeline", Level::Info, "a deployment runs"),
];

#[test]
fn what_is_wrong_or_not_seen_is_listed_the_worst_first_and_the_cause_before_what_follows() {
    let mut s = seeing((120, 40), TROUBLES);
    let order = |s: &Session| listed(s).join(" ");
    assert_eq!(order(&s), "svc/control-plane svc/web db alb s3/docs redis", "parts that their box tells of are left out");
    update(&mut s, Msg::Incidents(vec![failover(&["db", "svc/control-plane"])]));
    assert_eq!(order(&s), "db svc/web svc/control-plane alb s3/docs redis");
    let all = troubles(&s, &Filter::default());
    let of = |node: &str| all.iter().find(|t| t.node.to_string() == node).unwrap();
    assert!(of("svc/control-plane").incident.is_some() && of("svc/web").incident.is_none());
    assert_eq!(of("redis").reason, "access denied: elasticache:DescribeReplicationGroups");
    for (filter, left) in [("unknown", "redis"), ("targets", "alb"), ("failover !db", "svc/control-plane"), ("s3", "s3/docs")] {
        let all = troubles(&s, &Filter::parse(filter));
        assert_eq!(all.iter().map(|t| t.node.to_string()).collect::<Vec<_>>(), [left], "{filter}");
    }
}

#[test]
fn a_first_answer_on_its_way_is_no_problem_and_is_counted_as_not_seen() {
    let mut judgement = judged(&[("db", Level::Unknown, "loading"), ("redis", Level::Healthy, "")]);
    let reason = &mut judgement.nodes.get_mut(&NodeId::of(System::Database)).unwrap().reasons[0];
    reason.kind = ReasonKind::Loading;
    let mut s = session((120, 40));
    let boxes = unseen(&s);
    update(&mut s, Msg::Observed(Arc::new(Store::default()), judgement));
    assert!(listed(&s).is_empty() && !s.situation().troubled);
    assert_eq!(unseen(&s), boxes - 1, "all but Redis");
}

#[test]
fn since_when_is_what_the_verdict_says_else_what_was_seen_from_here_else_not_known() {
    let mut s = seeing((120, 40), &[("db", Level::Healthy, ""), ("redis", Level::Down, "gone")]);
    update(&mut s, Msg::Tick(at(60)));
    let mut after = judged(&[("db", Level::Down, "rebooting"), ("redis", Level::Down, "gone"), ("alb", Level::Degraded, "slow")]);
    after.nodes.get_mut(&NodeId::of(System::Balancer)).unwrap().since = Some(at(7));
    update(&mut s, Msg::Observed(Arc::new(Store::default()), after));
    let since: Vec<_> = troubles(&s, &Filter::default()).iter().map(|t| (t.node.to_string(), t.since)).collect();
    assert_eq!(since, [("db".to_owned(), Some(at(60))), ("redis".to_owned(), None), ("alb".to_owned(), Some(at(7)))]);
}

#[test]
fn one_key_leads_there_from_everywhere_but_the_lines_of_the_log() {
    for keys in ["", "a", "e", "z", "F", "V", "n", "c", "i", "2 enter", "6 enter", "L tab"] {
        let mut s = seeing((120, 40), TROUBLES);
        press(&mut s, keys);
        press(&mut s, "!");
        assert_eq!(s.screen().map(|s| s.pane), Some(PaneId::Problems), "{keys:?}");
    }
    let mut s = seeing((120, 40), TROUBLES);
    press(&mut s, "L !");
    assert!(s.screen().unwrap().pane == PaneId::Logs && s.logs.problems(), "in the log it narrows the lines");
    press(&mut s, ": p r o b l e m s enter");
    assert_eq!(s.screen().map(|s| s.pane), Some(PaneId::Problems));
}

#[test]
fn the_key_is_named_on_the_stack_view_while_something_is_wrong() {
    let hinted = |s: &Session| crate::input::COMMANDS.iter().any(|c| c.name == "problems" && c.is_hinted(s.situation()));
    let mut s = seeing((120, 40), TROUBLES);
    assert!(hinted(&s));
    press(&mut s, "a");
    assert!(!hinted(&s), "a pane has hints of its own");
    assert!(!hinted(&seeing((120, 40), &[("db", Level::Healthy, ""), ("pipeline", Level::Info, "a deployment runs")])));
}

#[test]
fn enter_leads_to_the_box_and_esc_comes_back() {
    let mut s = seeing((120, 40), TROUBLES);
    update(&mut s, Msg::Incidents(vec![failover(&["db"])]));
    press(&mut s, "! enter");
    assert_eq!(s.screen().map(|s| s.pane), Some(PaneId::Database));
    press(&mut s, "esc down enter");
    assert_eq!(s.screen().map(|s| (s.pane, s.subject.as_str())), Some((PaneId::Service, "control-plane")));
    press(&mut s, "esc esc");
    assert_eq!((s.screen(), s.selected().to_string().as_str()), (None, "svc/control-plane"), "its box is the selected one");
}

#[test]
fn keys_act_on_the_selected_box_as_on_the_stack_view() {
    let at_web = || {
        let mut s = seeing((120, 40), TROUBLES);
        observe(&mut s, |store| {
            store.put(Database { id: "orders-db".into(), ..Database::default() }, at(0), Duration::from_secs(5));
        });
        let store = Arc::clone(&s.store);
        update(&mut s, Msg::Observed(store, judged(TROUBLES)));
        press(&mut s, "! down");
        s
    };
    let mut s = at_web();
    press(&mut s, "x");
    assert!(matches!(s.act(), Some(act::Act::Menu(menu)) if menu.title == "web"), "{:?}", s.act());
    let mut s = at_web();
    press(&mut s, "L");
    assert_eq!(s.logs.service(), Some("web"));
    let mut s = at_web();
    press(&mut s, "c");
    assert_eq!(s.screen().map(|s| (s.pane, s.subject.as_str())), Some((PaneId::Charts, "svc/web")));
    let mut s = at_web();
    assert_eq!(press(&mut s, "down y"), [Effect::Copy("orders-db".into())]);
    let book = |s: &Session| s.incident_with_runbook().map(|(book, ..)| book);
    let mut s = at_web();
    update(&mut s, Msg::Incidents(vec![failover(&["db", "svc/web"])]));
    assert_eq!(
        (s.pointed().map(|n| n.to_string()), book(&s)),
        (Some("svc/web".into()), Some("rds-failover".into())),
        "what it follows from"
    );
    press(&mut s, "G");
    assert_eq!((s.pointed().map(|n| n.to_string()), book(&s)), (Some("redis".into()), None), "nothing explains it");
}
