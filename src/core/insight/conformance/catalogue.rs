//! The tables of conformance: the built-in files of statements in the order of the report, the sections that expressions can read,
//! and the other names of the state document. A new file, section or name is one line here.

use crate::model::alarm::{AlarmHistory, Alarms};
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::cache::{CacheEvents, CacheNodes, CacheSubnets, ReplicationGroup};
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::Dns;
use crate::model::identity::Identity;
use crate::model::log::{LogGroup, LogTail};
use crate::model::metric::Metrics;
use crate::model::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use crate::model::profile::{DatabaseHost, DatabaseLoad};
use crate::model::scaling::{Scaling, ScalingActivities};
use crate::model::section::{Section, SectionKey};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::{Cluster, ServiceDeployments, Services, StoppedTasks, TaskDefinitions, Tasks};
use crate::model::storage::Buckets;

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

/// Every section: a variable of its key holds its data.
pub(super) const SECTIONS: &[SectionKey] = &[
    AlarmHistory::KEY,
    Alarms::KEY,
    Balancer::KEY,
    Buckets::KEY,
    Builds::KEY,
    CacheEvents::KEY,
    CacheNodes::KEY,
    CacheSubnets::KEY,
    Cdn::KEY,
    Cluster::KEY,
    Dashboards::KEY,
    Database::KEY,
    DatabaseEvents::KEY,
    DatabaseHost::KEY,
    DatabaseLoad::KEY,
    DatabaseSettings::KEY,
    Dns::KEY,
    Identity::KEY,
    Keys::KEY,
    LogGroup::KEY,
    LogTail::KEY,
    Metrics::KEY,
    NatGateways::KEY,
    Network::KEY,
    Pipeline::KEY,
    ReplicationGroup::KEY,
    Repositories::KEY,
    Roles::KEY,
    Routes::KEY,
    Routing::KEY,
    Scaling::KEY,
    ScalingActivities::KEY,
    Secrets::KEY,
    SecurityGroups::KEY,
    ServiceDeployments::KEY,
    Services::KEY,
    StoppedTasks::KEY,
    Targets::KEY,
    TaskDefinitions::KEY,
    Tasks::KEY,
    Zones::KEY,
];

/// What else of the state document is a variable; `as_of` is a timestamp.
pub(super) const TOP: &[&str] = &["stack", "as_of", "worst", "counts", "nodes", "timeline", "inventory", "usage"];

/// The section of a name.
pub(super) fn section(name: &str) -> Option<&'static str> {
    SECTIONS.iter().map(|key| key.0).find(|key| *key == name)
}
