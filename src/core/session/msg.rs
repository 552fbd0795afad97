//! What goes into a session and what it asks of the world.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::incident::Incident;
use crate::input::Key;
use crate::insight::{Counts, Judgement, NodeId};
use crate::model::Time;
use crate::model::action::Request;
use crate::model::mode::Mode;
use crate::model::plan::{News, Plan};
use crate::model::query;
use crate::model::section::SectionKey;
use crate::model::store::Store;
use crate::runbook::{Library, Progress};

use super::runbook::Kept;

/// What a flash message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something was done.
    Done,
    /// Something could not be done; stays until a key.
    Error,
}

/// A short message in the place of the hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// One line.
    pub text: String,
    /// How it looks and how long it stays.
    pub tone: Tone,
    /// When it appeared.
    pub since: Time,
}

/// How another stack was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Glance {
    /// It is being asked.
    Asking,
    /// What was judged of it.
    Judged {
        counts: Counts,
        /// The worst node's first reason, with its name; empty where all is well.
        reason: String,
        at: Time,
    },
    /// It could not be looked at.
    Failed { why: String, at: Time },
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// A newer store, already judged.
    Observed(Arc<Store>, Judgement),
    /// What is happening, the newest first.
    Incidents(Vec<Arc<Incident>>),
    /// It is now this late.
    Tick(Time),
    /// The terminal gained or lost the focus.
    Focus(bool),
    /// Say something in the last row.
    Flash(String, Tone),
    /// Something about an action.
    Acted(News),
    /// How a query of Logs Insights goes.
    Queried(query::News),
    /// Another stack was looked at.
    Glanced(String, Glance),
    /// The runbooks were read; what of a team's folder was not, and why.
    Runbooks(Arc<Library>, Vec<String>),
    /// The walks through runbooks as the state folder has them.
    Walks(Vec<Progress>),
    /// What this process may do has changed.
    Mode(Mode),
}

/// What the loop must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Stop the process until `fg`.
    Suspend,
    /// From now on the screen reads these sections.
    Needs {
        /// All of them.
        all: BTreeSet<SectionKey>,
        /// Those that the open pane is about; empty on the stack view.
        front: BTreeSet<SectionKey>,
        /// Of which resource the open pane tells, where it is not the first of its kind.
        member: Option<NodeId>,
    },
    /// From now on something is not healthy, or nothing any more: what decides that is asked for more often.
    Closely(bool),
    /// Read the log back to there; `None` = no further.
    Older(Option<Time>),
    /// Poll these now.
    Refresh(BTreeSet<SectionKey>),
    /// Look at these other stacks once.
    Glance(Vec<String>),
    /// Make an incident happen in the embedded cloud, by its name.
    Inject(String),
    /// End every incident in it that lasts.
    Heal,
    /// Go on with another stack.
    Switch(String),
    /// Keep that this user has acknowledged an incident.
    Acknowledge(String),
    /// Keep a walk through a runbook, so that another dashboard sees it.
    Keep(Box<Kept>),
    /// Write this file where the user keeps such files, and say where that is.
    Save {
        /// Its name, without a folder.
        name: String,
        text: String,
    },
    /// Draw with the theme of this name, or with the next one.
    Theme(Option<String>),
    /// Put this on the user's clipboard.
    Copy(String),
    /// Make a plan.
    Plan(Request),
    /// Carry a plan out; what was typed to confirm it.
    Execute(Arc<Plan>, String),
    /// Arm this process.
    Arm,
    /// Make it safe again.
    Disarm,
    /// An unfinished intent of the audit log was looked at.
    Seen(String),
    /// What a query of Logs Insights costs, run it, or stop it.
    Query(query::Ask),
}
