//! A team's own files: those of one folder with one ending, its runbooks and its rules of incidents. What leads out of the folder, is no
//! file, or is too large is refused by name. It reads no meaning into them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// What a folder is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// In a sentence: `runbooks`.
    pub(super) what: &'static str,
    /// The key that names the folder.
    pub(super) key: &'static str,
    /// How its files end.
    pub(super) ending: &'static str,
}

pub(super) const RUNBOOKS: Kind = Kind { what: "runbooks", key: "[runbooks] path", ending: "md" };
pub(super) const RULES: Kind = Kind { what: "rules", key: "[incidents] rules", ending: "toml" };

/// Longer files were not written by a person.
const LARGEST: u64 = 1 << 20;

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Folder {
    path: PathBuf,
    /// File names with their texts.
    pub(super) files: Vec<(String, String)>,
    /// What was not read, and why.
    pub(super) refused: Vec<String>,
}

impl Folder {
    /// Reads it; without one there is nothing. A folder that was named and is not there is said.
    pub(super) fn of(path: Option<&Path>, kind: Kind) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let told = |e: std::io::Error| {
            let Kind { what, key, .. } = kind;
            Failure::cannot_tell(format!("{what} of {}: {e}\n  next: correct {key} in the configuration", path.display()))
        };
        let root = path.canonicalize().map_err(told)?;
        let mut folder = Self { path: root.clone(), ..Self::default() };
        let mut entries: Vec<PathBuf> = fs::read_dir(&root).map_err(told)?.filter_map(|e| e.ok().map(|e| e.path())).collect();
        entries.sort();
        for entry in entries.into_iter().filter(|e| e.extension().is_some_and(|e| e == kind.ending)) {
            let shown = entry.display();
            match entry.canonicalize() {
                Ok(real) if !real.starts_with(&root) => folder.refused.push(format!("{shown}: leads out of the folder: not read")),
                Ok(_) => match read(&entry) {
                    Ok(text) => folder.files.push((entry.file_name().unwrap_or_default().to_string_lossy().into_owned(), text)),
                    Err(why) => folder.refused.push(why),
                },
                Err(e) => folder.refused.push(format!("{shown}: {e}")),
            }
        }
        Ok(folder)
    }

    /// Whether a link of one of its runbooks leads to something in it.
    pub(super) fn has(&self, link: &str) -> bool {
        !self.path.as_os_str().is_empty() && self.path.join(link).canonicalize().is_ok_and(|real| real.starts_with(&self.path))
    }
}

/// The text of a file, or why it is none that can be a runbook.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let about = |e: std::io::Error| format!("{shown}: {e}");
    let known = fs::metadata(path).map_err(about)?;
    if !known.is_file() {
        return Err(format!("{shown}: no file: not read"));
    }
    if known.len() > LARGEST {
        return Err(format!("{shown}: larger than 1 MiB: not read"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(about)?;
    String::from_utf8(bytes).map_err(|e| format!("{shown}: not UTF-8 at byte {}: not read", e.utf8_error().valid_up_to()))
}
