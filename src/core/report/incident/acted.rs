//! What was done through nextcore-top in the time of an incident: the entries of the audit log that are about it, in words. Foreign text is
//! escaped where it is written, not here. Called by the post-mortem.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::export::PostMortem;
use super::until;
use crate::model::Time;
use crate::model::audit::{AuditEntry, Told, Who};
use crate::model::text::duration;

/// The entries of the time of an incident.
pub(super) struct Acted<'a> {
    entries: Vec<&'a AuditEntry>,
    /// What was asked for, by run.
    requests: BTreeMap<&'a str, String>,
    since: Time,
}

/// The first thing that was done and accepted.
pub(super) struct First {
    pub(super) at: Time,
    pub(super) by: String,
    pub(super) what: String,
}

impl<'a> Acted<'a> {
    /// Those of the incident's time and of its stack. What was done shortly before it may have begun it: ten minutes more.
    pub(super) fn of(post: &PostMortem<'a>) -> Self {
        let (from, until) = (post.incident.since - TimeDelta::minutes(10), until(post.incident, post.now));
        let mut requests = BTreeMap::new();
        let mut elsewhere = Vec::new();
        for entry in post.audit {
            match &entry.told {
                Told::Intent { request, stack, account, region, .. } => {
                    let account = post.stack.account.is_empty() || *account == post.stack.account;
                    if *stack != post.stack.name || *region != post.stack.region || !account {
                        elsewhere.push(entry.id.as_str());
                    }
                    requests.insert(entry.id.as_str(), request.to_string());
                }
                Told::Refused { request, .. } => drop(requests.insert(entry.id.as_str(), request.to_string())),
                _ => {}
            }
        }
        let mut entries: Vec<&AuditEntry> = post.audit.iter().collect();
        entries.retain(|e| (from..=until).contains(&e.at) && !elsewhere.contains(&e.id.as_str()));
        entries.sort_by_key(|e| e.at);
        Self { entries, requests, since: post.incident.since }
    }

    /// The first action since it began that AWS accepted: what was refused or failed has mitigated nothing.
    pub(super) fn first(&self) -> Option<First> {
        let accepted = |id: &str| {
            self.entries.iter().any(|e| {
                e.id == id
                    && match &e.told {
                        Told::Outcome { result, .. } => result == "accepted",
                        Told::End { outcome, .. } => outcome == "done",
                        _ => false,
                    }
            })
        };
        self.entries.iter().filter(|e| e.at >= self.since).find_map(|e| match &e.told {
            Told::Intent { who, request, .. } if accepted(&e.id) => {
                Some(First { at: e.at, by: who.user.clone(), what: request.to_string() })
            }
            _ => None,
        })
    }

    /// All of it, in words, the oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = (Time, String)> + '_ {
        self.entries.iter().map(|e| (e.at, self.words(e)))
    }

    fn words(&self, entry: &AuditEntry) -> String {
        let asked = self.requests.get(entry.id.as_str()).map_or(entry.id.as_str(), String::as_str);
        match &entry.told {
            Told::Intent { who, request, title, resource, .. } => format!("{}: {request} ({title}) on {resource}", person(who)),
            Told::Outcome { result, text, millis, .. } => format!("{asked}: {result} in {millis} ms{}", behind(text)),
            Told::Later { result, text, .. } => format!("{asked}: {result}, sent later as planned{}", behind(text)),
            Told::Owed { obligation } => format!("{asked}: owed from now on: {}", obligation.owed.words()),
            Told::Settled { text } => format!("{asked}: owed no more{}", behind(text)),
            Told::End { outcome, text, seconds } => format!("{asked}: {outcome} after {}{}", duration((*seconds).max(0)), behind(text)),
            Told::Refused { who, request, text } => format!("{}: {request}: refused{}", person(who), behind(text)),
            Told::Seen { who } => format!("{}: looked at {asked}, which has no outcome", person(who)),
        }
    }
}

fn person(who: &Who) -> String {
    let from = who.ssh.as_ref().map_or_else(String::new, |ssh| format!(" from {ssh}"));
    format!("{}{from} as {}", who.user, who.arn)
}

fn behind(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
