//! A failed command: its message on stderr and its exit code (2 usage, 3 cannot tell). Called by `shell::run`.

use std::io::Write;
use std::process::ExitCode;

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

    /// Exit code 2: the command was given something that it cannot use.
    pub(super) fn usage(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// Exit code 1: the command ran and the answer is no.
    pub(super) fn no(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// Prints the message and yields the code.
    pub(super) fn report(&self) -> ExitCode {
        // If stderr is closed there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "nextcore-top: {}", self.message);
        ExitCode::from(self.code)
    }
}
