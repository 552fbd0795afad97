//! `runbook list|show|lint|run`: the runbooks that are built in and those of a team's folder. `folder` reads them, `walk` goes through one
//! without a screen, `keep` keeps those of a dashboard.
//! What they mean is `nextcore_core::runbook`'s.

mod keep;
mod walk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::failure::{Failure, say};
use super::headless::{look, print, print_lines};
use super::own::{Folder, RUNBOOKS, read};
use crate::config::Settings;
use crate::config::environment::Environment;
use crate::config::program::Listing;
use crate::config::runbook::RunbookCommand;
pub(super) use keep::Keeper;
use nextcore_core::expression::Language;
use nextcore_core::model::action::names::among;
use nextcore_core::report::{Look, rows};
use nextcore_core::runbook::{BUILTIN, Fault, Library, Runbook, lint};

/// Runs one of the commands.
pub(super) async fn run(command: &RunbookCommand, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    if let RunbookCommand::Lint { files, format } = command
        && !files.is_empty()
    {
        return faults(files.iter().flat_map(|file| of_file(file)).collect(), *format);
    }
    let own = Folder::of(settings.runbooks.as_deref(), RUNBOOKS)?;
    let library = Library::with(own.files.clone());
    match command {
        RunbookCommand::List(args) => {
            own.refused.iter().for_each(|why| say(&format!("nextcore-top: {why}")));
            library.faults().iter().for_each(|fault| say(&format!("nextcore-top: {fault}")));
            match args.format {
                Listing::Table => print(&list(&library, look(settings)))?,
                Listing::Json => print_lines(library.books().iter().map(|b| as_json(&library, b)))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        RunbookCommand::Show { name } => {
            let book = find(&library, name)?;
            let text = own.files.iter().find(|(file, _)| *file == book.file).map(|(_, text)| text.as_str());
            let built_in = || BUILTIN.iter().find(|(file, _)| *file == book.file).map(|(_, text)| *text);
            print(text.or_else(built_in).unwrap_or_default())?;
            Ok(ExitCode::SUCCESS)
        }
        RunbookCommand::Lint { format, .. } => {
            let language = Language::new().map_err(Failure::cannot_tell)?;
            let is_file = |path: &str| own.has(path);
            let found = library.lint(&language, &is_file);
            faults(own.refused.into_iter().map(Wrong::Unread).chain(found.into_iter().map(Wrong::Fault)).collect(), *format)
        }
        RunbookCommand::Run(args) => walk::run(args, find(&library, &args.name)?, settings, env).await,
    }
}

/// What is wrong with a runbook.
enum Wrong {
    /// The file could not be read, and why.
    Unread(String),
    Fault(Fault),
}

impl Wrong {
    fn words(&self) -> String {
        match self {
            Self::Unread(why) => why.clone(),
            Self::Fault(fault) => fault.to_string(),
        }
    }

    fn as_json(&self) -> Value {
        match self {
            Self::Unread(why) => json!({ "file": null, "line": null, "column": null, "message": why }),
            Self::Fault(f) => json!({ "file": f.file, "line": f.line, "column": f.column, "message": f.message }),
        }
    }
}

/// Everything that is wrong with one file.
fn of_file(path: &Path) -> Vec<Wrong> {
    let name = path.display().to_string();
    let text = match read(path) {
        Ok(text) => text,
        Err(why) => return vec![Wrong::Unread(why)],
    };
    let beside = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let told = |all: Vec<Fault>| all.into_iter().map(Wrong::Fault).collect();
    match (Runbook::parse(&name, &text), Language::new()) {
        (Err(found), _) => told(found),
        (_, Err(why)) => vec![Wrong::Unread(why.to_string())],
        (Ok(book), Ok(language)) => told(lint(&book, &language, &|link, _| fs::metadata(beside.join(link)).is_ok())),
    }
}

fn faults(all: Vec<Wrong>, format: Listing) -> Result<ExitCode, Failure> {
    match format {
        Listing::Json => print_lines(all.iter().map(Wrong::as_json))?,
        Listing::Table if all.is_empty() => print("nothing wrong")?,
        Listing::Table => print(&all.iter().map(Wrong::words).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(ExitCode::from(u8::from(!all.is_empty())))
}

/// Whose it is, in a word.
fn whose(library: &Library, book: &Runbook) -> &'static str {
    if library.is_own(&book.name) { "own" } else { "built in" }
}

fn list(library: &Library, look: Look) -> String {
    let line = |b: &Runbook| [b.name.clone(), whose(library, b).to_owned(), b.front.title.clone()];
    rows(["NAME", "FROM", "TITLE"], library.books().iter().map(line), look)
}

fn as_json(library: &Library, book: &Runbook) -> Value {
    json!({ "name": book.name, "from": whose(library, book), "title": book.front.title, "file": book.file })
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
        Failure::usage(among(&format!("no runbook '{name}'"), name, &known))
    })
}
