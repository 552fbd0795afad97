//! The log groups of a stack: the one that its services share, those of single services, and those beside them, such as the database's
//! exports; each with whose lines it holds. Called by the log sources, the policy, the configuration and the commands about logs.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Stack;

/// What a group beside the services' may be of, where it is of no service.
pub const LOG_OWNERS: &[&str] = &["db", "cache", "alb", "build"];

/// A log group and whose lines it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LogGroupSpec {
    /// Its name.
    pub name: String,
    /// A service, or one of `LOG_OWNERS`; empty: the first part of a stream's name tells.
    pub of: String,
}

impl LogGroupSpec {
    pub fn new(name: &str, of: &str) -> Self {
        Self { name: name.to_owned(), of: of.to_owned() }
    }
}

impl<'de> Deserialize<'de> for LogGroupSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What asks for the shape, and not for a value, is told the table that documents have.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Written)
        } else {
            deserializer.deserialize_struct("LogGroupSpec", &["name", "of"], Written)
        }
    }
}

/// A name, or a table: an untagged enum would lose the line of an error.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = LogGroupSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a log group, or a table with name and of")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<LogGroupSpec, E> {
        Ok(LogGroupSpec::new(name, ""))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LogGroupSpec, A::Error> {
        let (mut name, mut of) = (None, String::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => name = Some(map.next_value()?),
                "of" => of = map.next_value()?,
                other => return Err(de::Error::unknown_field(other, &["name", "of"])),
            }
        }
        Ok(LogGroupSpec { name: name.ok_or_else(|| de::Error::missing_field("name"))?, of })
    }
}

impl Stack {
    /// Every group that is followed, once, in the order of the configuration: the shared one, those of services, those beside them.
    pub fn followed(&self) -> Vec<LogGroupSpec> {
        let mut all: Vec<LogGroupSpec> = Vec::new();
        if !self.log_group.is_empty() {
            all.push(LogGroupSpec::new(&self.log_group, ""));
        }
        for (service, name) in self.services.iter().filter_map(|s| Some((s, s.log_group.as_deref()?))).filter(|(_, n)| !n.is_empty()) {
            match all.iter_mut().find(|g| g.name == name) {
                // Several services write to it: their streams tell them apart.
                Some(shared) => shared.of.clear(),
                None => all.push(LogGroupSpec::new(name, &service.name)),
            }
        }
        for group in self.log_groups.iter().filter(|g| !g.name.is_empty()) {
            if all.iter().all(|known| known.name != group.name) {
                all.push(group.clone());
            }
        }
        all
    }

    /// The group that is described and measured: the first that is followed; empty without any.
    pub fn first_log_group(&self) -> &str {
        let of_services = self.services.iter().filter_map(|s| s.log_group.as_deref());
        let beside = self.log_groups.iter().map(|g| g.name.as_str());
        std::iter::once(self.log_group.as_str()).chain(of_services).chain(beside).find(|name| !name.is_empty()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::{ServiceRole, ServiceSpec};
    use crate::model::system::System;

    fn own(name: &str, group: &str) -> ServiceSpec {
        ServiceSpec { log_group: Some(group.to_owned()), ..ServiceSpec::new(name, ServiceRole::Web) }
    }

    #[test]
    fn each_group_is_followed_once_and_it_is_known_whose_lines_it_holds() {
        let stack = Stack {
            log_group: "/ecs/shop".into(),
            services: vec![own("web", "/ecs/web"), own("api", "/ecs/jobs"), own("worker", "/ecs/jobs"), own("beat", "/ecs/shop")],
            log_groups: vec![LogGroupSpec::new("/aws/rds/instance/shop/postgresql", "db"), LogGroupSpec::new("/ecs/web", "")],
            ..Stack::none()
        };
        let wanted = [("/ecs/shop", ""), ("/ecs/web", "web"), ("/ecs/jobs", ""), ("/aws/rds/instance/shop/postgresql", "db")];
        assert_eq!(stack.followed(), wanted.map(|(name, of)| LogGroupSpec::new(name, of)));
        assert_eq!(stack.first_log_group(), "/ecs/shop");
    }

    #[test]
    fn a_stack_has_logs_where_any_group_is_named() {
        let of_service = Stack { services: vec![own("web", "/ecs/web")], ..Stack::none() };
        let beside = Stack { log_groups: vec![LogGroupSpec::new("/x", "db")], ..Stack::none() };
        for (stack, first) in [(&of_service, "/ecs/web"), (&beside, "/x")] {
            assert!(stack.has(System::Logs));
            assert_eq!(stack.first_log_group(), first);
        }
        assert!(!Stack::none().has(System::Logs) && Stack::none().followed().is_empty());
    }
}
