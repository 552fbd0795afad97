//! A failed command: its message on stderr and its exit code (1 no, 2 usage, 3 cannot tell, 4 read-only). Called by `shell::run`.

use std::io::Write;
use std::process::ExitCode;

use nextcore_core::model::section::Problem;
use nextcore_core::model::text::inert_lines;

/// Says something that does not end the command, but must not be missed.
pub(super) fn warn(text: &str) {
    say(&format!("nextcore-top: warning: {text}"));
}

/// Why a command ends without doing its work.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Exit code 3: nothing can be said about the stack.
    pub(super) fn cannot_tell(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: 3 }
    }

    /// The same of what AWS has answered, with its next step.
    pub(super) fn problem(problem: &Problem) -> Self {
        let next = if problem.hint.is_empty() { String::new() } else { format!("\n  next: {}", problem.hint) };
        Self::cannot_tell(format!("{}{next}", problem.headline))
    }

    /// Exit code 2: the command was given something that it cannot use.
    pub(super) fn usage(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// Exit code 1: the command ran and the answer is no.
    pub(super) fn no(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// Exit code 4: this process may not write.
    pub(super) fn read_only(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: 4 }
    }

    /// The same with exit code 2: what was given is what is asked about.
    pub(super) fn into_usage(self) -> Self {
        Self { code: 2, ..self }
    }

    /// What it says first, for a line.
    pub(super) fn first_line(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// Prints the message and yields the code.
    pub(super) fn report(&self) -> ExitCode {
        say(&format!("nextcore-top: {}", self.message));
        ExitCode::from(self.code)
    }
}

/// A message for people on stderr, whatever is in the text; a closed stderr is no reason to stop.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", inert_lines(text));
}
