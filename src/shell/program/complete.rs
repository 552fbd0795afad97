//! `completions`, and the answers to a shell that asks what could come next. The scripts call the program back, so that they know its commands
//! and the names of the configuration; both are read from files, and nothing is asked of AWS.

use std::process::ExitCode;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};

use crate::config::args::Global;
use crate::config::environment::Environment;
use crate::config::program::Shell;
use crate::config::{self, Settings, file};
use crate::shell::failure::{Failure, say};
use crate::shell::own::{Folder, RUNBOOKS};
use nextcore_core::model::action::Subject;
use nextcore_core::model::stack::Stack;
use nextcore_core::runbook::Library;
use nextcore_core::theme::Theme;

/// Set by the scripts when they ask; a name that nobody else sets by accident.
const ASKED: &str = "_NEXTCORE_TOP_COMPLETE";
const NAME: &str = "nextcore-top";

/// Answers a shell; `None`: none has asked.
pub(in crate::shell) fn of_environment() -> Option<ExitCode> {
    let folder = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(|| offering(crate::shell::every_command(), "")).var(ASKED).bin(NAME).completer(NAME);
    match asked.try_complete(std::env::args_os(), folder.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(e) => {
            say(&format!("nextcore-top: completion: {e}"));
            Some(ExitCode::FAILURE)
        }
    }
}

/// What a shell reads to ask us.
pub(super) fn script(shell: Shell) -> Result<String, Failure> {
    let name = match shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let completer = shells.completer(name).ok_or_else(|| Failure::usage(format!("no completions for {name}")))?;
    let mut script = Vec::new();
    completer.write_registration(ASKED, NAME, NAME, NAME, &mut script).map_err(Failure::cannot_tell)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// The same command line, whose arguments know the names that there are.
fn offering(command: Command, path: &str) -> Command {
    let command = command.mut_args(|arg| match names(path, &arg) {
        Some(names) => arg.add(ArgValueCandidates::new(move || names().into_iter().map(CompletionCandidate::new).collect())),
        None => arg,
    });
    command.mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        offering(below, path.trim_start())
    })
}

/// What an argument names, where the files of this machine tell.
fn names(path: &str, arg: &Arg) -> Option<fn() -> Vec<String>> {
    let of_service = Subject::Service.placeholder();
    let is_service = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.as_str() == of_service));
    match (path, arg.get_id().as_str()) {
        ("logs", "services") => Some(services),
        ("runbook show" | "runbook run", "name") => Some(runbooks),
        ("", "stack") => Some(stacks),
        ("" | "themes", "theme") => Some(|| Theme::names().map(ToOwned::to_owned).collect()),
        _ if is_service => Some(services),
        _ => None,
    }
}

/// What the configuration of the line says; one that cannot be used offers nothing.
fn settings(stack: Option<String>) -> Option<Settings> {
    let flags = Global { config: of_line("--config").map(Into::into), stack, ..Global::default() };
    config::load(&flags, &Environment::of_process()).ok()
}

/// What the line that is being typed says of a flag.
fn of_line(flag: &str) -> Option<String> {
    let words: Vec<String> = std::env::args_os().filter_map(|word| word.into_string().ok()).collect();
    let after = words.iter().skip_while(|word| *word != flag).nth(1).cloned();
    after.or_else(|| words.iter().find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned())))
}

fn services() -> Vec<String> {
    let Some(settings) = settings(of_line("--stack")) else { return Vec::new() };
    let of = |stack: &Stack| stack.services.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    // Where none of several was chosen, each of them may be meant.
    match settings.file.as_deref().filter(|_| settings.unchosen.is_some()).and_then(|path| file::read(path).ok()) {
        Some(file) => file.stacks.values().flat_map(of).collect(),
        None => of(&settings.stack),
    }
}

fn stacks() -> Vec<String> {
    let path = settings(None).and_then(|settings| settings.file);
    path.and_then(|path| file::read(&path).ok()).map_or_else(Vec::new, |file| file.stacks.into_keys().collect())
}

fn runbooks() -> Vec<String> {
    let own = Folder::of(settings(None).and_then(|settings| settings.runbooks).as_deref(), RUNBOOKS).unwrap_or_default();
    Library::with(own.files).books().iter().map(|book| book.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_configuration_names_is_offered_where_it_is_asked_for() {
        fn found(command: &Command, path: &str, all: &mut Vec<String>) {
            all.extend(command.get_arguments().filter(|arg| names(path, arg).is_some()).map(|arg| format!("{path} {}", arg.get_id())));
            for below in command.get_subcommands() {
                found(below, format!("{path} {}", below.get_name()).trim_start(), all);
            }
        }
        let mut all = Vec::new();
        found(&crate::shell::every_command(), "", &mut all);
        for place in [
            " stack",
            " theme",
            "themes theme",
            "logs services",
            "runbook show name",
            "runbook run name",
            "scale target",
            "redeploy target",
            "rollback target",
        ] {
            assert!(all.iter().any(|found| found == place), "{place}: {all:?}");
        }
    }
}
