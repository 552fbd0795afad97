//! A DB cluster with its members: Aurora, or a Multi-AZ cluster of RDS. Roles are those of the API; who is promoted first is Aurora's order.

use serde::{Deserialize, Serialize};

use super::{ClusterStatus, Engine, InstanceStatus};

/// One instance of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DbMember {
    /// Instance identifier.
    pub id: String,
    /// It takes the writes; all others are readers.
    pub writer: bool,
    /// Promotion tier: 0 is promoted first. Multi-AZ clusters of RDS have none.
    pub tier: Option<i32>,
    /// Zone name.
    pub zone: String,
    pub status: InstanceStatus,
    /// `db.r6g.large`.
    pub class: String,
}

impl DbMember {
    /// Its role in a word.
    pub fn role(&self) -> &'static str {
        if self.writer { "writer" } else { "reader" }
    }

    /// Whether it answers.
    pub fn serves(&self) -> bool {
        self.status.serving().is_serving()
    }
}

/// rds:DescribeDBClusters of the configured cluster, or of the one that the configured instance is a member of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DbCluster {
    /// Identifier.
    pub id: String,
    pub status: ClusterStatus,
    pub engine: Engine,
    /// The cluster's own class: a Multi-AZ cluster has one, Aurora has none.
    pub class: Option<String>,
    /// Endpoint of the readers.
    pub reader_endpoint: Option<String>,
    /// DB cluster parameter group.
    pub parameter_group: Option<String>,
    /// The writer first, then in the order of promotion.
    pub members: Vec<DbMember>,
}

impl DbCluster {
    /// A Multi-AZ cluster of RDS, not Aurora.
    pub fn is_multi_az(&self) -> bool {
        self.class.is_some() && !self.engine.is_aurora()
    }

    /// Whether its parameters are those that the engine comes with; a group of its own may set anything.
    pub fn has_default_parameters(&self) -> bool {
        self.parameter_group.as_deref().is_none_or(|name| name.starts_with("default."))
    }

    /// What kind of cluster it is, in a title.
    pub fn kind(&self) -> &'static str {
        if self.is_multi_az() { "Multi-AZ DB cluster" } else { "Aurora cluster" }
    }

    /// The member that takes the writes.
    pub fn writer(&self) -> Option<&DbMember> {
        self.members.iter().find(|m| m.writer)
    }

    /// The others, in the order of promotion.
    pub fn readers(&self) -> impl Iterator<Item = &DbMember> {
        self.members.iter().filter(|m| !m.writer)
    }

    /// Readers in another zone than the writer's, in the order of promotion.
    pub fn heirs(&self) -> impl Iterator<Item = &DbMember> {
        let zone = self.writer().map_or("", |w| w.zone.as_str());
        self.readers().filter(move |r| !r.zone.is_empty() && r.zone != zone)
    }

    /// Who takes over if nobody is chosen: a reader that serves, in another zone if there is one.
    pub fn heir(&self) -> Option<&DbMember> {
        let fit = |m: &&DbMember| m.serves();
        self.heirs().find(fit).or_else(|| self.readers().find(fit))
    }

    /// A reader of this name.
    pub fn reader(&self, id: &str) -> Option<&DbMember> {
        self.readers().find(|r| r.id == id)
    }

    /// Puts the members into their order.
    pub fn sort(&mut self) {
        self.members.sort_by(|a, b| (!a.writer, a.tier, &a.id).cmp(&(!b.writer, b.tier, &b.id)));
    }
}
