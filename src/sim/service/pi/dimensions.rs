//! Groups of dimensions: what a part of the load can be told apart by, and the filters on it.
//! One table; used by every operation of Performance Insights.

use std::collections::BTreeMap;

use crate::wire::{ApiError, Params, Value};
use crate::world::insight::Part;
use crate::world::state::DbInstance;

use super::invalid;

/// Reads one dimension of a part of the load.
type Read = fn(&Part, &DbInstance) -> String;

/// A group of dimensions.
pub(super) struct Group {
    /// `db.wait_event`.
    pub(super) name: &'static str,
    /// Its dimensions by name.
    pub(super) dimensions: &'static [(&'static str, Read)],
}

/// Every group that a PostgreSQL database has here. Clients are not told apart by host.
pub(super) const GROUPS: &[Group] = &[
    Group { name: "db", dimensions: &[("db.name", |_, db| db.db_name.clone())] },
    Group { name: "db.application", dimensions: &[("db.application.name", |part, _| part.statement.user.application().to_owned())] },
    Group { name: "db.session_type", dimensions: &[("db.session_type.name", |part, _| part.statement.user.session_type().to_owned())] },
    Group {
        name: "db.sql",
        dimensions: &[
            ("db.sql.id", |part, _| part.statement.id()),
            ("db.sql.db_id", |part, _| part.statement.query_id()),
            ("db.sql.tokenized_id", |part, _| part.statement.id()),
            ("db.sql.statement", |part, _| cut(part.statement.sql)),
        ],
    },
    Group {
        name: "db.sql_tokenized",
        dimensions: &[
            ("db.sql_tokenized.id", |part, _| part.statement.id()),
            ("db.sql_tokenized.db_id", |part, _| part.statement.query_id()),
            ("db.sql_tokenized.statement", |part, _| cut(part.statement.sql)),
        ],
    },
    Group {
        name: "db.user",
        dimensions: &[
            ("db.user.id", |part, _| if part.statement.user.role() == "rdsadmin" { "16384" } else { "16402" }.to_owned()),
            ("db.user.name", |part, _| part.statement.user.role().to_owned()),
        ],
    },
    Group {
        name: "db.wait_event",
        dimensions: &[
            ("db.wait_event.name", |part, _| part.wait.name.to_owned()),
            ("db.wait_event.type", |part, _| part.wait.kind.to_owned()),
        ],
    },
    Group { name: "db.wait_event_type", dimensions: &[("db.wait_event_type.name", |part, _| part.wait.kind.to_owned())] },
];

/// The first 500 bytes, which is all that Performance Insights returns of a text.
fn cut(text: &str) -> String {
    text.chars()
        .scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes <= 500).then_some(c)
        })
        .collect()
}

/// The group called `name`.
pub(super) fn group(name: &str) -> Result<&'static Group, ApiError> {
    GROUPS
        .iter()
        .find(|group| group.name == name)
        .ok_or_else(|| invalid(format!("This group is not a known group: {name} is not valid for current resource")))
}

/// How to tell the load apart: the dimensions of a group, and how many keys at most.
pub(super) struct By {
    dimensions: Vec<(&'static str, Read)>,
    /// How many keys at most.
    pub(super) limit: usize,
}

impl By {
    /// `GroupBy` or `PartitionBy`.
    pub(super) fn parse(params: &Params<'_>) -> Result<By, ApiError> {
        let group = group(params.required("Group")?)?;
        let asked = params.strings("Dimensions");
        if let Some(unknown) = asked.iter().find(|name| !group.dimensions.iter().any(|(known, _)| known == *name)) {
            return Err(invalid(format!("The dimension {unknown} is not a dimension of the group {}", group.name)));
        }
        let dimensions = group.dimensions.iter().filter(|(name, _)| asked.is_empty() || asked.contains(name)).copied().collect();
        Ok(By { dimensions, limit: params.int_in("Limit", 1..=25, 10)? as usize })
    }

    /// The key of a part.
    pub(super) fn key(&self, part: &Part, db: &DbInstance) -> Key {
        Key(self.dimensions.iter().map(|(name, read)| (*name, read(part, db))).collect())
    }
}

/// The values of the dimensions of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(BTreeMap<&'static str, String>);

impl Key {
    /// As the wire has it.
    pub(super) fn render(&self) -> Value {
        Value::Map(self.0.iter().map(|(name, value)| ((*name).into(), Value::from(value))).collect())
    }
}

/// The `Filter` of a request: every dimension in it must have the value in it.
pub(super) struct Filter(Vec<(Read, String)>);

impl Filter {
    /// Reads the filter; without one everything passes.
    pub(super) fn parse(params: &Params<'_>) -> Result<Filter, ApiError> {
        let Some(Value::Map(members)) = params.get("Filter") else { return Ok(Filter(Vec::new())) };
        let mut wanted = Vec::new();
        for (name, value) in members {
            let known = GROUPS.iter().flat_map(|group| group.dimensions).find(|(known, _)| known == name);
            let (Some((_, read)), Value::Str(value)) = (known, value) else {
                return Err(invalid(format!("This dimension is not a known dimension: {name} is not valid for current resource")));
            };
            wanted.push((*read, value.clone().into_owned()));
        }
        Ok(Filter(wanted))
    }

    /// Whether it keeps everything.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a part passes.
    pub(super) fn passes(&self, part: &Part, db: &DbInstance) -> bool {
        self.0.iter().all(|(read, value)| read(part, db) == *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applications_are_the_services() {
        assert_eq!(crate::world::insight::User::Api.application(), crate::world::names::CONTROL);
        assert_eq!(crate::world::insight::User::Worker.application(), crate::world::names::WORKER);
    }

    #[test]
    fn every_dimension_belongs_to_its_group() {
        for group in GROUPS.iter().filter(|group| group.name != "db") {
            assert!(group.dimensions.iter().all(|(name, _)| name.starts_with(&format!("{}.", group.name))), "{}", group.name);
        }
    }
}
