//! Faults of the API itself (throttling, errors, hangs, damaged bodies), apart from the faults of the stack that live in
//! `world`. Which call is hit is drawn from a seeded generator, so a run can be repeated. `Cloud::handle` asks before
//! every call; each service's protocol renders the error.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use super::wire::{ApiError, Protocol};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Refused for calling too often.
    Throttle,
    /// The service fails with this HTTP status (500 to 599).
    ServerError(u16),
    /// The operation runs but its answer never comes.
    Timeout,
    /// The operation runs but the body of its answer is not what the protocol says.
    Malformed,
    /// The operation runs but the body ends in the middle.
    Truncated,
    /// The credentials are no longer good.
    ExpiredCredentials,
    /// The identity may not do this.
    AccessDenied,
    /// The answer is this late.
    Latency(Duration),
}

/// One rule: which calls are hit, how, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiFault {
    /// Service name as in the service table (`ecs`, `rds`, `cloudwatch`, ...), or `*`.
    pub service: String,
    /// Operation name, or `*`.
    pub operation: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// From 0 (never) to 1 (every call).
    pub probability: f64,
}

impl ApiFault {
    /// A rule that hits every matching call.
    pub fn always(service: impl Into<String>, operation: impl Into<String>, kind: FaultKind) -> ApiFault {
        ApiFault { service: service.into(), operation: operation.into(), kind, probability: 1.0 }
    }

    fn matches(&self, service: &str, operation: &str) -> bool {
        let covers = |pattern: &str, name: &str| pattern == "*" || pattern == name;
        covers(&self.service, service) && covers(&self.operation, operation)
    }
}

/// The rules in force and the generator that decides.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<ApiFault>,
    random: Pcg64,
}

/// What one call suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    /// The fault proper, if any.
    pub(super) kind: Option<FaultKind>,
    /// How late the answer is.
    pub(super) delay: Duration,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Faults {
        Faults { rules: Vec::new(), random: Pcg64::seed_from_u64(seed) }
    }

    /// The rules in force.
    pub fn rules(&self) -> &[ApiFault] {
        &self.rules
    }

    /// Adds a rule; earlier rules win.
    pub fn add(&mut self, rule: ApiFault) {
        self.rules.push(rule);
    }

    /// Replaces all rules.
    pub fn set(&mut self, rules: Vec<ApiFault>) {
        self.rules = rules;
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Draws what happens to this call: delays add up, and the first other fault wins.
    pub(super) fn draw(&mut self, service: &str, operation: &str) -> Verdict {
        let mut verdict = Verdict::default();
        for rule in self.rules.iter().filter(|rule| rule.matches(service, operation)) {
            // Drawn even when it no longer matters, so that one rule's luck does not shift another's.
            let hit = self.random.random::<f64>() < rule.probability;
            match rule.kind {
                FaultKind::Latency(delay) if hit => verdict.delay += delay,
                kind if hit && verdict.kind.is_none() => verdict.kind = Some(kind),
                _ => {}
            }
        }
        verdict
    }
}

/// Who calls, in the wording of AWS's refusals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) arn: &'a str,
    /// IAM prefix and operation, such as `ecs:DescribeServices`.
    pub(super) action: &'a str,
    /// The resource that the call is about.
    pub(super) resource: &'a str,
}

/// The error that `kind` answers with; `None` for faults that let the operation run.
pub(super) fn refusal(kind: FaultKind, protocol: Protocol, caller: Caller<'_>) -> Option<ApiError> {
    let query = protocol == Protocol::Query;
    let pick = |json: &'static str, xml: &'static str| if query { xml } else { json };
    let error = match kind {
        FaultKind::Throttle => {
            let code = pick("ThrottlingException", "Throttling");
            ApiError::new(code, "Rate exceeded").with_query_code("Throttling")
        }
        FaultKind::ServerError(status @ (502..=504)) => {
            ApiError::new(pick("ServiceUnavailableException", "ServiceUnavailable"), "The service is temporarily unavailable.")
                .with_status(status)
        }
        FaultKind::ServerError(status) => ApiError::new(
            pick("InternalFailure", "InternalFailure"),
            "The request processing has failed because of an unknown error, exception or failure.",
        )
        .with_status(status.clamp(500, 599)),
        FaultKind::ExpiredCredentials => {
            let code = pick("ExpiredTokenException", "ExpiredToken");
            let error = ApiError::new(code, "The security token included in the request is expired");
            if query { error.with_status(403) } else { error }.with_query_code("ExpiredToken")
        }
        FaultKind::AccessDenied => {
            let message = format!(
                "User: {} is not authorized to perform: {} on resource: {} because no identity-based policy allows the {} action",
                caller.arn, caller.action, caller.resource, caller.action
            );
            let error = ApiError::new(pick("AccessDeniedException", "AccessDenied"), message);
            if query { error.with_status(403) } else { error }.with_query_code("AccessDenied")
        }
        FaultKind::Timeout | FaultKind::Malformed | FaultKind::Truncated | FaultKind::Latency(_) => return None,
    };
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: Caller<'static> = Caller { arn: "arn:aws:sts::1:assumed-role/OnCall/ops", action: "ecs:DescribeServices", resource: "*" };

    #[test]
    fn codes_are_those_of_the_protocol() {
        let json = Protocol::Json { content_type: "application/x-amz-json-1.1" };
        for (kind, json_code, query_code) in [
            (FaultKind::Throttle, "ThrottlingException", "Throttling"),
            (FaultKind::ExpiredCredentials, "ExpiredTokenException", "ExpiredToken"),
            (FaultKind::AccessDenied, "AccessDeniedException", "AccessDenied"),
            (FaultKind::ServerError(503), "ServiceUnavailableException", "ServiceUnavailable"),
        ] {
            assert_eq!(refusal(kind, json, CALLER).unwrap().code, json_code);
            assert_eq!(refusal(kind, Protocol::Query, CALLER).unwrap().query_code(), query_code);
        }
        assert_eq!(refusal(FaultKind::Timeout, json, CALLER), None);
        let denied = refusal(FaultKind::AccessDenied, json, CALLER).unwrap();
        assert!(denied.message.contains("is not authorized to perform: ecs:DescribeServices on resource"));
    }

    #[test]
    fn the_same_seed_hits_the_same_calls() {
        let draw = |seed| {
            let mut faults = Faults::new(seed);
            faults.add(ApiFault { probability: 0.3, ..ApiFault::always("ecs", "*", FaultKind::Throttle) });
            (0..200).map(|_| faults.draw("ecs", "ListTasks").kind.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7).iter().filter(|hit| **hit).count();
        assert!((30..90).contains(&hits), "{hits}");
    }

    #[test]
    fn rules_select_by_service_and_operation_and_delays_add_up() {
        let mut faults = Faults::new(1);
        let late = FaultKind::Latency(Duration::from_millis(200));
        faults.set(vec![
            ApiFault::always("*", "*", late),
            ApiFault::always("rds", "DescribeEvents", late),
            ApiFault::always("rds", "DescribeEvents", FaultKind::Timeout),
        ]);
        assert_eq!(faults.draw("ecs", "ListTasks").delay, Duration::from_millis(200));
        let hit = faults.draw("rds", "DescribeEvents");
        assert_eq!((hit.kind, hit.delay), (Some(FaultKind::Timeout), Duration::from_millis(400)));
        faults.clear();
        assert_eq!(faults.draw("rds", "DescribeEvents"), Verdict::default());
    }
}
