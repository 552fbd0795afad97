//! The palette as a way to every place: which words lead where, what is run on Enter and what is only offered.

use super::*;
use crate::model::stack::{ServiceRole, ServiceSpec};
use act::Act;

fn line(s: &mut Session, text: &str) -> Vec<Effect> {
    let keys = text.chars().map(Key::char);
    let typed = std::iter::once(Key::char(':')).chain(keys).chain([Key::new(Code::Enter)]);
    let effects: Vec<Effect> = typed.flat_map(|key| update(s, Msg::Key(key))).collect();
    effects.into_iter().filter(|e| !matches!(e, Effect::Needs { .. })).collect()
}

fn wrong(s: &Session) -> String {
    match s.act() {
        Some(Act::Palette(palette)) => palette.wrong.clone().unwrap_or_default(),
        other => format!("{other:?}"),
    }
}

fn offered(s: &mut Session, text: &str) -> Vec<String> {
    s.act = None;
    press(s, ":");
    for c in text.chars() {
        update(s, Msg::Key(Key::char(c)));
    }
    let Some(Act::Palette(palette)) = s.act() else { panic!("{:?}", s.act()) };
    palette.suggestions(s).into_iter().map(|s| s.text.trim().to_owned()).collect()
}

fn place(s: &Session) -> Option<(PaneId, &str, usize)> {
    s.screen().map(|s| (s.pane, s.subject.as_str(), s.panel))
}

#[test]
fn every_place_is_reached_by_the_words_that_people_have_for_it() {
    for (words, pane, subject, panel) in [
        ("db database rds DB", PaneId::Database, "", 0),
        ("redis cache elasticache", PaneId::Cache, "", 0),
        ("alb balancer lb load-balancer", PaneId::Balancer, "", 0),
        ("s3 storage buckets", PaneId::Storage, "", 0),
        ("iam security roles", PaneId::Security, "", 0),
        ("kms", PaneId::Security, "", 1),
        ("secrets", PaneId::Security, "", 2),
        ("pipeline delivery codepipeline", PaneId::Delivery, "", 0),
        ("build codebuild", PaneId::Delivery, "", 1),
        ("ecr images", PaneId::Delivery, "", 2),
        ("edge dns route53", PaneId::Edge, "", 0),
        ("cdn cloudfront", PaneId::Edge, "", 1),
        ("vpc network", PaneId::Network, "", 0),
        ("nat", PaneId::Network, "", 2),
        ("sg security-groups", PaneId::Network, "", 3),
        ("dashboards", PaneId::Dashboards, "", 0),
        ("alarms", PaneId::Alarms, "", 0),
        ("timeline events", PaneId::Timeline, "", 0),
        ("logs", PaneId::Logs, "", 0),
        ("problems", PaneId::Problems, "", 0),
        ("incidents", PaneId::Incidents, "", 0),
        ("charts", PaneId::Charts, "alb", 0),
        ("zones", PaneId::Zones, "", 0),
        ("flows", PaneId::Flows, "", 0),
        ("verify", PaneId::Verify, "", 0),
        ("web svc/web", PaneId::Service, "web", 0),
        ("control-plane", PaneId::Service, "control-plane", 0),
    ] {
        for word in words.split(' ') {
            let mut s = session((120, 40));
            line(&mut s, word);
            assert_eq!(place(&s), Some((pane, subject, panel)), "{word}: {}", wrong(&s));
            assert!(s.act().is_none(), "{word}");
            line(&mut s, "diagram");
            assert_eq!(place(&s), None, "{word}");
        }
    }
}

#[test]
fn the_log_of_a_service_and_a_further_resource_are_reached_by_name() {
    let mut s = session((120, 40));
    s.stack.other_databases = vec!["reporting".into()];
    line(&mut s, "logs web");
    assert_eq!((place(&s), s.logs.service()), (Some((PaneId::Logs, "", 0)), Some("web")));
    line(&mut s, "logs wbe");
    assert_eq!(wrong(&s), "no service 'wbe': did you mean web?");
    assert_eq!(offered(&mut s, "logs c"), ["logs control-plane", "logs celery-worker"]);
    s.act = None;
    line(&mut s, "reporting");
    assert_eq!(place(&s), Some((PaneId::Database, "reporting", 0)));
    s.stack.cache = String::new();
    line(&mut s, "redis");
    assert_eq!(wrong(&s), "this stack has none: the cache");
}

#[test]
fn a_service_comes_before_the_word_that_it_is_called_like_and_says_so() {
    let mut s = session((120, 40));
    s.stack.services.push(ServiceSpec::new("cache", ServiceRole::Worker));
    line(&mut s, "cache");
    assert_eq!(place(&s), Some((PaneId::Service, "cache", 0)));
    line(&mut s, "elasticache");
    assert_eq!(place(&s), Some((PaneId::Cache, "", 0)));
    offered(&mut s, "cache");
    let Some(Act::Palette(palette)) = s.act() else { panic!() };
    let all = palette.suggestions(&s);
    assert_eq!((all[0].text.trim(), all[0].doc.as_str()), ("cache", "ECS service, before the cache (:redis)"));
}

#[test]
fn the_only_beginning_is_enough_and_a_guess_is_only_offered() {
    for (text, pane) in [("zon", PaneId::Zones), ("clou", PaneId::Edge), ("contr", PaneId::Service), ("prob", PaneId::Problems)] {
        let mut s = session((120, 40));
        line(&mut s, text);
        assert_eq!(s.screen().map(|s| s.pane), Some(pane), "{text}: {}", wrong(&s));
    }
    let mut s = session((120, 40));
    line(&mut s, "redepl");
    assert!(matches!(s.act(), Some(Act::Form(form)) if form.spec.name == "redeploy"), "{:?}", s.act());
    for (text, said) in [
        ("sec", "'sec' begins several: security-groups, secrets, security"),
        ("failover", "'failover' begins several: failover db, failover cache"),
        ("zoens", "unknown command 'zoens': did you mean 'zones'?"),
        ("redeploi web", "unknown command 'redeploi web': did you mean 'redeploy'?"),
        ("faildb", "unknown command 'faildb'"),
        ("pipeline strt", "unknown command 'pipeline strt': did you mean 'pipeline start'?"),
        ("rdpl web", "unknown command 'rdpl web'"),
        ("zq", "unknown command 'zq'"),
    ] {
        let mut s = session((120, 40));
        s.mode = Mode::Armed;
        assert_eq!(line(&mut s, text), [], "{text} sends nothing");
        assert!(s.screen().is_none(), "{text}");
        assert!(wrong(&s).starts_with(said), "{text}: {}", wrong(&s));
    }
}

#[test]
fn the_likeliest_is_offered_first_and_a_place_that_is_chosen_is_gone_to_at_once() {
    let mut s = session((120, 40));
    let first = |s: &mut Session, text: &str| offered(s, text).into_iter().next().unwrap_or_default();
    for (text, wanted) in [
        ("red", "redeploy"),
        ("redi", "redis"),
        ("fdb", "failover db"),
        ("cplane", "control-plane"),
        ("clfr", "cloudfront"),
        ("sca", "scale"),
        ("rds", "rds"),
        ("in", "invalidate"),
        ("scale w", "scale web"),
    ] {
        assert_eq!(first(&mut s, text), wanted, "{text}: {:?}", offered(&mut s, text));
    }
    s.act = None;
    press(&mut s, ": c l f r down enter");
    assert!(s.act().is_none() && s.screen().map(|s| s.pane) == Some(PaneId::Edge), "{:?}", s.act());
    press(&mut s, ": f d b down enter");
    assert!(matches!(s.act(), Some(Act::Palette(p)) if p.text.trim() == "failover db"), "an action is put into the line: {:?}", s.act());
    press(&mut s, "esc : up");
    assert!(matches!(s.act(), Some(Act::Palette(p)) if p.text == "cloudfront"), "{:?}", s.act());
}
