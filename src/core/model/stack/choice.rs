//! The stacks of a configuration, to choose from: what each is called, where it is, and the colour that tells it from the others.

use serde::{Deserialize, Serialize};

/// The colour of a stack's name in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackHue {
    Cyan,
    Magenta,
    Green,
    Yellow,
    Red,
}

impl StackHue {
    /// That of a stack that has none of its own, by its place among the others. Red is for who asks for it.
    pub fn by_place(place: usize) -> Self {
        [Self::Cyan, Self::Magenta, Self::Green, Self::Yellow].get(place % 4).copied().unwrap_or(Self::Cyan)
    }
}

/// One of several configured stacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackChoice {
    /// As `--stack` takes it.
    pub name: String,
    /// Empty where only the profile says it.
    pub region: String,
    /// The account that it is pinned to; empty: any.
    pub account: String,
    pub color: StackHue,
    /// It is the one on the screen.
    pub current: bool,
}
