//! What `/` means: words that must occur, `!words` that must not, `@words` that must occur in the origin
//! (a log stream, a zone). Case does not matter. Called by lists; the log has a grammar of its own.

use regex::{Regex, RegexBuilder};

/// A parsed filter; the empty one lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    pattern: Regex,
    negated: bool,
    origin: bool,
}

impl Filter {
    /// Parses what was typed; text is taken literally, so nothing that can be typed is an error.
    pub fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().filter_map(term).collect();
        Self { text: text.to_owned(), terms }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether something with this origin and text is shown.
    pub fn matches(&self, origin: &str, text: &str) -> bool {
        self.terms.iter().all(|t| {
            let hit = t.pattern.is_match(origin) || (!t.origin && t.pattern.is_match(text));
            hit != t.negated
        })
    }

    /// Whether a row made of these fields is shown: each word must occur in some field.
    pub(crate) fn matches_fields(&self, fields: &[&str]) -> bool {
        self.terms.iter().all(|t| fields.iter().any(|f| t.pattern.is_match(f)) != t.negated)
    }
}

fn term(word: &str) -> Option<Term> {
    let (negated, word) = word.strip_prefix('!').map_or((false, word), |w| (true, w));
    let (origin, word) = word.strip_prefix('@').map_or((false, word), |w| (true, w));
    if word.is_empty() {
        return None;
    }
    let pattern = RegexBuilder::new(&regex::escape(word)).case_insensitive(true).build().ok()?;
    Some(Term { pattern, negated, origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_and_origins() {
        for (filter, origin, text, shown) in [
            ("", "web/1", "GET /", true),
            ("get", "web/1", "GET /", true),
            ("get !health", "web/1", "GET /health", false),
            ("@web", "web/1", "x", true),
            ("@web", "api/1", "web", false),
            ("!@web", "web/1", "x", false),
            ("a.c", "", "abc", false),
            ("!", "", "anything", true),
            ("(", "", "f(x)", true),
        ] {
            assert_eq!(Filter::parse(filter).matches(origin, text), shown, "{filter:?} {text:?}");
        }
    }
}
