//! What is owed after an action, in virtual time: alarm actions that are off come on again whatever becomes of the run, the screen, the
//! answers and the process; nothing is settled that AWS does not show. What is looked at is the world and the wire.

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::model::audit::Told;
use nextcore_core::model::obligation::{Holder, Phase};
use nextcore_core::model::plan::{Outcome, Refusal};
use nextcore_live::engine::action::{Carried, Report};
use nextcore_live::engine::obligation::files::Files;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::action_errors::{Desk, Fate, Wire, desk, desk_with};

const OFF: &str = "alarm-actions off {alarm} --for 10m";
const PATIENCE: Duration = Duration::from_secs(25);

impl Desk {
    fn alarm_is_on(&self) -> bool {
        let name = self.line("{alarm}");
        self.embedded.cloud.world(|w| w.alarms.iter().find(|a| a.name == name).map(|a| a.actions_enabled).unwrap())
    }

    fn words(&self) -> Vec<&'static str> {
        self.audit.read(None).0.iter().map(|e| e.told.word()).collect()
    }

    /// How what was owed has ended, as the log says.
    fn settled(&self) -> Vec<String> {
        let text = |told| if let Told::Settled { text } = told { Some(text) } else { None };
        self.audit.read(None).0.into_iter().filter_map(|e| text(e.told)).collect()
    }

    /// Carries it out in a task of its own, whose reports nobody reads: a screen that is lent to a shell.
    async fn start(&self, line: &str) -> tokio::task::JoinHandle<Carried> {
        let plan = self.plan(&self.line(line)).await;
        let runner = self.runner.clone();
        let (reports, inbox) = mpsc::channel::<Report>(1);
        tokio::spawn(async move {
            let _unread = inbox;
            runner.carry_out(plan, "", &reports).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn alarm_actions_come_on_again_when_they_are_due() {
    let desk = desk().await;
    let run = desk.run(&desk.line(OFF)).await;
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "off is done once it is seen");
    assert!(!desk.alarm_is_on());
    let standing = desk.runner.promises();
    assert!(standing.len() == 1 && standing[0].holder == Holder::Us && standing[0].phase == Phase::Waiting, "{standing:#?}");
    sleep(Duration::from_mins(9)).await;
    assert!(!desk.alarm_is_on(), "not before it is due");
    sleep(Duration::from_secs(70)).await;
    assert!(desk.alarm_is_on() && desk.runner.promises().is_empty());
    assert_eq!(desk.words(), ["intent", "owed", "outcome", "end", "later", "settled"], "registered before the call left");
    assert_eq!(desk.tap.writes(), ["DisableAlarmActions", "EnableAlarmActions"]);
}

/// An exec shell that is open for longer than the span: the loop that reads the reports stands still.
#[tokio::test(start_paused = true)]
async fn a_screen_that_is_lent_to_a_shell_holds_nothing_up() {
    let desk = desk().await;
    let run = desk.start(OFF).await;
    sleep(Duration::from_mins(11)).await;
    assert!(desk.alarm_is_on());
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_ended_in_the_middle_leaves_its_promise_alive() {
    let desk = desk().await;
    desk.tap.fate("DisableAlarmActions", Fate::Late(Duration::from_secs(2)));
    let run = desk.start(OFF).await;
    sleep(Duration::from_secs(1)).await;
    assert!(!desk.alarm_is_on(), "it has arrived");
    run.abort();
    sleep(Duration::from_mins(11)).await;
    assert!(desk.alarm_is_on() && desk.runner.promises().is_empty());
}

/// Throttled, failing, denied for a while: it is tried until CloudWatch shows it, and then not any more.
#[tokio::test(start_paused = true)]
async fn what_fails_when_it_is_due_is_tried_until_it_is_seen() {
    for (code, status) in [("Throttling", 400), ("InternalFailure", 500), ("AccessDenied", 403), ("ExpiredToken", 403)] {
        let desk = desk().await;
        desk.run(&desk.line(OFF)).await;
        desk.tap.fate("EnableAlarmActions", Fate::Refused(Wire::Cbor, code, status));
        sleep(Duration::from_mins(30)).await;
        let standing = desk.runner.promises();
        let Some(Phase::Settling { attempts, trouble: Some(_) }) = standing.first().map(|s| s.phase.clone()) else {
            panic!("{code}: {standing:#?}")
        };
        assert!(!desk.alarm_is_on() && attempts > 10, "{code}: {attempts}");
        let failed = |t: &Told| matches!(t, Told::Later { result, .. } if result != "accepted");
        assert!(desk.audit.read(None).0.iter().any(|e| failed(&e.told)), "{code}: the log says that it failed");
        desk.tap.mend();
        sleep(Duration::from_secs(70)).await;
        assert!(desk.alarm_is_on() && desk.runner.promises().is_empty(), "{code}");
        let sent = desk.tap.writes().len();
        sleep(Duration::from_mins(10)).await;
        assert_eq!(desk.tap.writes().len(), sent, "{code}: once it is seen nothing more is sent");
    }
}

/// What AWS has accepted and does not show is not settled.
#[tokio::test(start_paused = true)]
async fn an_answer_is_no_proof() {
    let desk = desk().await;
    desk.run(&desk.line(OFF)).await;
    desk.tap.fate("EnableAlarmActions", Fate::Lost);
    sleep(Duration::from_mins(12)).await;
    assert!(!desk.runner.promises().is_empty());
    desk.tap.mend();
    sleep(Duration::from_secs(90)).await;
    assert!(desk.alarm_is_on() && desk.runner.promises().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_owes_like_one_that_was_accepted() {
    let desk = desk().await;
    desk.tap.fate("DisableAlarmActions", Fate::Swallowed);
    desk.start(OFF).await;
    sleep(Duration::from_mins(1)).await;
    assert!(!desk.alarm_is_on() && !desk.runner.promises().is_empty());
    sleep(Duration::from_mins(10)).await;
    assert!(desk.alarm_is_on());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_owes_nothing() {
    let desk = desk().await;
    desk.tap.fate("DisableAlarmActions", Fate::Refused(Wire::Cbor, "AccessDenied", 403));
    desk.run(&desk.line(OFF)).await;
    sleep(Duration::from_secs(1)).await;
    assert!(desk.runner.promises().is_empty());
    let words = desk.words();
    assert!(words.starts_with(&["intent", "owed", "outcome"]) && words.contains(&"settled"), "{words:?}");
    sleep(Duration::from_mins(11)).await;
    assert_eq!(desk.tap.writes(), ["DisableAlarmActions"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_registered_is_not_sent() {
    let desk = desk_with(Files::missing()).await;
    let plan = desk.plan(&desk.line(OFF)).await;
    let (reports, _inbox) = mpsc::channel::<Report>(64);
    let carried = desk.runner.carry_out(plan, "", &reports).await;
    let Carried::Refused(Refusal::CannotTell(why)) = &carried else { panic!("{carried:#?}") };
    assert!(why.contains("nothing was sent"), "{why}");
    assert!(desk.alarm_is_on() && desk.tap.writes().is_empty());
}

/// Ctrl-C, `:q`, a closed line: at every moment of the run.
#[tokio::test(start_paused = true)]
async fn whoever_leaves_leaves_nothing_switched_off() {
    for after in [0, 20, 100, 500, 1_500, 2_500, 8_000, 60_000] {
        let desk = desk().await;
        desk.tap.fate("DisableAlarmActions", Fate::Late(Duration::from_secs(2)));
        let run = desk.start(OFF).await;
        sleep(Duration::from_millis(after)).await;
        let left = desk.runner.leave(PATIENCE).await;
        assert!(left.promises.is_empty() && left.unanswered == 0, "{after}: {left:#?}");
        assert!(desk.alarm_is_on(), "{after}");
        let sent = desk.tap.writes();
        assert!(sent.is_empty() || sent == ["DisableAlarmActions", "EnableAlarmActions"], "{after}: {sent:?}");
        let words = desk.words();
        let count = |word: &str| words.iter().filter(|w| **w == word).count();
        assert_eq!(count("intent"), count("outcome"), "{after}: every intent has its outcome: {words:?}");
        assert_eq!(count("owed"), count("settled"), "{after}: {words:?}");
        run.abort();
    }
}

/// The way out says what it could not do, and does not say "done".
#[tokio::test(start_paused = true)]
async fn what_cannot_be_put_right_on_the_way_out_is_still_owed() {
    let desk = desk().await;
    desk.run(&desk.line(OFF)).await;
    desk.tap.fate("EnableAlarmActions", Fate::Refused(Wire::Cbor, "AccessDenied", 403));
    let left = timeout(Duration::from_secs(40), desk.runner.leave(PATIENCE)).await.unwrap();
    assert_eq!(left.promises.len(), 1);
    assert!(
        matches!(&left.promises[0].phase, Phase::Settling { trouble: Some(t), .. } if t.contains("access denied") || t.contains("denie"))
    );
    assert!(!desk.words().contains(&"settled"));
}

/// Every intent gets its outcome, whatever the action: the line drops while the request is on its way.
#[tokio::test(start_paused = true)]
async fn whoever_leaves_while_something_is_sent_waits_for_its_outcome() {
    for (line, operation) in
        [("scale web +1", "UpdateService"), ("bounds web 3-7", "RegisterScalableTarget"), ("reroute a --via b", "ReplaceRoute")]
    {
        let desk = desk().await;
        desk.tap.fate(operation, Fate::Late(Duration::from_secs(3)));
        let run = desk.start(line).await;
        for _ in 0..100 {
            if desk.words().contains(&"intent") {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        let left = desk.runner.leave(PATIENCE).await;
        assert_eq!(left.unanswered, 0, "{line}");
        let words = desk.words();
        assert!(words.contains(&"outcome"), "{line}: {words:?}");
        run.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_program_is_being_closed_nothing_new_is_sent() {
    let desk = desk().await;
    let plan = desk.plan(&desk.line(OFF)).await;
    desk.runner.leave(PATIENCE).await;
    let (reports, _inbox) = mpsc::channel::<Report>(64);
    let carried = desk.runner.carry_out(Arc::clone(&plan), "", &reports).await;
    assert!(matches!(carried, Carried::Refused(_)) && desk.tap.writes().is_empty());
    desk.runner.stay();
    let carried = desk.runner.carry_out(plan, "", &reports).await;
    assert!(matches!(carried, Carried::Ended(_)), "it was only stopped for a while");
}

/// Somebody else switches them on: it is closed, and nothing is sent.
#[tokio::test(start_paused = true)]
async fn what_somebody_else_puts_right_is_closed() {
    let desk = desk().await;
    desk.run(&desk.line(OFF)).await;
    let name = desk.line("{alarm}");
    desk.embedded.cloud.world(|w| w.alarms.iter_mut().filter(|a| a.name == name).for_each(|a| a.actions_enabled = true));
    sleep(Duration::from_secs(130)).await;
    assert!(desk.runner.promises().is_empty());
    assert_eq!(desk.tap.writes(), ["DisableAlarmActions"]);
    assert!(desk.settled()[0].ends_with(": restored by someone else"), "{:?}", desk.settled());
}

/// It is looked at while the action that puts it right is still watched: the log says whose it was, not "someone else".
#[tokio::test(start_paused = true)]
async fn what_is_put_right_by_an_action_of_ours_is_said_to_be() {
    let off = desk().await.line(OFF);
    let on = off.replace(" off ", " on ");
    let on = on.split(" --for").next().unwrap();
    for (line, back) in [("autoscaling suspend web", "autoscaling resume web"), ("reroute a --via b", "reroute a --via a"), (&off, on)] {
        let desk = desk().await;
        desk.run(line).await;
        sleep(Duration::from_secs(90)).await;
        desk.run(back).await;
        sleep(Duration::from_mins(3)).await;
        let settled = desk.settled();
        assert!(settled.len() == 1 && settled[0].contains(&format!(": restored by '{back}'")), "{line}: {settled:?}");
    }
}

/// Reminders: nothing undoes them, AWS's own word closes them.
#[tokio::test(start_paused = true)]
async fn suspended_autoscaling_and_a_rerouted_zone_are_remembered_until_aws_shows_them_right() {
    for (line, back, words) in [
        ("autoscaling suspend web", "autoscaling resume web", "autoscaling of web is suspended"),
        ("reroute a --via b", "reroute a --via a", "zone a is rerouted via zone b"),
    ] {
        let desk = desk().await;
        desk.run(line).await;
        sleep(Duration::from_mins(10)).await;
        let standing = desk.runner.standing().borrow().clone();
        assert_eq!(standing.iter().map(|s| s.obligation.owed.words()).collect::<Vec<_>>(), [words]);
        assert!(standing[0].is_reminder() && desk.runner.promises().is_empty(), "leaving does not undo it");
        let sent = desk.tap.writes().len();
        assert_eq!(standing[0].obligation.owed.undo().to_string(), back);
        desk.run(back).await;
        sleep(Duration::from_secs(2)).await;
        assert!(desk.runner.standing().borrow().is_empty(), "{line}: seen to be right");
        assert_eq!(desk.tap.writes().len(), sent + 1);
    }
}

/// A process ends without a word; the next one on this folder takes its promise over and is told of it.
#[tokio::test(start_paused = true)]
async fn what_a_process_has_left_behind_is_found_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk_with(Files::folder(folder.path())).await;
    desk.run(&desk.line(OFF)).await;
    // The other process: the same cloud, the same folder. While ours lives, it only sees it.
    let files = Files::folder(folder.path());
    assert_eq!(files.list().obligations.iter().map(|(_, held)| *held).collect::<Vec<_>>(), [true]);
    let torn = folder.path().join("torn.json");
    std::fs::write(&torn, "{").unwrap();
    assert_eq!(files.list().damage.len(), 1);
    sleep(Duration::from_mins(11)).await;
    assert!(desk.alarm_is_on() && files.list().obligations.is_empty());
    assert!(torn.exists(), "what is not understood is kept");
}
