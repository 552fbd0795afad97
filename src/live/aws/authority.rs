//! Who may write, and when: one value per process, shared by the gate and the runner of actions. A locked process has no way to an
//! `Operator`; others have one only while armed. An operator buys warrants: each lets one request of one operation of one run through the
//! gate, which the request names by its ticket. Disarming stops what was confirmed and has not left, never what is owed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use tokio::time::Instant;

use super::op::Op;
use nextcore_core::model::mode::Mode;

/// Without a key for so long, an armed process is safe again.
pub const IDLE: Duration = Duration::from_mins(15);

/// Why there is no operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotArmed {
    /// The process was started as a viewer.
    #[error("read-only (VIEWER): this process cannot write")]
    Locked,
    /// It was not armed, or has been idle.
    #[error("this process is not armed")]
    Safe,
}

/// Why a warrant lets nothing through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalid {
    /// There is none of this ticket for this operation, or it was used.
    Unknown,
    /// It was confirmed while armed, and the process is not any more.
    Disarmed,
}

/// For what a warrant was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A person confirmed it: it leaves while the process is armed as it was then.
    Confirmed {
        /// The arming in which it was confirmed.
        arming: u64,
    },
    /// It was promised when something was confirmed: it leaves, whatever becomes of the arming.
    Owed,
}

/// One request that may leave.
#[derive(Debug)]
struct Issued {
    ticket: Ticket,
    service: &'static str,
    operation: &'static str,
    kind: Kind,
}

#[derive(Debug)]
struct State {
    /// Armed until then, if nothing is done meanwhile.
    armed_until: Option<Instant>,
    /// Counts armings: what was confirmed in an earlier one is not confirmed any more.
    arming: u64,
    /// Requests that may leave, once each.
    warrants: Vec<Issued>,
    issued: u64,
}

impl State {
    fn is_armed(&self) -> bool {
        self.armed_until.is_some_and(|until| Instant::now() < until)
    }

    /// Where the warrant of this ticket is, if it is for this operation and holds now.
    fn find(&self, ticket: Option<Ticket>, service: &str, operation: &str) -> Result<usize, Invalid> {
        let is_it = |w: &Issued| Some(w.ticket) == ticket && w.service == service && w.operation == operation;
        let at = self.warrants.iter().position(is_it).ok_or(Invalid::Unknown)?;
        let holds = self.warrants.get(at).is_some_and(|w| match w.kind {
            Kind::Owed => true,
            Kind::Confirmed { arming } => self.is_armed() && arming == self.arming,
        });
        if holds { Ok(at) } else { Err(Invalid::Disarmed) }
    }
}

#[derive(Debug)]
struct Inner {
    locked: bool,
    finds: bool,
    queries: bool,
    state: Mutex<State>,
}

/// Decides for one process what may be written.
#[derive(Debug, Clone)]
pub struct Authority(Arc<Inner>);

impl Authority {
    /// As flags and configuration decided.
    pub fn new(mode: Mode) -> Self {
        Self::querying(mode, false)
    }

    /// The same, and whether the configuration lets even a viewer ask what is billed by what it looks at.
    pub fn querying(mode: Mode, insights: bool) -> Self {
        let armed_until = (mode == Mode::Armed).then(|| Instant::now() + IDLE);
        let state = State { armed_until, arming: 0, warrants: Vec::new(), issued: 0 };
        let locked = mode == Mode::Viewer;
        Self(Arc::new(Inner { locked, finds: false, queries: insights || !locked, state: Mutex::new(state) }))
    }

    /// A viewer that also looks for a stack: `init` lists what the dashboard only asks for by name.
    pub fn finder() -> Self {
        let state = State { armed_until: None, arming: 0, warrants: Vec::new(), issued: 0 };
        Self(Arc::new(Inner { locked: true, finds: true, queries: false, state: Mutex::new(state) }))
    }

    /// Whether a read that costs money may leave. It is so for the life of the process: what was started can always be stopped.
    pub fn may_query(&self) -> bool {
        self.0.queries
    }

    /// Whether it looks for a stack.
    pub fn finds(&self) -> bool {
        self.0.finds
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state at this moment.
    pub fn mode(&self) -> Mode {
        match (self.0.locked, self.lock().is_armed()) {
            (true, _) => Mode::Viewer,
            (false, true) => Mode::Armed,
            (false, false) => Mode::Safe,
        }
    }

    /// Arms the process; a viewer stays one.
    pub fn arm(&self) -> Result<(), NotArmed> {
        if self.0.locked {
            return Err(NotArmed::Locked);
        }
        let mut state = self.lock();
        if !state.is_armed() {
            state.arming += 1;
        }
        state.armed_until = Some(Instant::now() + IDLE);
        Ok(())
    }

    /// Makes it safe again: what was confirmed and has not left stays here. What is owed still leaves.
    pub fn disarm(&self) {
        self.lock().armed_until = None;
    }

    /// Somebody is there: the idle time begins anew. It never arms.
    pub fn touch(&self) {
        if self.mode() == Mode::Armed {
            self.lock().armed_until = Some(Instant::now() + IDLE);
        }
    }

    /// The only way to an operator.
    pub fn operator(&self) -> Result<Operator, NotArmed> {
        match self.mode() {
            Mode::Armed => Ok(Operator { authority: self.clone(), arming: self.lock().arming }),
            Mode::Viewer => Err(NotArmed::Locked),
            Mode::Safe => Err(NotArmed::Safe),
        }
    }

    /// Whether the request of this ticket could leave now; looks only.
    pub(super) fn allows(&self, ticket: Option<Ticket>, service: &str, operation: &str) -> Result<(), Invalid> {
        self.lock().find(ticket, service, operation).map(|_| ())
    }

    /// Uses the warrant of this ticket up.
    pub(super) fn spend(&self, ticket: Option<Ticket>, service: &str, operation: &str) -> Result<(), Invalid> {
        let mut state = self.lock();
        let at = state.find(ticket, service, operation)?;
        state.warrants.remove(at);
        Ok(())
    }
}

/// Somebody who may write. It outlives the arming in which it was made, for what is owed; what is confirmed leaves only while armed.
#[derive(Debug, Clone)]
pub struct Operator {
    authority: Authority,
    /// In which it was made.
    arming: u64,
}

impl Operator {
    /// Lets one request of this operation through the gate, as long as the warrant lives and the process stays armed.
    pub fn warrant(&self, op: &Op) -> Warrant {
        self.issue(op, Kind::Confirmed { arming: self.arming })
    }

    /// Lets one request of this operation through the gate, as long as the warrant lives: what was promised is kept after disarming, too.
    pub fn owed(&self, op: &Op) -> Warrant {
        self.issue(op, Kind::Owed)
    }

    fn issue(&self, op: &Op, kind: Kind) -> Warrant {
        let mut state = self.authority.lock();
        state.issued += 1;
        let ticket = Ticket(state.issued);
        state.warrants.push(Issued { ticket, service: op.service, operation: op.operation, kind });
        Warrant { ticket, op: *op, authority: self.authority.clone() }
    }
}

/// One request that may leave; taken back when dropped.
#[derive(Debug)]
pub struct Warrant {
    ticket: Ticket,
    op: Op,
    authority: Authority,
}

impl Warrant {
    /// Whether it is for this operation.
    pub fn is_for(&self, op: &Op) -> bool {
        self.op.service == op.service && self.op.operation == op.operation
    }

    /// What the request carries to the gate.
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }
}

impl Drop for Warrant {
    fn drop(&mut self) {
        self.authority.lock().warrants.retain(|w| w.ticket != self.ticket);
    }
}

/// Names one warrant. As an interceptor of one call it goes with that call alone:
/// `client.op().customize().interceptor(ticket).send()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

impl Ticket {
    /// As the gate reads it back from its stamp.
    pub(super) fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Storable for Ticket {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Ticket {
    fn name(&self) -> &'static str {
        "nextcore-ticket"
    }

    // Before serialisation, where the gate looks for it first: the client's interceptors run before those of a call.
    fn read_before_execution(&self, _context: &BeforeSerializationInterceptorContextRef<'_>, cfg: &mut ConfigBag) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(*self);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: Op = Op::write("ECS", "UpdateService", "ecs:UpdateService").on(crate::aws::op::Scope::Any);

    const ALMOST: Duration = Duration::from_secs(14 * 60 + 59);

    #[tokio::test(start_paused = true)]
    async fn arming_ends_after_idle_minutes_and_a_key_puts_it_off() {
        let authority = Authority::new(Mode::Safe);
        authority.touch();
        assert_eq!((authority.mode(), authority.operator().err()), (Mode::Safe, Some(NotArmed::Safe)));
        authority.arm().unwrap();
        tokio::time::advance(ALMOST).await;
        authority.touch();
        tokio::time::advance(ALMOST).await;
        assert_eq!(authority.mode(), Mode::Armed);
        tokio::time::advance(Duration::from_secs(2)).await;
        authority.touch();
        assert_eq!(authority.mode(), Mode::Safe, "a key does not arm");
    }

    #[tokio::test]
    async fn a_viewer_is_never_armed() {
        let authority = Authority::new(Mode::Viewer);
        assert_eq!(authority.arm(), Err(NotArmed::Locked));
        assert_eq!((authority.mode(), authority.operator().err()), (Mode::Viewer, Some(NotArmed::Locked)));
    }

    #[tokio::test]
    async fn a_warrant_lets_one_request_through_and_dies_with_its_holder() {
        let authority = Authority::new(Mode::Armed);
        let operator = authority.operator().unwrap();
        let (ecs, update) = ("ECS", "UpdateService");
        assert_eq!(authority.spend(None, ecs, update), Err(Invalid::Unknown), "being armed is not enough");
        let warrant = operator.warrant(&OP);
        let ticket = Some(warrant.ticket());
        assert!(authority.allows(ticket, ecs, update).is_ok() && authority.allows(ticket, ecs, "StopTask").is_err());
        assert_eq!(authority.spend(ticket, ecs, update), Ok(()));
        assert_eq!(authority.spend(ticket, ecs, update), Err(Invalid::Unknown), "once");
        let unused = operator.warrant(&OP);
        let ticket = Some(unused.ticket());
        drop(unused);
        assert_eq!(authority.allows(ticket, ecs, update), Err(Invalid::Unknown));
    }

    #[tokio::test]
    async fn a_warrant_is_of_one_run() {
        let authority = Authority::new(Mode::Armed);
        let operator = authority.operator().unwrap();
        let (mine, other) = (operator.warrant(&OP), operator.warrant(&OP));
        let spend = |ticket| authority.spend(ticket, "ECS", "UpdateService");
        assert_eq!(spend(None), Err(Invalid::Unknown), "a request without a ticket uses nobody's");
        assert_eq!(spend(Some(mine.ticket())), Ok(()));
        assert_eq!(spend(Some(mine.ticket())), Err(Invalid::Unknown), "nor does one whose own is used up");
        assert_eq!(spend(Some(other.ticket())), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn disarming_stops_what_was_confirmed_and_not_what_is_owed() {
        let ends: [fn(&Authority); 2] = [|a| a.disarm(), |a| a.lock().armed_until = Some(Instant::now())];
        for end in ends {
            let authority = Authority::new(Mode::Armed);
            let operator = authority.operator().unwrap();
            let (confirmed, owed) = (operator.warrant(&OP), operator.owed(&OP));
            end(&authority);
            assert_eq!(authority.spend(Some(confirmed.ticket()), "ECS", "UpdateService"), Err(Invalid::Disarmed));
            assert_eq!(authority.spend(Some(owed.ticket()), "ECS", "UpdateService"), Ok(()));
            assert_eq!(authority.spend(Some(owed.ticket()), "ECS", "UpdateService"), Err(Invalid::Unknown), "once");
            authority.arm().unwrap();
            let again = authority.spend(Some(confirmed.ticket()), "ECS", "UpdateService");
            assert_eq!(again, Err(Invalid::Disarmed), "armed anew, it is confirmed anew");
        }
    }
}
