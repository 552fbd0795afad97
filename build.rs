//! What a binary says of itself with `--version`: the commit that it was built from, and the target. It asks the checkout, never a network;
//! outside of one the commit is "unknown", unless NEXTCORE_TOP_COMMIT says it (a build from an archive).

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable by which a build outside a checkout is told its commit; the crate reads the same name.
const COMMIT: &str = "NEXTCORE_TOP_COMMIT";

fn main() -> io::Result<()> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let root = PathBuf::from(given("CARGO_MANIFEST_DIR").unwrap_or_default());
    let release = given("PROFILE").is_some_and(|profile| profile == "release");
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=build.rs\ncargo::rerun-if-env-changed={COMMIT}")?;
    let commit = match given(COMMIT) {
        Some(commit) => commit.to_string_lossy().into_owned(),
        None => checked_out(&root, release, &mut out)?.unwrap_or_else(|| "unknown".to_owned()),
    };
    let target = given("TARGET").map_or_else(|| OsString::from("unknown"), OsString::from);
    writeln!(out, "cargo::rustc-env={COMMIT}={commit}\ncargo::rustc-env=NEXTCORE_TOP_TARGET={}", target.to_string_lossy())
}

/// The commit of this checkout, and whether there is more in it. What is built for development has more as a rule, and is not looked at: a
/// script that ran at every edit would compile the program anew each time.
fn checked_out(root: &Path, release: bool, out: &mut impl Write) -> io::Result<Option<String>> {
    let git = |args: &[&str]| {
        let ran = Command::new("git").arg("-C").arg(root).args(args).output().ok().filter(|ran| ran.status.success())?;
        String::from_utf8(ran.stdout).ok().map(|text| text.trim().to_owned())
    };
    // A repository in whose folders an unpacked archive happens to lie is not ours.
    let ours = git(&["rev-parse", "--show-toplevel"]).is_some_and(|top| Path::new(&top).canonicalize().ok() == root.canonicalize().ok());
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]).filter(|_| ours) else { return Ok(None) };
    // The log of HEAD grows with every commit and checkout, of whichever branch and worktree.
    for name in ["logs/HEAD", "HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).map(|path| root.join(path)).filter(|path| path.exists()) {
            writeln!(out, "cargo::rerun-if-changed={}", path.display())?;
        }
    }
    if !release {
        return Ok(Some(format!("{commit}-dev")));
    }
    let sources = ["src", "themes", "packaging", "build.rs", "Cargo.toml", "Cargo.lock"];
    for source in sources.into_iter().filter(|source| root.join(source).exists()) {
        writeln!(out, "cargo::rerun-if-changed={source}")?;
    }
    let looked: Vec<&str> = ["status", "--porcelain", "--"].into_iter().chain(sources).collect();
    let is_clean = git(&looked).is_some_and(|changes| changes.is_empty());
    Ok(Some(if is_clean { commit } else { format!("{commit}-modified") }))
}
