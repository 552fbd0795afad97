//! Several resources of a kind: the first has the box, its node is the system's own; each of the others is a stack of its own within the
//! stack, with a node of its own (`db/reporting`), looked at and judged by the same sources and rules. Called by engine, judgement, session.

use super::Stack;
use crate::model::kinds::Kind;
use crate::model::metric::Metrics;
use crate::model::section::{Section, SectionKey};
use crate::model::system::{NodeId, System};

/// The systems of which a stack may have several.
const SEVERAL: [System; 3] = [System::Balancer, System::Cache, System::Database];

impl Stack {
    /// The names of a system's resources beside the first.
    pub fn others(&self, system: System) -> &[String] {
        match system {
            System::Balancer => &self.other_balancers,
            System::Cache => &self.other_caches,
            System::Database => &self.other_databases,
            _ => &[],
        }
    }

    /// The names of all resources of such a system, the first one's first; none where it has none.
    pub fn all(&self, system: System) -> impl Iterator<Item = &str> {
        let first = match system {
            System::Balancer => self.balancer.as_str(),
            System::Cache => &self.cache,
            System::Database => &self.database,
            _ => "",
        };
        Some(first).filter(|name| !name.is_empty()).into_iter().chain(self.others(system).iter().map(String::as_str))
    }

    /// The nodes of all resources beside the first of their kind.
    pub fn members(&self) -> impl Iterator<Item = NodeId> {
        SEVERAL.into_iter().flat_map(|system| self.others(system).iter().map(move |name| NodeId::named(system, name)))
    }

    /// The stack as the sources and rules of one of them are to see it: that resource stands in the place of the first. `None` where it is
    /// not one of them.
    pub fn of_member(&self, node: &NodeId) -> Option<Self> {
        let name = self.others(node.system()).iter().find(|name| *name == node.name())?.clone();
        // What only those of its kind serve is not its own.
        let beside = [&self.balancer].into_iter().chain(&self.other_balancers).filter(|n| !n.is_empty() && *n != node.name());
        let alone = Self {
            other_balancers: if node.system() == System::Balancer { beside.cloned().collect() } else { Vec::new() },
            other_caches: Vec::new(),
            other_databases: Vec::new(),
            balancer: String::new(),
            database: String::new(),
            cache: String::new(),
            zone: String::new(),
            distribution: String::new(),
            ..self.clone()
        };
        Some(match node.system() {
            System::Balancer => Self { balancer: name, ..alone },
            System::Cache => Self { cache: name, ..alone },
            _ => Self { database: name, ..alone },
        })
    }
}

/// Whether a section tells of one resource of that system alone: another resource of the kind has one of its own.
pub fn is_own(key: SectionKey, system: System) -> bool {
    key == Metrics::KEY || Kind::named(key.0).and_then(|kind| kind.of) == Some(system)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::balancer::{Routing, Targets};
    use crate::model::database::{Database, DatabaseEvents};
    use crate::model::service::Services;

    #[test]
    fn each_resource_beside_the_first_is_looked_at_in_its_place() {
        let stack = Stack { other_databases: vec!["reporting".into()], other_balancers: vec!["internal".into()], ..Stack::default() };
        assert_eq!(stack.members().map(|n| n.to_string()).collect::<Vec<_>>(), ["alb/internal", "db/reporting"]);
        let member = stack.of_member(&NodeId::named(System::Database, "reporting")).unwrap();
        assert_eq!((member.database.as_str(), member.balancer.as_str(), member.members().count()), ("reporting", "", 0));
        let internal = stack.of_member(&NodeId::named(System::Balancer, "internal")).unwrap();
        assert_eq!(
            (internal.balancer.as_str(), internal.other_balancers.as_slice()),
            ("internal", &["production-nextcore".to_owned()][..])
        );
        assert_eq!(member.services, stack.services, "what rests on it is known");
        assert!(stack.of_member(&NodeId::of(System::Database)).is_none() && stack.of_member(&NodeId::service("web")).is_none());
    }

    #[test]
    fn what_tells_of_one_resource_is_not_shared_with_another() {
        for (key, system, own) in [
            (Database::KEY, System::Database, true),
            (DatabaseEvents::KEY, System::Database, true),
            (Metrics::KEY, System::Database, true),
            (Services::KEY, System::Balancer, false),
            (Routing::KEY, System::Balancer, true),
            (Targets::KEY, System::Balancer, true),
            (Targets::KEY, System::Cache, false),
        ] {
            assert_eq!(is_own(key, system), own, "{key} {system:?}");
        }
    }
}
