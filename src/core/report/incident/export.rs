//! The draft of a post-mortem in Markdown: what is known of an incident, in tables, and two empty sections for people. No sentence in it is
//! a guess: what is not known says so. Called by `incident export`.

use chrono::TimeDelta;

use super::acted::Acted;
use super::chart::{self, Charts, charts};
use super::svg::svg;
use super::times::{header, row, times};
use super::told::timeline;
use super::walked::block;
use super::{foreign, lasts, moment, or_unknown, show, until};
use crate::incident::{Confidence, Incident, built_in};
use crate::insight::objectives::objectives_during;
use crate::model::Time;
use crate::model::audit::AuditEntry;
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::system::System;
use crate::report::markdown::promised;

/// What a post-mortem is made of.
#[derive(Debug, Clone, Copy)]
pub struct PostMortem<'a> {
    pub incident: &'a Incident,
    /// Those that were folded into it.
    pub parts: &'a [Incident],
    /// The whole audit log: what is not of its time or of its stack is left out here.
    pub audit: &'a [AuditEntry],
    /// What is known of the stack now, for the charts and AWS's events; none where nothing was read.
    pub store: Option<&'a Store>,
    pub stack: &'a Stack,
    /// The transcripts of the runbooks that were walked in its time, as they were written.
    pub transcripts: &'a [String],
    /// When the document is written.
    pub now: Time,
}

/// The rules about what the objectives promise: the primary is lost, or the zone that it may be in.
pub(super) const PROMISED: &[&str] = &["rds-failover", "az-failure"];

/// The document.
pub fn export(post: &PostMortem) -> String {
    let systems = systems(post.incident);
    let acted = Acted::of(post);
    let mut out = vec![format!("# Post-mortem (draft): {}", or_unknown(&post.incident.name, "incident without a name"))];
    let mut section = |title: &str, lines: Vec<String>| {
        out.extend([String::new(), format!("## {title}")]);
        if !lines.is_empty() {
            out.push(String::new());
            out.extend(lines);
        }
    };
    section("Summary", summary(post));
    section("Times", times(post.incident, acted.first().as_ref()));
    if std::iter::once(post.incident).chain(post.parts).any(|i| PROMISED.contains(&i.rule.as_str())) {
        section("Against the objectives", against(post));
    }
    section("Timeline", timeline(post, &acted, &systems));
    section("Evidence", evidence(post.incident));
    section("Symptoms", symptoms(post.incident));
    section("What was folded into it", parts(post.parts));
    section("Charts", drawn(post, &systems));
    section("Runbooks", runbooks(post));
    section("Why it happened", Vec::new());
    section("What we change", Vec::new());
    out.join("\n") + "\n"
}

/// The systems that its rule is about, then those of its symptoms.
fn systems(incident: &Incident) -> Vec<System> {
    let mut all = built_in().ok().and_then(|rules| Some(rules.get(&incident.rule)?.systems.clone())).unwrap_or_default();
    let mut followed: Vec<System> = incident.symptoms.iter().map(|s| s.node.system()).collect();
    followed.sort_unstable();
    followed.retain(|system| !all.contains(system));
    followed.dedup();
    all.extend(followed);
    all
}

fn summary(post: &PostMortem) -> Vec<String> {
    let incident = post.incident;
    let cause = match (incident.cause.is_empty(), incident.confidence) {
        (true, _) => "not known: nothing that was read says one".to_owned(),
        (false, Confidence::Unknown) => format!("{} (how sure is not known)", foreign(&incident.cause)),
        (false, sure) => format!("{} ({})", foreign(&incident.cause), sure.word()),
    };
    let mut rows = vec![
        ("Incident", foreign(&incident.id)),
        ("Stack", format!("{}, {}", foreign(&post.stack.name), foreign(&post.stack.region))),
        ("Severity", incident.severity.word().to_owned()),
        ("Phase", incident.phase.word().to_owned()),
        ("Lasted", lasts(incident, post.now)),
        ("Cause", cause),
    ];
    let named = [("About", &incident.of), ("Zone", &incident.zone)];
    rows.extend(named.iter().filter(|(_, v)| !v.is_empty()).map(|(name, v)| (*name, foreign(v))));
    rows.extend(incident.part_of.as_ref().map(|above| ("Part of", foreign(above))));
    rows.extend([("Symptoms", incident.symptoms.len().to_string()), ("Folded into it", post.parts.len().to_string())]);
    rows.push(("Runbook", show::command(incident).map_or_else(|| "none is known for it".to_owned(), |c| foreign(&c))));
    rows.push(("AWS", page(&incident.aws)));
    rows.push(("Written", moment(post.now)));
    let mut out = header(["Fact", "Value"]);
    out.extend(rows.iter().map(|(name, value)| row([name, value])));
    out
}

/// A page of AWS as a link; anything else that stands in its place stays text.
fn page(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:#?=%".contains(c);
    let is_page = url.starts_with("https://docs.aws.amazon.com/") && url.chars().all(plain);
    if is_page { format!("<{url}>") } else { or_unknown(url, "none is known for it") }
}

/// The objectives, and how the incident stands against them.
fn against(post: &PostMortem) -> Vec<String> {
    let incident = post.incident;
    // AWS's first event of a failover may stand before what the rule took for its beginning.
    let time = (incident.since - TimeDelta::minutes(5), until(incident, post.now));
    let all = objectives_during(post.store, post.stack, post.now, time);
    if all.is_empty() {
        return vec!["The stack has no database.".to_owned()];
    }
    let mut out = promised(&all);
    out.extend([
        String::new(),
        "Wanted: as nextcore-architecture.md states it. RPO: when this was written, not during the incident.".to_owned(),
    ]);
    out
}

fn evidence(incident: &Incident) -> Vec<String> {
    if incident.evidence.is_empty() {
        return vec!["None was kept.".to_owned()];
    }
    let mut out = header(["Evidence", "From", "Read"]);
    let line = |e: &crate::incident::Evidence| row([&foreign(&e.text), &or_unknown(&e.source, "not known"), &known(e.at, "not known")]);
    out.extend(incident.evidence.iter().map(line));
    out
}

fn symptoms(incident: &Incident) -> Vec<String> {
    if incident.symptoms.is_empty() {
        return vec!["None.".to_owned()];
    }
    let mut out = header(["Node", "Worst", "What was said", "Since", "Until"]);
    out.extend(incident.symptoms.iter().map(|s| {
        let (since, until) = (known(s.since, "not known"), known(s.until, "going on"));
        row([&foreign(&s.node.to_string()), s.level.word(), &foreign(&s.text), &since, &until])
    }));
    out
}

fn parts(parts: &[Incident]) -> Vec<String> {
    if parts.is_empty() {
        return vec!["Nothing.".to_owned()];
    }
    let mut out = header(["Incident", "Name", "Severity", "Detected", "Folded", "Cause", "Evidence"]);
    out.extend(parts.iter().map(|p| {
        let cause = if p.cause.is_empty() { "not known".to_owned() } else { format!("{} ({})", foreign(&p.cause), p.confidence.word()) };
        let seen: Vec<String> = p.evidence.iter().map(|e| foreign(&e.text)).collect();
        let (detected, folded) = (moment(p.detected_at), known(p.closed_at, "not known"));
        row([&foreign(&p.id), &foreign(&p.name), p.severity.word(), &detected, &folded, &cause, &seen.join("<br>")])
    }));
    out
}

fn known(at: Option<Time>, unknown: &str) -> String {
    at.map_or_else(|| unknown.to_owned(), moment)
}

fn drawn(post: &PostMortem, systems: &[System]) -> Vec<String> {
    let Some(Charts { drawn, empty }) = charts(post, systems) else { return vec![chart::missing(post.store).to_owned()] };
    let mut out = Vec::new();
    if drawn.is_empty() && empty.is_empty() {
        out.push("No metric belongs to its systems.".to_owned());
    }
    if !drawn.is_empty() {
        let text: Vec<String> = drawn.iter().map(|c| c.lines().join("\n")).collect();
        out.extend(block(&text.join("\n\n")));
        let marks: Vec<String> = drawn.iter().take(1).flat_map(|c| &c.marks).map(|(_, sign, what)| format!("{sign} {what}")).collect();
        out.extend([String::new(), format!("{}. Times in UTC; a column without a foot was not measured.", marks.join(", "))]);
        out.extend([String::new(), "<details><summary>The same as drawings</summary>".to_owned()]);
        out.extend(drawn.iter().map(svg));
        out.push("</details>".to_owned());
    }
    if !empty.is_empty() {
        let names: Vec<String> = empty.iter().map(|name| foreign(name)).collect();
        if !out.is_empty() {
            out.push(String::new());
        }
        out.push(format!("Without a point of its time in what was read: {}.", names.join(", ")));
    }
    out
}

fn runbooks(post: &PostMortem) -> Vec<String> {
    if post.transcripts.is_empty() {
        return vec!["No transcript of its time was found.".to_owned()];
    }
    let mut out = Vec::new();
    for transcript in post.transcripts {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.extend(block(transcript));
    }
    out
}
