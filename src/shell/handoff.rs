//! Hands the terminal to `session-manager-plugin` for ECS Exec and comes back when it ends. Its arguments hold a secret: they are given to
//! the plugin and to nobody else.

use std::io;
use std::process::Stdio;

use tokio::process::Command;

use super::acts::SESSION_PLUGIN;
use crate::aws::action::Handoff;

/// Runs the plugin on this terminal until it ends; says why if it did not end well.
pub(super) async fn run(session: &Handoff) -> Result<(), String> {
    let missing = || {
        format!(
            "{SESSION_PLUGIN} is not installed on this machine\n  next: install the AWS Session Manager plugin, and open the shell again"
        )
    };
    // Ctrl-C belongs to the shell in the container, not to us: while the plugin runs, nobody here takes it.
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map_err(|e| e.to_string())?;
    let spawned = Command::new(SESSION_PLUGIN)
        .args(&session.arguments)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn();
    let mut plugin = match spawned {
        Ok(plugin) => plugin,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(e) => return Err(format!("{SESSION_PLUGIN}: {e}")),
    };
    loop {
        tokio::select! {
            ended = plugin.wait() => {
                let status = ended.map_err(|e| format!("{SESSION_PLUGIN}: {e}"))?;
                return if status.success() { Ok(()) } else { Err(format!("{SESSION_PLUGIN} ended with {status}")) };
            }
            _ = interrupt.recv() => {}
        }
    }
}
