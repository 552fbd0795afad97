//! Help as two columns over the body, a page at a time. What does not work here is dim. Which rows there are, and in which order, is
//! `session::help`'s.

use ratatui::layout::Rect;

use crate::input::{Command, Key};
use crate::model::health::Level;
use crate::session::help::{HelpLine, HelpPage};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::glyph;
use crate::view::widget::{Ink, Phrase};

/// The cells of one column: keys, a gap, what they do.
const KEYS: u16 = 12;
const COLUMN: u16 = 44;

/// Draws the layer.
pub(crate) fn draw(v: &View<'_>, body: Rect, ink: &mut Ink<'_>) {
    let page = v.session.help_page();
    let lines = &page.lines;
    let typed = v.session.help.as_ref().and_then(|help| help.typed.as_deref());
    let columns = if lines.len() as u16 + 4 > body.height { 2 } else { 1 };
    // What is found is fewer with every letter: its frame keeps its width and its upper edge.
    let width = body.width.min(if typed.is_some() { 2 } else { columns } * COLUMN + 6);
    let first = if columns == 1 { lines.len() as u16 } else { split_at(lines, body.height.saturating_sub(2)) };
    let rows = first.max(lines.len() as u16 - first);
    let legend = legend(usize::from(width.saturating_sub(4)));
    let height = (rows + 3 + legend.len() as u16).min(body.height);
    let above = if typed.is_some() { 0 } else { (body.height - height) / 2 };
    let place = Rect { x: body.x + (body.width - width) / 2, y: body.y + above, width, height };
    ink.blank(place);
    let inner = ink.frame(place, &title(typed), &keys(&page, typed), true);
    let wide = inner.width / columns;
    for (i, line) in lines.iter().enumerate() {
        let i = i as u16;
        let (column, row) = if i < first { (0, i) } else { (1, i - first) };
        let (x, y) = (inner.x + column * wide, inner.y + row);
        if y < inner.bottom() {
            let place = Rect { x, y, width: (x + wide - 1).min(inner.right()) - x, height: 1 };
            match line {
                HelpLine::Heading(text) => ink.put(x, y, place.right(), text, Role::Title),
                HelpLine::Row(command, works) => row_of(command, command.doc, *works, place, ink),
                HelpLine::Step(command, what) => row_of(command, what, true, place, ink),
            };
        }
    }
    let room = inner.height.saturating_sub(rows);
    let shown = legend.len().min(usize::from(room)) as u16;
    ink.lines(Rect { y: inner.bottom() - shown, height: shown, ..inner }, &legend);
}

fn title(typed: Option<&str>) -> Phrase<'_> {
    let title = Phrase::of("Help", Role::Title);
    match typed {
        Some(typed) => title.and("  /", Role::Key).and(typed, Role::Title).and("█", Role::Accent),
        None => title,
    }
}

/// What the keys of the layer do, and that there is more.
fn keys(page: &HelpPage, typed: Option<&str>) -> Phrase<'static> {
    let more = if page.of > 1 { format!("↓↑ page {} of {}", page.at + 1, page.of) } else { String::new() };
    let gap = if more.is_empty() { "" } else { "   " };
    let rest = if typed.is_some() { "Esc all" } else { "/ find   Esc close" };
    Phrase::of(more, Role::Accent).and(gap, Role::Text).and(rest, Role::Muted)
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

/// Where the second column begins: at the heading nearest to the middle, where both parts have room then.
fn split_at(lines: &[HelpLine], height: u16) -> u16 {
    let total = lines.len() as u16;
    let headings = lines.iter().enumerate().filter(|(i, l)| *i > 0 && matches!(l, HelpLine::Heading(_))).map(|(i, _)| i as u16);
    let fits = |first: &u16| *first <= height && total - first <= height;
    headings.filter(fits).min_by_key(|first| first.abs_diff(total / 2)).unwrap_or_else(|| total.div_ceil(2))
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

fn row_of(command: &Command, what: &str, enabled: bool, place: Rect, ink: &mut Ink<'_>) -> u16 {
    let keys = if command.keys.len() > 3 { "1 … 9".to_owned() } else { as_many_as_fit(command.keys) };
    let (key, text) = if enabled { (Role::Key, Role::Text) } else { (Role::Faint, Role::Faint) };
    ink.put(place.x + 1, place.y, place.x + KEYS, &keys, key);
    ink.put(place.x + KEYS, place.y, place.right(), what, text)
}
