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

/// A colour whose parts differ by less is a grey.
const GREY: u8 = 40;
/// From here on a colour is a light one.
const LIGHT: u8 = 230;
/// Up to here a background is a tint behind text, whatever its hue.
const TINT: u8 = 96;

impl Depth {
    /// A style with no more colours than this depth has.
    pub fn lower(self, style: Style) -> Style {
        let (mut style, before) = (style, style.fg);
        style.fg = style.fg.map(|c| self.colour(c));
        style.bg = style.bg.map(|c| if self == Self::Ansi16 { sixteen_background(c) } else { self.colour(c) });
        if let (Self::Ansi16, Some(Color::Rgb(r, g, b)), true) = (self, before, style.bg.is_some_and(|bg| bg != Color::Reset)) {
            style.fg = Some(ink(r, g, b));
        }
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
        Color::Rgb(r, g, b) if r.max(g).max(b) < TINT => Color::Reset,
        Color::Rgb(r, g, b) => sixteen(r, g, b),
        other => other,
    }
}

/// Text on a background that is painted: its own hue could be the background's.
fn ink(r: u8, g: u8, b: u8) -> Color {
    let sum = u16::from(r) + u16::from(g) + u16::from(b);
    if sum < 384 { Color::Black } else { Color::White }
}

/// By hue: among so few the nearest one of a dark green is a grey, and that of a dark yellow is a red. Greys have no safe colour, and neither
/// has blue: the terminal's own text colour stands for the first, cyan for the other.
fn sixteen(r: u8, g: u8, b: u8) -> Color {
    let (most, spread) = (r.max(g).max(b), r.max(g).max(b) - r.min(g).min(b));
    if spread < GREY {
        return Color::Reset;
    }
    let part = |one: u8, other: u8| 60 * (i32::from(one) - i32::from(other)) / i32::from(spread);
    let hue = if most == r {
        part(g, b)
    } else if most == g {
        120 + part(b, r)
    } else {
        240 + part(r, g)
    };
    let (plain, light) = match hue.rem_euclid(360) {
        18..70 => (Color::Yellow, Color::LightYellow),
        70..170 => (Color::Green, Color::LightGreen),
        170..240 => (Color::Cyan, Color::LightCyan),
        240..346 => (Color::Magenta, Color::LightMagenta),
        _ => (Color::Red, Color::LightRed),
    };
    if most >= LIGHT { light } else { plain }
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
        // The text, the well and the worse of a theme for light backgrounds: dark, each in its own way.
        assert_eq!(Depth::Ansi16.colour(Color::Rgb(0x24, 0x29, 0x2f)), Color::Reset);
        assert_eq!(Depth::Ansi16.colour(Color::Rgb(0x11, 0x63, 0x29)), Color::Green);
        assert_eq!(Depth::Ansi16.colour(Color::Rgb(0x7d, 0x4e, 0x00)), Color::Yellow);
        assert_eq!(Depth::True.colour(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::Mono.colour(Color::Red), Color::Reset);
    }

    #[test]
    fn text_on_a_painted_background_is_black_or_white_among_sixteen() {
        let lowered = |fg, bg| {
            let style = Depth::Ansi16.lower(Style::new().fg(fg).bg(bg));
            (style.fg, style.bg)
        };
        let (ink, paper) = (Color::Rgb(0x1c, 0x1c, 0x1c), Color::Rgb(255, 255, 255));
        assert_eq!(lowered(ink, Color::Rgb(0xff, 0x6b, 0x68)), (Some(Color::Black), Some(Color::LightRed)));
        assert_eq!(lowered(paper, Color::Rgb(0xb3, 0x26, 0x1e)), (Some(Color::White), Some(Color::Red)));
        assert_eq!(lowered(paper, Color::Rgb(0x11, 0x63, 0x29)), (Some(Color::White), Some(Color::Green)));
        // A tint that is lost takes nothing with it.
        assert_eq!(lowered(paper, Color::Rgb(0x2b, 0x35, 0x46)), (Some(Color::Reset), Some(Color::Reset)));
    }
}
