//! Keys on the layers of actions, and what they send.

use std::sync::Arc;

use super::*;
use crate::input::Code;
use crate::insight::Judgement;
use crate::model::plan::{End, News, Outcome};
use crate::model::scaling::{ScalableTarget, Scaling};
use crate::model::service::{Service, Services};
use crate::model::stack::{Stack, StackChoice, StackHue};
use crate::model::store::Store;
use crate::session::{Glance, Msg, SessionOptions, update};

fn now() -> Time {
    chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn session(mode: Mode) -> Session {
    let mut session = Session::new(SessionOptions { stack: Stack::default(), mode, simulated: true, size: (120, 40), now: now() });
    let mut store = Store::default();
    let web = Service { name: "web".into(), desired: 2, running: 2, ..Service::default() };
    let target = ScalableTarget { service: "web".into(), min: 2, max: 6, ..ScalableTarget::default() };
    let every = std::time::Duration::from_secs(5);
    store.put(Services { services: vec![web], missing: Vec::new() }, now(), every);
    store.put(Scaling { targets: vec![target] }, now(), every);
    update(&mut session, Msg::Observed(Arc::new(store), Judgement::default()));
    session.selected = crate::insight::NodeId::service("web");
    session
}

fn press(session: &mut Session, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(session, Msg::Key(*key))).filter(|e| !matches!(e, Effect::Needs { .. })).collect()
}

fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Key::char).collect()
}

const ENTER: Key = Key::new(Code::Enter);

pub(in crate::session) fn plan(request: &Request, tier: crate::model::action::Tier) -> Arc<Plan> {
    Arc::new(Plan {
        request: request.clone(),
        title: "Scale web".into(),
        tier,
        confirm: (tier == crate::model::action::Tier::T2).then(|| "web".to_owned()),
        resource: crate::model::plan::Resource { name: "web".into(), ..Default::default() },
        account: String::new(),
        region: String::new(),
        principal: String::new(),
        changes: Vec::new(),
        notes: Vec::new(),
        checks: Vec::new(),
        expect: String::new(),
        blast: String::new(),
        undo: String::new(),
        undo_request: Some(Request::new("scale", "web").with("count", "2")),
        instead: None,
        calls: Vec::new(),
        owes: None,
        takes: crate::model::plan::Duration::default(),
        params: crate::model::action::params::UnmuteAlarm { alarm: "a".into() }.into(),
        rests_on: std::collections::BTreeMap::new(),
        made_at: now(),
        hash: "h".into(),
    })
}

#[test]
fn the_menu_asks_what_is_missing_and_what_it_knows_is_filled_in() {
    let mut session = session(Mode::Safe);
    press(&mut session, &typed("xs"));
    let Some(Act::Form(form)) = session.act() else { panic!("{:?}", session.act()) };
    assert_eq!((form.fields[0].value.as_str(), form.about.contains("autoscaling 2-6")), ("2", true));
    let effects = press(&mut session, &[&[Key::new(Code::Backspace)], &typed("many")[..], &[ENTER]].concat());
    assert!(effects.is_empty(), "a wrong answer is said, not sent");
    assert!(matches!(session.act(), Some(Act::Form(f)) if f.wrong.is_some()));
    let effects = press(&mut session, &[&[Key::ctrl('u')], &typed("4")[..], &[ENTER]].concat());
    assert_eq!(effects, [Effect::Plan(Request::new("scale", "web").with("count", "4"))]);
}

#[test]
fn what_is_typed_takes_the_place_of_what_was_filled_in() {
    let mut session = session(Mode::Safe);
    let effects = press(&mut session, &[typed("xs+1"), vec![ENTER]].concat());
    assert_eq!(effects, [Effect::Plan(Request::new("scale", "web").with("count", "+1"))]);
}

#[test]
fn the_last_action_is_found_again_by_name() {
    let mut session = session(Mode::Safe);
    press(&mut session, &[typed(":last"), vec![ENTER]].concat());
    assert!(session.act().is_none());
    let request = Request::new("scale", "web").with("count", "4");
    let run = Run {
        id: "r".into(),
        plan: plan(&request, crate::model::action::Tier::T1),
        sent_at: now(),
        seen_at: now(),
        request_ids: Vec::new(),
        made: None,
        steps: Vec::new(),
        trouble: None,
        unrecorded: None,
        end: Some(End { outcome: Outcome::Done, text: "done".into(), next: String::new(), at: now() }),
    };
    update(&mut session, Msg::Acted(News::Running(Arc::new(run))));
    press(&mut session, &[typed(":last"), vec![ENTER]].concat());
    assert!(matches!(session.act(), Some(Act::Running(id)) if id == "r"));
    let effects = press(&mut session, &typed("u"));
    assert_eq!(effects, [Effect::Plan(Request::new("scale", "web").with("count", "2"))], "result, undo");
}

#[test]
fn what_cannot_be_done_says_why_and_asks_nothing() {
    let mut session = session(Mode::Armed);
    let effects = press(&mut session, &typed("xZ"));
    assert!(effects.is_empty() && matches!(session.act(), Some(Act::Menu(_))));
    assert!(session.flash.as_ref().is_some_and(|f| f.text.contains("not suspended")), "{:?}", session.flash);
}

#[test]
fn a_plan_is_carried_out_by_its_second_button_only() {
    use crate::model::action::Tier;
    let mut session = session(Mode::Armed);
    let request = Request::new("redeploy", "web");
    press(&mut session, &[typed(":redeploy web"), vec![ENTER]].concat());
    update(&mut session, Msg::Acted(News::Planned(plan(&request, Tier::T1))));
    assert!(press(&mut session, &[ENTER]).is_empty() && session.act().is_none(), "Enter leaves it");
    press(&mut session, &[typed(":redeploy web"), vec![ENTER]].concat());
    update(&mut session, Msg::Acted(News::Planned(plan(&request, Tier::T1))));
    let effects = press(&mut session, &[Key::new(Code::Right), ENTER, ENTER, ENTER]);
    assert_eq!(effects, [Effect::Execute(plan(&request, Tier::T1), String::new())], "once");
}

#[test]
fn a_plan_that_nobody_waits_for_does_not_pop_up() {
    use crate::model::action::Tier;
    let mut session = session(Mode::Armed);
    press(&mut session, &[typed(":redeploy web"), vec![ENTER], vec![Key::new(Code::Esc)]].concat());
    update(&mut session, Msg::Acted(News::Planned(plan(&Request::new("redeploy", "web"), Tier::T1))));
    assert!(session.act().is_none());
}

#[test]
fn a_run_goes_on_when_its_layer_is_closed_and_its_end_is_said() {
    use crate::model::action::Tier;
    let mut session = session(Mode::Armed);
    let mut run = Run {
        id: "r".into(),
        plan: plan(&Request::new("scale", "web").with("count", "4"), Tier::T1),
        sent_at: now(),
        seen_at: now(),
        request_ids: Vec::new(),
        made: None,
        steps: Vec::new(),
        trouble: None,
        unrecorded: None,
        end: None,
    };
    update(&mut session, Msg::Acted(News::Running(Arc::new(run.clone()))));
    assert_eq!(session.under_way().count(), 1);
    press(&mut session, &typed("x"));
    assert!(matches!(session.act(), Some(Act::Running(_))), "what is under way comes before a new action");
    press(&mut session, &[Key::new(Code::Esc)]);
    run.end = Some(End { outcome: Outcome::Failed, text: "no".into(), next: String::new(), at: now() });
    update(&mut session, Msg::Acted(News::Running(Arc::new(run))));
    assert!(session.flash.as_ref().is_some_and(|f| f.text.contains("failed, no")), "{:?}", session.flash);
    assert_eq!(session.under_way().count(), 0);
}

#[test]
fn the_palette_completes_from_the_table_and_says_what_is_wrong() {
    let mut session = session(Mode::Safe);
    press(&mut session, &typed(":sca"));
    press(&mut session, &[Key::new(Code::Tab)]);
    press(&mut session, &typed("w"));
    press(&mut session, &[Key::new(Code::Tab)]);
    let effects = press(&mut session, &[typed("+1"), vec![ENTER]].concat());
    assert_eq!(effects, [Effect::Plan(Request::new("scale", "web").with("count", "+1"))]);
    session.act = None;
    press(&mut session, &[typed(":scale web many"), vec![ENTER]].concat());
    assert!(matches!(session.act(), Some(Act::Palette(p)) if p.wrong.as_ref().is_some_and(|w| w.contains("a count"))));
    press(&mut session, &[Key::new(Code::Esc)]);
    press(&mut session, &[typed(":alarms"), vec![ENTER]].concat());
    assert_eq!(session.screen().map(|s| s.pane), Some(crate::session::pane::PaneId::Alarms), "the commands of keys have names, too");
}

#[test]
fn arming_takes_the_stacks_name() {
    let mut session = session(Mode::Safe);
    let effects = press(&mut session, &[typed(":arm"), vec![ENTER], typed("production"), vec![ENTER]].concat());
    assert!(effects.is_empty() && matches!(session.act(), Some(Act::Arming { wrong: true, .. })));
    assert_eq!(press(&mut session, &[typed("-nextcore"), vec![ENTER]].concat()), [Effect::Arm]);
    let mut viewer = self::session(Mode::Viewer);
    let typed = press(&mut viewer, &[typed(":arm"), vec![ENTER], typed("production-nextcore"), vec![ENTER]].concat());
    assert!(!typed.contains(&Effect::Arm), "it was never asked for");
}

#[test]
fn what_a_check_forbids_leads_to_what_can_be_done_instead() {
    use crate::model::action::Tier;
    use crate::model::plan::{Check, Verdict};
    let mut session = session(Mode::Safe);
    let request = Request::new("rollback", "web");
    press(&mut session, &[typed(":rollback web"), vec![ENTER]].concat());
    let mut forbidden = Plan::clone(&plan(&request, Tier::T1));
    forbidden.checks = vec![Check { verdict: Verdict::Fail, text: "a deployment is running".into() }];
    update(&mut session, Msg::Acted(News::Planned(Arc::new(forbidden.clone()))));
    assert!(press(&mut session, &typed("n")).is_empty() && matches!(session.act(), Some(Act::Planned(_))), "nothing to do instead");
    forbidden.instead = Some(Request::new("stop-deployment", "web"));
    session.act = Some(Act::Planned(Planned::new(Arc::new(forbidden), false)));
    let effects = press(&mut session, &typed("n"));
    assert_eq!(effects, [Effect::Plan(Request::new("stop-deployment", "web"))]);
}

fn among(mode: Mode) -> Session {
    let stack = |name: &str, current: bool| StackChoice {
        name: name.into(),
        region: "eu-west-1".into(),
        account: "111122223333".into(),
        color: StackHue::by_place(usize::from(!current)),
        current,
    };
    session(mode).among(vec![stack("production", true), stack("staging", false)])
}

#[test]
fn another_stack_is_looked_at_once_and_changed_to_by_list_or_by_name() {
    let mut session = among(Mode::Safe);
    let effects = press(&mut session, &[&typed(":stack")[..], &[ENTER]].concat());
    assert_eq!(effects, [Effect::Glance(vec!["staging".into()])], "the one on the screen is not asked again");
    assert!(matches!(session.act(), Some(Act::Stacks { index: 0 })));
    let counts = crate::insight::Counts { down: 1, healthy: 9, ..Default::default() };
    let seen = Glance::Judged { counts, reason: "db: failed".into(), at: now() };
    update(&mut session, Msg::Glanced("staging".into(), seen));
    assert_eq!(press(&mut session, &[Key::char('R')]), [], "it was looked at a moment ago");
    assert_eq!(press(&mut session, &[ENTER]), [], "it is on the screen already");
    press(&mut session, &[&typed(":stack")[..], &[ENTER]].concat());
    assert_eq!(press(&mut session, &[Key::char('j'), ENTER]), [Effect::Switch("staging".into())]);
    press(&mut session, &[Key::new(Code::Esc)]);
    assert_eq!(press(&mut session, &[&typed(":stack staging")[..], &[ENTER]].concat()), [Effect::Switch("staging".into())]);
    press(&mut session, &[&typed(":stack stagin")[..], &[ENTER]].concat());
    assert!(matches!(session.act(), Some(Act::Palette(p)) if p.wrong.as_ref().is_some_and(|w| w.contains("production, staging"))));
}

#[test]
fn a_stack_is_not_left_while_something_is_under_way_without_saying_so() {
    let mut session = among(Mode::Armed);
    let plan = plan(&Request::new("scale", "web").with("count", "3"), crate::model::action::Tier::T1);
    let run = Run {
        id: "1".into(),
        plan,
        sent_at: now(),
        seen_at: now(),
        request_ids: Vec::new(),
        made: None,
        steps: Vec::new(),
        trouble: None,
        unrecorded: None,
        end: None,
    };
    session.runs.insert("1".into(), Arc::new(run));
    let line = [&typed(":stack staging")[..], &[ENTER]].concat();
    assert_eq!(press(&mut session, &line), []);
    assert!(session.flash.as_ref().is_some_and(|f| f.text.contains("Enter again to change to staging")));
    assert_eq!(press(&mut session, &[ENTER]), [Effect::Switch("staging".into())]);
}
