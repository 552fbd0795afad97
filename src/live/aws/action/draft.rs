//! A draft: the part of a plan that an action knows. Who, where, whether it is permitted and the hash are added by the engine.

use std::collections::BTreeMap;

use super::Facts;
use crate::aws::op::Op;
use nextcore_core::model::action::{Request, Tier};
use nextcore_core::model::obligation::Owed;
use nextcore_core::model::plan::{Call, Change, Check, Duration, Resource, Verdict};
use nextcore_core::model::section::SectionKey;

/// What an action would do, as far as the action knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// What comes after the action's title: `web`; empty = the resource's name.
    pub object: Option<String>,
    /// What it is done to.
    pub resource: Resource,
    /// Before and after.
    pub changes: Vec<Change>,
    /// What else will happen, what differs.
    pub notes: Vec<String>,
    pub checks: Vec<Check>,
    /// What users notice meanwhile.
    pub expect: String,
    /// What it can reach.
    pub blast: String,
    /// How to take it back.
    pub undo: String,
    /// The request that takes it back.
    pub undo_request: Option<Request>,
    /// What can be done where a check forbids it.
    pub instead: Option<Request>,
    /// What is sent.
    pub calls: Vec<Call>,
    /// What is owed once they are sent.
    pub owes: Option<Owed>,
    /// The resources that the calls' permissions are asked for: ARNs, one list for all calls.
    pub permission_on: Vec<String>,
    /// How long it takes.
    pub takes: Duration,
    /// It risks more than actions of its kind usually do.
    pub tier: Option<Tier>,
    /// It does more than people usually mean by it: the resource's name is typed, whatever the tier.
    pub typed: bool,
    /// What must not move before it is sent.
    pub rests_on: BTreeMap<String, String>,
}

impl Draft {
    /// A draft about a resource.
    pub fn of(kind: &str, name: &str, arn: &str) -> Self {
        let resource = Resource { kind: kind.to_owned(), name: name.to_owned(), arn: arn.to_owned(), detail: String::new() };
        let permission_on = if arn.starts_with("arn:") { vec![arn.to_owned()] } else { Vec::new() };
        Self { resource, permission_on, ..Self::default() }
    }

    /// What the resource is, shortly.
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.resource.detail = text.into();
        self
    }

    /// One thing that changes.
    #[must_use]
    pub fn change(mut self, what: &str, before: impl ToString, after: impl ToString) -> Self {
        self.changes.push(Change { what: what.to_owned(), before: before.to_string(), after: after.to_string() });
        self
    }

    /// A sentence about what will happen besides.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    #[must_use]
    pub fn check(mut self, verdict: Verdict, text: impl Into<String>) -> Self {
        self.checks.push(Check { verdict, text: text.into() });
        self
    }

    /// A check that forbids the action when it does not hold.
    #[must_use]
    pub fn must(self, holds: bool, good: impl Into<String>, bad: impl Into<String>) -> Self {
        if holds { self.check(Verdict::Pass, good) } else { self.check(Verdict::Fail, bad) }
    }

    /// A check that warns when it does not hold.
    #[must_use]
    pub fn should(self, holds: bool, good: impl Into<String>, bad: impl Into<String>) -> Self {
        if holds { self.check(Verdict::Pass, good) } else { self.check(Verdict::Warn, bad) }
    }

    /// A check that could not be made, and why: what it rests on could not be read.
    #[must_use]
    pub fn unknown(self, facts: &Facts<'_>, key: SectionKey, text: &str) -> Self {
        self.check(Verdict::Unknown, format!("{text}{}", facts.why(key)))
    }

    /// What users notice, and what it can reach.
    #[must_use]
    pub fn reach(mut self, expect: impl Into<String>, blast: impl Into<String>) -> Self {
        (self.expect, self.blast) = (expect.into(), blast.into());
        self
    }

    /// How to take it back.
    #[must_use]
    pub fn undo(mut self, text: impl Into<String>, request: Option<Request>) -> Self {
        (self.undo, self.undo_request) = (text.into(), request);
        self
    }

    /// A call that is sent after those before it.
    #[must_use]
    pub fn call(mut self, op: &Op, cli: impl Into<String>) -> Self {
        let (service, operation) = (op.service.to_owned(), op.operation.to_owned());
        self.calls.push(Call { service, operation, cli: cli.into(), iam: op.iam.to_owned() });
        self
    }

    /// What is owed once it is sent.
    #[must_use]
    pub fn owes(mut self, owed: Option<Owed>) -> Self {
        self.owes = owed;
        self
    }

    /// How long it usually takes, and when the watch gives up; seconds.
    #[must_use]
    pub fn takes(mut self, from: i64, to: i64, limit: i64) -> Self {
        self.takes = Duration { from, to, limit };
        self
    }

    /// It does more than people usually mean by it: said, and confirmed by typing the resource's name.
    #[must_use]
    pub fn surprise(mut self, text: impl Into<String>) -> Self {
        self.typed = true;
        self.check(Verdict::Warn, text)
    }

    /// A fact that must not move before it is sent. It is only compared: what is sent stands in the parameters.
    #[must_use]
    pub fn rests(mut self, name: &str, value: impl ToString) -> Self {
        self.rests_on.insert(name.to_owned(), value.to_string());
        self
    }
}
