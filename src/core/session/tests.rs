//! Key sequences: what is pressed, what is then open, selected, shown, and asked of the loop.

mod copied;
mod help;
mod json;
mod logs;
mod palette;
mod places;
mod problems;
mod sorted;
mod trail;

use std::time::Duration;

use super::*;
use crate::input::{Code, Key};
use crate::insight::fixture::World;
use crate::model::alarm::{AlarmHistory, Alarms};
use crate::model::log::{LogEvent, LogTail};
use crate::model::section::Section;
use crate::model::service::{Task, Tasks};

fn at(seconds: i64) -> Time {
    chrono::DateTime::from_timestamp(1_764_158_400 + seconds, 0).unwrap()
}

pub(super) fn session(size: (u16, u16)) -> Session {
    Session::new(SessionOptions { stack: Stack::default(), mode: Mode::Safe, simulated: true, size, now: at(0) })
}

/// Keys by name, separated by blanks; single characters are themselves.
pub(super) fn press(session: &mut Session, keys: &str) -> Vec<Effect> {
    let key = |name: &str| match name {
        "enter" => Key::new(Code::Enter),
        "esc" => Key::new(Code::Esc),
        "tab" => Key::new(Code::Tab),
        "backtab" => Key::new(Code::BackTab),
        "up" => Key::new(Code::Up),
        "down" => Key::new(Code::Down),
        "left" => Key::new(Code::Left),
        "right" => Key::new(Code::Right),
        "pgup" => Key::new(Code::PageUp),
        "space" => Key::char(' '),
        "ctrl-u" => Key::ctrl('u'),
        "ctrl-c" => Key::ctrl('c'),
        "ctrl-z" => Key::ctrl('z'),
        c => Key::char(c.chars().next().unwrap()),
    };
    keys.split_whitespace().flat_map(|k| update(session, Msg::Key(key(k)))).collect()
}

fn observe(session: &mut Session, fill: impl FnOnce(&mut Store)) {
    let mut store = (*session.store).clone();
    fill(&mut store);
    update(session, Msg::Observed(Arc::new(store), Judgement::default()));
}

fn log(n: u64, total: u64) -> LogTail {
    let events = (total - n..total)
        .map(|i| LogEvent {
            id: format!("{i}"),
            seq: i,
            at: at(i as i64),
            stream: if i % 2 == 0 { "web/x" } else { "api/x" }.into(),
            message: format!("line {i}"),
            ..LogEvent::default()
        })
        .map(Arc::new)
        .collect();
    LogTail { events, total, dropped: total - n, ..LogTail::default() }
}

fn tasks(ids: &[&str]) -> Tasks {
    Tasks { tasks: ids.iter().map(|id| Task { arn: format!("arn:task/{id}"), service: "web".into(), ..Task::default() }).collect() }
}

#[test]
fn enter_drills_down_and_esc_comes_back_but_never_quits() {
    let mut s = session((120, 40));
    press(&mut s, "2 enter");
    assert_eq!(s.screen().map(|s| (s.pane, s.subject.as_str())), Some((PaneId::Service, "control-plane")));
    press(&mut s, "L");
    assert_eq!(s.screen().map(|s| s.pane), Some(PaneId::Logs));
    assert_eq!((s.logs.service(), s.logs.filter().text()), (Some("control-plane"), ""));
    assert_eq!(press(&mut s, "esc"), []);
    assert_eq!(s.logs.service(), None, "Esc clears the filter before it closes the pane");
    press(&mut s, "esc");
    assert_eq!(s.screen().map(|s| s.pane), Some(PaneId::Service));
    press(&mut s, "? esc");
    assert_eq!(s.screen().map(|s| s.pane), Some(PaneId::Service), "Esc closed the help first");
    press(&mut s, "esc");
    assert_eq!(s.screen(), None);
    assert!(!press(&mut s, "esc esc").contains(&Effect::Quit));
    assert_eq!(press(&mut s, "q"), [Effect::Quit]);
}

#[test]
fn keys_that_must_always_work_do() {
    let mut s = session((120, 40));
    press(&mut s, "L /");
    assert_eq!(press(&mut s, "q"), [], "typed into the filter");
    assert_eq!(press(&mut s, "ctrl-z"), [Effect::Suspend]);
    assert_eq!(press(&mut s, "ctrl-c"), [Effect::Quit]);
}

#[test]
fn needs_are_announced_when_they_change_and_only_then() {
    let mut s = session((120, 40));
    let first = update(&mut s, Msg::Tick(at(1)));
    assert!(matches!(first.as_slice(), [Effect::Needs { all, front, .. }] if all.contains(&LogTail::KEY) && front.is_empty()), "{first:?}");
    assert_eq!(update(&mut s, Msg::Tick(at(2))), []);
    let opened = press(&mut s, "a");
    assert!(
        matches!(opened.as_slice(), [Effect::Needs { all, front, .. }] if front.contains(&AlarmHistory::KEY) && all.contains(&AlarmHistory::KEY))
    );
    // The header counts every node on every screen: what they rest on is never left out.
    assert!(crate::insight::sections().is_subset(&s.needs()), "{:?}", s.needs());
    assert!(matches!(press(&mut s, "R").as_slice(), [Effect::Refresh(keys)] if keys.contains(&Alarms::KEY)));
}

/// The words of R, when the sections are like this.
fn words_of_r(change: impl Fn(SectionKey, &mut crate::model::store::SectionState)) -> String {
    let mut s = session((120, 40));
    update(&mut s, Msg::Tick(at(100)));
    let needs = s.needs();
    observe(&mut s, |store| {
        for key in &needs {
            change(*key, store.entry_mut(*key));
        }
    });
    press(&mut s, "R");
    s.flash.as_ref().map(|f| f.text.clone()).unwrap_or_default()
}

#[test]
fn a_refresh_says_what_is_not_asked_and_why() {
    use crate::model::section::{Problem, ProblemKind};
    let asked = |e: &mut crate::model::store::SectionState, second| {
        e.begun_at = Some(at(second));
        e.floor = Duration::from_secs(2);
    };
    let fail = |e: &mut crate::model::store::SectionState, kind| {
        asked(e, 90);
        e.problem = Some(Problem { kind, headline: "x".into(), hint: String::new(), permission: None });
        e.next_at = Some(at(112));
    };
    assert_eq!(words_of_r(|_, e| asked(e, 90)), "refreshing");
    assert_eq!(words_of_r(|_, e| asked(e, 99)), "not refreshed: polled 1 s ago");
    let one = |kind| words_of_r(move |key, e| if key.0 == "services" { fail(e, kind) } else { asked(e, 90) });
    assert_eq!(one(ProblemKind::Throttled), "refreshing, except services throttled: retrying in 12 s");
    assert_eq!(one(ProblemKind::CutOff), "refreshing, except services cut off: retrying in 12 s");
    assert_eq!(one(ProblemKind::Denied), "refreshing, except services denied: retrying in 20 s", "half a minute after it was asked");
    assert_eq!(one(ProblemKind::Timeout), "refreshing", "what may be back is asked for");
    let all = words_of_r(|_, e| fail(e, ProblemKind::Throttled));
    assert!(all.starts_with("not refreshed: ") && all.contains("throttled: retrying in 12 s, "), "{all}");
}

#[test]
fn ticks_within_a_second_and_stores_without_change_draw_nothing() {
    let mut s = session((120, 40));
    update(&mut s, Msg::Tick(at(1)));
    assert!(s.take_dirty());
    update(&mut s, Msg::Tick(at(1) + chrono::TimeDelta::milliseconds(400)));
    assert!(!s.dirty());
    observe(&mut s, |store| store.put(log(10, 10), at(1), Duration::from_secs(2)));
    assert!(s.take_dirty());
    observe(&mut s, |_| ());
    assert!(!s.dirty());
}

#[test]
fn a_selection_stays_on_its_row_and_falls_to_the_neighbour() {
    let mut s = session((120, 40));
    observe(&mut s, |store| store.put(tasks(&["a", "b", "c"]), at(0), Duration::from_secs(5)));
    press(&mut s, "3 enter down");
    let selected = |s: &Session| s.list(PaneId::Service, "web", 0).id.unwrap();
    assert_eq!(selected(&s), "arn:task/b");
    observe(&mut s, |store| store.put(tasks(&["0", "a", "b", "c"]), at(0), Duration::from_secs(5)));
    assert_eq!(selected(&s), "arn:task/b");
    assert_eq!(press(&mut s, "y"), [Effect::Copy("b".into())]);
    observe(&mut s, |store| store.put(tasks(&["0", "a", "c"]), at(0), Duration::from_secs(5)));
    assert_eq!(selected(&s), "arn:task/c", "the neighbour took its place");
    press(&mut s, "enter");
    assert_eq!(s.logs.filter().text(), "@c");
}

#[test]
fn flashes_stay_four_seconds_and_errors_until_a_key() {
    let mut s = session((80, 24));
    update(&mut s, Msg::Flash("done".into(), Tone::Done));
    update(&mut s, Msg::Tick(at(3)));
    assert!(s.flash.is_some());
    update(&mut s, Msg::Tick(at(4)));
    assert!(s.flash.is_none());
    update(&mut s, Msg::Flash("no".into(), Tone::Error));
    update(&mut s, Msg::Tick(at(60)));
    assert!(s.flash.is_some());
    press(&mut s, "down");
    assert!(s.flash.is_none());
}

#[test]
fn pasting_is_text_and_never_commands() {
    let mut s = session((80, 24));
    assert_eq!(update(&mut s, Msg::Paste("q\nq".into())).len(), 1, "only the needs");
    press(&mut s, "L &");
    update(&mut s, Msg::Paste("err\nor\u{1b}[2J".into()));
    assert_eq!(s.logs.filter().text(), "error[2J");
}

#[test]
fn every_pane_has_a_row() {
    use PaneId as P;
    for id in [
        P::Stack,
        P::Service,
        P::Balancer,
        P::Cache,
        P::Database,
        P::Alarms,
        P::Logs,
        P::Timeline,
        P::Edge,
        P::Network,
        P::Storage,
        P::Security,
        P::Delivery,
        P::Dashboards,
        P::Zones,
        P::Flows,
        P::Verify,
    ] {
        assert_eq!(pane::row(id).id, id);
    }
}

#[test]
fn a_stack_that_is_not_healthy_is_looked_at_closely_until_it_is() {
    let mut world = World::healthy();
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (120, 40), now: world.now };
    let mut session = Session::new(options);
    let mut observed = |world: &World| {
        let effects = update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
        effects.into_iter().filter(|e| matches!(e, Effect::Closely(_))).collect::<Vec<_>>()
    };
    assert_eq!(observed(&world), []);
    world.service("web", |s| s.running = 1);
    assert_eq!(observed(&world), [Effect::Closely(true)]);
    assert_eq!(observed(&world), [], "said once");
    assert_eq!(observed(&World::healthy()), [Effect::Closely(false)]);
}
