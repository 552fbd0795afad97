//! The rules of the program: one file each in `rules/`. Their order is that of their claims: where two explain the same, the first keeps it.

use super::rule::{BadRule, Rules};

macro_rules! rules {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("rules/", $name, ".toml")))),+]
    };
}

/// Name and text.
const RULES: &[(&str, &str)] = rules![
    "expired-credentials",
    "api-throttling",
    "cloudwatch-late",
    "az-failure",
    "rds-failover",
    "storage-filling",
    "database-connections",
    "database-cpu",
    "redis-node",
    "redis-memory",
    "security-group",
    "nat-gateway",
    "image-pull",
    "bad-deployment",
    "out-of-memory",
    "crash-loop",
    "task-failure",
    "traffic-spike",
    "worker-backlog",
    "unexplained",
];

/// The rules that the program comes with.
pub fn built_in() -> Result<Rules, BadRule> {
    Rules::read(RULES.iter().copied())
}
