//! `init`: looks for the stack, says what it found and why it believes it, asks where it is not sure, and writes a configuration. What is
//! found is `aws::discover`'s, the text `config::written`'s. It never overwrites a file.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::backend::{Target, Told};
use super::failure::{Failure, say};
use super::headless::print;
use crate::config::args::{DEMO_SEED, InitArgs, World};
use crate::config::{Settings, written};
use nextcore_core::model::text::inert_lines;
use nextcore_live::aws::authority::Authority;
use nextcore_live::aws::discover::{Found, Hints, Question, discover};
use nextcore_live::engine::action::Acts;

/// Looks, tells, asks, writes.
pub(super) async fn run(args: &InitArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    let file = if args.print { None } else { Some(place(args, settings)?) };
    let target = if args.demo { Target::demo(World::calm(DEMO_SEED)) } else { Target::Aws };
    let (clock, told) = (target.clock(), Told::on_stderr());
    let acts = Acts { authority: Authority::finder(), ..Acts::none() };
    let setup = target.setup(settings, clock.clone(), acts, &told.notices).await.map_err(Failure::cannot_tell)?;
    let hints = Hints {
        cluster: args.cluster.clone(),
        tag: args.tag.clone(),
        balancer: args.from_alb.clone(),
        region: target.stack(settings).region,
    };
    let identity = nextcore_live::aws::discover::whose(&setup.clients).await.map_err(|p| Failure::problem(&p))?;
    let mut unasked = None;
    let mut ask = |question: &Question<'_>| match (args.yes, std::io::stdin().is_terminal()) {
        (true, _) => Some(0),
        (false, true) => asked(question),
        (false, false) => {
            unasked.get_or_insert(question.key);
            Some(0)
        }
    };
    let found = discover(setup.clients, setup.meter, clock.now(), &hints, &mut ask).await.map_err(|p| Failure::problem(&p))?;
    if let Some(key) = unasked {
        return Err(Failure::cannot_tell(format!(
            "stack.{key}: more than one could be meant, and stdin is no terminal to ask on\n  next: --yes takes the best; --cluster, --tag and --from-alb say more"
        )));
    }
    tell(&found);
    let why = |key: &str| comment(&found, key);
    let text = written::file(&found.stack, &identity, &why);
    match file {
        None => print(&text)?,
        Some(path) => {
            write(&path, &text)?;
            say(&format!("written: {}\n  next: nextcore-top{}", path.display(), flag(&path, settings)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the file goes: nothing that is there is lost.
fn place(args: &InitArgs, settings: &Settings) -> Result<PathBuf, Failure> {
    let path = args.out.clone().or_else(|| settings.file_default.clone());
    let path = path.ok_or_else(|| Failure::usage("no place for a configuration: HOME is not set\n  next: --out FILE, or --print"))?;
    if path.exists() {
        return Err(Failure::usage(format!("{} exists\n  next: --out FILE, --print, or move it away", path.display())));
    }
    Ok(path)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot =
        |e: std::io::Error| Failure::cannot_tell(format!("{}: cannot be written: {e}\n  next: --out FILE, or --print", path.display()));
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)
}

fn flag(path: &Path, settings: &Settings) -> String {
    if settings.file_default.as_deref() == Some(path) { String::new() } else { format!(" --config {}", path.display()) }
}

/// What was found, a line each.
fn tell(found: &Found) {
    for finding in &found.findings {
        let value = if finding.value.is_empty() { "-" } else { finding.value.as_str() };
        let doubt = if finding.sure { "" } else { "  (not certain)" };
        say(&format!("{:<17} {value}\n{:17} {}{doubt}", finding.key, "", finding.why));
    }
    for problem in &found.unread {
        say(&format!("not seen: {}", problem.why()));
    }
}

fn comment(found: &Found, key: &str) -> Option<String> {
    let finding = found.findings.iter().find(|f| f.key == key)?;
    let doubt = if finding.sure { "" } else { " (not certain)" };
    Some(inert_lines(&format!("{}{doubt}", finding.why)))
}

/// The answer of a person: a number, Enter for the first, `n` for none of them.
fn asked(question: &Question<'_>) -> Option<usize> {
    say(&format!("{}: which one?", question.key));
    for (i, candidate) in question.candidates.iter().enumerate() {
        say(&format!("  {}. {}  ({})", i + 1, candidate.name, candidate.why));
    }
    loop {
        let _ = write!(std::io::stderr(), "1-{}, Enter = 1, n = none of them: ", question.candidates.len());
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line).is_err() || line.is_empty() {
            return None;
        }
        match line.trim() {
            "" => return Some(0),
            "n" | "no" => return None,
            number => match number.parse::<usize>() {
                Ok(n) if (1..=question.candidates.len()).contains(&n) => return Some(n - 1),
                _ => say("a number of the list, or n"),
            },
        }
    }
}
