//! Where obligations live: one file each in the state folder, mode 0600, whole from its first moment. Whoever carries one holds the lock on
//! its file; the kernel gives that back when the process ends, however it ends. Only the keeper and `obligations` call this.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::OFlags;

use nextcore_core::model::obligation::Obligation;

/// No obligation is longer: what is has not been written by this program.
const LONGEST: u64 = 64 * 1024;

/// The folder, or memory (pictures, tests, and a demo without a home).
#[derive(Debug, Clone)]
pub struct Files(Storage);

#[derive(Debug, Clone)]
enum Storage {
    Missing,
    Folder(PathBuf),
    Memory(Arc<Mutex<BTreeMap<String, Obligation>>>),
}

/// The right to carry an obligation; the lock ends with it.
#[derive(Debug)]
pub struct Hold {
    id: String,
    _lock: Option<File>,
}

/// What stands in the folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Obligations, oldest first, and whether a living process carries them.
    pub obligations: Vec<(Obligation, bool)>,
    /// Files that are no obligation, and why; they are left as they are.
    pub damage: Vec<String>,
}

impl Files {
    /// In this folder, which is made when the first one is registered.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self(Storage::Folder(path.into()))
    }

    /// There is no place for them: nothing that owes anything is sent.
    pub fn missing() -> Self {
        Self(Storage::Missing)
    }

    /// Kept by this process only.
    pub fn memory() -> Self {
        Self(Storage::Memory(Arc::default()))
    }

    /// Works on the folder off the threads that poll, for a slow disk holds up nobody else; on memory at once, for a thread beside a virtual
    /// clock is a race.
    pub(super) async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static) -> io::Result<T> {
        if !matches!(self.0, Storage::Folder(_)) {
            return work(self);
        }
        let files = self.clone();
        tokio::task::spawn_blocking(move || work(&files)).await.unwrap_or_else(|e| Err(io::Error::other(e.to_string())))
    }

    /// Puts an obligation on disk and takes the lock on it; it is there, whole and synced, when this returns.
    pub fn register(&self, obligation: &Obligation) -> io::Result<Hold> {
        let lock = match &self.0 {
            Storage::Missing => return Err(io::Error::new(io::ErrorKind::NotFound, "XDG_STATE_HOME and HOME are not set")),
            Storage::Memory(all) => {
                all.lock().unwrap_or_else(PoisonError::into_inner).insert(obligation.id.clone(), obligation.clone());
                None
            }
            Storage::Folder(folder) => Some(write(folder, obligation)?),
        };
        Ok(Hold { id: obligation.id.clone(), _lock: lock })
    }

    /// Takes over what nobody carries; `None` = somebody does, or it is settled.
    pub fn take(&self, id: &str) -> io::Result<Option<Hold>> {
        self.reach_for(id, false)
    }

    /// Takes it from a process that lives and does not move; `None` = it is settled. Putting right twice does no harm.
    pub fn seize(&self, id: &str) -> io::Result<Option<Hold>> {
        self.reach_for(id, true)
    }

    fn reach_for(&self, id: &str, even_if_held: bool) -> io::Result<Option<Hold>> {
        let Storage::Folder(folder) = &self.0 else { return Ok(None) };
        let file = match open(&path(folder, id)) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Hold { id: id.to_owned(), _lock: Some(file) })),
            Err(TryLockError::WouldBlock) if even_if_held => Ok(Some(Hold { id: id.to_owned(), _lock: None })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    /// It is settled: nothing of it stays.
    pub fn settle(&self, hold: &Hold) -> io::Result<()> {
        match &self.0 {
            Storage::Missing => Ok(()),
            Storage::Memory(all) => {
                all.lock().unwrap_or_else(PoisonError::into_inner).remove(&hold.id);
                Ok(())
            }
            Storage::Folder(folder) => {
                match fs::remove_file(path(folder, &hold.id)) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                    _ => {}
                }
                sync(folder)
            }
        }
    }

    /// Everything that is owed.
    pub fn list(&self) -> Found {
        let mut found = match &self.0 {
            Storage::Missing => Found::default(),
            Storage::Memory(all) => {
                let all = all.lock().unwrap_or_else(PoisonError::into_inner);
                Found { obligations: all.values().map(|o| (o.clone(), true)).collect(), damage: Vec::new() }
            }
            Storage::Folder(folder) => read(folder),
        };
        found.obligations.sort_by(|a, b| (a.0.since, &a.0.id).cmp(&(b.0.since, &b.0.id)));
        found
    }
}

fn path(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.json"))
}

/// Neither follows a link nor waits for the other end of a pipe.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Under another name first: whoever lists the folder meanwhile sees it whole and locked, or not at all.
fn write(folder: &Path, obligation: &Obligation) -> io::Result<File> {
    let is_new = !folder.exists();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if is_new && let Some(parent) = folder.parent() {
        sync(parent)?;
    }
    let draft = folder.join(format!(".{}.new", obligation.id));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
    let written = (|| {
        file.try_lock().map_err(io::Error::from)?;
        file.write_all(&serde_json::to_vec_pretty(obligation)?)?;
        file.sync_all()?;
        fs::rename(&draft, path(folder, &obligation.id))?;
        sync(folder)
    })();
    if written.is_err() {
        // Half of one would be offered for ever.
        let _ = fs::remove_file(&draft);
    }
    written.map(|()| file)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn read(folder: &Path) -> Found {
    let mut found = Found::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return found,
        Err(e) => {
            found.damage.push(format!("{}: {e}", folder.display()));
            return found;
        }
    };
    for path in entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")) {
        match one(&path) {
            Ok(Some(one)) => found.obligations.push(one),
            Ok(None) => {}
            Err(e) => found.damage.push(format!("{}: {e}", path.display())),
        }
    }
    found.damage.sort();
    found
}

/// `None`: it was settled between listing and reading.
fn one(path: &Path) -> io::Result<Option<(Obligation, bool)>> {
    let file = match open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut text = String::new();
    (&file).take(LONGEST).read_to_string(&mut text)?;
    let obligation: Obligation = serde_json::from_str(&text).map_err(|e| io::Error::other(format!("not an obligation: {e}")))?;
    // The name decides what is locked and removed.
    if path.file_stem().and_then(|s| s.to_str()) != Some(obligation.id.as_str()) {
        return Err(io::Error::other(format!("it claims to be '{}'", obligation.id)));
    }
    // Shared: two that look at the same time do not take each other for a carrier.
    let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    Ok(Some((obligation, held)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use nextcore_core::model::Time;
    use nextcore_core::model::audit::Who;
    use nextcore_core::model::obligation::{Owed, Reach};

    fn obligation(id: &str, seconds: i64) -> Obligation {
        let since = Time::from_timestamp(1_790_000_000 + seconds, 0).unwrap();
        Obligation {
            id: id.into(),
            owed: Owed::AlarmActions { alarm: "a".into(), seconds: 600 },
            since,
            due: Some(since + chrono::TimeDelta::seconds(600)),
            who: Who { user: "maya".into(), ..Who::default() },
            pid: 7,
            stack: "s".into(),
            account: "111122223333".into(),
            region: "ap-southeast-2".into(),
            reach: Reach::default(),
        }
    }

    fn seen(files: &Files) -> Vec<(String, bool)> {
        files.list().obligations.into_iter().map(|(o, held)| (o.id, held)).collect()
    }

    #[test]
    fn an_obligation_is_held_by_its_carrier_and_left_behind_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::folder(folder.path().join("obligations"));
        let (b, a) = (files.register(&obligation("b", 2)).unwrap(), files.register(&obligation("a", 1)).unwrap());
        assert_eq!(seen(&files), [("a".into(), true), ("b".into(), true)], "oldest first");
        assert_eq!(files.list().obligations[1].0, obligation("b", 2));
        assert!(files.take("b").unwrap().is_none(), "it is carried");
        drop(b);
        assert_eq!(seen(&files), [("a".into(), true), ("b".into(), false)], "its carrier is gone");
        let b = files.take("b").unwrap().unwrap();
        assert!(files.seize("a").unwrap().is_some(), "its carrier does not move");
        assert_eq!(seen(&files)[1], ("b".into(), true));
        files.settle(&b).unwrap();
        files.settle(&a).unwrap();
        assert!(seen(&files).is_empty() && files.take("b").unwrap().is_none());
        let left: Vec<_> = fs::read_dir(folder.path().join("obligations")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn only_their_owner_may_read_them_and_damage_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("obligations");
        let files = Files::folder(&place);
        let _hold = files.register(&obligation("a", 1)).unwrap();
        assert_eq!(fs::metadata(place.join("a.json")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(place.join("torn.json"), "{\"id\":\"torn\",").unwrap();
        fs::write(place.join("other.json"), serde_json::to_vec(&obligation("a", 1)).unwrap()).unwrap();
        symlink(place.join("a.json"), place.join("link.json")).unwrap();
        let found = files.list();
        assert_eq!(found.obligations.len(), 1);
        let named = |name: &str| found.damage.iter().any(|d| d.contains(name));
        assert!(named("torn.json: not an obligation") && named("other.json") && named("link.json"), "{:?}", found.damage);
        assert!(place.join("torn.json").exists());
    }

    #[test]
    fn without_a_place_nothing_is_registered() {
        assert!(Files::missing().register(&obligation("a", 1)).is_err());
        let blocked = tempfile::NamedTempFile::new().unwrap();
        assert!(Files::folder(blocked.path()).register(&obligation("a", 1)).is_err());
    }
}
