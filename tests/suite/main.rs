//! The one integration-test binary: what holds the house together, held from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail their test; clippy.toml knows only #[test] functions"
)]

mod act_cli;
mod action_errors;
mod actions;
mod architecture;
mod budget;
mod cli;
mod cloud;
mod conformance;
mod credentials;
mod deployers;
mod detection;
mod drops;
mod engine;
mod failover;
mod init;
mod inputs;
mod keys;
#[cfg(not(feature = "ec2"))]
mod lean;
mod lines;
mod listen;
mod log;
mod logs;
mod obligations;
mod packaging;
mod parts;
mod place;
mod plans;
mod process;
mod program;
mod pty;
mod query;
mod recorded;
mod refusals;
mod runbooks;
mod shapes;
mod stub;
mod support;
mod terminal;
