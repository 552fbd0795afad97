//! Styled text before it has a place: runs with roles, facts that give way when room is short, clipping
//! by display cells. Nothing here touches a buffer.

use std::borrow::Cow;

use crate::model::text::cells;
pub(crate) use crate::model::text::wrap;
use crate::theme::Role;

/// Runs of text, each with its role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phrase<'a> {
    /// From left to right.
    pub(crate) runs: Vec<(Cow<'a, str>, Role)>,
}

impl<'a> Phrase<'a> {
    /// One run.
    pub(crate) fn of(text: impl Into<Cow<'a, str>>, role: Role) -> Self {
        Self { runs: vec![(text.into(), role)] }
    }

    /// Nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With one run more.
    #[must_use]
    pub(crate) fn and(mut self, text: impl Into<Cow<'a, str>>, role: Role) -> Self {
        self.runs.push((text.into(), role));
        self
    }

    /// A dim label, a space, and the figure.
    pub(crate) fn labelled(label: &'a str, value: impl Into<Cow<'a, str>>, role: Role) -> Self {
        Self::of(label, Role::Muted).and(" ", Role::Text).and(value, role)
    }

    /// With another phrase behind it.
    #[must_use]
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.runs.extend(other.runs);
        self
    }

    /// Filled with blanks up to `width`.
    #[must_use]
    pub(crate) fn padded(mut self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        if missing > 0 {
            self.runs.push((" ".repeat(missing).into(), Role::Text));
        }
        self
    }

    /// Display cells.
    pub(crate) fn width(&self) -> usize {
        self.runs.iter().map(|(t, _)| cells(t)).sum()
    }

    /// Whether there is nothing to see.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.iter().all(|(t, _)| t.is_empty())
    }
}

/// A piece of a line that may be left out.
#[derive(Debug, Clone)]
pub(crate) struct Fact<'a> {
    /// What it says.
    pub(crate) phrase: Phrase<'a>,
    /// The larger, the earlier it gives way; 0 stays.
    pub(crate) rank: u8,
}

impl<'a> Fact<'a> {
    /// A fact of this rank.
    pub(crate) fn new(rank: u8, phrase: Phrase<'a>) -> Self {
        Self { phrase, rank }
    }
}

/// As many facts as fit, in their order, `gap` cells apart. Facts are left out whole: never a clipped word.
pub(crate) fn fit(mut facts: Vec<Fact<'_>>, width: usize, gap: usize) -> Phrase<'_> {
    facts.retain(|f| !f.phrase.is_empty());
    loop {
        let used: usize = facts.iter().map(|f| f.phrase.width()).sum::<usize>() + gap * facts.len().saturating_sub(1);
        if used <= width {
            break;
        }
        let worst = facts.iter().enumerate().filter(|(_, f)| f.rank > 0).max_by_key(|(i, f)| (f.rank, *i)).map(|(i, _)| i);
        let Some(worst) = worst else { break };
        facts.remove(worst);
    }
    let mut line = Phrase::new();
    for (i, fact) in facts.into_iter().enumerate() {
        if i > 0 {
            line = line.and(" ".repeat(gap), Role::Text);
        }
        line = line.then(fact.phrase);
    }
    line
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn wrapping_keeps_words_whole_and_never_loses_text() {
        assert_eq!(wrap("1 of 2 targets unhealthy", 12), ["1 of 2", "targets", "unhealthy"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        for width in 1..40 {
            let text = "the quick brown 日本語 fox://jumps/over?the=lazy&dog";
            let wrapped = wrap(text, width.max(2));
            let flat: String = wrapped.concat().chars().filter(|c| !c.is_whitespace()).collect();
            assert_eq!(flat, text.chars().filter(|c| !c.is_whitespace()).collect::<String>());
            assert!(wrapped.iter().all(|l| l.width() <= width.max(2)), "{width} {wrapped:?}");
        }
    }

    #[test]
    fn facts_give_way_whole() {
        let facts = || {
            vec![
                Fact::new(0, Phrase::of("842/s", Role::Text)),
                Fact::new(2, Phrase::of("p50", Role::Text)),
                Fact::new(1, Phrase::of("p95", Role::Text)),
            ]
        };
        let text = |p: Phrase<'_>| p.runs.iter().map(|(t, _)| t.as_ref()).collect::<String>();
        assert_eq!(text(fit(facts(), 20, 2)), "842/s  p50  p95");
        assert_eq!(text(fit(facts(), 14, 2)), "842/s  p95");
        assert_eq!(text(fit(facts(), 3, 2)), "842/s");
    }
}
