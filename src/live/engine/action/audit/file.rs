//! The files of the audit log, as the disk has them: one per day, its owner's alone. What lies there and is no such file is refused, never
//! followed and never waited for. Blocking; called by the log, off the threads that must not wait.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use nextcore_core::model::Time;
use nextcore_core::model::audit::Entry;
use nextcore_core::model::text::sanitize;

/// No line of ours is nearly as long.
const LINE_LIMIT: u64 = 1 << 20;
/// For a file's group and for others: to read it, to write it.
const READABLE: u32 = 0o077;
const WRITABLE: u32 = 0o022;
const OWN: u32 = 0o600;
const OWN_FOLDER: u32 = 0o700;

/// Appends one line to its day's file; it is on disk afterwards, and so is the file's name.
pub(super) fn append(folder: &Path, entry: &Entry) -> io::Result<()> {
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

/// Makes the folder, and every folder above it that is missing; each is on disk by its name.
fn make(folder: &Path) -> io::Result<()> {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(refused(folder, "is not a folder")),
        Ok(found) if found.uid() != geteuid().as_raw() => return Err(refused(folder, "belongs to somebody else")),
        // Others could put their own files in the place of ours.
        Ok(found) if found.mode() & WRITABLE != 0 => return fs::set_permissions(folder, Permissions::from_mode(OWN_FOLDER)),
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(named(folder, e)),
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.exists()).collect();
    DirBuilder::new().recursive(true).mode(OWN_FOLDER).create(folder).map_err(|e| named(folder, e))?;
    missing.iter().filter_map(|made| made.parent()).filter(|p| !p.as_os_str().is_empty()).try_for_each(sync_folder)
}

fn sync_folder(folder: impl AsRef<Path>) -> io::Result<()> {
    match File::open(folder).and_then(|f| f.sync_all()) {
        // Some network file systems know no such thing, and a folder above ours may be closed to us: nothing more can be done then.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => Ok(()),
        synced => synced,
    }
}

fn open_to_append(path: &Path) -> io::Result<(File, bool)> {
    // Looked at before it is opened: to open a device or a pipe may do something by itself. And looked at again once it is open.
    match fs::symlink_metadata(path) {
        Ok(found) => check(path, &found)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => match options().create_new(true).append(true).mode(OWN).open(path) {
            Ok(file) => return Ok((file, true)),
            // Another process of ours was first.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(named(path, e)),
        },
        Err(e) => return Err(named(path, e)),
    }
    let file = options().append(true).open(path).map_err(|e| named(path, e))?;
    let found = file.metadata()?;
    check(path, &found)?;
    if found.mode() & READABLE != 0 {
        file.set_permissions(Permissions::from_mode(OWN))?;
    }
    Ok((file, false))
}

/// Never through a link, never waiting for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.read(true).custom_flags(flags.bits().cast_signed());
    options
}

/// Whether this is a file that the log may be: a file, ours, and nobody else's to write.
fn check(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    is_file(path, found)?;
    if found.uid() != geteuid().as_raw() {
        return Err(refused(path, "belongs to somebody else"));
    }
    if found.mode() & WRITABLE != 0 {
        return Err(refused(path, "can be written by others, so nobody knows who wrote it: look at it, then move it away or chmod 600"));
    }
    Ok(())
}

fn is_file(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    let kind = found.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_symlink() {
        "is a symbolic link, not a file: move it away"
    } else if kind.is_fifo() {
        "is a named pipe, not a file: move it away"
    } else if kind.is_dir() {
        "is a folder, not a file: move it away"
    } else {
        "is a device or a socket, not a file: move it away"
    };
    Err(refused(path, what))
}

fn refused(path: &Path, what: &str) -> io::Error {
    io::Error::other(format!("{} {what}", path.display()))
}

fn named(path: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", path.display()))
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
pub(super) fn read_folder(folder: &Path, since: Option<Time>) -> (Vec<Entry>, Vec<String>) {
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

fn read_file(path: &Path, entries: &mut Vec<Entry>, damage: &mut Vec<String>) -> io::Result<()> {
    is_file(path, &fs::symlink_metadata(path)?)?;
    let file = options().open(path)?;
    is_file(path, &file.metadata()?)?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if (&mut reader).take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let mut name = |what: String| damage.push(format!("{}:{number}: {what}", path.display()));
        if line.len() as u64 == LINE_LIMIT && line.last() != Some(&b'\n') {
            reader.skip_until(b'\n')?;
            name("longer than any line of this log".to_owned());
        } else if !line.trim_ascii().is_empty() {
            match serde_json::from_slice(line.trim_ascii()) {
                Ok(entry) => entries.push(entry),
                Err(e) if e.is_eof() => name(format!("not a whole line: {e}")),
                Err(e) => name(format!("not a line of this log: {}", sanitize(&e.to_string()))),
            }
        }
    }
    Ok(())
}

/// Removes the files of days that are so many days older than the newest, or than now, of which `may_go` finds nothing still wanted.
pub(super) fn prune(folder: &Path, now: Time, kept: u32, may_go: impl Fn(&[Entry]) -> bool) {
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
        let of_day: Vec<Entry> = all.iter().filter(|e| ids.contains(e.id.as_str())).cloned().collect();
        if read.is_ok() && damage.is_empty() && may_go(&of_day) {
            // What cannot be removed is tried again at the next start.
            let _ = fs::remove_file(&path);
        }
    }
}
