//! `info`: which identity is in use, where every file lives, and every setting with where it comes from.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use super::backend::{self, Target};
use super::failure::Failure;
use super::headless::print;
use crate::config::environment::Environment;
use crate::config::{self, Settings};
use crate::model::identity::Identity;
use crate::model::section::Section;
use crate::model::store::Store;

/// What was found, and what else there is to know (a clock that is off).
fn lines<const N: usize>(found: [&str; N], store: &Store) -> String {
    let all: Vec<&str> = found.into_iter().chain(store.notices.iter().map(String::as_str)).collect();
    all.join("\n")
}

/// Asking who we are must not take longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints identity, files and settings; a missing identity is part of the answer, not a failure.
pub(super) async fn run(settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    let mut text = format!("nextcore-top {}\n\nidentity\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "  {}", identity(settings).await.replace('\n', "\n  "));
    let file = settings.file.as_ref().map_or_else(
        || format!("none (looked for {})", settings.file_default.as_ref().map_or_else(|| "-".to_owned(), |p| p.display().to_string())),
        |p| p.display().to_string(),
    );
    let state = env.state_home.as_ref().map_or_else(|| "-".to_owned(), |s| s.join("nextcore-top").display().to_string());
    let audit = env.audit_folder().map_or_else(|| "- (neither XDG_STATE_HOME nor HOME is set)".to_owned(), |p| p.display().to_string());
    let lock =
        if std::path::Path::new(config::SYSTEM_FILE).exists() { config::SYSTEM_FILE } else { "none (/etc/nextcore-top/config.toml)" };
    let _ = write!(
        text,
        "\nfiles\n  configuration  {file}\n  machine's lock {lock}\n  state          {state}\n  audit log      {audit}\n\nsettings\n"
    );
    for p in &settings.provenance {
        let _ = writeln!(text, "  {:<14} {:<26} {}", p.name, p.value, p.origin);
    }
    let stack = toml::to_string(&std::collections::BTreeMap::from([("stack", &settings.stack)])).unwrap_or_default();
    let _ = write!(text, "\nstack, as it would be written in the configuration file\n\n{stack}");
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn identity(settings: &Settings) -> String {
    let (mut feed, _engine) = match backend::started(&Target::Aws, settings).await {
        Ok(started) => started,
        Err(e) => return e.to_string(),
    };
    let answered = feed.store.wait_for(|s| s.entry(Identity::KEY).is_some_and(|e| e.value.is_some() || e.problem.is_some()));
    let store = match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(store)) => std::sync::Arc::clone(&store),
        _ => return format!("no answer from STS within {} s", PATIENCE.as_secs()),
    };
    match (store.get::<Identity>(), store.entry(Identity::KEY).and_then(|e| e.problem.as_ref())) {
        (Some(identity), _) => lines([&format!("{}  account {}", identity.arn, identity.account)], &store),
        (None, Some(p)) if p.hint.is_empty() => lines([&p.headline], &store),
        (None, Some(p)) => lines([&p.headline, &format!("next: {}", p.hint)], &store),
        (None, None) => "unknown".to_owned(),
    }
}
