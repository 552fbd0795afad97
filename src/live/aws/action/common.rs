//! What the actions on everything but ECS services share: ARNs of resources whose sections do not tell theirs, words for command lines,
//! figures of the metrics, and whether something happened after a run was sent. Called by the actions only.

use nextcore_core::model::Time;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::metric::{Readings, SeriesId};
use nextcore_core::model::plan::{Run, StepState};

use super::Facts;

/// The ARN of a resource of the caller's account in the stack's region; without an account only what is left of it.
pub(super) fn arn(facts: &Facts<'_>, service: &str, rest: &str) -> String {
    let Some(identity) = facts.store.get::<Identity>() else { return rest.to_owned() };
    let partition = identity.arn.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:{service}:{}:{}:{rest}", facts.stack.region, identity.account)
}

/// A word of a command line, in quotes where a shell would take it for more than one or for a pattern.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// A moment as a step and a check name it: `10:42:07Z`.
pub(super) fn clock(at: Time) -> String {
    at.format("%H:%M:%SZ").to_string()
}

/// The value of a series now, if it is known and not too old.
pub(super) fn figure(facts: &Facts<'_>, id: impl Into<SeriesId>) -> Option<f64> {
    Readings::new(facts.store, facts.now).value(id)
}

/// Whether something that AWS dates happened after the run was sent. AWS may cut its times to the second.
pub(super) fn since(at: Option<Time>, run: &Run) -> bool {
    at.is_some_and(|at| at.timestamp() >= run.sent_at.timestamp())
}

/// Seconds since the run was sent.
pub(super) fn waited(facts: &Facts<'_>, run: &Run) -> i64 {
    (facts.now - run.sent_at).num_seconds()
}

/// Whether an earlier look saw this step done: for states that pass between two looks.
pub(super) fn seen(run: &Run, step: usize) -> bool {
    run.steps.get(step).is_some_and(|s| s.state == StepState::Done)
}

/// Plans, runs and facts for the actions' tests, without an engine.
#[cfg(test)]
pub(super) mod bench {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::aws::action::{Action, Draft};
    use nextcore_core::model::action::params::Parameters;
    use nextcore_core::model::action::{Request, Spec};
    use nextcore_core::model::metric::{Metrics, Series};
    use nextcore_core::model::plan::{Outcome, Plan, Refusal, Verdict};
    use nextcore_core::model::section::Section;
    use nextcore_core::model::stack::Stack;
    use nextcore_core::model::store::Store;

    /// Sections that a test has put on the table.
    pub(in crate::aws::action) struct Bench {
        pub(in crate::aws::action) store: Store,
        pub(in crate::aws::action) stack: Stack,
        pub(in crate::aws::action) now: Time,
    }

    /// The tests' noon, and seconds after it.
    pub(in crate::aws::action) fn at(seconds: i64) -> Time {
        Time::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    impl Bench {
        pub(in crate::aws::action) fn new() -> Self {
            let identity = Identity { account: "111122223333".into(), arn: "arn:aws:sts::111122223333:assumed-role/OnCall/maya".into() };
            Self { store: Store::default(), stack: Stack::default(), now: at(0) }.with(identity)
        }

        pub(in crate::aws::action) fn with<T: Section>(mut self, section: T) -> Self {
            self.put(section);
            self
        }

        pub(in crate::aws::action) fn put<T: Section>(&mut self, section: T) {
            self.store.put(section, self.now, Duration::from_secs(15));
        }

        /// One figure, a minute old.
        pub(in crate::aws::action) fn measure(&mut self, id: impl Into<SeriesId>, value: f64) {
            let mut metrics = self.store.get::<Metrics>().cloned().unwrap_or_default();
            let points = vec![(self.now.timestamp() - 60, value)];
            metrics.series.insert(id.into().into(), Series { points, ..Series::default() });
            self.put(metrics);
        }

        pub(in crate::aws::action) fn facts(&self) -> Facts<'_> {
            Facts { store: &self.store, stack: &self.stack, now: self.now, has_session_plugin: false }
        }

        pub(in crate::aws::action) fn draft<A: Action>(&self, request: &Request) -> Result<Draft, Refusal> {
            A::draft(&self.facts(), request).map(|(draft, _)| draft)
        }

        /// What would be sent.
        pub(in crate::aws::action) fn params<A: Action>(&self, request: &Request) -> A::Params {
            A::draft(&self.facts(), request).unwrap().1
        }

        /// The run of a plan that was sent now, with the id of what the answer says was made.
        pub(in crate::aws::action) fn sent<A: Action>(&self, request: &Request, made: Option<&str>) -> Run {
            run_of(request, A::draft(&self.facts(), request).unwrap(), made, self.now)
        }

        /// One look: its steps are the run's from now on, as the engine keeps them.
        pub(in crate::aws::action) fn look<A: Action>(&self, run: &mut Run) -> (Option<bool>, Option<(Outcome, String)>) {
            let sight = A::sight(&self.facts(), run, A::Params::of(&run.plan.params).unwrap());
            run.steps = sight.steps;
            (sight.applied, sight.end)
        }

        /// After so many seconds.
        pub(in crate::aws::action) fn later(&mut self, seconds: i64) {
            self.now = at(seconds);
        }
    }

    /// The run of a draft.
    pub(in crate::aws::action) fn run_of<P: Parameters>(
        request: &Request,
        (draft, params): (Draft, P),
        made: Option<&str>,
        now: Time,
    ) -> Run {
        let spec = Spec::find(&request.action).unwrap();
        let plan = Plan {
            request: request.clone(),
            title: spec.title.to_owned(),
            tier: draft.tier.unwrap_or(spec.tier),
            confirm: None,
            resource: draft.resource,
            account: String::new(),
            region: String::new(),
            principal: String::new(),
            changes: draft.changes,
            notes: draft.notes,
            checks: draft.checks,
            expect: draft.expect,
            blast: draft.blast,
            undo: draft.undo,
            undo_request: draft.undo_request,
            instead: draft.instead,
            calls: draft.calls,
            owes: draft.owes,
            takes: draft.takes,
            params: params.into(),
            rests_on: draft.rests_on,
            made_at: now,
            hash: String::new(),
        };
        Run {
            id: "r".into(),
            plan: Arc::new(plan),
            sent_at: now,
            seen_at: now,
            request_ids: vec!["1".into()],
            made: made.map(ToOwned::to_owned),
            steps: Vec::new(),
            trouble: None,
            unrecorded: None,
            end: None,
        }
    }

    /// The texts of the checks that came out like this.
    pub(in crate::aws::action) fn texts(draft: &Draft, verdict: Verdict) -> Vec<&str> {
        draft.checks.iter().filter(|c| c.verdict == verdict).map(|c| c.text.as_str()).collect()
    }

    /// The only check that forbids it.
    pub(in crate::aws::action) fn refusal(draft: &Draft) -> &str {
        let all = texts(draft, Verdict::Fail);
        assert_eq!(all.len(), 1, "{all:?}");
        all[0]
    }

    #[test]
    fn words_of_a_command_line_survive_a_shell() {
        for (word, written) in
            [("nat-1", "nat-1"), ("/static/*", "'/static/*'"), ("High CPU", "'High CPU'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(word), written);
        }
    }

    #[test]
    fn an_arn_is_of_the_callers_account_and_partition() {
        assert_eq!(arn(&Bench::new().facts(), "rds", "db:x"), "arn:aws:rds:ap-southeast-2:111122223333:db:x");
        let nobody = Bench { store: Store::default(), stack: Stack::default(), now: at(0) };
        assert_eq!(arn(&nobody.facts(), "rds", "db:x"), "db:x");
    }
}
