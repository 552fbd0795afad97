//! Prose of a runbook as plain lines for a screen: paragraphs, points of lists with their indent, code as it is written, links with where
//! they lead. Not wrapped, nothing left out. Called by who shows a step.

use std::fmt::Write;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// One paragraph, point of a list or line of code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Blanks before it.
    pub indent: usize,
    /// `- ` or `2. `, where it is a point of a list.
    pub mark: String,
    pub text: String,
    /// A blank line stands above it.
    pub apart: bool,
}

/// Deeper indents leave no room.
const DEEPEST: usize = 8;

/// The pieces of a text.
pub fn plain(text: &str) -> Vec<Piece> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, Options::empty()) {
        reader.take(event);
    }
    reader.end();
    reader.pieces
}

#[derive(Default)]
struct Reader {
    pieces: Vec<Piece>,
    now: Piece,
    /// The number of the next point of each list that is open, innermost last.
    lists: Vec<Option<u64>>,
    link: String,
    code: bool,
    quotes: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::List(first)) => {
                self.end();
                self.lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                self.end();
                self.lists.pop();
            }
            Event::Start(Tag::Item) => {
                self.end();
                self.now.mark = match self.lists.last_mut() {
                    Some(Some(n)) => {
                        *n += 1;
                        format!("{}. ", *n - 1)
                    }
                    _ => "- ".to_owned(),
                };
            }
            Event::Start(Tag::BlockQuote(_)) => {
                self.end();
                self.quotes += 1;
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                self.end();
                self.quotes = self.quotes.saturating_sub(1);
            }
            Event::Start(Tag::CodeBlock(_)) => {
                self.end();
                self.code = true;
            }
            Event::End(TagEnd::CodeBlock) => self.code = false,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => self.link = dest_url.into_string(),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let to = std::mem::take(&mut self.link);
                let leads = leads(&to);
                if !leads.is_empty() && !self.now.text.ends_with(&to) {
                    let _ = write!(self.now.text, " ({leads})");
                }
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::HtmlBlock) if self.now.mark.is_empty() => self.end(),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::HtmlBlock) => self.end(),
            Event::Text(words) if self.code => words.lines().for_each(|line| self.verbatim(line)),
            Event::Text(words) | Event::Html(words) | Event::InlineHtml(words) | Event::Code(words) => self.now.text.push_str(&words),
            Event::SoftBreak | Event::HardBreak => self.now.text.push(' '),
            Event::Rule => {
                self.end();
                self.now.text.push_str("---");
                self.end();
            }
            _ => {}
        }
    }

    fn indent(&self) -> usize {
        (self.lists.len().saturating_sub(1) * 2 + self.quotes * 2).min(DEEPEST)
    }

    fn verbatim(&mut self, line: &str) {
        self.pieces.push(Piece { indent: self.indent() + 2, text: line.to_owned(), ..Piece::default() });
    }

    fn end(&mut self) {
        let indent = self.indent();
        let piece = std::mem::take(&mut self.now);
        if piece.text.trim().is_empty() && piece.mark.is_empty() {
            return;
        }
        let apart = !self.pieces.is_empty() && piece.mark.is_empty() && self.lists.is_empty()
            || (!piece.mark.is_empty() && self.pieces.last().is_some_and(|before| before.mark.is_empty() && before.indent == 0));
        self.pieces.push(Piece { indent, apart, ..piece });
    }
}

/// Where a link leads, as somebody at the dashboard goes there.
fn leads(to: &str) -> String {
    match to.split('#').next().and_then(|file| file.strip_suffix(".md")) {
        Some(name) if !to.contains("://") => format!(":runbook {}", name.trim_start_matches("./")),
        _ if to.starts_with('#') => String::new(),
        _ => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_told_whole_and_without_its_marks() {
        let text = "Do *not* wait for `db`,\nsee [the image](image-pull.md).\n\n- one **two**\n  - deeper\n- [x](#here)\n\n1. a\n2. b\n\n\
                    > said\n\n```\nx  y\n```\n\n<b>end</b> https://a.b";
        let lines: Vec<String> =
            plain(text).iter().map(|p| format!("{}{}{}{}", if p.apart { "^" } else { "" }, " ".repeat(p.indent), p.mark, p.text)).collect();
        assert_eq!(
            lines,
            [
                "Do not wait for db, see the image (:runbook image-pull).",
                "^- one two",
                "  - deeper",
                "- x",
                "1. a",
                "2. b",
                "^  said",
                "  x  y",
                "^<b>end</b> https://a.b",
            ]
        );
    }
}
