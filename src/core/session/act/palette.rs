//! The palette: any action and any place by its words, with completion from their tables, and what else has a name: arm, disarm, and the
//! commands of keys. What is typed is done only where it is exact or the only beginning of a name: a guess is offered, never carried out.

use super::meant::{self, Meant, meant};
use super::{Act, Session, ask, choice, edit, query, rehearse, stacks};
use crate::input::{COMMANDS, Code, Key};
use crate::model::action::{ACTIONS, GrammarError, Spec, parse, usage, words};
use crate::model::mode::Mode;
use crate::session::{Effect, Tone, places, runbook, update};

/// What is typed after `:`.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// The line.
    pub text: String,
    /// The selected suggestion; `None` = the line itself.
    pub index: Option<usize>,
    /// What is wrong with the line.
    pub wrong: Option<String>,
    /// How far back in the history.
    back: usize,
}

/// A line that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is typed so far becomes this.
    pub text: String,
    /// What it does, or how it goes on.
    pub doc: String,
}

/// The palette's own words.
pub(super) const OWN: &[(&str, &str)] = &[
    ("arm", "allow this dashboard to run plans"),
    ("disarm", "back to safe"),
    ("last", "the last action: progress, result, undo"),
    ("owed", "to be restored: alarm actions off, suspended autoscaling, rerouted zones"),
    (rehearse::INJECT, "an incident in the embedded cloud (demo)"),
    (rehearse::HEAL, "end all incidents of the embedded cloud (demo)"),
    (query::WORD, "a Logs Insights query: NAME, or the query; its cost is shown before"),
    ("theme", "the next theme of colours, or the one of that NAME"),
    (stacks::WORD, "the other stacks of the configuration, and how they are"),
    (runbook::WORD, "a runbook by its name, with its values"),
    ("quit", "quit"),
];

pub(in crate::session) fn open(session: &mut Session) {
    session.act = Some(Act::Palette(Palette::default()));
}

impl Palette {
    /// What could be meant.
    pub(crate) fn suggestions(&self, session: &Session) -> Vec<Suggestion> {
        let line = self.text.trim_start();
        let mut found = meant::suggestions(session, line);
        found.extend(targets(session, line));
        found.extend(services(session, line));
        found.extend(stacks::suggestions(session, line));
        found.extend(rehearse::suggestions(session, line));
        found.extend(runbook::suggestions(session, line));
        found.extend(query::suggestions(session, line));
        found.truncate(10);
        found
    }

    pub(super) fn paste(&mut self, pasted: &str) {
        // One line only: a paste never sends anything by itself.
        let line = pasted.lines().next().unwrap_or_default();
        self.text.extend(line.chars().filter(|c| !c.is_control()).take(super::LONGEST.saturating_sub(self.text.len())));
    }
}

/// What the first word after an action's name can be.
fn targets(session: &Session, line: &str) -> Vec<Suggestion> {
    let Some((spec, rest)) = ACTIONS.iter().find_map(|s| Some((s, line.strip_prefix(s.name)?.strip_prefix(' ')?))) else {
        return Vec::new();
    };
    if rest.contains(' ') || spec.subject.placeholder().is_empty() {
        return Vec::new();
    }
    let why_not = |target: &str| (spec.offer)(&session.store, &session.stack, target).err().map(|w| format!("no: {w}"));
    choice::targets(session, spec.subject, None)
        .into_iter()
        .filter(|t| t.starts_with(rest))
        .map(|t| Suggestion { doc: why_not(&t).unwrap_or_else(|| rest_of(spec)), text: format!("{} {t} ", spec.name) })
        .collect()
}

/// The services after `logs `.
fn services(session: &Session, line: &str) -> Vec<Suggestion> {
    let Some(rest) = line.strip_prefix("logs ").filter(|_| places::is_place(session, line)) else { return Vec::new() };
    let all = session.stack.services.iter().filter(|s| s.name.starts_with(rest));
    all.map(|s| Suggestion { text: format!("logs {}", s.name), doc: "its lines".to_owned() }).collect()
}

fn rest_of(spec: &Spec) -> String {
    let head = format!("{} {}", spec.name, spec.subject.placeholder());
    usage(spec).strip_prefix(&head).unwrap_or_default().trim().to_owned()
}

pub(super) fn on_key(session: &mut Session, mut palette: Palette, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    palette.wrong = None;
    let n = palette.suggestions(session).len();
    match key.code {
        Code::Esc => return None,
        Code::Enter => return run(session, palette, effects),
        Code::Tab => {
            let chosen = palette.suggestions(session).into_iter().nth(palette.index.unwrap_or(0));
            if let Some(s) = chosen {
                palette.text = s.text;
            }
            palette.index = None;
        }
        Code::Down => palette.index = palette.index.map_or(Some(0), |i| Some((i + 1) % n.max(1))),
        Code::Up if palette.index.is_some() => palette.index = palette.index.and_then(|i| i.checked_sub(1)),
        // As in a shell: up brings the last line back.
        Code::Up => {
            palette.back = (palette.back + 1).min(session.history.len());
            if let Some(line) = session.history.iter().rev().nth(palette.back.saturating_sub(1)) {
                palette.text.clone_from(line);
            }
        }
        Code::Backspace if palette.text.is_empty() => return None,
        _ => {
            edit(&mut palette.text, key);
            palette.index = None;
        }
    }
    Some(Act::Palette(palette))
}

/// Whether an action is called so.
fn is_action(line: &str) -> bool {
    ACTIONS.iter().any(|spec| line == spec.name || line.strip_prefix(spec.name).is_some_and(|rest| rest.starts_with(' ')))
}

fn run(session: &mut Session, mut palette: Palette, effects: &mut Vec<Effect>) -> Option<Act> {
    let mut line = palette.text.trim().to_owned();
    let chosen = palette.index.and_then(|i| palette.suggestions(session).into_iter().nth(i));
    if let Some(s) = chosen.filter(|s| s.text.trim() != line) {
        palette.text = s.text;
        palette.index = None;
        palette.text.trim().clone_into(&mut line);
        // Going somewhere changes nothing: one Enter is enough.
        let goes = places::is_place(session, &line) && !is_action(&line) && !OWN.iter().any(|(word, _)| *word == line);
        if !goes {
            return Some(Act::Palette(palette));
        }
    }
    if line.is_empty() {
        return None;
    }
    session.history.retain(|l| *l != line);
    session.history.push(line.clone());
    if !COMMANDS.iter().any(|c| c.name == line)
        && let Meant::Is(whole) = meant(session, &line)
    {
        line = whole;
    }
    match line.as_str() {
        "q" | "q!" | "quit" => effects.push(Effect::Quit),
        "arm" if session.mode == Mode::Viewer => {
            update::flash(session, "read-only (VIEWER): this process cannot write".to_owned(), Tone::Error);
        }
        "arm" if session.mode == Mode::Armed => update::flash(session, "already armed".to_owned(), Tone::Done),
        "arm" => return Some(Act::Arming { typed: String::new(), wrong: false, back: None }),
        "disarm" => effects.push(Effect::Disarm),
        "last" => match session.runs.keys().next_back().cloned() {
            Some(id) => return Some(Act::Running(id)),
            None => update::flash(session, "no action was run yet".to_owned(), Tone::Done),
        },
        "owed" if session.owed.is_empty() => update::flash(session, "nothing owed".to_owned(), Tone::Done),
        "owed" => return Some(Act::Owed { index: 0 }),
        _ => {
            return named(session, &line, effects).unwrap_or_else(|wrong| Some(Act::Palette(Palette { wrong: Some(wrong), ..palette })));
        }
    }
    None
}

/// What has a name that values may follow; what is wrong with the line where it is nothing of the kind.
fn named(session: &mut Session, line: &str, effects: &mut Vec<Effect>) -> Result<Option<Act>, String> {
    match line.split(' ').next().unwrap_or_default() {
        rehearse::INJECT | rehearse::HEAL => {
            effects.push(rehearse::by_line(session, line)?);
            return Ok(None);
        }
        stacks::WORD => return stacks::by_line(session, line, effects),
        query::WORD => return query::by_line(session, line, effects),
        "theme" => {
            let name = line.split_once(' ').map(|(_, name)| name.trim().to_owned()).filter(|name| !name.is_empty());
            effects.push(Effect::Theme(name));
            return Ok(None);
        }
        runbook::WORD => {
            runbook::by_line(session, line)?;
            // What it asks for is a layer of its own.
            return Ok(session.act.take());
        }
        _ => {}
    }
    if !is_action(line) {
        if let Some(went) = places::by_line(session, line) {
            went?;
            return Ok(session.act.take());
        }
        if let Some(command) = COMMANDS.iter().find(|c| c.name == line) {
            let key = command.keys.first().copied().unwrap_or(Key::new(Code::Esc));
            update::carry(session, command.intent, key, effects);
            return Ok(session.act.take());
        }
    }
    match parse(&words(line)) {
        Ok(request) => Ok(Some(ask(session, request, effects))),
        Err(GrammarError::Unknown(_)) => Err(unknown(session, line)),
        // An action that only lacks its answers is asked for them.
        Err(error) => match ACTIONS.iter().find(|s| s.name == line) {
            Some(spec) => Ok(Some(super::Form::begin(session, spec, None, effects))),
            None => Err(error.to_string()),
        },
    }
}

/// That a line is nothing, and what it may have been meant as: it is said, and nothing is done.
fn unknown(session: &Session, line: &str) -> String {
    const MOST: usize = 6;
    let shown: String = line.chars().take(40).collect();
    match meant(session, line) {
        Meant::Several(names) => {
            let more = if names.len() > MOST { ", …" } else { "" };
            format!("'{shown}' begins several: {}{more}", names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Meant::Nothing(Some(name)) => format!("unknown command '{shown}': did you mean '{name}'?"),
        Meant::Is(_) | Meant::Nothing(None) => format!("unknown command '{shown}'"),
    }
}
