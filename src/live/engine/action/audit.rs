//! The audit log: JSON lines, one file per day, mode 0600. An intent is on disk before its call leaves, an outcome after it; what has an
//! intent and no outcome is found again. Lines are appended in the order in which they were given, off the threads that draw and poll, and
//! nobody waits for a hung disk. Written by the runner, read by `audit` and at the start; `file` knows the files.

mod file;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::logged;
use nextcore_core::model::Time;
use nextcore_core::model::audit::{AuditEntry, Told};
use nextcore_core::model::plan::Unfinished;

/// Intents older than this are history, not unfinished business.
const RECENT: chrono::TimeDelta = chrono::TimeDelta::days(7);
/// A line that is not on disk by then counts as not written: a network file system may hang for ever.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines that wait for a log that cannot be written; a session writes a handful per action.
const OWED: usize = 1000;

/// Takes one line, or says why not.
pub type Sink = Arc<dyn Fn(&AuditEntry) -> io::Result<()> + Send + Sync>;

/// A log: a folder of files, or nothing but memory (pictures and tests). Clones are the same log.
#[derive(Debug, Clone)]
pub struct Audit(Arc<Log>);

#[derive(Debug)]
struct Log {
    place: Storage,
    /// Whoever writes; first come, first served.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Lines that are true and not yet written, oldest first.
    owed: Mutex<VecDeque<AuditEntry>>,
    patience: Duration,
    /// Files of days before these many are dropped; none: everything is kept.
    days: Option<u32>,
}

enum Storage {
    Missing,
    Folder(PathBuf),
    Memory(Mutex<Vec<AuditEntry>>),
    Sink(Sink),
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("Missing"),
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Memory(_) => f.write_str("Memory"),
            Self::Sink(_) => f.write_str("Sink"),
        }
    }
}

/// Whether a line that somebody waits for is still waited for.
const WAITED_FOR: u8 = 0;
const WRITTEN: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Audit {
    fn at(place: Storage) -> Self {
        Self(Arc::new(Log { place, turn: Arc::default(), owed: Mutex::default(), patience: PATIENCE, days: None }))
    }

    /// In this folder, which is made when the first line is written.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::at(Storage::Folder(path.into()))
    }

    /// In this folder; files of days that are longer ago than these are dropped by `prune`.
    pub fn folder_of_days(path: impl Into<PathBuf>, days: Option<u32>) -> Self {
        let mut log = Self::folder(path);
        if let Some(log) = Arc::get_mut(&mut log.0) {
            log.days = days;
        }
        log
    }

    /// There is no place for it: nothing can be recorded, so nothing is sent.
    pub fn missing() -> Self {
        Self::at(Storage::Missing)
    }

    /// Kept by this process only.
    pub fn memory() -> Self {
        Self::at(Storage::Memory(Mutex::default()))
    }

    /// Handed line by line to a function that has so much time for each.
    pub fn sink(sink: Sink, patience: Duration) -> Self {
        let mut log = Self::at(Storage::Sink(sink));
        if let Some(log) = Arc::get_mut(&mut log.0) {
            log.patience = patience;
        }
        log
    }

    /// Appends a line and does not return before it is on disk. A line that could not be written in time is withdrawn: should the disk wake
    /// up, the log says so itself.
    pub async fn write(&self, entry: &AuditEntry) -> io::Result<()> {
        let written = self.write_in_time(entry).await;
        match &written {
            Ok(()) => logged::told(entry),
            Err(e) => logged::not_recorded(entry, e),
        }
        written
    }

    async fn write_in_time(&self, entry: &AuditEntry) -> io::Result<()> {
        let (until, turn) = self.turn().await?;
        if !self.0.place.is_slow() {
            return self.0.append(entry);
        }
        let state = Arc::new(AtomicU8::new(WAITED_FOR));
        let (log, line, of_task) = (Arc::clone(&self.0), entry.clone(), Arc::clone(&state));
        let mut task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            log.append(&line)?;
            if of_task.swap(WRITTEN, Ordering::SeqCst) == GIVEN_UP {
                log.place.append(&withdrawn(&line))?;
            }
            Ok(())
        });
        match timeout_at(until, &mut task).await {
            Ok(done) => joined(done),
            Err(_) => match state.compare_exchange(WAITED_FOR, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => Err(slow(self.0.patience)),
                Err(_) => joined(task.await),
            },
        }
    }

    /// Appends a line about something that has happened already. What cannot be written is said, kept, and written before the next line.
    pub async fn keep(&self, entry: AuditEntry) -> Option<String> {
        logged::told(&entry);
        {
            let mut owed = self.0.owed();
            if owed.len() >= OWED {
                owed.pop_front();
            }
            owed.push_back(entry);
        }
        self.settle().await
    }

    /// Writes what is owed; why that cannot be done, if so.
    pub async fn settle(&self) -> Option<String> {
        if self.0.owed().is_empty() {
            return None;
        }
        let paid = match self.turn().await {
            Err(e) => Err(e),
            Ok(_) if !self.0.place.is_slow() => self.0.pay(),
            Ok((until, turn)) => {
                let log = Arc::clone(&self.0);
                let task: JoinHandle<io::Result<()>> = tokio::task::spawn_blocking(move || {
                    let _turn = turn;
                    log.pay()
                });
                timeout_at(until, task).await.map_or_else(|_| Err(slow(self.0.patience)), joined)
            }
        };
        paid.err().map(|e| e.to_string())
    }

    /// The right to write, and until when.
    async fn turn(&self) -> io::Result<(Instant, OwnedMutexGuard<()>)> {
        let until = Instant::now() + self.0.patience;
        let turn = timeout_at(until, Arc::clone(&self.0.turn).lock_owned()).await;
        turn.ok().map(|turn| (until, turn)).ok_or_else(|| slow(self.0.patience))
    }

    /// Every line since then, oldest first; files that cannot be read and lines that are not whole are named in the second part.
    pub fn read(&self, since: Option<Time>) -> (Vec<AuditEntry>, Vec<String>) {
        let (mut entries, damage) = match &self.0.place {
            Storage::Missing | Storage::Sink(_) => Default::default(),
            Storage::Memory(entries) => (entries.lock().unwrap_or_else(PoisonError::into_inner).clone(), Vec::new()),
            Storage::Folder(folder) => file::read_folder(folder, since),
        };
        entries.retain(|e| since.is_none_or(|s| e.at >= s));
        (entries, damage)
    }

    /// The same, off the threads that draw and poll; a disk that hangs is damage.
    pub async fn read_aside(&self, since: Option<Time>) -> (Vec<AuditEntry>, Vec<String>) {
        if !self.0.place.is_slow() {
            return self.read(since);
        }
        let log = self.clone();
        let task = tokio::task::spawn_blocking(move || log.read(since));
        match tokio::time::timeout(self.0.patience, task).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) | Err(_) => (Vec::new(), vec![format!("the audit log: {}", slow(self.0.patience))]),
        }
    }

    /// Intents of the last days that have no outcome, were not looked at, and whose process is gone.
    pub async fn unfinished(&self, now: Time, alive: impl Fn(u32) -> bool) -> Vec<Unfinished> {
        let (entries, _) = self.read_aside(Some(now - RECENT)).await;
        let open = open(&entries);
        entries
            .iter()
            .filter(|e| open.contains(e.id.as_str()))
            .filter_map(|e| match &e.told {
                Told::Intent { who, pid, request, title, .. } if !alive(*pid) => {
                    Some(Unfinished { id: e.id.clone(), at: e.at, who: who.user.clone(), request: request.clone(), title: title.clone() })
                }
                _ => None,
            })
            .collect()
    }

    /// Drops the files of days that need not be kept any longer; never one with something open or damaged in it.
    pub async fn prune(&self, now: Time) {
        let Some(days) = self.0.days else { return };
        let log = Arc::clone(&self.0);
        let pruned = tokio::task::spawn_blocking(move || {
            if let Storage::Folder(folder) = &log.place {
                file::prune(folder, now, days, |entries| open(entries).is_empty());
            }
        });
        let _ = tokio::time::timeout(self.0.patience, pruned).await;
    }
}

impl Log {
    fn owed(&self) -> MutexGuard<'_, VecDeque<AuditEntry>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is owed, then this line. Only whoever has the turn calls this.
    fn append(&self, line: &AuditEntry) -> io::Result<()> {
        self.pay()?;
        self.place.append(line)
    }

    /// Writes what is owed, oldest first. Only whoever has the turn calls this.
    fn pay(&self) -> io::Result<()> {
        loop {
            let Some(line) = self.owed().front().cloned() else { return Ok(()) };
            self.place.append(&line)?;
            let mut owed = self.owed();
            if owed.front() == Some(&line) {
                owed.pop_front();
            }
        }
    }
}

impl Storage {
    /// Whether it may have to be waited for. Memory is used on the spot: a thread beside a virtual clock is a race, for whatever else is due
    /// at the same instant goes before or after the line as the scheduler likes.
    fn is_slow(&self) -> bool {
        matches!(self, Self::Folder(_) | Self::Sink(_))
    }

    fn append(&self, entry: &AuditEntry) -> io::Result<()> {
        match self {
            Self::Missing => Err(io::Error::new(io::ErrorKind::NotFound, "XDG_STATE_HOME and HOME are not set")),
            Self::Memory(entries) => {
                entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry.clone());
                Ok(())
            }
            Self::Folder(folder) => file::append(folder, entry),
            Self::Sink(sink) => sink(entry),
        }
    }
}

/// The runs that were meant, with neither an outcome nor somebody who has looked.
fn open(entries: &[AuditEntry]) -> BTreeSet<&str> {
    let is_settled = |e: &&AuditEntry| matches!(e.told, Told::Outcome { .. } | Told::Seen { .. });
    let settled: BTreeSet<&str> = entries.iter().filter(is_settled).map(|e| e.id.as_str()).collect();
    let meant = entries.iter().filter(|e| matches!(e.told, Told::Intent { .. })).map(|e| e.id.as_str());
    meant.filter(|id| !settled.contains(id)).collect()
}

fn joined(done: Result<io::Result<()>, tokio::task::JoinError>) -> io::Result<()> {
    done.unwrap_or_else(|e| Err(io::Error::other(e)))
}

fn slow(patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("not written to disk within {} s", patience.as_secs_f64()))
}

/// What follows an intent that reached the disk after nobody waited for it any longer.
fn withdrawn(late: &AuditEntry) -> AuditEntry {
    let text = "written too late: nothing was sent".to_owned();
    AuditEntry {
        at: late.at,
        id: late.id.clone(),
        told: Told::Outcome { result: "failed".to_owned(), request_ids: Vec::new(), text, millis: 0 },
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use nextcore_core::model::action::Request;
    use nextcore_core::model::audit::Who;

    fn at(seconds: i64) -> Time {
        chrono::DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn intent(id: &str, seconds: i64, pid: u32) -> AuditEntry {
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
        AuditEntry { at: at(seconds), id: id.into(), told }
    }

    fn outcome(id: &str, seconds: i64) -> AuditEntry {
        let told = Told::Outcome { result: "accepted".into(), request_ids: vec!["r-1".into()], text: String::new(), millis: 12 };
        AuditEntry { at: at(seconds), id: id.into(), told }
    }

    #[tokio::test]
    async fn lines_come_back_as_they_went_and_only_their_owner_may_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::folder(folder.path().join("audit"));
        let lines = [intent("a", 0, 1), outcome("a", 1), intent("b", 90_000, 1)];
        for line in &lines {
            audit.write(line).await.unwrap();
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

    #[tokio::test]
    async fn a_line_that_was_cut_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::folder(folder.path());
        audit.write(&intent("a", 0, 1)).await.unwrap();
        let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"at\":\"2026-").unwrap();
        audit.write(&outcome("a", 1)).await.unwrap();
        let (read, damage) = audit.read(None);
        assert_eq!(read, [intent("a", 0, 1), outcome("a", 1)]);
        assert!(damage.len() == 1 && damage[0].contains(":2: incomplete line"), "{damage:?}");
    }

    #[tokio::test]
    async fn an_intent_without_an_outcome_is_found_until_somebody_has_looked() {
        let audit = Audit::memory();
        for line in [intent("done", 0, 1), outcome("done", 1), intent("open", 2, 1), intent("mine", 3, 7)] {
            audit.write(&line).await.unwrap();
        }
        let found = async |now| audit.unfinished(now, |pid| pid == 7).await.into_iter().map(|u| u.id).collect::<Vec<_>>();
        assert_eq!(found(at(60)).await, ["open"], "the process of 'mine' is alive");
        assert!(found(at(8 * 86_400)).await.is_empty(), "a week later it is history");
        audit.write(&AuditEntry { at: at(70), id: "open".into(), told: Told::Seen { who: Who::default() } }).await.unwrap();
        assert!(found(at(80)).await.is_empty());
    }

    fn day_file(folder: &std::path::Path) -> PathBuf {
        folder.join(format!("{}.jsonl", at(0).format("%Y-%m-%d")))
    }

    #[tokio::test]
    async fn damage_hides_nothing_but_itself_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::folder(folder.path());
        audit.write(&intent("a", 0, 1)).await.unwrap();
        let mut file = OpenOptions::new().append(true).open(day_file(folder.path())).unwrap();
        file.write_all(b"{\"at\":\"\xff\xfe\"}\n\0\0\0\0\n").unwrap();
        file.write_all(&vec![b'x'; 3 << 20]).unwrap();
        file.write_all(b"\n{\"at\":\"2026-09-21T14:13:20Z\",\"id\":\"z\",\"kind\":\"\\u001b[2J\"}\n").unwrap();
        drop(file);
        audit.write(&outcome("a", 1)).await.unwrap();
        let (read, damage) = audit.read(None);
        assert_eq!(read, [intent("a", 0, 1), outcome("a", 1)]);
        let places: Vec<String> =
            [":2: not an entry", ":3: not an entry", ":4: line too long", ":5: not an entry"].map(str::to_owned).to_vec();
        assert_eq!(damage.len(), places.len(), "{damage:?}");
        assert!(places.iter().zip(&damage).all(|(place, said)| said.contains(place.as_str())), "{damage:?}");
        assert!(damage.iter().all(|d| !d.contains('\u{1b}')), "{damage:?}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_read_is_damage_and_none_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Audit::folder(folder.path().join("none")).read(None).1.is_empty());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let damage = Audit::folder(&file).read(None).1;
        assert!(damage.len() == 1 && damage[0].contains("file"), "{damage:?}");
    }

    /// Puts something in the place of the day's file; what the log says to it.
    async fn in_its_place(put: impl FnOnce(&std::path::Path)) -> (String, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        put(&day_file(folder.path()));
        let audit = Audit::folder(folder.path());
        let said = tokio::time::timeout(Duration::from_secs(2), audit.write(&intent("a", 0, 1))).await;
        (said.expect("it hangs").unwrap_err().to_string(), audit.read(None).1)
    }

    #[tokio::test]
    async fn what_is_not_our_own_file_is_refused_at_once() {
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("target");
        fs::write(&target, "").unwrap();
        let (said, damage) = in_its_place(|path| std::os::unix::fs::symlink(&target, path).unwrap()).await;
        assert!(said.contains("symbolic link") && damage.len() == 1, "{said} {damage:?}");
        assert_eq!(fs::read(&target).unwrap(), b"", "it was not followed");
        let (said, damage) = in_its_place(|path| std::os::unix::fs::symlink("/nowhere", path).unwrap()).await;
        assert!(said.contains("symbolic link") && damage.len() == 1, "{said} {damage:?}");
        let fifo = |path: &std::path::Path| {
            let kind = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, path, kind, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
        };
        let (said, damage) = in_its_place(fifo).await;
        assert!(said.contains("named pipe") && damage.len() == 1, "{said} {damage:?}");
        let (said, _) = in_its_place(|path| fs::create_dir(path).unwrap()).await;
        assert!(said.contains("is a directory"), "{said}");
        let open_to_all = |path: &std::path::Path| {
            fs::write(path, "").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
        };
        let (said, _) = in_its_place(open_to_all).await;
        assert!(said.contains("writable by others"), "{said}");
    }

    #[tokio::test]
    async fn a_file_that_others_could_only_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(day_file(folder.path()), "").unwrap();
        fs::set_permissions(day_file(folder.path()), fs::Permissions::from_mode(0o644)).unwrap();
        Audit::folder(folder.path()).write(&intent("a", 0, 1)).await.unwrap();
        assert_eq!(fs::metadata(day_file(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
    }

    /// A log whose disk answers only when it is told to, and everything that reached it.
    fn slow_disk() -> (Audit, std::sync::mpsc::Sender<()>, Arc<Mutex<Vec<AuditEntry>>>) {
        let (tell, told) = std::sync::mpsc::channel();
        let (told, lines) = (Mutex::new(told), Arc::new(Mutex::new(Vec::new())));
        let reached = Arc::clone(&lines);
        let sink: Sink = Arc::new(move |entry| {
            told.lock().unwrap().recv().map_err(io::Error::other)?;
            reached.lock().unwrap().push(entry.clone());
            Ok(())
        });
        (Audit::sink(sink, Duration::from_millis(50)), tell, lines)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn nobody_waits_for_a_disk_that_hangs_and_a_late_intent_is_withdrawn() {
        let (audit, tell, lines) = slow_disk();
        assert_eq!(audit.write(&intent("a", 0, 1)).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(audit.write(&intent("b", 1, 1)).await.unwrap_err().kind(), io::ErrorKind::TimedOut, "its turn never came");
        for _ in 0..2 {
            tell.send(()).unwrap();
        }
        while lines.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let lines = lines.lock().unwrap().clone();
        assert_eq!(lines[0], intent("a", 0, 1));
        assert!(
            matches!(&lines[1].told, Told::Outcome { text, .. } if lines[1].id == "a" && text.contains("nothing was sent")),
            "{lines:?}"
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_happened_is_kept_until_it_can_be_written_and_comes_first_then() {
        let (audit, tell, lines) = slow_disk();
        assert!(audit.keep(outcome("a", 1)).await.is_some_and(|why| why.contains("not written to disk")));
        assert!(audit.keep(outcome("b", 2)).await.is_some());
        for _ in 0..3 {
            tell.send(()).unwrap();
        }
        while audit.settle().await.is_some() {}
        audit.write(&intent("c", 3, 1)).await.unwrap();
        assert_eq!(*lines.lock().unwrap(), [outcome("a", 1), outcome("b", 2), intent("c", 3, 1)], "each once, in order");
    }

    #[tokio::test]
    async fn days_are_dropped_when_they_are_old_and_nothing_in_them_is_wanted() {
        const DAY: i64 = 86_400;
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::folder_of_days(folder.path(), Some(30));
        let long_ago = [intent("old", 0, 1), intent("open", DAY, 1), intent("spoilt", 2 * DAY, 1), intent("kept", 50 * DAY, 1)];
        for line in &long_ago {
            audit.write(line).await.unwrap();
        }
        // Its outcome is of another day, which is kept.
        audit.write(&outcome("old", 60 * DAY)).await.unwrap();
        audit.write(&outcome("spoilt", 60 * DAY)).await.unwrap();
        let spoilt = folder.path().join(format!("{}.jsonl", at(2 * DAY).format("%Y-%m-%d")));
        OpenOptions::new().append(true).open(spoilt).unwrap().write_all(b"{").unwrap();
        fs::write(folder.path().join("2020-notes.jsonl"), "").unwrap();
        let left = || fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left(), 6);
        Audit::folder_of_days(folder.path(), None).prune(at(60 * DAY)).await;
        assert_eq!(left(), 6, "without a limit everything is kept");
        audit.prune(at(60 * DAY)).await;
        assert_eq!(left(), 5, "only the first day went");
        assert!(!day_file(folder.path()).exists());
        audit.prune(at(60_000 * DAY)).await;
        assert_eq!(left(), 5, "a clock that is years ahead drops nothing");
    }
}
