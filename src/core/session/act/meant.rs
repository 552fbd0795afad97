//! What could be meant by a line of the palette: actions, places, the palette's own words and the commands of keys under one roof, and how well
//! each answers what is typed. A guess is only ever offered: what a line is, is said exactly or by its only beginning. Called by `palette`.

use super::palette::{OWN, Suggestion};
use crate::input::{COMMANDS, Intent};
use crate::model::action::names::nearest;
use crate::model::action::{ACTIONS, usage};
use crate::session::Session;
use crate::session::places::places;

/// Something that has a name.
struct Named {
    /// All that it is called, the usual word first.
    words: Vec<String>,
    doc: String,
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// This name, in full.
    Is(String),
    /// The beginning of several.
    Several(Vec<String>),
    /// Nothing; what was probably meant.
    Nothing(Option<String>),
}

/// Everything that can be asked for; what comes first wins where two answer equally well.
fn all(session: &Session) -> Vec<Named> {
    let one = |word: &str, doc: String| Named { words: vec![word.to_owned()], doc };
    let actions = ACTIONS.iter().map(|spec| {
        let usage = usage(spec);
        let more = usage.strip_prefix(spec.name).unwrap_or_default().trim();
        one(spec.name, if more.is_empty() { spec.doc.to_owned() } else { format!("{more}   {}", spec.doc) })
    });
    let mut all: Vec<Named> = actions.collect();
    all.extend(places(session).into_iter().map(|place| Named { words: place.words, doc: place.doc }));
    all.extend(OWN.iter().map(|(word, doc)| one(word, (*doc).to_owned())));
    // Places have their row already, and more words.
    let keys = COMMANDS.iter().filter(|c| !c.hint.is_empty() && !matches!(c.intent, Intent::Go(_)));
    for command in keys {
        if !all.iter().any(|n| n.words.iter().any(|w| w == command.name)) {
            all.push(one(command.name, command.doc.to_owned()));
        }
    }
    all
}

/// How well a name answers what is typed, the smaller the better: it is it, it begins so, its words begin so, its letters stand in it in that
/// order, the closer together the better.
fn rank(typed: &str, name: &str) -> Option<(u8, usize)> {
    if name == typed {
        return Some((0, 0));
    }
    if name.starts_with(typed) {
        return Some((1, 0));
    }
    // What follows a name are its values, not more of it.
    if typed.contains(' ') {
        return None;
    }
    let words: Vec<&str> = name.split([' ', '-', '_', '/', '.']).collect();
    if begins(typed, &words) {
        return Some((2, 0));
    }
    // One letter stands in everything.
    if typed.chars().count() < 2 {
        return None;
    }
    let mut letters = name.char_indices();
    let mut places = Vec::new();
    for wanted in typed.chars() {
        places.push(letters.find(|(_, c)| *c == wanted)?.0);
    }
    Some((3, places.last()? - places.first()?))
}

/// Whether what is typed is made of the beginnings of these words, in their order: `fdb` of `failover db`.
fn begins(typed: &str, words: &[&str]) -> bool {
    if typed.is_empty() {
        return true;
    }
    let Some((word, rest)) = words.split_first() else { return false };
    let common = typed.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
    let ends = typed.char_indices().map(|(at, _)| at).chain([typed.len()]);
    ends.take(common + 1).any(|at| typed.get(at..).is_some_and(|left| begins(left, rest)))
}

/// What could be meant, the most likely first: of each thing the word that answers best.
pub(super) fn suggestions(session: &Session, line: &str) -> Vec<Suggestion> {
    let typed = line.to_lowercase();
    let mut found: Vec<((u8, usize), Suggestion)> = all(session)
        .into_iter()
        .filter_map(|named| {
            let ranked = named.words.iter().filter_map(|word| Some((rank(&typed, &word.to_lowercase())?, word)));
            let (rank, word) = ranked.min_by_key(|(rank, _)| *rank)?;
            let also: Vec<&str> = named.words.iter().filter(|w| *w != word).map(String::as_str).collect();
            let also = if also.is_empty() { String::new() } else { format!("   also {}", also.join(", ")) };
            Some((rank, Suggestion { text: format!("{word} "), doc: format!("{}{also}", named.doc) }))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, suggestion)| suggestion).collect()
}

/// What a line is: a name, or the beginning of one thing alone.
pub(super) fn meant(session: &Session, line: &str) -> Meant {
    let all = all(session);
    let typed = line.to_lowercase();
    let is = |word: &&String| word.eq_ignore_ascii_case(line);
    if let Some(word) = all.iter().flat_map(|n| &n.words).find(is) {
        return Meant::Is(word.clone());
    }
    let begun = all.iter().filter_map(|n| n.words.iter().find(|word| word.to_lowercase().starts_with(&typed)));
    let begun: Vec<String> = begun.cloned().collect();
    match begun.as_slice() {
        [one] => Meant::Is(one.clone()),
        [] => {
            let known: Vec<&str> = all.iter().flat_map(|n| n.words.iter().map(String::as_str)).collect();
            let head = line.split(' ').next().unwrap_or_default();
            Meant::Nothing(nearest(line, &known).or_else(|| nearest(head, &known)).map(str::to_owned))
        }
        _ => Meant::Several(begun),
    }
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn a_beginning_comes_before_beginnings_of_words_and_those_before_letters() {
        let order = |typed: &str, names: &[&str]| {
            let mut all: Vec<_> = names.iter().filter_map(|name| Some((rank(typed, name)?, *name))).collect();
            all.sort_by_key(|(rank, _)| *rank);
            all.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ")
        };
        for (typed, names, expected) in [
            ("db", &["failover db", "dashboard", "db", "db-reporting"][..], "db, db-reporting, failover db, dashboard"),
            ("fdb", &["failover cache", "failover db"], "failover db"),
            ("sg", &["image signing", "security-groups", "sg"], "sg, security-groups, image signing"),
            ("rd", &["redeploy", "rds", "reroute"], "rds, redeploy"),
            ("z", &["zones", "quiz"], "zones"),
            ("scale w", &["scale", "scaler w"], ""),
            ("", &["b", "a"], "b, a"),
        ] {
            assert_eq!(order(typed, names), expected, "{typed}");
        }
    }
}
