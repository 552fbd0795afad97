//! Every kind of section by its key: how a section finds its type again when it comes out of a document instead of from AWS.
//! A new section is a row here. Read by `report::read`, and by whoever wants to know something of every section (`each`).

use std::sync::Arc;

use serde_json::Value;

use super::alarm::{AlarmHistory, Alarms};
use super::balancer::{Balancer, Routing, Targets};
use super::cache::{CacheEvents, CacheNodes, CacheSubnets, ReplicationGroup};
use super::cdn::Cdn;
use super::dashboard::Dashboards;
use super::database::{Database, DatabaseEvents, DatabaseSettings};
use super::delivery::{Builds, Pipeline, Repositories};
use super::dns::Dns;
use super::identity::Identity;
use super::log::{LogGroup, LogTail};
use super::metric::Metrics;
use super::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use super::profile::{DatabaseHost, DatabaseLoad};
use super::scaling::{Scaling, ScalingActivities};
use super::section::{AnySection, Section, SectionKey};
use super::security::{Keys, Roles, Secrets};
use super::service::{Cluster, ServiceDeployments, Services, StoppedTasks, TaskDefinitions, Tasks};
use super::storage::Buckets;
use super::system::System;

type Read = fn(Value) -> Result<Arc<dyn AnySection>, serde_json::Error>;

/// One kind of section.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its key in the store and in documents.
    pub key: SectionKey,
    /// Which system it tells of.
    pub of: Option<System>,
    /// Makes a section of what `AnySection::to_json` made of it.
    pub read: Read,
}

impl Kind {
    /// The kind that a document calls so.
    pub fn named(key: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.key.0 == key)
    }
}

const fn of<T: Section>() -> Kind {
    Kind { key: T::KEY, of: T::OF, read: read::<T> }
}

fn read<T: Section>(value: Value) -> Result<Arc<dyn AnySection>, serde_json::Error> {
    Ok(Arc::new(serde_json::from_value::<T>(value)?))
}

macro_rules! kinds {
    ($($section:ty,)+) => {
        $(impl Known for $section {})+

        pub const KINDS: &[Kind] = &[$(of::<$section>()),+];

        /// Shows every section of the table, in its order.
        pub(crate) fn each(visit: &mut impl Visit) {
            $(visit.section::<$section>();)+
        }
    };
}

/// Who wants to know something of each section's type.
pub(crate) trait Visit {
    fn section<T: Section>(&mut self);
}

/// A section of the table: no source yields another, so that none is missing in documents and statements.
pub trait Known: Section {}

kinds! {
    AlarmHistory,
    Alarms,
    Balancer,
    Buckets,
    Builds,
    CacheEvents,
    CacheNodes,
    CacheSubnets,
    Cdn,
    Cluster,
    Dashboards,
    Database,
    DatabaseEvents,
    DatabaseHost,
    DatabaseLoad,
    DatabaseSettings,
    Dns,
    Identity,
    Keys,
    LogGroup,
    LogTail,
    Metrics,
    NatGateways,
    Network,
    Pipeline,
    ReplicationGroup,
    Repositories,
    Roles,
    Routes,
    Routing,
    Scaling,
    ScalingActivities,
    Secrets,
    SecurityGroups,
    ServiceDeployments,
    Services,
    StoppedTasks,
    Targets,
    TaskDefinitions,
    Tasks,
    Zones,
}
