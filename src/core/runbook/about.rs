//! Which boxes a runbook is about: those that it opens, and those that its actions are done to. Nothing else is guessed. Called by the
//! session, for the runbooks of a box.

use super::command::Command;
use super::lint::sample;
use super::parse::{Runbook, Step};
use crate::model::action::{Request, Spec, Subject};
use crate::model::system::System;

impl Runbook {
    /// The systems that its commands name, each once.
    pub fn systems(&self) -> Vec<System> {
        let sample = sample(self);
        let mut found = Vec::new();
        for line in sample.steps.iter().flat_map(Step::commands) {
            let system = match Command::parse(&line.text) {
                Ok(Command::Open(node)) => Some(node.system()),
                Ok(Command::Act(request)) => subject(&request),
                _ => None,
            };
            found.extend(system.filter(|s| !found.contains(s)));
        }
        found
    }
}

fn subject(request: &Request) -> Option<System> {
    Some(match Spec::find(&request.action)?.subject {
        Subject::Service | Subject::Task => System::Service,
        Subject::Database => System::Database,
        Subject::NodeGroup => System::Cache,
        Subject::Zone => System::Nat,
        Subject::Alarm => System::Alarms,
        Subject::Pipeline => System::Pipeline,
        Subject::Project => System::Builds,
        Subject::Distribution => System::Cdn,
    })
}
