//! What is about the program itself: `keys`, `themes`, `config`, `completions`, `man`. It reads no stack and asks nobody; settings are read only where they are
//! what is asked about, so that all of it works beside a configuration that cannot be used.

pub(super) mod complete;
mod configuration;
mod keys;
mod man;
mod themes;

use std::io::IsTerminal;
use std::process::ExitCode;

use super::failure::Failure;
use super::headless::print;
use super::tty;
use crate::config::args::Global;
use crate::config::environment::Environment;
use crate::config::program::ProgramCommand;
use nextcore_core::report::Look;
use nextcore_core::theme::Glyphs;

/// Runs one of the commands.
pub(super) fn run(command: &ProgramCommand, flags: &Global, env: &Environment) -> Result<ExitCode, Failure> {
    match command {
        ProgramCommand::Keys(args) => keys::run(args.format, look(flags, env))?,
        ProgramCommand::Themes(args) => themes::run(args, flags, env)?,
        ProgramCommand::Config(command) => return configuration::run(command, flags, env),
        ProgramCommand::Completions { shell } => print(&complete::script(*shell)?)?,
        ProgramCommand::Man { out } => man::run(out.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// As wide as the terminal, in its characters.
fn look(flags: &Global, env: &Environment) -> Look {
    let width = std::io::stdout().is_terminal().then(|| tty::size().0);
    Look { ascii: flags.ascii || env.glyphs() == Glyphs::Ascii, width }
}
