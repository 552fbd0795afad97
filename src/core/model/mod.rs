//! Plain data: one file per system of the diagram, and what holds it (sections, store, health, series).
//! No SDK, no tokio, no ratatui, no clock: time comes in as a value. Sources fill it, everything else reads it.

pub mod action;
pub mod alarm;
pub mod arn;
pub mod audit;
pub mod balancer;
pub mod cache;
pub mod cdn;
pub mod connection;
pub mod console;
pub mod dashboard;
pub mod database;
pub mod delivery;
pub mod dns;
pub mod health;
pub mod identity;
pub(crate) mod inert;
pub mod kinds;
pub mod limits;
pub mod log;
pub mod metric;
pub mod mode;
pub mod network;
pub mod obligation;
pub mod partition;
pub mod place;
pub mod plan;
pub mod profile;
pub mod query;
pub mod resource;
pub mod scaling;
pub mod section;
pub mod security;
pub mod service;
pub mod stack;
pub(crate) mod standing;
pub mod state;
pub mod storage;
pub mod store;
pub mod system;
pub mod text;

/// The one instant type of the program; always UTC, always handed in.
pub type Time = chrono::DateTime<chrono::Utc>;
