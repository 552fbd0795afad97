//! COMMANDS: the rows. What a row is made of stands in `command`.

use super::{Code, Command, Dir, Intent, Jump, Key, Situation};

const fn key(code: Code) -> Key {
    Key::new(code)
}

const MOVE: &str = "Move";
const LOOK: &str = "Look";
const LIST: &str = "Lists and logs";
const WALK: &str = "In a runbook";
const ACT: &str = "Act";
const PROGRAM: &str = "Program";

fn always(_: Situation) -> bool {
    true
}

/// What works everywhere and is no hint.
const UNHINTED: Command = Command { name: "", keys: &[], doc: "", hint: "", rank: 99, group: "", intent: Intent::Help, enabled: always };

/// Places that are gone to from anywhere.
const AWAY: Command = Command { group: LOOK, ..UNHINTED };

/// A place that its key leads to from everywhere.
const fn place(name: &'static str, keys: &'static [Key], doc: &'static str, hint: &'static str, rank: u8, jump: Jump) -> Command {
    Command { name, keys, doc, hint, rank, intent: Intent::Go(jump), ..AWAY }
}

/// What is done in a runbook.
const STEPS: Command = Command { group: WALK, enabled: |s| s.walk, ..UNHINTED };

/// What is done with the lines of the log.
const LOG: Command = Command { group: LIST, enabled: |s| s.logs && !s.event, ..UNHINTED };

/// A row of those.
const fn log(name: &'static str, keys: &'static [Key], doc: &'static str, hint: &'static str, rank: u8, intent: Intent) -> Command {
    Command { name, keys, doc, hint, rank, intent, ..LOG }
}

/// All commands, in the order of help.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "up",
        keys: &[key(Code::Up), Key::char('k')],
        doc: "box or row above",
        group: MOVE,
        intent: Intent::Move(Dir::Up),
        ..UNHINTED
    },
    Command {
        name: "down",
        keys: &[key(Code::Down), Key::char('j')],
        doc: "box or row below",
        group: MOVE,
        intent: Intent::Move(Dir::Down),
        ..UNHINTED
    },
    Command {
        name: "left",
        keys: &[key(Code::Left), Key::char('h'), Key::char('<')],
        doc: "left: box, log text",
        group: MOVE,
        intent: Intent::Move(Dir::Left),
        ..UNHINTED
    },
    Command {
        name: "right",
        keys: &[key(Code::Right), Key::char('l'), Key::char('>')],
        doc: "right: box, log text",
        group: MOVE,
        intent: Intent::Move(Dir::Right),
        ..UNHINTED
    },
    Command {
        name: "next",
        keys: &[key(Code::Tab)],
        doc: "next box or panel",
        hint: "next",
        rank: 3,
        group: MOVE,
        intent: Intent::Next,
        enabled: |s| s.stack || s.panels,
    },
    Command {
        name: "previous",
        keys: &[key(Code::BackTab)],
        doc: "previous box or panel",
        group: MOVE,
        intent: Intent::Previous,
        enabled: |s| s.stack || s.panels,
        ..UNHINTED
    },
    Command {
        name: "jump",
        keys: &DIGITS,
        doc: "go to box number",
        group: MOVE,
        intent: Intent::Digit,
        enabled: |s| s.stack || s.panels,
        ..UNHINTED
    },
    Command {
        name: "open",
        keys: &[key(Code::Enter)],
        doc: "open selection",
        hint: "open",
        rank: 1,
        group: LOOK,
        intent: Intent::Open,
        enabled: |s| s.opens,
    },
    Command {
        name: "back",
        keys: &[key(Code::Esc)],
        doc: "back, clear filter",
        hint: "back",
        rank: 1,
        group: LOOK,
        intent: Intent::Back,
        enabled: |s| !s.stack || s.layer,
    },
    Command { name: "backward", keys: &[Key::char('[')], doc: "back to the last place", intent: Intent::Backward, ..AWAY },
    Command { name: "forward", keys: &[Key::char(']')], doc: "forward again", intent: Intent::Forward, ..AWAY },
    Command {
        name: "logs",
        keys: &[Key::char('L')],
        doc: "logs (of a service)",
        hint: "logs",
        rank: 4,
        group: LOOK,
        intent: Intent::Go(Jump::Logs),
        enabled: |s| !s.logs && !s.event,
    },
    Command {
        name: "problems",
        keys: &[Key::char('!')],
        doc: "all that is not healthy",
        hint: "problems",
        rank: 2,
        group: LOOK,
        intent: Intent::Go(Jump::Problems),
        enabled: |s| !s.logs,
    },
    place("alarms", &[Key::char('a')], "alarms", "alarms", 5, Jump::Alarms),
    place("events", &[Key::char('e')], "timeline of changes", "events", 6, Jump::Timeline),
    place("incidents", &[Key::char('i')], "incidents, open and past", "incidents", 6, Jump::Incidents),
    Command {
        name: "charts",
        keys: &[Key::char('c')],
        doc: "charts of a box, in full",
        hint: "charts",
        rank: 5,
        group: LOOK,
        intent: Intent::Go(Jump::Charts),
        enabled: |s| s.charted && !s.charts && !s.walk && !s.event,
    },
    Command {
        name: "json",
        keys: &[Key::char('J')],
        doc: "JSON of a box",
        group: LOOK,
        intent: Intent::Json,
        enabled: |s| !s.walk && !s.logs && !s.event,
        ..UNHINTED
    },
    Command {
        name: "window",
        keys: &[Key::char('w')],
        doc: "15 minutes, 1 hour, 3 hours",
        hint: "window",
        rank: 3,
        group: LOOK,
        intent: Intent::Window,
        enabled: |s| s.charts,
    },
    place("zones", &[Key::char('z')], "availability zones", "zones", 11, Jump::Zones),
    place("flows", &[Key::char('F')], "request and job flows", "flows", 12, Jump::Flows),
    place("verify", &[Key::char('V')], "verify architecture", "verify", 13, Jump::Verify),
    Command {
        name: "network",
        keys: &[Key::char('n')],
        doc: "network, security groups",
        hint: "network",
        rank: 14,
        group: LOOK,
        intent: Intent::Go(Jump::Network),
        enabled: |s| !s.walk && !s.logs && !s.event,
    },
    place("queries", &[Key::char('Q')], "Logs Insights queries", "queries", 16, Jump::Queries),
    place("runbook", &[Key::char('b')], "runbooks (of a box)", "runbooks", 15, Jump::Runbooks),
    Command {
        name: "filter",
        keys: &[Key::char('/')],
        doc: "filter word !not",
        hint: "filter",
        rank: 3,
        group: LIST,
        intent: Intent::Filter,
        enabled: |s| s.list && !s.logs && !s.event,
    },
    Command {
        name: "sort",
        keys: &[Key::char('o'), Key::char('O')],
        doc: "sort by column; turn round",
        group: LIST,
        intent: Intent::Sort,
        enabled: |s| s.list && !s.logs && !s.event,
        ..UNHINTED
    },
    log("search", &[Key::char('/')], "search, hiding nothing", "search", 2, Intent::Search),
    log("match", &[Key::char('n'), Key::char('N')], "next, previous match", "next match", 6, Intent::Match),
    log("filter-log", &[Key::char('&')], "filter level:warn service:x", "filter", 2, Intent::Query),
    log("context", &[Key::char('+'), Key::char('-'), Key::char('0')], "lines round matches", "", 99, Intent::Context),
    log("warnings", &[Key::char('!')], "warnings and worse only", "warnings", 3, Intent::Problems),
    log("follow", &[Key::char('f'), Key::char(' ')], "pause or follow logs", "follow", 2, Intent::Follow),
    Command { name: "wrap", keys: &[Key::char('w')], doc: "wrap long lines", hint: "wrap", rank: 7, intent: Intent::Wrap, ..LOG },
    log("times", &[Key::char('T')], "UTC, local, how long ago", "times", 8, Intent::Times),
    Command { name: "time", keys: &[Key::char('t')], doc: "go to a time", hint: "go to", rank: 7, intent: Intent::GoTo, ..LOG },
    log("mark", &[Key::char('m'), Key::char('\'')], "mark; go to next mark", "mark", 8, Intent::Mark),
    Command {
        name: "save",
        keys: &[Key::char('s')],
        doc: "save what is shown",
        hint: "save",
        rank: 8,
        intent: Intent::Save,
        enabled: |s| (s.logs && !s.event) || s.queries,
        ..LOG
    },
    log("older", &[Key::char('o')], "15 minutes of older lines", "older", 7, Intent::Older),
    Command {
        name: "fold",
        keys: &[Key::char('s')],
        doc: "toggle scaling alarms",
        hint: "scaling alarms",
        rank: 4,
        group: LIST,
        intent: Intent::Fold,
        enabled: |s| s.folds && !s.logs && !s.event,
    },
    Command { name: "first", keys: &[Key::char('g'), key(Code::Home)], doc: "first row", group: LIST, intent: Intent::First, ..UNHINTED },
    Command { name: "last", keys: &[Key::char('G'), key(Code::End)], doc: "last row", group: LIST, intent: Intent::Last, ..UNHINTED },
    Command {
        name: "page-up",
        keys: &[key(Code::PageUp), Key::ctrl('b')],
        doc: "page up",
        group: LIST,
        intent: Intent::PageUp,
        ..UNHINTED
    },
    Command {
        name: "page-down",
        keys: &[key(Code::PageDown), Key::ctrl('f')],
        doc: "page down",
        group: LIST,
        intent: Intent::PageDown,
        ..UNHINTED
    },
    Command {
        name: "copy",
        keys: &[Key::char('y'), Key::char('Y'), Key::char('u')],
        doc: "copy name, ARN, URL",
        hint: "copy",
        rank: 8,
        group: LIST,
        intent: Intent::Copy,
        enabled: always,
    },
    Command { name: "step", keys: &[key(Code::Enter)], doc: "run its next command", hint: "run", rank: 1, intent: Intent::Step, ..STEPS },
    Command { name: "skip", keys: &[Key::char('s')], doc: "skip the step: why", hint: "skip", rank: 2, intent: Intent::Skip, ..STEPS },
    Command { name: "note", keys: &[Key::char('n')], doc: "write a note", hint: "note", rank: 2, intent: Intent::Note, ..STEPS },
    Command { name: "again", keys: &[Key::char('r')], doc: "begin anew", hint: "begin anew", rank: 6, intent: Intent::Again, ..STEPS },
    Command {
        name: "actions",
        keys: &[Key::char('x')],
        doc: "actions on selection",
        hint: "actions",
        rank: 2,
        group: ACT,
        intent: Intent::Act,
        enabled: |s| s.acts,
    },
    Command {
        name: "acknowledge",
        keys: &[Key::char('A')],
        doc: "acknowledge incident",
        hint: "acknowledge",
        rank: 2,
        group: ACT,
        intent: Intent::Acknowledge,
        enabled: |s| s.open,
    },
    Command {
        name: "palette",
        keys: &[Key::char(':')],
        doc: "any place or command; arm",
        hint: "command",
        rank: 3,
        group: ACT,
        intent: Intent::Palette,
        enabled: always,
    },
    Command {
        name: "refresh",
        keys: &[Key::char('R')],
        doc: "refresh now",
        hint: "refresh",
        rank: 9,
        group: PROGRAM,
        intent: Intent::Refresh,
        enabled: always,
    },
    Command {
        name: "theme",
        keys: &[Key::char('T')],
        doc: "next theme of colours",
        group: PROGRAM,
        intent: Intent::Theme,
        enabled: |s| !s.logs && !s.event,
        ..UNHINTED
    },
    Command {
        name: "help",
        keys: &[Key::char('?'), key(Code::F(1))],
        doc: "help",
        hint: "help",
        rank: 0,
        group: PROGRAM,
        intent: Intent::Help,
        enabled: always,
    },
    Command {
        name: "quit",
        keys: &[Key::char('q'), Key::ctrl('c')],
        doc: "quit",
        hint: "quit",
        rank: 10,
        group: PROGRAM,
        intent: Intent::Quit,
        enabled: always,
    },
    Command { name: "suspend", keys: &[Key::ctrl('z')], doc: "suspend (fg resumes)", group: PROGRAM, intent: Intent::Suspend, ..UNHINTED },
];

const DIGITS: [Key; 9] = [
    Key::char('1'),
    Key::char('2'),
    Key::char('3'),
    Key::char('4'),
    Key::char('5'),
    Key::char('6'),
    Key::char('7'),
    Key::char('8'),
    Key::char('9'),
];
