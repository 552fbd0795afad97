//! What is said when everything on the screen is asked for again by hand: what is asked, what is not, and why. The engine goes by the same rule.

use crate::model::section::ProblemKind;
use crate::model::store::Hold;
use crate::session::Session;

/// The words for it.
pub(super) fn words(session: &Session) -> String {
    let needs = session.needs();
    let held: Vec<(&str, Hold)> = needs.iter().filter_map(|key| Some((key.0, session.store.entry(*key)?.hold(session.now)?))).collect();
    let all = held.len() == needs.len() && !needs.is_empty();
    let mut resting: Vec<(&str, ProblemKind, i64)> = held
        .iter()
        .filter_map(|(key, hold)| match hold {
            Hold::BackOff(kind, seconds) => Some((*key, *kind, *seconds)),
            Hold::Asked(_) => None,
        })
        .collect();
    resting.sort_by_key(|(_, _, seconds)| *seconds);
    let more = |n: usize| if n > 1 { format!(", {} more waiting", n - 1) } else { String::new() };
    let of_resting = resting.first().map(|(key, kind, s)| format!("{key} {}: retrying in {s} s{}", why(*kind), more(resting.len())));
    let ago = held.iter().filter_map(|(_, h)| if let Hold::Asked(ago) = h { Some(*ago) } else { None }).max();
    match (all, of_resting, ago) {
        (false, None, _) => "refreshing".to_owned(),
        (false, Some(resting), _) => format!("refreshing, except {resting}"),
        (true, Some(resting), _) => format!("not refreshed: {resting}"),
        (true, None, ago) => format!("not refreshed: polled {} s ago", ago.unwrap_or_default()),
    }
}

fn why(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Throttled => "throttled",
        ProblemKind::Denied => "denied",
        ProblemKind::Held => "over request budget",
        ProblemKind::CutOff => "cut off",
        _ => "failing",
    }
}
