//! `config check`: whether the configuration that would be used can be used, and where each setting comes from; exit 0 or 2. It reads what
//! is named in it too (theme, runbooks, rules), and asks AWS nothing. `config example` prints one with every key.

use std::process::ExitCode;

use serde_json::json;

use super::look;
use crate::config::args::Global;
use crate::config::environment::Environment;
use crate::config::example::EXAMPLE;
use crate::config::lock::Lock;
use crate::config::program::{ConfigCommand, Listing};
use crate::config::{self, Provenance, Settings};
use crate::shell::failure::{Failure, warn};
use crate::shell::headless::print;
use crate::shell::incident::rules::rules;
use crate::shell::own::{Folder, RUNBOOKS};
use nextcore_core::model::place::Chosen;
use nextcore_core::report::rows;
use nextcore_core::runbook::Library;

/// Runs one of the commands.
pub(super) fn run(command: &ConfigCommand, flags: &Global, env: &Environment) -> Result<ExitCode, Failure> {
    let ConfigCommand::Check(args) = command else {
        print(EXAMPLE)?;
        return Ok(ExitCode::SUCCESS);
    };
    match (checked(flags, env), args.format) {
        (Ok(settings), Listing::Table) => print(&told(&settings, flags, env))?,
        (Ok(settings), Listing::Json) => {
            let all: Vec<_> = all(&settings).iter().map(Provenance::as_json).collect();
            print(&json!({ "ok": true, "file": settings.file, "settings": all }).to_string())?;
        }
        (Err(why), Listing::Table) => return Err(why),
        (Err(why), Listing::Json) => {
            print(&json!({ "ok": false, "error": why.first_line() }).to_string())?;
            return Err(why);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The settings, if all that they name can be used.
fn checked(flags: &Global, env: &Environment) -> Result<Settings, Failure> {
    let settings = config::load(flags, env).map_err(Failure::usage)?;
    if let Lock::Broken(why) = &settings.lock {
        return Err(Failure::usage(format!(
            "{}: unusable ({why}): this machine is locked to read-only\n  next: correct or remove it",
            config::SYSTEM_FILE
        )));
    }
    rules(settings.incidents.rules.as_deref()).map_err(Failure::into_usage)?;
    let own = Folder::of(settings.runbooks.as_deref(), RUNBOOKS).map_err(Failure::into_usage)?;
    own.refused.iter().for_each(|why| warn(why));
    // One that cannot be read is left out, and the others are there: the configuration holds.
    Library::with(own.files).faults().iter().for_each(|fault| warn(&fault.to_string()));
    settings.connect.notices.iter().for_each(|notice| warn(notice));
    Ok(settings)
}

fn told(settings: &Settings, flags: &Global, env: &Environment) -> String {
    let looked_for = || settings.file_default.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    let head = settings.file.as_ref().map_or_else(
        || format!("ok: no configuration file (looked for {}), the defaults are used", looked_for()),
        |path| format!("ok: {}", path.display()),
    );
    let listed = all(settings).into_iter().map(|p| [p.name.to_owned(), p.value, p.origin]);
    format!("{head}\n\n{}", rows(["SETTING", "VALUE", "FROM"], listed, look(flags, env)))
}

/// Every setting: where and as whom, then the others.
fn all(settings: &Settings) -> Vec<Provenance> {
    let connect = &settings.connect;
    let chosen = |name, c: Option<&Chosen>| {
        let (value, origin) = c.map_or(("-", "default"), |c| (c.value.as_str(), c.origin.as_str()));
        Provenance { name, value: value.to_owned(), origin: origin.to_owned() }
    };
    let endpoint = connect.endpoint_url.as_ref().map(|(url, origin)| Chosen::new(url.to_string(), origin.clone()));
    let seed = connect.seed_region.as_ref().map(|region| Chosen::new(region, "default"));
    let mut all = vec![
        chosen("profile", connect.profile.as_ref()),
        chosen("region", connect.region.as_ref().or(seed.as_ref())),
        chosen("account", connect.account.as_ref()),
        chosen("endpoint_url", endpoint.as_ref()),
    ];
    all.extend(settings.provenance.iter().cloned());
    let file = settings.file.as_ref().map_or_else(|| "default".to_owned(), |path| path.display().to_string());
    let mut named = |name, value: Option<String>| {
        let origin = if value.is_some() { file.clone() } else { "default".to_owned() };
        all.push(Provenance { name, value: value.unwrap_or_else(|| "-".to_owned()), origin });
    };
    named("runbooks", settings.runbooks.as_ref().map(|path| path.display().to_string()));
    named("incidents.rules", settings.incidents.rules.as_ref().map(|path| path.display().to_string()));
    named(
        "stacks",
        (!settings.choices.is_empty()).then(|| settings.choices.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")),
    );
    all
}
