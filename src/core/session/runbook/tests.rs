//! Keys in a walk: what they run, what they ask of the loop, what is ticked, kept, and seen by another dashboard.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::input::{Code, Key};
use crate::insight::{Judgement, fixture};
use crate::model::action::Request;
use crate::model::database::Database;
use crate::model::mode::Mode;
use crate::model::plan::{End, News, Outcome as Ended, Plan, Refusal, Run};
use crate::model::section::Section;
use crate::model::service::Services;
use crate::model::store::Store;
use crate::runbook::State;
use crate::session::act::Act;
use crate::session::{Msg, SessionOptions, update};

const ENTER: Key = Key::new(Code::Enter);
const ESC: Key = Key::new(Code::Esc);

const BOOK: &str = r#"---
title: The database is slow
when: Always.
---

Before.

## Is it?

```nextcore-top
check db.status == "stopped"
```

## Look

```nextcore-top
open db
logs --service web --grep error
```

## Act

```nextcore-top
scale web 4
wait 'db.status == "stopped"' 2m
```

## By hand

```sh
aws first
```

```sh
aws second
```

## Tell
"#;

const ASKING: &str = "---\ntitle: Of {{service}}\nwhen: Now.\nvalues:\n  service: choice of services\n  count: number, default 3\n---\n\n## Look at {{service}}\n\nx {{count}}\n";

fn session(mode: Mode) -> Session {
    let world = fixture::World::healthy();
    let mut session = Session::new(SessionOptions { stack: world.stack.clone(), mode, simulated: true, size: (120, 40), now: world.now });
    session = session.walking("maya");
    let judgement = world.judge();
    update(&mut session, Msg::Observed(Arc::new(world.store), judgement));
    let own = vec![("slow.md".to_owned(), BOOK.to_owned()), ("ask.md".to_owned(), ASKING.to_owned())];
    update(&mut session, Msg::Runbooks(Arc::new(Library::with(own)), Vec::new()));
    session
}

fn press(session: &mut Session, keys: &[Key]) -> Vec<Effect> {
    let asked = |e: &Effect| !matches!(e, Effect::Needs { .. } | Effect::Refresh(_));
    keys.iter().flat_map(|key| update(session, Msg::Key(*key))).filter(asked).collect()
}

fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Key::char).collect()
}

fn line(session: &mut Session, text: &str) -> Vec<Effect> {
    press(session, &[typed(text), vec![ENTER]].concat())
}

fn opened(mode: Mode) -> Session {
    let mut session = session(mode);
    assert_eq!(line(&mut session, ":runbook slow"), []);
    session
}

fn states(session: &Session) -> String {
    let walk = session.walk("slow").unwrap();
    walk.progress.steps.iter().map(|s| s.state.word()).collect::<Vec<_>>().join(" ")
}

fn at(session: &Session) -> usize {
    session.at_step().unwrap().1
}

fn down(session: &mut Session, steps: usize) {
    press(session, &vec![Key::new(Code::Down); steps]);
}

/// Later, with a database that says so.
fn later(session: &mut Session, seconds: i64, status: Option<&str>) -> Vec<Effect> {
    let now = session.now + chrono::TimeDelta::seconds(seconds);
    let mut effects = update(session, Msg::Tick(now));
    if let Some(status) = status {
        let mut store = Store::clone(&session.store);
        let mut db = store.get::<Database>().cloned().unwrap();
        db.status = status.into();
        store.put(db, now, std::time::Duration::from_secs(5));
        store.version += 1;
        let judgement = session.judgement.clone();
        effects.extend(update(session, Msg::Observed(Arc::new(store), judgement)));
    }
    effects.retain(|e| matches!(e, Effect::Keep(_)));
    effects
}

fn kept(effects: &[Effect]) -> Vec<&Kept> {
    effects.iter().filter_map(|e| if let Effect::Keep(kept) = e { Some(&**kept) } else { None }).collect()
}

#[test]
fn a_check_is_decided_now_written_down_and_tried_again() {
    let mut session = opened(Mode::Safe);
    assert_eq!(session.walk("slow").unwrap().steps[0][0].live.as_ref().unwrap().word(), "false", "live before anything is run");
    let effects = press(&mut session, &[ENTER]);
    assert_eq!((states(&session).as_str(), at(&session)), ("failed to do to do to do to do", 0));
    let said = &kept(&effects)[0].progress.steps[0];
    assert!(said.said[0].result.starts_with("false: db.status = "), "{:?}", said.said);
    later(&mut session, 3, Some("stopped"));
    assert_eq!(session.walk("slow").unwrap().steps[0][0].live.as_ref().unwrap().word(), "true");
    press(&mut session, &[ENTER]);
    assert_eq!((states(&session).as_str(), at(&session)), ("done to do to do to do to do", 1));
}

#[test]
fn what_was_not_read_is_no_false() {
    let mut session = opened(Mode::Safe);
    let mut store = Store::clone(&session.store);
    store.entry_mut(Database::KEY).value = None;
    store.version += 1;
    update(&mut session, Msg::Observed(Arc::new(store), Judgement::default()));
    let later = session.now + chrono::TimeDelta::seconds(3);
    update(&mut session, Msg::Tick(later));
    press(&mut session, &[ENTER]);
    let walk = session.walk("slow").unwrap();
    assert!(
        matches!(&walk.progress.steps[0].state, State::Failed { reason, .. } if reason.starts_with("cannot tell: ")),
        "{:?}",
        walk.progress
    );
}

#[test]
fn places_open_and_esc_comes_back_to_the_walk() {
    let mut session = opened(Mode::Safe);
    down(&mut session, 1);
    press(&mut session, &[ENTER]);
    assert_eq!(session.screen().unwrap().pane, PaneId::Database);
    assert_eq!(states(&session), "to do to do to do to do to do", "one of two commands");
    press(&mut session, &[ESC]);
    assert_eq!((session.screen().unwrap().pane, at(&session)), (PaneId::Runbook, 1));
    let effects = press(&mut session, &[ENTER]);
    assert_eq!((session.screen().unwrap().pane, session.logs.filter().text()), (PaneId::Logs, "@web error"));
    assert_eq!(kept(&effects)[0].progress.steps[1].said.len(), 2);
    press(&mut session, &[ESC]);
    assert_eq!((session.screen().unwrap().pane, at(&session)), (PaneId::Runbook, 2), "one Esc, and the next step");
}

fn plan(request: &Request) -> Arc<Plan> {
    crate::session::act::tests::plan(request, crate::model::action::Tier::T1)
}

fn run(request: &Request, session: &Session, outcome: Option<Ended>) -> Arc<Run> {
    let at = session.now;
    Arc::new(Run {
        id: "r1".into(),
        plan: plan(request),
        sent_at: at,
        seen_at: at,
        request_ids: Vec::new(),
        made: None,
        steps: Vec::new(),
        trouble: None,
        unrecorded: None,
        end: outcome.map(|outcome| End { outcome, text: "4/4 running".into(), next: String::new(), at }),
    })
}

fn runs(session: &mut Session, request: &Request, outcome: Option<Ended>) {
    let run = run(request, session, outcome);
    update(session, Msg::Acted(News::Running(run)));
}

/// The third step's action, as far as it is sent.
fn acting(mode: Mode) -> (Session, Request, Vec<Effect>) {
    let mut session = opened(mode);
    down(&mut session, 2);
    let request = Request::new("scale", "web").with("count", "4");
    assert_eq!(press(&mut session, &[ENTER]), [Effect::Plan(request.clone())], "the same as `:scale web 4`");
    assert_eq!(states(&session), "to do to do to do to do to do");
    update(&mut session, Msg::Acted(News::Planned(plan(&request))));
    let effects = press(&mut session, &[Key::new(Code::Right), ENTER]);
    (session, request, effects)
}

#[test]
fn an_action_is_done_when_it_ended_well_and_its_wait_rests_on_newer_answers() {
    let (mut session, request, effects) = acting(Mode::Armed);
    assert!(effects.iter().any(|e| matches!(e, Effect::Execute(..))) && states(&session).starts_with("to do to do running"));
    runs(&mut session, &request, None);
    later(&mut session, 40, None);
    runs(&mut session, &request, Some(Ended::Done));
    let step = |s: &Session| s.walk("slow").unwrap().progress.steps[2].clone();
    assert_eq!((step(&session).ran, step(&session).state.word()), (1, "to do"), "there is a wait after it");
    let told = &session.flash.as_ref().unwrap().text;
    assert!(told.starts_with("1 of 2 in this step: Enter runs wait"), "{told}");
    assert!(step(&session).said[0].result.contains("4/4 running"));
    // The database of before the action says what is waited for: that is no answer.
    press(&mut session, &[ESC]);
    let mut store = Store::clone(&session.store);
    let mut db = store.get::<Database>().cloned().unwrap();
    db.status = "stopped".into();
    store.entry_mut(Database::KEY).value = Some(Arc::new(db));
    store.version += 1;
    let judgement = session.judgement.clone();
    update(&mut session, Msg::Observed(Arc::new(store), judgement));
    press(&mut session, &[ENTER]);
    later(&mut session, 6, None);
    assert_eq!(step(&session).state.word(), "running");
    later(&mut session, 4, Some("stopped"));
    assert_eq!((step(&session).state.word(), at(&session)), ("done", 3));
}

#[test]
fn an_action_that_failed_was_refused_or_left_is_not_done() {
    let (mut session, request, _) = acting(Mode::Armed);
    runs(&mut session, &request, None);
    runs(&mut session, &request, Some(Ended::Unknown));
    assert!(states(&session).starts_with("to do to do failed"));

    let mut session = opened(Mode::Armed);
    down(&mut session, 2);
    press(&mut session, &[ENTER]);
    update(&mut session, Msg::Acted(News::Refused(request.clone(), Refusal::Check("4 already".into()))));
    assert!(matches!(session.act(), Some(Act::Refused { .. })) && states(&session).starts_with("to do to do failed"));

    let (mut session, request, _) = acting(Mode::Armed);
    update(&mut session, Msg::Acted(News::Moved(plan(&request))));
    assert_eq!(states(&session), "to do to do to do to do to do", "nothing was sent");
    press(&mut session, &[ESC]);
    assert_eq!(states(&session), "to do to do to do to do to do");

    let mut session = opened(Mode::Armed);
    down(&mut session, 2);
    press(&mut session, &[ENTER]);
    update(&mut session, Msg::Acted(News::Planned(plan(&request))));
    press(&mut session, &[ESC]);
    assert_eq!(states(&session), "to do to do to do to do to do");
    // By hand afterwards: that is no part of the walk.
    line(&mut session, ":scale web 4");
    update(&mut session, Msg::Acted(News::Planned(plan(&request))));
    press(&mut session, &[Key::new(Code::Right), ENTER]);
    runs(&mut session, &request, Some(Ended::Done));
    assert_eq!(states(&session), "to do to do to do to do to do");
}

#[test]
fn a_viewer_sees_the_plan_and_sends_nothing() {
    let (session, _, effects) = acting(Mode::Viewer);
    assert!(effects.is_empty() && session.act().is_none());
    assert_eq!(states(&session), "to do to do to do to do to do");
    let (session, _, effects) = acting(Mode::Safe);
    assert!(effects.is_empty() && matches!(session.act(), Some(Act::Arming { .. })), "as everywhere");
}

/// At the wait of the third step.
fn waiting() -> Session {
    let mut session = opened(Mode::Safe);
    down(&mut session, 2);
    session.books.walks.get_mut("slow").unwrap().progress.steps[2].ran = 1;
    press(&mut session, &[ENTER]);
    session
}

#[test]
fn a_wait_goes_on_while_one_looks_elsewhere_and_ends_with_its_time() {
    let mut session = waiting();
    press(&mut session, &[ESC]);
    assert!(session.screen().is_none() && session.needs().contains(&Database::KEY));
    later(&mut session, 119, Some("available"));
    assert!(states(&session).starts_with("to do to do running"));
    later(&mut session, 2, None);
    let reason = |s: &Session| match &s.walk("slow").unwrap().progress.steps[2].state {
        State::Failed { reason, .. } => reason.clone(),
        other => other.word().to_owned(),
    };
    assert!(reason(&session).starts_with("not true in time: false"), "{}", reason(&session));
    let mut session = waiting();
    later(&mut session, 50, Some("stopped"));
    let effects = later(&mut session, 2, None);
    assert_eq!((reason(&session).as_str(), kept(&effects).len()), ("done", 1));
}

#[test]
fn a_step_is_skipped_with_a_reason_and_notes_are_kept() {
    let mut session = waiting();
    press(&mut session, &typed("s"));
    press(&mut session, &[ENTER]);
    assert!(matches!(session.act(), Some(Act::Words(w)) if w.wrong.as_deref() == Some("skipping a step needs a reason")));
    let effects = line(&mut session, "by hand, q s n");
    let step = &kept(&effects)[0].progress.steps[2];
    assert!(matches!(&step.state, State::Skipped { by, reason, .. } if by == "maya" && reason == "by hand, q s n"));
    assert!(session.walk("slow").unwrap().waiting.is_none() && at(&session) == 3);
    let effects = line(&mut session, "ncalled ben");
    let note = &kept(&effects)[0].progress.notes[0];
    assert_eq!((note.text.as_str(), note.step), ("called ben", Some(3)));
    update(&mut session, Msg::Key(Key::char('n')));
    update(&mut session, Msg::Paste("two\nlines".into()));
    assert!(matches!(session.act(), Some(Act::Words(w)) if w.typed == "twolines"), "pasted, not sent");
}

#[test]
fn shell_lines_are_copied_one_block_at_a_time_and_never_run() {
    let mut session = opened(Mode::Armed);
    down(&mut session, 3);
    let copy = |s: &mut Session| press(s, &typed("y"));
    assert_eq!(copy(&mut session), [Effect::Copy("aws first".into())]);
    assert!(session.flash.as_ref().unwrap().text.contains("1 of 2: aws first"));
    assert_eq!(copy(&mut session), [Effect::Copy("aws second".into())]);
    assert_eq!(copy(&mut session), [Effect::Copy("aws first".into())]);
    // Enter once too often ticks nothing that stands after what is open.
    assert_eq!(press(&mut session, &[ENTER]), []);
    assert!(session.flash.as_ref().unwrap().text.contains("3 steps are open: Enter again"));
    assert!(states(&session).ends_with("to do to do"));
    let effects = press(&mut session, &[ENTER]);
    assert_eq!((kept(&effects).len(), effects.len()), (1, 1), "Enter ticks it, and that is all");
    assert!(states(&session).ends_with("done to do"));
    assert_eq!(session.flash.as_ref().unwrap().text, "ticked: By hand");
    press(&mut session, &[Key::new(Code::Up), Key::new(Code::Up), Key::char('y')]);
    assert_eq!(copy(&mut session), [Effect::Copy("scale web 4".into())], "without shell lines, the next command");
}

#[test]
fn a_walk_is_there_again_and_a_second_dashboard_ticks_in_it() {
    let mut session = opened(Mode::Safe);
    down(&mut session, 3);
    let effects = press(&mut session, &[ENTER, ENTER]);
    let mut elsewhere = kept(&effects)[0].progress.clone();
    press(&mut session, &[ESC]);
    line(&mut session, ":runbook slow");
    assert_eq!((states(&session).as_str(), at(&session)), ("to do to do to do done to do", 0));
    elsewhere.done(4, "ben", session.now).unwrap();
    update(&mut session, Msg::Walks(vec![elsewhere.clone()]));
    assert_eq!(states(&session), "to do to do to do done done");
    // In a new dashboard.
    let mut other = self::session(Mode::Safe);
    update(&mut other, Msg::Walks(vec![elsewhere]));
    line(&mut other, ":runbook");
    assert!(matches!(other.book_rows("", &Filter::default())[0], BookRow::Walk(p) if p.runbook == "slow"));
    press(&mut other, &[ENTER]);
    assert_eq!(states(&other), "to do to do to do done done");
}

#[test]
fn beginning_anew_is_asked_twice_and_tells_what_was_done() {
    let mut session = opened(Mode::Safe);
    down(&mut session, 3);
    press(&mut session, &[ENTER, ENTER]);
    assert_eq!(press(&mut session, &typed("r")), []);
    let effects = press(&mut session, &typed("r"));
    let kept = kept(&effects)[0];
    assert!(kept.transcript.as_ref().is_some_and(|text| text.contains("## 4. By hand")), "{kept:?}");
    assert_eq!((kept.progress.round, states(&session).as_str()), (1, "to do to do to do to do to do"));
    let old = Progress { round: 0, ..kept.progress.clone() };
    update(&mut session, Msg::Walks(vec![old]));
    assert_eq!(session.walk("slow").unwrap().progress.round, 1, "what another dashboard still has is the older walk");
}

#[test]
fn the_last_step_tells_the_walk_and_a_finished_one_is_history_after_an_hour() {
    let mut session = opened(Mode::Safe);
    for step in 0..4 {
        line(&mut session, &format!("sreason {step}"));
    }
    let effects = press(&mut session, &[ENTER]);
    assert!(kept(&effects)[0].transcript.as_ref().is_some_and(|t| t.contains("every step is done or skipped")));
    line(&mut session, ":runbook slow");
    assert!(states(&session).ends_with("done"), "still there");
    later(&mut session, 2 * 3600, None);
    line(&mut session, ":runbook slow");
    assert_eq!(states(&session), "to do to do to do to do to do");
}

#[test]
fn values_are_asked_for_filled_where_known_and_given_ones_are_not_asked() {
    let mut session = session(Mode::Safe);
    session.selected = NodeId::service("web");
    line(&mut session, ":runbook ask");
    let Some(Act::Values(values)) = session.act() else { panic!("{:?}", session.act()) };
    let shown: Vec<(&str, &str)> = values.fields.iter().map(|f| (f.label.as_str(), f.value.as_str())).collect();
    assert_eq!(shown, [("service", "web"), ("count", "3")], "of the box, and by default");
    assert!(session.store.get::<Services>().is_some() && values.fields[0].choices.len() > 2);
    press(&mut session, &[Key::new(Code::Tab), Key::char('x'), ENTER]);
    assert!(matches!(session.act(), Some(Act::Values(v)) if v.wrong.as_ref().is_some_and(|w| w.contains("whole number"))));
    press(&mut session, &[Key::ctrl('u'), Key::char('5'), ENTER]);
    assert_eq!(session.screen().unwrap().subject, "ask count=5 service=web");
    let walk = session.walk("ask count=5 service=web").unwrap();
    assert_eq!(walk.book.steps[0].title, "Look at web");

    let all = BTreeMap::from([("service".to_owned(), "web".to_owned()), ("count".to_owned(), "1".to_owned())]);
    session.open_runbook("ask", &all, Some("slow-1")).unwrap();
    assert_eq!(session.walk("ask count=1 service=web").unwrap().progress.incident.as_deref(), Some("slow-1"));
    assert!(session.act().is_none());
    let known = BTreeMap::from([("service".to_owned(), "web".to_owned())]);
    session.open_runbook("ask", &known, None).unwrap();
    assert!(matches!(session.act(), Some(Act::Values(v)) if v.at == 1), "the first question is what is not known");
    assert!(session.open_runbook("nothing", &all, None).unwrap_err().contains("no runbook 'nothing'"));
    assert!(session.open_runbook("slow", &all, None).unwrap_err().contains("does not ask for"));
}

#[test]
fn the_list_begins_with_the_runbooks_of_the_box() {
    let mut session = session(Mode::Safe);
    session.selected = NodeId::of(System::Nat);
    press(&mut session, &typed("b"));
    assert_eq!(session.screen().unwrap().subject, "nat");
    let rows = session.book_rows("nat", &Filter::default());
    assert!(matches!(rows[0], BookRow::Book(book, true) if book.name == "nat-gateway"), "{:?}", rows[0].identity());
    assert!(rows.iter().any(|row| matches!(row, BookRow::Book(_, false))), "and all the others after them");
    press(&mut session, &[ENTER]);
    assert!(matches!(session.act(), Some(Act::Values(v)) if v.fields[0].choices.len() == 3), "a zone is asked for");
    press(&mut session, &[Key::char('b'), ENTER]);
    assert_eq!(session.screen().unwrap().subject, "nat-gateway zone=b");
}

#[test]
fn what_is_asked_for_before_they_are_read_opens_when_they_are() {
    let world = fixture::World::healthy();
    let options = SessionOptions { stack: world.stack, mode: Mode::Safe, simulated: true, size: (120, 40), now: world.now };
    let mut session = Session::new(options);
    line(&mut session, ":runbook rds-failover");
    assert!(session.screen().is_none() && session.act().is_none());
    update(&mut session, Msg::Runbooks(Arc::new(Library::builtin()), Vec::new()));
    assert_eq!(session.screen().unwrap().subject, "rds-failover");
}

#[test]
fn the_menu_of_a_box_leads_to_its_runbooks() {
    let mut session = session(Mode::Safe);
    session.selected = NodeId::of(System::Database);
    press(&mut session, &typed("x"));
    let Some(Act::Menu(menu)) = session.act() else { panic!("{:?}", session.act()) };
    assert!(menu.runbooks > 2 && crate::model::action::ACTIONS.iter().all(|a| a.key != crate::session::act::RUNBOOKS));
    press(&mut session, &[Key::new(Code::Up), ENTER]);
    assert_eq!((session.screen().unwrap().subject.as_str(), session.act().is_none()), ("db", true), "the last line of the menu");
}

#[test]
fn a_command_that_nobody_can_run_says_so_and_nothing_else_does() {
    let mut session = session(Mode::Safe);
    let text = "---\ntitle: T\nwhen: W\n---\n\n## A\n\n```nextcore-top\nfrobnicate db\ncheck db.statu == 1\n```\n";
    let library = Library::with(vec![("odd.md".to_owned(), text.to_owned())]);
    update(&mut session, Msg::Runbooks(Arc::new(library), vec!["x.md: larger than 1 MiB: not read".to_owned()]));
    line(&mut session, ":runbook odd");
    press(&mut session, &[ENTER]);
    let walk = session.walk("odd").unwrap();
    assert!(matches!(&walk.progress.steps[0].state, State::Failed { reason, .. } if reason.contains("unknown command 'frobnicate")));
    assert_eq!(walk.progress.steps[0].ran, 0);
}

#[test]
fn pages_turn_as_far_as_there_is_text() {
    let mut session = session(Mode::Safe);
    session.size = (80, 24);
    let prose = "Paragraph.\n\n".repeat(60);
    let text = format!("---\ntitle: T\nwhen: W\n---\n\n## A\n\n{prose}\n## B\n");
    update(&mut session, Msg::Runbooks(Arc::new(Library::with(vec![("long.md".to_owned(), text)])), Vec::new()));
    line(&mut session, ":runbook long");
    let (up, down) = (Key::new(Code::PageUp), Key::new(Code::PageDown));
    press(&mut session, &[down; 40]);
    let end = session.walk("long").unwrap().scroll;
    press(&mut session, &[up]);
    assert!(end > 60 && session.walk("long").unwrap().scroll < end, "{end}");
    press(&mut session, &[up; 40]);
    assert_eq!(session.walk("long").unwrap().scroll, 0);
}
