//! The rules of the program: one file each in `rules/`. Their order is that of their claims: where two explain the same, the first keeps it.

use super::rule::{BadRule, Rules, UNEXPLAINED};

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
    "task-start",
    "task-failure",
    "traffic-spike",
    "worker-backlog",
    "unexplained",
];

/// The rules that the program comes with.
pub fn built_in() -> Result<Rules, BadRule> {
    with_own(&[])
}

/// The same with a team's own, each by its file's name and its text: one with the id of a built-in rule takes its place, the others come
/// before what nothing else explains.
pub fn with_own(own: &[(String, String)]) -> Result<Rules, BadRule> {
    let id = |file: &str| file.strip_suffix(".toml").unwrap_or(file).to_owned();
    let replaced = |name: &str| own.iter().find(|(file, _)| id(file) == name);
    let is_new = |(file, _): &&(String, String)| RULES.iter().all(|(name, _)| *name != id(file));
    let mut files: Vec<(&str, &str)> = Vec::new();
    for (name, text) in RULES {
        if *name == UNEXPLAINED {
            files.extend(own.iter().filter(is_new).map(|(file, text)| (file.as_str(), text.as_str())));
        }
        files.push(replaced(name).map_or((*name, *text), |(file, text)| (file.as_str(), text.as_str())));
    }
    let rules = Rules::read(files)?;
    // By its file's name it takes another one's place: what it calls itself must not be something else.
    match own.iter().find(|(file, _)| rules.get(&id(file)).is_none()) {
        Some((file, _)) => {
            Err(BadRule { file: file.clone(), line: 1, message: format!("id: it must be `{}`, as the file is called", id(file)) })
        }
        None => Ok(rules),
    }
}
