//! The rules of health, one file per system, each a table of rows: a new rule is a row.
//! This file is what a row is and how a table is applied; it knows no system. Called by `node`.

pub(crate) mod alarms;
pub(crate) mod balancer;
pub(crate) mod cache;
pub(crate) mod catalogue;
pub(crate) mod cdn;
pub(crate) mod dashboards;
pub(crate) mod database;
pub(crate) mod delivery;
pub(crate) mod dns;
pub(crate) mod ecr;
pub(crate) mod entrance;
pub(crate) mod logs;
pub(crate) mod nat;
pub(crate) mod network;
pub(crate) mod security;
pub(crate) mod security_groups;
pub(crate) mod service;
pub(crate) mod storage;
pub(crate) mod target_group;

use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{Family, Metrics, SeriesId};
use crate::model::section::{Section, SectionKey};
use crate::model::standing::Standing;
use crate::model::system::SystemSpec;

use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down};
use crate::insight::health::node::Assessment;

/// One rule about a subject of type `S`.
pub(crate) struct Rule<S> {
    /// Unique: names the rule in documents and tests.
    pub id: &'static str,
    /// What it decides, in one line.
    pub doc: &'static str,
    /// The sections that it cannot do without; it is skipped while one of them cannot be used.
    pub needs: &'static [SectionKey],
    /// The decision.
    pub check: fn(&Facts<'_>, &S) -> Option<Finding>,
}

/// One metric with limits: a rule that is pure data.
pub(crate) struct Gauge<M> {
    /// Unique, too.
    pub id: &'static str,
    /// Which metric of the subject.
    pub series: M,
    /// What it is called in a reason.
    pub label: &'static str,
    /// What it is judged by.
    pub limit: Limit,
    /// How its value is written.
    pub show: fn(f64) -> String,
}

/// Applies a table of what is written down about a stack: another than that one is not held against it.
pub(crate) fn apply_written<S>(rules: &[Rule<S>], facts: &Facts<'_>, mandatory: &[SectionKey], subject: &S) -> Vec<Finding> {
    if facts.written { apply(rules, facts, mandatory, subject) } else { Vec::new() }
}

/// Applies a table to a subject. What rests on a stale mandatory section is only what was last seen.
pub(crate) fn apply<S>(rules: &[Rule<S>], facts: &Facts<'_>, mandatory: &[SectionKey], subject: &S) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in rules {
        let mut stale = false;
        let usable = rule.needs.iter().all(|key| match facts.standing(*key) {
            Standing::Ready => true,
            Standing::Stale if mandatory.contains(key) => {
                stale = true;
                true
            }
            _ => false,
        });
        let Some(mut finding) = usable.then(|| (rule.check)(facts, subject)).flatten() else { continue };
        finding.basis = rule.needs.to_vec();
        if stale && finding.level != Level::Healthy {
            finding.level = finding.level.min(Level::Unknown);
            finding = finding.prefixed("last seen");
        }
        found.push(finding);
    }
    found
}

/// Judges things that are configured by name as one node: one that its section does not tell of is not known.
pub(crate) fn named<'n, T: Section, S>(
    facts: &Facts<'_>,
    ground: &SystemSpec,
    rules: &[Rule<S>],
    names: impl IntoIterator<Item = &'n str>,
    found: impl Fn(&str) -> Option<S>,
) -> Assessment {
    let mut findings = Vec::new();
    for name in names {
        let own = match found(name) {
            Some(subject) => apply(rules, facts, ground.mandatory, &subject),
            None if facts.fresh::<T>().is_some() && facts.store.unread::<T>(name, "").is_none() => {
                vec![Finding { basis: vec![T::KEY], ..Finding::new(Level::Unknown, "not in the answer") }]
            }
            None => Vec::new(),
        };
        findings.extend(own.into_iter().map(|f| f.prefixed(name)));
    }
    Assessment::of(facts, ground, findings)
}

/// What always publishes a figure and has none: how it does is not seen. AWS publishes them every minute of whatever runs.
pub(crate) fn unseen(facts: &Facts<'_>, id: impl Into<SeriesId>, what: &str) -> Option<Finding> {
    let (window, id) = (facts.window()?, id.into());
    // What is asked for seldom may have been asked for before there was anything of it, as of a new instance.
    let series = facts.store.get::<Metrics>().and_then(|m| m.series.get(id.as_str()));
    let too_soon = series.is_some_and(|s| s.points.is_empty() && s.every > 60);
    // That there are none of anything is said once.
    let missing = window.latest(&id).is_none() && window.silence().is_none() && !too_soon;
    let text = || format!("CloudWatch has no {what}: its figures are not seen");
    refused(facts, &id, what.trim_end_matches(" figures")).or_else(|| missing.then(|| Finding::new(Level::Unknown, text())))
}

/// A figure that CloudWatch has none of, while it has others of the same subject: it is lost, not zero.
pub(crate) fn lost<M: Family>(facts: &Facts<'_>, metric: M, subject: &str, what: &str) -> Option<Finding> {
    let window = facts.window()?;
    let others = || M::ALL.iter().any(|m| window.latest(m.series(subject)).is_some());
    unseen(facts, metric.series(subject), what).filter(|_| others())
}

/// What CloudWatch answered instead of a figure that a rule rests on: what it would say is not known.
pub(crate) fn refused(facts: &Facts<'_>, id: impl Into<SeriesId>, what: &str) -> Option<Finding> {
    let said = facts.window()?.refused(id)?;
    let said = if said.is_empty() { "refuses it".to_owned() } else { format!("says {said}") };
    let finding = Finding::new(Level::Unknown, format!("{} not known: CloudWatch {said}", what.to_lowercase()));
    Some(Finding { basis: vec![Metrics::KEY], ..finding })
}

/// The share of requests that failed, held against its limit. Failures that CloudWatch did not tell are not known to be none.
pub(crate) fn failures(
    facts: &Facts<'_>,
    what: &str,
    errors: impl Into<SeriesId>,
    requests: impl Into<SeriesId>,
    limit: Limit,
) -> Option<Finding> {
    let (window, errors, requests) = (facts.window()?, errors.into(), requests.into());
    let breach = window.share(&errors, &requests, &facts.limits().share(limit)).map(|b| balancer::failed(what, b));
    let left_out = window.has(&requests) && !window.has(&errors);
    let left_out = left_out.then(|| Finding::new(Level::Unknown, format!("{} not known: CloudWatch left it out", what.to_lowercase())));
    breach.or_else(|| refused(facts, &errors, what)).or_else(|| refused(facts, &requests, "requests")).or(left_out)
}

/// Applies a table of metrics to a subject by name; a series that is missing or silent does not apply.
pub(crate) fn gauges<M: Family>(rows: &[Gauge<M>], facts: &Facts<'_>, subject: &str) -> Vec<Finding> {
    let Some(window) = facts.window() else { return Vec::new() };
    let mut found = Vec::new();
    for row in rows {
        let id = row.series.series(subject);
        let bounds = facts.limits().bounds(row.limit);
        let critical = bounds.critical.and_then(|l| window.breach(&id, &l)).map(|b| (true, b));
        let worst = critical.or_else(|| bounds.warn.and_then(|l| window.breach(&id, &l)).map(|b| (false, b)));
        found.extend(refused(facts, &id, row.label));
        if let Some((critical, breach)) = worst {
            let text = format!("{} {}{}", row.label, (row.show)(breach.value), breach.span());
            let mut finding = if critical { down(text) } else { degraded(text) };
            finding.basis = vec![Metrics::KEY];
            found.push(finding);
        }
    }
    found
}
