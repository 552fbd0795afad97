//! `iam-policy`: prints the policy that `aws::policy` makes of the gate's tables. Asks AWS nothing: it is what one needs before one may.

use std::io::Write;
use std::process::ExitCode;

use super::failure::Failure;
use super::headless::print;
use crate::config::Settings;
use crate::config::args::PolicyArgs;
use nextcore_live::aws::policy::{Grants, PolicyScope, policy};

/// Prints the policy on stdout; what the reader still has to do on stderr.
pub(super) fn run(args: &PolicyArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    let pinned = settings.place.account.as_ref().map(|a| a.value.as_str());
    let account = args.account.as_deref().or(pinned);
    let place = PolicyScope { account: account.unwrap_or("*"), partition: args.partition.unwrap_or(settings.place.partition) };
    let grants = Grants { writes: args.operator, queries: args.operator || settings.insights };
    let document = policy(&settings.stack, place, grants);
    print(&serde_json::to_string_pretty(&document).map_err(Failure::cannot_tell)?)?;
    if account.is_none() {
        let _ = writeln!(std::io::stderr(), "note: without --account the ARNs hold for any account");
    }
    Ok(ExitCode::SUCCESS)
}
