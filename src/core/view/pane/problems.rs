//! Problems: a block of lines for each box that is not healthy, with its reasons in full and what it follows from. Which they are, and in
//! which order, is `session::pane::problems`'s.

use ratatui::layout::Rect;

use super::detail::selected;
use super::tabs;
use crate::insight::NodeId;
use crate::model::health::Level;
use crate::model::text::{age, cells, clip_middle};
use crate::session::pane::problems::{self as rows, Trouble};
use crate::session::{Screen, first_visible};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{clock, glyph, name};
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// Sign and word of a state, and the gap behind them.
const STATE: u16 = 12;
/// `not known`, and the gap behind it.
const LASTS: u16 = 11;
/// `28 Nov 02:31`, and the gap behind it.
const SINCE: u16 = 14;
/// From here on the time stands beside how long ago that is.
const WIDE: u16 = 100;
/// Prose is read badly in wider lines.
const WIDEST: u16 = 110;
/// So many lines of reasons belong to one box; the rest is in its pane.
const MOST: usize = 6;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let all = rows::troubles(v.session, &state.filter);
    let inner = tabs(v, screen, counted(&all), area, ink);
    if all.is_empty() {
        let text = if state.filter.is_empty() {
            calm(rows::unseen(v.session))
        } else {
            format!("no rows match “{}”; Esc clears the filter", state.filter.text())
        };
        ink.prose(inner, &text, Role::Muted);
        return;
    }
    let widest = all.iter().map(|t| cells(&called(v, &t.node))).max().unwrap_or(0) as u16;
    let columns = Columns::new(inner, widest);
    columns.head(ink);
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let at = selected(v, screen, screen.panel);
    let height = usize::from(body.height);
    // No more can be seen at once, whatever the height of each.
    let from = at.saturating_sub(height);
    let blocks: Vec<(&Trouble<'_>, Vec<Phrase<'_>>)> =
        all.iter().skip(from).take(2 * height + 1).map(|t| (t, told(t, columns.why.width))).collect();
    let before: usize = blocks.iter().take(at - from).map(|(_, lines)| lines.len()).sum();
    let own = blocks.get(at - from).map_or(1, |(_, lines)| lines.len());
    let total = blocks.iter().map(|(_, lines)| lines.len()).sum();
    let first = first_visible(before + own / 2, total, height).min(before);
    let lines = blocks.iter().enumerate().flat_map(|(i, (trouble, lines))| lines.iter().enumerate().map(move |(n, l)| (i, n, *trouble, l)));
    for (y, (i, n, trouble, line)) in (body.y..body.bottom()).zip(lines.skip(first)) {
        if n == 0 {
            columns.row(v, trouble, y, ink);
        }
        ink.phrase(columns.why.x, y, columns.why.right(), line);
        if i == at - from {
            ink.wash(Rect { y, height: 1, ..inner }, Role::Selection);
        }
    }
}

/// What stands where.
struct Columns {
    area: Rect,
    name: u16,
    lasts: u16,
    since: Option<u16>,
    why: Rect,
}

impl Columns {
    fn new(area: Rect, widest: u16) -> Self {
        let (x, most) = (area.x + STATE, if area.width < WIDE { 15 } else { 30 });
        let lasts = x + widest.clamp(3, most) + 2;
        let since = (area.width >= WIDE).then_some(lasts + LASTS);
        let why = since.map_or(lasts + LASTS, |since| since + SINCE);
        let width = area.right().saturating_sub(why).min(WIDEST);
        Self { area, name: x, lasts, since, why: Rect { x: why, width, ..area } }
    }

    fn head(&self, ink: &mut Ink<'_>) {
        let end = self.area.right();
        let heads = [(self.area.x, "state"), (self.name, "box"), (self.lasts, "for"), (self.why.x, "why")];
        for (x, title) in heads.into_iter().chain(self.since.map(|x| (x, "since (UTC)"))) {
            ink.put(x, self.area.y, end, title, Role::Muted);
        }
    }

    fn row(&self, v: &View<'_>, trouble: &Trouble<'_>, y: u16, ink: &mut Ink<'_>) {
        let (mark, role) = glyph(trouble.level);
        let state = Phrase::of(mark, role).and(" ", Role::Text).and(trouble.level.word(), role);
        ink.phrase(self.area.x, y, self.name, &state);
        let called = called(v, &trouble.node);
        let room = usize::from(self.lasts.saturating_sub(self.name + 2));
        ink.put(self.name, y, self.lasts - 1, &clip_middle(&called, room), Role::Title);
        let lasts = trouble.since.map(|since| age(since, v.now));
        let (lasts, role) = lasts.map_or_else(|| ("not known".to_owned(), Role::Muted), |lasts| (lasts, Role::Text));
        ink.put(self.lasts, y, self.why.x, &lasts, role);
        if let Some(x) = self.since {
            ink.put(x, y, self.why.x, &clock(trouble.since, v.now), Role::Muted);
        }
    }
}

/// What a box is called: its resource where there are several of the kind.
fn called(v: &View<'_>, node: &NodeId) -> String {
    v.session.called(node).map_or_else(|| name(node).into_owned(), |called| v.short(called).to_owned())
}

/// The reasons, wrapped and cut at the end only, then what they follow from.
fn told<'a>(trouble: &Trouble<'a>, width: u16) -> Vec<Phrase<'a>> {
    let width = usize::from(width).max(8);
    let mut lines = wrap(&trouble.reason, width);
    if lines.len() > MOST {
        lines.truncate(MOST);
        if let Some(last) = lines.last_mut() {
            while cells(last) >= width && last.pop().is_some() {}
            last.push('…');
        }
    }
    let mut lines: Vec<Phrase<'a>> = lines.into_iter().map(|line| Phrase::of(line, Role::Text)).collect();
    if let Some(incident) = trouble.incident {
        let part = if incident.is_about(&trouble.node) { "incident: " } else { "follows from: " };
        lines.push(Phrase::of(part, Role::Muted).and(incident.name.as_str(), Role::Accent));
    }
    lines
}

/// `✖ 2  ▲ 5  ? 1`.
fn counted(all: &[Trouble<'_>]) -> Phrase<'static> {
    let mut phrase = Phrase::new();
    for level in [Level::Down, Level::Degraded, Level::Unknown] {
        let n = all.iter().filter(|t| t.level == level).count();
        if n > 0 {
            let (mark, role) = glyph(level);
            let gap = if phrase.is_empty() { "" } else { "  " };
            phrase = phrase.and(gap, Role::Text).and(format!("{mark} {n}"), role);
        }
    }
    phrase
}

/// What is said where nothing is listed.
fn calm(unseen: usize) -> String {
    let rest = match unseen {
        0 => String::new(),
        1 => "; 1 box is not seen".to_owned(),
        n => format!("; {n} boxes are not seen"),
    };
    format!("nothing is wrong that can be seen{rest}")
}
