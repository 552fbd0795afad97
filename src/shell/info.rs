//! `info`: which identity is in use and by which credentials, where AWS is looked at, where every file lives, and every setting with where it
//! comes from. Asks STS who we are, and nothing else.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::backend;
use super::failure::Failure;
use super::headless::print;
use crate::config::args::LogLevel;
use crate::config::environment::{Environment, LOG_VARIABLE};
use crate::config::lock::Lock;
use crate::config::program::{Listing, VERSION};
use crate::config::{self, Provenance, Settings};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::place::{Chosen, Place};
use nextcore_core::model::section::{ProblemKind, Section};
use nextcore_core::model::store::Store;

/// What was found, and what else there is to know (a clock that is off).
fn lines(found: &[&str], store: &Store) -> String {
    let all: Vec<&str> = found.iter().copied().chain(store.notices.iter().map(String::as_str)).collect();
    all.join("\n")
}

/// Asking who we are must not take longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// What stands in the way of the program itself, and is part of the answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trouble<'a> {
    /// The place cannot be settled.
    pub(super) place: Option<&'a str>,
    /// The log that is asked for cannot be written.
    pub(super) log: Option<&'a str>,
}

/// What is known of who we are.
struct Who {
    /// In words.
    text: String,
    /// Which provider had credentials.
    by: Option<String>,
    /// They are of another account than the pinned one, and why.
    refused: Option<String>,
}

impl Who {
    fn unknown(text: impl Into<String>) -> Self {
        Self { text: text.into(), by: None, refused: None }
    }
}

/// Prints identity, place, files and settings; a missing identity, or a place that cannot be settled, is part of the answer, not a failure.
/// Another account than the pinned one is.
pub(super) async fn run(format: Listing, settings: &Settings, env: &Environment, trouble: Trouble<'_>) -> Result<ExitCode, Failure> {
    let unsettled = trouble.place;
    let who = match unsettled {
        Some(why) => Who::unknown(why),
        None => identity(settings).await,
    };
    if format == Listing::Json {
        print(&serde_json::to_string_pretty(&document(settings, env, &who, trouble)).map_err(Failure::cannot_tell)?)?;
        return who.refused.map_or(Ok(ExitCode::SUCCESS), |why| Err(Failure::cannot_tell(why)));
    }
    let mut text = format!("nextcore-top {VERSION}\n\nidentity\n");
    let _ = writeln!(text, "  {}", who.text.replace('\n', "\n  "));
    if unsettled.is_none() {
        credentials(&mut text, &settings.place, who.by.as_deref());
    }
    files(&mut text, settings, env);
    let _ = writeln!(text, "  log            {}", log(settings, env, trouble.log));
    text.push_str("\nsettings\n");
    if unsettled.is_none() {
        place(&mut text, &settings.place);
    }
    for p in &settings.provenance {
        setting(&mut text, p.name, &p.value, &p.origin);
    }
    let stack = toml::to_string(&std::collections::BTreeMap::from([("stack", &settings.stack)])).unwrap_or_default();
    // No region is not the empty region.
    let stack = stack.replace("region = \"\"\n", "");
    let _ = write!(text, "\nstack, as configuration\n\n{stack}");
    print(&text)?;
    match who.refused {
        Some(why) => Err(Failure::cannot_tell(why)),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The same for programs; what is not known is null.
fn document(settings: &Settings, env: &Environment, who: &Who, trouble: Trouble<'_>) -> Value {
    let lock = match &settings.lock {
        Lock::Broken(_) => "broken",
        Lock::Locked => "locked",
        Lock::Open => "open",
    };
    let problems: Vec<&str> = [trouble.place, trouble.log].into_iter().flatten().collect();
    let place = trouble.place.is_none().then_some(&settings.place);
    json!({
        "version": VERSION,
        "identity": who.text,
        "credentials": who.by.as_ref().or(Some(&settings.place.credentials.from)).filter(|_| trouble.place.is_none()),
        "files": {
            "configuration": settings.file,
            "machine_lock": lock,
            "state": env.state_home.as_ref().map(|state| state.join("nextcore-top")),
            "audit_log": env.audit_folder(),
            "log": env.log_file(),
        },
        "place": place,
        "problems": problems,
        "settings": settings.provenance.iter().map(Provenance::as_json).collect::<Vec<_>>(),
        "stack": settings.stack,
    })
}

/// Whose credentials they are, and what else there was.
fn credentials(text: &mut String, place: &Place, by: Option<&str>) {
    let _ = write!(text, "\ncredentials\n  from           {}\n", by.unwrap_or(&place.credentials.from));
    if let Some(by) = by.filter(|by| place.profile_decides && *by != place.credentials.from) {
        let _ = writeln!(text, "                 (not {}, but {by})", place.credentials.from);
    }
    for passed_over in &place.credentials.passed_over {
        let _ = writeln!(text, "  skipped        {passed_over}");
    }
}

fn files(text: &mut String, settings: &Settings, env: &Environment) {
    let file = settings.file.as_ref().map_or_else(
        || format!("none (looked for {})", settings.file_default.as_ref().map_or_else(|| "-".to_owned(), |p| p.display().to_string())),
        |p| p.display().to_string(),
    );
    let state = env.state_home.as_ref().map_or_else(|| "-".to_owned(), |s| s.join("nextcore-top").display().to_string());
    let audit = env.audit_folder().map_or_else(|| "- (XDG_STATE_HOME and HOME are not set)".to_owned(), |p| p.display().to_string());
    let path = config::SYSTEM_FILE;
    let lock = match &settings.lock {
        Lock::Broken(why) => format!("{path}: unusable ({why}), read-only"),
        Lock::Locked => format!("{path}: read-only"),
        Lock::Open if std::path::Path::new(path).exists() => format!("{path}: writes allowed"),
        Lock::Open => format!("none ({path})"),
    };
    let _ = write!(text, "\nfiles\n  configuration  {file}\n  machine lock   {lock}\n  state          {state}\n  audit log      {audit}\n");
}

/// Where the program's own log is, at which level; why it is off.
fn log(settings: &Settings, env: &Environment, trouble: Option<&str>) -> String {
    let path = env.log_file().map_or_else(|| "- (XDG_STATE_HOME and HOME are not set)".to_owned(), |p| p.display().to_string());
    match (settings.log_level, trouble) {
        (level, Some(why)) => format!("{path}: off, '{}' requested but not writable: {why}", level.word()),
        (LogLevel::Off, None) => format!("{path}: off (enable with --log-level or {LOG_VARIABLE})"),
        (level, None) => format!("{path}: '{}', up to 8 MiB plus one older file (.1)", level.word()),
    }
}

fn setting(text: &mut String, name: &str, value: &str, origin: &str) {
    let _ = writeln!(text, "  {name:<14} {value:<26} {origin}");
}

/// Where AWS is looked at, each part with where it comes from.
fn place(text: &mut String, place: &Place) {
    let mut chosen = |name: &str, c: Option<&Chosen>| {
        let (value, origin) = c.map_or(("-", "default"), |c| (c.value.as_str(), c.origin.as_str()));
        setting(text, name, value, origin);
    };
    chosen("profile", place.profile.as_ref());
    chosen("region", place.region.as_ref());
    chosen("account", place.account.as_ref());
    setting(text, "partition", place.partition.id(), "from region");
    if place.endpoints.is_empty() {
        setting(text, "endpoint_url", "-", "AWS default");
    }
    for endpoint in &place.endpoints {
        let origin =
            if endpoint.services.is_empty() { endpoint.origin.clone() } else { format!("{} ({})", endpoint.origin, endpoint.whose()) };
        setting(text, "endpoint_url", &endpoint.url.to_string(), &origin);
    }
    for variant in &place.variants {
        let state = if variant.obeyed {
            format!("{} endpoints", variant.kind)
        } else {
            format!("{}: not used with a custom endpoint", variant.kind)
        };
        setting(text, "endpoints", &state, &variant.origin);
    }
    if let Some(bundle) = &place.ca_bundle {
        setting(text, "ca_bundle", &bundle.value, &bundle.origin);
    }
    for proxy in place.proxies.iter().filter(|p| !p.value.is_empty()) {
        setting(text, "proxy", &proxy.masked(), &proxy.name);
    }
    for notice in &place.notices {
        let _ = writeln!(text, "  note: {notice}");
    }
}

async fn identity(settings: &Settings) -> Who {
    let (mut feed, _engine, by) = match backend::identified(settings).await {
        Ok(started) => started,
        Err(e) => return Who::unknown(e.to_string()),
    };
    let answered = feed.store.wait_for(|s| s.entry(Identity::KEY).is_some_and(|e| e.value.is_some() || e.problem.is_some()));
    let store = match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(store)) => std::sync::Arc::clone(&store),
        _ => return Who { by, ..Who::unknown(format!("STS timed out after {} s", PATIENCE.as_secs())) },
    };
    let (text, refused) = match (store.get::<Identity>(), store.entry(Identity::KEY).and_then(|e| e.problem.as_ref())) {
        (Some(identity), _) => (lines(&[&format!("{}  account {}", identity.arn, identity.account)], &store), None),
        (None, Some(p)) if p.kind == ProblemKind::WrongAccount => {
            let words = format!("{}\n  next: {}", p.headline, p.hint);
            (p.headline.clone(), Some(words))
        }
        (None, Some(p)) if p.hint.is_empty() => (lines(&[&p.headline], &store), None),
        (None, Some(p)) => (lines(&[&p.headline, &format!("next: {}", p.hint)], &store), None),
        (None, None) => ("unknown".to_owned(), None),
    };
    Who { text, by, refused }
}
