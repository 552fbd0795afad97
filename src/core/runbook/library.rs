//! The runbooks that there are: what is built in, and a team's own, which win by name. The shell reads the team's folder and hands the texts
//! in. A new built-in runbook is a file and a line here.

use super::fault::Fault;
use super::lint::lint;
use super::parse::Runbook;
use crate::expression::Language;

macro_rules! builtin {
    ($($name:literal,)+) => {
        /// (file name, text) of what is built in.
        pub const BUILTIN: &[(&str, &str)] = &[$(($name, include_str!(concat!("library/", $name)))),+];
    };
}

builtin! {
    "az-failure.md",
    "rds-failover.md",
    "redis-node.md",
    "nat-gateway.md",
    "crash-loop.md",
    "out-of-memory.md",
    "bad-deployment.md",
    "database-cpu.md",
    "database-connections.md",
    "storage-filling.md",
    "redis-memory.md",
    "traffic-spike.md",
    "worker-backlog.md",
    "expired-credentials.md",
    "api-throttling.md",
    "cloudwatch-late.md",
    "security-group.md",
    "image-pull.md",
}

/// All runbooks, by name.
#[derive(Debug, Clone, Default)]
pub struct Library {
    books: Vec<Runbook>,
    /// What could not be read: its runbooks are not there, the rest is.
    faults: Vec<Fault>,
    /// The names of a team's own.
    own: Vec<String>,
}

impl Library {
    /// What is built in.
    pub fn builtin() -> Self {
        Self::with(Vec::new())
    }

    /// With a team's own files, which win by name.
    pub fn with(own: Vec<(String, String)>) -> Self {
        let mut library = Self::default();
        for (file, text) in BUILTIN {
            library.add(file, text);
        }
        for (file, text) in &own {
            if let Some(name) = library.add(file, text) {
                library.own.push(name);
            }
        }
        library.books.sort_by(|a, b| a.name.cmp(&b.name));
        library
    }

    fn add(&mut self, file: &str, text: &str) -> Option<String> {
        match Runbook::parse(file, text) {
            Ok(book) => {
                let name = book.name.clone();
                self.books.retain(|other| other.name != name);
                self.books.push(book);
                Some(name)
            }
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    /// All of them, by name.
    pub fn books(&self) -> &[Runbook] {
        &self.books
    }

    pub fn get(&self, name: &str) -> Option<&Runbook> {
        self.books.iter().find(|book| book.name == name)
    }

    /// Whether it is a team's own.
    pub fn is_own(&self, name: &str) -> bool {
        self.own.iter().any(|own| own == name)
    }

    /// Those that are for an incident, a team's own first.
    pub fn for_incident(&self, id: &str) -> Vec<&Runbook> {
        let mut fitting: Vec<&Runbook> = self.books.iter().filter(|book| book.front.incidents.iter().any(|i| i == id)).collect();
        fitting.sort_by_key(|book| !self.is_own(&book.name));
        fitting
    }

    /// What could not be read.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Everything that is wrong, in all of them. `is_file` says whether a link that is no runbook leads to a file.
    pub fn lint(&self, language: &Language, is_file: &dyn Fn(&str) -> bool) -> Vec<Fault> {
        let leads = |path: &str, anchor: Option<&str>| {
            let book = self.books.iter().find(|book| book.file == path.trim_start_matches("./"));
            match (book, anchor) {
                (Some(book), Some(anchor)) => book.anchors.iter().any(|a| a == anchor),
                (Some(_), None) => true,
                (None, _) => is_file(path),
            }
        };
        let found = self.books.iter().flat_map(|book| lint(book, language, &leads));
        self.faults.iter().cloned().chain(found).collect()
    }
}
