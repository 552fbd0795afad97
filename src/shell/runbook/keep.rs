//! The walks of a dashboard in the state folder: one file each, written whole or not at all, joined with what another dashboard of the same
//! user has written meanwhile, looked at again each second. What cannot be read is kept aside by its name and said. A thread of its own:
//! a slow disk holds up no key. Reads the runbooks, too, before anything else.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{JoinHandle, park_timeout, spawn};
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::sync::mpsc;

use super::super::own::{Folder, RUNBOOKS};
use nextcore_core::model::Time;
use nextcore_core::runbook::{Library, Progress};
use nextcore_core::session::{Kept, Msg, Tone};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::owner_only;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Another dashboard writes for some milliseconds.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(20));
/// No walk is longer: what is has not been written by this program.
const LARGEST: u64 = 1 << 20;
/// Orders that wait for the disk.
const ORDERS: usize = 64;

/// The thread that keeps walks; dropping it waits until everything is written.
#[derive(Debug)]
pub(in crate::shell) struct Keeper {
    orders: Option<SyncSender<Kept>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Begins with the runbooks of `own`; what it reads arrives at the other end. Without a folder walks are kept by the session alone.
    pub(in crate::shell) fn start(own: Option<PathBuf>, folder: Option<PathBuf>, clock: Clock) -> (Self, mpsc::Receiver<Msg>) {
        let (orders, taken) = sync_channel(ORDERS);
        let (say, said) = mpsc::channel(16);
        let thread = spawn(move || {
            let mut shelf = Shelf { folder, clock, say, seen: Vec::new() };
            shelf.library(own.as_deref());
            shelf.serve(&taken);
        });
        (Self { orders: Some(orders), thread: Some(thread) }, said)
    }

    /// Keeps a walk, soon.
    pub(in crate::shell) fn keep(&self, kept: Kept) -> Result<(), String> {
        let orders = self.orders.as_ref().ok_or("the walk was not kept: this dashboard is ending")?;
        orders.try_send(kept).map_err(|_full| "the walk was not kept: the state folder does not answer".to_owned())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a file looks like from outside.
type Look = (PathBuf, u64, u64, i64, i64);

struct Shelf {
    folder: Option<PathBuf>,
    clock: Clock,
    say: mpsc::Sender<Msg>,
    /// The files as they were read last.
    seen: Vec<Look>,
}

impl Shelf {
    fn library(&self, own: Option<&Path>) {
        let (files, refused) = match Folder::of(own, RUNBOOKS) {
            Ok(folder) => (folder.files, folder.refused),
            Err(failure) => (Vec::new(), vec![failure.first_line().to_owned()]),
        };
        let _ = self.say.try_send(Msg::Runbooks(Arc::new(Library::with(files)), refused));
    }

    fn serve(&mut self, orders: &Receiver<Kept>) {
        self.look();
        loop {
            match orders.recv_timeout(LOOK) {
                Ok(kept) => self.write(&kept),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn trouble(&self, text: String) {
        let _ = self.say.try_send(Msg::Flash(text, Tone::Error));
    }

    /// Reads the walks if any of their files has changed.
    fn look(&mut self) {
        let Some(folder) = self.folder.clone() else { return };
        let looks = looks(&folder);
        if looks == self.seen {
            return;
        }
        let mut walks = Vec::new();
        for (path, ..) in &looks {
            match self.read(path) {
                Ok(Some(progress)) => walks.push(progress),
                Ok(None) => {}
                Err(why) => self.trouble(why),
            }
        }
        // Where the session does not listen now it is told in a second.
        if self.say.try_send(Msg::Walks(walks)).is_ok() {
            self.seen = looks;
        }
    }

    /// A walk; one that cannot be read is kept aside. `None`: it has gone meanwhile.
    fn read(&self, path: &Path) -> Result<Option<Progress>, String> {
        let text = match text(path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(format!("walk {}: {e}: not read", path.display())),
        };
        match serde_json::from_str::<Progress>(&text) {
            Ok(progress) => Ok(Some(progress)),
            Err(e) => {
                let aside = path.with_extension(format!("json.broken-{}", stamp(self.clock.now())));
                // What counts first: one row of a screen may cut the rest.
                let kept = match fs::rename(path, &aside) {
                    Ok(()) => "kept aside, the walk begins anew".to_owned(),
                    Err(e) => format!("it cannot be kept aside ({e}): remove it"),
                };
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                Err(format!("{name} cannot be read: {kept}: {} ({e})", aside.display()))
            }
        }
    }

    /// Writes a walk, with what others have done in it.
    fn write(&mut self, kept: &Kept) {
        let Some(folder) = self.folder.clone() else { return };
        let path = folder.join(kept.progress.file());
        let written = owner_only::make(&folder).and_then(|()| lock(&folder)).and_then(|_lock| {
            let before = self.read(&path).unwrap_or_else(|why| {
                self.trouble(why);
                None
            });
            let all = before.map_or_else(|| kept.progress.clone(), |before| kept.progress.clone().merged(before));
            whole(&folder, &path, &serde_json::to_vec_pretty(&all)?)
        });
        if let Err(e) = written {
            let place = path.display();
            self.trouble(format!("walk {place}: {e}: not kept; this dashboard still has it"));
        }
        if let Some(text) = &kept.transcript {
            self.told(&folder, kept, text);
        }
        self.look();
    }

    /// What was done, beside the walks.
    fn told(&self, folder: &Path, kept: &Kept, text: &str) {
        let path = folder.join(format!("{}-{}.md", kept.progress.runbook.replace('/', "-"), stamp(self.clock.now())));
        let msg = match whole(folder, &path, text.as_bytes()) {
            Ok(()) => Msg::Flash(format!("transcript: {}", path.display()), Tone::Done),
            Err(e) => Msg::Flash(format!("transcript {}: {e}: not written", path.display()), Tone::Error),
        };
        let _ = self.say.try_send(msg);
    }
}

fn stamp(now: Time) -> String {
    now.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The walks' files, by name.
fn looks(folder: &Path) -> Vec<Look> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|e| e.path());
    let walks = entries.filter(|path| path.extension().is_some_and(|e| e == "json"));
    let mut found: Vec<Look> = walks
        .filter_map(|path| {
            let known = fs::symlink_metadata(&path).ok()?;
            Some((path, known.ino(), known.len(), known.mtime(), known.mtime_nsec()))
        })
        .collect();
    found.sort();
    found
}

/// Neither follows a link nor waits for the other end of a pipe.
fn text(path: &Path) -> io::Result<String> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let known = file.metadata()?;
    if !known.is_file() || known.len() > LARGEST {
        return Err(io::Error::other("no file of this program"));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// One dashboard at a time reads, joins and writes.
fn lock(folder: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(flags).open(folder.join(".lock"))?;
    for _ in 0..PATIENCE.0 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => park_timeout(PATIENCE.1),
            Err(TryLockError::Error(e)) => return Err(e),
        }
    }
    Err(io::Error::other("another dashboard holds it for too long"))
}

/// Under another name first: whoever reads meanwhile sees all of it or what was there before.
fn whole(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use nextcore_core::runbook::Runbook;

    fn book() -> Runbook {
        Runbook::parse("web.md", "---\ntitle: Web\nwhen: now\n---\n\n## Look\n\nx\n\n## Tell\n\ny\n").unwrap()
    }

    fn at(second: i64) -> Time {
        Time::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    fn shelf(folder: &Path) -> (Shelf, mpsc::Receiver<Msg>) {
        let (say, said) = mpsc::channel(16);
        (Shelf { folder: Some(folder.to_owned()), clock: Clock::system(), say, seen: Vec::new() }, said)
    }

    fn walks(said: &mut mpsc::Receiver<Msg>) -> (Vec<Progress>, Vec<String>) {
        let (mut last, mut told) = (Vec::new(), Vec::new());
        while let Ok(msg) = said.try_recv() {
            match msg {
                Msg::Walks(walks) => last = walks,
                Msg::Flash(text, _) => told.push(text),
                _ => {}
            }
        }
        (last, told)
    }

    #[test]
    fn two_dashboards_on_one_walk_lose_nothing_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("runbooks");
        let ((mut a, mut of_a), (mut b, mut of_b)) = (shelf(&place), shelf(&place));
        let mut first = Progress::start(&book(), "maya", at(0));
        let mut second = first.clone();
        first.done(0, "maya", at(5)).unwrap();
        second.note(Some(1), "ben", "called", at(6)).unwrap();
        a.write(&Kept { progress: first, transcript: None });
        b.write(&Kept { progress: second, transcript: Some("# done".into()) });
        a.look();
        let (seen_a, seen_b) = (walks(&mut of_a).0, walks(&mut of_b));
        assert_eq!(seen_a, seen_b.0);
        assert_eq!((seen_a[0].steps[0].state.word(), seen_a[0].notes.len()), ("done", 1));
        assert!(seen_b.1[0].starts_with("transcript: ") && seen_b.1[0].contains("web-"), "{:?}", seen_b.1);
        a.look();
        assert!(of_a.try_recv().is_err(), "nothing has changed");
        let others: BTreeMap<String, u32> = fs::read_dir(&place)
            .unwrap()
            .map(|e| (e.as_ref().unwrap().file_name().to_string_lossy().into_owned(), e.unwrap().metadata().unwrap().mode() & 0o077))
            .collect();
        assert!(others.values().all(|mode| *mode == 0), "{others:?}");
    }

    #[test]
    fn what_cannot_be_read_is_kept_aside_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let (mut shelf, mut said) = shelf(folder.path());
        fs::write(folder.path().join("web.json"), "{\"runbook\":\"web\",").unwrap();
        shelf.look();
        let (seen, told) = walks(&mut said);
        assert!(seen.is_empty() && told[0].starts_with("web.json cannot be read: kept aside, ") && told[0].contains("broken-"), "{told:?}");
        let kept =
            fs::read_dir(folder.path()).unwrap().filter_map(Result::ok).find(|e| e.file_name().to_string_lossy().contains("broken-"));
        assert_eq!(fs::read_to_string(kept.unwrap().path()).unwrap(), "{\"runbook\":\"web\",");
        shelf.write(&Kept { progress: Progress::start(&book(), "maya", at(0)), transcript: None });
        assert_eq!(walks(&mut said).0.len(), 1, "it begins anew");
    }
}
