//! What an expression answers: true, false, or what is missing to tell; and what is wrong with one that cannot be used at all.
//! Plain data with its words. Made by `decide` and by the compiler.

use std::fmt;

use serde::Serialize;

/// What an expression says of a state document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    True,
    False,
    /// What it needs is not known: never false.
    CannotTell(Vec<Missing>),
}

impl Answer {
    /// The exit code of `check`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::True => 0,
            Self::False => 1,
            Self::CannotTell(_) => 3,
        }
    }

    /// `true`, `false`, or why not.
    pub fn words(&self) -> String {
        match self {
            Self::True => "true".to_owned(),
            Self::False => "false".to_owned(),
            Self::CannotTell(missing) => {
                format!("cannot tell: {}", missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            }
        }
    }
}

/// Something that an expression needs and that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// `db.status`, or the name of a section.
    pub what: String,
    pub why: Why,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A permission is missing.
    Denied(String),
    /// The last value is too old.
    Stale(String),
    /// Nobody has asked yet, or the first answer is on its way.
    NotRead(String),
    /// AWS says that it does not exist.
    NotThere(String),
    /// The last poll failed otherwise, or this part could not be read.
    Failed(String),
    /// No such field: a slip of the pen, or something that this stack does not have. What was probably meant.
    NoField(Option<String>),
    /// The field is there and empty.
    Empty,
    /// The expression says so itself, or a function does.
    Said(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        match &self.why {
            Why::NoField(None) => write!(f, "no field `{what}`"),
            Why::NoField(Some(meant)) => write!(f, "no field `{what}`: did you mean `{meant}`?"),
            Why::Empty => write!(f, "{what}: not known (null)"),
            Why::Said(why) if what.is_empty() => f.write_str(why),
            Why::Denied(why) | Why::Stale(why) | Why::NotRead(why) | Why::NotThere(why) | Why::Failed(why) | Why::Said(why) => {
                write!(f, "{what}: {why}")
            }
        }
    }
}

/// Why a text is not an expression that can be used. Line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

impl Wrong {
    pub(crate) fn at(place: Option<(usize, usize)>, message: impl Into<String>) -> Self {
        let (line, column) = place.unwrap_or((1, 1));
        Self { message: message.into(), line, column }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for Wrong {}
