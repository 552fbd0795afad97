//! The commands of a step as a screen needs them: read, their expressions compiled, and the answer of this moment. Called when a walk is
//! opened and by `live`.

use crate::expression::{Answer, Expression, Language};
use crate::runbook::{Command, Step};

/// One command of a step.
#[derive(Debug)]
pub(crate) struct Line {
    /// As it is written.
    pub(crate) text: String,
    /// What it asks for, or why nobody can run it.
    pub(super) command: Result<Command, String>,
    /// Of what decides something.
    expression: Option<Expression>,
    /// What it says now.
    pub(crate) live: Option<Live>,
}

/// What an expression says at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) answer: Answer,
    /// By which values, or what is missing.
    pub(crate) why: String,
}

impl Live {
    /// `true`, `false`, `cannot tell`.
    pub(crate) fn word(&self) -> &'static str {
        match self.answer {
            Answer::True => "true",
            Answer::False => "false",
            Answer::CannotTell(_) => "cannot tell",
        }
    }

    /// On one line: `false: db.status = "rebooting"`.
    pub(super) fn words(&self) -> String {
        if self.why.is_empty() { self.word().to_owned() } else { format!("{}: {}", self.word(), self.why) }
    }
}

impl Line {
    /// Its expression, if it has one that can be decided.
    pub(super) fn compiled(&self) -> Option<&Expression> {
        self.expression.as_ref()
    }

    /// Why it can never be run.
    pub(crate) fn wrong(&self) -> Option<&str> {
        self.command.as_ref().err().map(String::as_str)
    }
}

/// The commands of a step.
pub(super) fn of(step: &Step, language: Option<&Language>) -> Vec<Line> {
    step.commands().map(|line| read(&line.text, language)).collect()
}

fn read(text: &str, language: Option<&Language>) -> Line {
    let command = Command::parse(text);
    let compiled = match (&command, language) {
        (Ok(command), Some(language)) => command.expression().map(|text| language.compile(text)).transpose(),
        _ => Ok(None),
    };
    let (command, expression) = match compiled {
        Ok(expression) => (command, expression),
        Err(wrong) => (Err(wrong.to_string()), None),
    };
    Line { text: text.to_owned(), command, expression, live: None }
}

/// What all that a step decides says together: false if anything is, then what cannot be told.
pub(crate) fn together(lines: &[Line]) -> Option<&Live> {
    let rank = |live: &&Live| match live.answer {
        Answer::False => 0,
        Answer::CannotTell(_) => 1,
        Answer::True => 2,
    };
    lines.iter().filter_map(|line| line.live.as_ref()).min_by_key(rank)
}
