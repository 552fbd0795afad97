//! One JSON file an incident in the state folder, `ID.json`, replaced as a whole; who acknowledged it stands beside it in `ID.ack.json`, so that
//! two who write never undo one another. A file that cannot be read is named and left as it is.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::backend::Target;
use crate::config::Settings;
use crate::config::environment::Environment;
use nextcore_core::incident::{Acknowledged, Incident};
use nextcore_core::model::place::Chosen;

/// The end of the name of who acknowledged.
const ACK: &str = ".ack.json";
/// A file larger than this was not written by this program.
const LARGEST: u64 = 4 << 20;

/// The folder; none where there is no home.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Folder {
    path: Option<PathBuf>,
    /// When each file was written that was read last.
    read_at: BTreeMap<PathBuf, SystemTime>,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(in super::super) struct Kept {
    /// The newest first.
    pub(in super::super) incidents: Vec<Incident>,
    /// Files that could not be read, and why.
    pub(in super::super) damage: Vec<String>,
}

impl Folder {
    /// That of a stack; the embedded cloud's is its own, made anew at every start: its incidents are gone with it.
    pub(in super::super) fn of(target: &Target, settings: &Settings, env: &Environment) -> Self {
        let path = if matches!(target, Target::Demo(_)) { None } else { env.incidents_folder() };
        Self { path: path.map(|path| path.join(whose(settings))), read_at: BTreeMap::new() }
    }

    /// Everything that is kept.
    pub(in super::super) fn read(&mut self) -> Kept {
        self.read_at.clear();
        self.news()
    }

    /// What was written since it was read last.
    pub(in super::super) fn news(&mut self) -> Kept {
        let mut kept = Kept::default();
        let Some(folder) = self.path.clone() else { return kept };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return kept,
            Err(e) => {
                kept.damage.push(format!("incidents {}: {e}", folder.display()));
                return kept;
            }
        };
        let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        for path in files.iter().filter(|p| !p.to_string_lossy().ends_with(ACK)) {
            let ack = beside(path);
            let written = [path.as_path(), ack.as_path()].into_iter().filter_map(|p| fs::metadata(p).ok()?.modified().ok()).max();
            if written.is_none() || self.read_at.get(path).copied() == written {
                continue;
            }
            match one(path).and_then(|incident: Incident| with_ack(incident, &ack)) {
                Ok(incident) => kept.incidents.push(incident),
                Err(e) => kept.damage.push(format!("incident {}: {e}", path.display())),
            }
            if let Some(written) = written {
                self.read_at.insert(path.clone(), written);
            }
        }
        kept.incidents.sort_by_key(|i| std::cmp::Reverse(i.since));
        kept
    }

    /// Keeps an incident.
    pub(in super::super) fn keep(&self, incident: &Incident) -> io::Result<()> {
        let Some(folder) = &self.path else { return Ok(()) };
        replace(folder, &format!("{}.json", safe(&incident.id)), incident)
    }

    /// Keeps who acknowledged it, unless somebody else was first.
    pub(in super::super) fn acknowledge(&self, id: &str, who: &Acknowledged) -> io::Result<()> {
        let Some(folder) = &self.path else { return Ok(()) };
        let name = format!("{}{ACK}", safe(id));
        if folder.join(&name).exists() { Ok(()) } else { replace(folder, &name, who) }
    }
}

/// Which stack, where: another configuration on the same machine has incidents of its own. Only what is said before anything is asked, so
/// that every command says the same.
fn whose(settings: &Settings) -> String {
    let said = |chosen: &Option<Chosen>| chosen.as_ref().map(|c| c.value.clone());
    let parts = [Some(settings.stack.name.clone()), said(&settings.connect.region), said(&settings.connect.account)];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "stack".to_owned() } else { safe(&parts.join("-")) }
}

fn beside(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}{ACK}"))
}

fn with_ack(mut incident: Incident, ack: &Path) -> io::Result<Incident> {
    match one::<Acknowledged>(ack) {
        Ok(who) => incident.acknowledged = Some(who),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    Ok(incident)
}

fn one<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    if fs::metadata(path)?.len() > LARGEST {
        return Err(io::Error::other(format!("larger than {LARGEST} bytes: not an incident of this program")));
    }
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

/// A name that stays in the folder, whatever the id says.
fn safe(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).take(120).collect()
}

/// Written beside it and put in its place: who reads sees the old one or the new one.
fn replace<T: Serialize>(folder: &Path, name: &str, what: &T) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let text = serde_json::to_vec_pretty(what).map_err(io::Error::other)?;
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    fs::write(&draft, text)?;
    fs::rename(&draft, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(id: &str) -> Incident {
        let json = format!(
            r#"{{"id":"{id}","rule":"r","name":"N","severity":"critical","since":"2026-11-23T01:00:00Z","detected_at":"2026-11-23T01:00:09Z"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn folder(path: &Path) -> Folder {
        Folder { path: Some(path.to_owned()), read_at: BTreeMap::new() }
    }

    #[test]
    fn what_one_dashboard_keeps_another_reads_and_acknowledging_survives_both() {
        let place = tempfile::tempdir().unwrap();
        let (writer, mut reader) = (folder(place.path()), folder(place.path()));
        assert!(reader.read().incidents.is_empty(), "an empty folder is no fault");
        writer.keep(&incident("a")).unwrap();
        assert_eq!(reader.news().incidents.len(), 1);
        assert!(reader.news().incidents.is_empty(), "read once");
        let who = |by: &str| Acknowledged { by: by.to_owned(), at: "2026-11-23T01:02:00Z".parse().unwrap() };
        writer.acknowledge("a", &who("ann")).unwrap();
        writer.acknowledge("a", &who("bob")).unwrap();
        writer.keep(&incident("a")).unwrap();
        let read = reader.read().incidents;
        assert_eq!(read.first().and_then(|i| i.acknowledged.as_ref()).map(|a| a.by.as_str()), Some("ann"), "who was first stays");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_left() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("x.json"), "{").unwrap();
        folder(place.path()).keep(&incident("b")).unwrap();
        let kept = folder(place.path()).read();
        assert_eq!(kept.incidents.len(), 1);
        assert!(kept.damage.first().is_some_and(|d| d.contains("x.json")), "{:?}", kept.damage);
        assert_eq!(std::fs::read_to_string(place.path().join("x.json")).unwrap(), "{");
    }

    #[test]
    fn an_id_cannot_lead_out_of_the_folder() {
        assert_eq!(safe("../../etc/x"), "------etc-x");
    }
}
