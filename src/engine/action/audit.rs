//! The audit log: JSON lines, one file per day, mode 0600. An intent is on disk before its call leaves, an outcome after it; what has an
//! intent and no outcome is found again. Lines are only ever appended, each whole. Written by the runner, read by `audit` and at the start.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Time;
use crate::model::audit::{Entry, Told};
use crate::model::plan::Unfinished;

/// Intents older than this are history, not unfinished business.
const RECENT: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// A log: a folder of files, or nothing but memory (pictures and tests).
#[derive(Debug, Clone)]
pub struct Audit(Place);

#[derive(Debug, Clone)]
enum Place {
    Missing,
    Folder(PathBuf),
    Memory(Arc<Mutex<Vec<Entry>>>),
}

impl Audit {
    /// In this folder, which is made when the first line is written.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self(Place::Folder(path.into()))
    }

    /// There is no place for it: nothing can be recorded, so nothing is sent.
    pub fn missing() -> Self {
        Self(Place::Missing)
    }

    /// Kept by this process only.
    pub fn memory() -> Self {
        Self(Place::Memory(Arc::default()))
    }

    /// Appends a line and does not return before it is on disk.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        match &self.0 {
            Place::Missing => Err(io::Error::new(io::ErrorKind::NotFound, "neither XDG_STATE_HOME nor HOME is set")),
            Place::Memory(entries) => {
                entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry.clone());
                Ok(())
            }
            Place::Folder(folder) => append(folder, entry),
        }
    }

    /// Every line since then, oldest first; files that cannot be read and lines that are not whole are named in the second part.
    pub fn read(&self, since: Option<Time>) -> (Vec<Entry>, Vec<String>) {
        let (mut entries, mut damage) = match &self.0 {
            Place::Missing => Default::default(),
            Place::Memory(entries) => (entries.lock().unwrap_or_else(PoisonError::into_inner).clone(), Vec::new()),
            Place::Folder(folder) => read_folder(folder, since),
        };
        entries.retain(|e| since.is_none_or(|s| e.at >= s));
        damage.sort();
        (entries, damage)
    }

    /// Intents of the last days that have no outcome, were not looked at, and whose process is gone.
    pub fn unfinished(&self, now: Time, alive: impl Fn(u32) -> bool) -> Vec<Unfinished> {
        let (entries, _) = self.read(Some(now - RECENT));
        let settled: BTreeSet<&str> =
            entries.iter().filter(|e| matches!(e.told, Told::Outcome { .. } | Told::Seen { .. })).map(|e| e.id.as_str()).collect();
        let open = entries.iter().filter(|e| !settled.contains(e.id.as_str()));
        open.filter_map(|e| match &e.told {
            Told::Intent { who, pid, request, title, .. } if !alive(*pid) => {
                Some(Unfinished { id: e.id.clone(), at: e.at, who: who.user.clone(), request: request.clone(), title: title.clone() })
            }
            _ => None,
        })
        .collect()
    }
}

fn append(folder: &Path, entry: &Entry) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{}.jsonl", entry.at.format("%Y-%m-%d")));
    let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(path)?;
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    if !ends_whole(&mut file)? {
        // A process was ended in the middle of its line: that line stays as it is, ours begins on its own.
        line.insert(0, b'\n');
    }
    // One write: lines of several processes do not mix.
    file.write_all(&line)?;
    file.sync_data()
}

fn ends_whole(file: &mut File) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn read_folder(folder: &Path, since: Option<Time>) -> (Vec<Entry>, Vec<String>) {
    let first = since.map(|s| s.format("%Y-%m-%d.jsonl").to_string()).unwrap_or_default();
    let names = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|e| e.path());
    let is_day = |p: &PathBuf| {
        p.extension().is_some_and(|e| e == "jsonl") && p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n >= first.as_str())
    };
    let mut files: Vec<PathBuf> = names.filter(is_day).collect();
    files.sort();
    let (mut entries, mut damage) = (Vec::new(), Vec::new());
    for path in files {
        match fs::read_to_string(&path) {
            Err(e) => damage.push(format!("{}: {e}", path.display())),
            Ok(text) => {
                for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
                    match serde_json::from_str(line) {
                        Ok(entry) => entries.push(entry),
                        Err(e) => damage.push(format!("{}:{}: not a whole line: {e}", path.display(), number + 1)),
                    }
                }
            }
        }
    }
    (entries, damage)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::model::action::Request;
    use crate::model::audit::Who;

    fn at(seconds: i64) -> Time {
        chrono::DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn intent(id: &str, seconds: i64, pid: u32) -> Entry {
        let told = Told::Intent {
            who: Who { user: "maya".into(), ssh: None, arn: "arn:aws:iam::1:user/maya".into() },
            pid,
            request: Request::new("scale", "web").with("count", "4"),
            title: "Scale web".into(),
            resource: "arn:web".into(),
            stack: "s".into(),
            account: "1".into(),
            region: "r".into(),
            plan: "abc".into(),
            calls: vec!["aws ecs update-service".into()],
        };
        Entry { at: at(seconds), id: id.into(), told }
    }

    fn outcome(id: &str, seconds: i64) -> Entry {
        let told = Told::Outcome { result: "accepted".into(), request_ids: vec!["r-1".into()], text: String::new(), millis: 12 };
        Entry { at: at(seconds), id: id.into(), told }
    }

    #[test]
    fn lines_come_back_as_they_went_and_only_their_owner_may_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::folder(folder.path().join("audit"));
        let lines = [intent("a", 0, 1), outcome("a", 1), intent("b", 90_000, 1)];
        for line in &lines {
            audit.write(line).unwrap();
        }
        let (read, damage) = audit.read(None);
        assert_eq!((read.as_slice(), damage.as_slice()), (&lines[..], &[][..]));
        assert_eq!(audit.read(Some(at(1))).0, lines[1..]);
        let files: Vec<_> = fs::read_dir(folder.path().join("audit")).unwrap().map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 2, "one file a day: {files:?}");
        for file in files {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_line_that_was_cut_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::folder(folder.path());
        audit.write(&intent("a", 0, 1)).unwrap();
        let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"at\":\"2026-").unwrap();
        audit.write(&outcome("a", 1)).unwrap();
        let (read, damage) = audit.read(None);
        assert_eq!(read, [intent("a", 0, 1), outcome("a", 1)]);
        assert!(damage.len() == 1 && damage[0].contains(":2: not a whole line"), "{damage:?}");
    }

    #[test]
    fn an_intent_without_an_outcome_is_found_until_somebody_has_looked() {
        let audit = Audit::memory();
        for line in [intent("done", 0, 1), outcome("done", 1), intent("open", 2, 1), intent("mine", 3, 7)] {
            audit.write(&line).unwrap();
        }
        let found = |now| audit.unfinished(now, |pid| pid == 7).into_iter().map(|u| u.id).collect::<Vec<_>>();
        assert_eq!(found(at(60)), ["open"], "the process of 'mine' is alive");
        assert!(found(at(8 * 86_400)).is_empty(), "a week later it is history");
        audit.write(&Entry { at: at(70), id: "open".into(), told: Told::Seen { who: Who::default() } }).unwrap();
        assert!(found(at(80)).is_empty());
    }
}
