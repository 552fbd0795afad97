//! A file that somebody saves from the screen: beside where the program was started, or where that cannot be written to, in the state folder.
//! Nothing that exists is written over, and nobody else can read it. Called by the dashboard.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Files of one name that may stand beside each other.
const MOST: usize = 100;

/// Writes it; says where, or why not.
pub(super) fn save(name: &str, text: &str, state: Option<&Path>) -> Result<String, String> {
    let here = std::env::current_dir().and_then(|folder| written(&folder, name, text));
    let path = match (here, state) {
        (Ok(path), _) => path,
        (Err(_), Some(folder)) => fs::create_dir_all(folder)
            .and_then(|()| written(folder, name, text))
            .map_err(|e| format!("{name} is not saved: {}: {e}", folder.display()))?,
        (Err(e), None) => return Err(format!("{name} is not saved: {e}")),
    };
    Ok(format!("saved {} lines to {}", text.lines().count(), path.display()))
}

fn written(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, "log"));
    for number in 1..=MOST {
        let own = if number == 1 { name.to_owned() } else { format!("{stem}-{number}.{end}") };
        let path = folder.join(own);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => return file.write_all(text.as_bytes()).map(|()| path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other(format!("there are {MOST} files of that name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let first = written(folder.path(), "logs.log", "a\n").unwrap();
        let second = written(folder.path(), "logs.log", "b\n").unwrap();
        assert_eq!((fs::read_to_string(&first).unwrap().as_str(), fs::read_to_string(&second).unwrap().as_str()), ("a\n", "b\n"));
        assert!(second.ends_with("logs-2.log"), "{}", second.display());
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        let none = folder.path().join("none");
        assert_eq!(written(&none, "logs.log", "c").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
