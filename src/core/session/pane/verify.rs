//! The pane that holds the live stack against the written architecture: its row, and the statements, those that need a person first.

use crate::input::Jump;
use crate::insight::NodeId;
use crate::insight::conformance::{Outcome, Report, StatementResult};
use crate::model::cache::CacheSubnets;
use crate::model::log::LogGroup;
use crate::model::section::Section;
use crate::model::service::TaskDefinitions;
use crate::model::system::System;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::named;

use super::{Lead, PaneId, PaneRow, Query, opens};

/// Its row; what the diagram rests on is read anyway.
pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Verify,
    place: Some(Jump::Verify),
    needs: &[TaskDefinitions::KEY, LogGroup::KEY, CacheSubnets::KEY],
    panels: &[opens("Statements", |s, q| named(statements(s, &q.list.filter), |r| copied(r)), node)],
};

/// The place of a result that needs a person, before all others: what is wrong, what is nearly so, what nobody could tell.
pub(crate) fn attention(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::Fail => Some(0),
        Outcome::Warn => Some(1),
        Outcome::Unknown => Some(2),
        Outcome::Pass | Outcome::NotApplicable | Outcome::Manual => None,
    }
}

/// The statements with their results: first those that need attention, then the others in the order of the architecture. A word that is a verdict (`fail`, `!pass`) is held against the verdict alone: `failover` is no failure.
pub(crate) fn statements<'a>(session: &'a Session, filter: &Filter) -> Vec<&'a StatementResult> {
    session.report().map_or_else(Vec::new, |r| shown(r, filter))
}

fn shown<'a>(report: &'a Report, filter: &Filter) -> Vec<&'a StatementResult> {
    let mut rows = matching(report, filter);
    rows.sort_by_key(|row| attention(row.outcome).unwrap_or(u8::MAX));
    rows
}

fn matching<'a>(report: &'a Report, filter: &Filter) -> Vec<&'a StatementResult> {
    let all = &report.rows;
    if filter.is_empty() {
        return all.iter().collect();
    }
    let (verdicts, words): (Vec<&str>, Vec<&str>) = filter.text().split_whitespace().partition(|w| verdict(w).is_some());
    let rest = Filter::parse(&words.join(" "));
    let (not, is): (Vec<_>, Vec<_>) = verdicts.into_iter().filter_map(verdict).partition(|(negated, _)| *negated);
    let wanted = |row: &&StatementResult| {
        let (about, has) = (&row.about, |all: &[(bool, Outcome)]| all.iter().any(|(_, o)| *o == row.outcome));
        let [found, why] = [&row.found, &row.why].map(|text| text.as_deref().unwrap_or_default());
        (is.is_empty() || has(&is))
            && !has(&not)
            && (rest.is_empty() || rest.matches_fields(&[&about.id, &about.group, &about.title, found, why, &about.source]))
    };
    all.iter().filter(wanted).collect()
}

/// A word of the filter that is a verdict, and whether it is excluded.
fn verdict(word: &str) -> Option<(bool, Outcome)> {
    let (negated, word) = word.strip_prefix('!').map_or((false, word), |w| (true, w));
    Outcome::ALL.into_iter().find(|o| o.word().eq_ignore_ascii_case(word)).map(|o| (negated, o))
}

/// What `y` copies: `V01 fail: 10.1.0.0/16`.
fn copied(row: &StatementResult) -> String {
    let (id, word) = (&row.about.id, row.outcome.word());
    match row.found.as_ref().or(row.why.as_ref()) {
        Some(found) => format!("{id} {word}: {found}"),
        None => format!("{id} {word}"),
    }
}

/// Enter on a statement: the system that it is about, where that is one box.
fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    let all = statements(session, &query.list.filter);
    let about = &all.get(index)?.about;
    let named = || session.stack.services.iter().find(|s| about.title.to_lowercase().contains(&s.role.title().to_lowercase()));
    match System::read_by(&about.source) {
        Some(system) => Some(Lead::Node(NodeId::of(system))),
        None => named().map(|s| Lead::Node(NodeId::service(&s.name))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::insight;
    use crate::insight::conformance::{About, Counts, Only, Statements};
    use crate::session::pane::ALWAYS;

    #[test]
    fn everything_that_a_statement_reads_is_asked_for() {
        let mut asked = insight::sections();
        asked.extend(ROW.needs.iter().chain(ALWAYS));
        let reads = Statements::builtin().unwrap().needs(&Only::all());
        let never: Vec<_> = reads.iter().filter(|key| !asked.iter().any(|k| k.0 == **key)).collect();
        assert!(never.is_empty(), "these would stay unknown for ever: {never:?}");
    }

    fn row(id: &str, title: &str, outcome: Outcome) -> StatementResult {
        let about = About { id: id.into(), title: title.into(), ..About::default() };
        StatementResult { about: Arc::new(about), outcome, found: Some("yes".into()), why: None }
    }

    fn report(rows: Vec<StatementResult>) -> Report {
        Report { stack: String::new(), region: String::new(), elsewhere: None, as_of: String::new(), counts: Counts::of(&rows), rows }
    }

    #[test]
    fn what_needs_attention_comes_first_and_the_rest_keeps_its_order() {
        let report = report(vec![
            row("G01", "region", Outcome::Pass),
            row("S09", "self", Outcome::Warn),
            row("P07", "scan", Outcome::Unknown),
            row("H04", "time", Outcome::Manual),
            row("S10", "else", Outcome::Pass),
            row("H01", "count", Outcome::NotApplicable),
            row("H03", "RTO", Outcome::Fail),
            row("H05", "NAT", Outcome::Warn),
        ]);
        let order: Vec<&str> = shown(&report, &Filter::parse("")).iter().map(|r| r.about.id.as_str()).collect();
        assert_eq!(order.join(" "), "H03 S09 H05 P07 G01 H04 S10 H01");
    }

    #[test]
    fn a_verdict_in_the_filter_is_held_against_the_verdict_alone() {
        let rows = vec![
            row("C01", "automatic failover", Outcome::Pass),
            row("D08", "Multi-AZ", Outcome::Fail),
            row("D09", "KMS", Outcome::Unknown),
        ];
        let report = report(rows);
        for (filter, ids) in [
            ("", "D08 D09 C01"),
            ("fail", "D08"),
            ("FAIL", "D08"),
            ("fail unknown", "D08 D09"),
            ("!fail", "D09 C01"),
            ("failo", "C01"),
            ("pass failover", "C01"),
            ("fail failover", ""),
            ("d0", "D08 D09"),
        ] {
            let found: Vec<&str> = shown(&report, &Filter::parse(filter)).iter().map(|r| r.about.id.as_str()).collect();
            assert_eq!(found.join(" "), ids, "{filter:?}");
        }
    }
}
