//! From settings and environment to what actions need: authority, audit log, who. Called by the dashboard and by the commands that act.

use rustix::io::Errno;
use rustix::process::{Pid, getuid, test_kill_process};

use super::backend::Target;
use crate::config::Settings;
use crate::config::environment::Environment;
use nextcore_core::model::audit::Who;
use nextcore_core::model::obligation::Reach;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::action::audit::Audit;
use nextcore_live::engine::obligation::files::Files;

/// What hands a terminal to ECS Exec.
pub(super) const SESSION_PLUGIN: &str = "session-manager-plugin";

/// What this process may do to the target, and where that is recorded.
pub(super) fn acts(target: &Target, settings: &Settings, env: &Environment, authority: Authority) -> Acts {
    let reach = match target {
        Target::Aws => reach(settings),
        Target::Demo(_) => Reach::default(),
    };
    Acts {
        authority,
        audit: audit(target, env, settings.audit_days),
        obligations: obligations(target, env),
        reach,
        who: who(env),
        pid: std::process::id(),
        has_session_plugin: env.finds(SESSION_PLUGIN),
        alive,
    }
}

/// The log of the embedded cloud is kept apart: nothing in it happened to anybody.
pub(super) fn audit(target: &Target, env: &Environment, days: Option<u32>) -> Audit {
    let of_days = |folder| Audit::folder_of_days(folder, days);
    match target {
        Target::Aws => env.audit_folder().map_or_else(Audit::missing, of_days),
        Target::Demo(_) => env.demo_audit_folder().map_or_else(Audit::memory, of_days),
    }
}

/// As it was settled; a password is not kept on disk.
fn reach(settings: &Settings) -> Reach {
    let place = &settings.place;
    let endpoint = place.endpoint_of("CloudWatch").filter(|url| url.to_string() == url.secret());
    Reach { profile: place.profile.as_ref().map(|p| p.value.clone()), endpoint_url: endpoint.map(|url| url.secret().to_owned()) }
}

/// What is owed; that of the embedded cloud is kept apart, too.
pub(super) fn obligations(target: &Target, env: &Environment) -> Files {
    match target {
        Target::Aws => env.obligations_folder().map_or_else(Files::missing, Files::folder),
        Target::Demo(_) => env.demo_obligations_folder().map_or_else(Files::memory, Files::folder),
    }
}

/// Where walks through runbooks are kept; those on the embedded cloud apart.
pub(super) fn walks(target: &Target, env: &Environment) -> Option<std::path::PathBuf> {
    match target {
        Target::Aws => env.runs_folder(),
        Target::Demo(_) => env.demo_runs_folder(),
    }
}

pub(super) fn who(env: &Environment) -> Who {
    let user = env.user.clone().unwrap_or_else(|| format!("uid {}", getuid().as_raw()));
    Who { user, ssh: env.ssh_client.clone(), arn: String::new() }
}

/// Whether a process runs; one that we may not signal does.
fn alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM)))
}
