//! What is drawn, as the terminal would show it: every pane and every layer in every state, without an engine and without AWS.
//! `cargo test -p nextcore-core --test screens` after a change of the view, `cargo insta review` when it was meant.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail their test; clippy.toml knows only #[test] functions"
)]

mod fixture;
mod help;
mod incidents;
mod layers;
mod logs;
mod look;
mod panes;
mod problems;
mod queries;
mod runbooks;
