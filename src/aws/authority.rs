//! Who may write, and when: one value per process, shared by the gate and the runner of actions. A locked process has no way to an
//! `Operator`; others have one only while armed. An operator buys warrants: each lets exactly one request of one operation through the gate.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::op::Op;
use crate::model::mode::Mode;

/// Without a key for so long, an armed process is safe again.
pub const IDLE: Duration = Duration::from_mins(15);

/// Why there is no operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotArmed {
    /// The process was started as a viewer.
    #[error("this process is a viewer: it can never write")]
    Locked,
    /// It was not armed, or has been idle.
    #[error("this process is not armed")]
    Safe,
}

#[derive(Debug)]
struct State {
    /// Armed until then, if nothing is done meanwhile.
    armed_until: Option<Instant>,
    /// Requests that may leave: service and operation, once each.
    warrants: Vec<(u64, &'static str, &'static str)>,
    issued: u64,
}

#[derive(Debug)]
struct Inner {
    locked: bool,
    state: Mutex<State>,
}

/// Decides for one process what may be written.
#[derive(Debug, Clone)]
pub struct Authority(Arc<Inner>);

impl Authority {
    /// As flags and configuration decided.
    pub fn new(mode: Mode) -> Self {
        let armed_until = (mode == Mode::Armed).then(|| Instant::now() + IDLE);
        let state = State { armed_until, warrants: Vec::new(), issued: 0 };
        Self(Arc::new(Inner { locked: mode == Mode::Viewer, state: Mutex::new(state) }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state at this moment.
    pub fn mode(&self) -> Mode {
        match (self.0.locked, self.lock().armed_until) {
            (true, _) => Mode::Viewer,
            (false, Some(until)) if Instant::now() < until => Mode::Armed,
            (false, _) => Mode::Safe,
        }
    }

    /// Arms the process; a viewer stays one.
    pub fn arm(&self) -> Result<(), NotArmed> {
        if self.0.locked {
            return Err(NotArmed::Locked);
        }
        self.lock().armed_until = Some(Instant::now() + IDLE);
        Ok(())
    }

    /// Makes it safe again.
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
            Mode::Armed => Ok(Operator(self.clone())),
            Mode::Viewer => Err(NotArmed::Locked),
            Mode::Safe => Err(NotArmed::Safe),
        }
    }

    /// Whether a warrant for this operation is out; looks only.
    pub(super) fn allows(&self, service: &str, operation: &str) -> bool {
        self.lock().warrants.iter().any(|(_, s, o)| *s == service && *o == operation)
    }

    /// Uses up one warrant for this operation; `false` when there is none.
    pub(super) fn spend(&self, service: &str, operation: &str) -> bool {
        let mut state = self.lock();
        let found = state.warrants.iter().position(|(_, s, o)| *s == service && *o == operation);
        found.map(|at| state.warrants.remove(at)).is_some()
    }
}

/// Somebody who may write. It outlives the arming in which it was made: what was confirmed is carried to its end.
#[derive(Debug, Clone)]
pub struct Operator(Authority);

impl Operator {
    /// Lets one request of this operation through the gate, as long as the warrant lives.
    pub fn warrant(&self, op: &Op) -> Warrant {
        let mut state = self.0.lock();
        state.issued += 1;
        let id = state.issued;
        state.warrants.push((id, op.service, op.operation));
        Warrant { id, authority: self.0.clone() }
    }
}

/// One request that may leave; taken back when dropped.
#[derive(Debug)]
pub struct Warrant {
    id: u64,
    authority: Authority,
}

impl Drop for Warrant {
    fn drop(&mut self) {
        self.authority.lock().warrants.retain(|(id, ..)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: Op = Op::write("ECS", "UpdateService", "ecs:UpdateService");

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
        assert!(!authority.spend("ECS", "UpdateService"), "being armed is not enough");
        let warrant = operator.warrant(&OP);
        assert!(authority.allows("ECS", "UpdateService") && !authority.allows("ECS", "StopTask"));
        assert!(authority.spend("ECS", "UpdateService") && !authority.spend("ECS", "UpdateService"));
        drop(warrant);
        let unused = operator.warrant(&OP);
        drop(unused);
        assert!(!authority.allows("ECS", "UpdateService"));
    }
}
