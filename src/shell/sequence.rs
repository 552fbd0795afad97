//! What one escape sequence or character of a terminal means: the tables of xterm, VT and rxvt keys, kitty's and xterm's extended keys.
//! Pure. Called by `decode`, which collects the bytes.

use nextcore_core::input::{Code, Key};

/// The byte that sequences begin with.
pub(super) const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// What some bytes are, of which the first is ESC or begins a character.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// More must come.
    Unfinished,
    Key(Key),
    /// The focus came or went.
    Focus(bool),
    /// Text follows.
    PasteBegins,
    /// A whole sequence that is no key: an answer, the mouse, a key that nobody knows.
    Nothing,
    /// So many Esc keys, and an ESC that may be more.
    Escapes(usize),
    /// The last byte cannot belong to what was begun.
    Broken,
}

/// Whether it is a string of the terminal (OSC, DCS, SOS, PM, APC).
pub(super) fn is_string(bytes: &[u8]) -> bool {
    matches!(bytes, [ESC, b']' | b'P' | b'X' | b'^' | b'_', ..])
}

/// Whether a sequence may go on with this byte after ESC: a control sequence, a function key, a string, another ESC.
pub(super) fn goes_on(byte: u8) -> bool {
    matches!(byte, ESC | b'[' | b'O' | b']' | b'P' | b'X' | b'^' | b'_')
}

/// What these bytes are.
pub(super) fn read(bytes: &[u8]) -> Meaning {
    match bytes {
        [ESC] | [ESC, ESC] => Meaning::Unfinished,
        // Alt with a cursor key, as rxvt and iTerm send it; else the first was the Esc key.
        [ESC, ESC, b'[' | b'O', ..] => with_alt(read(bytes.get(1..).unwrap_or_default())),
        [ESC, ESC, ESC] => Meaning::Escapes(2),
        [ESC, ESC, rest @ ..] => with_alt(read_alt(rest)),
        [ESC, b'[', rest @ ..] => control(rest),
        [ESC, b'O', rest @ ..] => single_shift(rest),
        _ if is_string(bytes) => string(bytes),
        [ESC, rest @ ..] => read_alt(rest),
        _ => character(bytes),
    }
}

/// ESC and a character: Alt.
fn read_alt(rest: &[u8]) -> Meaning {
    let key = match rest {
        [byte @ 0x00..=0x7f] => plain(char::from(*byte)).map_or(Meaning::Nothing, Meaning::Key),
        _ => character(rest),
    };
    with_alt(key)
}

fn with_alt(meaning: Meaning) -> Meaning {
    match meaning {
        Meaning::Key(key) => Meaning::Key(Key { alt: true, ..key }),
        other => other,
    }
}

fn character(bytes: &[u8]) -> Meaning {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().next().and_then(plain).map_or(Meaning::Nothing, Meaning::Key),
        Err(e) if e.error_len().is_none() => Meaning::Unfinished,
        Err(_) => Meaning::Broken,
    }
}

/// The key that sends this character by itself.
pub(super) fn plain(c: char) -> Option<Key> {
    let byte = u8::try_from(c).unwrap_or(u8::MAX);
    Some(match byte {
        b'\r' => Key::new(Code::Enter),
        b'\t' => Key::new(Code::Tab),
        ESC => Key::new(Code::Esc),
        0x7f => Key::new(Code::Backspace),
        0x00 => Key::ctrl(' '),
        0x01..=0x1a => Key::ctrl(char::from(byte - 1 + b'a')),
        0x1c..=0x1f => Key::ctrl(char::from(byte - 0x1c + b'4')),
        _ if c.is_control() => return None,
        _ => Key::char(c),
    })
}

/// After ESC O: cursor and function keys of the application mode, the keypad.
fn single_shift(rest: &[u8]) -> Meaning {
    let Some((last, modifiers)) = rest.split_last() else { return Meaning::Unfinished };
    match last {
        b'0'..=b'9' | b';' if rest.len() < 8 => Meaning::Unfinished,
        b'M' => Meaning::Key(Key::new(Code::Enter)),
        b'j'..=b'y' => Meaning::Key(Key::char(char::from(last - b'j' + b'*'))),
        0x40..=0x7e => letter(*last).map_or(Meaning::Nothing, |code| key(code, modifier(modifiers))),
        _ => Meaning::Broken,
    }
}

/// After ESC [.
#[expect(clippy::match_same_arms, reason = "the order of the arms is what tells the console's own sequences from the standard's")]
fn control(rest: &[u8]) -> Meaning {
    let Some((last, parameters)) = rest.split_last() else { return Meaning::Unfinished };
    match (parameters, last) {
        // The Linux console's F1 to F5; the old mouse, after which three bytes follow.
        ([], b'[' | b'M') => Meaning::Unfinished,
        ([b'['], b'A'..=b'E') => Meaning::Key(Key::new(Code::F(last - b'A' + 1))),
        ([b'M', more @ ..], _) if more.len() < 2 => Meaning::Unfinished,
        ([b'['] | [b'M', ..], _) => Meaning::Nothing,
        // rxvt's Shift with a function key ends with $.
        ([b'0'..=b'9', ..], b'$') if !parameters.contains(&b';') => Meaning::Nothing,
        (_, 0x20..=0x3f) => Meaning::Unfinished,
        (_, 0x40..=0x7e) => finished(parameters, *last),
        _ => Meaning::Broken,
    }
}

fn finished(parameters: &[u8], last: u8) -> Meaning {
    let text = String::from_utf8_lossy(parameters);
    let mut fields = text.split(';').map(|field| field.split(':').next().unwrap_or_default().parse::<u32>().ok());
    let first = fields.next().flatten();
    let second = fields.next().flatten();
    let third = fields.next().flatten();
    // Releases of keys are told by the extended protocols only.
    let released = text.split(';').nth(1).is_some_and(|field| field.ends_with(":3"));
    match (last, first) {
        _ if released || text.starts_with(['?', '<', '=', '>']) => Meaning::Nothing,
        (b'I', None) => Meaning::Focus(true),
        (b'O', None) => Meaning::Focus(false),
        (b'Z', _) => Meaning::Key(Key::new(Code::BackTab)),
        // Where the cursor is, asked by somebody else.
        (b'R', Some(_)) => Meaning::Nothing,
        (b'~', Some(200)) => Meaning::PasteBegins,
        (b'~', Some(27)) => third.map_or(Meaning::Nothing, |code| extended(code, second)),
        (b'u', Some(code)) => extended(code, second),
        (b'~' | b'^' | b'@', Some(number)) => numbered(number).map_or(Meaning::Nothing, |code| key(code, second)),
        _ => letter(last).map_or(Meaning::Nothing, |code| key(code, second)),
    }
}

/// The last number of some parameters.
fn modifier(parameters: &[u8]) -> Option<u32> {
    String::from_utf8_lossy(parameters).rsplit(';').next()?.parse().ok()
}

/// A key with the modifiers that xterm adds up (1 + Shift 1, Alt 2, Ctrl 4); with Super and the like it is another key.
fn key(code: Code, modifiers: Option<u32>) -> Meaning {
    let held = modifiers.unwrap_or(1).saturating_sub(1);
    if held & 0b11_1000 != 0 {
        return Meaning::Nothing;
    }
    let code = if code == Code::Tab && held & 1 != 0 { Code::BackTab } else { code };
    Meaning::Key(Key { code, alt: held & 2 != 0, ctrl: held & 4 != 0 })
}

/// A key by its character's number, as kitty and xterm's modifyOtherKeys tell it.
fn extended(code: u32, modifiers: Option<u32>) -> Meaning {
    let Some(plain) = char::from_u32(code).and_then(plain) else { return Meaning::Nothing };
    match plain.code {
        // Kitty's own function keys.
        Code::Char('\u{e000}'..='\u{f8ff}') => Meaning::Nothing,
        Code::Char(c) if modifiers.is_some_and(|m| m.saturating_sub(1) & 1 != 0) => {
            key(Code::Char(c.to_uppercase().next().unwrap_or(c)), modifiers)
        }
        code => key(code, modifiers),
    }
}

fn letter(last: u8) -> Option<Code> {
    Some(match last {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        b'P'..=b'S' => Code::F(last - b'P' + 1),
        _ => return None,
    })
}

fn numbered(number: u32) -> Option<Code> {
    Some(match number {
        1 | 7 => Code::Home,
        4 | 8 => Code::End,
        3 => Code::Delete,
        5 => Code::PageUp,
        6 => Code::PageDown,
        11..=15 => Code::F(number as u8 - 10),
        17..=21 => Code::F(number as u8 - 11),
        23 | 24 => Code::F(number as u8 - 12),
        _ => return None,
    })
}

/// After ESC ] and its kin: up to BEL or ESC \. A control character breaks it off: Ctrl-C must always work.
fn string(bytes: &[u8]) -> Meaning {
    let text = bytes.get(2..).unwrap_or_default();
    let is_control = text.last().is_some_and(|b| *b < 0x20 && *b != ESC);
    let after_escape = text.len() >= 2 && text.get(text.len() - 2) == Some(&ESC);
    if text.ends_with(&[BEL]) || text.ends_with(b"\x1b\\") {
        Meaning::Nothing
    } else if is_control || after_escape {
        Meaning::Broken
    } else {
        Meaning::Unfinished
    }
}
