//! Foreign text made harmless for a terminal: visible, in its order, and nothing more. Whole escape sequences are taken out, everything
//! else that a terminal would obey, hide or turn around becomes `�`; joiners of scripts and of emoji stay. Called by `text::sanitize` at
//! the door of the program, by the pen and by what prints, so that nothing depends on having been called before.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// What stands for a character that is not shown.
const INSTEAD: char = '\u{fffd}';
/// More marks than this on one letter are no writing: no script needs half as many.
const MARKS: usize = 8;
/// Longer strings (titles, links, colours) are no sequences.
const LONGEST_STRING: usize = 512;

/// The text without anything that a terminal obeys.
pub fn inert(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(cleaned(text))
}

/// The same line by line: line breaks are kept, for reports and messages.
pub fn inert_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(inert).collect();
    lines.join("\n")
}

/// What becomes of what a terminal would obey: the pen leaves it out or replaces it, the log shows it.
pub(crate) struct Manner {
    /// What lies behind the sequence that begins here (after ESC), if that goes without a trace.
    pub(crate) skip: fn(&str) -> Option<&str>,
    /// What a tab and the ends of a line become; `None` = shown like any other control character.
    pub(crate) blank: fn(char) -> Option<char>,
    /// Writes what stands for a character that is not shown.
    pub(crate) show: fn(char, &mut String),
}

fn cleaned(text: &str) -> String {
    cleaned_as(text, &Manner { skip: sequence, blank: |_| Some(' '), show: |_, out| out.push(INSTEAD) })
}

/// The same in another manner; what it writes is inert if what the manner writes is.
pub(crate) fn cleaned_as(text: &str, manner: &Manner) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut marks = 0;
    // The character before, if it was kept.
    let mut before = None;
    loop {
        // What is plain is most of it.
        let run = rest.bytes().take_while(|b| matches!(b, b' '..=b'~')).count();
        if let Some((plain, behind)) = rest.split_at_checked(run).filter(|(plain, _)| !plain.is_empty()) {
            out.push_str(plain);
            before = plain.chars().next_back();
            marks = 0;
            rest = behind;
        }
        let Some(c) = rest.chars().next() else { break };
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '\u{1b}'
            && let Some(behind) = (manner.skip)(after)
        {
            rest = behind;
            continue;
        }
        rest = after;
        let blank = if matches!(c, '\t' | '\n' | '\r') { (manner.blank)(c) } else { None };
        let is_joiner = matches!(c, '\u{200c}' | '\u{200d}') && joins(before, after);
        let kept = if blank.is_some() {
            blank
        } else if is_joiner {
            Some(c)
        } else if c.is_control() || is_hidden(c) {
            (manner.show)(c, &mut out);
            None
        } else if c.width() == Some(0) {
            marks += 1;
            // A mark without a letter would sit on whatever stands before this text.
            let is_bare = before.is_none_or(|b: char| b.is_whitespace() || b == INSTEAD);
            if marks <= MARKS + 1 {
                let kept = if is_bare || marks > MARKS { INSTEAD } else { c };
                out.push(kept);
                before = Some(kept);
            }
            continue;
        } else {
            Some(c)
        };
        out.extend(kept);
        before = kept;
        marks = 0;
    }
    out
}

/// Characters that show nothing, or that turn the order of others around.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

/// Whether a joiner has something to join: letters or marks of a script that is not Latin, or emoji. Between ASCII it only hides.
fn joins(before: Option<char>, after: &str) -> bool {
    let joinable = |c: char| !c.is_ascii() && !c.is_whitespace() && !c.is_control() && c != INSTEAD && !is_hidden(c);
    // A joiner may end a word after a mark (Indic half forms), never after another joiner.
    let is_mark = |c: char| matches!(c, '\u{900}'..='\u{dff}') && c.width() == Some(0);
    before.is_some_and(|b| joinable(b) && (is_mark(b) || after.chars().next().is_some_and(joinable)))
}

/// What lies behind the escape sequence that begins here (after ESC); `None` if it is none, or has no end.
fn sequence(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    let end = match first {
        b'[' => {
            let parameters = bytes.iter().skip(1).take_while(|b| matches!(b, 0x20..=0x3f)).count();
            bytes.get(1 + parameters).filter(|b| matches!(b, 0x40..=0x7e)).map(|_| parameters + 2)
        }
        b']' | b'P' | b'X' | b'^' | b'_' => string(bytes),
        0x20..=0x2f => {
            let between = bytes.iter().take_while(|b| matches!(b, 0x20..=0x2f)).count();
            bytes.get(between).filter(|b| matches!(b, 0x30..=0x7e)).map(|_| between + 1)
        }
        b'7' | b'8' | b'=' | b'>' | b'D' | b'E' | b'H' | b'M' | b'N' | b'O' | b'Z' | b'\\' | b'c' => Some(1),
        _ => None,
    };
    end.and_then(|end| text.get(end..))
}

/// Up to BEL or ESC \.
fn string(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().take(LONGEST_STRING).position(|b| matches!(b, 0x07 | 0x1b))?;
    match (bytes.get(end), bytes.get(end + 1)) {
        (Some(0x07), _) => Some(end + 1),
        (_, Some(b'\\')) => Some(end + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_gone_or_visible() {
        for (raw, safe) in [
            ("plain", "plain"),
            ("a\u{1b}[2Jb", "ab"),
            ("\u{1b}[1;31mred\u{1b}[0m\u{1b}(B", "red"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{1b}P1$r0m\u{1b}\\b", "ab"),
            // Without an end: the rest of the line is there to be read.
            ("a\u{1b}]0;the rest of the line", "a\u{fffd}]0;the rest of the line"),
            ("a\u{1b}]0;the rest\u{1b}[31m of it", "a\u{fffd}]0;the rest of it"),
            ("a\u{1b}Pq the rest", "a\u{fffd}Pq the rest"),
            ("a\u{1b}[31", "a\u{fffd}[31"),
            ("a\u{1b}[3é", "a\u{fffd}[3é"),
            ("a\u{1b}", "a\u{fffd}"),
            ("a\u{1b}error", "a\u{fffd}error"),
            ("a\u{9b}31mb\u{9d}0;x\u{9c}", "a\u{fffd}31mb\u{fffd}0;x\u{fffd}"),
            ("line\r\nnext\tx", "line  next x"),
            ("nul\u{0}bell\u{7}back\u{8}del\u{7f}", "nul\u{fffd}bell\u{fffd}back\u{fffd}del\u{fffd}"),
        ] {
            assert_eq!(inert(raw), safe, "{raw:?}");
        }
        let long = format!("a\u{1b}]0;{}\u{7}b", "x".repeat(600));
        assert!(inert(&long).contains("xxx"), "so much is not hidden, even with an end");
    }

    #[test]
    fn what_hides_or_turns_around_is_visible_and_writing_stays_as_it_is() {
        for hidden in [
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{202e}',
            '\u{2028}',
            '\u{2029}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{ad}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{3164}',
            '\u{fff9}',
            '\u{34f}',
        ] {
            assert_eq!(inert(&format!("a{hidden}b")), "a\u{fffd}b", "{hidden:?}");
        }
        for writing in [
            "日本語 ok",
            "● ▲ ✖ ╭─╮ ⣿",
            "naïve cafe\u{301}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "ක්\u{200d}\u{dbb}",
            "👩\u{200d}💻 done",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "❤\u{fe0f}\u{200d}🔥",
            "🏳\u{fe0f}\u{200d}🌈",
            "ผู้ดูแล",
            "שָׁלוֹם",
            "葛\u{e0100}",
        ] {
            assert_eq!(inert(writing), writing, "{writing:?}");
        }
        for (raw, safe) in [
            ("pay\u{200d}pal", "pay\u{fffd}pal"),
            ("\u{200c}می", "\u{fffd}می"),
            ("م\u{200c}\u{200c}ی", "م\u{fffd}\u{fffd}ی"),
            ("\u{301}a", "\u{fffd}a"),
            ("a \u{301}", "a \u{fffd}"),
        ] {
            assert_eq!(inert(raw), safe, "{raw:?}");
        }
    }

    #[test]
    fn a_pile_of_marks_is_cut_and_the_letter_stays() {
        let pile = format!("a{}b", "\u{301}".repeat(300));
        let shown = inert(&pile);
        assert!(shown.starts_with("a\u{301}") && shown.ends_with("\u{fffd}b"), "{shown:?}");
        assert!(shown.chars().count() <= MARKS + 3, "{shown:?}");
        assert_eq!(inert_lines("a\u{1b}[31mb\n\u{202e}c\n"), "ab\n\u{fffd}c\n");
    }
}
