//! Writes a configuration for a stack that was found, with a comment for each key that says why. Pure; the reading of it is `file`'s.

use std::fmt::Write as _;

use nextcore_core::model::stack::{Dependency, LogGroupSpec, Stack};

/// A key's comment.
pub type Why<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The whole text. `account` pins; of the written architecture's stack no resource is named: they are the defaults.
pub fn file(stack: &Stack, account: &str, why: Why<'_>) -> String {
    let mut out = String::from("# Written by 'nextcore-top init': what it found, and why it believes it. Read it before you rely on it.\n");
    out.push_str("# An empty or missing name means: not used. There are no secrets in this file.\n\n");
    if !account.is_empty() {
        let _ = writeln!(out, "# Credentials of any other account are only used to ask whose they are.\naccount = {}\n", quoted(account));
    }
    let _ = writeln!(out, "[stack]\nname = {}\nregion = {}", quoted(&stack.name), quoted(&stack.region));
    if is_the_seeds(stack) {
        out.push_str("# All resources have the names of the documented architecture, which are the defaults.\n");
        beside(&mut out, stack, why);
        return out;
    }
    for (key, value) in [
        ("cluster", &stack.cluster),
        ("balancer", &stack.balancer),
        ("database", &stack.database),
        ("cache", &stack.cache),
        ("log_group", &stack.log_group),
        ("zone", &stack.zone),
        ("pipeline", &stack.pipeline),
        ("alarm_prefix", &stack.alarm_prefix),
        ("dashboard_prefix", &stack.dashboard_prefix),
    ] {
        comment(&mut out, why(key));
        let _ = writeln!(out, "{key} = {}", quoted(value));
        let others: (&str, &[String]) = match key {
            "balancer" => ("other_balancers", &stack.other_balancers),
            "database" => ("other_databases", &stack.other_databases),
            "cache" => ("other_caches", &stack.other_caches),
            _ => ("", &[]),
        };
        if !others.1.is_empty() {
            list(&mut out, others.0, others.1.iter().map(|name| quoted(name)), why);
        }
        if key == "log_group" {
            beside(&mut out, stack, why);
        }
    }
    lists(&mut out, stack, why);
    out
}

/// Whether the resources are those of the written architecture; the address plan is not looked for.
fn is_the_seeds(stack: &Stack) -> bool {
    Stack { addresses: Stack::default().addresses, ..stack.clone() }.is_the_seeds()
}

/// The log groups that are followed beside the services' own.
fn beside(out: &mut String, stack: &Stack, why: Why<'_>) {
    let row = |g: &LogGroupSpec| {
        if g.of.is_empty() { quoted(&g.name) } else { format!("{{ name = {}, of = {} }}", quoted(&g.name), quoted(&g.of)) }
    };
    if !stack.log_groups.is_empty() {
        list(out, "log_groups", stack.log_groups.iter().map(row), why);
    }
}

fn lists(out: &mut String, stack: &Stack, why: Why<'_>) {
    let services = stack.services.iter().map(|s| {
        let uses = s.uses.as_ref().map_or_else(String::new, |uses| {
            let words: Vec<String> = uses.iter().map(|d| quoted(if *d == Dependency::Database { "database" } else { "cache" })).collect();
            format!(", uses = [{}]", words.join(", "))
        });
        let group = s.log_group.as_ref().map_or_else(String::new, |g| format!(", log_group = {}", quoted(g)));
        format!("{{ name = {}, role = {}{uses}{group} }}", quoted(&s.name), quoted(s.role.word()))
    });
    list(out, "services", services, why);
    macro_rules! named {
        ($key:ident) => {
            let rows = stack.$key.iter().map(|n| format!("{{ name = {}, role = {} }}", quoted(&n.name), quoted(n.role.word())));
            list(out, stringify!($key), rows, why);
        };
    }
    named!(repositories);
    named!(buckets);
    named!(roles);
    named!(keys);
    named!(secrets);
    list(out, "projects", stack.projects.iter().map(|p| quoted(p)), why);
}

fn list(out: &mut String, key: &str, rows: impl Iterator<Item = String>, why: Why<'_>) {
    comment(out, why(key));
    let rows: Vec<String> = rows.map(|row| format!("  {row},\n")).collect();
    let _ = if rows.is_empty() { writeln!(out, "{key} = []") } else { writeln!(out, "{key} = [\n{}]", rows.concat()) };
}

fn comment(out: &mut String, why: Option<String>) {
    for line in why.iter().flat_map(|w| w.lines()) {
        let _ = writeln!(out, "# {line}");
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nextcore_core::model::stack::{AddressPlan, BucketRole, Named, ServiceRole, ServiceSpec};

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        let spec = |name: &str, role| ServiceSpec { uses: Some(vec![Dependency::Cache]), ..ServiceSpec::new(name, role) };
        let stack = Stack {
            name: "shop \"eu\"".into(),
            region: "eu-west-1".into(),
            cluster: "shop".into(),
            services: vec![
                ServiceSpec { log_group: Some("/ecs/api".into()), ..ServiceSpec::new("api", ServiceRole::ControlPlane) },
                spec("beat", ServiceRole::Other("celery-beat".into())),
            ],
            buckets: vec![Named { name: "shop-docs".into(), role: BucketRole::Documents }],
            projects: vec!["shop-build".into()],
            database: "shop-db".into(),
            other_databases: vec!["shop-reports".into()],
            log_group: "/ecs/shop".into(),
            log_groups: vec![LogGroupSpec::new("/ecs/old", ""), LogGroupSpec::new("/aws/rds/instance/shop-db/postgresql", "db")],
            ..Stack::none()
        };
        let text = file(&stack, "111122223333", &|key| Some(format!("why {key}\nand more")));
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["account"].as_str(), Some("111122223333"));
        assert_eq!(table["stack"].clone().try_into::<Stack>().unwrap(), stack, "{text}");
        assert!(text.contains("# why cluster\n# and more\ncluster = \"shop\""), "{text}");
    }

    #[test]
    fn of_the_written_architecture_no_name_is_repeated() {
        let text = file(&Stack { addresses: AddressPlan::default(), ..Stack::default() }, "", &|_| None);
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["stack"].as_table().unwrap().keys().collect::<Vec<_>>(), ["name", "region"], "{text}");
    }
}
