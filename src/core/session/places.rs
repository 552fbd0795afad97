//! PLACES: the words that lead to panes and boxes from the palette, one row each; beside them the services and further resources of the
//! stack, by their own names. Nothing happens here but what keys do, too. Called by the palette.

use super::{Session, layout, update};
use crate::input::Jump;
use crate::insight::NodeId;
use crate::log::query::Query;
use crate::model::action::names::nearest;
use crate::model::system::{SYSTEMS, System};

/// Where words lead.
#[derive(Debug, Clone, PartialEq, Eq)]
enum To {
    /// The stack view.
    Diagram,
    /// What the box of a system opens.
    Box(System),
    /// What a key leads to.
    Key(Jump),
}

/// One row of the table.
struct Row {
    /// The usual word first.
    words: &'static [&'static str],
    /// What is there.
    what: &'static str,
    to: To,
}

const fn of(system: System, words: &'static [&'static str], what: &'static str) -> Row {
    Row { words, what, to: To::Box(system) }
}

const fn key(jump: Jump, words: &'static [&'static str], what: &'static str) -> Row {
    Row { words, what, to: To::Key(jump) }
}

/// AWS's words and short ones.
const PLACES: &[Row] = &[
    key(Jump::Problems, &["problems"], "all that is not healthy"),
    key(Jump::Incidents, &["incidents"], "incidents, open and past"),
    of(System::Balancer, &["alb", "balancer", "lb", "load-balancer"], "the load balancer"),
    of(System::Database, &["database", "db", "rds"], "the database"),
    of(System::Cache, &["redis", "cache", "elasticache"], "the cache"),
    key(Jump::Logs, &["logs"], "log lines, of a service by its name"),
    of(System::Alarms, &["alarms"], "CloudWatch alarms"),
    key(Jump::Timeline, &["timeline", "events"], "what changed"),
    key(Jump::Charts, &["charts"], "charts of the selected box"),
    of(System::Nat, &["nat"], "NAT gateways"),
    of(System::Vpc, &["vpc", "network", "subnets"], "VPC, subnets, routes"),
    of(System::SecurityGroups, &["sg", "security-groups"], "security groups"),
    of(System::Dns, &["route53", "dns", "edge"], "Route 53"),
    of(System::Cdn, &["cloudfront", "cdn"], "CloudFront"),
    of(System::Buckets, &["s3", "storage", "buckets"], "S3 buckets"),
    of(System::Secrets, &["secrets"], "Secrets Manager"),
    of(System::Roles, &["iam", "security", "roles"], "IAM roles"),
    of(System::Keys, &["kms"], "KMS keys"),
    of(System::Pipeline, &["pipeline", "delivery", "codepipeline"], "CodePipeline"),
    of(System::Builds, &["build", "codebuild"], "CodeBuild"),
    of(System::Repositories, &["ecr", "images"], "ECR images"),
    of(System::Dashboards, &["dashboards"], "CloudWatch dashboards"),
    key(Jump::Zones, &["zones"], "availability zones"),
    key(Jump::Flows, &["flows"], "request and job flows"),
    key(Jump::Verify, &["verify"], "the stack against the written architecture"),
    key(Jump::Queries, &["queries", "insights"], "Logs Insights queries"),
    key(Jump::Runbooks, &["runbooks"], "runbooks, of the selected box first"),
    Row { words: &["diagram", "home"], what: "the stack view", to: To::Diagram },
];

/// A place of this stack.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The words that lead there, the usual one first.
    pub(super) words: Vec<String>,
    /// What is there.
    pub(super) doc: String,
    to: Target,
}

#[derive(Debug, Clone)]
enum Target {
    Diagram,
    Node(NodeId),
    Key(Jump),
}

/// All of this stack. A service has its name for itself: a word of the table that is one leads to the service.
pub(super) fn places(session: &Session) -> Vec<Place> {
    let stack = &session.stack;
    let is_service = |word: &str| stack.services.iter().any(|s| s.name == word);
    let mut all: Vec<Place> = stack
        .services
        .iter()
        .map(|s| Place { words: vec![s.name.clone()], doc: service_doc(&s.name, &is_service), to: Target::Node(NodeId::service(&s.name)) })
        .collect();
    for row in PLACES {
        let to = match row.to {
            To::Diagram => Target::Diagram,
            To::Box(system) if !stack.has(system) => continue,
            To::Box(system) => Target::Node(NodeId::of(system)),
            To::Key(jump) => Target::Key(jump),
        };
        let words: Vec<String> = row.words.iter().filter(|word| !is_service(word)).map(|word| (*word).to_owned()).collect();
        if !words.is_empty() {
            all.push(Place { doc: row.what.to_owned(), words, to });
        }
    }
    // The first of its kind has the system's own node.
    for system in SYSTEMS.iter().copied() {
        for (i, name) in session.resources(system).into_iter().enumerate() {
            let node = if i == 0 { NodeId::of(system) } else { NodeId::named(system, name.as_str()) };
            let doc = format!("{}, one of several", system.spec().title);
            all.push(Place { words: vec![name], doc, to: Target::Node(node) });
        }
    }
    all
}

/// A service whose name is a word of the table says what it stands before, and how that is reached.
fn service_doc(name: &str, is_service: &dyn Fn(&str) -> bool) -> String {
    let Some(row) = PLACES.iter().find(|row| row.words.contains(&name)) else { return "ECS service".to_owned() };
    match row.words.iter().find(|word| !is_service(word)) {
        Some(other) => format!("ECS service, before {} (:{other})", row.what),
        None => format!("ECS service, before {}", row.what),
    }
}

/// Where a word leads: the name of a service first; a box by its id, such as `svc/web`.
fn find(session: &Session, word: &str) -> Option<Target> {
    let named = |place: &Place| place.words.iter().any(|w| w.eq_ignore_ascii_case(word));
    let by_id = || word.parse::<NodeId>().ok().filter(|node| layout::nodes(&session.stack).contains(node));
    places(session).into_iter().find(named).map(|place| place.to).or_else(|| by_id().map(Target::Node))
}

/// Whether a line is the name of a place.
pub(super) fn is_place(session: &Session, line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().and_then(|head| find(session, head)).is_some_and(|to| words.next().is_none() || matches!(to, Target::Key(Jump::Logs)))
}

/// Goes where a line leads, or says why not; `None` where it names no place.
pub(super) fn by_line(session: &mut Session, line: &str) -> Option<Result<(), String>> {
    let mut words = line.split_whitespace();
    let head = words.next()?;
    let rest: Vec<&str> = words.collect();
    let Some(to) = find(session, head) else {
        let row = PLACES.iter().find(|row| row.words.contains(&head))?;
        return Some(Err(format!("this stack has none: {}", row.what)));
    };
    match (&to, rest.as_slice()) {
        (_, []) => Some(open(session, &to)),
        (Target::Key(Jump::Logs), [service]) => Some(logs_of(session, service)),
        // What goes on may be the name of an action.
        _ => None,
    }
}

fn open(session: &mut Session, to: &Target) -> Result<(), String> {
    match to {
        Target::Diagram => session.screens.clear(),
        Target::Node(node) => update::open_node(session, node),
        Target::Key(Jump::Charts) if session.charted().is_none() => {
            return Err("what is selected has no charts: select a service, the database, the cache or the load balancer".to_owned());
        }
        Target::Key(jump) => update::go(session, *jump),
    }
    Ok(())
}

fn logs_of(session: &mut Session, service: &str) -> Result<(), String> {
    let known: Vec<&str> = session.stack.services.iter().map(|s| s.name.as_str()).collect();
    if !known.contains(&service) {
        let meant =
            nearest(service, &known).map_or_else(|| format!("there are {}", known.join(", ")), |name| format!("did you mean {name}?"));
        return Err(format!("no service '{service}': {meant}"));
    }
    update::open_log(session, Some(service.to_owned()), Query::default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_word_leads_to_two_places_and_none_is_the_name_of_an_action() {
        let mut seen = BTreeSet::new();
        for word in PLACES.iter().flat_map(|row| row.words) {
            assert!(seen.insert(word), "{word}");
            assert!(crate::model::action::ACTIONS.iter().all(|a| a.name != *word), "{word}");
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{word}");
        }
    }

    #[test]
    fn every_box_and_every_place_of_a_key_has_a_word() {
        let has = |to: To| PLACES.iter().any(|row| row.to == to);
        for (system, _) in layout::boxes() {
            let by_key = match system {
                System::Timeline => has(To::Key(Jump::Timeline)),
                System::Logs => has(To::Key(Jump::Logs)),
                // Each has a name of its own.
                System::Service => true,
                _ => false,
            };
            assert!(by_key || has(To::Box(system)), "{system:?}");
        }
        for command in crate::input::COMMANDS {
            let crate::input::Intent::Go(jump) = command.intent else { continue };
            let by_box = matches!(jump, Jump::Alarms | Jump::Network);
            assert!(by_box || has(To::Key(jump)), "{}", command.name);
        }
    }
}
