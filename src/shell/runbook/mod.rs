//! `runbook list|show|lint|run`: the runbooks that are built in and those of a team's folder. `folder` reads them, `walk` goes through one
//! without a screen, `keep` keeps those of a dashboard.
//! What they mean is `nextcore_core::runbook`'s.

mod keep;
mod walk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{Failure, say};
use super::headless::print;
use super::own::{Folder, RUNBOOKS, read};
use crate::config::Settings;
use crate::config::environment::Environment;
use crate::config::runbook::RunbookCommand;
pub(super) use keep::Keeper;
use nextcore_core::expression::Language;
use nextcore_core::model::text::cells;
use nextcore_core::runbook::{BUILTIN, Fault, Library, Runbook, lint};

/// Runs one of the commands.
pub(super) async fn run(command: &RunbookCommand, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    if let RunbookCommand::Lint { files } = command
        && !files.is_empty()
    {
        return faults(files.iter().flat_map(|file| of_file(file)).collect());
    }
    let own = Folder::of(settings.runbooks.as_deref(), RUNBOOKS)?;
    let library = Library::with(own.files.clone());
    match command {
        RunbookCommand::List => {
            own.refused.iter().for_each(|why| say(&format!("nextcore-top: {why}")));
            library.faults().iter().for_each(|fault| say(&format!("nextcore-top: {fault}")));
            print(&list(&library))?;
            Ok(ExitCode::SUCCESS)
        }
        RunbookCommand::Show { name } => {
            let book = find(&library, name)?;
            let text = own.files.iter().find(|(file, _)| *file == book.file).map(|(_, text)| text.as_str());
            let built_in = || BUILTIN.iter().find(|(file, _)| *file == book.file).map(|(_, text)| *text);
            print(text.or_else(built_in).unwrap_or_default())?;
            Ok(ExitCode::SUCCESS)
        }
        RunbookCommand::Lint { .. } => {
            let language = Language::new().map_err(Failure::cannot_tell)?;
            let is_file = |path: &str| own.has(path);
            let found = library.lint(&language, &is_file);
            faults(own.refused.iter().cloned().chain(found.iter().map(ToString::to_string)).collect())
        }
        RunbookCommand::Run(args) => walk::run(args, find(&library, &args.name)?, settings, env).await,
    }
}

/// Everything that is wrong with one file.
fn of_file(path: &Path) -> Vec<String> {
    let name = path.display().to_string();
    let text = match read(path) {
        Ok(text) => text,
        Err(why) => return vec![why],
    };
    let beside = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let told = |all: Vec<Fault>| all.into_iter().map(|fault| fault.to_string()).collect();
    match (Runbook::parse(&name, &text), Language::new()) {
        (Err(found), _) => told(found),
        (_, Err(why)) => vec![why.to_string()],
        (Ok(book), Ok(language)) => told(lint(&book, &language, &|link, _| fs::metadata(beside.join(link)).is_ok())),
    }
}

fn faults(all: Vec<String>) -> Result<ExitCode, Failure> {
    if all.is_empty() {
        print("nothing wrong")?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&all.join("\n"))?;
    Ok(ExitCode::from(1))
}

fn list(library: &Library) -> String {
    let widest = library.books().iter().map(|b| cells(&b.name)).max().unwrap_or(0);
    let line = |b: &Runbook| {
        let whose = if library.is_own(&b.name) { "own" } else { "   " };
        format!("{:<widest$}  {whose}  {}", b.name, b.front.title)
    };
    library.books().iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A runbook by its name, or by that of an incident that only it is for.
fn find<'l>(library: &'l Library, name: &str) -> Result<&'l Runbook, Failure> {
    let by_incident = || library.for_incident(name).first().copied();
    library.get(name).or_else(by_incident).ok_or_else(|| {
        let of_it = library.faults().iter().find(|fault| fault.file == name || fault.file == format!("{name}.md"));
        if let Some(fault) = of_it {
            return Failure::usage(format!("the runbook cannot be read: {fault}"));
        }
        let known: Vec<&str> = library.books().iter().map(|b| b.name.as_str()).collect();
        Failure::usage(format!("no runbook '{name}'\n  next: one of {}", known.join(", ")))
    })
}
