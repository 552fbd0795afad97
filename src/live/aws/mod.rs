//! The only place that names the SDK: connect, gate, meter, errors, transport, and one source per kind of observed data, one action
//! per thing that can be done.
//! SDK types stop here: sources answer with `model` types. Called by `engine`; knows nothing of screens.

pub mod action;
mod answer;
pub mod authority;
pub mod budget;
pub mod client;
pub mod connect;
mod convert;
mod credentials;
pub mod discover;
mod error;
pub mod gate;
mod logged;
mod lookup;
pub mod meter;
mod newcomer;
pub mod notice;
pub mod obligation;
pub mod op;
mod page;
pub mod pin;
pub mod place;
pub mod policy;
pub mod process;
mod profile_chain;
mod profiles;
mod providers;
mod proxy;
mod skew;
pub mod source;
pub mod transport;
mod trust;
mod variants;
mod wire;

pub use client::Clients;
pub use connect::{ConnectError, connect, connect_in_process};
pub use error::{bounded, problem_of};
