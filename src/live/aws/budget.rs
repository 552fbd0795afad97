//! The budget: how many requests may leave this process, per service and in all, and how much of an answer is read. Whatever a key, a bug
//! or a server without end asks for, AWS sees no more than this. Polls have one purse; what a person asked for, and who we are, has another
//! that polls cannot empty; a confirmed write always leaves. Asked by the gate's connector, told of polls by the engine.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::Id;
use tokio::time::Instant;

use super::op::Kind;

/// A purse: requests a minute in the long run, and how many at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    per_minute: u32,
    at_once: u32,
}

/// All polls together: twice what a dashboard sends while something is delivered, and one start of it at once.
const POLLS: Size = Size { per_minute: 200, at_once: 320 };
/// Polls of one service: the tasks of a cluster of 10,000 are 200 requests.
const POLLS_OF_SERVICE: Size = Size { per_minute: 150, at_once: 300 };
/// Plans, watches and commands together.
const OTHERS: Size = Size { per_minute: 180, at_once: 150 };
/// Who we are: asked by its poll, and before anything is sent.
const IDENTITY: Size = Size { per_minute: 30, at_once: 30 };
/// A request waits no longer for its turn: the rest of its time-out is for the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// One poll sends no more than this, whatever the lists that it follows say.
const REQUESTS_PER_POLL: u32 = 400;
/// One answer is no larger than this; the answers of AWS are cut into pages of about 1 MB.
const ANSWER: u64 = 8 << 20;
/// Answers that AWS does not cut into pages, or only into large ones.
const LARGE_ANSWER: u64 = 32 << 20;
const LARGE_SERVICES: &[&str] = &["EC2", "CloudWatch"];
/// The answers of one poll together.
const BYTES_PER_POLL: u64 = 64 << 20;
/// All answers that are being read at one moment: a few large ones, never forty.
const BYTES_AT_ONCE: u64 = 48 << 20;
/// An answer up to here is read whatever the others are like.
const SMALL_ANSWER: u64 = 1 << 20;
/// A source that needs many requests is asked so much less often.
const SPAN_PER_REQUEST: Duration = Duration::from_millis(750);

/// Why a request did not leave, or its answer was not read to the end: this program's doing, not AWS's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// The purse is empty for longer than anybody waits.
    #[error("held back: request budget of {per_minute} calls/min {of} used up")]
    Held {
        /// What the purse gives.
        per_minute: u32,
        /// `for ECS`, `in total`.
        of: String,
    },
    /// The poll has sent too much already.
    #[error("cut off: more than {0} requests in one poll")]
    Requests(u32),
    /// The answer does not end soon enough.
    #[error("cut off: response larger than {0} MiB")]
    Answer(u64),
    /// All answers of the poll together are too much.
    #[error("cut off: responses of one poll larger than {0} MiB in total")]
    Bytes(u64),
    /// All answers that are being read together are too much.
    #[error("cut off: responses being read larger than {0} MiB in total")]
    AtOnce(u64),
}

impl Bound {
    /// The bound that an error of the SDK goes back to.
    pub fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(e) = next {
            if let Some(bound) = e.downcast_ref::<Self>() {
                return Some(bound);
            }
            next = e.source();
        }
        None
    }
}

#[derive(Debug)]
struct Purse {
    size: Size,
    /// Below zero: turns that are promised to those who wait.
    left: f64,
    at: Instant,
}

impl Purse {
    fn new(size: Size, now: Instant) -> Self {
        Self { size, left: f64::from(size.at_once), at: now }
    }

    fn per_second(&self, speed: f64) -> f64 {
        f64::from(self.size.per_minute) / 60.0 * speed
    }

    fn fill(&mut self, now: Instant, speed: f64) {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second(speed);
        (self.left, self.at) = ((self.left + earned).min(f64::from(self.size.at_once)), now);
    }

    /// How long the next turn is away, on the wall.
    fn wait(&self, speed: f64) -> Duration {
        if self.left >= 1.0 { Duration::ZERO } else { Duration::from_secs_f64((1.0 - self.left) / self.per_second(speed)) }
    }
}

#[derive(Debug)]
struct State {
    /// Seconds of the engine's clock in a second on the wall.
    speed: f64,
    polls: Purse,
    services: BTreeMap<String, Purse>,
    others: Purse,
    identity: Purse,
    /// The tasks that poll, and what each has used.
    tallies: HashMap<Id, Arc<Tally>>,
    /// Bytes of answers that are being read.
    at_once: Arc<AtomicU64>,
}

/// What one poll has used so far.
#[derive(Debug, Default)]
pub struct Tally {
    requests: AtomicU32,
    bytes: AtomicU64,
    /// The first bound that it met; whatever the poll makes of the refusal, its result is not whole.
    bound: Mutex<Option<Bound>>,
}

impl Tally {
    /// Requests that left.
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The first bound that it met.
    pub fn bound(&self) -> Option<Bound> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How rarely a source that needs as many requests is to be asked.
    pub fn least_interval(&self) -> Duration {
        SPAN_PER_REQUEST * self.requests()
    }

    fn met(&self, bound: &Bound) {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| bound.clone());
    }
}

/// The budget of a process; clones are the same one.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Mutex<State>>);

impl Default for Budget {
    fn default() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State {
            speed: 1.0,
            polls: Purse::new(POLLS, now),
            services: BTreeMap::new(),
            others: Purse::new(OTHERS, now),
            identity: Purse::new(IDENTITY, now),
            tallies: HashMap::new(),
            at_once: Arc::default(),
        })))
    }
}

/// The task that holds it polls: its requests come out of the purse of polls and are counted.
#[derive(Debug)]
pub struct Polling {
    budget: Budget,
    id: Option<Id>,
}

impl Drop for Polling {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.budget.lock().tallies.remove(&id);
        }
    }
}

impl Budget {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock that requests follow runs so fast.
    pub fn pace(&self, speed: f64) {
        self.lock().speed = speed.max(0.001);
    }

    /// The current task polls as long as it holds this.
    pub fn polling(&self, tally: &Arc<Tally>) -> Polling {
        let id = tokio::task::try_id();
        if let Some(id) = id {
            self.lock().tallies.insert(id, Arc::clone(tally));
        }
        Polling { budget: self.clone(), id }
    }

    /// Lets a request leave, after so long on the wall; and says what reading its answer is bounded by.
    pub(super) fn admit(&self, service: &str, kind: Kind) -> Result<(Duration, BodyBudget), Bound> {
        let now = Instant::now();
        let mut state = self.lock();
        let tally = tokio::task::try_id().and_then(|id| state.tallies.get(&id).cloned());
        let limit = if LARGE_SERVICES.contains(&service) { LARGE_ANSWER } else { ANSWER };
        let reading = BodyBudget { limit, tally, at_once: Arc::clone(&state.at_once) };
        if kind == Kind::Write {
            // It has its warrant: it was confirmed, and leaves once.
            return Ok((Duration::ZERO, reading));
        }
        let turn = match &reading.tally {
            _ if service == "STS" => state.turn_of(Lane::Identity, service, now),
            None => state.turn_of(Lane::Others, service, now),
            Some(tally) if tally.requests() >= REQUESTS_PER_POLL => Err(Bound::Requests(REQUESTS_PER_POLL)),
            Some(_) => state.turn_of(Lane::Polls, service, now),
        };
        match (turn, &reading.tally) {
            (Ok(wait), tally) => {
                if let Some(tally) = tally {
                    tally.requests.fetch_add(1, Ordering::Relaxed);
                }
                Ok((wait, reading))
            }
            (Err(bound), tally) => {
                if let Some(tally) = tally {
                    tally.met(&bound);
                }
                Err(bound)
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Lane {
    Polls,
    Others,
    Identity,
}

impl State {
    /// A turn for one request, and how long it is away; nothing is taken when that is too long.
    fn turn_of(&mut self, lane: Lane, service: &str, now: Instant) -> Result<Duration, Bound> {
        let speed = self.speed;
        let mut purses: Vec<(&mut Purse, String)> = match lane {
            Lane::Identity => vec![(&mut self.identity, format!("for {service}"))],
            Lane::Others => vec![(&mut self.others, "for plans and commands".to_owned())],
            Lane::Polls => {
                let of_service = self.services.entry(service.to_owned()).or_insert_with(|| Purse::new(POLLS_OF_SERVICE, now));
                vec![(of_service, format!("for {service}")), (&mut self.polls, "in total".to_owned())]
            }
        };
        for (purse, _) in &mut purses {
            purse.fill(now, speed);
        }
        if let Some((purse, of)) = purses.iter().find(|(p, _)| p.wait(speed) > PATIENCE) {
            return Err(Bound::Held { per_minute: purse.size.per_minute, of: of.clone() });
        }
        let wait = purses.iter().map(|(p, _)| p.wait(speed)).max().unwrap_or_default();
        for (purse, _) in purses {
            purse.left -= 1.0;
        }
        Ok(wait)
    }
}

/// What the reading of one answer is bounded by.
#[derive(Debug, Clone)]
pub(super) struct BodyBudget {
    limit: u64,
    tally: Option<Arc<Tally>>,
    at_once: Arc<AtomicU64>,
}

impl BodyBudget {
    /// The same body, cut off where it becomes too large: while it is read, not after.
    pub(super) fn bounded(self, body: SdkBody) -> SdkBody {
        SdkBody::from_body_1_x(Bounded { inner: body, read: 0, reading: self })
    }

    fn take(&self, read: u64, more: u64) -> Result<(), Bound> {
        let in_all = self.tally.as_ref().map_or(0, |t| t.bytes.fetch_add(more, Ordering::Relaxed) + more);
        let at_once = self.at_once.fetch_add(more, Ordering::Relaxed) + more;
        let bound = if read > self.limit {
            Bound::Answer(self.limit >> 20)
        } else if in_all > BYTES_PER_POLL {
            Bound::Bytes(BYTES_PER_POLL >> 20)
        } else if at_once > BYTES_AT_ONCE && read > SMALL_ANSWER {
            Bound::AtOnce(BYTES_AT_ONCE >> 20)
        } else {
            return Ok(());
        };
        if let Some(tally) = &self.tally {
            tally.met(&bound);
        }
        Err(bound)
    }
}

struct Bounded {
    inner: SdkBody,
    read: u64,
    reading: BodyBudget,
}

impl Drop for Bounded {
    fn drop(&mut self) {
        self.reading.at_once.fetch_sub(self.read, Ordering::Relaxed);
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let more = data.len() as u64;
            self.read += more;
            if let Err(bound) = self.reading.take(self.read, more) {
                // What was not read is not kept either: the connection is closed with it.
                self.inner = SdkBody::empty();
                return Poll::Ready(Some(Err(bound.into())));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        Body::is_end_stream(&self.inner)
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks without a pause until it is refused; how many went through at once, and how many after a wait.
    fn flood(budget: &Budget, service: &str) -> (u32, u32, Bound) {
        let (mut at_once, mut later) = (0, 0);
        loop {
            match budget.admit(service, Kind::Read) {
                Ok((Duration::ZERO, _)) => at_once += 1,
                Ok((wait, _)) => {
                    assert!(wait <= PATIENCE, "{wait:?}");
                    later += 1;
                }
                Err(bound) => return (at_once, later, bound),
            }
        }
    }

    /// Runs inside a task that polls.
    async fn as_poll<T: Send + 'static>(budget: &Budget, work: impl FnOnce(&Budget) -> T + Send + 'static) -> (T, Arc<Tally>) {
        let (budget, tally) = (budget.clone(), Arc::<Tally>::default());
        let of_task = Arc::clone(&tally);
        let task = tokio::spawn(async move {
            let _polling = budget.polling(&of_task);
            work(&budget)
        });
        (task.await.unwrap(), tally)
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_has_its_purse_and_all_have_one_together() {
        let budget = Budget::default();
        let ((at_once, later, bound), tally) = as_poll(&budget, |b| flood(b, "ECS")).await;
        assert_eq!((at_once, later), (300, 5), "two seconds at two and a half a second");
        assert_eq!(bound.to_string(), "held back: request budget of 150 calls/min for ECS used up");
        assert_eq!((tally.requests(), tally.bound()), (305, Some(bound)));
        let ((at_once, _, bound), _) = as_poll(&budget, |b| flood(b, "RDS")).await;
        assert_eq!(at_once, 15, "what is left of all");
        assert!(bound.to_string().ends_with("200 calls/min in total used up"), "{bound}");
        // A minute later each has earned what it gets in a minute.
        tokio::time::advance(Duration::from_mins(1)).await;
        let ((at_once, ..), _) = as_poll(&budget, |b| flood(b, "ECS")).await;
        assert!((140..=150).contains(&at_once), "{at_once}");
    }

    #[tokio::test(start_paused = true)]
    async fn polls_empty_nobody_elses_purse() {
        let budget = Budget::default();
        as_poll(&budget, |b| flood(b, "ECS")).await;
        let (at_once, ..) = flood(&budget, "ECS");
        assert_eq!(at_once, 150, "plans and watches");
        assert!(budget.admit("STS", Kind::Read).is_ok(), "who we are");
        for _ in 0..100 {
            assert!(matches!(budget.admit("ECS", Kind::Write), Ok((Duration::ZERO, _))), "what was confirmed leaves");
        }
        let (identity, _) = as_poll(&budget, |b| b.admit("STS", Kind::Read).is_ok()).await;
        assert!(identity);
    }

    #[tokio::test(start_paused = true)]
    async fn one_poll_ends_and_the_next_is_another() {
        let budget = Budget::default();
        // So fast a clock that nobody waits long.
        budget.pace(1e9);
        let services = ["ECS", "RDS", "IAM", "S3"];
        let endless = move |b: &Budget| services.iter().cycle().take(1000).find_map(|s| b.admit(s, Kind::Read).err());
        let (bound, tally) = as_poll(&budget, endless).await;
        assert_eq!((bound.clone(), tally.requests()), (Some(Bound::Requests(REQUESTS_PER_POLL)), REQUESTS_PER_POLL));
        assert_eq!(tally.bound(), bound);
        let (next, tally) = as_poll(&budget, |b| b.lock().tallies.len()).await;
        assert_eq!((next, tally.requests()), (1, 0), "a poll that has ended is forgotten");
        assert!(budget.lock().tallies.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_runs_with_the_clock() {
        let budget = Budget::default();
        as_poll(&budget, |b| flood(b, "ECS")).await;
        budget.pace(20.0);
        tokio::time::advance(Duration::from_secs(3)).await;
        let ((at_once, ..), _) = as_poll(&budget, |b| flood(b, "ECS")).await;
        assert!((140..=150).contains(&at_once), "a minute of its clock: {at_once}");
    }

    #[tokio::test]
    async fn a_body_is_read_to_the_limit_and_no_further() {
        use http_body_util::BodyExt;
        let at_once = Arc::<AtomicU64>::default();
        let reading = |limit| BodyBudget { limit, tally: None, at_once: Arc::clone(&at_once) };
        let whole = reading(5).bounded(SdkBody::from("12345")).collect().await.unwrap().to_bytes();
        assert_eq!(&whole[..], b"12345");
        let error = reading(4 << 20).bounded(SdkBody::from(vec![0; (4 << 20) + 1])).collect().await.unwrap_err();
        assert_eq!(Bound::behind(error.as_ref()), Some(&Bound::Answer(4)));
        assert_eq!(at_once.load(Ordering::Relaxed), 0, "what was read is no longer held");
        at_once.store(BYTES_AT_ONCE, Ordering::Relaxed);
        assert!(reading(ANSWER).bounded(SdkBody::from("12345")).collect().await.is_ok(), "a small answer is read all the same");
        let error = reading(ANSWER).bounded(SdkBody::from(vec![0; 2 << 20])).collect().await.unwrap_err();
        assert_eq!(Bound::behind(error.as_ref()), Some(&Bound::AtOnce(48)));
    }
}
