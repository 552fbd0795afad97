//! What is told of an incident beside its name: since when, on which evidence, from which cause, in which zone. Texts of the rule and values of
//! the document; nothing is decided here. Called by `detector`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde_json::Value as Json;

use super::record::{Confidence, Evidence};
use super::rule::Rule;
use super::said;
use super::scene::ask;
use crate::expression::{Answer, Expression, Facts};
use crate::model::Time;
use crate::model::store::Store;

/// Lines of evidence that are kept.
const LINES: usize = 12;

/// What a rule says of what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Telling {
    pub(super) since: Option<Time>,
    pub(super) zone: String,
    pub(super) evidence: Vec<Evidence>,
    pub(super) cause: String,
    pub(super) confidence: Confidence,
    pub(super) values: BTreeMap<String, String>,
}

impl Telling {
    pub(super) fn of(rule: &Rule, scene: &Facts, document: &Json, it: &str, heard: Option<(&Store, Time)>) -> Self {
        let text = |e: &Expression| e.json(scene).and_then(|v| v.as_str().map(str::to_owned));
        let since = rule.since.as_ref().and_then(text).and_then(|at| DateTime::parse_from_rfc3339(&at).ok()).map(|at| at.to_utc());
        // What is only held against others needs no log.
        let logged = || {
            let (store, began) = heard?;
            said::said(rule.logged.as_ref()?, it, store, since.unwrap_or(began))
        };
        let cause = rule.causes.iter().find(|c| c.when.as_ref().is_none_or(|when| ask(when, scene) == Answer::True));
        Self {
            since,
            zone: rule.zone.as_ref().and_then(text).unwrap_or_default(),
            evidence: evidence(rule, scene, document).into_iter().chain(logged()).collect(),
            cause: cause.map(|c| c.text.replace("{it}", it)).unwrap_or_default(),
            confidence: cause.map(|c| c.confidence).unwrap_or_default(),
            values: rule.values.iter().filter_map(|(name, e)| Some((name.clone(), text(e)?))).collect(),
        }
    }
}

/// The sections that an expression reads, by itself and by the windows and the names that it uses.
fn read_by(rule: &Rule, expression: &Expression) -> BTreeSet<&'static str> {
    let mut sections = expression.sections();
    for (_, window) in rule.windows.iter().filter(|(name, _)| expression.text().contains(&format!("window.{name}"))) {
        let metrics = window.is_series().then_some("metrics");
        sections.extend(window.expression().map(Expression::sections).unwrap_or_default().into_iter().chain(metrics));
    }
    for (name, own) in &rule.names {
        if expression.names().any(|n| n == name) {
            sections.extend(own.sections());
        }
    }
    sections
}

/// A text, or `{"text", "at"}` of something that happened at a time of its own.
fn said(value: &Json) -> Option<(&str, Option<Time>)> {
    if let Some(text) = value.as_str() {
        return Some((text, None));
    }
    let at = value.get("at").and_then(Json::as_str).and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    Some((value.get("text")?.as_str()?, at.map(|at| at.to_utc())))
}

/// What holds now of what the rule names as evidence: a text, one with its time, or a list of them; null says nothing.
pub(super) fn evidence(rule: &Rule, scene: &Facts, document: &Json) -> Vec<Evidence> {
    let mut lines = Vec::new();
    for expression in &rule.evidence {
        let Some(value) = expression.json(scene) else { continue };
        let sections = read_by(rule, expression);
        let read = |key: &&str| DateTime::parse_from_rfc3339(document.get("sections")?.get(*key)?.get("at")?.as_str()?).ok();
        let at = sections.iter().filter_map(read).max().map(|at| at.to_utc());
        let texts: Vec<(&str, Option<Time>)> = match &value {
            Json::Array(all) => all.iter().filter_map(said).collect(),
            one => said(one).into_iter().collect(),
        };
        // What is judged of several sections is of none of them.
        let source =
            if sections.is_empty() { "health".to_owned() } else { sections.into_iter().collect::<Vec<_>>().join(", ").replace('_', " ") };
        let told = |(text, own): (&str, Option<Time>)| Evidence { text: text.to_owned(), source: source.clone(), at: own.or(at) };
        lines.extend(texts.into_iter().filter(|t| !t.0.is_empty()).map(told));
    }
    lines.truncate(LINES);
    lines
}
