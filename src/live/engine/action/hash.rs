//! The hash of a plan: what must be the same when it is sent as when it was looked at. Made of the plan's content each time, never taken
//! from its field; one that cannot be made is an error. Called by the runner.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use nextcore_core::model::plan::{Plan, Refusal, Verdict};

/// Bytes of it that are kept.
const KEPT: usize = 8;

/// The hash of what a plan is about, what it sends, who sends it and where, what it changes and rests on, and what forbids it.
pub(super) fn of(plan: &Plan) -> Result<String, Refusal> {
    let refused: Vec<&str> = plan.checks.iter().filter(|c| c.verdict == Verdict::Fail).map(|c| c.text.as_str()).collect();
    let who = (&plan.account, &plan.region, &plan.principal);
    let resource = (&plan.resource.kind, &plan.resource.name, &plan.resource.arn);
    let sent = (&plan.calls, &plan.params, &plan.owes);
    hex(&(&plan.request, plan.tier, &plan.confirm, resource, who, &plan.changes, sent, &plan.rests_on, refused)).map_err(|e| {
        Refusal::CannotTell(format!("{}: the plan cannot be hashed ({e}): nothing was sent; report this as a bug", plan.title))
    })
}

/// The plan's hash, if it is the hash of its content.
pub(super) fn checked(plan: &Plan) -> Result<String, Refusal> {
    let own = of(plan)?;
    if own == plan.hash {
        return Ok(own);
    }
    let what = format!("{}: the plan was altered (its hash is {own}, it says '{}'): nothing was sent", plan.title, plan.hash);
    Err(Refusal::Check(format!("{what}\n  next: plan again")))
}

fn hex(content: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_vec(content)?;
    Ok(Sha256::digest(text).iter().take(KEPT).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nextcore_core::model::Time;
    use nextcore_core::model::action::params::{OnService, Params, Range, Scale};
    use nextcore_core::model::action::{Request, Tier};
    use nextcore_core::model::plan::{Call, Change, Check, Duration, Resource};

    fn scale() -> Scale {
        let on = OnService { cluster: "c".into(), service: "web".into() };
        Scale { on, from: 3, wanted: 4, register: None, take_back: None }
    }

    fn plan() -> Plan {
        let mut plan = Plan {
            request: Request::new("scale", "web").with("count", "4"),
            title: "Scale web".into(),
            tier: Tier::T1,
            confirm: None,
            resource: Resource { kind: "ECS service".into(), name: "web".into(), arn: "arn:web".into(), detail: "3/3".into() },
            account: "111122223333".into(),
            region: "ap-southeast-2".into(),
            principal: "arn:maya".into(),
            changes: vec![Change { what: "desired count".into(), before: "3".into(), after: "4".into() }],
            notes: Vec::new(),
            checks: vec![Check { verdict: Verdict::Pass, text: "service ACTIVE".into() }],
            expect: String::new(),
            blast: String::new(),
            undo: String::new(),
            undo_request: None,
            instead: None,
            owes: None,
            calls: vec![Call {
                service: "ECS".into(),
                operation: "UpdateService".into(),
                cli: "aws".into(),
                iam: "ecs:UpdateService".into(),
            }],
            takes: Duration::default(),
            params: scale().into(),
            rests_on: [("desired".to_owned(), "3".to_owned())].into(),
            made_at: Time::from_timestamp(1_790_000_000, 0).unwrap(),
            hash: String::new(),
        };
        plan.hash = of(&plan).unwrap();
        plan
    }

    #[test]
    fn whatever_decides_what_is_sent_moves_it() {
        type Change = fn(&mut Plan);
        let changes: [(&str, Change); 16] = [
            ("request", |p| p.request = Request::new("scale", "web").with("count", "5")),
            ("tier", |p| p.tier = Tier::T2),
            ("what is typed", |p| p.confirm = Some("web".into())),
            ("resource's kind", |p| p.resource.kind = "ECS task".into()),
            ("resource's name", |p| p.resource.name = "wbe".into()),
            ("resource's ARN", |p| p.resource.arn = "arn:wbe".into()),
            ("account", |p| p.account = "444455556666".into()),
            ("region", |p| p.region = "us-east-1".into()),
            ("principal", |p| p.principal = "arn:eve".into()),
            ("changes", |p| p.changes[0].after = "5".into()),
            ("a parameter", |p| p.params = Params::Scale(Scale { wanted: 0, ..scale() })),
            ("another parameter", |p| p.params = Params::Scale(Scale { register: Some(Range::new(4, 6)), ..scale() })),
            ("operation of a call", |p| p.calls[0].operation = "DeleteService".into()),
            ("a further call", |p| p.calls.push(p.calls[0].clone())),
            ("what it rests on", |p| p.rests_on.clear()),
            ("what forbids it", |p| p.checks[0].verdict = Verdict::Fail),
        ];
        for (what, change) in changes {
            let mut moved = plan();
            change(&mut moved);
            assert_ne!(of(&moved), of(&plan()), "{what}");
            assert!(matches!(checked(&moved), Err(Refusal::Check(t)) if t.contains("nothing was sent")), "{what}");
        }
    }

    #[test]
    fn what_varies_by_itself_does_not_move_it() {
        let mut later = plan();
        later.made_at += chrono::TimeDelta::seconds(9);
        later.resource.detail = "4/4".into();
        later.notes.push("the load is higher".into());
        later.checks.push(Check { verdict: Verdict::Warn, text: "61 connections".into() });
        assert_eq!(checked(&later), Ok(plan().hash));
    }

    #[test]
    fn a_hash_is_never_taken_from_the_field() {
        for hash in ["", "0000000000000000"] {
            let mut forged = plan();
            forged.hash = hash.into();
            assert!(checked(&forged).is_err(), "{hash:?}");
        }
    }

    #[test]
    fn a_hash_that_cannot_be_made_is_an_error() {
        struct Broken;
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no"))
            }
        }
        assert!(hex(&Broken).is_err());
    }
}
