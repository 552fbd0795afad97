//! A buffer as SVG: text as text, but blocks, braille and box lines as shapes, so that pictures look the same with every
//! font. A pure function; called by `screenshot` and by nothing that runs in a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// A cell, in SVG units.
const W: f64 = 8.4;
const H: f64 = 18.0;
const FONT: f64 = 14.0;
const PAD: f64 = 12.0;
const BACKGROUND: [u8; 3] = [0x16, 0x19, 0x20];
const TEXT: [u8; 3] = [0xd3, 0xd7, 0xde];

/// The sixteen colours of the picture's terminal.
const SIXTEEN: [[u8; 3]; 16] = [
    [0x2a, 0x2e, 0x37],
    [0xf0, 0x71, 0x78],
    [0x8c, 0xc2, 0x65],
    [0xe5, 0xc0, 0x7b],
    [0x61, 0xaf, 0xef],
    [0xc6, 0x8a, 0xe8],
    [0x56, 0xb6, 0xc2],
    [0xc8, 0xcc, 0xd4],
    [0x5c, 0x63, 0x70],
    [0xff, 0x8a, 0x90],
    [0xa5, 0xe0, 0x75],
    [0xf5, 0xd0, 0x8b],
    [0x7c, 0xc4, 0xff],
    [0xd7, 0xa1, 0xf5],
    [0x6f, 0xd0, 0xdc],
    [0xff, 0xff, 0xff],
];

/// The picture of a buffer.
pub fn render(buf: &Buffer) -> String {
    let (columns, rows) = (f64::from(buf.area.width), f64::from(buf.area.height));
    let (width, height) = (columns * W + 2.0 * PAD, rows * H + 2.0 * PAD);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.1} {height:.1}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n\
         <g transform=\"translate({PAD} {PAD})\" font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">",
        hex(BACKGROUND)
    );
    let mut shapes: BTreeMap<[u8; 3], String> = BTreeMap::new();
    for y in 0..buf.area.height {
        backgrounds(buf, y, &mut shapes);
    }
    flush(&mut shapes, &mut out);
    for y in 0..buf.area.height {
        row(buf, y, &mut shapes, &mut out);
    }
    flush(&mut shapes, &mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

fn flush(shapes: &mut BTreeMap<[u8; 3], String>, out: &mut String) {
    for (colour, path) in std::mem::take(shapes) {
        let _ = writeln!(out, "<path fill=\"{}\" d=\"{path}\"/>", hex(colour));
    }
}

fn cell(buf: &Buffer, x: u16, y: u16) -> Option<&Cell> {
    buf.cell((buf.area.x + x, buf.area.y + y))
}

fn backgrounds(buf: &Buffer, y: u16, shapes: &mut BTreeMap<[u8; 3], String>) {
    let colour = |x: u16| cell(buf, x, y).map_or(BACKGROUND, |c| colours(c).1);
    let mut x = 0;
    while x < buf.area.width {
        let here = colour(x);
        let start = x;
        while x < buf.area.width && colour(x) == here {
            x += 1;
        }
        if here != BACKGROUND {
            rect(shapes.entry(here).or_default(), f64::from(start) * W, f64::from(y) * H, f64::from(x - start) * W, H);
        }
    }
}

/// Text of one style on one row.
struct Run {
    x: u16,
    style: ([u8; 3], Modifier),
    text: String,
    cells: u16,
}

/// Text in runs of one style; what can be drawn is drawn.
fn row(buf: &Buffer, y: u16, shapes: &mut BTreeMap<[u8; 3], String>, out: &mut String) {
    let mut run: Option<Run> = None;
    let mut x = 0;
    while x < buf.area.width {
        let Some(cell) = cell(buf, x, y) else { break };
        let symbol = cell.symbol();
        let wide = (symbol.width() as u16).max(1);
        let style = (colours(cell).0, cell.modifier & (Modifier::BOLD | Modifier::ITALIC | Modifier::UNDERLINED));
        let drawn = shape(symbol, f64::from(x) * W, f64::from(y) * H, shapes.entry(style.0).or_default());
        let blank = symbol.trim().is_empty() && !style.1.contains(Modifier::UNDERLINED);
        let joins = run.as_ref().is_some_and(|r| r.style == style && r.x + r.cells == x);
        if drawn || blank {
            // Blanks inside a run keep it one element; everything else ends it.
            if blank && !drawn && joins {
                if let Some(r) = &mut run {
                    r.text.push(' ');
                    r.cells += 1;
                }
            } else if let Some(r) = run.take() {
                text(r, y, out);
            }
        } else if joins && wide == 1 {
            if let Some(r) = &mut run {
                r.text.push_str(symbol);
                r.cells += 1;
            }
        } else {
            if let Some(r) = run.take() {
                text(r, y, out);
            }
            run = Some(Run { x, style, text: symbol.to_owned(), cells: wide });
        }
        x += wide;
    }
    if let Some(r) = run {
        text(r, y, out);
    }
    shapes.retain(|_, path| !path.is_empty());
}

fn text(run: Run, y: u16, out: &mut String) {
    let Run { x, style: (colour, modifier), text, .. } = run;
    let text = text.trim_end();
    let mut attributes = String::new();
    for (set, attribute) in [
        (Modifier::BOLD, " font-weight=\"700\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if modifier.contains(set) {
            attributes.push_str(attribute);
        }
    }
    let length = text.width() as f64 * W;
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" fill=\"{}\"{attributes}>{}</text>",
        f64::from(x) * W,
        f64::from(y) * H + 13.5,
        hex(colour),
        escape(text)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// (foreground, background) after reverse and dim.
fn colours(cell: &Cell) -> ([u8; 3], [u8; 3]) {
    let mut fg = rgb(cell.fg, TEXT);
    let mut bg = rgb(cell.bg, BACKGROUND);
    if cell.modifier.contains(Modifier::DIM) {
        fg = mix(fg, bg);
    }
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut fg, &mut bg);
    }
    (fg, bg)
}

fn mix(a: [u8; 3], b: [u8; 3]) -> [u8; 3] {
    let part = |a: u8, b: u8| ((u16::from(a) * 58 + u16::from(b) * 42) / 100) as u8;
    let ([ar, ag, ab], [br, bg, bb]) = (a, b);
    [part(ar, br), part(ag, bg), part(ab, bb)]
}

fn rgb(colour: Color, reset: [u8; 3]) -> [u8; 3] {
    let index = match colour {
        Color::Reset => return reset,
        Color::Rgb(r, g, b) => return [r, g, b],
        Color::Indexed(i) => return indexed(i),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    indexed(index)
}

fn indexed(i: u8) -> [u8; 3] {
    let level = |v: u8| if v == 0 { 0 } else { 55 + v * 40 };
    match i {
        0..16 => SIXTEEN.get(usize::from(i)).copied().unwrap_or(TEXT),
        16..232 => [level((i - 16) / 36), level((i - 16) / 6 % 6), level((i - 16) % 6)],
        232.. => [8 + (i - 232) * 10; 3],
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn rect(path: &mut String, x: f64, y: f64, w: f64, h: f64) {
    let _ = write!(path, "M{x:.1} {y:.1}h{w:.1}v{h:.1}h-{w:.1}z");
}

/// Draws what is a picture rather than a letter; whether it was one.
fn shape(symbol: &str, x: f64, y: f64, path: &mut String) -> bool {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return false };
    match c {
        '▁'..='█' => {
            let eighths = f64::from(c as u32 - 0x2580);
            rect(path, x, y + H - H * eighths / 8.0, W, H * eighths / 8.0);
        }
        '\u{2801}'..='\u{28ff}' => braille(c as u32 - 0x2800, x, y, path),
        '─' | '│' | '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┬' | '┴' | '┼' | '└' => lines(c, x, y, path),
        _ => return false,
    }
    true
}

fn braille(bits: u32, x: f64, y: f64, path: &mut String) {
    const PLACES: [(u32, f64, f64); 8] =
        [(0, 0.0, 0.0), (1, 0.0, 1.0), (2, 0.0, 2.0), (3, 1.0, 0.0), (4, 1.0, 1.0), (5, 1.0, 2.0), (6, 0.0, 3.0), (7, 1.0, 3.0)];
    for (bit, column, line) in PLACES {
        if bits & (1 << bit) != 0 {
            rect(path, x + column * W / 2.0 + 0.8, y + line * H / 4.0 + 0.9, W / 2.0 - 1.6, H / 4.0 - 1.8);
        }
    }
}

/// Which arms a line character has: left, right, up, down.
fn lines(c: char, x: f64, y: f64, path: &mut String) {
    const T: f64 = 1.1;
    let (left, right, up, down) = match c {
        '─' => (true, true, false, false),
        '│' => (false, false, true, true),
        '╭' => (false, true, false, true),
        '╮' => (true, false, false, true),
        '╰' | '└' => (false, true, true, false),
        '╯' => (true, false, true, false),
        '├' => (false, true, true, true),
        '┤' => (true, false, true, true),
        '┬' => (true, true, false, true),
        '┴' => (true, true, true, false),
        _ => (true, true, true, true),
    };
    let (cx, cy) = (x + W / 2.0, y + H / 2.0);
    for (arm, ax, ay, w, h) in [
        (left, x, cy - T / 2.0, W / 2.0 + T / 2.0, T),
        (right, cx - T / 2.0, cy - T / 2.0, W / 2.0 + T / 2.0, T),
        (up, cx - T / 2.0, y, T, H / 2.0 + T / 2.0),
        (down, cx - T / 2.0, cy - T / 2.0, T, H / 2.0 + T / 2.0),
    ] {
        if arm {
            rect(path, ax, ay, w, h);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn text_is_escaped_and_pictures_are_shapes() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        buf.set_string(0, 0, "a<&>b ▂⣿─ 日", Style::new());
        let svg = render(&buf);
        assert!(svg.contains("a&lt;&amp;&gt;b"), "{svg}");
        assert!(!svg.contains('▂') && !svg.contains('⣿') && svg.contains('日'), "{svg}");
        assert!(svg.ends_with("</svg>\n"));
    }
}
