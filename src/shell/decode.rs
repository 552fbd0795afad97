//! From the bytes of a terminal to keys, pastes and focus, however the bytes are cut: one key stays one key, and nothing of a paste is
//! ever a key. Knows neither clock nor terminal: `keys` feeds it and says when a pause was too long.

use std::time::Duration;

use super::sequence::{self, Meaning};
use nextcore_core::input::{Code, Key};

/// After ESC: is it the Esc key, or the first byte of a sequence?
const AFTER_ESCAPE: Duration = Duration::from_millis(250);
/// On a line that has been seen to take longer than that, the rest of a sequence is waited for as long again; another key is one.
const AFTER_ESCAPE_SLOW: Duration = Duration::from_millis(500);
/// A sequence that has begun; nobody types these.
const IN_SEQUENCE: Duration = Duration::from_secs(3);
/// A string of the terminal comes in one go; Alt-] begins like one.
const IN_STRING: Duration = Duration::from_secs(1);
/// A paste without marks is over after this much silence.
const AFTER_BURST: Duration = Duration::from_millis(250);
/// After an Esc key that was told too early its sequence may still come.
const AFTER_TOO_EARLY: Duration = Duration::from_secs(1);
/// A paste that stands still: what has come is thrown away, and so is what still comes.
const IN_PASTE: Duration = Duration::from_secs(3);
/// A paste whose end was lost gives the keyboard back after this much silence.
const IN_LOST_PASTE: Duration = Duration::from_secs(30);
/// Longer sequences are no sequences.
const LONGEST_SEQUENCE: usize = 64;
/// Answers of a terminal (colours, names) may be longer.
const LONGEST_STRING: usize = 4096;
/// More of a paste is not kept.
const LONGEST_PASTE: usize = 64 * 1024;
const PASTE_END: &[u8] = b"\x1b[201~";
/// So many characters around a line break in one read are not typed: the terminal does not mark pastes.
const BURST: usize = 8;

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    Key(Key),
    /// A paste, whole.
    Paste(String),
    /// The window gained or lost the focus.
    Focus(bool),
    /// A paste began and its end never came: it was thrown away.
    LostPaste,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// The beginning of something: ESC, a sequence, a character of several bytes.
    Partial(Vec<u8>),
    /// So many ESC, which are keys unless a sequence goes on.
    Held(usize),
    /// An Esc key was told, and its sequence may still come.
    TooEarly,
    /// Between the marks of a paste; how much of the end mark has come.
    Paste(Vec<u8>, usize),
    /// After a paste that stood still, up to its end mark.
    Lost(usize),
    /// A paste without marks, up to a silence.
    Burst(String),
}

/// The bytes of one terminal.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// Sequences arrive so slowly here that an Esc key was told too early.
    slow: bool,
}

impl Decoder {
    /// Takes in what one read yielded.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut inputs = Vec::new();
        match (&mut self.state, text(bytes)) {
            (State::Burst(begun), Some(more)) => {
                if begun.len() < LONGEST_PASTE {
                    begun.push_str(more);
                }
                return inputs;
            }
            (State::Ground | State::TooEarly, Some(text)) if is_unmarked_paste(text) => {
                self.state = State::Burst(text.to_owned());
                return inputs;
            }
            _ => {}
        }
        // Alt and a key come in one read. What comes in another one after ESC, and cannot go on as a sequence, is a key of its own.
        if let State::Partial(begun) = &self.state
            && is_escape(begun)
            && bytes.first().is_some_and(|byte| !sequence::goes_on(*byte))
        {
            let escapes = begun.len();
            inputs.extend(self.told(escapes));
            self.state = State::Ground;
        }
        for byte in bytes {
            self.byte(*byte, &mut inputs);
        }
        inputs
    }

    /// How long to wait for the next byte; `None` = nothing has begun.
    pub(super) fn patience(&self) -> Option<Duration> {
        match &self.state {
            State::Ground => None,
            State::Partial(begun) if is_escape(begun) => Some(AFTER_ESCAPE),
            State::Partial(begun) if sequence::is_string(begun) => Some(IN_STRING),
            State::Partial(_) => Some(IN_SEQUENCE),
            State::Burst(_) => Some(AFTER_BURST),
            State::Held(_) | State::Lost(1) => Some(AFTER_ESCAPE_SLOW),
            State::TooEarly => Some(AFTER_TOO_EARLY),
            State::Paste(..) => Some(IN_PASTE),
            State::Lost(_) => Some(IN_LOST_PASTE),
        }
    }

    /// Nothing came for as long as `patience` said.
    pub(super) fn expire(&mut self) -> Vec<Input> {
        match std::mem::take(&mut self.state) {
            State::Partial(begun) if is_escape(&begun) && self.slow => {
                self.state = State::Held(begun.len());
                Vec::new()
            }
            State::Partial(begun) if is_escape(&begun) => self.told(begun.len()),
            State::Held(count) => self.told(count),
            // The end mark begins with ESC: one that stays alone is a person who wants the keyboard back.
            State::Lost(1) => {
                self.state = State::TooEarly;
                Vec::new()
            }
            State::Burst(text) => vec![Input::Paste(text)],
            State::Paste(_, matched) => {
                self.state = State::Lost(matched);
                vec![Input::LostPaste]
            }
            // Half a sequence is dropped, never run as the keys that its bytes would be.
            State::Ground | State::Partial(_) | State::TooEarly | State::Lost(_) => Vec::new(),
        }
    }

    fn told(&mut self, escapes: usize) -> Vec<Input> {
        self.state = State::TooEarly;
        vec![Input::Key(Key::new(Code::Esc)); escapes]
    }

    fn byte(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match std::mem::take(&mut self.state) {
            State::TooEarly if matches!(byte, b'[' | b'O') => {
                self.slow = true;
                self.state = State::Partial(vec![sequence::ESC, byte]);
            }
            State::Ground | State::TooEarly => self.begin(byte, inputs),
            State::Held(count) if matches!(byte, b'[' | b'O') => {
                inputs.extend(self.told(count.saturating_sub(1)));
                self.state = State::Partial(vec![sequence::ESC, byte]);
            }
            State::Held(count) => {
                inputs.extend(self.told(count));
                self.state = State::Ground;
                self.begin(byte, inputs);
            }
            State::Burst(text) => {
                inputs.push(Input::Paste(text));
                self.begin(byte, inputs);
            }
            State::Partial(begun) => self.go_on(begun, byte, inputs),
            State::Paste(mut text, matched) => match end_mark(matched, byte) {
                matched if matched == PASTE_END.len() => inputs.push(Input::Paste(String::from_utf8_lossy(&text).into_owned())),
                now => {
                    // What looked like the mark and was not is text.
                    if now <= matched {
                        text.extend_from_slice(PASTE_END.get(..matched).unwrap_or_default());
                    }
                    if now == 0 {
                        text.push(byte);
                    }
                    text.truncate(LONGEST_PASTE);
                    self.state = State::Paste(text, now);
                }
            },
            State::Lost(matched) => match end_mark(matched, byte) {
                matched if matched == PASTE_END.len() => {}
                now => self.state = State::Lost(now),
            },
        }
    }

    fn begin(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            sequence::ESC | 0xc2..=0xf4 => self.state = State::Partial(vec![byte]),
            0x00..=0x7f => inputs.extend(sequence::plain(char::from(byte)).map(Input::Key)),
            // No character begins with it.
            _ => {}
        }
    }

    fn go_on(&mut self, mut begun: Vec<u8>, byte: u8, inputs: &mut Vec<Input>) {
        begun.push(byte);
        match sequence::read(&begun) {
            Meaning::Key(key) => inputs.push(Input::Key(key)),
            Meaning::Focus(focused) => inputs.push(Input::Focus(focused)),
            Meaning::PasteBegins => self.state = State::Paste(Vec::new(), 0),
            Meaning::Nothing => {}
            Meaning::Escapes(count) => {
                inputs.extend((0..count).map(|_| Input::Key(Key::new(Code::Esc))));
                self.state = State::Partial(vec![sequence::ESC]);
            }
            // A string that is broken off by the next sequence.
            Meaning::Broken if begun.ends_with(&[sequence::ESC, byte]) => self.go_on(vec![sequence::ESC], byte, inputs),
            // What was begun is broken off by what cannot be part of it.
            Meaning::Broken => self.begin(byte, inputs),
            Meaning::Unfinished => {
                let longest = if sequence::is_string(&begun) { LONGEST_STRING } else { LONGEST_SEQUENCE };
                // Too long to be one, and still not keys: its end is waited for.
                begun.truncate(longest);
                self.state = State::Partial(begun);
            }
        }
    }
}

fn is_escape(begun: &[u8]) -> bool {
    begun.iter().all(|b| *b == sequence::ESC)
}

/// How much of the end mark has come after this byte.
fn end_mark(matched: usize, byte: u8) -> usize {
    match PASTE_END.get(matched) {
        Some(expected) if *expected == byte => matched + 1,
        _ => usize::from(byte == sequence::ESC),
    }
}

/// A read that holds nothing but text and line breaks.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n' | '\t')).then_some(text)
}

/// A line break in the middle of one read: nobody types that fast. A last one is Enter after a word that was typed ahead.
fn is_unmarked_paste(text: &str) -> bool {
    let broken = text.trim_end_matches(['\r', '\n']).contains(['\r', '\n']);
    broken && text.chars().filter(|c| !c.is_control()).count() >= BURST
}

#[cfg(test)]
mod tests;
