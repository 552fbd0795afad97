//! COMMANDS: one row per thing that a user can ask for. Key dispatch, help, hint line and palette all read it.
//! Rows say when they work; what they do is in `session::update`.

use super::{Code, Key};

/// A direction on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
}

/// A place that a key jumps to from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The log tail.
    Logs,
    /// The alarms.
    Alarms,
    /// The timeline.
    Timeline,
}

/// What a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Open what is selected.
    Open,
    /// One layer up.
    Back,
    /// Move the selection.
    Move(Dir),
    /// Next box or panel.
    Next,
    /// Previous box or panel.
    Previous,
    /// First row.
    First,
    /// Last row.
    Last,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Jump to a box by its digit.
    Digit,
    /// Go to a place.
    Go(Place),
    /// Edit the filter.
    Filter,
    /// Stop or resume following the log.
    Follow,
    /// Wrap long lines.
    Wrap,
    /// Fold or unfold what is folded.
    Fold,
    /// Copy the selected name or ARN.
    Copy,
    /// Poll everything on the screen now.
    Refresh,
    /// Show or hide help.
    Help,
    /// End the program.
    Quit,
    /// Suspend the program.
    Suspend,
}

/// Where the user is, as far as it decides which commands work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Situation {
    /// On the stack view (else in a pane).
    pub stack: bool,
    /// The focused panel is a list.
    pub list: bool,
    /// The pane has several panels.
    pub panels: bool,
    /// The log is on the screen in full.
    pub logs: bool,
    /// The list has rows that are folded away or can be.
    pub folds: bool,
    /// The selected row leads somewhere.
    pub opens: bool,
    /// A layer (help) lies above.
    pub layer: bool,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The name that the palette and the key file use.
    pub name: &'static str,
    /// The keys that send it.
    pub keys: &'static [Key],
    /// What it does, for help.
    pub doc: &'static str,
    /// One word for the hint line; empty = never a hint.
    pub hint: &'static str,
    /// Hints with a smaller number survive a narrow screen longer.
    pub rank: u8,
    /// The heading in help.
    pub group: &'static str,
    /// What it asks for.
    pub intent: Intent,
    /// Whether it works here.
    pub enabled: fn(&Situation) -> bool,
}

const fn key(code: Code) -> Key {
    Key::new(code)
}

const MOVE: &str = "Move";
const LOOK: &str = "Look";
const LIST: &str = "Lists and logs";
const PROGRAM: &str = "Program";

fn always(_: &Situation) -> bool {
    true
}

/// All commands, in the order of help.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "up",
        keys: &[key(Code::Up), Key::char('k')],
        doc: "to the box or row above",
        hint: "",
        rank: 99,
        group: MOVE,
        intent: Intent::Move(Dir::Up),
        enabled: always,
    },
    Command {
        name: "down",
        keys: &[key(Code::Down), Key::char('j')],
        doc: "to the box or row below",
        hint: "",
        rank: 99,
        group: MOVE,
        intent: Intent::Move(Dir::Down),
        enabled: always,
    },
    Command {
        name: "left",
        keys: &[key(Code::Left), Key::char('h')],
        doc: "to the box or panel on the left",
        hint: "",
        rank: 99,
        group: MOVE,
        intent: Intent::Move(Dir::Left),
        enabled: always,
    },
    Command {
        name: "right",
        keys: &[key(Code::Right), Key::char('l')],
        doc: "to the box or panel on the right",
        hint: "",
        rank: 99,
        group: MOVE,
        intent: Intent::Move(Dir::Right),
        enabled: always,
    },
    Command {
        name: "next",
        keys: &[key(Code::Tab)],
        doc: "next box or panel in reading order",
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
        hint: "",
        rank: 99,
        group: MOVE,
        intent: Intent::Previous,
        enabled: |s| s.stack || s.panels,
    },
    Command {
        name: "jump",
        keys: &DIGITS,
        doc: "to the box or panel of that number",
        hint: "",
        rank: 99,
        group: MOVE,
        intent: Intent::Digit,
        enabled: |s| s.stack || s.panels,
    },
    Command {
        name: "open",
        keys: &[key(Code::Enter)],
        doc: "open what is selected",
        hint: "open",
        rank: 1,
        group: LOOK,
        intent: Intent::Open,
        enabled: |s| s.opens,
    },
    Command {
        name: "back",
        keys: &[key(Code::Esc)],
        doc: "one layer up; clears a filter first",
        hint: "back",
        rank: 1,
        group: LOOK,
        intent: Intent::Back,
        enabled: |s| !s.stack || s.layer,
    },
    Command {
        name: "logs",
        keys: &[Key::char('L')],
        doc: "log tail (in a service: of that service)",
        hint: "logs",
        rank: 4,
        group: LOOK,
        intent: Intent::Go(Place::Logs),
        enabled: |s| !s.logs,
    },
    Command {
        name: "alarms",
        keys: &[Key::char('a')],
        doc: "alarms",
        hint: "alarms",
        rank: 5,
        group: LOOK,
        intent: Intent::Go(Place::Alarms),
        enabled: always,
    },
    Command {
        name: "events",
        keys: &[Key::char('e')],
        doc: "timeline of what changed",
        hint: "events",
        rank: 6,
        group: LOOK,
        intent: Intent::Go(Place::Timeline),
        enabled: always,
    },
    Command {
        name: "filter",
        keys: &[Key::char('/')],
        doc: "filter: words, !without, @stream or zone",
        hint: "filter",
        rank: 3,
        group: LIST,
        intent: Intent::Filter,
        enabled: |s| s.list || s.logs,
    },
    Command {
        name: "follow",
        keys: &[Key::char('f'), Key::char(' ')],
        doc: "stop or resume following the log",
        hint: "follow",
        rank: 2,
        group: LIST,
        intent: Intent::Follow,
        enabled: |s| s.logs,
    },
    Command {
        name: "wrap",
        keys: &[Key::char('w')],
        doc: "wrap long lines",
        hint: "wrap",
        rank: 7,
        group: LIST,
        intent: Intent::Wrap,
        enabled: |s| s.logs,
    },
    Command {
        name: "fold",
        keys: &[Key::char('s')],
        doc: "show or fold the scaling alarms",
        hint: "scaling alarms",
        rank: 4,
        group: LIST,
        intent: Intent::Fold,
        enabled: |s| s.folds,
    },
    Command {
        name: "first",
        keys: &[Key::char('g'), key(Code::Home)],
        doc: "first row",
        hint: "",
        rank: 99,
        group: LIST,
        intent: Intent::First,
        enabled: always,
    },
    Command {
        name: "last",
        keys: &[Key::char('G'), key(Code::End)],
        doc: "last row",
        hint: "",
        rank: 99,
        group: LIST,
        intent: Intent::Last,
        enabled: always,
    },
    Command {
        name: "page-up",
        keys: &[key(Code::PageUp), Key::ctrl('b')],
        doc: "a page up",
        hint: "",
        rank: 99,
        group: LIST,
        intent: Intent::PageUp,
        enabled: always,
    },
    Command {
        name: "page-down",
        keys: &[key(Code::PageDown), Key::ctrl('f')],
        doc: "a page down",
        hint: "",
        rank: 99,
        group: LIST,
        intent: Intent::PageDown,
        enabled: always,
    },
    Command {
        name: "copy",
        keys: &[Key::char('y')],
        doc: "copy the selected ARN, name or line",
        hint: "copy",
        rank: 8,
        group: LIST,
        intent: Intent::Copy,
        enabled: always,
    },
    Command {
        name: "refresh",
        keys: &[Key::char('R')],
        doc: "poll everything on the screen now",
        hint: "refresh",
        rank: 9,
        group: PROGRAM,
        intent: Intent::Refresh,
        enabled: always,
    },
    Command {
        name: "help",
        keys: &[Key::char('?'), key(Code::F(1))],
        doc: "this help",
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
    Command {
        name: "suspend",
        keys: &[Key::ctrl('z')],
        doc: "suspend; fg comes back",
        hint: "",
        rank: 99,
        group: PROGRAM,
        intent: Intent::Suspend,
        enabled: always,
    },
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

/// The command that a key sends, whether or not it works here.
pub fn lookup(key: Key) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.keys.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_key_is_bound_twice_and_every_row_is_documented() {
        let mut seen = BTreeSet::new();
        for command in COMMANDS {
            assert!(!command.doc.is_empty() && !command.keys.is_empty(), "{}", command.name);
            for key in command.keys {
                assert!(seen.insert(*key), "{key} is bound twice");
            }
        }
    }
}
