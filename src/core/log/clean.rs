//! A log line made safe for a terminal with everything in it to be seen: controls as their pictures, what hides or turns text around by
//! its code point; only colours go without a trace. Not the pen's `inert`, which leaves whole sequences out: what a log wrote is evidence.
//! Called for every line before anything else looks at it.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::inert::{Manner, cleaned_as};

/// What is left of a line: its visible text, and how much was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clean<'a> {
    /// Without blanks at its end; line breaks stay, all as `\n`.
    pub text: Cow<'a, str>,
    /// Bytes beyond the limit.
    pub more: usize,
}

/// The text up to a limit in bytes, with nothing that a terminal obeys, hides or turns around.
pub fn clean(text: &str, limit: usize) -> Clean<'_> {
    let end = text.floor_char_boundary(limit);
    let (head, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let head = head.trim_end();
    let text = if head.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
        Cow::Borrowed(head)
    } else {
        let lines = if head.contains("\r\n") { Cow::Owned(head.replace("\r\n", "\n")) } else { Cow::Borrowed(head) };
        let mut shown = cleaned_as(&lines, &SHOWN);
        shown.truncate(shown.trim_end().len());
        Cow::Owned(shown)
    };
    Clean { text, more: rest.len() }
}

/// What stands at the end of a line that was clipped.
pub fn mark(more: usize) -> String {
    format!(" … +{}", crate::model::text::bytes(more as f64))
}

const SHOWN: Manner = Manner { skip: colour, blank, show: picture };

fn blank(c: char) -> Option<char> {
    match c {
        '\t' => Some(' '),
        '\n' => Some(c),
        _ => None,
    }
}

/// What lies behind a sequence that only changes how text looks: colours, character sets, and what `grep` and npm write to fill the line.
fn colour(after: &str) -> Option<&str> {
    let bytes = after.as_bytes();
    let end = match bytes.first()? {
        b'[' => {
            let parameters = bytes.iter().skip(1).take(LONGEST).take_while(|b| matches!(b, b'0'..=b'9' | b';' | b':')).count();
            bytes.get(1 + parameters).filter(|b| matches!(b, b'm' | b'K')).map(|_| parameters + 2)
        }
        b'(' => bytes.get(1).filter(|b| matches!(b, b'B' | b'0')).map(|_| 2),
        _ => None,
    };
    end.and_then(|end| after.get(end..))
}

/// No colour takes more.
const LONGEST: usize = 64;

/// A control character as the sign that Unicode has for it, anything else by its number.
fn picture(c: char, out: &mut String) {
    let sign = match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('\u{2421}'),
        _ => None,
    };
    match sign {
        Some(sign) => out.push(sign),
        None => {
            let _ = write!(out, "⟨{:04X}⟩", c as u32);
        }
    }
}
