//! RDS: the instance, or the cluster with its members (15 s, 5 s while it is not simply available), and what changes rarely: parameters,
//! maintenance, backups (5 min).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::operation::describe_db_instance_automated_backups::DescribeDbInstanceAutomatedBackupsOutput;
use aws_sdk_rds::types as sdk;

mod cluster;

use super::{Context, FAST, MEDIUM, Part, SLOW, spare};
use crate::aws::convert::{port, text, text_opt, time};
use crate::aws::error::{if_found, problem_of};
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::database::{ClusterStatus, Database, DatabaseSettings, DbCluster, InstanceStatus};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const INSTANCES: Op = Op::read("RDS", "DescribeDBInstances", "rds:DescribeDBInstances").on(Scope::Databases);
const PARAMETERS: Op = Op::read("RDS", "DescribeDBParameters", "rds:DescribeDBParameters").on(Scope::Parameters);
const MAINTENANCE: Op = Op::read("RDS", "DescribePendingMaintenanceActions", "rds:DescribePendingMaintenanceActions").on(Scope::Any);
const BACKUPS: Op = Op::read("RDS", "DescribeDBInstanceAutomatedBackups", "rds:DescribeDBInstanceAutomatedBackups").on(Scope::Any);

pub(super) struct InstanceSource;

impl super::Source for InstanceSource {
    type Out = Database;
    const READS: &'static [Op] = &[INSTANCES, cluster::CLUSTERS];

    fn every(store: &Store) -> Duration {
        let calm = |d: &Database| {
            let cluster = d.cluster.as_ref();
            let members = cluster.is_none_or(|c| c.members.iter().all(|m| m.status == InstanceStatus::Available));
            d.status == InstanceStatus::Available && members && cluster.is_none_or(|c| c.status == ClusterStatus::Available)
        };
        if store.get::<Database>().is_some_and(|d| !calm(d)) { FAST } else { MEDIUM }
    }

    async fn poll(cx: Arc<Context>) -> Result<Database, Problem> {
        let name = &cx.stack.database;
        let about = |c: &DbCluster| c.id == *name || c.members.iter().any(|m| m.id == *name);
        // What was a cluster a moment ago is asked for as one.
        if let Some(known) = cx.store.get::<Database>().and_then(|d| d.cluster.as_ref()).filter(|c| about(c))
            && let Some(found) = cluster::poll(&cx, &known.id).await?.filter(|d| d.cluster.as_ref().is_some_and(about))
        {
            return Ok(found);
        }
        let Some(db) = one(&cx).await? else {
            return cluster::poll(&cx, name).await?.ok_or_else(|| missing(&cx));
        };
        sent(INSTANCES, "status", db.db_instance_status())?;
        let Some(id) = db.db_cluster_identifier().filter(|id| !id.is_empty()) else { return ours(&cx, INSTANCES, instance(&db)) };
        let gone = || Problem {
            headline: format!("{}: no DB cluster '{id}', of which it is a member", cluster::CLUSTERS.label()),
            ..missing(&cx)
        };
        cluster::poll(&cx, id).await?.ok_or_else(gone)
    }
}

/// The configured instance, if there is one.
async fn one(cx: &Context) -> Result<Option<sdk::DbInstance>, Problem> {
    let request = cx.clients.rds.describe_db_instances().db_instance_identifier(&cx.stack.database);
    let Some(out) = if_found(request.send().await.map_err(|e| problem_of(INSTANCES, &e)))? else { return Ok(None) };
    let all = sent(INSTANCES, "DB instances", out.db_instances)?;
    Ok(all.into_iter().find(|d| d.db_instance_identifier() == Some(&cx.stack.database)))
}

/// Neither an instance nor a cluster has the name.
fn missing(cx: &Context) -> Problem {
    Problem {
        kind: ProblemKind::NotFound,
        headline: format!("{}: no DB instance and no DB cluster '{}'", INSTANCES.label(), cx.stack.database),
        hint: "check stack.database in the configuration".to_owned(),
        permission: None,
    }
}

/// DocumentDB and Neptune answer by the same API: they are not what is watched here.
fn ours(cx: &Context, op: Op, db: Database) -> Result<Database, Problem> {
    if db.engine.is_ours() {
        return Ok(db);
    }
    Err(Problem {
        kind: ProblemKind::Service,
        headline: format!("{}: '{}' is {}: not supported", op.label(), cx.stack.database, db.engine.title()),
        hint: "stack.database takes a DB instance or DB cluster of RDS or Aurora".to_owned(),
        permission: None,
    })
}

fn instance(db: &sdk::DbInstance) -> Database {
    let subnets = db.db_subnet_group().map(aws_sdk_rds::types::DbSubnetGroup::subnets).unwrap_or_default();
    Database {
        id: text(db.db_instance_identifier()),
        status: text(db.db_instance_status()).into(),
        engine: text(db.engine()).into(),
        version: text(db.engine_version()),
        class: text(db.db_instance_class()),
        multi_az: db.multi_az(),
        zone: text(db.availability_zone()),
        secondary_zone: text_opt(db.secondary_availability_zone()),
        cluster: None,
        replica_of: text_opt(db.read_replica_source_db_instance_identifier())
            .or_else(|| text_opt(db.read_replica_source_db_cluster_identifier())),
        replication_trouble: db.status_infos().iter().filter(|i| i.normal() == Some(false)).map(replication).collect(),
        latest_restorable: time(db.latest_restorable_time()),
        allocated_gib: db.allocated_storage(),
        storage_type: text(db.storage_type()),
        encrypted: db.storage_encrypted(),
        encryption_type: text(db.storage_encryption_type().map(sdk::StorageEncryptionType::as_str)),
        kms_key: text_opt(db.kms_key_id()),
        backup_retention: db.backup_retention_period(),
        public: db.publicly_accessible(),
        monitoring_interval: db.monitoring_interval(),
        monitoring_role: text_opt(db.monitoring_role_arn()),
        performance_insights: db.performance_insights_enabled(),
        insights_mode: text(db.database_insights_mode().map(sdk::DatabaseInsightsMode::as_str)).into(),
        backup_replications: db
            .db_instance_automated_backups_replications()
            .iter()
            .map(|r| text(r.db_instance_automated_backups_arn()))
            .collect(),
        certificate_until: time(db.certificate_details().and_then(|c| c.valid_till())),
        resource_id: text_opt(db.dbi_resource_id()),
        endpoint: text_opt(db.endpoint().and_then(|e| e.address())),
        port: port(db.endpoint().and_then(sdk::Endpoint::port)),
        pending: db.pending_modified_values().map(pending).unwrap_or_default(),
        parameter_group: db.db_parameter_groups().first().and_then(|g| text_opt(g.db_parameter_group_name())),
        security_groups: db.vpc_security_groups().iter().map(|g| text(g.vpc_security_group_id())).collect(),
        subnets: subnets.iter().map(|s| (text(s.subnet_identifier()), text(s.subnet_availability_zone().and_then(|z| z.name())))).collect(),
    }
}

/// `read replication stopped: ...`
fn replication(info: &sdk::DbInstanceStatusInfo) -> String {
    let what = [text(info.status_type()), text(info.status())].join(" ");
    text_opt(info.message()).map_or_else(|| what.trim().to_owned(), |message| format!("{}: {message}", what.trim()))
}

fn pending(p: &sdk::PendingModifiedValues) -> Vec<String> {
    let mut words = Vec::new();
    let mut add = |name: &str, value: Option<String>| words.extend(value.map(|v| format!("{name} {v}")));
    add("class", text_opt(p.db_instance_class()));
    add("engine version", text_opt(p.engine_version()));
    add("storage", p.allocated_storage().map(|g| format!("{g} GiB")));
    add("storage type", text_opt(p.storage_type()));
    add("multi-az", p.multi_az().map(|m| m.to_string()));
    add("backup retention", p.backup_retention_period().map(|d| format!("{d} days")));
    add("identifier", text_opt(p.db_instance_identifier()));
    add("port", p.port().map(|p| p.to_string()));
    words
}

pub(super) struct SettingsSource;

impl super::Source for SettingsSource {
    type Out = DatabaseSettings;
    const READS: &'static [Op] = &[PARAMETERS, MAINTENANCE, BACKUPS];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<DatabaseSettings, Problem> {
        let database = cx.needs::<Database>()?;
        let mut parameters = match &database.parameter_group {
            Some(group) => {
                let found = parameters(&cx, group, &["max_connections", "rds.allowed_extensions"]).await;
                cx.part(Part::judged("parameters", "", "max_connections"), found)?.unwrap_or_default()
            }
            None => BTreeMap::new(),
        };
        let maintenance = cx.clients.rds.describe_pending_maintenance_actions().send().await.map_err(|e| problem_of(MAINTENANCE, &e));
        let maintenance = cx.part(Part::shown("pending maintenance", "", "maintenance"), maintenance)?;
        let mut suffixes = vec![format!(":db:{}", database.id)];
        suffixes.extend(database.cluster.as_ref().map(|c| format!(":cluster:{}", c.id)));
        let is_ours = |arn: &str| suffixes.iter().any(|suffix| arn.ends_with(suffix));
        let ours =
            maintenance.iter().flat_map(aws_sdk_rds::operation::describe_pending_maintenance_actions::DescribePendingMaintenanceActionsOutput::pending_maintenance_actions).filter(|a| a.resource_identifier().is_some_and(is_ours));
        let backups = cx.clients.rds.describe_db_instance_automated_backups().db_instance_identifier(&database.id);
        let backups = spare(backups.send().await.map_err(|e| problem_of(BACKUPS, &e)));
        let backups = cx.part(Part::shown("automated backups", "", "earliest_restorable"), backups)?.flatten();
        Ok(DatabaseSettings {
            // RDS usually writes a formula over the instance's memory.
            max_connections: parameters.get("max_connections").and_then(|v| v.parse().ok()),
            allowed_extensions: parameters.remove("rds.allowed_extensions"),
            maintenance: ours
                .flat_map(aws_sdk_rds::types::ResourcePendingMaintenanceActions::pending_maintenance_action_details)
                .map(maintenance_words)
                .collect(),
            earliest_restorable: backups
                .iter()
                .flat_map(DescribeDbInstanceAutomatedBackupsOutput::db_instance_automated_backups)
                .filter_map(|b| time(b.restore_window().and_then(|w| w.earliest_time())))
                .min(),
        })
    }
}

fn maintenance_words(a: &sdk::PendingMaintenanceAction) -> String {
    let when = time(a.current_apply_date()).map(|t| format!(" on {}", t.format("%Y-%m-%d"))).unwrap_or_default();
    format!("{}{when}: {}", text(a.action()), text(a.description()))
}

/// The values of these parameters of a group; one that has no value is left out.
async fn parameters(cx: &Context, group: &str, wanted: &[&str]) -> Result<BTreeMap<String, String>, Problem> {
    let mut found = BTreeMap::new();
    let request = cx.clients.rds.describe_db_parameters().db_parameter_group_name(group);
    let ask = |token| request.clone().set_marker(token).send();
    for parameter in page::all(PARAMETERS, ask, |out| (out.parameters, out.marker)).await? {
        let name = parameter.parameter_name().unwrap_or_default();
        if let Some(value) = parameter.parameter_value().filter(|_| wanted.contains(&name)) {
            found.insert(name.to_owned(), text(Some(value)));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_leaves_out_is_neither_on_nor_off() {
        let database = instance(&sdk::DbInstance::builder().db_instance_identifier("db").build());
        assert_eq!((database.multi_az, database.encrypted, database.public), (None, None, None));
        assert_eq!((database.backup_retention, database.has_no_backups(), database.allocated_gib), (None, None, None));
        assert_eq!((database.monitoring_interval, database.performance_insights), (None, None));
        let off = sdk::DbInstance::builder().backup_retention_period(0).multi_az(false).build();
        assert_eq!((instance(&off).has_no_backups(), instance(&off).multi_az), (Some(true), Some(false)));
    }
}
