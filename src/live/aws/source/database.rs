//! RDS: the instance (15 s, 5 s while it is not simply available), and what changes rarely: parameters, maintenance, backups (5 min).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::operation::describe_db_instance_automated_backups::DescribeDbInstanceAutomatedBackupsOutput;
use aws_sdk_rds::types as sdk;

use super::{Context, FAST, MEDIUM, Part, SLOW, spare};
use crate::aws::convert::{text, text_opt, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::database::{Database, DatabaseSettings, InstanceStatus};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const INSTANCES: Op = Op::read("RDS", "DescribeDBInstances", "rds:DescribeDBInstances").on(Scope::Database);
const PARAMETERS: Op = Op::read("RDS", "DescribeDBParameters", "rds:DescribeDBParameters").on(Scope::Parameters);
const MAINTENANCE: Op = Op::read("RDS", "DescribePendingMaintenanceActions", "rds:DescribePendingMaintenanceActions").on(Scope::Any);
const BACKUPS: Op = Op::read("RDS", "DescribeDBInstanceAutomatedBackups", "rds:DescribeDBInstanceAutomatedBackups").on(Scope::Any);

pub(super) struct InstanceSource;

impl super::Source for InstanceSource {
    type Out = Database;
    const READS: &'static [Op] = &[INSTANCES];

    fn every(store: &Store) -> Duration {
        if store.get::<Database>().is_some_and(|d| d.status != InstanceStatus::Available) { FAST } else { MEDIUM }
    }

    async fn poll(cx: Arc<Context>) -> Result<Database, Problem> {
        let request = cx.clients.rds.describe_db_instances().db_instance_identifier(&cx.stack.database);
        let out = request.send().await.map_err(|e| problem_of(INSTANCES, &e))?;
        let Some(db) = sent(INSTANCES, "DB instances", out.db_instances.as_ref())?
            .iter()
            .find(|d| d.db_instance_identifier() == Some(&cx.stack.database))
        else {
            return Err(Problem {
                kind: ProblemKind::NotFound,
                headline: format!("{}: no DB instance '{}'", INSTANCES.label(), cx.stack.database),
                hint: "check stack.database in the configuration".to_owned(),
                permission: None,
            });
        };
        sent(INSTANCES, "status", db.db_instance_status())?;
        Ok(instance(db))
    }
}

fn instance(db: &sdk::DbInstance) -> Database {
    let subnets = db.db_subnet_group().map(aws_sdk_rds::types::DbSubnetGroup::subnets).unwrap_or_default();
    Database {
        id: text(db.db_instance_identifier()),
        status: text(db.db_instance_status()).into(),
        engine: text(db.engine()),
        version: text(db.engine_version()),
        class: text(db.db_instance_class()),
        multi_az: db.multi_az().unwrap_or_default(),
        zone: text(db.availability_zone()),
        secondary_zone: text_opt(db.secondary_availability_zone()),
        latest_restorable: time(db.latest_restorable_time()),
        allocated_gib: db.allocated_storage().unwrap_or_default(),
        storage_type: text(db.storage_type()),
        encrypted: db.storage_encrypted().unwrap_or_default(),
        encryption_type: text(db.storage_encryption_type().map(sdk::StorageEncryptionType::as_str)),
        kms_key: text_opt(db.kms_key_id()),
        backup_retention: db.backup_retention_period().unwrap_or_default(),
        public: db.publicly_accessible().unwrap_or_default(),
        monitoring_interval: db.monitoring_interval().unwrap_or_default(),
        monitoring_role: text_opt(db.monitoring_role_arn()),
        performance_insights: db.performance_insights_enabled().unwrap_or_default(),
        insights_mode: text(db.database_insights_mode().map(sdk::DatabaseInsightsMode::as_str)).into(),
        backup_replications: db
            .db_instance_automated_backups_replications()
            .iter()
            .map(|r| text(r.db_instance_automated_backups_arn()))
            .collect(),
        certificate_until: time(db.certificate_details().and_then(|c| c.valid_till())),
        resource_id: text_opt(db.dbi_resource_id()),
        endpoint: text_opt(db.endpoint().and_then(|e| e.address())),
        pending: db.pending_modified_values().map(pending).unwrap_or_default(),
        parameter_group: db.db_parameter_groups().first().and_then(|g| text_opt(g.db_parameter_group_name())),
        security_groups: db.vpc_security_groups().iter().map(|g| text(g.vpc_security_group_id())).collect(),
        subnets: subnets.iter().map(|s| (text(s.subnet_identifier()), text(s.subnet_availability_zone().and_then(|z| z.name())))).collect(),
    }
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
        let suffix = format!(":db:{}", database.id);
        let ours = maintenance
            .iter()
            .flat_map(|m| m.pending_maintenance_actions())
            .filter(|a| a.resource_identifier().is_some_and(|r| r.ends_with(&suffix)));
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
