//! What it means for a node how a section stands: whether it can be judged at all, and why not, in words.
//! Called by the rules and by the reports.

use crate::model::Time;
use crate::model::health::{Level, ReasonKind};
use crate::model::section::{Problem, ProblemKind, SectionKey, Unread};
use crate::model::standing::Standing;
use crate::model::store::{SectionState, Store};
use crate::model::text;

use crate::insight::health::finding::Finding;

/// What is said of a section whose first answer is on its way.
pub(crate) const LOADING: &str = "loading";

/// What a chain of sections that build on each other lacks in the end: it is said there why, and not again in each of them.
fn root(headline: &str) -> Option<&str> {
    let mut root = None;
    let mut rest = headline;
    while let Some((title, below)) = rest.strip_prefix("needs ").and_then(|r| r.split_once(": ")) {
        (root, rest) = (Some(title), below);
    }
    root
}

/// Why a section is not as it should be, in words; `None` when it is, or when it was never asked.
pub(crate) fn explain(entry: Option<&SectionState>, now: Time) -> Option<String> {
    let problem = entry.and_then(|e| e.problem.as_ref());
    let headline = problem.map_or("not loaded yet", |p| p.headline.as_str());
    if let Some(root) = problem.filter(|p| !matches!(p.kind, ProblemKind::Denied)).and_then(|p| root(&p.headline))
        && matches!(Standing::of(entry, now), Standing::Missing | Standing::Failed)
    {
        return Some(format!("needs the {root}"));
    }
    match Standing::of(entry, now) {
        Standing::Idle | Standing::Ready => None,
        Standing::Loading => Some(LOADING.to_owned()),
        Standing::Missing => Some(format!("missing ({headline})")),
        Standing::Failed => Some(headline.to_owned()),
        Standing::Denied => problem.map(Problem::why),
        Standing::Stale => {
            let age = entry.and_then(|e| e.at).map_or_else(String::new, |at| text::age(at, now));
            Some(match problem.and_then(|p| p.permission.as_deref()) {
                Some(permission) => format!("stale for {age}, access denied: {permission}"),
                None => format!("stale for {age}: {headline}"),
            })
        }
    }
}

/// What a mandatory section that cannot be used means for its node.
pub(crate) fn mandatory(store: &Store, key: SectionKey, now: Time) -> Option<Finding> {
    let entry = store.entry(key);
    let standing = Standing::of(entry, now);
    let (level, what) = match standing {
        Standing::Ready => return None,
        Standing::Idle => (Level::Unknown, LOADING.to_owned()),
        Standing::Missing => (Level::Down, explain(entry, now)?),
        _ => (Level::Unknown, explain(entry, now)?),
    };
    let since = entry.and_then(|e| e.failing_since);
    let kind = if matches!(standing, Standing::Idle | Standing::Loading) { ReasonKind::Loading } else { ReasonKind::Unread(key) };
    Some(Finding { level, text: what, since, basis: vec![key], kind, interrupts: None })
}

/// A supporting section that is not current: what its rules would say is not known, so that nothing is called healthy unless something
/// else decides.
pub(crate) fn supporting(store: &Store, key: SectionKey, now: Time) -> Option<Finding> {
    let entry = store.entry(key);
    let (text, kind) = match Standing::of(entry, now) {
        Standing::Ready => return None,
        Standing::Idle | Standing::Loading => (format!("{}: {LOADING}", title(key)), ReasonKind::Loading),
        _ => (format!("{}: {}", title(key), explain(entry, now)?), ReasonKind::Unread(key)),
    };
    Some(Finding { level: Level::Unknown, text, since: None, basis: vec![key], kind, interrupts: None })
}

/// The parts of a section that could not be read: what rests on them is not known, the rest is.
pub(crate) fn unread(store: &Store, key: SectionKey) -> Vec<Finding> {
    let parts = store.entry(key).map(|e| e.unread.as_slice()).unwrap_or_default();
    let of = |u: &Unread| Finding {
        level: if u.judged { Level::Unknown } else { Level::Healthy },
        text: format!("{}: {}", u.part, u.why),
        since: None,
        basis: vec![key],
        kind: ReasonKind::Unread(key),
        interrupts: None,
    };
    parts.iter().map(of).collect()
}

/// A section's key as words.
pub(crate) fn title(key: SectionKey) -> String {
    key.0.replace('_', " ")
}
