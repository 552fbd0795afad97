//! What a command is: one row per thing that a user can ask for, read by key dispatch, help, hint line and palette.
//! Rows say when they work; what they do is in `session::update`.

use super::{COMMANDS, Key};

/// A direction on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir {
    Up,
    Down,
    Left,
    Right,
}

/// A place that a key jumps to from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// The log tail.
    Logs,
    Alarms,
    Timeline,
    /// What is happening, and what happened before.
    Incidents,
    Network,
    /// The availability zones.
    Zones,
    Flows,
    /// The live stack against the written architecture.
    Verify,
    /// The runbooks, those of the selected box first.
    Runbooks,
    /// The charts of the selected box.
    Charts,
    /// Queries of Logs Insights.
    Queries,
    /// Everything that is not healthy.
    Problems,
}

/// What a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Open what is selected.
    Open,
    /// One layer up.
    Back,
    /// The place that was open before.
    Backward,
    /// The place that was gone back from.
    Forward,
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
    PageUp,
    PageDown,
    /// Jump to a box by its digit.
    Digit,
    /// Go to a place.
    Go(Jump),
    /// Edit the filter of a list.
    Filter,
    /// Sort a table by its next column, or turn the order round, by the key.
    Sort,
    /// Type what is searched for in the log.
    Search,
    /// Type which lines of the log are shown.
    Query,
    /// The next line that was searched for, or the one before, by the key.
    Match,
    /// More or fewer lines round what the filter shows, by the key.
    Context,
    /// Only what is a warning or worse.
    Problems,
    /// Write times another way.
    Times,
    /// Type the time to go to.
    GoTo,
    /// Mark a line, or go to the next that is marked, by the key.
    Mark,
    /// Save what is shown of the log, or what a query found.
    Save,
    /// Read older lines of the log.
    Older,
    /// Say that somebody has taken the selected incident on.
    Acknowledge,
    /// Stop or resume following the log.
    Follow,
    /// Wrap long lines.
    Wrap,
    /// Show more or less of the past.
    Window,
    /// Fold or unfold what is folded.
    Fold,
    /// Run the next command of a runbook's step.
    Step,
    /// Leave a step out.
    Skip,
    /// Write a note on a step.
    Note,
    /// Begin a runbook anew.
    Again,
    /// Open what is known of the selected box as JSON.
    Json,
    /// Copy the name of the selection (of prose: the line), its ARN, or its URL in the AWS console, by the key.
    Copy,
    /// Poll everything on the screen now.
    Refresh,
    /// The menu of actions.
    Act,
    Palette,
    /// The next theme.
    Theme,
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
    /// The lines of the log are on the screen in full.
    pub logs: bool,
    /// One event of the log is open.
    pub event: bool,
    /// The list has rows that are folded away or can be.
    pub folds: bool,
    /// The selected row leads somewhere.
    pub opens: bool,
    /// A layer (help) lies above.
    pub layer: bool,
    /// There are actions for what is selected.
    pub acts: bool,
    /// An incident is open that nobody has taken on.
    pub open: bool,
    /// A walk through a runbook is on the screen.
    pub walk: bool,
    /// Charts are on the screen in full.
    pub charts: bool,
    /// What is selected has charts.
    pub charted: bool,
    /// Queries of Logs Insights are on the screen.
    pub queries: bool,
    /// Something is not healthy, or cannot be seen.
    pub troubled: bool,
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
    pub enabled: fn(Situation) -> bool,
}

impl Command {
    /// Whether the line of hints names it: the way to what is wrong only where something is, and where that is seen first.
    pub fn is_hinted(&self, here: Situation) -> bool {
        let called_for = self.intent != Intent::Go(Jump::Problems) || (here.stack && here.troubled);
        !self.hint.is_empty() && (self.enabled)(here) && called_for
    }
}

/// The command that a key sends, whether or not it works here.
pub fn lookup(key: Key) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.keys.contains(&key))
}

/// The command that a key sends here: in a runbook some keys mean what one does there.
pub fn lookup_in(key: Key, situation: Situation) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.keys.contains(&key) && (c.enabled)(situation)).or_else(|| lookup(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Who lives in tmux or vim hits these all day: none of them may lead to an action.
    #[test]
    fn no_control_letter_acts() {
        for command in COMMANDS.iter().filter(|c| c.keys.iter().any(|k| k.ctrl || k.alt)) {
            let harmless = matches!(command.intent, Intent::PageUp | Intent::PageDown | Intent::Quit | Intent::Suspend);
            assert!(harmless, "{} is on a control key", command.name);
        }
    }

    #[test]
    fn no_key_means_two_things_anywhere_and_every_row_is_documented() {
        let places = (0..1_u16 << 15).map(|bits| {
            let [stack, list, panels, logs, event, folds, opens, layer, acts, open, walk, charts, charted, queries, troubled] =
                std::array::from_fn(|i| bits & (1 << i) != 0);
            Situation { stack, list, panels, logs, event, folds, opens, layer, acts, open, walk, charts, charted, queries, troubled }
        });
        // A walk is one pane, and the alarms, the log and the stack view are others.
        let places = places.filter(|p| !p.queries || !(p.folds || p.logs || p.event || p.stack || p.charts || p.walk));
        let places = places.filter(|p| !p.charts || !(p.folds || p.logs || p.event || p.stack || p.opens || p.list));
        for place in places.filter(|p| !p.walk || !(p.folds || p.logs || p.event || p.stack || p.opens || p.charts)) {
            let mut seen = BTreeSet::new();
            for command in COMMANDS.iter().filter(|c| (c.enabled)(place)) {
                assert!(!command.doc.is_empty() && !command.keys.is_empty(), "{}", command.name);
                for key in command.keys {
                    assert!(seen.insert(*key), "{key} is bound twice in {place:?}");
                }
            }
        }
    }
}
