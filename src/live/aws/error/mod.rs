//! From `SdkError` to `Problem`: what kind of failure it is, in words that name the operation, keep what AWS said, and name the next step.
//! Errors are read, not guessed: codes in `codes`, refused credentials in `refused`, denials in `denial`. Called by every source.

mod codes;
mod denial;
mod refused;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::answer::Incomplete;
use super::budget::Bound;
use super::credentials::Trouble;
use super::gate::Refusal;
use super::op::Op;
use super::proxy::Via;
use super::variants::Unreached;
use super::wire::Seen;
pub(crate) use denial::Denial;
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::text::sanitize;
pub(crate) use refused::Refused;

/// What renews credentials, where it is not known where they come from.
pub(super) const RENEW: &str = "renew them (aws sso login, or a new --profile)";
/// What a person can look at when nothing answers.
const NETWORK: &str = "check the network, --region and --endpoint-url";

/// A sentence and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do next.
    pub(crate) next: String,
}

impl Words {
    fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into() }
    }
}

/// Whether a request that failed with this may have reached AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It was stopped in this process: by the gate, or for want of credentials.
    NotSent,
    /// Nobody can say.
    MaybeSent,
}

/// Whether a failure certainly left nothing sent.
pub(super) fn reach<E>(error: &SdkError<E, HttpResponse>) -> Reach
where
    E: std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => Reach::NotSent,
        SdkError::DispatchFailure(_)
            if find::<Refusal>(error).is_some()
                || find::<CredentialsError>(error).is_some()
                || matches!(Bound::behind(error), Some(Bound::Held { .. } | Bound::Requests(_))) =>
        {
            Reach::NotSent
        }
        _ => Reach::MaybeSent,
    }
}

/// Whether AWS does not know the keys that a request was signed with.
pub(super) fn is_unknown_key<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: ProvideErrorMetadata,
{
    let SdkError::ServiceError(service) = error else { return false };
    let (code, message) = (service.err().code().unwrap_or(""), service.err().message().unwrap_or(""));
    Refused::read(code, message, service.raw().extension::<Seen>()) == Some(Refused::UnknownKey)
}

/// An answer about something that may not be there: `None` where AWS says so.
pub(super) fn if_found<T>(answer: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match answer {
        Ok(out) => Ok(Some(out)),
        Err(p) if p.kind == ProblemKind::NotFound => Ok(None),
        Err(p) => Err(p),
    }
}

/// What went wrong with `op`, for the store and the screen.
pub fn problem_of<E>(op: Op, error: &SdkError<E, HttpResponse>) -> Problem
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let Some(bound) = Bound::behind(error) {
        return bounded(op.label(), bound);
    }
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            None => unmodeled(op, service.raw().status().as_u16(), &innermost(error)),
            Some(code) => from_code(op, code, service.err().message().unwrap_or(""), service.raw().extension::<Seen>()),
        },
        SdkError::TimeoutError(_) => problem(op, ProblemKind::Timeout, "timed out", NETWORK),
        SdkError::ResponseError(response) => unmodeled(op, response.raw().status().as_u16(), &innermost(error)),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => match find::<Via>(error) {
            Some(via) => problem(op, ProblemKind::Timeout, &format!("timed out {via}"), &proxy_hint(via)),
            None => problem(op, ProblemKind::Timeout, "timed out", NETWORK),
        },
        _ => dispatch(op, error),
    }
}

/// What this program did not let happen: no word of AWS, and no word about AWS.
pub fn bounded(what: impl std::fmt::Display, bound: &Bound) -> Problem {
    let (kind, hint) = match bound {
        Bound::Held { .. } => (ProblemKind::Held, "retried automatically, as soon as the budget allows"),
        _ => (ProblemKind::CutOff, "no partial data is shown; retried at a slower pace"),
    };
    Problem { kind, headline: format!("{what}: {bound}"), hint: hint.to_owned(), permission: None }
}

/// No AWS error code: a success whose body the SDK cannot read, or an error of something that is not AWS.
fn unmodeled(op: Op, status: u16, cause: &str) -> Problem {
    let hint = "the endpoint does not implement this operation like AWS";
    match status {
        200..300 => problem(op, ProblemKind::Malformed, &format!("cannot parse the response: {cause}"), hint),
        407 => problem(
            op,
            ProblemKind::Service,
            "HTTP 407: the proxy requires authentication",
            "set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
        ),
        _ => problem(op, ProblemKind::Service, &format!("HTTP {status} without an AWS error code"), hint),
    }
}

/// Before the wire, or on it.
fn dispatch(op: Op, error: &(dyn std::error::Error + 'static)) -> Problem {
    if let Some(refusal) = find::<Refusal>(error) {
        return problem(op, ProblemKind::Service, &refusal.to_string(), "");
    }
    if let Some(incomplete) = find::<Incomplete>(error) {
        let hint = "something between this machine and AWS may have changed it: check the endpoint and the proxy";
        return problem(op, ProblemKind::Malformed, &incomplete.to_string(), hint);
    }
    if let Some(trouble) = find::<Trouble>(error) {
        return problem(op, trouble.kind(), &trouble.to_string(), &trouble.next());
    }
    // A proxy or a variant of the endpoints may have been on the way to it.
    let wish = find::<Unreached>(error).map_or_else(String::new, |unreached| format!(" {unreached}"));
    let cause = innermost(error);
    if find::<CredentialsError>(error).is_some() {
        let next = "'nextcore-top info' shows where credentials come from";
        return problem(op, ProblemKind::Credentials, &format!("no usable credentials: {cause}"), next);
    }
    if let Some(via) = find::<Via>(error) {
        return problem(op, ProblemKind::Offline, &format!("cannot reach the endpoint {via}{wish}"), &proxy_hint(via));
    }
    let hint = if cause.contains("certificate") || cause.contains("UnknownIssuer") {
        "if a proxy inspects TLS here, or the endpoint has a private CA, set AWS_CA_BUNDLE (or ca_bundle of the profile) to a bundle with its certificate"
    } else {
        NETWORK
    };
    problem(op, ProblemKind::Offline, &format!("cannot reach the endpoint: {cause}{wish}"), hint)
}

fn proxy_hint(via: &Via) -> String {
    format!("is the proxy {} up? it is set by {}; use NO_PROXY to exclude hosts", via.proxy, via.name)
}

fn from_code(op: Op, code: &str, message: &str, seen: Option<&Seen>) -> Problem {
    let message = sanitize(message);
    // Codes of a shape's namespace: `com.amazonaws.ecs#AccessDeniedException`.
    let code = code.rsplit('#').next().unwrap_or(code);
    if let Some(refused) = Refused::read(code, &message, seen) {
        if let Some(seen) = seen.filter(|s| refused.spends(s)) {
            seen.witness.spend();
        }
        let Words { what, next } = refused.words(code, &message, seen);
        return problem(op, refused.kind(), &what, &next);
    }
    if is_in(codes::KEY, code) {
        return denied(op, &Denial::of_key(&message));
    }
    if is_in(codes::DENIED, code) {
        return denied(op, &Denial::read(&message));
    }
    if is_in(codes::THROTTLED, code) {
        return problem(op, ProblemKind::Throttled, &format!("throttled ({code})"), "polled less often until it recovers");
    }
    if is_in(codes::NOT_FOUND, code) || code.ends_with("NotFoundFault") {
        let said = if message.is_empty() { code } else { &message };
        return problem(op, ProblemKind::NotFound, said, "check the name in the configuration, the account and the region");
    }
    let said = match (code, message.as_str()) {
        ("", "") => "the service returned an error without code or message".to_owned(),
        ("", m) => m.to_owned(),
        (c, "") => c.to_owned(),
        (c, m) => format!("{c}: {m}"),
    };
    problem(op, ProblemKind::Service, &said, "")
}

fn denied(op: Op, denial: &Denial) -> Problem {
    let Words { what, next } = denial.words(op);
    Problem { permission: denial.permission(op), ..problem(op, ProblemKind::Denied, &what, &next) }
}

fn problem(op: Op, kind: ProblemKind, what: &str, hint: &str) -> Problem {
    Problem { kind, headline: format!("{}: {}", op.label(), sanitize(what)), hint: sanitize(hint), permission: None }
}

fn is_in(list: &[&str], code: &str) -> bool {
    list.contains(&code)
}

/// What began it all.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// The first cause of this type.
pub(super) fn find<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(e) = next {
        if let Some(found) = e.downcast_ref::<T>() {
            return Some(found);
        }
        next = e.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: Op = Op::read("ECS", "DescribeServices", "ecs:DescribeServices").on(crate::aws::op::Scope::Any);

    #[test]
    fn codes_become_kinds_in_either_spelling() {
        for (code, kind) in [
            ("AccessDeniedException", ProblemKind::Denied),
            ("com.amazonaws.ecs#AccessDeniedException", ProblemKind::Denied),
            ("UnauthorizedOperation", ProblemKind::Denied),
            ("KmsAccessDeniedException", ProblemKind::Denied),
            ("KMSKeyNotAccessibleFault", ProblemKind::Denied),
            ("Throttling", ProblemKind::Throttled),
            ("ExpiredTokenException", ProblemKind::Credentials),
            ("ExpiredToken", ProblemKind::Credentials),
            ("RequestTimeTooSkewed", ProblemKind::Clock),
            ("OptInRequired", ProblemKind::Service),
            ("ClusterNotFoundException", ProblemKind::NotFound),
            ("UserGroupNotFoundFault", ProblemKind::NotFound),
            ("InternalFailure", ProblemKind::Service),
            ("", ProblemKind::Service),
        ] {
            assert_eq!(from_code(OP, code, "x", None).kind, kind, "{code}");
        }
    }

    #[test]
    fn a_denial_names_the_action_that_aws_names() {
        let text = "User: arn:aws:iam::1:user/a is not authorized to perform: ecs:ListTasks on resource: *";
        assert_eq!(from_code(OP, "AccessDenied", text, None).permission.as_deref(), Some("ecs:ListTasks"));
        assert_eq!(from_code(OP, "AccessDenied", "no", None).permission.as_deref(), Some("ecs:DescribeServices"));
        let scp = format!("{text} with an explicit deny in a service control policy");
        let p = from_code(OP, "AccessDeniedException", &scp, None);
        assert_eq!(p.permission, None, "no permission mends it: the headline says why");
        assert!(p.headline.contains("service control policy") && p.headline.contains("ecs:ListTasks"), "{p:?}");
    }
}
