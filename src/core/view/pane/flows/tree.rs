//! A flow as the architecture draws it: places under each other, ways between them with what goes over them, branches as branches. A place
//! or way that is not well carries its reason beneath it. Called by the flows pane.

use ratatui::layout::Rect;

use crate::insight::panes::flows::{Edge, Flow, FlowPart, Hop};
use crate::insight::reading::{Measure, Unit};
use crate::model::health::Level;
use crate::model::text;
use crate::model::text::{cells, clip};
use crate::session::first_visible;
use crate::session::pane::flows::{Stop, stops};
use crate::theme::Role;
use crate::view::figures::{glyph, share};
use crate::view::widget::phrase::fit;
use crate::view::widget::{Fact, Ink, Phrase};

/// A way's figures take no more than this, so that the places behind them stand under each other.
const WAY: usize = 44;

/// One row of the drawing, and the place that it belongs to, as an index into the stops.
struct TreeRow {
    phrase: Phrase<'static>,
    stop: usize,
    /// It is the place itself.
    hop: bool,
}

/// What decides how a flow is drawn.
pub(super) struct Tree<'a> {
    pub(super) flow: &'a Flow,
    /// The selected place.
    pub(super) selected: Option<&'a Hop>,
    pub(super) focus: bool,
    /// What the filter lets through; the rest is dimmed. `None` = everything.
    pub(super) shown: Option<Vec<&'a Hop>>,
}

impl Tree<'_> {
    /// Rows that the drawing takes when it is tight.
    pub(super) fn height(&self, width: u16) -> u16 {
        self.lines(usize::from(width), false).len() as u16
    }

    /// Draws what has room, the selected place among it; returns the row behind.
    pub(super) fn draw(&self, area: Rect, ink: &mut Ink<'_>) -> u16 {
        let width = usize::from(area.width);
        let loose = self.lines(width, true);
        let lines = if loose.len() <= usize::from(area.height) { loose } else { self.lines(width, false) };
        let all = stops(self.flow);
        let is = |line: &TreeRow, hop: &Hop| line.hop && all.get(line.stop).is_some_and(|s| !s.again && std::ptr::eq(s.hop, hop));
        let at = self.selected.and_then(|hop| lines.iter().position(|l| is(l, hop)));
        let first = first_visible(at.unwrap_or(0), lines.len(), usize::from(area.height));
        let mut y = area.y;
        for (i, line) in lines.iter().enumerate().skip(first).take(usize::from(area.height)) {
            ink.phrase(area.x, y, area.right(), &line.phrase);
            let bar = Rect { x: area.x.saturating_sub(1), y, width: area.width + 2, height: 1 };
            if Some(i) == at {
                ink.wash(bar, if self.focus { Role::Selection } else { Role::SelectionInactive });
            } else if self.shown.as_ref().is_some_and(|s| !s.iter().any(|hop| is(line, hop))) {
                ink.wash(bar, Role::Faint);
            }
            y += 1;
        }
        let below = lines.len().saturating_sub(first + usize::from(area.height));
        if below > 0 {
            ink.put_right(y.saturating_sub(1), area.right(), &format!(" {below} more ▾"), Role::Muted);
        }
        y
    }

    /// `loose`: with an arrow on every way that leads straight down.
    fn lines(&self, width: usize, loose: bool) -> Vec<TreeRow> {
        let all = stops(self.flow);
        let mut pen = Pen { lines: Vec::new(), stop: 0, width, loose };
        for (i, stop) in all.iter().enumerate() {
            pen.stop = i;
            match stop.edge {
                Some(edge) if stop.straight => self.straight(stop, edge, &mut pen),
                Some(edge) => self.branch(stop, edge, &all, &mut pen),
                None => pen.push(hop_line(stop.hop, width), true),
            }
            if !stop.again {
                self.reason_of(stop, &mut pen);
            }
        }
        pen.lines
    }

    /// A way that leads straight down.
    fn straight(&self, stop: &Stop<'_>, edge: &Edge, pen: &mut Pen) {
        let (before, _) = rails(stop);
        let room = pen.width.saturating_sub(cells(&before));
        let figures = way(edge, room.saturating_sub(2));
        let said = !figures.is_empty();
        if said {
            pen.push(rail(&before, "│ ", edge).then(figures), false);
        }
        self.reason_of_way(edge, &format!("{before}│ "), pen);
        // The arrow says as much as an empty line.
        if pen.loose || !said {
            pen.push(rail(&before, "▾", edge), false);
        }
        pen.push(Phrase::of(before, Role::Border).then(hop_line(stop.hop, room)), true);
    }

    /// A way that branches off: with its place on one line where that is the end of it, else the place beneath.
    fn branch(&self, stop: &Stop<'_>, edge: &Edge, all: &[Stop<'_>], pen: &mut Pen) {
        let (before, under) = rails(stop);
        // A branch that is a tree of its own has an empty line before it.
        if pen.loose && !stop.leaf {
            pen.push(Phrase::of(format!("{before}│"), Role::Border), false);
        }
        let head = rail(&before, if stop.last { "└─" } else { "├─" }, edge);
        let room = pen.width.saturating_sub(head.width());
        if !stop.leaf {
            pen.push(head.and(" ", Role::Text).then(way(edge, room.saturating_sub(1))), false);
            self.reason_of_way(edge, &under, pen);
            pen.push(Phrase::of(under, Role::Border).then(hop_line(stop.hop, room.saturating_sub(1))), true);
            return;
        }
        let own = aligned(stop, all).min(WAY.min(room / 2));
        let figures = way(edge, own);
        let (gap, line) = match own {
            0 => ("", "▸ ".to_owned()),
            _ => (" ", format!(" {}▸ ", "─".repeat(own + 1 - figures.width().min(own)))),
        };
        let begun = head.and(gap, Role::Text).then(figures).and(line, wire(edge));
        let left = pen.width.saturating_sub(begun.width());
        let place =
            if stop.again { Phrase::of(format!("{} (shown below)", stop.hop.title), Role::Muted) } else { hop_line(stop.hop, left) };
        pen.push(begun.then(place), true);
        self.reason_of_way(edge, &under, pen);
    }

    fn reason_of(&self, stop: &Stop<'_>, pen: &mut Pen) {
        let index = self.flow.hops.iter().position(|h| std::ptr::eq(h, stop.hop));
        let (_, beneath) = rails(stop);
        let before = if stop.leaf { format!("{beneath}  ") } else { format!("{beneath}│ ") };
        self.reason((stop.hop.level, stop.hop.reason.as_deref()), index.map(FlowPart::Hop), &before, pen);
    }

    fn reason_of_way(&self, edge: &Edge, before: &str, pen: &mut Pen) {
        let index = self.flow.edges.iter().position(|e| std::ptr::eq(e, edge));
        self.reason((edge.level, edge.reason.as_deref()), index.map(FlowPart::Edge), before, pen);
    }

    fn reason(&self, (level, reason): (Level, Option<&str>), place: Option<FlowPart>, before: &str, pen: &mut Pen) {
        // What cannot be told stands with the place.
        let Some(reason) = reason.filter(|_| level >= Level::Info && level != Level::Unknown) else { return };
        let (mark, role) = glyph(level);
        let origin = self.flow.trouble.as_ref().is_some_and(|t| Some(t.origin) == place && t.origin != t.first);
        let tail = if origin { " ◂ starts here" } else { "" };
        let room = pen.width.saturating_sub(cells(before) + 2 + cells(tail));
        let line = Phrase::of(before.to_owned(), Role::Border).and(mark, role).and(" ", Role::Text);
        pen.push(line.and(clip(reason, room).into_owned(), role).and(tail, role), false);
    }
}

/// What is being drawn.
struct Pen {
    lines: Vec<TreeRow>,
    /// The stop that is drawn now.
    stop: usize,
    width: usize,
    loose: bool,
}

impl Pen {
    fn push(&mut self, phrase: Phrase<'static>, hop: bool) {
        self.lines.push(TreeRow { phrase, stop: self.stop, hop });
    }
}

/// What stands in front of a stop, and in front of what is beneath it.
fn rails(stop: &Stop<'_>) -> (String, String) {
    let before: String = stop.rails.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    let beneath =
        if stop.straight || stop.edge.is_none() { before.clone() } else { format!("{before}{}", if stop.last { "   " } else { "│  " }) };
    (before, beneath)
}

fn wire(edge: &Edge) -> Role {
    if edge.level >= Level::Info { glyph(edge.level).1 } else { Role::Border }
}

fn rail(before: &str, sign: &'static str, edge: &Edge) -> Phrase<'static> {
    Phrase::of(before.to_owned(), Role::Border).and(sign, wire(edge))
}

/// The widest figures among the ways that end beside this one, so that their places stand under each other.
fn aligned(stop: &Stop<'_>, all: &[Stop<'_>]) -> usize {
    let from = stop.edge.map(|e| e.from.as_str());
    let beside = all.iter().filter(|s| s.leaf && !s.straight && s.edge.map(|e| e.from.as_str()) == from);
    beside.filter_map(|s| s.edge).map(|e| way(e, WAY).width()).max().unwrap_or(0)
}

/// What goes over a way.
fn way(edge: &Edge, room: usize) -> Phrase<'static> {
    let label = Fact::new(0, Phrase::of(edge.label.clone(), Role::Text));
    let figures = edge.figures.iter().enumerate().map(|(i, m)| Fact::new(i as u8 + 1, measure(m)));
    fit(std::iter::once(label).chain(figures).collect(), room, 2)
}

/// A place: its glyph, its name, what is known of it.
fn hop_line(hop: &Hop, room: usize) -> Phrase<'static> {
    let (mark, role) = if hop.node.is_none() { ("○", Role::Muted) } else { glyph(hop.level) };
    let title = Fact::new(0, Phrase::of(mark, role).and(" ", Role::Text).and(hop.title.clone(), Role::Title));
    let why = hop.reason.as_ref().filter(|_| hop.level == Level::Unknown).map(|r| Fact::new(1, Phrase::of(r.clone(), Role::Unknown)));
    let facts = why.into_iter().chain(hop.facts.iter().map(|f| Fact::new(1, Phrase::of(f.clone(), Role::Text))));
    let figures = hop.figures.iter().enumerate().map(|(i, m)| Fact::new(i as u8 + 2, measure(m)));
    let name = Fact::new(9, Phrase::of(hop.name.clone(), Role::Muted));
    fit(std::iter::once(title).chain(facts).chain(figures).chain([name]).collect(), room, 2)
}

/// A figure as people say it: `310/s`, `p95 142 ms`, `84 connections`.
pub(super) fn measure(m: &Measure) -> Phrase<'static> {
    let named = |value: String| Phrase::labelled(m.label, value, Role::Text);
    match (m.unit, m.label) {
        (Unit::PerSecond, label) if label.starts_with("requests") => {
            let whose = label.trim_start_matches("requests");
            Phrase::of(format!("{}/s", text::rate(m.value)), Role::Text).and(whose, Role::Muted)
        }
        (Unit::PerSecond, label) if label.starts_with("misses") => {
            Phrase::of(format!("{}/s ", text::rate(m.value)), Role::Text).and(label, Role::Muted)
        }
        (Unit::PerSecond, "IOPS") => Phrase::of(text::rate(m.value), Role::Text).and(" IOPS", Role::Muted),
        (Unit::PerSecond, label) => Phrase::of(text::rate(m.value), Role::Text).and(format!(" {label}/s"), Role::Muted),
        (Unit::Count, "load") => named(format!("{:.1}", m.value)),
        (Unit::Count, label) => Phrase::of(text::count(m.value), Role::Text).and(format!(" {label}"), Role::Muted),
        (Unit::Bytes, _) => named(text::bytes(m.value)),
        (Unit::BytesPerSecond, _) => named(format!("{}/s", text::bytes(m.value))),
        (Unit::Seconds, _) if m.value < 0.01 => named(format!("{:.1} ms", m.value * 1000.0)),
        (Unit::Seconds, _) => named(text::latency(m.value)),
        (Unit::Percent, "5xx") => named(share(Some(m.value))),
        (Unit::Percent, _) => named(format!("{:.0} %", m.value)),
    }
}
