//! The file of the program's own log: grows to a size, then makes way for a new one and stays as its predecessor (`.1`). Several processes
//! append to it at the same time; whoever finds it full turns it over, once. Blocking; only the log's own thread calls this.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nextcore_live::engine::owner_only::{make, open_to_append};

/// A file that is turned over at a size.
#[derive(Debug)]
pub(super) struct Turning {
    path: PathBuf,
    file: File,
    most: u64,
}

impl Turning {
    /// Opens it, and makes it with its folder if it is missing. What lies there and is no file of ours is refused.
    pub(super) fn open(path: &Path, most: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            make(folder)?;
        }
        let (file, _) = open_to_append(path)?;
        Ok(Self { path: path.to_owned(), file, most })
    }

    /// One line, in one write: lines of several processes do not mix.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        if size > 0 && size + line.len() as u64 > self.most {
            self.turn_over()?;
        }
        self.file.write_all(line.as_bytes())
    }

    fn turn_over(&mut self) -> io::Result<()> {
        // Everybody who has the full file open waits here in turn; the lock ends with the file.
        self.file.lock()?;
        let full = self.file.metadata()?;
        let is_ours = |there: fs::Metadata| (there.dev(), there.ino()) == (full.dev(), full.ino());
        // Another process may have turned it over already: then there is a new one.
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            fs::rename(&self.path, predecessor(&self.path))?;
        }
        self.file = open_to_append(&self.path)?.0;
        Ok(())
    }
}

/// The file before this one.
pub(super) fn predecessor(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const MOST: u64 = 1000;

    fn line(number: usize) -> String {
        format!("{number:0>98} \n")
    }

    #[test]
    fn it_never_grows_beyond_its_size_and_the_newest_lines_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log").join("top.log");
        let mut log = Turning::open(&path, MOST).unwrap();
        for number in 0..57 {
            log.write(&line(number)).unwrap();
            let size = |path: &Path| fs::metadata(path).map_or(0, |m| m.len());
            assert!(size(&path) <= MOST && size(&predecessor(&path)) <= MOST);
        }
        let kept = fs::read_to_string(predecessor(&path)).unwrap() + &fs::read_to_string(&path).unwrap();
        assert_eq!(kept, (40..57).map(line).collect::<String>());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_processes_turn_it_over_once_and_lose_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("top.log");
        let (mut one, mut other) = (Turning::open(&path, MOST).unwrap(), Turning::open(&path, MOST).unwrap());
        for number in 0..8 {
            one.write(&line(2 * number)).unwrap();
            other.write(&line(2 * number + 1)).unwrap();
        }
        let kept = fs::read_to_string(predecessor(&path)).unwrap() + &fs::read_to_string(&path).unwrap();
        assert_eq!(kept, (0..16).map(line).collect::<String>());
    }

    #[test]
    fn what_is_no_file_of_ours_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("top.log");
        let secret = folder.path().join("elsewhere");
        fs::write(&secret, "").unwrap();
        symlink(&secret, &path).unwrap();
        assert!(Turning::open(&path, MOST).unwrap_err().to_string().contains("symbolic link"));
        fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(Turning::open(&path, MOST).unwrap_err().to_string().contains("named pipe"));
        assert_eq!(fs::read_to_string(&secret).unwrap(), "");
    }
}
