//! The two glyph sets. Views draw Unicode; a terminal that has only ASCII gets every cell mapped here, one for one,
//! so that both sets share one layout. Called by `view::draw` as its last step.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

/// Which characters the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    /// Box drawing, blocks, braille.
    #[default]
    Unicode,
    /// 7-bit only.
    Ascii,
}

impl Glyphs {
    /// Replaces what the terminal cannot show.
    pub fn apply(self, area: Rect, buf: &mut Buffer) {
        if self == Self::Unicode {
            return;
        }
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    to_ascii(cell);
                }
            }
        }
    }
}

fn to_ascii(cell: &mut Cell) {
    let symbol = cell.symbol();
    if symbol.is_ascii() {
        return;
    }
    let mut chars = symbol.chars();
    let c = match (chars.next(), chars.next()) {
        (Some(c), None) => ascii(c),
        // A cluster of several characters has no single stand-in.
        _ => '?',
    };
    cell.set_char(c);
}

fn ascii(c: char) -> char {
    match c {
        '─' | '━' | '╸' | '╌' | '–' | '—' | '‑' | '▄' | '▅' => '-',
        '│' | '┃' | '┆' | '▏' | '▕' => '|',
        '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┬' | '┴' | '┼' | '┌' | '┐' | '└' | '┘' | '±' => '+',
        '●' | '·' | '•' | '▂' | '▃' | '░' => '.',
        '▲' => '!',
        '✖' => 'X',
        '◌' | '…' | '≈' => '~',
        '○' | '°' => 'o',
        '◐' | '◆' | '◔' => '*',
        '→' | '▸' | '▶' | '›' | '≥' => '>',
        '←' | '◂' | '‹' | '≤' => '<',
        '↑' | '▴' => '^',
        '↓' | '▾' => 'v',
        '⇄' | '↔' | '▆' => '=',
        '╲' => '\\',
        '×' | '╳' => 'x',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴' => '4',
        '⁵' => '5',
        '⁶' => '6',
        '⁷' => '7',
        '⁸' => '8',
        '⁹' => '9',
        '▁' => '_',
        '▇' | '█' => '#',
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => match (c as u32 - 0x2800).count_ones() {
            0..=2 => '.',
            3..=5 => ':',
            _ => '#',
        },
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::health::Level;

    #[test]
    fn a_level_has_the_same_stand_in_on_the_screen_and_in_a_report() {
        for level in [Level::Absent, Level::Healthy, Level::Info, Level::Unknown, Level::Degraded, Level::Down] {
            let mut cell = Cell::default();
            cell.set_symbol(level.sign());
            to_ascii(&mut cell);
            assert_eq!(cell.symbol(), level.ascii_sign(), "{level:?}");
        }
    }
}
