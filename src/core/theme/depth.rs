//! How many colours a terminal has, and how a style is lowered to it. Reads no environment: `config` decides the depth.

use ratatui::style::{Color, Style};

/// Colour depth of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// No colours.
    Mono,
    /// The terminal's own sixteen.
    #[default]
    Ansi16,
    /// The 6×6×6 cube and 24 greys.
    Ansi256,
    /// RGB.
    True,
}

/// The sixteen colours as most terminals draw them: what an RGB colour is compared with.
const SIXTEEN: [(Color, [u8; 3]); 12] = [
    (Color::Red, [205, 49, 49]),
    (Color::Green, [13, 188, 121]),
    (Color::Yellow, [229, 229, 16]),
    (Color::Magenta, [188, 63, 188]),
    (Color::Cyan, [17, 168, 205]),
    (Color::LightRed, [241, 76, 76]),
    (Color::LightGreen, [35, 209, 139]),
    (Color::LightYellow, [245, 245, 67]),
    (Color::LightMagenta, [214, 112, 214]),
    (Color::LightCyan, [41, 184, 219]),
    // Greys have no safe colour among the sixteen: the terminal's own text colour stands for all of them.
    (Color::Reset, [150, 150, 150]),
    (Color::Reset, [230, 230, 230]),
];

impl Depth {
    /// A style with no more colours than this depth has.
    pub fn lower(self, style: Style) -> Style {
        let mut style = style;
        style.fg = style.fg.map(|c| self.colour(c));
        style.bg = style.bg.map(|c| if self == Self::Ansi16 { sixteen_background(c) } else { self.colour(c) });
        style.underline_color = style.underline_color.map(|c| self.colour(c));
        style
    }

    fn colour(self, colour: Color) -> Color {
        match (self, colour) {
            (Self::Mono, _) => Color::Reset,
            (Self::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(indexed(r, g, b)),
            (Self::Ansi16, Color::Rgb(r, g, b)) => sixteen(r, g, b),
            (_, other) => other,
        }
    }
}

/// A dark tint behind text has no counterpart among sixteen colours; a loud one keeps its hue.
fn sixteen_background(colour: Color) -> Color {
    match colour {
        Color::Rgb(r, g, b) if r.max(g).max(b) < 110 => Color::Reset,
        Color::Rgb(r, g, b) => sixteen(r, g, b),
        other => other,
    }
}

fn sixteen(r: u8, g: u8, b: u8) -> Color {
    let distance = |c: &[u8; 3]| [r, g, b].iter().zip(c).map(|(a, b)| (i32::from(*a) - i32::from(*b)).pow(2)).sum::<i32>();
    SIXTEEN.iter().min_by_key(|(_, rgb)| distance(rgb)).map_or(Color::Reset, |(c, _)| *c)
}

fn indexed(r: u8, g: u8, b: u8) -> u8 {
    let spread = r.max(g).max(b) - r.min(g).min(b);
    if spread < 10 {
        let grey = u16::from(r.max(g).max(b));
        return if grey < 8 {
            16
        } else if grey > 238 {
            231
        } else {
            232 + ((grey - 8) / 10) as u8
        };
    }
    let step = |v: u8| {
        if v < 48 {
            0
        } else if v < 115 {
            1
        } else {
            (v - 35) / 40
        }
    };
    16 + 36 * step(r) + 6 * step(g) + step(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rgb_lowers_to_the_nearest_that_the_terminal_has() {
        assert_eq!(Depth::Ansi256.colour(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(Depth::Ansi256.colour(Color::Rgb(128, 128, 128)), Color::Indexed(244));
        assert_eq!(Depth::Ansi16.colour(Color::Rgb(220, 50, 60)), Color::Red);
        assert_eq!(Depth::Ansi16.colour(Color::Rgb(160, 160, 160)), Color::Reset);
        assert_eq!(Depth::True.colour(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::Mono.colour(Color::Red), Color::Reset);
    }
}
