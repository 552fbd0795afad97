//! The palette: any action by its words, with completion from the table, and what else has a name: arm, disarm, and the commands of keys.

use super::{Act, Session, ask, choice, edit, query, rehearse, stacks};
use crate::input::{COMMANDS, Code, Key};
use crate::model::action::{ACTIONS, Spec, parse, usage, words};
use crate::model::mode::Mode;
use crate::session::{Effect, Tone, runbook, update};

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

const OWN: &[(&str, &str)] = &[
    ("arm", "allow this dashboard to run plans"),
    ("disarm", "back to safe"),
    ("last", "the last action: progress, result, undo"),
    ("owed", "to be restored: alarm actions off, suspended autoscaling, rerouted zones"),
    (rehearse::INJECT, "an incident in the embedded cloud (demo)"),
    (rehearse::HEAL, "end all incidents of the embedded cloud (demo)"),
    (query::WORD, "a Logs Insights query: NAME, or the query; its cost is shown before"),
    (stacks::WORD, "the other stacks of the configuration, and how they are"),
    ("quit", "quit"),
];

pub(in crate::session) fn open(session: &mut Session) {
    session.act = Some(Act::Palette(Palette::default()));
}

impl Palette {
    /// What could be meant.
    pub(crate) fn suggestions(&self, session: &Session) -> Vec<Suggestion> {
        let line = self.text.trim_start();
        let mut found: Vec<Suggestion> = named(line).collect();
        found.extend(targets(session, line));
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

/// Names that begin like the line: actions, our own words, the commands of keys.
fn named(line: &str) -> impl Iterator<Item = Suggestion> {
    let actions = ACTIONS.iter().map(|s| (s.name, usage(s), s.doc));
    let own = OWN.iter().map(|(n, doc)| (*n, (*n).to_owned(), *doc));
    let keys = COMMANDS.iter().filter(|c| !c.hint.is_empty() && c.name != "quit").map(|c| (c.name, c.name.to_owned(), c.doc));
    let line = line.to_owned();
    actions.chain(own).chain(keys).filter(move |(name, ..)| name.starts_with(line.as_str())).map(|(name, usage, doc)| {
        let more = usage.strip_prefix(name).unwrap_or_default().trim();
        let doc = if more.is_empty() { doc.to_owned() } else { format!("{more}   {doc}") };
        Suggestion { text: format!("{name} "), doc }
    })
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

fn run(session: &mut Session, mut palette: Palette, effects: &mut Vec<Effect>) -> Option<Act> {
    let line = palette.text.trim().to_owned();
    let chosen = palette.index.and_then(|i| palette.suggestions(session).into_iter().nth(i));
    if let Some(s) = chosen.filter(|s| s.text.trim() != line) {
        palette.text = s.text;
        palette.index = None;
        return Some(Act::Palette(palette));
    }
    if line.is_empty() {
        return None;
    }
    session.history.retain(|l| *l != line);
    session.history.push(line.clone());
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
        _ if matches!(line.split(' ').next(), Some(rehearse::INJECT | rehearse::HEAL)) => match rehearse::by_line(session, &line) {
            Ok(effect) => effects.push(effect),
            Err(wrong) => return Some(Act::Palette(Palette { wrong: Some(wrong), ..palette })),
        },
        _ if line.split(' ').next() == Some(stacks::WORD) => match stacks::by_line(session, &line, effects) {
            Ok(next) => return next,
            Err(wrong) => return Some(Act::Palette(Palette { wrong: Some(wrong), ..palette })),
        },
        _ if line.split(' ').next() == Some(query::WORD) => match query::by_line(session, &line, effects) {
            Ok(next) => return next,
            Err(wrong) => return Some(Act::Palette(Palette { wrong: Some(wrong), ..palette })),
        },
        _ if line.split(' ').next() == Some(runbook::WORD) => {
            if let Err(wrong) = runbook::by_line(session, &line) {
                return Some(Act::Palette(Palette { wrong: Some(wrong), ..palette }));
            }
            // What it asks for is a layer of its own.
            return session.act.take();
        }
        _ => {
            if let Some(command) = COMMANDS.iter().find(|c| c.name == line) {
                let key = command.keys.first().copied().unwrap_or(Key::new(Code::Esc));
                update::carry(session, command.intent, key, effects);
                return session.act.take();
            }
            return Some(match parse(&words(&line)) {
                Ok(request) => ask(session, request, effects),
                Err(e) => {
                    // An action that only lacks its answers is asked for them.
                    let spec = ACTIONS.iter().find(|s| s.name == line);
                    match spec {
                        Some(spec) => super::Form::begin(session, spec, None, effects),
                        None => Act::Palette(Palette { wrong: Some(e.to_string()), ..palette }),
                    }
                }
            });
        }
    }
    None
}
