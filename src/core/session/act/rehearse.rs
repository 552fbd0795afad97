//! Rehearsing an incident in the embedded cloud: `inject NAME[:ARG]` and `heal` in the palette. The names come from the cloud; elsewhere
//! there are none, and nothing of the kind can be asked for.

use super::Session;
use super::palette::Suggestion;
use crate::session::Effect;

pub(super) const INJECT: &str = "inject";
pub(super) const HEAL: &str = "heal";

/// What a line asks for, or what is wrong with it.
pub(super) fn by_line(session: &Session, line: &str) -> Result<Effect, String> {
    if session.rehearsals.is_empty() {
        return Err("incidents are rehearsed in 'nextcore-top demo'; this is no embedded cloud".to_owned());
    }
    if line == HEAL {
        return Ok(Effect::Heal);
    }
    match line.strip_prefix(INJECT).map(str::trim) {
        Some("") => {
            let known: Vec<&str> = session.rehearsals.iter().map(|r| r.name.as_str()).collect();
            Err(format!("which? {}", known.join(", ")))
        }
        Some(name) => Ok(Effect::Inject(name.to_owned())),
        None => Err(format!("{HEAL} takes nothing")),
    }
}

/// The names after `inject `, and after a name its choices.
pub(super) fn suggestions(session: &Session, line: &str) -> Vec<Suggestion> {
    let Some(rest) = line.strip_prefix(INJECT).and_then(|rest| rest.strip_prefix(' ')) else { return Vec::new() };
    if let Some((name, typed)) = rest.split_once(':') {
        let of = session.rehearsals.iter().filter(|r| r.name == name);
        let choices = of.flat_map(|r| r.choices.iter().map(move |choice| (r, choice))).filter(|(_, choice)| choice.starts_with(typed));
        return choices.map(|(r, choice)| Suggestion { text: format!("{INJECT} {name}:{choice}"), doc: r.summary.clone() }).collect();
    }
    let named = session.rehearsals.iter().filter(|r| r.name.starts_with(rest));
    named
        .map(|r| {
            let choices = if r.choices.is_empty() { String::new() } else { format!("[:{}]   ", r.choices.join("|")) };
            Suggestion { text: format!("{INJECT} {}", r.name), doc: format!("{choices}{}", r.summary) }
        })
        .collect()
}
