//! A state document as evaluation needs it: a section's data if it can be trusted, and if not, why not, in words; parts that could not be
//! read while the rest could. Reads the shape that `report::json` writes, from the program itself or from a file.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value as Json;

use super::answer::{Missing, Why};
use super::run::Run;
use crate::model::section::Unread;
use crate::model::standing::Standing;
use crate::model::{Time, text};

/// A state document, read for expressions.
#[derive(Debug)]
pub struct Reading<'d> {
    json: &'d Json,
    /// What could not be read, by section.
    unread: BTreeMap<&'d str, Vec<Unread>>,
    pub(super) run: Run,
}

impl<'d> Reading<'d> {
    /// Of what `snapshot --format json` prints, or a part of it.
    pub fn of(json: &'d Json) -> Self {
        let parts = |section: &Json| section.get("unread").and_then(|all| serde_json::from_value::<Vec<Unread>>(all.clone()).ok());
        let sections = json.get("sections").and_then(Json::as_object).into_iter().flatten();
        let unread = sections.filter_map(|(key, section)| Some((key.as_str(), parts(section)?))).filter(|(_, all)| !all.is_empty());
        Self { json, unread: unread.collect(), run: Run::default() }
    }

    /// A member of the document itself.
    pub(crate) fn top(&self, name: &str) -> Option<&'d Json> {
        self.json.get(name)
    }

    /// A string inside the document; empty if it is not there.
    pub(crate) fn string(&self, pointer: &str) -> String {
        self.json.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
    }

    /// The moment that it is of.
    pub(super) fn moment(&self) -> Option<Time> {
        let at = DateTime::parse_from_rfc3339(self.json.get("as_of")?.as_str()?).ok()?;
        Some(at.to_utc())
    }

    /// What of a section could not be read.
    pub(super) fn unread(&self, key: &str) -> &[Unread] {
        self.unread.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    fn section(&self, key: &str) -> Option<&'d Json> {
        self.json.get("sections")?.get(key)
    }

    pub(crate) fn standing(&self, key: &str) -> Standing {
        let word = self.section(key).and_then(|s| s.get("state")).and_then(Json::as_str);
        word.map_or(Standing::Idle, Standing::named)
    }

    /// A section's data, if it is current.
    pub(crate) fn current(&self, key: &str) -> Option<&'d Json> {
        if self.standing(key) == Standing::Ready { self.last(key) } else { None }
    }

    /// A section's data, however old.
    pub(crate) fn last(&self, key: &str) -> Option<&'d Json> {
        self.section(key)?.get("data").filter(|d| !d.is_null())
    }

    /// What the lack of a section's data means.
    pub(crate) fn lack(&self, key: &str) -> Missing {
        let said = |name: &str| self.section(key)?.get("problem")?.get(name)?.as_str();
        let headline = said("headline").unwrap_or("not loaded yet");
        let why = || said("permission").map_or_else(|| headline.to_owned(), |p| format!("access denied: {p}"));
        let why = match self.standing(key) {
            Standing::Missing => Why::NotThere(format!("missing ({headline})")),
            Standing::Denied => Why::Denied(why()),
            Standing::Stale => {
                let age = self.section(key).and_then(|s| s.get("age_s")).and_then(Json::as_i64).unwrap_or_default();
                Why::Stale(format!("stale for {}: {}", text::duration(age), why()))
            }
            Standing::Failed => Why::Failed(headline.to_owned()),
            Standing::Loading => Why::NotRead("loading".to_owned()),
            Standing::Ready => Why::NotRead("empty".to_owned()),
            Standing::Idle => Why::NotRead("not loaded".to_owned()),
        };
        Missing { what: key.replace('_', " "), why }
    }
}
