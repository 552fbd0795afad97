//! What this process may do to the cloud: the three states that the header always shows.

use serde::{Deserialize, Serialize};

/// VIEWER can never write; SAFE may look at plans; ARMED may execute them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// Locked for the life of the process.
    Viewer,
    /// The default.
    #[default]
    Safe,
    /// Writes are allowed until it falls back.
    Armed,
}

impl Mode {
    /// The badge.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER",
            Self::Safe => "SAFE",
            Self::Armed => "ARMED",
        }
    }
}
