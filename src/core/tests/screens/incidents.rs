//! Incidents as they are drawn, text and styles: the line above everything, the pane, boxes that follow from one. What is found is found by the
//! rules, over a world whose database fails over.

use std::fmt::Write;
use std::sync::Arc;

use chrono::TimeDelta;
use nextcore_core::incident::{Acknowledged, Detector, Incident, built_in};
use nextcore_core::input::Key;
use nextcore_core::insight::judge;
use nextcore_core::model::cache::DataEvent;
use nextcore_core::model::database::{Database, DatabaseEvents};
use nextcore_core::session::{Effect, Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};

use super::fixture;
use super::look::{agreed, draw, dump_of, text};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// A session whose database has been failing over for two minutes, and what the rules say of it.
fn failing_over(size: (u16, u16)) -> (Session, Vec<Arc<Incident>>) {
    let mut world = fixture::healthy();
    let at = Some(world.now - TimeDelta::minutes(2));
    world.edit::<DatabaseEvents>(|told| {
        told.events = ["The primary host of the RDS Multi-AZ instance is unhealthy.", "Multi-AZ instance failover started"]
            .map(|message| DataEvent { at, message: message.to_owned(), ..DataEvent::default() })
            .to_vec();
    });
    world.edit::<Database>(|db| db.secondary_zone = None);
    let mut detector = Detector::new(Arc::new(built_in().unwrap()), Vec::new());
    world.judgement = judge(&world.store, &world.stack, world.now);
    for second in -12..=0 {
        detector.observe(&world.store, &world.judgement, &world.stack, world.now + TimeDelta::seconds(second));
    }
    let found = detector.incidents().to_vec();
    assert_eq!(found.iter().map(|i| i.rule.as_str()).collect::<Vec<_>>(), ["rds-failover"]);
    let mut session = world.session(size);
    update(&mut session, Msg::Incidents(found.clone()));
    (session, found)
}

#[test]
fn an_incident_looks_as_agreed() {
    let mut out = String::new();
    for size in SIZES {
        let (mut session, found) = failing_over(size);
        let buffer = draw(&session, &Theme::terminal(), size);
        let top = ratatui::layout::Rect { height: 2, ..buffer.area };
        let _ = writeln!(out, "── the line above everything · {}×{}\n{}", size.0, size.1, dump_of(&buffer, top));
        update(&mut session, Msg::Key(Key::char('i')));
        let buffer = draw(&session, &Theme::terminal(), size);
        let _ = writeln!(out, "── the pane · {}×{}\n{}", size.0, size.1, dump_of(&buffer, buffer.area));
        let mut over = (**found.first().unwrap()).clone();
        (over.phase, over.closed_at) = (nextcore_core::incident::Phase::Closed, Some(over.detected_at + TimeDelta::minutes(4)));
        over.acknowledged = Some(Acknowledged { by: "maya".to_owned(), at: over.detected_at });
        update(&mut session, Msg::Incidents(vec![Arc::new(over)]));
        let buffer = draw(&session, &Theme::terminal(), size);
        let _ = writeln!(out, "── over · {}×{}\n{}", size.0, size.1, dump_of(&buffer, buffer.area));
    }
    agreed("incidents", &out);
}

#[test]
fn a_box_says_what_it_follows_from_and_what_is_over_is_not_above_everything() {
    let (mut session, found) = failing_over((120, 40));
    // What failed is not said to follow from itself.
    let seen = text(&session, (120, 40));
    assert!(seen.contains("✖ RDS failover") && !seen.contains("follows from: RDS failover"), "{seen}");
    let mut over = (**found.first().unwrap()).clone();
    over.phase = nextcore_core::incident::Phase::Closed;
    update(&mut session, Msg::Incidents(vec![Arc::new(over)]));
    let seen = text(&session, (120, 40));
    assert!(!seen.contains("RDS failover"), "{seen}");
}

#[test]
fn one_acknowledges_what_nobody_has_taken_on_and_no_size_panics() {
    let (mut session, found) = failing_over((120, 40));
    let id = found.first().unwrap().id.clone();
    assert!(update(&mut session, Msg::Key(Key::char('A'))).contains(&Effect::Acknowledge(id)));
    let mut known = (**found.first().unwrap()).clone();
    known.acknowledged = Some(Acknowledged { by: "maya".to_owned(), at: known.detected_at });
    update(&mut session, Msg::Incidents(vec![Arc::new(known)]));
    assert!(!update(&mut session, Msg::Key(Key::char('A'))).iter().any(|e| matches!(e, Effect::Acknowledge(_))), "once is enough");
    let plain = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
    for keys in ["", "i"] {
        keys.chars().for_each(|c| drop(update(&mut session, Msg::Key(Key::char(c)))));
        for size in [(1, 1), (59, 24), (60, 16), (80, 16), (99, 33), (300, 100)] {
            update(&mut session, Msg::Resize(size.0, size.1));
            let buffer = draw(&session, &plain, size);
            assert!(buffer.content().iter().all(|c| c.symbol().is_ascii()), "{keys} at {size:?}");
        }
    }
}
