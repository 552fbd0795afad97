//! The table of conformance: the built-in files of statements in the order of the report. A new file is one line here; the names that
//! expressions can read are `expression::roots`.

use super::file::Text;

/// A file that a user can start from: it is commented, and it works.
pub const EXAMPLE: &str = include_str!("statements/example.toml");

/// (name, text) of the built-in files.
pub(super) const BUILTIN: &[Text<'static>] = &[
    Text { file: "names.toml", text: include_str!("statements/names.toml") },
    Text { file: "region.toml", text: include_str!("statements/region.toml") },
    Text { file: "dns.toml", text: include_str!("statements/dns.toml") },
    Text { file: "cdn.toml", text: include_str!("statements/cdn.toml") },
    Text { file: "network.toml", text: include_str!("statements/network.toml") },
    Text { file: "security_groups.toml", text: include_str!("statements/security_groups.toml") },
    Text { file: "balancer.toml", text: include_str!("statements/balancer.toml") },
    Text { file: "services.toml", text: include_str!("statements/services.toml") },
    Text { file: "cache.toml", text: include_str!("statements/cache.toml") },
    Text { file: "database.toml", text: include_str!("statements/database.toml") },
    Text { file: "buckets.toml", text: include_str!("statements/buckets.toml") },
    Text { file: "security.toml", text: include_str!("statements/security.toml") },
    Text { file: "delivery.toml", text: include_str!("statements/delivery.toml") },
    Text { file: "monitoring.toml", text: include_str!("statements/monitoring.toml") },
    Text { file: "claims.toml", text: include_str!("statements/claims.toml") },
];
