//! How far this machine's clock is from AWS's. Learnt from the `Date` of answers to signed requests; what signs asks it for the time. A
//! read whose signature was refused for the wrong time is asked once more with the time learnt; a write never: its next one signs rightly.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource, TimeSource};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry::ErrorKind;

use super::notice::{Notices, Topic};
use nextcore_core::model::text::duration;

/// Clocks that are closer than this agree: signatures are good for minutes, and a `Date` has whole seconds.
pub(super) const LIMIT: i64 = 60;
const MILLIS: i64 = 1000;

#[derive(Debug)]
struct Inner {
    /// This machine's clock, as it is.
    local: SharedTimeSource,
    /// What is added to it for signing, in milliseconds.
    offset: AtomicI64,
    /// The skew that was said last: a notice that changes with each answer would be a clock.
    said: AtomicI64,
    notices: Notices,
}

/// The clock that requests are signed by: this machine's, put right. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Skew(Arc<Inner>);

/// When a request was signed and sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    at: SystemTime,
    offset: i64,
}

/// What one answer says about the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockReading {
    /// AWS's clock minus this machine's, in seconds.
    pub(super) ahead: i64,
    /// AWS's clock, as it said.
    pub(super) there: SystemTime,
    /// The signature was made at a wrong time, and the next one will not be.
    pub(super) relearnt: bool,
}

impl Skew {
    /// Signs by this machine's clock until something is learnt.
    pub(super) fn new(notices: Notices) -> Self {
        Self::with(SharedTimeSource::new(SystemTimeSource::new()), notices)
    }

    fn with(local: SharedTimeSource, notices: Notices) -> Self {
        Self(Arc::new(Inner { local, offset: AtomicI64::new(0), said: AtomicI64::new(0), notices }))
    }

    /// This machine's clock, and how it is put right for signing at this moment.
    pub(super) fn sending(&self) -> Sent {
        Sent { at: self.0.local.now(), offset: self.0.offset.load(Ordering::Acquire) }
    }

    /// What is added to this machine's clock, in seconds.
    pub(super) fn offset(&self) -> i64 {
        self.0.offset.load(Ordering::Acquire) / MILLIS
    }

    /// Reads the answer to a request that was signed and sent then.
    pub(super) fn read(&self, answer: &HttpResponse, sent: Sent) -> Option<ClockReading> {
        // A cached answer has the date of its making.
        if answer.headers().get("age").is_some() {
            return None;
        }
        let date = DateTime::from_str(answer.headers().get("date")?, Format::HttpDate).ok()?;
        let there = SystemTime::try_from(date).ok()?;
        // The answer was made on the way between sending and receiving.
        let way = self.0.local.now().duration_since(sent.at).unwrap_or_default() / 2;
        let ahead = between(sent.at + way, there);
        let refused = answer.status().is_client_error();
        Some(ClockReading { ahead: ahead / MILLIS, there, relearnt: self.learn(ahead, refused, sent.offset) })
    }

    /// Whether the signing time has moved so far since a signature was made that it may be good now.
    fn learn(&self, ahead: i64, refused: bool, signed_with: i64) -> bool {
        let limit = LIMIT * MILLIS;
        let before = self.0.offset.load(Ordering::Acquire);
        let after = match (ahead.abs() > limit, refused) {
            // The clock is right, or was put right.
            (false, _) => 0,
            // Only who refuses shows that its clock is the one that signatures are held against.
            (true, true) if (ahead - before).abs() > limit => ahead,
            (true, _) => before,
        };
        self.0.offset.store(after, Ordering::Release);
        self.tell(ahead, after != 0);
        // Held against its own signature: another answer may have taught the same meanwhile.
        refused && (after - signed_with).abs() > limit
    }

    fn tell(&self, ahead: i64, corrected: bool) {
        let limit = LIMIT * MILLIS;
        let said = self.0.said.load(Ordering::Acquire);
        let shown = if ahead.abs() <= limit {
            0
        } else if (ahead - said).abs() <= limit / 2 {
            said
        } else {
            ahead
        };
        self.0.said.store(shown, Ordering::Release);
        let corrected = if corrected { "; requests are signed with AWS's time" } else { "" };
        let text = format!("this machine's clock is {}{corrected}", by_how_much(shown / MILLIS));
        self.0.notices.say(Topic::Clock, (shown != 0).then_some(text));
    }
}

impl TimeSource for Skew {
    fn now(&self) -> SystemTime {
        let offset = self.0.offset.load(Ordering::Acquire);
        let span = Duration::from_millis(offset.unsigned_abs());
        let now = self.0.local.now();
        if offset < 0 { now.checked_sub(span) } else { now.checked_add(span) }.unwrap_or(now)
    }
}

/// `1h30m behind AWS's`, from AWS's clock minus this machine's.
pub(super) fn by_how_much(ahead: i64) -> String {
    let side = if ahead > 0 { "behind" } else { "ahead of" };
    // To the minute from an hour on: the seconds would change with each answer.
    let size = if ahead.abs() >= 3600 { (ahead.abs() + 30) / 60 * 60 } else { ahead.abs() };
    format!("{} {side} AWS's", duration(size))
}

fn between(from: SystemTime, to: SystemTime) -> i64 {
    let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    to.duration_since(from).map_or_else(|e| -millis(e.duration()), millis)
}

/// Marks the answer to a read that may be asked once more.
#[derive(Debug, Clone, Copy)]
pub(super) struct MayRepeat;

/// The only reason for which the SDK sends a request again.
#[derive(Debug)]
pub(super) struct OnlyForTheClock;

impl ClassifyRetry for OnlyForTheClock {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().and_then(|r| r.extension::<MayRepeat>()) {
            Some(_) => RetryAction::retryable_error_with_explicit_delay(ErrorKind::ServerError, Duration::ZERO),
            // Everything else is the engine's to ask again: it backs off by itself.
            None => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "nextcore-only-for-the-clock"
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_async::time::StaticTimeSource;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    const NOON: u64 = 1_795_000_000;

    fn skew() -> (Skew, Notices) {
        let notices = Notices::default();
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(NOON);
        (Skew::with(SharedTimeSource::new(StaticTimeSource::new(noon)), notices.clone()), notices)
    }

    fn answer(status: u16, ahead: i64) -> HttpResponse {
        let date = DateTime::from_secs(NOON as i64 + ahead).fmt(Format::HttpDate).unwrap();
        let answer = http::Response::builder().status(status).header("date", date).body(SdkBody::empty()).unwrap();
        HttpResponse::try_from(answer).unwrap()
    }

    /// Each step: status, AWS's clock minus ours, whether it may be asked again, and what is added to the clock afterwards.
    #[test]
    fn the_offset_is_learnt_from_refusals_and_forgotten_when_the_clock_is_right() {
        let (skew, notices) = skew();
        for (status, ahead, relearnt, offset) in [
            (200, 5, false, 0),
            // Accepted all the same: said, and nothing to put right.
            (200, 5400, false, 0),
            (403, 5400, true, 5400),
            // The same again is no clock: asking a third time would not help.
            (403, 5400, false, 5400),
            (200, 5401, false, 5400),
            (400, -300, true, -300),
            (200, 0, false, 0),
            (403, 59, false, 0),
            (403, 61, true, 61),
        ] {
            let reading = skew.read(&answer(status, ahead), skew.sending()).unwrap();
            assert_eq!((reading.ahead, reading.relearnt), (ahead, relearnt), "{status} {ahead}");
            assert_eq!(between(skew.sending().at, skew.now()), offset * MILLIS, "{status} {ahead}");
            assert_eq!(notices.all().is_empty(), ahead.abs() <= LIMIT, "{:?}", notices.all());
        }
    }

    #[test]
    fn requests_that_were_on_the_way_together_are_all_asked_again() {
        let (skew, _) = skew();
        let (one, other) = (skew.sending(), skew.sending());
        assert!(skew.read(&answer(403, 5400), one).unwrap().relearnt);
        assert!(skew.read(&answer(403, 5401), other).unwrap().relearnt, "it was signed before the first was answered");
        let again = skew.sending();
        assert!(!skew.read(&answer(403, 5401), again).unwrap().relearnt);
    }

    #[test]
    fn a_notice_says_by_how_much_and_in_which_direction() {
        let (skew, notices) = skew();
        skew.read(&answer(403, 5400), skew.sending());
        assert_eq!(notices.all(), ["this machine's clock is 1h30m behind AWS's; requests are signed with AWS's time"]);
        skew.read(&answer(200, -120), skew.sending());
        assert!(notices.all()[0].contains("2m00s ahead of AWS's"), "{:?}", notices.all());
    }

    #[test]
    fn an_answer_without_a_date_or_from_a_cache_teaches_nothing() {
        let (skew, _) = skew();
        let mut cached = answer(403, 5400);
        cached.headers_mut().insert("age", "5400");
        assert_eq!(skew.read(&cached, skew.sending()), None);
        let mut dateless = answer(403, 5400);
        dateless.headers_mut().remove("date");
        assert_eq!(skew.read(&dateless, skew.sending()), None);
    }
}
