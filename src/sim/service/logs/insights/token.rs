//! The words and signs of a Logs Insights query, each with its place in the text. Not what they mean together: `parse`.

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A command, a field, a number or a span of time.
    Word(String),
    /// In quotation marks.
    Text(String),
    /// Between slashes.
    Regex(String),
    Sign(&'static str),
}

/// A piece and where it begins, in characters.
pub(super) type Placed = (usize, Token);

/// Longer ones before those that they begin with.
const SIGNS: &[&str] = &["!=", "<=", ">=", "=~", "|", ",", "(", ")", "[", "]", "=", "<", ">", "*"];

/// Cuts a query up; what cannot be read as any piece is refused by its place.
pub(super) fn tokens(query: &str) -> Result<Vec<Placed>, String> {
    let (mut all, mut rest) = (Vec::new(), query);
    let mut at = 0;
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            c if c.is_whitespace() => (None, rest.trim_start()),
            '#' => (None, rest.split_once('\n').map_or("", |(_, after)| after)),
            '"' | '\'' | '`' | '/' => {
                let (inside, after) = enclosed(rest, first).ok_or_else(|| unexpected(at, "end of the query"))?;
                let token = match first {
                    '/' => Token::Regex(inside),
                    '`' => Token::Word(inside),
                    _ => Token::Text(inside),
                };
                (Some(token), after)
            }
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (Some(Token::Word(word.to_owned())), after)
            }
            other => {
                let sign = SIGNS.iter().find_map(|sign| Some((*sign, rest.strip_prefix(sign)?)));
                let (sign, after) = sign.ok_or_else(|| unexpected(at, &other.to_string()))?;
                (Some(Token::Sign(sign)), after)
            }
        };
        all.extend(token.map(|token| (at, token)));
        at += rest.chars().count() - after.chars().count();
        rest = after;
    }
    Ok(all)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '.')
}

/// What stands between two of `mark`, and what follows. A backslash takes the mark's meaning from it; a regex keeps all others.
fn enclosed(text: &str, mark: char) -> Option<(String, &str)> {
    let mut chars = text.chars();
    chars.next();
    let mut inside = String::new();
    loop {
        match chars.next()? {
            '\\' => match chars.next()? {
                c if c == mark || (c == '\\' && mark != '/') => inside.push(c),
                other => inside.extend(['\\', other]),
            },
            c if c == mark => return Some((inside, chars.as_str())),
            c => inside.push(c),
        }
    }
}

/// As AWS says it.
pub(super) fn unexpected(at: usize, what: &str) -> String {
    format!("unexpected symbol found {what} at line 1 and position {at}")
}
