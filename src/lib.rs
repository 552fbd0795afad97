//! x
#![allow(missing_docs)]
pub mod aws;
pub mod config;
pub mod engine;
pub mod model;
pub mod sim;
pub mod theme;
pub mod shell { 
    #[path = "/work/main/src/shell/embedded.rs"] mod embedded;
    pub use embedded::Embedded;
    pub fn run() -> std::process::ExitCode { std::process::ExitCode::SUCCESS } }
