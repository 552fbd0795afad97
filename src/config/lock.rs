//! The machine's own file: whoever may write it decides for everybody on the machine. It only locks. Whatever lies in its place and is no
//! valid file that leaves the machine open is a lock: nobody gets further by breaking it. Called by `config`.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

/// Far more than such a file needs.
const MOST_BYTES: u64 = 64 * 1024;

/// What the machine's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// There is none, or it leaves the machine open.
    Open,
    /// Nobody on this machine writes.
    Locked,
    /// Something is in its place that cannot be used, and why: that locks, too.
    Broken(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    #[serde(default)]
    read_only: bool,
}

impl Lock {
    /// Whether nobody writes.
    pub fn holds(&self) -> bool {
        *self != Self::Open
    }

    /// Looks at the file.
    pub fn read(path: &Path) -> Self {
        match std::fs::symlink_metadata(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return folder(path),
            Err(e) => return Self::Broken(format!("cannot be read: {e}")),
            Ok(_) => {}
        }
        match std::fs::metadata(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Self::Broken("broken symbolic link".to_owned()),
            Err(e) => return Self::Broken(format!("cannot be read: {e}")),
            // A pipe would be waited for.
            Ok(found) if !found.is_file() => return Self::Broken("not a file".to_owned()),
            Ok(found) if found.len() > MOST_BYTES => return Self::Broken("too large".to_owned()),
            Ok(_) => {}
        }
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(e) => Self::Broken(format!("cannot be read: {e}")),
        }
    }

    fn parse(text: &str) -> Self {
        match toml::from_str::<System>(text) {
            Ok(System { read_only: true }) => Self::Locked,
            Ok(System { read_only: false }) => Self::Open,
            Err(e) => {
                let line = e.span().and_then(|s| text.get(..s.start)).map_or(1, |before| before.matches('\n').count() + 1);
                Self::Broken(format!("line {line}: {}", e.message().replace('\n', ", ")))
            }
        }
    }
}

/// Its folder may be what is broken.
fn folder(path: &Path) -> Lock {
    let Some(folder) = path.parent() else { return Lock::Open };
    let there = std::fs::symlink_metadata(folder).is_ok();
    if there && std::fs::metadata(folder).is_err() {
        return Lock::Broken(format!("{} is a broken symbolic link", folder.display()));
    }
    Lock::Open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_says_so_leaves_the_machine_open() {
        for (text, open) in [
            ("", true),
            ("# nothing\n", true),
            ("read_only = false\n", true),
            ("read_only = true\n", false),
            ("read_only = \"no\"\n", false),
            ("read_onyl = false\n", false),
            ("read_only = \n", false),
            ("read_only = false\ntheme = \"dark\"\n", false),
            ("[stack]\nread_only = false\n", false),
        ] {
            assert_eq!(Lock::parse(text) == Lock::Open, open, "{text:?}");
        }
        assert_eq!(Lock::parse("\nread_onyl = 1\n"), Lock::Broken("line 2: unknown field `read_onyl`, expected `read_only`".into()));
    }
}
