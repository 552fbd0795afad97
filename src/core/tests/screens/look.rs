//! A screen as text: drawn at a size, cut to the rectangle that a test is about, each row followed by its styles.

use std::fmt::Write;

use nextcore_core::session::Session;
use nextcore_core::theme::Theme;
use nextcore_core::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

/// The three sizes that a person may have.
pub(crate) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

pub(crate) fn draw(session: &Session, theme: &Theme, size: (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(session, theme, buffer.area, &mut buffer);
    buffer
}

/// What stands between the header and the line of hints: a change of either is no change of a pane.
pub(crate) fn body(buffer: &Buffer) -> Rect {
    Rect { y: buffer.area.y + 1, height: buffer.area.height.saturating_sub(2), ..buffer.area }
}

/// The smallest rectangle of the body with everything in it that differs: what was drawn over one of the two.
pub(crate) fn changed(before: &Buffer, after: &Buffer) -> Rect {
    let area = body(after);
    let cells = area.positions().filter(|at| before.cell(*at) != after.cell(*at));
    let cells = cells.map(|at| Rect::new(at.x, at.y, 1, 1));
    cells.reduce(Rect::union).unwrap_or_default()
}

/// The whole screen.
pub(crate) fn dump(buffer: &Buffer) -> String {
    dump_of(buffer, buffer.area)
}

/// Text rows, each followed by the style runs that differ from the default: `column+length:style`.
pub(crate) fn dump_of(buffer: &Buffer, area: Rect) -> String {
    let mut out = String::new();
    for y in area.rows().map(|row| row.y) {
        let mut row = String::new();
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        let mut skip = 0;
        for x in 0..area.width {
            let cell = buffer.cell((area.x + x, y)).expect("inside");
            if skip == 0 {
                row.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            }
            skip -= 1;
            let style = style(cell.fg, cell.bg, cell.modifier);
            match runs.last_mut() {
                Some(run) if run.2 == style && run.0 + run.1 == x => run.1 += 1,
                _ if style.is_empty() => {}
                _ => runs.push((x, 1, style)),
            }
        }
        out.push_str(row.trim_end());
        out.push('\n');
        if !runs.is_empty() {
            let runs: Vec<String> = runs.into_iter().map(|(x, n, s)| format!("{x}+{n}:{s}")).collect();
            let _ = writeln!(out, "    ⟨{}⟩", runs.join(" "));
        }
    }
    out
}

/// The text of a screen without its styles.
pub(crate) fn text(session: &Session, size: (u16, u16)) -> String {
    dump(&draw(session, &Theme::terminal(), size)).lines().filter(|l| !l.starts_with("    ⟨")).fold(String::new(), |all, l| all + l + "\n")
}

/// Compares with the file of that name in `snapshots/`.
pub(crate) fn agreed(name: &str, out: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, out));
}

fn style(fg: Color, bg: Color, modifier: Modifier) -> String {
    let mut parts = Vec::new();
    if fg != Color::Reset {
        parts.push(format!("{fg:?}").to_lowercase());
    }
    if bg != Color::Reset {
        parts.push(format!("on-{bg:?}").to_lowercase());
    }
    for (flag, name) in [(Modifier::BOLD, "b"), (Modifier::DIM, "d"), (Modifier::REVERSED, "r"), (Modifier::UNDERLINED, "u")] {
        if modifier.contains(flag) {
            parts.push(name.to_owned());
        }
    }
    parts.join("/")
}
