//! The rules that are in force: the program's, and a team's own of the folder that the configuration names. `incident rules` lists them.

use std::path::Path;
use std::process::ExitCode;

use super::super::failure::Failure;
use super::super::headless::print;
use super::super::own::{Folder, RULES};
use crate::config::args::Format;
use nextcore_core::incident::{Rules, with_own};
use nextcore_core::report::Look;
use nextcore_core::report::incident::rules as listed;

/// All of them, or what is wrong: with file and line where it is in one.
pub(in super::super) fn rules(own: Option<&Path>) -> Result<Rules, Failure> {
    let folder = Folder::of(own, RULES)?;
    let wrong = |why: String| Failure::usage(format!("rules: {why}\n  next: correct the file, or remove it from the folder"));
    match folder.refused.first() {
        Some(refused) => Err(wrong(refused.clone())),
        None => with_own(&folder.files).map_err(|e| wrong(e.to_string())),
    }
}

/// `incident rules`.
pub(super) fn show(format: Format, own: Option<&Path>, look: Look) -> Result<ExitCode, Failure> {
    let names: Vec<String> = Folder::of(own, RULES)?.files.into_iter().map(|(file, _)| file).collect();
    let rules = rules(own)?;
    match format {
        Format::Json => listed::lines(&rules, &names).iter().try_for_each(|line| print(line))?,
        Format::Table | Format::Markdown => print(listed::table(&rules, &names, look).trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
