//! The TOML configuration file: parsed strictly, errors with file, line and key. It knows no flags and no environment.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::stack::Stack;

/// What a configuration file may say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Profile of ~/.aws/config.
    pub profile: Option<String>,
    /// Endpoint instead of AWS.
    pub endpoint_url: Option<String>,
    /// Never write.
    pub read_only: Option<bool>,
    /// Theme name or file.
    pub theme: Option<String>,
    /// ASCII only.
    pub ascii: Option<bool>,
    /// Days that the audit log is kept; 0: for ever.
    pub audit_days: Option<u32>,
    /// The stack's resources.
    pub stack: Option<Stack>,
}

/// What the machine's own file may say: it only locks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Nobody on this machine writes.
    #[serde(default)]
    pub read_only: bool,
}

/// Reads and parses the machine's file; there need not be one.
pub fn read_system(path: &Path) -> Result<System, FileError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(System::default()),
        // A lock that cannot be read is a lock.
        Err(cause) => return Err(FileError::Lock { path: path.to_owned(), cause }),
    };
    toml::from_str(&text).map_err(|e| invalid(path, &text, e.span().map_or(0, |s| s.start), e.message()))
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {cause}\n  next: correct the path, or leave --config out")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        cause: std::io::Error,
    },
    /// The machine's file cannot be read.
    #[error("{path}: cannot be read: {cause}\n  next: have its permissions corrected: nobody acts from this machine until it can be read")]
    Lock {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        cause: std::io::Error,
    },
    /// It does not say what it should.
    #[error("{path}:{line}:{column}: {key}{what}\n  next: correct this line; 'nextcore-top info' shows the settings in force")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// `key 'x': `, or empty.
        key: String,
        /// What is wrong.
        what: String,
    },
}

/// Reads and parses a file.
pub fn read(path: &Path) -> Result<File, FileError> {
    let text = std::fs::read_to_string(path).map_err(|cause| FileError::Unreadable { path: path.to_owned(), cause })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<File, FileError> {
    let file: File = toml::from_str(text).map_err(|e| invalid(path, text, e.span().map_or(0, |s| s.start), e.message()))?;
    if file.stack.as_ref().is_some_and(|s| s.services.is_empty()) {
        let at = text.find("services").unwrap_or(0);
        return Err(invalid(path, text, at, "stack.services is empty: name at least one ECS service"));
    }
    Ok(file)
}

fn invalid(path: &Path, text: &str, offset: usize, what: &str) -> FileError {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    let key = text.lines().nth(line - 1).and_then(|l| l.split_once('=')).map(|(k, _)| k.trim()).filter(|k| !what.contains(k));
    let key = key.map(|k| format!("key '{k}': ")).unwrap_or_default();
    FileError::Invalid { path: path.to_owned(), line, column, key, what: what.replace('\n', ", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_file_line_and_key() {
        for (text, parts) in [
            ("profile = \"x\"\nclster = 1\n", vec!["c.toml:2:1", "clster"]),
            ("read_only = \"yes\"\n", vec!["c.toml:1:13", "read_only", "boolean"]),
            ("[stack]\ncluster = 5\n", vec!["c.toml:2:11", "cluster", "string"]),
            ("[stack]\nservices = []\n", vec!["c.toml:2:1", "services"]),
            ("[[stack.services]]\nname = \"a\"\nrole = \"boss\"\n", vec!["c.toml:3", "boss", "control-plane"]),
            ("profile = \n", vec!["c.toml:1"]),
        ] {
            let error = parse(Path::new("c.toml"), text).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{text:?}: {error}");
            }
        }
    }

    #[test]
    fn a_partial_stack_keeps_the_defaults_of_the_rest() {
        let file = parse(Path::new("c.toml"), "[stack]\ndatabase = \"other\"\n").unwrap();
        let stack = file.stack.unwrap();
        assert_eq!(stack.database, "other");
        assert_eq!(stack.services.len(), 3);
    }
}
