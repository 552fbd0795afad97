//! The pane that holds the live stack against the written architecture: statement by statement under their headings, and the selected one in
//! full: what was found, why it is so, which AWS operation decides and by which rule.

use ratatui::layout::Rect;

use super::detail::Detail;
use super::{beside, position, spacious, split};
use crate::insight::conformance::{Counts, Outcome, Report, Statement, StatementResult};
use crate::session::Screen;
use crate::session::pane::verify as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::table::{Column, Fill, Table};
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let title = Phrase::of("Verify architecture", Role::Title);
    let Some(report) = v.session.report() else {
        let inner = ink.rule(area, &title, &Phrase::new(), true);
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        match v.session.statements_refused() {
            Some(why) => ink.prose(inner, &format!("cannot read the statements: {why}"), Role::Warn),
            None => ink.prose(inner, "Loading statements…", Role::Muted),
        };
        return;
    };
    let filter = v.session.list(screen.pane, &screen.subject, 0).filter;
    let shown = rows::statements(v.session, &filter);
    let place = position(v, screen, 0);
    let room = usize::from(area.width).saturating_sub(place.width() + 6);
    let inner = ink.rule(area, &headline(title, report, room), &place, true);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if shown.is_empty() {
        let text = format!("no statements match “{}”; Esc clears the filter", filter.text());
        let none = format!(
            "nothing is written down about {}: the built-in statements are of the documented architecture; 'nextcore-top verify --file' \
             holds a stack against statements of your own",
            v.session.stack.name
        );
        ink.prose(inner, if filter.is_empty() { &none } else { &text }, Role::Muted);
        return;
    }
    let ids = crate::session::rows::ids(v.session, screen.pane, &screen.subject, 0);
    let at = v.session.list(screen.pane, &screen.subject, 0).position(&ids);
    let (upper, lower) =
        if spacious(area) { beside(inner, inner.width * 3 / 5) } else { split(inner, inner.height - (inner.height * 2 / 5).clamp(5, 11)) };
    list(&shown, at, upper, ink);
    if let Some(row) = shown.get(at) {
        detail(v, row, lower, ink);
    }
}

/// The glyph and the role of a result.
fn sign(outcome: Outcome) -> (&'static str, Role) {
    let role = match outcome {
        Outcome::Pass => Role::Ok,
        Outcome::Warn => Role::Warn,
        Outcome::Fail => Role::Crit,
        Outcome::NotApplicable => Role::Muted,
        Outcome::Unknown => Role::Unknown,
        Outcome::Manual => Role::Info,
    };
    (outcome.signs().0, role)
}

/// The title with how many statements have which result; words give way before figures do.
fn headline<'a>(title: Phrase<'a>, report: &Report, room: usize) -> Phrase<'a> {
    let tally = |words: bool| {
        Outcome::ALL.into_iter().filter(|o| report.counts.get(*o) > 0).fold(Phrase::new(), |phrase, outcome| {
            let (mark, role) = sign(outcome);
            let word = if words { format!(" {}", outcome.word()) } else { String::new() };
            phrase.and("  ", Role::Text).and(mark, role).and(format!(" {}{word}", report.counts.get(outcome)), Role::Text)
        })
    };
    let full = title.clone().then(tally(true));
    if full.width() <= room { full } else { title.then(tally(false)) }
}

const COLUMNS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("id", 5, 0),
    Column::of("statement", 30, 3, Fill::Left, 0),
    Column::of("found", 24, 4, Fill::Left, 0),
];

/// A line of the list.
enum ListItem<'a> {
    /// Over what needs a person, of all groups.
    Attention(Counts),
    Heading(&'a str, Counts),
    Statement(&'a StatementResult),
}

/// The statements with a heading over each group; what needs attention is a group of its own, and still counts in that of its system.
fn lines<'a>(shown: &[&'a StatementResult]) -> Vec<ListItem<'a>> {
    let mut lines = Vec::with_capacity(shown.len() + 16);
    let urgent = |row: &&StatementResult| rows::attention(row.outcome).is_some();
    let (first, rest): (Vec<&StatementResult>, Vec<&StatementResult>) = shown.iter().copied().partition(urgent);
    if !first.is_empty() {
        lines.push(ListItem::Attention(Counts::of(first.iter().copied())));
        lines.extend(first.into_iter().map(ListItem::Statement));
    }
    let mut group = "";
    for row in rest {
        if row.about.group != group {
            group = &row.about.group;
            let own = shown.iter().copied().filter(|r| r.about.group == group);
            lines.push(ListItem::Heading(group, Counts::of(own)));
        }
        lines.push(ListItem::Statement(row));
    }
    lines
}

fn list(shown: &[&StatementResult], at: usize, area: Rect, ink: &mut Ink<'_>) {
    let lines = lines(shown);
    let chosen = shown.get(at);
    let is = |line: &ListItem<'_>| matches!(line, ListItem::Statement(r) if chosen.is_some_and(|c| std::ptr::eq(*r, *c)));
    let selected = lines.iter().position(is).map(|at| (at, true));
    Table { columns: COLUMNS, rows: lines.len(), selected, order: None }.draw(area, ink, |i| match lines.get(i) {
        Some(ListItem::Attention(counts)) => vec![Phrase::new(), Phrase::new(), Phrase::of("Needs attention", Role::Title), bad(*counts)],
        Some(ListItem::Heading(group, counts)) => heading(group, *counts),
        Some(ListItem::Statement(row)) => statement(row),
        None => Vec::new(),
    });
}

/// How many are not a pass, by result.
fn bad<'a>(counts: Counts) -> Phrase<'a> {
    let bad = [Outcome::Fail, Outcome::Warn, Outcome::Unknown].into_iter().filter(|o| counts.get(*o) > 0);
    bad.enumerate().fold(Phrase::new(), |phrase, (i, outcome)| {
        let (mark, role) = sign(outcome);
        phrase.and(if i == 0 { "" } else { "  " }, Role::Text).and(format!("{mark} {}", counts.get(outcome)), role)
    })
}

fn heading(group: &str, counts: Counts) -> Vec<Phrase<'_>> {
    let passed = Phrase::of(format!("{}/{} pass", counts.pass, counts.total()), Role::Muted);
    let told = passed.and("  ", Role::Text).then(bad(counts));
    vec![Phrase::new(), Phrase::new(), Phrase::of(group, Role::Title), told]
}

fn statement(row: &StatementResult) -> Vec<Phrase<'_>> {
    let (mark, role) = sign(row.outcome);
    let found = match row.outcome {
        Outcome::Pass | Outcome::NotApplicable => Role::Muted,
        _ => Role::Text,
    };
    vec![
        Phrase::of(mark, role),
        Phrase::of(row.about.id.as_str(), Role::Muted),
        Phrase::of(row.about.title.as_str(), Role::Text),
        Phrase::of(row.found.as_deref().or(row.why.as_deref()).unwrap_or("—"), found),
    ]
}

/// The selected statement in full.
fn detail(v: &View<'_>, row: &StatementResult, area: Rect, ink: &mut Ink<'_>) {
    let about = &row.about;
    let (mark, role) = sign(row.outcome);
    let text = |text: &str| Phrase::of(text.split_whitespace().collect::<Vec<_>>().join(" "), Role::Text);
    let verdict = Phrase::of(mark, role).and(format!(" {}", row.outcome.word()), Role::Title);
    let mut detail = Detail::new(format!("{} {}", about.id, about.title));
    detail = detail.with("verdict", verdict);
    detail = detail.with("found", text(row.found.as_deref().unwrap_or("—"))).maybe("why", row.why.as_deref().map(text));
    detail = detail.maybe("details", about.explain.as_deref().map(text));
    // What is manual says in `why` what to do.
    let by_hand = about.manual.as_deref().filter(|m| row.why.as_deref() != Some(*m) && row.outcome != Outcome::Pass);
    detail = detail.maybe("manual", by_hand.map(text)).with("based on", text(&about.source));
    for (key, rule) in v.session.statement(&about.id).into_iter().flat_map(Statement::rules) {
        detail = detail.with(rule_name(key), text(rule));
    }
    let from = match (about.inferred, about.optional.as_deref()) {
        (true, _) => Some("implied by the architecture, not stated in it".to_owned()),
        (false, Some(optional)) => Some(format!("{optional} is optional")),
        (false, None) => None,
    };
    detail = detail.maybe("note", from.map(|f| Phrase::of(f, Role::Muted)));
    detail.draw(area, ink);
}

fn rule_name(key: &str) -> &'static str {
    match key {
        "when" => "applies when",
        "pass" => "passes when",
        _ => "warns when",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::insight::conformance::About;

    fn row(id: &str, group: &str, outcome: Outcome) -> StatementResult {
        let about = About { id: id.into(), group: group.into(), ..About::default() };
        StatementResult { about: Arc::new(about), outcome, found: None, why: None }
    }

    #[test]
    fn what_needs_attention_stands_under_a_heading_of_its_own() {
        let all = [
            row("H03", "Claims", Outcome::Fail),
            row("S09", "Groups", Outcome::Warn),
            row("S01", "Groups", Outcome::Pass),
            row("H01", "Claims", Outcome::NotApplicable),
        ];
        let drawn: Vec<String> = lines(&all.iter().collect::<Vec<_>>())
            .iter()
            .map(|line| match line {
                ListItem::Attention(counts) => format!("attention {} {}", counts.fail, counts.warn),
                ListItem::Heading(group, counts) => format!("{group} {}/{}", counts.pass, counts.total()),
                ListItem::Statement(row) => row.about.id.clone(),
            })
            .collect();
        assert_eq!(drawn, ["attention 1 1", "H03", "S09", "Groups 1/2", "S01", "Claims 0/2", "H01"]);
        let calm = [row("S01", "Groups", Outcome::Pass)];
        assert!(matches!(lines(&calm.iter().collect::<Vec<_>>()).first(), Some(ListItem::Heading(..))), "nothing needs attention");
    }
}
