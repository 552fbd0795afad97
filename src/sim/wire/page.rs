//! Pagination: one page of a list, and the opaque token that leads to the next. Tokens hold no server state, carry the
//! question they belong to, and are refused with any other, as AWS refuses them. Each service words that refusal itself.

use aws_smithy_types::base64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries of this page.
    pub items: Vec<T>,
    /// Leads to the next page; absent on the last.
    pub next: Option<String>,
}

/// Cuts the page that `token` leads to, at most `limit` entries. `question` is what was asked (operation and filters).
/// `None` when the token does not belong to this question.
pub fn page<T>(items: Vec<T>, limit: usize, token: Option<&str>, question: &str) -> Option<Page<T>> {
    let start = match token {
        None => 0,
        Some(token) => offset(token, question)?,
    };
    let total = items.len();
    let end = start.saturating_add(limit);
    Some(Page { items: items.into_iter().skip(start).take(limit).collect(), next: (end < total).then(|| self::token(end, question)) })
}

/// The token for position `offset` of `question`.
pub fn token(offset: usize, question: &str) -> String {
    base64::encode(format!("{offset}:{:016x}", fingerprint(question)))
}

/// The position that a token stands for.
pub fn offset(token: &str, question: &str) -> Option<usize> {
    let text = String::from_utf8(base64::decode(token).ok()?).ok()?;
    let (offset, mark) = text.split_once(':')?;
    (mark == format!("{:016x}", fingerprint(question))).then(|| offset.parse().ok())?
}

/// FNV-1a: the standard hasher is not the same in every release, and recorded sessions hold tokens.
fn fingerprint(question: &str) -> u64 {
    question.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_the_list_once() {
        for (total, limit) in [(0, 10), (1, 10), (10, 10), (11, 10), (95, 20)] {
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = page((0..total).collect(), limit, token.as_deref(), "q").unwrap();
                assert!(page.items.len() <= limit);
                seen.extend(page.items);
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, (0..total).collect::<Vec<_>>(), "{total} by {limit}");
        }
    }

    #[test]
    fn foreign_tokens_are_refused() {
        let next = page((0..3).collect(), 1, None, "ListServices production").unwrap().next;
        assert!(page((0..3).collect::<Vec<_>>(), 1, next.as_deref(), "ListTasks production").is_none());
        for rubbish in ["", "x", "!!!", "AAAA", "MTp4"] {
            assert!(page(vec![1], 1, Some(rubbish), "q").is_none(), "{rubbish}");
        }
    }
}
