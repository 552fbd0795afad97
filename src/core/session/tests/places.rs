//! Where boxes stand, how the arrows go from one to the next, and what opens from them.

use super::*;
use crate::model::system::System;

#[test]
fn moving_follows_the_places_on_the_screen() {
    for (size, keys, lands) in [
        ((120, 40), "", "alb"),
        ((120, 40), "down", "svc/control-plane"),
        ((120, 40), "down right left", "svc/control-plane"),
        ((120, 40), "down right right right", "redis"),
        ((120, 40), "right", "nat"),
        ((120, 40), "right down", "redis"),
        ((120, 40), "down right down", "db"),
        ((120, 40), "j j j", "s3"),
        ((120, 40), "j j j l", "iam"),
        ((120, 40), "j j j l j j", "secrets"),
        ((120, 40), "j j j l l l", "alarms"),
        ((120, 40), "j j j l l j j", "pipeline"),
        ((120, 40), "j j j j", "logs"),
        ((120, 40), "down right up", "alb"),
        ((120, 40), "up", "vpc"),
        ((120, 40), "up right", "sg"),
        ((120, 40), "up up", "dns"),
        ((120, 40), "up up right", "cdn"),
        ((80, 24), "down", "svc/control-plane"),
        ((80, 24), "down down down", "svc/celery-worker"),
        ((80, 24), "j j j j j", "db"),
        ((80, 24), "j j j j j j", "s3"),
        ((80, 24), "j j j j j j l l l", "secrets"),
        ((80, 24), "j j j j j j j l l", "pipeline"),
        ((80, 24), "right", "nat"),
        ((80, 24), "up up right", "cdn"),
        ((200, 60), "right right", "logs"),
        ((200, 60), "up up right right", "timeline"),
        ((120, 40), "tab tab tab", "svc/web"),
        ((120, 40), "tab", "nat"),
        ((120, 40), "backtab", "sg"),
        ((120, 40), "5", "redis"),
        ((120, 40), "6", "db"),
        ((120, 40), "7", "alarms"),
        ((120, 40), "G", "logs"),
        ((120, 40), "G g", "dns"),
    ] {
        let mut s = session(size);
        press(&mut s, keys);
        assert_eq!(s.selected().to_string(), lands, "{size:?} {keys:?}");
    }
}

#[test]
fn every_box_can_be_reached_from_every_other_by_arrows() {
    for size in [(80, 24), (100, 34), (120, 40), (160, 50), (200, 60), (200, 30)] {
        let s = session(size);
        let all: Vec<NodeId> = s.layout().boxes.iter().map(|b| b.node.clone()).collect();
        let mut seen = BTreeSet::from([s.selected().clone()]);
        let mut queue = vec![s.selected().clone()];
        while let Some(node) = queue.pop() {
            for dir in ["up", "down", "left", "right"] {
                let mut s = session(size);
                s.selected = node.clone();
                press(&mut s, dir);
                if seen.insert(s.selected().clone()) {
                    queue.push(s.selected().clone());
                }
            }
        }
        assert_eq!(seen.len(), all.len(), "{size:?}: {seen:?}");
    }
}

#[test]
fn boxes_never_overlap_and_never_leave_the_body() {
    for w in (60..=220).step_by(7) {
        for h in 16..=70 {
            let layout = session((w, h)).layout();
            for (i, a) in layout.boxes.iter().enumerate() {
                let p = a.place;
                assert!(p.x + p.w <= w && p.y + p.h < h && p.y > 0, "{w}x{h} {a:?}");
                for b in layout.boxes.iter().skip(i + 1) {
                    let q = b.place;
                    let apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
                    assert!(apart, "{w}x{h} {a:?} {b:?}");
                }
            }
            assert_eq!(layout.boxes.iter().filter(|b| b.node.as_service().is_some()).count(), 3, "{w}x{h}");
        }
    }
}

#[test]
fn many_services_scroll_under_the_selection() {
    let mut s = session((80, 24));
    s.stack.services =
        (0..40).map(|i| crate::model::stack::ServiceSpec::new(&format!("s{i:02}"), crate::model::stack::ServiceRole::Worker)).collect();
    press(&mut s, "down");
    for _ in 0..39 {
        press(&mut s, "down");
        assert!(s.layout().place(s.selected()).is_some(), "{}", s.selected());
    }
    assert_eq!(s.selected().to_string(), "svc/s39");
    press(&mut s, "down");
    assert_eq!(s.selected().to_string(), "redis");
}

#[test]
fn every_system_has_a_place_on_every_screen_and_enter_opens_its_pane() {
    for size in [(60, 20), (80, 24), (100, 30), (120, 40), (200, 30), (200, 60)] {
        for (node, pane, panel) in [
            ("dns", PaneId::Edge, 0),
            ("cdn", PaneId::Edge, 1),
            ("alb", PaneId::Balancer, 0),
            ("vpc", PaneId::Network, 0),
            ("sg", PaneId::Network, 3),
            ("nat", PaneId::Network, 2),
            ("svc/web", PaneId::Service, 0),
            ("redis", PaneId::Cache, 0),
            ("db", PaneId::Database, 0),
            ("s3", PaneId::Storage, 0),
            ("iam", PaneId::Security, 0),
            ("kms", PaneId::Security, 1),
            ("secrets", PaneId::Security, 2),
            ("ecr", PaneId::Delivery, 2),
            ("build", PaneId::Delivery, 1),
            ("pipeline", PaneId::Delivery, 0),
            ("alarms", PaneId::Alarms, 0),
            ("dashboards", PaneId::Dashboards, 0),
            ("logs", PaneId::Logs, 0),
        ] {
            let mut s = session(size);
            s.selected = node.parse().unwrap();
            assert!(s.layout().place(&s.selected).is_some(), "{size:?} {node}");
            press(&mut s, "enter");
            assert_eq!(s.screen().map(|s| (s.pane, s.panel)), Some((pane, panel)), "{size:?} {node}");
        }
    }
}

#[test]
fn parts_of_a_box_lead_to_its_pane() {
    for (node, pane) in [("tg/x", PaneId::Balancer), ("nat/b", PaneId::Network), ("s3/docs", PaneId::Storage)] {
        assert_eq!(layout::spec(node.parse::<NodeId>().unwrap().system()).pane.0, pane, "{node}");
    }
}

#[test]
fn places_open_from_anywhere_and_only_once() {
    let mut s = session((120, 40));
    for (key, pane) in [
        ("z", PaneId::Zones),
        ("F", PaneId::Flows),
        ("V", PaneId::Verify),
        ("n", PaneId::Network),
        ("a", PaneId::Alarms),
        ("e", PaneId::Timeline),
        ("z", PaneId::Zones),
    ] {
        press(&mut s, key);
        assert_eq!(s.screen().map(|s| s.pane), Some(pane), "{key}");
    }
    assert_eq!(s.screens.len(), 6, "an open pane is raised, not stacked twice");
}

#[test]
fn reasons_get_lines_where_there_are_some_to_spare_the_worst_first() {
    use crate::model::health::{Level, Reason, Verdict};
    let bad = |level, text: &str| Verdict { level, reasons: vec![Reason::new(level, text)], since: None, as_of: None };
    let mut s = session((80, 24));
    let told = |s: &Session| s.layout().boxes.iter().filter(|b| b.told.h > 0).map(|b| b.node.to_string()).collect::<Vec<_>>();
    assert_eq!(told(&s), Vec::<String>::new());
    let mut judgement = Judgement::default();
    for node in ["alb", "svc/web", "redis", "kms", "build", "pipeline"] {
        judgement.nodes.insert(node.parse().unwrap(), bad(Level::Degraded, "slow"));
    }
    judgement.nodes.insert(NodeId::of(System::Secrets), bad(Level::Down, "deleted"));
    update(&mut s, Msg::Observed(Arc::new(Store::default()), judgement));
    let told = told(&s);
    assert!(told.contains(&"secrets".to_owned()) && told.len() >= 3, "{told:?}");
    let layout = s.layout();
    for b in layout.boxes.iter().filter(|b| b.told.h > 0) {
        assert!(layout.boxes.iter().all(|o| b.told.y >= o.place.y + o.place.h || b.told.y + b.told.h <= o.place.y), "{b:?}");
    }
}

/// What is found in one of charts, timeline and log is looked up in the others.
#[test]
fn a_moment_goes_from_charts_to_the_timeline_to_the_log_and_back() {
    let world = World::healthy();
    let mut session =
        Session::new(SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (120, 40), now: world.now });
    let judgement = world.judge();
    update(&mut session, Msg::Observed(Arc::new(world.store), judgement));
    let pane = |s: &Session| s.screen().map(|s| (s.pane, s.subject.clone()));
    press(&mut session, "c");
    assert_eq!(pane(&session), Some((PaneId::Charts, "alb".to_owned())));
    press(&mut session, "left left down w");
    let cursor = session.window.cursor.unwrap();
    assert!(cursor.timestamp() % 60 == 0 && session.now - cursor > chrono::TimeDelta::seconds(60));
    assert_eq!((session.window.chart, session.window.span.word()), (1, "3h"));
    press(&mut session, "g e");
    let first = session.window.cursor.unwrap();
    assert!(session.now - first > chrono::TimeDelta::minutes(178), "the beginning of what is shown");
    let screen = session.screen().cloned().unwrap();
    let events = crate::session::pane::timeline::timeline(&session, &filter::Filter::default());
    let ids = rows::ids(&session, screen.pane, "", 0);
    let selected = session.list(screen.pane, "", 0).position(&ids);
    let (newer, chosen) = (events.get(selected.wrapping_sub(1)).map(|e| e.at), events[selected].at);
    assert!(newer.is_none_or(|at| at > first) && (chosen <= first || selected + 1 == events.len()), "{newer:?} {first} {chosen}");
    // Another line of the timeline, and its box at that time.
    press(&mut session, "up c");
    assert_eq!(session.window.cursor, newer);
    press(&mut session, "L");
    assert_eq!(pane(&session).unwrap().0, PaneId::Logs);
    press(&mut session, "esc G");
    assert!(pane(&session).unwrap().0 == PaneId::Charts && session.window.cursor.is_none(), "G is now");
}
