//! CloudWatch Logs filter patterns over unstructured lines: `term`, `"exact phrase"`, `-exclude`, `?any` and `%regex%`.
//! JSON (`{ $.x = 1 }`) and space-delimited (`[a, b]`) patterns are refused. Used by FilterLogEvents and the live tail.

use regex::Regex;

/// A parsed pattern. The empty pattern matches everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Pattern {
    all: Vec<String>,
    none: Vec<String>,
    any: Vec<String>,
    regex: Option<Regex>,
}

impl Pattern {
    /// Parses `text`; the error is the message that AWS answers with.
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let text = text.trim();
        if let Some(regex) = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
            let regex = Regex::new(regex).ok().ok_or_else(|| refused(text))?;
            return Ok(Pattern { regex: Some(regex), ..Pattern::default() });
        }
        if text.starts_with(['{', '[']) {
            return Err(format!("{} (the embedded cloud knows terms, phrases, -exclude, ?any and %regex%)", refused(text)));
        }
        let mut pattern = Pattern::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (list, after) = match first {
                '-' => (&mut pattern.none, rest.get(1..)),
                '?' => (&mut pattern.any, rest.get(1..)),
                _ => (&mut pattern.all, Some(rest)),
            };
            let (term, after) = term(after.unwrap_or_default()).ok_or_else(|| refused(text))?;
            list.push(term);
            rest = after.trim_start();
        }
        // AWS ignores the optional terms when they stand beside others.
        if !(pattern.all.is_empty() && pattern.none.is_empty()) {
            pattern.any.clear();
        }
        Ok(pattern)
    }

    /// Whether `line` matches. Case matters.
    pub(super) fn matches(&self, line: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.is_match(line))
            && self.all.iter().all(|term| line.contains(term.as_str()))
            && !self.none.iter().any(|term| line.contains(term.as_str()))
            && (self.any.is_empty() || self.any.iter().any(|term| line.contains(term.as_str())))
    }
}

fn refused(text: &str) -> String {
    format!("Invalid filter pattern: {text}")
}

/// The first term of `text` (a quoted phrase, or up to white space) and what follows it.
fn term(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (term, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return (!term.is_empty()).then(|| (term.to_owned(), rest));
    };
    let mut term = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '\\' => term.push(chars.next()?),
            '"' => return Some((term, chars.as_str())),
            other => term.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_documented() {
        for (pattern, line, expected) in [
            ("", "anything", true),
            ("ERROR", "[ERROR 401] UNAUTHORIZED", true),
            ("error", "[ERROR 401] UNAUTHORIZED", false),
            ("ERROR REQUEST", "[ERROR 400] BAD REQUEST", true),
            ("ERROR REQUEST", "[ERROR 401] UNAUTHORIZED", false),
            ("?ERROR ?WARN", "[WARN] slow", true),
            ("?ERROR ?WARN", "[INFO] fine", false),
            ("\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", true),
            ("\"BAD REQUEST\"", "REQUEST was BAD", false),
            ("ERROR -EXITING", "[ERROR] EXITING", false),
            ("ERROR -EXITING", "[ERROR] going on", true),
            ("-\"health check\"", "GET /health check", false),
            ("\"say \\\"hi\\\"\"", "they say \"hi\" twice", true),
            ("?ERROR INFO", "[INFO] fine", true),
            ("%status=5[0-9]{2}%", "GET / status=503", true),
            ("%status=5[0-9]{2}%", "GET / status=404", false),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(line), expected, "{pattern} on {line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for pattern in ["\"open", "-", "?", "%(%", "{ $.level = \"ERROR\" }", "[a, b]", "\"\\"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
