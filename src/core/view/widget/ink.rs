//! The pen: a buffer with a theme. Everything that reaches a cell goes through here, so that nothing is drawn outside
//! its place and no view needs a colour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::phrase::{Phrase, wrap};
use crate::model::text::inert;
use crate::model::text::{clip, narrow};
use crate::theme::{Role, Theme};

/// A buffer with a theme.
pub(crate) struct Ink<'a> {
    /// Where the cells are.
    pub(crate) buf: &'a mut Buffer,
    /// How roles look.
    pub(crate) theme: &'a Theme,
}

impl Ink<'_> {
    /// Text from `x` up to (not including) column `end`, with `…` when it is cut; returns the column behind it.
    pub(crate) fn put(&mut self, x: u16, y: u16, end: u16, text: &str, role: Role) -> u16 {
        let room = end.saturating_sub(x);
        if room == 0 || !self.buf.area.contains((x, y).into()) {
            return x;
        }
        let style = self.theme.whole(role);
        if text.len() <= usize::from(room) * 3 && text.chars().all(narrow) {
            let cells = text.chars().count() as u16;
            if cells <= room {
                return self.put_narrow(x, y, text, style, cells);
            }
        }
        // Names of the configuration and of runbooks have come in by no door of ours.
        let text = inert(text);
        let text = clip(&text, usize::from(room));
        if text.chars().all(narrow) {
            let cells = text.chars().count() as u16;
            return self.put_narrow(x, y, &text, style, cells.min(room));
        }
        self.buf.set_stringn(x, y, text.as_ref(), usize::from(room), style).0
    }

    /// The short way for nearly all text of a dashboard: one character, one cell. Segmenting sparks into graphemes
    /// took more than half of a frame.
    fn put_narrow(&mut self, x: u16, y: u16, text: &str, style: Style, cells: u16) -> u16 {
        for (at, c) in (x..).zip(text.chars()) {
            if let Some(cell) = self.buf.cell_mut((at, y)) {
                cell.set_char(c).set_style(style);
            }
        }
        (x + cells).min(self.buf.area.right())
    }

    /// A phrase, cut at `end`.
    pub(crate) fn phrase(&mut self, x: u16, y: u16, end: u16, phrase: &Phrase<'_>) -> u16 {
        let mut at = x;
        for (text, role) in &phrase.runs {
            let room = usize::from(end.saturating_sub(at));
            at = self.put(at, y, end, text, *role);
            // Nothing follows what was cut.
            if text.len() > room && text.width() > room {
                break;
            }
        }
        at
    }

    /// A phrase that ends at column `end`.
    pub(crate) fn phrase_right(&mut self, y: u16, end: u16, phrase: &Phrase<'_>) -> u16 {
        let x = end.saturating_sub(phrase.width() as u16);
        self.phrase(x, y, end, phrase);
        x
    }

    /// Phrases under each other, as many as fit; returns the row behind the last.
    pub(crate) fn lines(&mut self, area: Rect, lines: &[Phrase<'_>]) -> u16 {
        let mut y = area.y;
        for line in lines.iter().take(usize::from(area.height)) {
            self.phrase(area.x, y, area.right(), line);
            y += 1;
        }
        y
    }

    /// Prose, wrapped; returns the row behind it.
    pub(crate) fn prose(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let mut lines = wrap(text, usize::from(area.width));
        if lines.len() > usize::from(area.height) {
            lines.truncate(usize::from(area.height));
            if let Some(last) = lines.last_mut() {
                while last.width() >= usize::from(area.width) && last.pop().is_some() {}
                last.truncate(last.trim_end().len());
                last.push('…');
            }
        }
        let mut y = area.y;
        for line in &lines {
            self.put(area.x, y, area.right(), line, role);
            y += 1;
        }
        y
    }

    /// Lays a role over cells that are already drawn: a selection is one bar, whatever colours lie under it.
    pub(crate) fn wash(&mut self, area: Rect, role: Role) {
        let style = self.theme.whole(role);
        self.buf.set_style(area.intersection(self.buf.area), style);
    }

    /// Empties an area.
    pub(crate) fn blank(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buf.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// One character.
    pub(crate) fn dot(&mut self, x: u16, y: u16, c: char, role: Role) {
        let style = self.theme.whole(role);
        if let Some(cell) = self.buf.cell_mut((x, y)) {
            cell.set_char(c).set_style(style);
        }
    }

    /// A line down through a rule: what is written on the rule stays.
    pub(crate) fn thread(&mut self, x: u16, y: u16, role: Role) {
        if self.is_rule(x, y) {
            self.dot(x, y, '│', role);
        }
    }

    /// Whether a cell is a piece of a rule, and nothing is written there.
    pub(crate) fn is_rule(&self, x: u16, y: u16) -> bool {
        self.buf.cell((x, y)).is_some_and(|c| c.symbol() == "─")
    }

    /// A line across with a title on the left and a phrase on the right; returns the area beneath.
    pub(crate) fn rule(&mut self, area: Rect, title: &Phrase<'_>, right: &Phrase<'_>, focus: bool) -> Rect {
        if area.height == 0 {
            return area;
        }
        let line = if focus { Role::BorderFocus } else { Role::Border };
        for x in area.left()..area.right() {
            self.dot(x, area.y, '─', line);
        }
        self.titles(area, title, right, 1);
        Rect { y: area.y + 1, height: area.height - 1, ..area }
    }

    /// A rounded frame with titles in its upper edge; returns the area inside, one blank column in from each side.
    pub(crate) fn frame(&mut self, area: Rect, title: &Phrase<'_>, right: &Phrase<'_>, focus: bool) -> Rect {
        if area.width < 4 || area.height < 2 {
            return Rect { height: 0, ..area };
        }
        let line = if focus { Role::BorderFocus } else { Role::Border };
        let (left, top, end, bottom) = (area.left(), area.top(), area.right() - 1, area.bottom() - 1);
        for x in left..=end {
            self.dot(x, top, '─', line);
            self.dot(x, bottom, '─', line);
        }
        for y in top..=bottom {
            self.dot(left, y, '│', line);
            self.dot(end, y, '│', line);
        }
        for (x, y, c) in [(left, top, '╭'), (end, top, '╮'), (left, bottom, '╰'), (end, bottom, '╯')] {
            self.dot(x, y, c, line);
        }
        if !self.titles(area, title, right, 2) {
            // Beside a long name there is no room for the age: the lower edge has some.
            self.titles(Rect { y: bottom, height: 1, ..area }, &Phrase::default(), right, 2);
        }
        Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
    }

    /// Titles in the upper edge: the left one is cut if need be, the right one is left out if it does not fit; then `false`.
    fn titles(&mut self, area: Rect, title: &Phrase<'_>, right: &Phrase<'_>, inset: u16) -> bool {
        let end = area.right().saturating_sub(inset);
        let mut x = area.x + inset;
        if !title.is_empty() {
            x = self.put(x, area.y, end, " ", Role::Text);
            x = self.phrase(x, area.y, end.saturating_sub(1), title);
            x = self.put(x, area.y, end, " ", Role::Text);
        }
        let width = right.width() as u16 + 2;
        let fits = x + width <= end;
        if !right.is_empty() && fits {
            let at = end - width;
            self.put(at, area.y, end, " ", Role::Text);
            self.phrase(at + 1, area.y, end, right);
            self.put(end - 1, area.y, end, " ", Role::Text);
        }
        fits
    }

    /// Text of known width at the right end of a row.
    pub(crate) fn put_right(&mut self, y: u16, end: u16, text: &str, role: Role) {
        self.put(end.saturating_sub(text.width() as u16), y, end, text, role);
    }
}
