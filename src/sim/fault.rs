//! Faults of the API itself (throttling, errors, hangs, damaged bodies), apart from the faults of the stack that live in
//! `world`. Which call is hit is drawn from a seeded generator, so a run can be repeated. `Cloud::handle` asks before
//! every call; each service's protocol renders the error.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use super::wire::rest::Flavour;
use super::wire::{ApiError, Protocol};
use super::world::{ActiveFault, Scenario};

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
    /// The operation runs but its answer, well-formed, has nothing in it: `{}`.
    Empty,
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
    /// Decides for the rules of scenarios, so that these do not shift the luck of the others.
    rehearsal: Pcg64,
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
        Faults { rules: Vec::new(), random: Pcg64::seed_from_u64(seed), rehearsal: Pcg64::seed_from_u64(!seed) }
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

    /// Draws what happens to this call: delays add up, and the first other fault wins. The rules of scenarios come last.
    pub(super) fn draw(&mut self, service: &str, operation: &str, rehearsed: &[ApiFault]) -> Verdict {
        let mut verdict = Verdict::default();
        let own = self.rules.iter().map(|rule| (rule, true));
        for (rule, own) in own.chain(rehearsed.iter().map(|rule| (rule, false))).filter(|(rule, _)| rule.matches(service, operation)) {
            let random = if own { &mut self.random } else { &mut self.rehearsal };
            // Drawn even when it no longer matters, so that one rule's luck does not shift another's.
            let hit = random.random::<f64>() < rule.probability;
            match rule.kind {
                FaultKind::Latency(delay) if hit => verdict.delay += delay,
                kind if hit && verdict.kind.is_none() => verdict.kind = Some(kind),
                _ => {}
            }
        }
        verdict
    }
}

/// A storm begins with the API that is called most; the others follow.
const STORM_SPREADS_AFTER: i64 = 30_000;
/// Share of the calls that a storm lets be refused.
const STORM: f64 = 0.75;

/// The rules of the scenarios in force. They are derived for each call, so that what ends a scenario ends them and no others.
pub(super) fn rehearsed(faults: &[ActiveFault], now: i64) -> Vec<ApiFault> {
    let rule = |fault: &ActiveFault| match fault.scenario {
        Scenario::ExpiredCredentials => Some(ApiFault::always("*", "*", FaultKind::ExpiredCredentials)),
        Scenario::Throttling => {
            let service = if now - fault.since < STORM_SPREADS_AFTER { "ecs" } else { "*" };
            Some(ApiFault { probability: STORM, ..ApiFault::always(service, "*", FaultKind::Throttle) })
        }
        _ => None,
    };
    faults.iter().filter_map(rule).collect()
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
    let words = Words::of(protocol);
    let error = match kind {
        FaultKind::Throttle => {
            let (code, status) = words.throttled;
            ApiError::new(code, words.rate).with_status(status).with_query_code(words.query_code(code, "Throttling"))
        }
        FaultKind::ServerError(status @ (502..=504)) => {
            ApiError::new(words.unavailable, "The service is temporarily unavailable.").with_status(status)
        }
        FaultKind::ServerError(status) => {
            ApiError::new(words.internal, "The request processing has failed because of an unknown error, exception or failure.")
                .with_status(status.clamp(500, 599))
        }
        FaultKind::ExpiredCredentials => {
            let (code, status) = words.expired;
            let error = ApiError::new(code, words.stale);
            error.with_status(status).with_query_code(words.query_code(code, "ExpiredToken"))
        }
        FaultKind::AccessDenied => {
            let (code, status) = words.denied;
            let message = format!(
                "User: {} is not authorized to perform: {} on resource: {} because no identity-based policy allows the {} action",
                caller.arn, caller.action, caller.resource, caller.action
            );
            ApiError::new(code, message).with_status(status).with_query_code(words.query_code(code, "AccessDenied"))
        }
        FaultKind::Timeout | FaultKind::Malformed | FaultKind::Empty | FaultKind::Truncated | FaultKind::Latency(_) => return None,
    };
    Some(error)
}

const STALE: &str = "The security token included in the request is expired";

/// How the services of one protocol word what every service can say: error code and HTTP status.
struct Words {
    throttled: (&'static str, u16),
    rate: &'static str,
    unavailable: &'static str,
    internal: &'static str,
    expired: (&'static str, u16),
    stale: &'static str,
    denied: (&'static str, u16),
    /// Whether clients take the awsQuery code from a header.
    shaped: bool,
}

impl Words {
    const fn of(protocol: Protocol) -> Words {
        match protocol {
            Protocol::Json { .. } | Protocol::Cbor => Words {
                throttled: ("ThrottlingException", 400),
                rate: "Rate exceeded",
                unavailable: "ServiceUnavailableException",
                internal: "InternalFailure",
                expired: ("ExpiredTokenException", 400),
                stale: STALE,
                denied: ("AccessDeniedException", 400),
                shaped: true,
            },
            Protocol::Query | Protocol::RestXml(Flavour::Versioned) => Words {
                throttled: ("Throttling", 400),
                rate: "Rate exceeded",
                unavailable: "ServiceUnavailable",
                internal: "InternalFailure",
                expired: ("ExpiredToken", 403),
                stale: STALE,
                denied: ("AccessDenied", 403),
                shaped: false,
            },
            Protocol::Ec2Query => Words {
                throttled: ("RequestLimitExceeded", 503),
                rate: "Request limit exceeded.",
                unavailable: "Unavailable",
                internal: "InternalError",
                expired: ("RequestExpired", 400),
                stale: "Request has expired.",
                denied: ("UnauthorizedOperation", 403),
                shaped: false,
            },
            Protocol::RestXml(Flavour::S3) => Words {
                throttled: ("SlowDown", 503),
                rate: "Please reduce your request rate.",
                unavailable: "ServiceUnavailable",
                internal: "InternalError",
                expired: ("ExpiredToken", 400),
                stale: "The provided token has expired.",
                denied: ("AccessDenied", 403),
                shaped: false,
            },
        }
    }

    const fn query_code(&self, own: &'static str, compatible: &'static str) -> &'static str {
        if self.shaped { compatible } else { own }
    }
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
        for (kind, ec2, s3) in [
            (FaultKind::Throttle, ("RequestLimitExceeded", 503), ("SlowDown", 503)),
            (FaultKind::ExpiredCredentials, ("RequestExpired", 400), ("ExpiredToken", 400)),
            (FaultKind::AccessDenied, ("UnauthorizedOperation", 403), ("AccessDenied", 403)),
            (FaultKind::ServerError(500), ("InternalError", 500), ("InternalError", 500)),
        ] {
            for (protocol, (code, status)) in [(Protocol::Ec2Query, ec2), (Protocol::RestXml(Flavour::S3), s3)] {
                let error = refusal(kind, protocol, CALLER).unwrap();
                assert_eq!((error.code.as_ref(), error.query_code(), error.status), (code, code, status));
            }
        }
        assert_eq!(refusal(FaultKind::Timeout, json, CALLER), None);
        let denied = refusal(FaultKind::AccessDenied, json, CALLER).unwrap();
        assert!(denied.message.contains("is not authorized to perform: ecs:DescribeServices on resource"));
    }

    #[test]
    fn each_service_has_its_own_words() {
        let message = |kind, protocol| refusal(kind, protocol, CALLER).unwrap().message;
        assert_eq!(message(FaultKind::ExpiredCredentials, Protocol::Cbor), STALE);
        assert_eq!(message(FaultKind::ExpiredCredentials, Protocol::Query), STALE);
        assert_eq!(message(FaultKind::ExpiredCredentials, Protocol::Ec2Query), "Request has expired.");
        assert_eq!(message(FaultKind::ExpiredCredentials, Protocol::RestXml(Flavour::S3)), "The provided token has expired.");
        assert_eq!(message(FaultKind::Throttle, Protocol::RestXml(Flavour::S3)), "Please reduce your request rate.");
        assert_eq!(message(FaultKind::Throttle, Protocol::Query), "Rate exceeded");
    }

    #[test]
    fn the_same_seed_hits_the_same_calls() {
        let draw = |seed| {
            let mut faults = Faults::new(seed);
            faults.add(ApiFault { probability: 0.3, ..ApiFault::always("ecs", "*", FaultKind::Throttle) });
            (0..200).map(|_| faults.draw("ecs", "ListTasks", &[]).kind.is_some()).collect::<Vec<_>>()
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
        assert_eq!(faults.draw("ecs", "ListTasks", &[]).delay, Duration::from_millis(200));
        let hit = faults.draw("rds", "DescribeEvents", &[]);
        assert_eq!((hit.kind, hit.delay), (Some(FaultKind::Timeout), Duration::from_millis(400)));
        faults.clear();
        assert_eq!(faults.draw("rds", "DescribeEvents", &[]), Verdict::default());
    }
}
