//! The layers of actions over the stack, their own rectangle, text and styles: menu, form, plan in every state of its confirmation, progress and
//! every end, arming, palette, unfinished intents; and what must hold for all of them at any size.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use nextcore_core::input::{Code, Key};
use nextcore_core::insight::Counts;
use nextcore_core::model::Time;
use nextcore_core::model::action::params::FailOverDatabase;
use nextcore_core::model::action::{Request, Tier};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::plan::{
    Call, Change, Check, Duration, End, News, Outcome, Plan, Refusal, Resource, Run, Step, StepState, Unfinished, Verdict,
};
use nextcore_core::model::stack::{StackChoice, StackHue};
use nextcore_core::session::{Glance, Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};

use super::fixture;
use super::look::{agreed, changed, draw, dump, dump_of};

/// A panel grows no further on larger screens.
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];
const ENTER: Key = Key::new(Code::Enter);

fn check(verdict: Verdict, text: &str) -> Check {
    Check { verdict, text: text.into() }
}

fn failover() -> Plan {
    Plan {
        request: Request::new("failover db", ""),
        title: "Fail over the database production-nextcore-db".into(),
        tier: Tier::T2,
        resource: Resource {
            kind: "RDS instance".into(),
            name: "production-nextcore-db".into(),
            arn: "arn:aws:rds:ap-southeast-2:111122223333:db:production-nextcore-db".into(),
            detail: "postgres 15.7  db.t3.large  Multi-AZ".into(),
        },
        account: "111122223333".into(),
        region: "ap-southeast-2".into(),
        principal: "arn:aws:sts::111122223333:assumed-role/OnCall/maya".into(),
        changes: vec![
            Change { what: "primary".into(), before: "ap-southeast-2a".into(), after: "ap-southeast-2b".into() },
            Change { what: "standby".into(), before: "ap-southeast-2b".into(), after: "ap-southeast-2a".into() },
        ],
        notes: Vec::new(),
        checks: vec![
            check(Verdict::Pass, "available, Multi-AZ, standby present"),
            check(Verdict::Pass, "no failover in the last 30 min"),
            check(Verdict::Pass, "PITR 3 min behind"),
            check(Verdict::Warn, "web is deploying (1/2): its tasks will meet the outage"),
            check(Verdict::Unknown, "connection count unknown"),
            check(Verdict::Pass, "permitted: rds:RebootDBInstance"),
        ],
        expect: "writes and reads fail for 60-120 s; API 5xx in that window; cold cache after".into(),
        blast: "every service that uses the database".into(),
        undo: "failover db again, once this one is over (another outage)".into(),
        undo_request: Some(Request::new("failover db", "")),
        instead: None,
        calls: vec![Call {
            service: "RDS".into(),
            operation: "RebootDBInstance".into(),
            cli: "aws rds reboot-db-instance --db-instance-identifier production-nextcore-db --force-failover".into(),
            iam: "rds:RebootDBInstance".into(),
        }],
        takes: Duration { from: 60, to: 120, limit: 600 },
        owes: None,
        params: FailOverDatabase { instance: "production-nextcore-db".into(), from: "ap-southeast-2a".into(), promotion: None }.into(),
        confirm: Some("production-nextcore-db".into()),
        rests_on: BTreeMap::new(),
        made_at: fixture::now(),
        hash: "811dacc91422a227".into(),
    }
}

fn scale() -> Plan {
    Plan {
        request: Request::new("scale", "web").with("count", "4"),
        title: "Scale web".into(),
        tier: Tier::T1,
        confirm: None,
        resource: Resource { kind: "ECS service".into(), name: "web".into(), detail: "2/2 running".into(), ..failover().resource },
        changes: vec![Change { what: "desired count".into(), before: "2".into(), after: "4".into() }],
        notes: vec!["within autoscaling's 2-6: it may scale in again after about 15 quiet minutes; --hold keeps at least 4".into()],
        checks: vec![check(Verdict::Pass, "service ACTIVE"), check(Verdict::Pass, "no deployment in progress")],
        expect: "nothing: new tasks join once they are healthy".into(),
        blast: "this service only; no deployment starts".into(),
        undo: "scale web 2".into(),
        ..failover()
    }
}

fn seconds(n: i64) -> chrono::TimeDelta {
    chrono::TimeDelta::seconds(n)
}

fn run(end: Option<(Outcome, &str, &str)>) -> Run {
    let sent_at: Time = fixture::now() - seconds(70);
    Run {
        id: "r".into(),
        plan: Arc::new(failover()),
        sent_at,
        seen_at: fixture::now(),
        request_ids: vec!["a82b2e91-ee84-48bd-a989-4c3a4527140f".into()],
        made: None,
        steps: vec![
            Step { text: "reboot started".into(), state: StepState::Done },
            Step { text: "event: failover started".into(), state: StepState::Done },
            Step { text: "event: failover completed".into(), state: StepState::Doing },
            Step { text: "status available".into(), state: StepState::Todo },
        ],
        trouble: None,
        unrecorded: None,
        end: end.map(|(outcome, text, next)| End { outcome, text: text.into(), next: next.into(), at: fixture::now() }),
    }
}

fn press(session: &mut Session, text: &str) {
    for c in text.chars() {
        let key = match c {
            '⏎' => ENTER,
            '→' => Key::new(Code::Right),
            c => Key::char(c),
        };
        update(session, Msg::Key(key));
    }
}

fn planned(session: &mut Session, plan: Plan) {
    press(session, &format!(":{}⏎", plan.request));
    update(session, Msg::Acted(News::Planned(Arc::new(plan))));
}

fn mode(session: &mut Session, mode: Mode) {
    update(session, Msg::Mode(mode));
}

fn forbidden() -> Plan {
    let mut plan = failover();
    plan.checks.insert(0, check(Verdict::Fail, "a failover ended 12 min ago: not within 30 min of another"));
    plan
}

fn refused(session: &mut Session, refusal: Refusal) {
    press(session, ":scale web 4⏎");
    update(session, Msg::Acted(News::Refused(Request::new("scale", "web").with("count", "4"), refusal)));
}

fn shown(session: &mut Session, run: Run) {
    mode(session, Mode::Armed);
    planned(session, failover());
    press(session, "production-nextcore-db⏎");
    update(session, Msg::Acted(News::Running(Arc::new(Run { plan: Arc::new(failover()), ..run }))));
}

/// A layer by its name, and how it comes about.
type Layer = (&'static str, fn(&mut Session));

const LAYERS: &[Layer] = &[
    ("menu", |s| press(s, "3x")),
    ("form", |s| press(s, "3xs")),
    ("form-wrong", |s| press(s, "3xsx⏎")),
    ("planning", |s| press(s, ":redeploy web⏎")),
    ("plan", |s| {
        mode(s, Mode::Armed);
        planned(s, scale());
        press(s, "→");
    }),
    ("plan-safe", |s| planned(s, scale())),
    ("plan-outage", |s| {
        mode(s, Mode::Armed);
        planned(s, failover());
        press(s, "production-nextc");
    }),
    ("plan-mistyped", |s| {
        mode(s, Mode::Armed);
        planned(s, failover());
        press(s, "production-nextcore⏎");
    }),
    ("plan-moved", |s| {
        mode(s, Mode::Armed);
        update(s, Msg::Acted(News::Moved(Arc::new(failover()))));
    }),
    ("plan-forbidden", |s| planned(s, forbidden())),
    ("plan-viewer", |s| {
        mode(s, Mode::Viewer);
        planned(s, failover());
    }),
    ("plan-sent", |s| {
        mode(s, Mode::Armed);
        planned(s, failover());
        press(s, "production-nextcore-db⏎");
    }),
    ("refused", |s| refused(s, Refusal::Check("web already has a desired count of 4: nothing to do".into()))),
    ("unread", |s| refused(s, Refusal::CannotTell("ecs:DescribeServices: timed out\n  next: check the network".into()))),
    ("arming", |s| {
        planned(s, scale());
        press(s, "→⏎production");
    }),
    ("running", |s| shown(s, run(None))),
    ("done", |s| {
        shown(s, run(Some((Outcome::Done, "production-nextcore-db has failed over to its standby in 1m04s", "failover db again"))));
    }),
    ("failed", |s| shown(s, run(Some((Outcome::Failed, "rds:RebootDBInstance: InvalidDBInstanceState: not available", "plan again"))))),
    ("unknown", |s| {
        shown(s, run(Some((Outcome::Unknown, "rds:RebootDBInstance: timed out; sent once, not retried", "check it"))));
    }),
    ("palette", |s| press(s, ":sca")),
    ("palette-wrong", |s| press(s, ":scale web many⏎")),
    ("unfinished", |s| {
        let item = Unfinished {
            id: "a".into(),
            at: fixture::now() - seconds(500),
            who: "maya".into(),
            request: Request::new("scale", "web").with("count", "4"),
            title: "Scale web".into(),
        };
        update(s, Msg::Acted(News::Unfinished(vec![item])));
    }),
];

/// Which layers share a file: those that are drawn by the same code.
const FAMILIES: &[(&str, &[&str])] = &[
    ("ask", &["menu", "form", "form-wrong", "palette", "palette-wrong"]),
    ("plan", &["planning", "plan", "plan-safe", "plan-forbidden", "plan-viewer", "plan-moved", "plan-sent"]),
    ("confirm", &["plan-outage", "plan-mistyped", "arming"]),
    ("refusal", &["refused", "unread"]),
    ("run", &["running", "done", "failed", "unknown", "unfinished"]),
];

/// The panel of a layer, and nothing of what lies beneath.
fn panel(name: &str, open: fn(&mut Session), size: (u16, u16)) -> String {
    let theme = Theme::terminal();
    let mut session = fixture::healthy().session(size);
    open(&mut session);
    assert!(session.act().is_some(), "{name} is not open");
    let after = draw(&session, &theme, size);
    for _ in 0..5 {
        if session.act().is_some() {
            update(&mut session, Msg::Key(Key::new(Code::Esc)));
        }
    }
    assert!(session.act().is_none(), "{name} does not close");
    let place = changed(&draw(&session, &theme, size), &after);
    let corner = |x, y| after.cell((x, y)).map(ratatui::buffer::Cell::symbol);
    let ends = (corner(place.left(), place.top()), corner(place.right() - 1, place.bottom() - 1));
    assert_eq!(ends, (Some("╭"), Some("╯")), "{name} changes more than its panel:\n{}", dump(&after));
    dump_of(&after, place)
}

#[test]
fn every_layer_looks_as_agreed() {
    for (family, layers) in FAMILIES {
        let mut out = String::new();
        for name in *layers {
            let (_, open) = LAYERS.iter().find(|(n, _)| n == name).expect("a layer");
            let [small, usual] = SIZES.map(|size| panel(name, *open, size));
            let _ = writeln!(out, "── {name} · 120×40\n{usual}");
            if small != usual {
                let _ = writeln!(out, "── {name} · 80×24\n{small}");
            }
        }
        agreed(&format!("layer-{family}"), &out);
    }
    let shown: usize = FAMILIES.iter().map(|(_, layers)| layers.len()).sum();
    assert_eq!(shown, LAYERS.len(), "every layer is of a family");
}

fn choice(name: &str, region: &str, account: &str, color: StackHue) -> StackChoice {
    StackChoice { name: name.into(), region: region.into(), account: account.into(), color, current: name == "production" }
}

/// Every way in which another stack can be known, each selected once.
#[test]
fn the_list_of_stacks_looks_as_agreed() {
    let stacks = vec![
        choice("production", "ap-southeast-2", "111122223333", StackHue::Red),
        choice("staging", "ap-southeast-2", "444455556666", StackHue::Cyan),
        choice("eu", "eu-central-1", "", StackHue::Magenta),
        choice("sandbox", "", "", StackHue::Green),
        choice("drill", "us-east-1", "777788889999", StackHue::Yellow),
    ];
    let judged = Counts { down: 1, degraded: 2, unknown: 1, healthy: 25, ..Counts::default() };
    let reason = "database production-nextcore-db: status storage-full".to_owned();
    let why = "no credentials in profile eu".to_owned();
    let glances = [
        ("staging", Glance::Judged { counts: judged, reason, at: fixture::now() - seconds(42) }),
        ("eu", Glance::Failed { why, at: fixture::now() - seconds(130) }),
        ("sandbox", Glance::Asking),
    ];
    let mut out = String::new();
    for (armed, selected) in [(false, 0), (false, 1), (false, 2), (true, 3)] {
        let mut session = fixture::healthy().session((80, 24)).among(stacks.clone());
        mode(&mut session, if armed { Mode::Armed } else { Mode::Safe });
        press(&mut session, ":stack⏎");
        for (name, glance) in &glances {
            update(&mut session, Msg::Glanced((*name).to_owned(), glance.clone()));
        }
        (0..selected).for_each(|_| drop(update(&mut session, Msg::Key(Key::new(Code::Down)))));
        let after = draw(&session, &Theme::terminal(), (80, 24));
        update(&mut session, Msg::Key(Key::new(Code::Esc)));
        let place = changed(&draw(&session, &Theme::terminal(), (80, 24)), &after);
        let _ = writeln!(
            out,
            "── {} selected{} · 80×24\n{}",
            stacks[selected].name,
            if armed { ", armed" } else { "" },
            dump_of(&after, place)
        );
    }
    agreed("layer-stacks", &out);
}

#[test]
fn no_layer_panics_at_any_size_and_all_are_plain_in_ascii() {
    let plain = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
    for (name, open) in LAYERS {
        let mut session = fixture::healthy().session((120, 40));
        open(&mut session);
        for size in [(1, 1), (59, 24), (60, 16), (61, 17), (80, 16), (99, 33), (160, 31), (300, 100)] {
            update(&mut session, Msg::Resize(size.0, size.1));
            let buffer = draw(&session, &plain, size);
            assert!(buffer.content().iter().all(|c| c.symbol().is_ascii()), "{name} at {size:?}");
        }
    }
}

/// Whoever confirms has seen what is sent: at the smallest usual screen the name to type and the field are there.
#[test]
fn a_confirmation_is_never_off_the_screen() {
    for size in [(80, 24), (60, 16)] {
        let mut session = fixture::healthy().session(size);
        mode(&mut session, Mode::Armed);
        planned(&mut session, failover());
        press(&mut session, "production-n");
        let text = dump(&draw(&session, &Theme::terminal(), size));
        assert!(text.contains("type production-nextcore-db") && text.contains("› production-n"), "{text}");
    }
}
