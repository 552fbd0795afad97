//! What the written architecture promises about loss and recovery of data, held against what AWS tells: restore point, failover, backup,
//! restore test, loss of the region. What no API tells is unknown and says why. Called by reports, by `verify` and by the database's box.

use chrono::TimeDelta;
use serde::Serialize;

use super::health::standing::explain;
use crate::model::Time;
use crate::model::database::{Database, DatabaseEvents, Redundancy};
use crate::model::section::{Loadable, Section};
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::system::System;
use crate::model::text;

/// What an objective is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// How much of the newest data a restore would lose.
    Rpo,
    /// How long the database is away while its standby takes over.
    Failover,
    /// How old the newest backup is.
    Backup,
    /// Whether a restore was ever tried.
    RestoreTest,
    /// How long the stack is away when the region is lost.
    Rto,
}

/// One row of the written architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    pub aim: Aim,
    pub name: &'static str,
    /// What is wanted, shortly.
    pub wanted: &'static str,
    /// The most that keeps it, in seconds; none where nothing can be measured against it.
    pub within: Option<i64>,
    /// The words of nextcore-architecture.md; empty where it says nothing of it.
    pub source: &'static str,
}

/// The objectives in the order of lists. The figures stand here and nowhere else.
pub const STATED: &[Stated] = &[
    Stated { aim: Aim::Rpo, name: "RPO", wanted: "5 minutes", within: Some(300), source: "RPO: 5 minutes (RDS PITR)" },
    Stated {
        aim: Aim::Failover,
        name: "Database failover",
        wanted: "about 30 s",
        within: Some(30),
        source: "RDS Primary Failure: Automatic failover to standby in different AZ (~30s)",
    },
    // The architecture names the retention; that there is one a day follows from it. An hour more: the window opens at any time of it.
    Stated {
        aim: Aim::Backup,
        name: "Newest backup",
        wanted: "one a day",
        within: Some(25 * 3600),
        source: "Automated backups (7-day retention)",
    },
    Stated { aim: Aim::RestoreTest, name: "Restore test", wanted: "not stated", within: None, source: "" },
    Stated { aim: Aim::Rto, name: "RTO", wanted: "2-4 hours", within: None, source: "RTO: 2-4 hours (complete region failover)" },
];

/// Whether an objective is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Met,
    NotMet,
    #[default]
    Unknown,
}

impl Kept {
    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::Unknown => "unknown",
        }
    }
}

/// One objective, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Objective {
    pub aim: Aim,
    pub name: &'static str,
    /// What the written architecture wants.
    pub wanted: &'static str,
    /// What was measured, in words with its unit.
    pub measured: Option<String>,
    /// What AWS says of it, or why it is unknown.
    pub says: String,
    pub level: Kept,
}

/// A failover of the database, from AWS's first word of it to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failover {
    started: Time,
    completed: Option<Time>,
}

/// What was found of one objective.
#[derive(Debug, Default)]
struct Finding {
    measured: Option<String>,
    says: String,
    level: Kept,
}

impl Finding {
    fn unknown(says: impl Into<String>) -> Self {
        Self { says: says.into(), ..Self::default() }
    }
}

/// All of them, as far as the stack has what they are about: without a database there are none.
pub fn objectives(store: &Store, stack: &Stack, now: Time) -> Vec<Objective> {
    let of = |stated: &Stated| match stated.aim {
        Aim::Rpo => restore_point(store, stated, now),
        Aim::Failover => failover(store, stated, now, None),
        Aim::Backup => backup(store, stated, now),
        Aim::RestoreTest => Finding::unknown("no AWS API tells whether a restore was tried"),
        Aim::Rto => region(store, now),
    };
    listed(stack, STATED.iter().map(|stated| (stated, of(stated))))
}

/// Those that an incident about the database is held against: a failover counts if it began between `from` and `until`. Without a store
/// all of them are unknown.
pub fn objectives_during(store: Option<&Store>, stack: &Stack, now: Time, (from, until): (Time, Time)) -> Vec<Objective> {
    let of = |stated: &Stated| match (stated.aim, store) {
        (Aim::Backup | Aim::RestoreTest, _) => None,
        (_, None) => Some(Finding::unknown("nothing of AWS was read for this document")),
        (Aim::Rpo, Some(store)) => Some(restore_point(store, stated, now)),
        (Aim::Failover, Some(store)) => Some(failover(store, stated, now, Some((from, until)))),
        (Aim::Rto, Some(store)) => Some(region(store, now)),
    };
    listed(stack, STATED.iter().filter_map(|stated| Some((stated, of(stated)?))))
}

fn listed<'s>(stack: &Stack, all: impl Iterator<Item = (&'s Stated, Finding)>) -> Vec<Objective> {
    if !stack.has(System::Database) {
        return Vec::new();
    }
    let row = |(stated, found): (&Stated, Finding)| Objective {
        aim: stated.aim,
        name: stated.name,
        wanted: stated.wanted,
        measured: found.measured,
        says: found.says,
        level: found.level,
    };
    all.map(row).collect()
}

/// A section as it is now, or why it says nothing about now.
fn current<T: Section>(store: &Store, now: Time) -> Result<&T, Finding> {
    if let Loadable::Ready(value) = store.load::<T>(now) {
        return Ok(value);
    }
    let why = explain(store.entry(T::KEY), now).unwrap_or_else(|| "not read".to_owned());
    Err(Finding::unknown(format!("{}: {why}", T::TITLE)))
}

fn kept(stated: &Stated, took: TimeDelta) -> Kept {
    match stated.within {
        Some(most) if took <= TimeDelta::seconds(most) => Kept::Met,
        Some(_) => Kept::NotMet,
        None => Kept::Unknown,
    }
}

fn restore_point(store: &Store, stated: &Stated, now: Time) -> Finding {
    let db = match current::<Database>(store, now) {
        Ok(db) => db,
        Err(finding) => return finding,
    };
    if db.has_no_backups() == Some(true) {
        let (measured, says) = (Some("no restore point".to_owned()), "automated backups are off".to_owned());
        return Finding { measured, says, level: Kept::NotMet };
    }
    let Some(latest) = db.latest_restorable else {
        return Finding::unknown(match &db.replica_of {
            Some(source) => format!("read replica of {source}: its restore points are those of its source"),
            None => "RDS names no LatestRestorableTime".to_owned(),
        });
    };
    let says = if db.cluster.is_none() {
        "now minus LatestRestorableTime; RDS writes transaction logs to S3 every 5 minutes"
    } else {
        "now minus LatestRestorableTime of the cluster"
    };
    Finding { measured: Some(text::age(latest, now)), says: says.to_owned(), level: kept(stated, now - latest) }
}

/// The failovers that events tell of, the newest first. One whose end was never reported has none.
fn failovers(events: &DatabaseEvents) -> Vec<Failover> {
    let mut told: Vec<(Time, String)> = events.events.iter().filter_map(|e| Some((e.at?, e.message.to_lowercase()))).collect();
    // Two lines of one second: the beginning comes first.
    told.sort_by_key(|(at, message)| (*at, is_end(message)));
    let mut all: Vec<Failover> = Vec::new();
    for (at, message) in told.iter().filter(|(_, m)| m.contains("failover")) {
        if is_end(message) {
            match all.last_mut().filter(|f| f.completed.is_none()) {
                Some(open) if message.contains("completed") => open.completed = Some(*at),
                // Given up: none took place.
                Some(_) => drop(all.pop()),
                None => {}
            }
        } else if message.contains("started") {
            all.push(Failover { started: *at, completed: None });
        }
    }
    all.reverse();
    all
}

fn is_end(message: &str) -> bool {
    ["completed", "abandoning", "failed"].iter().any(|word| message.contains(word))
}

/// RDS keeps its events for longer; this much of them is read.
const NONE: &str = "none in 24 h";

fn failover(store: &Store, stated: &Stated, now: Time, within: Option<(Time, Time)>) -> Finding {
    let db = current::<Database>(store, now);
    let events = match current::<DatabaseEvents>(store, now) {
        Ok(events) => events,
        Err(finding) => return finding,
    };
    let all = failovers(events);
    let meant = |f: &&Failover| within.is_none_or(|(from, until)| (from..=until).contains(&f.started));
    let found: Vec<&Failover> = all.iter().filter(meant).collect();
    let done = found.iter().find_map(|f| Some((f.started, f.completed?)));
    let open = found.first().filter(|f| f.completed.is_none()).map(|f| f.started);
    let usual = match &db {
        Ok(db) if db.cluster.is_some() => "",
        _ => "; AWS names 60 to 120 s as usual for a Multi-AZ instance",
    };
    match (done, open) {
        // The newest one is told: what an older one took says nothing of it.
        (_, Some(started)) => Finding::unknown(format!("started {}, no end reported{usual}", moment(started))),
        (Some((started, completed)), None) => Finding {
            measured: Some(text::duration((completed - started).num_seconds())),
            says: format!("RDS events: started {}, completed {}{usual}", moment(started), moment(completed)),
            level: kept(stated, completed - started),
        },
        (None, None) => match db.ok().and_then(|db| Some((db.no_failover()?, db.redundancy()))) {
            Some((why, Redundancy::Unknown)) => Finding::unknown(why),
            Some((why, _)) => Finding { measured: None, says: why, level: Kept::NotMet },
            None => {
                let time = if within.is_some() { "of its time" } else { "of the last 24 hours" };
                let says = format!("no failover from start to end among the RDS events {time} that were read{usual}");
                let none = within.is_none() && !events.events.iter().any(|e| e.message.to_lowercase().contains("failover"));
                Finding { measured: none.then(|| NONE.to_owned()), ..Finding::unknown(says) }
            }
        },
    }
}

fn backup(store: &Store, stated: &Stated, now: Time) -> Finding {
    let db = current::<Database>(store, now).ok();
    if db.is_some_and(|db| db.has_no_backups() == Some(true)) {
        return Finding { measured: None, says: "automated backups are off".to_owned(), level: Kept::NotMet };
    }
    let events = match current::<DatabaseEvents>(store, now) {
        Ok(events) => events,
        Err(finding) => return finding,
    };
    let finished = |message: &str| {
        let message = message.to_lowercase();
        message.contains("finished") && message.contains("backup")
    };
    let newest = events.events.iter().filter(|e| finished(&e.message)).filter_map(|e| e.at).max();
    match newest {
        Some(at) => Finding {
            measured: Some(text::ago(at, now)),
            says: format!("RDS event: backup finished {}", moment(at)),
            level: kept(stated, now - at),
        },
        None => Finding {
            measured: Some(NONE.to_owned()),
            ..Finding::unknown("no finished backup among the RDS events of the last 24 hours that were read")
        },
    }
}

/// What a move to another region would start from; how long it takes nobody has measured.
fn region(store: &Store, now: Time) -> Finding {
    match current::<Database>(store, now) {
        Ok(db) if db.backup_replications.is_empty() => Finding::unknown(
            "stated for the loss of the region, never measured; no automated backup of the database is kept in another region",
        ),
        Ok(_) => Finding::unknown(
            "stated for the loss of the region, never measured; automated backups of the database are kept in another region",
        ),
        Err(finding) => finding,
    }
}

fn moment(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
