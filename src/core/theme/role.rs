//! The roles that views may ask for. A role says what a cell means; the theme says how that looks.

use ratatui::style::{Modifier, Style};
use serde::Deserialize;

/// What a cell means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Context: labels, units, what is not the figure itself.
    Muted,
    /// Barely there: rules, placeholders.
    Faint,
    /// Names and headings.
    Title,
    /// Lines between things.
    Border,
    /// The line round the one focus.
    BorderFocus,
    /// What attention should follow.
    Accent,
    /// A key that can be pressed.
    Key,
    /// The selected row of the focused list.
    Selection,
    /// The selected row of a list without focus.
    SelectionInactive,
    /// Healthy.
    Ok,
    /// Degraded.
    Warn,
    /// A person must act.
    Crit,
    /// Cannot be decided.
    Unknown,
    /// Changing on purpose.
    Info,
    /// Data that is too old.
    Stale,
    /// Charts and the first service of the log.
    Series1,
    /// The second.
    Series2,
    /// The third.
    Series3,
    /// The fourth.
    Series4,
    /// Badge of the simulated cloud.
    BadgeSim,
    /// Badge of a locked viewer.
    BadgeViewer,
    /// Badge of the default mode.
    BadgeSafe,
    /// Badge of the mode that may write.
    BadgeArmed,
    /// The name of one of several stacks, by the colour that tells it from the others.
    StackCyan,
    StackMagenta,
    StackGreen,
    StackYellow,
    StackRed,
    /// The line that says what is wrong with the connection.
    Banner,
    /// What a filter matched.
    Match,
}

impl Role {
    /// How many there are.
    pub const COUNT: usize = 31;

    /// All of them, in the order of declaration.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Text,
        Self::Muted,
        Self::Faint,
        Self::Title,
        Self::Border,
        Self::BorderFocus,
        Self::Accent,
        Self::Key,
        Self::Selection,
        Self::SelectionInactive,
        Self::Ok,
        Self::Warn,
        Self::Crit,
        Self::Unknown,
        Self::Info,
        Self::Stale,
        Self::Series1,
        Self::Series2,
        Self::Series3,
        Self::Series4,
        Self::BadgeSim,
        Self::BadgeViewer,
        Self::BadgeSafe,
        Self::BadgeArmed,
        Self::StackCyan,
        Self::StackMagenta,
        Self::StackGreen,
        Self::StackYellow,
        Self::StackRed,
        Self::Banner,
        Self::Match,
    ];

    /// Its name in theme files.
    pub fn name(self) -> String {
        let mut name = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }

    /// The role whose style is used when a theme leaves this one out; so old themes keep working.
    pub(crate) fn fallback(self) -> Option<Self> {
        Some(match self {
            Self::Text => return None,
            Self::Faint | Self::Border => Self::Muted,
            Self::BorderFocus | Self::Key | Self::Info | Self::Match | Self::Series1 | Self::BadgeSim => Self::Accent,
            Self::Stale | Self::BadgeArmed | Self::Banner => Self::Warn,
            Self::SelectionInactive | Self::BadgeViewer | Self::BadgeSafe => Self::Title,
            Self::StackCyan | Self::StackMagenta | Self::StackGreen | Self::StackYellow | Self::StackRed => Self::BadgeSafe,
            Self::Series2 | Self::Series3 | Self::Series4 => Self::Series1,
            _ => Self::Text,
        })
    }

    /// The look without any colour: weight, dimness and reverse carry what glyphs do not.
    pub fn mono(self) -> Style {
        let modifier = match self {
            Self::Muted | Self::Faint | Self::Border | Self::Stale => Modifier::DIM,
            Self::Title
            | Self::Accent
            | Self::Key
            | Self::BorderFocus
            | Self::Warn
            | Self::BadgeViewer
            | Self::BadgeSafe
            | Self::SelectionInactive => Modifier::BOLD,
            Self::StackCyan | Self::StackMagenta | Self::StackGreen | Self::StackYellow | Self::StackRed => {
                Modifier::BOLD.union(Modifier::REVERSED)
            }
            Self::Selection | Self::BadgeArmed | Self::BadgeSim | Self::Banner | Self::Match => Modifier::REVERSED,
            Self::Crit => Modifier::BOLD.union(Modifier::REVERSED),
            _ => Modifier::empty(),
        };
        Style::new().add_modifier(modifier)
    }
}
