//! The selected row in full beneath the lists of a pane: labels with values that are wrapped, not cut.
//! Called by the panes whose tables cannot say everything.

use ratatui::layout::Rect;

use super::{Panels, beside, widen};
use crate::session::pane::row;
use crate::session::{Screen, rows};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// Cells of the labels.
const LABELS: u16 = 13;
/// Prose is read badly in wider lines.
const WIDEST: u16 = 110;

/// Rows that one row in full takes from the lists, and those that it needs to be of use.
const KEPT: u16 = 9;
const LEAST: u16 = 5;

/// One row in full.
pub(super) struct Detail<'a> {
    /// What it is.
    pub(super) title: Phrase<'a>,
    /// What is known of it, the most telling first.
    pub(super) pairs: Vec<(&'static str, Phrase<'a>)>,
}

impl<'a> Detail<'a> {
    /// A row of that name.
    pub(super) fn new(title: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self { title: Phrase::of(title, Role::Title), pairs: Vec::new() }
    }

    /// With a value.
    #[must_use]
    pub(super) fn with(mut self, label: &'static str, value: Phrase<'a>) -> Self {
        self.pairs.push((label, value));
        self
    }

    /// With a value, if there is one.
    #[must_use]
    pub(super) fn maybe(self, label: &'static str, value: Option<Phrase<'a>>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.with(label, value),
            _ => self,
        }
    }

    /// Draws it under a rule, in two columns where one would not hold it; returns the row behind.
    pub(super) fn draw(&self, area: Rect, ink: &mut Ink<'_>) -> u16 {
        self.draw_with(&Phrase::new(), area, ink)
    }

    /// Whether not all of it has room there, in as many columns as there may be.
    pub(super) fn is_cut(&self, area: Rect) -> bool {
        let columns = if area.width >= 100 { 2 } else { 1 };
        let needed: u16 = self.pairs.iter().map(|p| height(p, (area.width / columns).min(WIDEST))).sum();
        needed > area.height.saturating_sub(1) * columns
    }

    /// The same with something at the right end of the rule.
    pub(super) fn draw_with(&self, right: &Phrase<'_>, area: Rect, ink: &mut Ink<'_>) -> u16 {
        if area.height < 2 {
            return area.y;
        }
        let inner = ink.rule(widen(area), &self.title, right, false);
        let inner = Rect { x: area.x, width: area.width, ..inner };
        let width = inner.width.min(WIDEST);
        let needed: u16 = self.pairs.iter().map(|p| height(p, width)).sum();
        let columns = if needed > inner.height && inner.width >= 100 { 2 } else { 1 };
        let width = (inner.width / columns).min(WIDEST);
        let (mut x, mut y, mut column, mut behind) = (inner.x, inner.y, 1, inner.y);
        for pair in &self.pairs {
            if y + height(pair, width - 1) > inner.bottom() && y > inner.y && column < columns {
                (x, y, column) = (x + inner.width / columns, inner.y, column + 1);
            }
            y = draw_pair(pair, Rect { x, y, width: width - 1, height: inner.bottom().saturating_sub(y) }, ink);
            behind = behind.max(y);
        }
        behind
    }
}

fn flat(value: &Phrase<'_>) -> String {
    value.runs.iter().map(|(t, _)| t.as_ref()).collect()
}

fn height((_, value): &(&'static str, Phrase<'_>), width: u16) -> u16 {
    wrap(&flat(value), usize::from(width.saturating_sub(LABELS))).len() as u16
}

/// Label and value; returns the row behind it.
fn draw_pair((label, value): &(&'static str, Phrase<'_>), area: Rect, ink: &mut Ink<'_>) -> u16 {
    if area.height == 0 {
        return area.y;
    }
    ink.put(area.x, area.y, area.right(), label, Role::Muted);
    let x = area.x + LABELS;
    let rest = Rect { x, width: area.right().saturating_sub(x), ..area };
    if value.width() <= usize::from(rest.width) {
        ink.phrase(x, area.y, area.right(), value);
        return area.y + 1;
    }
    ink.prose(rest, &flat(value), value.runs.first().map_or(Role::Text, |r| r.1))
}

/// The index of the selected row of a panel.
pub(super) fn selected(v: &View<'_>, screen: &Screen, panel: usize) -> usize {
    let ids = rows::ids(v.session, screen.pane, &screen.subject, panel);
    v.session.list(screen.pane, &screen.subject, panel).position(&ids)
}

/// Rows that are kept for the selected row: what the lists leave, but always as many, so that nothing moves with the selection.
fn kept(v: &View<'_>, screen: &Screen, which: &[usize], height: u16) -> u16 {
    if height < 11 {
        return 0;
    }
    let wants = super::wants(v, screen);
    let own: Vec<u16> = which.iter().filter_map(|i| wants.get(*i)).map(|w| (*w).max(4)).collect();
    let least = LEAST.max(height / 4);
    let tabs = own.len() as u16 * 4 + least > height;
    let lists = if tabs { own.iter().max().copied().unwrap_or(0) } else { own.iter().fold(0, |a: u16, b| a.saturating_add(*b)) };
    height.saturating_sub(lists).clamp(least, KEPT.max(least))
}

/// All panels, and the selected row of the focused one beneath them; returns the area of that row.
pub(super) fn over(v: &View<'_>, screen: &Screen, panels: &Panels, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let all: Vec<usize> = (0..row(screen.pane).panels.len()).collect();
    keeping(v, screen, panels, kept(v, screen, &all, area.height), area, ink)
}

/// The same with so many rows for the selected row at least.
pub(super) fn keeping(v: &View<'_>, screen: &Screen, panels: &Panels, rows: u16, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let lists = Rect { height: area.height.saturating_sub(rows), ..area };
    let y = panels.draw(v, screen, lists, ink);
    Rect { y, height: area.bottom().saturating_sub(y), ..area }
}

/// Panels in two columns where there is room for all at once; returns the areas beneath the left and the right ones: the
/// right one is for the selected row.
pub(super) fn spread(v: &View<'_>, screen: &Screen, panels: &Panels, columns: &Columns, area: Rect, ink: &mut Ink<'_>) -> (Rect, Rect) {
    let (left, right) = beside(area, (u32::from(area.width) * u32::from(columns.percent) / 100) as u16);
    let beneath = |column: Rect, y: u16| Rect { y, height: column.bottom().saturating_sub(y), ..column };
    let first = panels.column(v, screen, columns.left, left, ink).unwrap_or(left.bottom());
    let lists = Rect { height: right.height - kept(v, screen, columns.right, right.height), ..right };
    let second = panels.column(v, screen, columns.right, lists, ink).unwrap_or(lists.y);
    (beneath(left, first), beneath(right, second))
}

/// What two columns leave for so many charts above them.
pub(super) fn left_over(v: &View<'_>, screen: &Screen, columns: &Columns, height: u16, charts: usize) -> u16 {
    // Taller charts would say no more.
    let most = (charts as u16).div_ceil(2) * 11;
    let wants = super::wants(v, screen);
    let sum = |which: &[usize]| which.iter().filter_map(|i| wants.get(*i)).fold(0_u16, |a, b| a.saturating_add((*b).max(4)));
    let lists = sum(columns.left).max(sum(columns.right) + KEPT);
    height.saturating_sub(lists).clamp(height / 4, height * 2 / 3).min(most)
}

/// Which panels stand where.
pub(super) struct Columns {
    /// Of the left column.
    pub(super) left: &'static [usize],
    pub(super) right: &'static [usize],
    /// How much of the width the left column takes.
    pub(super) percent: u16,
}

/// Labels and values under each other in one column, cut at its end; returns the row behind.
pub(super) fn stacked(pairs: &[(&str, Phrase<'_>)], area: Rect, ink: &mut Ink<'_>) -> u16 {
    let shown = pairs.iter().take(usize::from(area.height));
    shown.fold(area.y, |y, (label, value)| {
        ink.put(area.x, y, area.right(), label, Role::Muted);
        ink.phrase(area.x + LABELS, y, area.right(), value);
        y + 1
    })
}
