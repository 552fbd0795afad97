//! From `SdkError` to `Problem`: what kind of failure it is, in words that name the operation and the next step.
//! Codes are the wire codes of the AWS map §1. Called by every source.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::budget::Bound;
use super::op::Op;
use crate::model::section::{Problem, ProblemKind};
use crate::model::text::sanitize;

/// What mends credentials.
pub(super) const RENEW: &str = "renew them (aws sso login, or a new --profile)";

const DENIED: &[&str] = &["AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized"];
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceededException",
    "TooManyRequestsException",
    "RequestThrottled",
];
const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "AuthFailure",
];
const NOT_FOUND: &[&str] = &[
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "LoadBalancerNotFound",
    "TargetGroupNotFound",
    "ListenerNotFound",
    "DBInstanceNotFound",
    "DBParameterGroupNotFound",
    "ReplicationGroupNotFoundFault",
    "CacheClusterNotFound",
    "ResourceNotFoundException",
    "ResourceNotFound",
    "ObjectNotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchHostedZone",
    "NoSuchDistribution",
    "RepositoryNotFoundException",
    "NotFoundException",
    "PipelineNotFoundException",
    "CacheSubnetGroupNotFoundFault",
    "InvalidVpcID.NotFound",
    "InvalidGroup.NotFound",
];

/// What went wrong with `op`, for the store and the screen.
pub fn problem_of<E>(op: Op, error: &SdkError<E, HttpResponse>) -> Problem
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let Some(bound) = Bound::behind(error) {
        return bounded(op.label(), bound);
    }
    match error {
        SdkError::ServiceError(service) if service.err().code().is_none() => {
            unmodeled(op, service.raw().status().as_u16(), &innermost(error))
        }
        SdkError::ServiceError(service) => from_code(op, service.err().code().unwrap_or(""), service.err().message().unwrap_or("")),
        SdkError::TimeoutError(_) => problem(op, ProblemKind::Timeout, "no answer in time", "it is asked again by itself"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            problem(op, ProblemKind::Timeout, "no answer in time", "check the network or the endpoint; it is asked again by itself")
        }
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map_or_else(|| innermost(error), |e| innermost(e));
            if cause.starts_with("refused:") {
                return problem(op, ProblemKind::Service, &cause, "");
            }
            dispatch(op, error, &cause)
        }
        SdkError::ResponseError(response) => unmodeled(op, response.raw().status().as_u16(), &innermost(error)),
        _ => dispatch(op, error, &innermost(error)),
    }
}

/// What this program did not let happen: no word of AWS, and no word about AWS.
pub fn bounded(what: impl std::fmt::Display, bound: &Bound) -> Problem {
    let (kind, hint) = match bound {
        Bound::Held { .. } => (ProblemKind::Held, "it is asked again by itself, as soon as the budget allows"),
        _ => (ProblemKind::CutOff, "nothing of it is shown rather than a part of it; it is asked again, rarely"),
    };
    Problem { kind, headline: format!("{what}: {bound}"), hint: hint.to_owned(), permission: None }
}

/// No AWS error code: a success whose body the SDK cannot read, or an error of something that is not AWS.
fn unmodeled(op: Op, status: u16, cause: &str) -> Problem {
    let hint = "the endpoint does not speak this operation as AWS does";
    if (200..300).contains(&status) {
        problem(op, ProblemKind::Malformed, &format!("the answer cannot be read: {cause}"), hint)
    } else {
        problem(op, ProblemKind::Service, &format!("HTTP {status} without an AWS error code"), hint)
    }
}

fn dispatch<E: std::error::Error + 'static>(op: Op, error: &E, cause: &str) -> Problem {
    if has_credentials_error(error) || cause.contains("credentials") || cause.contains("no providers in chain") {
        return problem(
            op,
            ProblemKind::Credentials,
            &format!("no usable credentials: {cause}"),
            &format!("{RENEW}; it is tried again by itself"),
        );
    }
    if cause.starts_with("refused:") {
        return problem(op, ProblemKind::Service, cause, "");
    }
    let hint = if cause.contains("certificate") || cause.contains("UnknownIssuer") {
        "if a proxy inspects TLS here, set SSL_CERT_FILE to a bundle with its certificate"
    } else {
        "check the network, --region and --endpoint-url"
    };
    problem(op, ProblemKind::Offline, &format!("cannot reach the endpoint: {cause}"), hint)
}

fn from_code(op: Op, code: &str, message: &str) -> Problem {
    let message = sanitize(message);
    if DENIED.contains(&code) {
        let permission = denied_action(&message).unwrap_or_else(|| op.iam.to_owned());
        return Problem {
            kind: ProblemKind::Denied,
            headline: format!("{}: access denied", op.label()),
            hint: format!("allow {permission} to this identity"),
            permission: Some(permission),
        };
    }
    if THROTTLED.contains(&code) {
        return problem(op, ProblemKind::Throttled, &format!("throttled ({code})"), "asked less often until it recovers");
    }
    if CREDENTIALS.contains(&code) {
        return problem(
            op,
            ProblemKind::Credentials,
            &format!("credentials refused ({code})"),
            &format!("{RENEW}; it is tried again by itself"),
        );
    }
    if NOT_FOUND.contains(&code) || code.ends_with("NotFoundFault") {
        let said = if message.is_empty() { code } else { &message };
        return problem(op, ProblemKind::NotFound, said, "check the name in the configuration, the account and the region");
    }
    let said = match (code, message.as_str()) {
        ("", "") => "the service answered with an error that has neither code nor message".to_owned(),
        ("", m) => m.to_owned(),
        (c, "") => c.to_owned(),
        (c, m) => format!("{c}: {m}"),
    };
    problem(op, ProblemKind::Service, &said, "")
}

fn problem(op: Op, kind: ProblemKind, what: &str, hint: &str) -> Problem {
    Problem { kind, headline: format!("{}: {}", op.label(), sanitize(what)), hint: hint.to_owned(), permission: None }
}

/// `ecs:DescribeServices` of `... is not authorized to perform: ecs:DescribeServices on resource: ...`.
fn denied_action(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("perform: ")?;
    let action = rest.split_whitespace().next()?;
    action.contains(':').then(|| action.to_owned())
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn has_credentials_error(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(e) = next {
        if e.downcast_ref::<CredentialsError>().is_some() {
            return true;
        }
        next = e.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: Op = Op::read("ECS", "DescribeServices", "ecs:DescribeServices");

    #[test]
    fn codes_become_kinds() {
        for (code, kind) in [
            ("AccessDeniedException", ProblemKind::Denied),
            ("UnauthorizedOperation", ProblemKind::Denied),
            ("Throttling", ProblemKind::Throttled),
            ("ExpiredTokenException", ProblemKind::Credentials),
            ("ClusterNotFoundException", ProblemKind::NotFound),
            ("UserGroupNotFoundFault", ProblemKind::NotFound),
            ("InternalFailure", ProblemKind::Service),
            ("", ProblemKind::Service),
        ] {
            assert_eq!(from_code(OP, code, "x").kind, kind, "{code}");
        }
    }

    #[test]
    fn a_denial_names_the_action_that_aws_names() {
        let p = from_code(OP, "AccessDenied", "User: arn:aws:iam::1:user/a is not authorized to perform: ecs:ListTasks on resource: *");
        assert_eq!(p.permission.as_deref(), Some("ecs:ListTasks"));
        let p = from_code(OP, "AccessDenied", "no");
        assert_eq!(p.permission.as_deref(), Some("ecs:DescribeServices"));
    }
}
