//! The one integration-test binary: what holds the house together, held from outside.

mod architecture;
mod cli;
mod cloud;
mod engine;
mod fixture;
mod gate;
mod keys;
mod panes;
mod support;
mod terminal;
