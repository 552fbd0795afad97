//! What the transcripts of runbooks say: the lines with a moment for the timeline, and the whole of each as a block that can hold anything.
//! The transcripts are read as text, as `runbook run` writes them. Called by the post-mortem.

use chrono::{DateTime, NaiveDateTime};

use crate::model::Time;
use crate::model::text::inert_lines;

/// How `runbook run` writes a moment, and how long that is.
const MOMENT: (&str, usize) = ("%Y-%m-%d %H:%M:%S UTC", 23);

/// The lines of a transcript that say when: what its commands said, and the notes of people.
pub(super) fn timed(transcript: &str) -> Vec<(Time, String)> {
    let title = transcript.lines().find_map(|l| l.strip_prefix("# ")).unwrap_or("runbook");
    let line = |l: &str| {
        let (at, rest) = l.strip_prefix("- ")?.split_at_checked(MOMENT.1)?;
        let at: DateTime<chrono::Utc> = NaiveDateTime::parse_from_str(at, MOMENT.0).ok()?.and_utc();
        Some((at, format!("{}: {}", plain(title), plain(rest.trim()))))
    };
    transcript.lines().filter_map(line).collect()
}

/// Without the escapes of Markdown: whoever writes it down puts them anew.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('\\' | '`' | '<' | '[' | '|')) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

/// A whole transcript in a block of code: nothing in it is a heading, a link or a tag of the document.
pub(super) fn block(transcript: &str) -> Vec<String> {
    let text = inert_lines(transcript.trim_end());
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    vec![format!("{fence}text"), text, fence]
}

/// The most backquotes in a row.
fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
