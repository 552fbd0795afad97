//! The files of the audit log, as the disk has them: one per day, its owner's alone (`owner_only` says what that means). Blocking; called
//! by the log, off the threads that must not wait.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::engine::owner_only::{make, named, open_to_append, open_to_read, sync_folder};
use nextcore_core::model::Time;
use nextcore_core::model::audit::AuditEntry;
use nextcore_core::model::text::sanitize;

/// No line of ours is nearly as long.
const LINE_LIMIT: u64 = 1 << 20;

/// Appends one line to its day's file; it is on disk afterwards, and so is the file's name.
pub(super) fn append(folder: &Path, entry: &AuditEntry) -> io::Result<()> {
    make(folder)?;
    let path = folder.join(format!("{}.jsonl", entry.at.format("%Y-%m-%d")));
    let (mut file, is_new) = open_to_append(&path)?;
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    if !ends_whole(&mut file)? {
        // A process was ended in the middle of its line: that line stays as it is, ours begins on its own.
        line.insert(0, b'\n');
    }
    // One write: lines of several processes do not mix.
    file.write_all(&line).and_then(|()| file.sync_data()).map_err(|e| named(&path, e))?;
    if is_new {
        sync_folder(folder)?;
    }
    Ok(())
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

/// Every line of every day since then; what is no line of this log is named by file and line.
pub(super) fn read_folder(folder: &Path, since: Option<Time>) -> (Vec<AuditEntry>, Vec<String>) {
    let first = since.map(|s| s.format("%Y-%m-%d.jsonl").to_string()).unwrap_or_default();
    let (mut entries, mut damage) = (Vec::new(), Vec::new());
    let files = match days(folder) {
        Ok(files) => files,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return (entries, damage),
        Err(e) => {
            damage.push(named(folder, e).to_string());
            return (entries, damage);
        }
    };
    let wanted = |p: &&PathBuf| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n >= first.as_str());
    for path in files.iter().filter(wanted) {
        if let Err(e) = read_file(path, &mut entries, &mut damage) {
            damage.push(if e.kind() == io::ErrorKind::Other { e.to_string() } else { named(path, e).to_string() });
        }
    }
    (entries, damage)
}

/// The files of the log, oldest first.
fn days(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for found in fs::read_dir(folder)? {
        let path = found?.path();
        if path.extension().is_some_and(|e| e == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The day that a file is of; none for a name that we did not give.
fn day_of(path: &Path) -> Option<chrono::NaiveDate> {
    let stem = path.file_stem()?.to_str().filter(|s| s.len() == "2026-01-31".len())?;
    chrono::NaiveDate::parse_from_str(stem, "%Y-%m-%d").ok()
}

fn read_file(path: &Path, entries: &mut Vec<AuditEntry>, damage: &mut Vec<String>) -> io::Result<()> {
    let mut reader = BufReader::new(open_to_read(path)?);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if (&mut reader).take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let mut name = |what: String| damage.push(format!("{}:{number}: {what}", path.display()));
        if line.len() as u64 == LINE_LIMIT && line.last() != Some(&b'\n') {
            reader.skip_until(b'\n')?;
            name("line too long for this log".to_owned());
        } else if !line.trim_ascii().is_empty() {
            match serde_json::from_slice(line.trim_ascii()) {
                Ok(entry) => entries.push(entry),
                Err(e) if e.is_eof() => name(format!("incomplete line: {e}")),
                Err(e) => name(format!("not an entry of this log: {}", sanitize(&e.to_string()))),
            }
        }
    }
    Ok(())
}

/// Removes the files of days that are so many days older than the newest, or than now, of which `may_go` finds nothing still wanted.
pub(super) fn prune(folder: &Path, now: Time, kept: u32, may_go: impl Fn(&[AuditEntry]) -> bool) {
    let all = days(folder).unwrap_or_default();
    // A clock that is ahead by years must not cost the log: it is counted from what was written last.
    let newest = all.iter().filter_map(|p| day_of(p)).filter(|d| *d <= now.date_naive()).max();
    let Some(first_kept) = newest.and_then(|d| d.checked_sub_days(chrono::Days::new(u64::from(kept)))) else { return };
    let files: Vec<PathBuf> = all.into_iter().filter(|p| day_of(p).is_some_and(|d| d < first_kept)).collect();
    if files.is_empty() {
        return;
    }
    // An outcome may be of a day after its intent: what is open is decided over all of them.
    let (all, _) = read_folder(folder, None);
    for path in files {
        let (mut entries, mut damage) = (Vec::new(), Vec::new());
        let read = read_file(&path, &mut entries, &mut damage);
        let ids: std::collections::BTreeSet<&str> = entries.iter().map(|e| e.id.as_str()).collect();
        let of_day: Vec<AuditEntry> = all.iter().filter(|e| ids.contains(e.id.as_str())).cloned().collect();
        if read.is_ok() && damage.is_empty() && may_go(&of_day) {
            // What cannot be removed is tried again at the next start.
            let _ = fs::remove_file(&path);
        }
    }
}
