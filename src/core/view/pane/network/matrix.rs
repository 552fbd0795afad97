//! The paths that the security groups permit, from each end to each other: the written architecture's drawing as a matrix, deviations marked.

use ratatui::layout::Rect;

use super::over_title;
use crate::insight::topology::paths::{Cell, CellVerdict, End, Paths, PortRange, paths};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{glyph, tone};
use crate::view::widget::{Ink, Phrase};

/// Title, the ends, and a row for each of them.
pub(super) const HEIGHT: u16 = 8;
/// The same without title and legend.
pub(super) const SHORT: u16 = 6;
/// Cells of the names of the rows.
const NAMES: u16 = 10;

/// The paths at this moment.
pub(super) fn of(v: &View<'_>) -> Paths {
    paths(v.store, v.judgement, &v.session.stack, v.now)
}

/// From each row to each column; `Other` only where a rule names it.
pub(super) fn draw(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    if area.height < SHORT {
        return;
    }
    let paths = of(v);
    let inner = if area.height < HEIGHT { area } else { over_title("Permitted paths", area, ink) };
    if paths.groups.iter().all(|(_, groups)| groups.is_empty()) {
        let why = paths.missing.as_deref().unwrap_or("no security groups for this stack's resources");
        ink.put(inner.x, inner.y, inner.right(), why, Role::Muted);
        return;
    }
    let named = |end: End| paths.matrix.iter().flatten().any(|c| (c.from == end || c.to == end) && c.verdict != CellVerdict::Closed);
    let ends: Vec<End> = End::ALL.into_iter().filter(|e| *e != End::Other || named(End::Other)).collect();
    // What comes in from the internet is the first row, what goes out to it the last column.
    let columns: Vec<End> = ends.iter().copied().filter(|e| *e != End::Internet).chain([End::Internet]).collect();
    let room = inner.width.saturating_sub(NAMES) / columns.len() as u16;
    ink.put(inner.x, inner.y, inner.x + NAMES, "from ╲ to", Role::Muted);
    for (i, to) in columns.iter().enumerate() {
        let x = inner.x + NAMES + i as u16 * room;
        ink.put(x, inner.y, x + room, to.title(), Role::Muted);
        for (row, from) in ends.iter().enumerate() {
            let y = inner.y + 1 + row as u16;
            if y >= inner.bottom() {
                break;
            }
            ink.put(inner.x, y, inner.x + NAMES, from.title(), Role::Muted);
            if let Some(cell) = paths.cell(*from, *to) {
                ink.phrase(x, y, x + room - 1, &said(cell));
            }
        }
    }
    let y = inner.y + 1 + ends.len() as u16;
    if y < inner.bottom() {
        ink.phrase(inner.x, y, inner.right(), &legend(&paths));
    }
}

/// What the marks mean that are on the screen.
fn legend(paths: &Paths) -> Phrase<'static> {
    let has = |verdict: CellVerdict| paths.matrix.iter().flatten().any(|c| c.verdict == verdict);
    let all = [
        (CellVerdict::Missing, "✖", "expected, not permitted"),
        (CellVerdict::Extra, "▲", "permitted, not expected"),
        (CellVerdict::Half, "◐", "permitted on one side only"),
        (CellVerdict::Unknown, "?", "unknown group"),
    ];
    let line = all.into_iter().filter(|(verdict, ..)| has(*verdict)).fold(Phrase::new(), |line, (_, mark, words)| {
        line.and(format!("{mark} "), Role::Muted).and(words, Role::Muted).and("   ", Role::Text)
    });
    if line.is_empty() { Phrase::of("as expected", Role::Muted) } else { line }
}

/// `8000, 3000`; a mark before what is not as written.
fn said(cell: &Cell) -> Phrase<'static> {
    let ports = |ports: &[PortRange]| ports.iter().map(short).collect::<Vec<_>>().join(", ");
    let (_, role) = glyph(cell.level);
    match cell.verdict {
        CellVerdict::Closed => Phrase::of("·", Role::Faint),
        CellVerdict::Unknown => Phrase::of("?", Role::Unknown),
        CellVerdict::AsWritten => Phrase::of(ports(&cell.ports), Role::Text),
        CellVerdict::Missing => {
            let closed: Vec<PortRange> = cell.written.iter().filter(|w| !cell.ports.iter().any(|p| p.contains(w))).cloned().collect();
            let open = if cell.ports.is_empty() { Phrase::new() } else { Phrase::of(format!("{} ", ports(&cell.ports)), Role::Text) };
            open.and(format!("✖ {}", ports(&closed)), role)
        }
        CellVerdict::Extra => Phrase::of(format!("▲ {}", ports(&cell.ports)), role),
        CellVerdict::Half => {
            let open = if cell.ports.is_empty() { Phrase::new() } else { Phrase::of(format!("{} ", ports(&cell.ports)), Role::Text) };
            // One side is enough for the written architecture where it says so itself.
            let role = if tone(cell.level) == Role::Text { Role::Muted } else { role };
            open.and(format!("◐ {}", ports(&cell.half)), role)
        }
    }
}

/// `8000`: TCP goes without saying, as in the written architecture.
pub(super) fn short(ports: &PortRange) -> String {
    let words = ports.to_string();
    match words.as_str() {
        "all" => "All".to_owned(),
        words => words.strip_prefix("tcp ").unwrap_or(words).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::health::Level;

    fn cell(ports: Vec<PortRange>, written: Vec<PortRange>, verdict: CellVerdict, level: Level) -> String {
        let cell = Cell { from: End::Alb, to: End::Ecs, ports, half: Vec::new(), written, verdict, level };
        said(&cell).runs.iter().map(|(t, _)| t.as_ref()).collect()
    }

    #[test]
    fn a_cell_marks_what_is_not_as_written() {
        let (api, web) = (PortRange::tcp(8000), PortRange::tcp(3000));
        let both = vec![web.clone(), api.clone()];
        assert_eq!(cell(both.clone(), both.clone(), CellVerdict::AsWritten, Level::Healthy), "3000, 8000");
        assert_eq!(cell(vec![web], both, CellVerdict::Missing, Level::Down), "3000 ✖ 8000");
        assert_eq!(cell(vec![PortRange::all()], Vec::new(), CellVerdict::Extra, Level::Degraded), "▲ All");
        assert_eq!(cell(Vec::new(), Vec::new(), CellVerdict::Closed, Level::Healthy), "·");
    }
}
