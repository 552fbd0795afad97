//! What names say: which part of them is the stack's own, what a variable is about, which role a service or bucket plays. Pure.

use nextcore_core::model::stack::{BucketRole, Dependency, SecretUse, ServiceRole};

/// Words that say which environment, and not which stack.
const ENVIRONMENTS: &[&str] =
    &["production", "prod", "prd", "staging", "stage", "stg", "dev", "test", "qa", "uat", "cluster", "main", "default"];

/// The stack's own word: the longest part of a name that is no environment.
pub(super) fn token(name: &str) -> &str {
    let parts = name.split(['-', '_', '.', '/']).filter(|p| !ENVIRONMENTS.contains(&p.to_ascii_lowercase().as_str()));
    parts.max_by_key(|p| p.len()).filter(|p| p.len() >= 3).unwrap_or(name)
}

/// A name as a word of the configuration.
fn word(name: &str) -> String {
    let word: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).take(24).collect();
    if word.is_empty() { "other".to_owned() } else { word }
}

/// What a service is for, by its name: the stack's word in it says nothing.
pub(super) fn service_role(name: &str, cluster: &str, fronted: bool) -> ServiceRole {
    let own = [cluster, token(cluster)].into_iter().find_map(|c| name.strip_prefix(c)).unwrap_or(name);
    let own = own.trim_matches(['-', '_']);
    let lower = own.to_ascii_lowercase();
    match lower.as_str() {
        "control-plane" => ServiceRole::ControlPlane,
        "web" => ServiceRole::Web,
        _ if !fronted && lower.split(['-', '_']).any(|p| matches!(p, "worker" | "workers")) => ServiceRole::Worker,
        _ => ServiceRole::Other(word(if own.is_empty() { name } else { own }).into()),
    }
}

/// What a variable of that name leads to.
pub(super) fn dependency(variable: &str) -> Option<Dependency> {
    const DATABASE: &[&str] = &["DATABASE", "DB", "POSTGRES", "POSTGRESQL", "PG", "PGHOST", "MYSQL", "RDS", "AURORA", "SQLALCHEMY"];
    const CACHE: &[&str] = &["REDIS", "CACHE", "VALKEY", "ELASTICACHE", "BROKER", "CELERY"];
    let upper = variable.to_ascii_uppercase();
    let has = |words: &[&str]| upper.split(['_', '-', '/', '.']).any(|p| words.contains(&p));
    if has(CACHE) {
        return Some(Dependency::Cache);
    }
    has(DATABASE).then_some(Dependency::Database)
}

pub(super) fn bucket_role(name: &str) -> BucketRole {
    let has = |words: &[&str]| name.split(['-', '_', '.']).any(|p| words.contains(&p));
    match () {
        () if has(&["document", "documents", "docs"]) => BucketRole::Documents,
        () if has(&["static", "assets", "media"]) => BucketRole::Static,
        () if has(&["report", "reports"]) => BucketRole::Reports,
        () => BucketRole::Other(word(name.rsplit(['-', '_', '.']).next().unwrap_or(name)).into()),
    }
}

pub(super) fn secret_use(name: &str) -> SecretUse {
    let short = name.rsplit('/').next().unwrap_or(name);
    match dependency(short) {
        Some(Dependency::Database) => SecretUse::Database,
        Some(Dependency::Cache) => SecretUse::Redis,
        None if short.to_ascii_lowercase().contains("django") => SecretUse::Django,
        None => SecretUse::Other(word(short).into()),
    }
}

/// What all of them begin with, up to the end of a part.
pub(super) fn common_prefix(names: &[&str]) -> String {
    let Some(first) = names.first() else { return String::new() };
    let shared = names.iter().map(|n| first.bytes().zip(n.bytes()).take_while(|(a, b)| a == b).count()).min().unwrap_or(0);
    let shared = first.get(..shared).unwrap_or_default();
    let whole = names.iter().all(|n| n.get(shared.len()..).is_none_or(|rest| rest.is_empty() || rest.starts_with(['-', '_', '/', '.'])));
    let end = if whole { Some(shared.len()) } else { shared.rfind(['-', '_', '/', '.']) };
    end.and_then(|e| shared.get(..e)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stacks_own_word_is_no_environment() {
        for (name, own) in
            [("production-nextcore", "nextcore"), ("shop", "shop"), ("dev", "dev"), ("prod_billing-api", "billing"), ("a-b", "a-b")]
        {
            assert_eq!(token(name), own);
        }
    }

    #[test]
    fn a_name_says_what_a_service_is_for() {
        for (name, fronted, role) in [
            ("control-plane", true, "control-plane"),
            ("web", true, "web"),
            ("shop-web", true, "web"),
            ("celery-worker", false, "worker"),
            ("worker-proxy", true, "worker-proxy"),
            ("celery-beat", false, "celery-beat"),
            ("shop", true, "shop"),
            ("a.service:with signs", true, "a-service-with-signs"),
        ] {
            assert_eq!(service_role(name, "shop", fronted).word(), role, "{name}");
        }
    }

    #[test]
    fn a_variable_says_what_it_leads_to() {
        for (name, to) in [
            ("DATABASE_URL", Some(Dependency::Database)),
            ("PGHOST", Some(Dependency::Database)),
            ("CELERY_BROKER_URL", Some(Dependency::Cache)),
            ("redis_url", Some(Dependency::Cache)),
            ("DJANGO_SETTINGS_MODULE", None),
            ("DBUS_ADDRESS", None),
        ] {
            assert_eq!(dependency(name), to, "{name}");
        }
    }

    #[test]
    fn a_prefix_ends_where_a_part_does() {
        for (names, prefix) in [
            (&["shop-cpu", "shop-memory"][..], "shop"),
            (&["shop-api-cpu", "shop-api-memory"], "shop-api"),
            (&["shop", "shop-api"], "shop"),
            (&["shopping", "shop-api"], ""),
            (&["a", "b"], ""),
            (&[], ""),
        ] {
            assert_eq!(common_prefix(names), prefix, "{names:?}");
        }
    }
}
