//! The one integration-test binary: what holds the house together, held from outside.

mod architecture;
mod cloud;
mod engine;
mod gate;
mod support;
