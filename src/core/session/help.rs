//! Help: which rows it has, in which order, and what is typed to find some of them. What can be done here comes first, then the way through an
//! incident, then what works elsewhere only. It draws nothing. Called by `update` and by `view::layer::help`.

use super::Session;
use crate::input::{COMMANDS, Code, Command, Dir, Intent, Key, Situation};

/// More is not typed to find a key.
const LONGEST: usize = 40;

/// The open layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Help {
    /// What is looked for; none before something is typed.
    pub(crate) typed: Option<String>,
    page: usize,
}

/// One line of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HelpLine {
    Heading(&'static str),
    /// A command, and whether it works here.
    Row(&'static Command, bool),
    /// A command, and what it is for in an incident.
    Step(&'static Command, &'static str),
}

/// In an incident, in the order in which they are needed: the command, and what for.
const INCIDENT: &[(&str, &str)] = &[
    ("problems", "all that is wrong"),
    ("incidents", "its name, cause, evidence"),
    ("acknowledge", "take it on, all see it"),
    ("open", "the box that it is about"),
    ("events", "what changed before it"),
    ("charts", "its figures at that time"),
    ("logs", "log lines at that time"),
    ("runbook", "what to do, step by step"),
    ("actions", "do it: a plan comes first"),
];

/// A page of help, which one it is, and how many there are.
#[derive(Debug)]
pub(crate) struct HelpPage {
    pub(crate) lines: Vec<HelpLine>,
    pub(crate) at: usize,
    pub(crate) of: usize,
}

impl Session {
    /// What help shows now.
    pub(crate) fn help_page(&self) -> HelpPage {
        let help = self.help.clone().unwrap_or_default();
        let mut here = self.situation();
        here.layer = false;
        // Two columns inside the frame.
        let room = 2 * usize::from(self.layout().body.h.saturating_sub(2)).max(1);
        let mut pages = match help.typed.as_deref().map(str::trim).filter(|typed| !typed.is_empty()) {
            Some(typed) => paged(vec![found(typed, here)], room),
            None => paged(parts(here, room), room),
        };
        let of = pages.len();
        let at = help.page.min(of - 1);
        HelpPage { lines: pages.swap_remove(at), at, of }
    }
}

/// Pages of so many lines. A part that would be torn begins a page, unless it is longer than one.
fn paged(parts: Vec<Vec<HelpLine>>, room: usize) -> Vec<Vec<HelpLine>> {
    let mut pages = vec![Vec::new()];
    for part in parts {
        let used = pages.last().map_or(0, Vec::len);
        let torn = used > 0 && part.len() <= room && used + part.len() > room;
        let mut first = !torn;
        let mut rest = part.into_iter().peekable();
        while rest.peek().is_some() {
            if !std::mem::take(&mut first) {
                pages.push(Vec::new());
            }
            if let Some(page) = pages.last_mut() {
                let left = room.saturating_sub(page.len());
                page.extend(rest.by_ref().take(left));
            }
        }
    }
    pages
}

/// What can be done here, the way through an incident, the rest; what everybody tries first gives way to what fits on the first page.
fn parts(here: Situation, room: usize) -> Vec<Vec<HelpLine>> {
    let works = |c: &&Command| (c.enabled)(here);
    let mut first = grouped(COMMANDS.iter().filter(works));
    if first.len() > room {
        first = grouped(COMMANDS.iter().filter(|c| works(c) && !is_known(c)));
    }
    let named = |name: &str| COMMANDS.iter().find(|c| c.name == name);
    let steps = INCIDENT.iter().filter_map(|(name, what)| Some(HelpLine::Step(named(name)?, what)));
    let incident = std::iter::once(HelpLine::Heading("In an incident")).chain(steps).collect();
    let rest = COMMANDS.iter().filter(|c| !works(c)).map(|c| HelpLine::Row(c, false));
    vec![first, incident, std::iter::once(HelpLine::Heading("Elsewhere")).chain(rest).collect()]
}

fn grouped(commands: impl Iterator<Item = &'static Command>) -> Vec<HelpLine> {
    let (mut lines, mut group) = (Vec::new(), "");
    for command in commands {
        if command.group != group {
            group = command.group;
            lines.push(HelpLine::Heading(group));
        }
        lines.push(HelpLine::Row(command, true));
    }
    lines
}

/// The rows whose key is what is typed, then those with words that begin so; of both what works here first.
fn found(typed: &str, here: Situation) -> Vec<HelpLine> {
    let wanted = typed.to_lowercase();
    let by_key =
        |c: &&Command| c.keys.iter().any(|key| key.to_string() == typed || (typed.len() > 1 && key.to_string().to_lowercase() == wanted));
    let by_words = |c: &&Command| {
        let text = format!("{} {} {} {}", c.name, c.doc, c.hint, c.group).to_lowercase();
        let words: Vec<&str> = text.split(|x: char| !x.is_alphanumeric()).collect();
        wanted.split_whitespace().all(|typed| words.iter().any(|word| word.starts_with(typed)))
    };
    let mut all: Vec<(bool, bool, &'static Command)> =
        COMMANDS.iter().filter(|c| by_key(c) || by_words(c)).map(|c| (!by_key(&c), !(c.enabled)(here), c)).collect();
    all.sort_by_key(|(key, works, _)| (*key, *works));
    if all.is_empty() {
        return vec![HelpLine::Heading("no key and no command is called so")];
    }
    all.into_iter().map(|(_, elsewhere, c)| HelpLine::Row(c, !elsewhere)).collect()
}

/// What everybody tries first.
fn is_known(command: &Command) -> bool {
    use Intent::{Digit, First, Last, Move, PageDown, PageUp, Previous};
    matches!(command.intent, Move(Dir::Up | Dir::Down) | First | Last | PageUp | PageDown | Previous | Digit)
}

/// One key while help is open; `false` where it means what it means elsewhere.
pub(super) fn on_key(session: &mut Session, key: Key) -> bool {
    let pages = session.help_page();
    let Some(help) = &mut session.help else { return false };
    match key.code {
        Code::Char('q') if help.typed.is_none() => return false,
        Code::Char('?') if help.typed.is_none() => session.help = None,
        Code::Esc if help.typed.is_some() => *help = Help::default(),
        Code::Esc | Code::Enter | Code::F(1) => session.help = None,
        Code::Down | Code::PageDown => help.page = (pages.at + 1).min(pages.of - 1),
        Code::Up | Code::PageUp => help.page = pages.at.saturating_sub(1),
        Code::Backspace => {
            let more = help.typed.as_mut().and_then(String::pop);
            if more.is_none() {
                help.typed = None;
            }
        }
        Code::Char('u') if key.ctrl => *help = Help::default(),
        Code::Char('/') if help.typed.is_none() => help.typed = Some(String::new()),
        Code::Char(c) if !key.ctrl && !key.alt => {
            help.page = 0;
            let typed = help.typed.get_or_insert_default();
            if typed.len() < LONGEST {
                typed.push(c);
            }
        }
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_through_an_incident_names_commands_that_there_are() {
        for (name, what) in INCIDENT {
            assert!(COMMANDS.iter().any(|c| c.name == *name), "{name}");
            assert!(what.chars().count() <= 27, "{what}");
        }
    }

    #[test]
    fn a_row_is_found_by_its_key_first_then_by_words_and_what_works_here_before_the_rest() {
        let names = |typed: &str, here: Situation| {
            let name = |line: HelpLine| if let HelpLine::Row(c, _) = line { c.name } else { "-" };
            found(typed, here).into_iter().map(name).collect::<Vec<_>>().join(" ")
        };
        let stack = Situation { stack: true, ..Situation::default() };
        let log = Situation { logs: true, list: true, ..Situation::default() };
        for (typed, here, wanted) in [
            ("!", stack, "problems warnings"),
            ("!", log, "warnings problems"),
            ("runb", stack, "runbook step skip note again"),
            ("tab", stack, "next"),
            ("next match", log, "match"),
            ("qqq", stack, "-"),
        ] {
            assert_eq!(names(typed, here), wanted, "{typed}");
        }
        assert!(names("L", stack).starts_with("logs "), "{}", names("L", stack));
    }
}
