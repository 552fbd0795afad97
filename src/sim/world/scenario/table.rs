//! The scenarios by name, one row each, and the text form `NAME[:ARG]` in both directions.
//! Read by the admin door and by whoever lets a person choose.

use std::fmt;

use super::super::names::{Az, CONTROL, REDIS, REGION, WEB, WORKER};
use super::{ClosedPath, Scenario};

const ZONES: &[&str] = &["a", "b", "c"];
const SERVICES: &[&str] = &[CONTROL, WEB, WORKER];
const NODES: &[&str] = &["0001-001", "0001-002", "0002-001", "0002-002"];

/// What a scenario asks for after the colon. Without it the default is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// What it is: `zone`, `service`, `node`, `path`.
    pub kind: &'static str,
    /// What it may be.
    pub choices: &'static [&'static str],
    /// What it is when nothing is said.
    pub default: &'static str,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct ScenarioRow {
    /// The name, in kebab-case.
    pub name: &'static str,
    /// What it asks for, if anything.
    pub argument: Option<Argument>,
    /// What happens, in one line.
    pub summary: &'static str,
    /// Whether somebody who watches the stack can notice it and do something about it.
    pub playable: bool,
    make: fn(&str) -> Option<Scenario>,
}

const ZONE: Argument = Argument { kind: "zone", choices: ZONES, default: "a" };

const fn service(default: &'static str) -> Argument {
    Argument { kind: "service", choices: SERVICES, default }
}

const fn row(name: &'static str, argument: Option<Argument>, summary: &'static str, make: fn(&str) -> Option<Scenario>) -> ScenarioRow {
    ScenarioRow { name, argument, summary, playable: true, make }
}

/// A row of which the stack itself knows nothing: AWS's API is at fault, or the caller is.
const fn apart(name: &'static str, summary: &'static str, make: fn(&str) -> Option<Scenario>) -> ScenarioRow {
    ScenarioRow { playable: false, ..row(name, None, summary, make) }
}

/// Every scenario that has a name.
pub const SCENARIOS: &[ScenarioRow] = &[
    row("az", Some(ZONE), "An availability zone loses power and network for 30 minutes", |a| {
        Some(Scenario::AzFailure { az: Az::parse(a)? })
    }),
    row("rds-primary", None, "The host of the database's primary dies", |_| Some(Scenario::RdsPrimaryFailure)),
    row(
        "redis-node",
        Some(Argument { kind: "node", choices: NODES, default: "0001-001" }),
        "A node of the cache dies; a primary's replica takes over",
        |a| Some(Scenario::RedisNodeFailure { node: node(a)? }),
    ),
    row("nat", Some(ZONE), "The NAT gateway of a zone passes nothing for 20 minutes and says it is available", |a| {
        Some(Scenario::NatFailure { az: Az::parse(a)? })
    }),
    row("task", Some(service(WEB)), "One task of a service exits", |a| Some(Scenario::TaskFailure { service: known(a)? })),
    row("bad-deploy", Some(service(CONTROL)), "A revision that exits at start is deployed: breaker, rollback", |a| {
        Some(Scenario::BadDeploy { service: known(a)? })
    }),
    row("crash-loop", Some(service(WEB)), "Every task of a service exits a minute or two after it serves, with no deployment", |a| {
        Some(Scenario::CrashLoop { service: known(a)? })
    }),
    row("oom", Some(service(WORKER)), "The tasks of a service leak memory until they are killed", |a| {
        Some(Scenario::OutOfMemory { service: known(a)? })
    }),
    row("db-cpu", None, "A statement without an index takes all of the database's CPU", |_| Some(Scenario::DbCpu)),
    row("db-connections", None, "The API does not give its connections back until the database takes no more", |_| {
        Some(Scenario::DbConnections)
    }),
    row("storage-filling", None, "The database's volume fills up within a quarter of an hour and stops it", |_| {
        Some(Scenario::StorageFilling)
    }),
    row("redis-memory", None, "The cache's memory fills up: evictions, then refused writes", |_| Some(Scenario::RedisMemory)),
    row("traffic-spike", None, "More visitors than the portal's maximum capacity can serve", |_| Some(Scenario::TrafficSpike)),
    row("worker-backlog", None, "Jobs come in faster than all the workers can finish them", |_| Some(Scenario::WorkerBacklog)),
    apart("expired-credentials", "The caller's credentials have expired: every call is refused", |_| Some(Scenario::ExpiredCredentials)),
    apart("throttling", "Most API calls are refused for 15 minutes: somebody else calls too often", |_| Some(Scenario::Throttling)),
    apart("cloudwatch-late", "CloudWatch shows every datapoint ten minutes late", |_| Some(Scenario::CloudWatchLate)),
    row(
        "sg-closed",
        Some(Argument { kind: "path", choices: ClosedPath::NAMES, default: "ecs" }),
        "A rule of a security group is taken away by mistake",
        |a| Some(Scenario::GroupClosed { path: ClosedPath::parse(a)? }),
    ),
    row(
        "image-pull",
        Some(service(CONTROL)),
        "The image that a service runs is gone from its repository, and a task has to be replaced",
        |a| Some(Scenario::ImagePull { service: known(a)? }),
    ),
];

fn known(service: &str) -> Option<String> {
    SERVICES.contains(&service).then(|| service.to_owned())
}

/// A node by its short name or by its id.
fn node(name: &str) -> Option<String> {
    let short = name.strip_prefix(REDIS).and_then(|rest| rest.strip_prefix('-')).unwrap_or(name);
    NODES.contains(&short).then(|| format!("{REDIS}-{short}"))
}

/// Why a text names no scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScenarioError {
    /// There is none of this name.
    Unknown {
        /// The name that was given.
        name: String,
        /// The nearest one that there is.
        nearest: &'static str,
    },
    /// It does not know this argument.
    Argument {
        /// The scenario.
        name: &'static str,
        /// The argument that was given.
        given: String,
        /// What it would take; `None` when it takes nothing.
        argument: Option<Argument>,
    },
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, nearest } => {
                let all: Vec<&str> = SCENARIOS.iter().map(|row| row.name).collect();
                write!(f, "there is no scenario \"{name}\"; the nearest is \"{nearest}\". All: {}", all.join(", "))
            }
            Self::Argument { name, given, argument: Some(argument) } => {
                let (kind, choices) = (argument.kind, argument.choices);
                let near = nearest(given, choices.iter().copied()).unwrap_or(argument.default);
                write!(f, "scenario \"{name}\" knows no {kind} \"{given}\"; the nearest is \"{near}\". All: {}", choices.join(", "))
            }
            Self::Argument { name, given, argument: None } => {
                write!(f, "scenario \"{name}\" takes no argument, and \"{given}\" was given")
            }
        }
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// The scenario that a text names: `az:b`, `nat`, `rds-primary`.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let text = text.trim();
        let (name, given) = text.split_once(':').map_or((text, None), |(name, given)| (name.trim(), Some(given.trim())));
        let Some(row) = SCENARIOS.iter().find(|row| row.name == name) else {
            let nearest = nearest(name, SCENARIOS.iter().map(|row| row.name)).unwrap_or("az");
            return Err(ScenarioError::Unknown { name: name.to_owned(), nearest });
        };
        let wrong = |given: &str| ScenarioError::Argument { name: row.name, given: given.to_owned(), argument: row.argument };
        match (row.argument, given) {
            (None, Some(given)) => Err(wrong(given)),
            (argument, given) => {
                let given = given.or(argument.map(|argument| argument.default)).unwrap_or_default();
                (row.make)(given).ok_or_else(|| wrong(given))
            }
        }
    }

    /// The name in the table.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AzFailure { .. } => "az",
            Self::RdsPrimaryFailure => "rds-primary",
            Self::RedisNodeFailure { .. } => "redis-node",
            Self::NatFailure { .. } => "nat",
            Self::TaskFailure { .. } => "task",
            Self::BadDeploy { .. } => "bad-deploy",
            Self::CrashLoop { .. } => "crash-loop",
            Self::OutOfMemory { .. } => "oom",
            Self::DbCpu => "db-cpu",
            Self::DbConnections => "db-connections",
            Self::StorageFilling => "storage-filling",
            Self::RedisMemory => "redis-memory",
            Self::TrafficSpike => "traffic-spike",
            Self::WorkerBacklog => "worker-backlog",
            Self::ExpiredCredentials => "expired-credentials",
            Self::Throttling => "throttling",
            Self::CloudWatchLate => "cloudwatch-late",
            Self::GroupClosed { .. } => "sg-closed",
            Self::ImagePull { .. } => "image-pull",
        }
    }

    fn argument(&self) -> Option<&str> {
        match self {
            Self::AzFailure { az } | Self::NatFailure { az } => az.name().strip_prefix(REGION),
            Self::RedisNodeFailure { node } => Some(node.strip_prefix(REDIS).and_then(|rest| rest.strip_prefix('-')).unwrap_or(node)),
            Self::TaskFailure { service }
            | Self::BadDeploy { service }
            | Self::CrashLoop { service }
            | Self::OutOfMemory { service }
            | Self::ImagePull { service } => Some(service),
            Self::GroupClosed { path } => Some(path.name()),
            _ => None,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.argument().map_or(Ok(()), |argument| write!(f, ":{argument}"))
    }
}

impl std::str::FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Scenario, ScenarioError> {
        Scenario::parse(text)
    }
}

/// The candidate that the text begins, or else the one that takes the fewest changes of a letter to reach.
fn nearest<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates.min_by_key(|candidate| (given.is_empty() || !candidate.starts_with(given), distance(given, candidate)))
}

/// Letters to change, add or drop between two words; what is longer than any name is as far as can be.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut before = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (above, left) = (row.get(j + 1).copied().unwrap_or(0), row.get(j).copied().unwrap_or(0));
            let best = (before + usize::from(x != *y)).min(above + 1).min(left + 1);
            before = above;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = best;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}
