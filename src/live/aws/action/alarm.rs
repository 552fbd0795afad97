//! Alarm actions off for a while, and on. CloudWatch answers names that it does not know like any other: only reading again tells that
//! something changed. Off owes its own end: the plan shows the call from the start, the keeper of obligations sends it.

use std::time::Duration;

use chrono::TimeDelta;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::names::nearest;
use nextcore_core::model::action::params::{MuteAlarm, UnmuteAlarm};
use nextcore_core::model::action::{Request, span};
use nextcore_core::model::alarm::{Alarm, Alarms};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::obligation::Owed;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step};
use nextcore_core::model::section::{Section, SectionKey};

use super::common::{arn, clock, quoted};
use super::service::{failed, should_show};
use super::{Action, Draft, Facts, LASTS, Receipt, SendError, Sender, Sight};

const DISABLE: Op = Op::write("CloudWatch", "DisableAlarmActions", "cloudwatch:DisableAlarmActions").on(Scope::Alarms);
const ENABLE: Op = Op::write("CloudWatch", "EnableAlarmActions", "cloudwatch:EnableAlarmActions").on(Scope::Alarms);

pub(super) struct Off;
pub(super) struct On;

impl Action for Off {
    type Params = MuteAlarm;
    const NAME: &'static str = "alarm-actions off";
    const WRITES: &'static [Op] = &[DISABLE, ENABLE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Alarms::KEY];
    const WATCHES: &'static [SectionKey] = &[Alarms::KEY];

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, MuteAlarm), Refusal> {
        let alarm = find(facts, &request.target)?;
        if alarm.is_muted() {
            return Err(Refusal::Check(format!("the actions of {} are already off: nothing to do", alarm.name)));
        }
        let seconds = seconds(request).ok_or_else(|| Refusal::Usage("for: a span from 1m to 24h, such as 30m or 2h".to_owned()))?;
        let told = alarm.actions.len();
        // The moment is a note: it moves with every plan, and notes may.
        let until = format!(
            "re-enabled at {} by this process, retried until CloudWatch shows it; at once if it quits earlier",
            clock(facts.now + TimeDelta::seconds(seconds))
        );
        let params = MuteAlarm { alarm: alarm.name.clone(), seconds };
        let plan = draft(facts, alarm)
            .change("actions", "on", format!("off for {}", request.arg("for").unwrap_or_default()))
            .must(!alarm.is_scaling(), "not used by autoscaling", "used by autoscaling: its actions are never disabled")
            .should(told > 0, format!("{told} notified when it fires"), "no one is notified when it fires: nothing to disable")
            .note(until)
            .note(format!("state now: {}", alarm.state))
            .reach("no one is notified when this alarm changes state", "this alarm only; its state is still evaluated and shown")
            .undo(format!("alarm-actions on {}", quoted(&alarm.name)), Some(Request::new(On::NAME, &alarm.name)))
            .call(&DISABLE, format!("aws cloudwatch disable-alarm-actions --alarm-names {}", quoted(&alarm.name)))
            .call(&ENABLE, enable_cli(&alarm.name))
            .owes(Some(Owed::AlarmActions { alarm: alarm.name.clone(), seconds }))
            .takes(1, 15, 60)
            .rests("actions", "on");
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: MuteAlarm) -> Result<Receipt, SendError> {
        let call = sender.clients.cloudwatch.disable_alarm_actions().alarm_names(&params.alarm);
        let answer = call.customize().interceptor(sender.warrant(&DISABLE)?).send().await.map_err(|e| SendError::of(DISABLE, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &MuteAlarm) -> Sight {
        let name = params.alarm.as_str();
        let Some(alarm) = known(facts, name) else { return vanished(name) };
        let off = alarm.is_muted();
        let until = clock(run.sent_at + TimeDelta::seconds(params.seconds));
        let mut steps = vec![Step::new("actions off", off, true)];
        let end = if off {
            Some((Outcome::Done, format!("the actions of {name} are off; re-enabled at {until}")))
        } else if should_show(facts, run) {
            let text = format!("the actions of {name} are still on: CloudWatch accepted the call but changed nothing");
            steps.push(failed(text.clone()));
            Some((Outcome::Failed, text))
        } else {
            None
        };
        Sight { steps, applied: Some(off), end }
    }
}

impl Action for On {
    type Params = UnmuteAlarm;
    const NAME: &'static str = "alarm-actions on";
    const WRITES: &'static [Op] = &[ENABLE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Alarms::KEY];
    const WATCHES: &'static [SectionKey] = &[Alarms::KEY];
    const LASTS: Option<Duration> = Some(LASTS);

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, UnmuteAlarm), Refusal> {
        let alarm = find(facts, &request.target)?;
        if alarm.actions_enabled == Some(true) {
            return Err(Refusal::Check(format!("the actions of {} are already on: nothing to do", alarm.name)));
        }
        let params = UnmuteAlarm { alarm: alarm.name.clone() };
        let plan = draft(facts, alarm)
            .change("actions", "off", "on")
            .note(format!("state now: {}; notifications start with its next change", alarm.state))
            .reach("this alarm notifies again", "this alarm only")
            .undo(format!("alarm-actions off {}: for a limited time", quoted(&alarm.name)), Some(Request::new(Off::NAME, &alarm.name)))
            .call(&ENABLE, enable_cli(&alarm.name))
            .takes(1, 15, 60)
            .rests("actions", "off");
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: UnmuteAlarm) -> Result<Receipt, SendError> {
        enable(sender, &params.alarm).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &UnmuteAlarm) -> Sight {
        let name = params.alarm.as_str();
        let Some(alarm) = known(facts, name) else { return vanished(name) };
        let on = alarm.actions_enabled == Some(true);
        let mut steps = vec![Step::new(if on { "actions on" } else { "actions off" }, on, true)];
        let end = if on {
            Some((Outcome::Done, format!("the actions of {name} are on")))
        } else if should_show(facts, run) {
            let text = format!("the actions of {name} are still off: CloudWatch accepted the call but changed nothing");
            steps.push(failed(text.clone()));
            Some((Outcome::Failed, text))
        } else {
            None
        };
        Sight { steps, applied: Some(on), end }
    }
}

async fn enable(sender: Sender, alarm: &str) -> Result<Receipt, SendError> {
    let call = sender.clients.cloudwatch.enable_alarm_actions().alarm_names(alarm);
    let answer = call.customize().interceptor(sender.warrant(&ENABLE)?).send().await.map_err(|e| SendError::of(ENABLE, &e))?;
    Ok(Receipt::of(&answer))
}

fn enable_cli(name: &str) -> String {
    format!("aws cloudwatch enable-alarm-actions --alarm-names {}", quoted(name))
}

fn seconds(request: &Request) -> Option<i64> {
    request.arg("for").and_then(span).map(|minutes| minutes * 60)
}

fn known<'a>(facts: &Facts<'a>, name: &str) -> Option<&'a Alarm> {
    facts.store.get::<Alarms>()?.alarms.iter().find(|a| a.name == name)
}

/// The alarm of this name: CloudWatch would take any name without a word.
fn find<'a>(facts: &Facts<'a>, name: &str) -> Result<&'a Alarm, Refusal> {
    let alarms = facts.need::<Alarms>()?;
    alarms.alarms.iter().find(|a| a.name == name).ok_or_else(|| {
        let people: Vec<&str> = alarms.for_people().map(|a| a.name.as_str()).collect();
        let meant = nearest(name, &people).map_or_else(String::new, |meant| format!(": did you mean {meant}?"));
        let what = format!("no alarm '{name}' in this stack{meant}");
        let some: Vec<&str> = people.into_iter().take(5).collect();
        Refusal::Check(if some.is_empty() { what } else { format!("{what}\n  next: a name such as {}", some.join(", ")) })
    })
}

fn draft(facts: &Facts<'_>, alarm: &Alarm) -> Draft {
    let detail = if alarm.composite { "composite alarm".to_owned() } else { format!("{} {}", alarm.namespace, alarm.metric) };
    Draft::of("alarm", &alarm.name, &arn(facts, "cloudwatch", &format!("alarm:{}", alarm.name))).detail(detail)
}

/// The alarm is not in a fresh answer any more.
fn vanished(name: &str) -> Sight {
    let text = format!("alarm {name} was deleted");
    Sight { steps: vec![failed(text.clone())], applied: None, end: Some((Outcome::Failed, text)) }
}

#[cfg(test)]
mod tests {
    use super::super::common::bench::{Bench, at, refusal, texts};
    use super::*;
    use nextcore_core::model::plan::Verdict;

    fn alarms(enabled: bool) -> Alarms {
        let topic = "arn:aws:sns:ap-southeast-2:111122223333:pages".to_owned();
        let alarm = |name: &str, actions: Vec<String>| Alarm {
            name: name.into(),
            state: "OK".into(),
            actions_enabled: Some(enabled),
            actions,
            namespace: "AWS/RDS".into(),
            metric: "CPUUtilization".into(),
            ..Alarm::default()
        };
        let policy = "arn:aws:autoscaling:ap-southeast-2:111122223333:scalingPolicy:x".to_owned();
        Alarms { alarms: vec![alarm("db high cpu", vec![topic]), alarm("scale-up", vec![policy]), alarm("silent", Vec::new())] }
    }

    fn off() -> Request {
        Request::new("alarm-actions off", "db high cpu").with("for", "30m")
    }

    #[test]
    fn the_plan_of_off_holds_both_calls_and_no_moment_that_is_hashed() {
        let mut bench = Bench::new().with(alarms(true));
        let draft = bench.draft::<Off>(&off()).unwrap();
        assert!(draft.checks.iter().all(|c| c.verdict == Verdict::Pass), "{:?}", draft.checks);
        let calls: Vec<&str> = draft.calls.iter().map(|c| c.cli.as_str()).collect();
        assert_eq!(
            calls,
            [
                "aws cloudwatch disable-alarm-actions --alarm-names 'db high cpu'",
                "aws cloudwatch enable-alarm-actions --alarm-names 'db high cpu'"
            ]
        );
        assert!(draft.notes[0].contains(&format!("at {} by this process", clock(at(1_800)))), "{:?}", draft.notes);
        assert_eq!((draft.takes.limit, draft.resource.arn.ends_with(":alarm:db high cpu")), (60, true));
        bench.later(7);
        let after = bench.draft::<Off>(&off()).unwrap();
        assert_eq!((&after.changes, &after.calls, &after.rests_on), (&draft.changes, &draft.calls, &draft.rests_on));
        let usual = Request::new("alarm-actions off", "db high cpu");
        assert_eq!(bench.draft::<Off>(&usual).unwrap().changes[0].after, "off for 30m");
        assert_eq!(draft.owes, Some(Owed::AlarmActions { alarm: "db high cpu".into(), seconds: 1_800 }));
    }

    #[test]
    fn what_forbids_it() {
        let bench = Bench::new().with(alarms(true));
        let scaling = bench.draft::<Off>(&Request::new("alarm-actions off", "scale-up")).unwrap();
        assert_eq!(refusal(&scaling), "used by autoscaling: its actions are never disabled");
        let silent = bench.draft::<Off>(&Request::new("alarm-actions off", "silent")).unwrap();
        assert_eq!(texts(&silent, Verdict::Warn).len(), 1);
        let unknown = bench.draft::<Off>(&Request::new("alarm-actions off", "db")).unwrap_err();
        assert!(unknown.text().contains("no alarm 'db'") && unknown.text().contains("db high cpu"), "{unknown:?}");
        assert!(bench.draft::<On>(&Request::new("alarm-actions on", "db high cpu")).unwrap_err().text().contains("already on"));
        let bench = bench.with(alarms(false));
        assert!(bench.draft::<Off>(&off()).unwrap_err().text().contains("already off"));
        assert!(bench.draft::<Off>(&off().with("for", "3d")).is_err());
    }

    #[test]
    fn off_is_done_when_it_is_seen_and_says_until_when() {
        let mut bench = Bench::new().with(alarms(true));
        let mut run = bench.sent::<Off>(&off(), None);
        assert_eq!(bench.look::<Off>(&mut run), (Some(false), None), "not seen yet");
        bench.later(5);
        bench.put(alarms(false));
        let (applied, end) = bench.look::<Off>(&mut run);
        let (outcome, text) = end.unwrap();
        assert!(applied == Some(true) && outcome == Outcome::Done && text.contains(&clock(at(1_800))), "{text}");
    }

    #[test]
    fn what_is_accepted_and_not_done_is_a_failure() {
        let mut bench = Bench::new().with(alarms(true));
        let mut run = bench.sent::<Off>(&off(), None);
        bench.later(31);
        assert_eq!(bench.look::<Off>(&mut run).1.unwrap().0, Outcome::Failed);
        bench.put(Alarms::default());
        assert_eq!(bench.look::<Off>(&mut run).1.unwrap().0, Outcome::Failed);
        let mut bench = Bench::new().with(alarms(false));
        let on = Request::new("alarm-actions on", "db high cpu");
        let mut run = bench.sent::<On>(&on, None);
        assert_eq!(bench.look::<On>(&mut run), (Some(false), None));
        bench.later(31);
        assert_eq!(bench.look::<On>(&mut run).1.unwrap().0, Outcome::Failed);
        bench.put(alarms(true));
        assert_eq!(bench.look::<On>(&mut run), (Some(true), Some((Outcome::Done, "the actions of db high cpu are on".to_owned()))));
    }
}
