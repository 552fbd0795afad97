//! Actions as everybody knows them: their names, parameters and tiers, and a request for one. The rows stand in `table`; how one is
//! planned, sent and watched in `aws::action`. Keys, palette, commands, help and reasons why not are made of these rows.

mod grammar;
pub mod names;
pub mod params;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stack::Stack;
use super::store::Store;
use super::system::{NodeId, System};

pub use grammar::{Count, GrammarError, bounds, check, count, is_optional, parse, placeholder, span, usage, words};

pub use table::ACTIONS;

/// What an action risks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// Reversible, no user notices.
    T0,
    /// Capacity or a deployment.
    T1,
    /// An outage for a while: confirmed by typing the resource's name.
    T2,
}

impl Tier {
    /// What it means, in a title.
    pub fn word(self) -> &'static str {
        match self {
            Self::T0 => "T0 · reversible",
            Self::T1 => "T1 · capacity",
            Self::T2 => "T2 · outage",
        }
    }
}

/// What an action is done to; decides in which boxes and panes it is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An ECS service, by name.
    Service,
    /// An ECS task, by id.
    Task,
    /// The database: there is one.
    Database,
    /// A node group of Redis, by id.
    NodeGroup,
    /// A zone's way out, by the zone's letter or name.
    Zone,
    /// An alarm, by name.
    Alarm,
    /// The pipeline: there is one.
    Pipeline,
    /// A CodeBuild project, by name.
    Project,
    /// The distribution: there is one.
    Distribution,
}

impl Subject {
    /// The system of which a stack may have several resources, and an action is done to one of them.
    pub fn system(self) -> Option<System> {
        match self {
            Self::Database => Some(System::Database),
            Self::NodeGroup => Some(System::Cache),
            _ => None,
        }
    }

    /// The word in a usage line; empty where there is only one.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Service => "SERVICE",
            Self::Task => "TASK",
            Self::NodeGroup => "NODE-GROUP",
            Self::Zone => "ZONE",
            Self::Alarm => "ALARM",
            Self::Project => "PROJECT",
            Self::Database | Self::Pipeline | Self::Distribution => "",
        }
    }
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Present or not.
    Flag,
    /// A count, or a change of it: `4`, `+1`, `-1`.
    Count,
    /// `MIN-MAX`.
    Bounds,
    /// Minutes: `30m`, `1h`.
    Span,
    /// `last-successful`, or a task definition: `web:57`, `57`.
    Revision,
    /// A zone's letter or name.
    Zone,
    /// A reader of the DB cluster; an instance has none.
    Reader,
    /// One of several databases or caches of the stack.
    Resource,
    /// A stage of the pipeline.
    Stage,
    /// One or more paths that begin with `/`.
    Paths,
    /// Any one word.
    Text,
}

/// One parameter of an action, beside what it is done to.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name: `--name` in a command, the field's label in a form.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// It stands without a name, after what the action is done to.
    pub positional: bool,
    /// What it is when nothing is said; `None` = it must be given (a flag never must).
    pub default: Option<&'static str>,
    /// What it does, for help.
    pub doc: &'static str,
}

/// What may become of an action at the moment: `Err` says why not, in words for the user. It looks only at what is known already; the
/// plan reads afresh and has the last word.
pub(crate) type Offer = fn(&Store, &Stack, &str) -> Result<(), String>;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its words: `scale`, `failover db`.
    pub name: &'static str,
    /// Its key in the menu of actions.
    pub key: char,
    /// The heading of its plan, before the resource's name: `Scale`.
    pub title: &'static str,
    /// What it does, for help.
    pub doc: &'static str,
    /// What it risks.
    pub tier: Tier,
    /// What it is done to.
    pub subject: Subject,
    /// Its parameters.
    pub params: &'static [Param],
    /// Whether it can be offered now.
    pub offer: Offer,
}

impl Spec {
    /// The row of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|s| s.name == name)
    }

    /// The parameter of this name.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|p| p.name == name)
    }
}

/// A wish for one action: what a key, the palette, a command and a step of a runbook all become.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// The action's name.
    pub action: String,
    /// What it is done to; empty where there is only one.
    pub target: String,
    /// Its parameters by name.
    pub args: BTreeMap<String, String>,
}

impl Request {
    /// A request without parameters.
    pub fn new(action: &str, target: &str) -> Self {
        Self { action: action.to_owned(), target: target.to_owned(), args: BTreeMap::new() }
    }

    /// The same, with one parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    /// A parameter as given, or its default.
    pub fn arg(&self, name: &str) -> Option<&str> {
        let given = self.args.get(name).map(String::as_str);
        given.or_else(|| Spec::find(&self.action)?.param(name)?.default)
    }

    /// The database or cache that it is done to, where one is named; it may be the first of its kind.
    pub fn resource(&self) -> Option<NodeId> {
        let spec = Spec::find(&self.action)?;
        let param = spec.params.iter().find(|p| p.takes == Takes::Resource)?;
        let name = self.arg(param.name).filter(|name| Some(*name) != param.default)?;
        Some(NodeId::named(spec.subject.system()?, name))
    }

    /// Whether a flag was given.
    pub fn has(&self, name: &str) -> bool {
        self.args.contains_key(name)
    }
}

impl std::fmt::Display for Request {
    /// As it would be typed after `nextcore-top` or `:`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.action)?;
        if !self.target.is_empty() {
            write!(f, " {}", self.target)?;
        }
        let params = Spec::find(&self.action).map(|s| s.params).unwrap_or_default();
        for param in params {
            let Some(value) = self.args.get(param.name) else { continue };
            match (param.positional, param.takes) {
                (true, _) => write!(f, " {value}")?,
                (false, Takes::Flag) => write!(f, " --{}", param.name)?,
                (false, _) => write!(f, " --{} {value}", param.name)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
