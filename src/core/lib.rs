//! What the dashboard knows, judges and draws, without a network, a runtime or a clock: all of it can be tested as tables of cases.
//!
//! `model` is plain data, `expression` asks questions of it, `insight` judges it, `incident` gives what happens a name, `runbook` reads what
//! to do, `log` makes log lines safe, finds and counts them, `session` is one user's screen state and its updates (`input` names the keys and
//! the commands), `view` draws with the roles of `theme`, `report` writes the same state for scripts. Data goes that way only:
//! `tests/suite/architecture.rs` holds which of these folders may import which.

pub mod expression;
pub mod incident;
pub mod input;
pub mod insight;
pub mod log;
pub mod model;
pub mod report;
pub mod runbook;
pub mod session;
pub mod theme;
pub mod view;
