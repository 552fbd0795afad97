//! The pane of a box's part of the state document: what opens it, what it shows when new data comes, what is copied of it.

use super::*;

fn watching() -> (World, Session) {
    let world = World::healthy();
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (120, 40), now: world.now };
    let mut session = Session::new(options);
    update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
    (world, session)
}

#[test]
fn the_document_of_what_is_selected_opens_from_boxes_and_from_panes() {
    for (node, keys, about) in [
        ("db", "J", "db"),
        ("svc/web", "J", "svc/web"),
        ("svc/web", "enter J", "svc/web"),
        ("svc/web", "c J", "svc/web"),
        ("redis", "enter 2 J", "redis"),
        ("iam", "enter 2 J", "kms"),
        ("vpc", "enter 3 J", "nat"),
        ("vpc", "enter 2 J", "vpc"),
        ("logs", "J", "logs"),
        ("db", "J J", "db"),
    ] {
        let (_, mut session) = watching();
        session.selected = node.parse().unwrap();
        press(&mut session, keys);
        assert_eq!(session.screen().map(|s| (s.pane, s.subject.as_str())), Some((PaneId::Json, about)), "{node} {keys}");
        assert!(session.json().len() > 3, "{node} {keys}");
    }
    let (_, mut session) = watching();
    press(&mut session, "b J");
    assert_eq!(session.flash.as_ref().map(|f| f.text.as_str()), Some("no box is selected"));
}

#[test]
fn new_data_comes_in_under_the_selection() {
    let (mut world, mut session) = watching();
    session.selected = "svc/web".parse().unwrap();
    press(&mut session, "J / r u n n i n g enter down");
    let selected = |s: &Session| s.list(PaneId::Json, "svc/web", 0).id.unwrap_or_default();
    let place = selected(&session);
    assert!(place.ends_with("running"), "{place}");
    world.service("web", |s| s.running = 77);
    update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
    assert_eq!(selected(&session), place);
    let lines = crate::session::json::shown(session.json(), &session.list(PaneId::Json, "svc/web", 0).filter);
    assert!(lines.iter().any(|line| line.text() == "\"running\": 77"), "{lines:?}");
}

#[test]
fn a_line_is_copied_and_the_whole() {
    let (_, mut session) = watching();
    session.selected = "db".parse().unwrap();
    press(&mut session, "J / d b . t 3 enter");
    assert_eq!(press(&mut session, "y"), [Effect::Copy("\"class\": \"db.t3.large\"".into())]);
    let Some(Effect::Copy(whole)) = press(&mut session, "Y").pop() else { panic!("nothing was copied") };
    let document: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(document["sections"]["database"]["data"]["class"], "db.t3.large");
    assert!(session.flash.as_ref().is_some_and(|f| f.text.starts_with("copied ") && f.text.ends_with(" lines")));
}
