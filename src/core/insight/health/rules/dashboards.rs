//! Rules about the CloudWatch dashboards: there are some, and they show what the written architecture says. They only observe: notes, never a level.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, note};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::dashboard::Dashboards;
use crate::model::section::Section;
use crate::model::system::System;
use crate::model::system::SystemSpec;

use super::{Rule, apply};

/// About all of them.
pub(crate) const RULES: &[Rule<Dashboards>] = &[
    Rule {
        id: "dashboards.services",
        doc: "one shows the services or the load balancer: a note",
        needs: &[Dashboards::KEY],
        check: services,
    },
    Rule { id: "dashboards.database", doc: "one shows the database: a note", needs: &[Dashboards::KEY], check: database },
];

/// Judges them.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let found = facts.store.get::<Dashboards>();
    let none = found.is_some_and(|d| d.dashboards.is_empty());
    let findings = found.filter(|_| !none).map_or_else(Vec::new, |d| apply(RULES, facts, ground.mandatory, d));
    let mut assessment = Assessment::of(facts, ground, findings);
    if none {
        assessment.is_absent(format!("none named {}*", facts.stack.dashboard_prefix));
    }
    nodes.insert(NodeId::of(System::Dashboards), assessment);
}

fn shows(all: &Dashboards, namespaces: &[&str]) -> bool {
    all.dashboards.iter().flat_map(|d| &d.namespaces).any(|n| namespaces.contains(&n.as_str()))
}

/// That none shows it is known of dashboards only that could be read, all of them.
fn missing(facts: &Facts<'_>, all: &Dashboards, namespaces: &[&str], what: &str) -> Option<Finding> {
    if shows(all, namespaces) {
        return None;
    }
    let unread = all.dashboards.iter().find_map(|d| facts.store.unread::<Dashboards>(&d.name, "widgets"));
    Some(note(match unread {
        Some(why) => format!("not known whether a dashboard shows {what}: {why}"),
        None => format!("no dashboard shows {what}"),
    }))
}

fn services(facts: &Facts<'_>, all: &Dashboards) -> Option<Finding> {
    missing(facts, all, &["AWS/ECS", "AWS/ApplicationELB", "ECS/ContainerInsights"], "service health")
}

fn database(facts: &Facts<'_>, all: &Dashboards) -> Option<Finding> {
    missing(facts, all, &["AWS/RDS"], "database performance")
}
