//! Refusals of credentials and signatures, told apart: a session that is over, a clock that is off, a wrong secret key, keys that are not
//! known in this region, a region or a service that is off. AWS's own sentence is always kept.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{RENEW, Words, codes, is_in};
use crate::aws::skew::{LIMIT, by_how_much};
use crate::aws::wire::{Accepted, Seen};
use nextcore_core::model::section::ProblemKind;

/// Why AWS does not take what a request was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The session is over.
    Expired,
    /// The time of the signature is wrong.
    Clock,
    /// The secret key is not the one of the access key.
    Secret,
    /// The access key is not known here.
    UnknownKey,
    /// The signature has another flaw.
    Signature,
    /// Nothing was signed with.
    Unsigned,
    /// The region is off.
    RegionOff,
    /// The account may not use the service.
    NotSubscribed,
}

impl Refused {
    /// What a code and its text mean; `None`: nothing of this kind.
    pub(crate) fn read(code: &str, message: &str, seen: Option<&Seen>) -> Option<Self> {
        let skewed = seen.and_then(|s| s.clock).is_some_and(|c| c.ahead.abs() > LIMIT);
        let low = message.to_ascii_lowercase();
        let of_time = low.contains("signature expired") || low.contains("not yet current") || low.contains("too skewed");
        Some(match code {
            c if is_in(codes::CLOCK, c) => Self::Clock,
            c if is_in(codes::EXPIRED, c) => Self::Expired,
            c if is_in(codes::EXPIRED_OR_CLOCK, c) => {
                if skewed {
                    Self::Clock
                } else {
                    Self::Expired
                }
            }
            c if is_in(codes::SIGNATURE, c) && of_time => Self::Clock,
            c if is_in(codes::SIGNATURE, c) && low.contains("does not match") => Self::Secret,
            c if is_in(codes::SIGNATURE, c) => Self::Signature,
            // EC2 says the same of a wrong clock.
            "AuthFailure" if skewed => Self::Clock,
            c if is_in(codes::UNKNOWN_KEY, c) => Self::UnknownKey,
            c if is_in(codes::UNSIGNED, c) => Self::Unsigned,
            c if is_in(codes::REGION_OFF, c) => Self::RegionOff,
            c if is_in(codes::NOT_SUBSCRIBED, c) => Self::NotSubscribed,
            _ => return None,
        })
    }

    /// Whether the credentials themselves are no longer good: others are asked for. A region that does not know them is no reason.
    pub(crate) fn spends(self, seen: &Seen) -> bool {
        self == Self::Expired || (self == Self::UnknownKey && seen.witness.of(&seen.signed) == Accepted::Here)
    }

    /// What kind of problem it is.
    pub(crate) fn kind(self) -> ProblemKind {
        match self {
            Self::Clock => ProblemKind::Clock,
            Self::NotSubscribed => ProblemKind::Service,
            _ => ProblemKind::Credentials,
        }
    }

    /// What it means, with what AWS said, and what to do.
    pub(crate) fn words(self, code: &str, message: &str, seen: Option<&Seen>) -> Words {
        let said = if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") };
        let region = seen.map(|s| s.signed.region.as_str()).filter(|r| !r.is_empty());
        let here = region.map_or_else(|| "this region".to_owned(), |r| format!("region {r}"));
        match self {
            Self::Expired => {
                let renew = seen.map(|s| s.renew.as_ref()).filter(|r| !r.is_empty()).unwrap_or(RENEW);
                Words::new(format!("the credentials have expired ({said})"), renew)
            }
            Self::Clock => clock(&said, message, seen),
            Self::Secret => Words::new(
                format!("the secret key does not match the access key ({said})"),
                "correct the secret access key; a new session with the same key does not help",
            ),
            Self::Signature => Words::new(
                format!("the signature is not accepted ({said})"),
                "check that endpoint and region match, and that no proxy changes requests",
            ),
            Self::Unsigned => Words::new(format!("the request had no valid signature ({said})"), "check that no proxy removes headers"),
            Self::UnknownKey => unknown_key(&said, &here, region, seen),
            Self::RegionOff => Words::new(
                format!("{here} is not enabled for this account ({said})"),
                format!(
                    "enable it ('aws account enable-region --region-name {}'), or choose another with --region",
                    region.unwrap_or("REGION")
                ),
            ),
            Self::NotSubscribed => Words::new(
                format!("this account is not subscribed to the service ({said})"),
                "not a permission problem: the account is still being verified or not subscribed; ask the account owner",
            ),
        }
    }
}

fn unknown_key(said: &str, here: &str, region: Option<&str>, seen: Option<&Seen>) -> Words {
    match seen.map(|s| s.witness.of(&s.signed)) {
        Some(Accepted::Here) => Words::new(
            format!("the keys are no longer accepted ({said})"),
            "the access key was deleted, deactivated or rotated: update this profile with the new key",
        ),
        Some(Accepted::Elsewhere(other)) => {
            let name = region.unwrap_or("REGION");
            Words::new(
                format!("the keys are rejected in {here} ({said}), but accepted in {other}"),
                format!(
                    "is the region enabled for this account? 'aws account get-region-opt-status --region-name {name}' shows it; or choose another with --region"
                ),
            )
        }
        Some(Accepted::Nowhere) | None => Words::new(
            format!("the keys are not known in {here} ({said})"),
            "check that the access key exists, belongs to this partition (aws, aws-cn, aws-us-gov), and that the region is enabled",
        ),
    }
}

/// By how much the clock is off: by the `Date` of the answer, else by the times in AWS's sentence.
fn clock(said: &str, message: &str, seen: Option<&Seen>) -> Words {
    let set = "set this machine's clock (chronyc makestep, timedatectl set-ntp true); not a credentials problem";
    let reading = seen.and_then(|s| s.clock);
    if let Some(reading) = reading.filter(|c| c.ahead.abs() > LIMIT) {
        let there = DateTime::<Utc>::from(reading.there);
        let here = there - chrono::TimeDelta::seconds(reading.ahead);
        let (there, here) = (there.format("%H:%M:%SZ"), here.format("%H:%M:%SZ"));
        return Words::new(format!("this machine's clock is {} ({here} here, {there} there): {said}", by_how_much(reading.ahead)), set);
    }
    match (times(message), reading) {
        // The clocks agree: the request is older than its answer.
        (Some(off), Some(_)) => Words::new(
            format!("the request was signed at a time {}, but the clocks agree: {said}", by_how_much(off)),
            "the request was delayed (suspended machine, slow proxy) or the clock was just set; not a credentials problem",
        ),
        (Some(off), None) => Words::new(format!("this machine's clock is {}: {said}", by_how_much(off)), set),
        (None, _) => Words::new(format!("this machine's clock is off by more than AWS allows: {said}"), set),
    }
}

/// AWS's time minus that of the signature, in seconds: `Signature expired: T1 is now earlier than T2 (T3 - 5 min.)`.
fn times(message: &str) -> Option<i64> {
    let times: Vec<NaiveDateTime> = message
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter_map(|word| NaiveDateTime::parse_from_str(word, "%Y%m%dT%H%M%SZ").ok())
        .collect();
    match times.as_slice() {
        [signed, _, now] | [signed, now] => Some((*now - *signed).num_seconds()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::aws::skew::ClockReading;
    use crate::aws::wire::{Signed, Witness};

    const UNKNOWN: &str = "The security token included in the request is invalid";

    fn seen(ahead: Option<i64>) -> Seen {
        let there = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        Seen {
            signed: Signed { key: "AKIA".into(), region: "ap-east-1".into() },
            clock: ahead.map(|ahead| ClockReading { ahead, there, relearnt: false }),
            witness: Witness::default(),
            renew: "run 'aws sso login --profile x'".into(),
        }
    }

    /// As the wire has it: code, text, what the `Date` header says (seconds), and what it means.
    #[test]
    fn signatures_and_tokens_are_read_not_guessed() {
        let expired = "Signature expired: 20231103T171116Z is now earlier than 20231103T171224Z (20231103T171724Z - 5 min.)";
        let early = "Signature not yet current: 20231103T190000Z is still later than 20231103T172500Z (20231103T171000Z + 15 min.)";
        let secret = "The request signature we calculated does not match the signature you provided. Check your key.";
        for (code, text, ahead, refused, words) in [
            ("InvalidSignatureException", expired, None, Refused::Clock, &["6m08s behind AWS's", "20231103T171116Z"][..]),
            ("SignatureDoesNotMatch", expired, Some(5400), Refused::Clock, &["1h30m behind AWS's", "here", "there", "20231103T171724Z"]),
            ("SignatureDoesNotMatch", expired, Some(0), Refused::Clock, &["6m08s behind", "the clocks agree", "suspended"]),
            ("SignatureDoesNotMatch", early, None, Refused::Clock, &["1h50m ahead of AWS's"]),
            (
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                Some(-1200),
                Refused::Clock,
                &["20m00s ahead of"],
            ),
            ("RequestTimeTooSkewed", "", None, Refused::Clock, &["off by more than AWS allows"]),
            ("RequestExpired", "Request has expired.", Some(5400), Refused::Clock, &["1h30m behind", "Request has expired."]),
            ("RequestExpired", "Request has expired.", Some(2), Refused::Expired, &["expired", "aws sso login --profile x"]),
            ("RequestExpired", "Request has expired.", None, Refused::Expired, &["expired"]),
            (
                "AuthFailure",
                "AWS was not able to validate the provided access credentials",
                Some(-900),
                Refused::Clock,
                &["15m00s ahead of"],
            ),
            ("SignatureDoesNotMatch", secret, Some(0), Refused::Secret, &["secret key", "does not match"]),
            ("InvalidSignatureException", secret, Some(5400), Refused::Secret, &["secret key", "correct the secret access key"]),
            ("InvalidSignatureException", "Credential should be scoped to a valid region.", Some(0), Refused::Signature, &["valid region"]),
            (
                "ExpiredTokenException",
                "The security token included in the request is expired",
                None,
                Refused::Expired,
                &["expired", "is expired"],
            ),
            ("ExpiredToken", "The provided token has expired.", Some(5400), Refused::Expired, &["aws sso login --profile x"]),
            ("InvalidClientTokenId", UNKNOWN, None, Refused::UnknownKey, &[UNKNOWN, "region ap-east-1"]),
            ("UnrecognizedClientException", UNKNOWN, None, Refused::UnknownKey, &[UNKNOWN]),
            (
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                None,
                Refused::UnknownKey,
                &["in our records"],
            ),
            (
                "RegionDisabledException",
                "STS is not activated in this region",
                None,
                Refused::RegionOff,
                &["ap-east-1 is not enabled", "STS is not activated"],
            ),
            (
                "OptInRequired",
                "You are not subscribed to this service.",
                None,
                Refused::NotSubscribed,
                &["not subscribed", "not a permission problem"],
            ),
        ] {
            let seen = seen(ahead);
            assert_eq!(Refused::read(code, text, Some(&seen)), Some(refused), "{code} {text} {ahead:?}");
            let said = refused.words(code, text, Some(&seen));
            for word in words {
                assert!(said.what.contains(word) || said.next.contains(word), "{code}: no {word:?} in {said:?}");
            }
            assert_eq!(said.next.contains("aws sso login"), refused == Refused::Expired, "only expiry is renewed: {said:?}");
        }
        assert_eq!(Refused::read("AccessDenied", "", None), None);
    }

    #[test]
    fn keys_that_are_good_elsewhere_ask_for_the_region_and_keys_that_were_good_here_for_a_rotation() {
        let witnessed = |regions: &[&str]| {
            let seen = seen(None);
            for region in regions {
                seen.witness.accepted(&Signed { region: (*region).to_owned(), ..seen.signed.clone() });
            }
            Refused::UnknownKey.words("InvalidClientTokenId", UNKNOWN, Some(&seen))
        };
        let region = witnessed(&["us-east-1"]);
        assert!(region.next.contains("is the region enabled") && region.next.contains("--region-name ap-east-1"), "{region:?}");
        assert!(region.what.contains("accepted in us-east-1") && region.what.contains(UNKNOWN), "{region:?}");
        let rotated = witnessed(&["us-east-1", "ap-east-1"]);
        assert!(rotated.next.contains("deleted, deactivated or rotated") && rotated.what.contains(UNKNOWN), "{rotated:?}");
    }
}
