//! Boxes that are a line among others: glyph, name, figures; further lines where a column gives them room; and the same
//! inside a border. What they say stands in the files of their systems; this file knows no system.

use ratatui::layout::Rect;

use super::{head, tell};
use crate::insight::NodeId;
use crate::session::layout::{Area, Look, Placed};
use crate::theme::Role;
use crate::view::View;
use crate::view::state::Missing;
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Chart, Fact, Ink, Phrase};

/// What one such box says.
pub(super) struct Small {
    pub(super) name: &'static str,
    /// Its name where it shares a line, and from how many cells on the full one is used there.
    pub(super) short: (&'static str, u16),
    /// Its figures, the most telling first.
    pub(super) facts: Facts,
    /// The figures stand inside a border too; else the further lines say it all there.
    pub(super) framed: bool,
    /// Further lines for so many cells.
    pub(super) more: for<'a> fn(&View<'a>, usize) -> Vec<Phrase<'a>>,
    /// Charts for a border with much room.
    pub(super) charts: for<'a> fn(&View<'a>) -> Vec<Chart<'a>>,
}

/// The figures of a box in a room of so many cells, or why there are none.
pub(super) type Facts = for<'a> fn(&View<'a>, usize) -> Result<Vec<Fact<'a>>, Missing<'a>>;

/// No further lines.
pub(super) fn no_more<'a>(_: &View<'a>, _: usize) -> Vec<Phrase<'a>> {
    Vec::new()
}

pub(super) fn no_charts<'a>(_: &View<'a>) -> Vec<Chart<'a>> {
    Vec::new()
}

/// What says that an optional system is absent.
pub(super) fn not_used<'a>(room: usize) -> Vec<Fact<'a>> {
    vec![Fact::new(0, Phrase::of(if room < 10 { "n/a" } else { "– not used" }, Role::Muted))]
}

/// A fact that only exists when there is something to say.
pub(super) fn fact(rank: u8, text: impl Into<String>, role: Role) -> Fact<'static> {
    Fact::new(rank, Phrase::of(text.into(), role))
}

/// `3 roles`, or `2 of 3` in the colour of what is missing.
pub(super) fn counted(there: usize, of: usize, what: &str) -> Phrase<'_> {
    if there < of {
        return Phrase::of(format!("{there} of {of}"), Role::Crit);
    }
    let count = Phrase::of(there.to_string(), Role::Text);
    let what = if there == 1 { what.strip_suffix('s').unwrap_or(what) } else { what };
    if what.is_empty() { count } else { count.and(" ", Role::Text).and(what, Role::Muted) }
}

/// The line, and what there is room for beneath it.
pub(super) fn line(small: &Small, v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let Area { x, y, w, h } = placed.place;
    let chip = placed.look == Look::Chip;
    // At the edge of the screen a line keeps one blank; beside others it has its gap.
    let end = x + w - u16::from(!chip);
    let short = chip && (w < small.short.1 || says_more(small, v, usize::from(end.saturating_sub(x))));
    let name = if short { small.short.0 } else { small.name };
    if chip {
        // It may stand on a rule, which must not touch it.
        ink.blank(Rect { x, y, width: name.len() as u16 + 5, height: 1 });
    }
    let at = head(v, placed, name, name.len() as u16, ink).saturating_sub(u16::from(chip));
    let room = usize::from(end.saturating_sub(at));
    match (small.facts)(v, room) {
        Ok(mut facts) => {
            // A word that is cut says nothing: the first figure stays, what follows gives way.
            while facts.iter().filter(|f| f.rank == 0).map(|f| f.phrase.width() + 1).sum::<usize>() > room + 1 && facts.len() > 1 {
                facts.pop();
            }
            // Where not everything fits with two blanks between, more fits with one.
            let wide: usize = facts.iter().map(|f| f.phrase.width() + 2).sum();
            let at = ink.phrase(at, y, end, &fit(facts, room, if chip && wide > room + 2 { 1 } else { 2 }));
            ink.put(at, y, end + 1, " ", Role::Text);
        }
        Err(missing) => {
            let all = [missing.long, missing.short, Phrase::of("▲", Role::Warn)];
            let said = all.into_iter().find(|p| p.width() <= room).unwrap_or_default();
            let at = ink.phrase(at, y, end, &said);
            ink.put(at, y, end + 1, " ", Role::Text);
            return tell(v, placed, ink);
        }
    }
    if h > 1 {
        let rest = Rect { x: x + 3, y: y + 1, width: end.saturating_sub(x + 3), height: h - 1 };
        ink.lines(rest, &(small.more)(v, usize::from(rest.width)));
    }
    tell(v, placed, ink);
}

/// Whether the figures say more behind the short name: a name gives way to what there is to tell.
fn says_more(small: &Small, v: &View<'_>, width: usize) -> bool {
    let said = |name: &str| {
        let facts = (small.facts)(v, width.saturating_sub(name.len() + 4)).unwrap_or_default();
        facts.iter().filter(|f| f.rank == 0).map(|f| f.phrase.width()).sum::<usize>()
    };
    small.short.0 != small.name && said(small.short.0) > said(small.name)
}

/// Inside a border.
pub(super) fn body(small: &Small, v: &View<'_>, _: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    let width = usize::from(area.width);
    let more = (small.more)(v, width);
    let mut lines = match (small.facts)(v, width) {
        Ok(facts) if small.framed || more.is_empty() => vec![fit(facts, width, 2)],
        Ok(_) => Vec::new(),
        Err(missing) => return super::explain(&missing.lines, area, ink),
    };
    lines.extend(more);
    let y = ink.lines(area, &lines);
    let rest = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
    grid(&(small.charts)(v), rest, 20, ink);
}
