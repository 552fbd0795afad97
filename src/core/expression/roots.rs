//! The vocabulary: every name that an expression can begin with. The sections by their keys, short names for what is asked most, views by
//! name, and the members of the document beside the sections. A new name is one line here.

use crate::model::kinds::{KINDS, Kind};

/// How a name shows its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// As it is.
    Plain,
    /// A list of it as a map: the list's field, and the field of an element that is the key.
    By(&'static str, &'static str),
    /// The newest value of each metric series, as a number.
    Figures,
}

/// Short names: (name, section, view, what it is).
const SHORT: &[(&str, &str, View, &str)] = &[
    ("db", "database", View::Plain, "the database, short for `database`"),
    ("alb", "balancer", View::Plain, "the load balancer, short for `balancer`"),
    ("redis", "cache", View::Plain, "the Redis replication group, short for `cache`"),
    ("service", "services", View::By("services", "name"), "ECS services by name: service[\"web\"].running"),
    ("autoscaling", "scaling", View::By("targets", "service"), "autoscaling by service: autoscaling[\"web\"].max"),
    ("alarm", "alarms", View::By("alarms", "name"), "alarms by name: alarm[\"high-cpu\"].state"),
    ("cache_node", "cache_nodes", View::By("nodes", "id"), "Redis nodes by id: cache_node[member.id].status"),
    ("bucket", "buckets", View::By("buckets", "name"), "buckets by name"),
    ("metric", "metrics", View::Figures, "the newest value of a metric: metric[\"db/cpu\"] > 80"),
];

/// What else of the state document is a name; `as_of` is a timestamp.
pub(crate) const TOP: &[(&str, &str)] = &[
    ("stack", "the configuration: names of what is watched"),
    ("as_of", "the moment of the document, a timestamp"),
    ("worst", "the worst level of any node"),
    ("counts", "nodes by level"),
    ("sections", "how each section stands: sections[\"database\"].state, .at, .problem.kind"),
    ("nodes", "health by node: nodes[\"svc/web\"].level"),
    ("timeline", "what changed, the newest first"),
    ("inventory", "resources by type"),
    ("usage", "calls to AWS and what they cost"),
];

/// One name of the vocabulary, for help and reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    pub name: &'static str,
    /// The section that it reads; none for the members of the document itself.
    pub section: Option<&'static str>,
    /// What it is; empty for a section's own key.
    pub doc: &'static str,
}

/// The whole vocabulary, short names first.
pub fn roots() -> impl Iterator<Item = Root> {
    let short = SHORT.iter().map(|(name, section, _, doc)| Root { name, section: Some(section), doc });
    let top = TOP.iter().map(|(name, doc)| Root { name, section: None, doc });
    let sections = KINDS.iter().map(|kind| Root { name: kind.key.0, section: Some(kind.key.0), doc: "" });
    short.chain(top).chain(sections)
}

/// Whether an expression can begin with it.
pub fn is_name(name: &str) -> bool {
    section(name).is_some() || TOP.iter().any(|(top, _)| *top == name)
}

/// The section that a name reads.
pub fn section(name: &str) -> Option<&'static str> {
    view(name).map(|(section, _)| section)
}

/// The section that a name reads, and how.
pub(super) fn view(name: &str) -> Option<(&'static str, View)> {
    let short = SHORT.iter().find(|row| row.0 == name).map(|row| (row.1, row.2));
    short.or_else(|| Kind::named(name).map(|kind| (kind.key.0, View::Plain)))
}
