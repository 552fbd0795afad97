//! Help: COMMANDS as two columns over the body. What does not work here is dim.

use ratatui::layout::Rect;

use crate::input::{COMMANDS, Command, Dir, Intent, Key};
use crate::model::health::Level;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::glyph;
use crate::view::widget::{Ink, Phrase};

/// The cells of one column: keys, a gap, what they do.
const KEYS: u16 = 12;
const COLUMN: u16 = 44;

/// Rows of the legend where it is long, and a blank one above it.
const LEGEND: u16 = 3;

/// Draws the layer.
pub(crate) fn draw(v: &View<'_>, body: Rect, ink: &mut Ink<'_>) {
    let mut lines = lines(v);
    if longer_half(&lines) + LEGEND + 2 > body.height {
        lines = those_that_work(lines);
    }
    if longer_half(&lines) + 2 > body.height {
        lines.retain(|line| !matches!(line, HelpLine::Row(command, _) if is_known(command)));
    }
    let columns = if lines.len() as u16 + 4 > body.height { 2 } else { 1 };
    let width = body.width.min(columns * COLUMN + 6);
    let rows = if columns == 1 { lines.len() as u16 } else { longer_half(&lines) };
    let legend = legend(usize::from(width.saturating_sub(4)));
    let height = (rows + 3 + legend.len() as u16).min(body.height);
    let place = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
    ink.blank(place);
    let inner = ink.frame(place, &Phrase::of("Help", Role::Title), &Phrase::of("Esc close", Role::Muted), true);
    let wide = inner.width / columns;
    for (i, line) in lines.iter().enumerate() {
        let i = i as u16;
        let first = if columns == 1 { lines.len() as u16 } else { split_at(&lines) };
        let (column, row) = if i < first { (0, i) } else { (1, i - first) };
        let (x, y) = (inner.x + column * wide, inner.y + row);
        if y < inner.bottom() {
            let end = (x + wide - 1).min(inner.right());
            match line {
                HelpLine::Heading(text) => ink.put(x, y, end, text, Role::Title),
                HelpLine::Row(command, enabled) => row_of(command, *enabled, Rect { x, y, width: end - x, height: 1 }, ink),
            };
        }
    }
    let room = inner.height.saturating_sub(rows);
    let shown = legend.len().min(usize::from(room)) as u16;
    ink.lines(Rect { y: inner.bottom() - shown, height: shown, ..inner }, &legend);
}

/// What the glyphs mean, in as many rows as it takes.
fn legend(width: usize) -> Vec<Phrase<'static>> {
    let levels = [Level::Healthy, Level::Info, Level::Degraded, Level::Down, Level::Unknown];
    let mut glyphs: Vec<(&'static str, Role, &'static str)> = levels.map(|l| (glyph(l).0, glyph(l).1, l.word())).to_vec();
    glyphs.push(("◌", Role::Stale, "stale"));
    let word = |(mark, role, word): &(&'static str, Role, &'static str)| {
        Phrase::of(*mark, *role).and(" ", Role::Text).and(format!("{word:<8}"), Role::Muted).and("  ", Role::Text)
    };
    let line = |words: &[(&'static str, Role, &'static str)]| words.iter().map(word).fold(Phrase::new(), Phrase::then);
    let whole = line(&glyphs);
    if whole.width() <= width + 2 { vec![whole] } else { glyphs.chunks(glyphs.len() / 2).map(line).collect() }
}

/// Where the second column begins: at the heading nearest to the middle.
fn split_at(lines: &[HelpLine]) -> u16 {
    let headings = lines.iter().enumerate().filter(|(i, l)| *i > 0 && matches!(l, HelpLine::Heading(_))).map(|(i, _)| i as u16);
    let middle = lines.len() as u16 / 2;
    headings.min_by_key(|i| i.abs_diff(middle)).unwrap_or(middle)
}

fn longer_half(lines: &[HelpLine]) -> u16 {
    let first = split_at(lines);
    first.max(lines.len() as u16 - first)
}

enum HelpLine {
    Heading(&'static str),
    Row(&'static Command, bool),
}

fn lines(v: &View<'_>) -> Vec<HelpLine> {
    let mut situation = v.session.situation();
    situation.layer = false;
    let mut lines = Vec::new();
    let mut group = "";
    for command in COMMANDS {
        if command.group != group {
            group = command.group;
            lines.push(HelpLine::Heading(group));
        }
        lines.push(HelpLine::Row(command, (command.enabled)(situation)));
    }
    lines
}

/// Where there is no room for all, what works elsewhere only is left out, and a heading with nothing under it.
fn those_that_work(lines: Vec<HelpLine>) -> Vec<HelpLine> {
    let mut kept: Vec<HelpLine> = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            HelpLine::Row(_, false) => continue,
            HelpLine::Heading(_) if matches!(kept.last(), Some(HelpLine::Heading(_))) => drop(kept.pop()),
            _ => {}
        }
        kept.push(line);
    }
    kept
}

/// What everybody tries first: it gives way where there is no room for all.
fn is_known(command: &Command) -> bool {
    use Intent::{Digit, First, Last, Move, PageDown, PageUp, Previous};
    matches!(command.intent, Move(Dir::Up | Dir::Down) | First | Last | PageUp | PageDown | Previous | Digit)
}

/// The keys of a command, the usual one first.
fn as_many_as_fit(keys: &[Key]) -> String {
    let mut text = String::new();
    for key in keys {
        let key = key.to_string();
        if !text.is_empty() && text.chars().count() + 1 + key.chars().count() > usize::from(KEYS - 2) {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&key);
    }
    text
}

fn row_of(command: &Command, enabled: bool, place: Rect, ink: &mut Ink<'_>) -> u16 {
    let keys = if command.keys.len() > 3 { "1 … 9".to_owned() } else { as_many_as_fit(command.keys) };
    let (key, text) = if enabled { (Role::Key, Role::Text) } else { (Role::Faint, Role::Faint) };
    ink.put(place.x + 1, place.y, place.x + KEYS, &keys, key);
    ink.put(place.x + KEYS, place.y, place.right(), command.doc, text)
}
