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

/// A name without the words of the stack and of its environment at its beginning.
fn own_part(name: &str, cluster: &str) -> String {
    let of_stack: Vec<String> = cluster.split(['-', '_', '.']).map(str::to_ascii_lowercase).filter(|w| !w.is_empty()).collect();
    let mut rest = name.strip_prefix(cluster).filter(|rest| !rest.is_empty()).unwrap_or(name).trim_matches(['-', '_', '.']);
    while let Some((first, after)) = rest.split_once(['-', '_', '.']) {
        let word = first.to_ascii_lowercase();
        if !of_stack.contains(&word) && !ENVIRONMENTS.contains(&word.as_str()) {
            break;
        }
        rest = after;
    }
    rest.to_owned()
}

/// What a service is for, by its name: the stack's word in it says nothing.
pub(super) fn service_role(name: &str, cluster: &str, fronted: bool) -> ServiceRole {
    let own = own_part(name, cluster);
    let own = own.as_str();
    let lower = own.to_ascii_lowercase();
    match lower.replace('_', "-").as_str() {
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

/// What a bucket is for: the stack's word in its name says nothing.
pub(super) fn bucket_role(name: &str, cluster: &str) -> BucketRole {
    let own = own_part(name, cluster);
    let has = |words: &[&str]| own.split(['-', '_', '.']).any(|p| words.contains(&p));
    match () {
        () if has(&["static", "assets", "media"]) => BucketRole::Static,
        () if has(&["document", "documents", "docs"]) => BucketRole::Documents,
        () if has(&["report", "reports"]) => BucketRole::Reports,
        () => BucketRole::Other(word(own.rsplit(['-', '_', '.']).next().unwrap_or(name)).into()),
    }
}

/// The engines that a variable names, of those that a database may have: `MYSQL_HOST` is not of PostgreSQL.
pub(super) fn is_of_engine(variable: &str, engine: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    let has = |words: &[&str]| upper.split(['_', '-', '/', '.']).any(|p| words.contains(&p));
    let (mysql, postgres) = (has(&["MYSQL", "MARIADB"]), has(&["POSTGRES", "POSTGRESQL", "PG", "PGHOST"]));
    match (mysql, postgres) {
        (true, false) => engine.contains("mysql") || engine.contains("mariadb"),
        (false, true) => engine.contains("postgres"),
        _ => true,
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

/// The first of some names, and how many more.
pub(super) fn some(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
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
            ("prod_shop_web", true, "web"),
            ("shop-prod-control_plane", true, "control-plane"),
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
    fn a_bucket_is_for_what_its_own_words_say() {
        for (name, role) in
            [("docs-site-static", "static"), ("docs-uploads", "uploads"), ("docs-prod-reports", "reports"), ("acme-documents", "documents")]
        {
            assert_eq!(bucket_role(name, "docs").word(), role, "{name}");
        }
    }

    #[test]
    fn a_variable_that_names_an_engine_is_of_no_other() {
        for (name, engine, is) in [
            ("MYSQL_HOST", "aurora-postgresql", false),
            ("MYSQL_HOST", "mariadb", true),
            ("PGHOST", "postgres", true),
            ("DATABASE_URL", "mysql", true),
        ] {
            assert_eq!(is_of_engine(name, engine), is, "{name} {engine}");
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
