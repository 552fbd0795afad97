//! Tables sorted by `o` and turned round by `O`: by meaning, with the selection on its row, and each column by the key that it says.

use super::*;
use crate::model::balancer::{TargetState, Targets};
use crate::session::column::{Column, SortKey};
use crate::session::pane::{PANES, Query};

fn watching(world: &World) -> Session {
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (160, 50), now: world.now };
    let mut session = Session::new(options);
    update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
    session
}

/// Opens a box's pane and sorts by the column of that title.
fn sort_by(session: &mut Session, node: &str, panel: usize, title: &str) {
    session.selected = node.parse().unwrap();
    press(session, "enter");
    session.screens.last_mut().unwrap().panel = panel;
    for _ in 0..20 {
        press(session, "o");
        if sorted_by(session) == Some(title) {
            return;
        }
    }
    panic!("{node} {panel} has no column {title}");
}

fn sorted_by(session: &Session) -> Option<&'static str> {
    let screen = session.screen()?;
    let order = session.list(screen.pane, &screen.subject, screen.panel).order?;
    Some(session.panel()?.columns.get(order.column)?.title)
}

fn ids(session: &Session) -> Vec<String> {
    let screen = session.screen().unwrap();
    rows::ids(session, screen.pane, &screen.subject, screen.panel).into_iter().map(std::borrow::Cow::into_owned).collect()
}

#[test]
fn o_goes_through_the_columns_and_back_to_the_own_order_and_the_other_key_turns_it_round() {
    let mut s = watching(&World::healthy());
    s.selected = "s3".parse().unwrap();
    press(&mut s, "enter");
    let own = ids(&s);
    press(&mut s, "O");
    assert_eq!((ids(&s), sorted_by(&s)), (own.clone(), None), "nothing to turn round");
    press(&mut s, "o");
    assert_eq!(sorted_by(&s), Some("bucket"));
    assert_eq!(ids(&s), ["nextcore-documents", "nextcore-reports", "nextcore-static"]);
    press(&mut s, "O");
    assert_eq!(ids(&s), ["nextcore-static", "nextcore-reports", "nextcore-documents"]);
    let columns = s.panel().unwrap().columns.iter().filter(|c| c.sort.is_some()).count();
    for _ in 0..columns {
        press(&mut s, "o");
    }
    assert_eq!((ids(&s), sorted_by(&s)), (own, None), "after the last column");
}

#[test]
fn a_selection_stays_on_its_row_when_the_order_changes_and_the_filter_holds() {
    let mut s = watching(&World::healthy());
    s.selected = "s3".parse().unwrap();
    press(&mut s, "enter down");
    let selected = |s: &Session| {
        let list = s.list(PaneId::Storage, "", 0);
        ids(s).get(list.position(&rows::ids(s, PaneId::Storage, "", 0))).cloned()
    };
    assert_eq!(selected(&s).as_deref(), Some("nextcore-static"));
    press(&mut s, "o");
    assert_eq!(selected(&s).as_deref(), Some("nextcore-static"), "by name it is the last");
    assert_eq!(press(&mut s, "y"), [Effect::Copy("nextcore-static".into())]);
    press(&mut s, "/ s t a t enter");
    assert_eq!(ids(&s), ["nextcore-static"]);
    press(&mut s, "esc");
    assert_eq!((ids(&s).len(), sorted_by(&s)), (3, Some("bucket")), "the filter is gone, the order is not");
}

#[test]
fn a_table_is_sorted_by_what_its_cells_mean() {
    let mut world = World::healthy();
    world.edit::<Targets>(|t| t.groups.values_mut().last().unwrap()[0].state = TargetState::Unhealthy);
    world.edit::<crate::model::delivery::Builds>(|b| b.builds[2].status = "FAILED".into());
    let first = |node: &str, panel: usize, title: &str| {
        let mut s = watching(&world);
        sort_by(&mut s, node, panel, title);
        ids(&s).remove(0)
    };
    let sizes =
        |s: &crate::model::storage::Buckets| s.buckets.iter().max_by(|a, b| a.bytes.partial_cmp(&b.bytes).unwrap()).unwrap().name.clone();
    assert_eq!(first("s3", 0, "size"), sizes(world.store.get().unwrap()), "the largest");
    let builds = &world.store.get::<crate::model::delivery::Builds>().unwrap().builds;
    assert_eq!(first("build", 1, "status"), builds[2].id, "the one that failed");
    let took = |b: &crate::model::delivery::Build| b.ended_at.zip(b.started_at).map(|(to, from)| to - from);
    assert_eq!(first("build", 1, "took"), builds.iter().max_by_key(|b| took(b)).unwrap().id, "the longest, not the first letter");
    let target = world.store.get::<Targets>().unwrap().groups.values().last().unwrap()[0].clone();
    assert!(first("alb", 0, "state").ends_with(&format!(" {}:{}", target.id, target.port)), "the one that is not healthy");
    let newest = world.store.get::<Tasks>().unwrap().of("web").max_by_key(|t| t.started_at).unwrap().started_at;
    let task = first("svc/web", 0, "age");
    assert_eq!(world.store.get::<Tasks>().unwrap().tasks.iter().find(|t| t.arn == task).unwrap().started_at, newest);
}

#[test]
fn a_list_that_is_no_table_says_that_it_is_not_sorted() {
    for keys in ["e o", "z o", "F o", "V o", "J o", "b o"] {
        let mut s = watching(&World::healthy());
        press(&mut s, keys);
        assert_eq!(s.flash.as_ref().map(|f| f.text.as_str()), Some("not sorted: this is no table"), "{keys}");
    }
}

/// One with values of another kind would begin at the wrong end: `sorted` says so in tests.
#[test]
fn every_column_that_is_sorted_has_values_of_its_kind_and_a_title_of_its_own() {
    use SortKey::{Number, State, Text, Time};
    let session = watching(&World::healthy());
    for pane in PANES {
        for panel in pane.panels {
            let sorted: Vec<&Column> = panel.columns.iter().filter(|c| c.sort.is_some()).collect();
            let titles: BTreeSet<&str> = sorted.iter().map(|c| c.title).collect();
            assert!(titles.len() == sorted.len() && !titles.contains(""), "{:?} {}", pane.id, panel.title);
            assert!(sorted.iter().all(|c| matches!(c.sort, Some(Text | Number | Time | State))));
            let Some(list_of) = panel.rows else { continue };
            let subject = if pane.id == PaneId::Service { "web" } else { "" };
            let own = list_of(&session, &Query { subject, list: &ListState::default() }).len();
            let mut order = None;
            while let Some(next) = column::Order::next(order, panel.columns) {
                order = Some(next);
                let list = ListState { order, ..ListState::default() };
                assert_eq!(list_of(&session, &Query { subject, list: &list }).len(), own, "{:?} {} loses rows", pane.id, panel.title);
            }
        }
    }
}
