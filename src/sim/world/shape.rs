//! Databases and caches that other stacks have, in the place of the written architecture's: other engines, an Aurora cluster, a replication
//! group without cluster mode, a cache cluster by itself. Ports stay, and with them the security groups that let them through.
//! For tests and for whoever wants to see them; the stack itself never calls it.

use super::World;
use super::names::{Az, arn};
use super::state::{CacheMode, DbCluster, DbClusterMember, DbStatus};

impl World {
    /// One instance of another engine, in one zone.
    pub fn shape_instance(&mut self, id: &str, engine: &str, version: &str) {
        let db = &mut self.rds.instance;
        (db.id, db.engine, db.engine_version) = (id.to_owned(), engine.to_owned(), version.to_owned());
        db.arn = arn("rds", format_args!("db:{id}"));
        (db.multi_az, db.secondary_az) = (false, None);
    }

    /// A cluster: its first member is the writer. A class of its own makes it a Multi-AZ cluster.
    pub fn shape_cluster(&mut self, id: &str, engine: &str, version: &str, class: Option<&str>, members: &[(&str, Az)]) {
        let Some((writer, az)) = members.first() else { return };
        self.shape_instance(writer, engine, version);
        let db = &mut self.rds.instance;
        db.az = *az;
        class.unwrap_or("db.r6g.large").clone_into(&mut db.class);
        let member = |(tier, (id, az)): (usize, &(&str, Az))| DbClusterMember {
            id: (*id).to_owned(),
            az: *az,
            tier: u32::try_from(tier).unwrap_or(15),
            status: DbStatus::Available,
        };
        self.rds.cluster = Some(DbCluster {
            id: id.to_owned(),
            status: "available",
            class: class.map(str::to_owned),
            members: members.iter().enumerate().map(member).collect(),
            failover: None,
        });
    }

    /// A cache of another engine. Without cluster mode its nodes are those of the first node group; a cluster by itself has so many nodes.
    pub fn shape_cache(&mut self, id: &str, engine: &str, version: &str, mode: CacheMode, nodes: usize) {
        let redis = &mut self.redis;
        if mode != CacheMode::Cluster {
            redis.group.node_groups.truncate(1);
            redis.nodes.truncate(nodes);
        }
        for (i, node) in redis.nodes.iter_mut().enumerate() {
            if mode != CacheMode::Cluster {
                "0001".clone_into(&mut node.node_group);
                node.primary = i == 0 || mode == CacheMode::Alone;
            }
            node.id = match mode {
                CacheMode::Cluster => format!("{id}-{}-{:03}", node.node_group, i % 2 + 1),
                CacheMode::Plain => format!("{id}-{:03}", i + 1),
                CacheMode::Alone => id.to_owned(),
            };
            node.endpoint = format!("{}.x9t2bq.apse2.cache.amazonaws.com", node.id);
        }
        let group = &mut redis.group;
        group.arn = arn("elasticache", format_args!("replicationgroup:{id}"));
        (group.id, group.engine, group.engine_version, group.mode) = (id.to_owned(), engine.to_owned(), version.to_owned(), mode);
    }
}
