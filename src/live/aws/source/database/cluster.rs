//! A DB cluster with its members: who writes, who reads, where. The section is that of the writer, with what only the cluster knows.
//! Called by the source of the database.

use aws_sdk_rds::types as sdk;

use super::{INSTANCES, instance, ours, port, sent, text, text_opt, time};
use crate::aws::error::{if_found, problem_of};
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use crate::aws::source::Context;
use nextcore_core::model::database::{Database, DbCluster, DbMember};
use nextcore_core::model::section::{Problem, ProblemKind};

pub(super) const CLUSTERS: Op = Op::read("RDS", "DescribeDBClusters", "rds:DescribeDBClusters").on(Scope::Databases);

/// The cluster of this name, if there is one.
pub(super) async fn poll(cx: &Context, id: &str) -> Result<Option<Database>, Problem> {
    let request = cx.clients.rds.describe_db_clusters().db_cluster_identifier(id);
    let Some(out) = if_found(request.send().await.map_err(|e| problem_of(CLUSTERS, &e)))? else { return Ok(None) };
    let all = sent(CLUSTERS, "DB clusters", out.db_clusters)?;
    let Some(found) = all.into_iter().find(|c| c.db_cluster_identifier() == Some(id)) else { return Ok(None) };
    sent(CLUSTERS, "status", found.status())?;
    // A member that is silent about it would be taken for a reader, and the cluster for one without a writer.
    found.db_cluster_members().iter().try_for_each(|m| sent(CLUSTERS, "writer among the members", m.is_cluster_writer()).map(drop))?;
    // Aurora's first serverless kind has no instances: there is nothing that could be shown of it.
    if found.engine_mode() == Some("serverless") {
        return Err(Problem {
            kind: ProblemKind::Service,
            headline: format!("{}: '{id}' is Aurora Serverless v1: not supported", CLUSTERS.label()),
            hint: "stack.database takes a DB instance or a DB cluster with instances".to_owned(),
            permission: None,
        });
    }
    let filter = sdk::Filter::builder().name("db-cluster-id").values(id).build();
    let request = cx.clients.rds.describe_db_instances().filters(filter);
    let instances = page::all(INSTANCES, |token| request.clone().set_marker(token).send(), |out| (out.db_instances, out.marker)).await?;
    ours(cx, CLUSTERS, joined(&found, &instances)).map(Some)
}

/// The writer's section with its cluster.
fn joined(found: &sdk::DbCluster, instances: &[sdk::DbInstance]) -> Database {
    let cluster = cluster(found, instances);
    let writer = cluster.writer().or(cluster.members.first());
    let of_writer = instances.iter().find(|i| writer.is_some_and(|w| i.db_instance_identifier() == Some(&w.id)));
    let own = of_writer.map(instance).unwrap_or_default();
    let heir = cluster.heirs().next().map(|m| m.zone.clone());
    Database {
        id: writer.map_or_else(|| cluster.id.clone(), |w| w.id.clone()),
        engine: cluster.engine.clone(),
        version: text_opt(found.engine_version()).unwrap_or(own.version),
        multi_az: Some(heir.is_some()),
        secondary_zone: heir,
        replica_of: text_opt(found.replication_source_identifier()),
        latest_restorable: time(found.latest_restorable_time()).or(own.latest_restorable),
        encrypted: found.storage_encrypted().or(own.encrypted),
        kms_key: text_opt(found.kms_key_id()).or(own.kms_key),
        backup_retention: found.backup_retention_period().or(own.backup_retention),
        storage_type: text_opt(found.storage_type()).unwrap_or(own.storage_type),
        endpoint: text_opt(found.endpoint()).or(own.endpoint),
        port: port(found.port()).or(own.port),
        security_groups: match found.vpc_security_groups() {
            [] => own.security_groups,
            groups => groups.iter().map(|g| text(g.vpc_security_group_id())).collect(),
        },
        cluster: Some(cluster),
        ..own
    }
}

fn cluster(found: &sdk::DbCluster, instances: &[sdk::DbInstance]) -> DbCluster {
    let mut cluster = DbCluster {
        id: text(found.db_cluster_identifier()),
        status: text(found.status()).into(),
        engine: text(found.engine()).into(),
        class: text_opt(found.db_cluster_instance_class()),
        reader_endpoint: text_opt(found.reader_endpoint()),
        parameter_group: text_opt(found.db_cluster_parameter_group()),
        members: found.db_cluster_members().iter().map(|m| member(m, instances)).collect(),
    };
    cluster.sort();
    cluster
}

/// A member, with what its instance says; an instance that was not listed is a member of which nothing more is known.
fn member(found: &sdk::DbClusterMember, instances: &[sdk::DbInstance]) -> DbMember {
    let of = instances.iter().find(|i| i.db_instance_identifier() == found.db_instance_identifier());
    DbMember {
        id: text(found.db_instance_identifier()),
        writer: found.is_cluster_writer().unwrap_or_default(),
        tier: found.promotion_tier(),
        zone: text(of.and_then(|i| i.availability_zone())),
        status: text(of.and_then(|i| i.db_instance_status())).into(),
        class: text(of.and_then(|i| i.db_instance_class())),
    }
}
