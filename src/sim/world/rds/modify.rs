//! What the owner of the database changes about it: at once, in the maintenance window, or in steps that take minutes.
//! Called by the RDS handler, and stepped once a second by its parent.

use super::super::World;
use super::super::names::{DAY, HOUR, MIN, Ms, SEC};
use super::super::ops::WorldError;
use super::super::state::{DbChange, DbInstance, DbModification, DbStatus, FailoverCause, class_shape};

const CONFIGURATION: &[&str] = &["configuration change"];

/// What ModifyDBInstance may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModifyDbInstance {
    /// `BackupRetentionPeriod`, days.
    pub backup_retention_days: Option<u32>,
    /// `MultiAZ`.
    pub multi_az: Option<bool>,
    /// `AllocatedStorage`, GiB.
    pub allocated_gib: Option<u32>,
    /// `DBInstanceClass`.
    pub class: Option<String>,
    /// `MonitoringInterval`, seconds.
    pub monitoring_interval: Option<u32>,
    /// `MonitoringRoleArn`.
    pub monitoring_role_arn: Option<String>,
    /// `EnablePerformanceInsights`.
    pub performance_insights: Option<bool>,
    /// `PubliclyAccessible`.
    pub public: Option<bool>,
    /// `DeletionProtection`.
    pub deletion_protection: Option<bool>,
    /// `ApplyImmediately`.
    pub at_once: bool,
}

/// The start of a weekly window (`sun:17:00-sun:17:30`) within the week that begins on Thursday, as epoch time does.
fn window_start(window: &str) -> Option<Ms> {
    let (from, _) = window.split_once('-')?;
    let mut parts = from.split(':');
    let named = parts.next()?;
    let day = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"].iter().position(|name| *name == named)?;
    let hours: Ms = parts.next()?.parse().ok()?;
    let minutes: Ms = parts.next()?.parse().ok()?;
    Some(day as Ms * DAY + hours * HOUR + minutes * MIN)
}

impl World {
    /// `rds:ModifyDBInstance`.
    pub fn modify_db(&mut self, id: &str, wanted: ModifyDbInstance) -> Result<&DbInstance, WorldError> {
        if id != self.rds.instance.id {
            return Err(WorldError::new("DBInstanceNotFound", format!("DBInstance {id} not found.")));
        }
        check(&self.rds.instance, &wanted)?;
        self.change_now(&wanted);
        let now = self.now;
        let db = &mut self.rds.instance;
        let pending = &mut db.pending;
        // Asking for what is in force takes a pending change back.
        if let Some(multi_az) = wanted.multi_az {
            pending.multi_az = (multi_az != db.multi_az).then_some(multi_az);
        }
        if let Some(gib) = wanted.allocated_gib {
            pending.allocated_gib = (gib != db.allocated_gib).then_some(gib);
        }
        if let Some(class) = wanted.class {
            pending.class = (class != db.class).then_some(class);
        }
        if wanted.at_once {
            pending.at_once = true;
            // The status tells of it within seconds, as the first step is taken.
            db.busy_until = db.busy_until.or(Some(now + 8 * SEC));
        }
        Ok(&self.rds.instance)
    }

    /// What never waits for the maintenance window and needs no restart.
    fn change_now(&mut self, wanted: &ModifyDbInstance) {
        let now = self.now;
        let db = &mut self.rds.instance;
        db.public = wanted.public.unwrap_or(db.public);
        db.deletion_protection = wanted.deletion_protection.unwrap_or(db.deletion_protection);
        if let Some(role) = &wanted.monitoring_role_arn {
            db.monitoring_role_arn.clone_from(role);
        }
        if let Some(on) = wanted.performance_insights.filter(|on| *on != db.performance_insights) {
            db.performance_insights = on;
            if !on {
                // What was gathered goes with the feature.
                self.rds.insight.samples.clear();
            }
        }
        let db = &mut self.rds.instance;
        if let Some(interval) = wanted.monitoring_interval.filter(|interval| *interval != db.monitoring_interval) {
            db.monitoring_interval = interval;
            db.status = DbStatus::ConfiguringEnhancedMonitoring;
            db.busy_until = Some(now + 40 * SEC);
            self.rds.insight.interval.take();
            self.rds_event(&format!("Monitoring Interval changed to {interval}"), CONFIGURATION);
        }
        let db = &mut self.rds.instance;
        if let Some(days) = wanted.backup_retention_days.filter(|days| *days != db.backup_retention_days) {
            // To and from zero waits for the window; between other figures it does not.
            if wanted.at_once || (days > 0 && db.backup_retention_days > 0) {
                self.set_retention(days);
            } else {
                db.pending.backup_retention_days = Some(days);
            }
        }
    }

    fn set_retention(&mut self, days: u32) {
        let now = self.now;
        let db = &mut self.rds.instance;
        let before = std::mem::replace(&mut db.backup_retention_days, days);
        db.pending.backup_retention_days = None;
        if days == 0 {
            self.rds_event("Disabled automated backups", CONFIGURATION);
        } else if before == 0 {
            // Restoring begins with the first backup, which is taken at once.
            db.latest_restorable = now;
            self.rds_event("Enabled automated backups", CONFIGURATION);
        }
    }

    /// One second of the modification under way, and the beginning of the next one.
    pub(super) fn step_modification(&mut self) {
        let now = self.now;
        if self.rds.instance.change.is_some() {
            self.step_change();
            return;
        }
        let db = &mut self.rds.instance;
        if db.busy_until.is_some_and(|until| until <= now) {
            db.busy_until = None;
            if matches!(db.status, DbStatus::StorageOptimization | DbStatus::ConfiguringEnhancedMonitoring) {
                db.status = DbStatus::Available;
            }
        }
        let pending = &db.pending;
        let any = pending.multi_az.is_some()
            || pending.class.is_some()
            || pending.allocated_gib.is_some()
            || pending.backup_retention_days.is_some();
        if !any {
            db.pending.at_once = false;
            return;
        }
        let window = window_start(&db.maintenance_window).is_some_and(|start| now.rem_euclid(7 * DAY) == start);
        db.pending.at_once |= window;
        if db.pending.at_once
            && db.busy_until.is_none()
            && matches!(db.status, DbStatus::Available | DbStatus::StorageFull)
            && db.failover.is_none()
        {
            self.begin_change();
        }
    }

    fn begin_change(&mut self) {
        let now = self.now;
        if let Some(days) = self.rds.instance.pending.backup_retention_days {
            self.set_retention(days);
        }
        let db = &mut self.rds.instance;
        let life = &mut self.rng.life;
        let (what, message, takes) = if let Some(gib) = db.pending.allocated_gib {
            (DbModification::Storage(gib), "Applying modification to allocated storage", life.seconds(70, 130))
        } else if let Some(multi_az) = db.pending.multi_az {
            if multi_az {
                (DbModification::MultiAz(true), "Applying modification to convert to a Multi-AZ DB instance", life.seconds(300, 480))
            } else {
                let message = "Applying modification to convert to a standard (Single-AZ) DB instance";
                (DbModification::MultiAz(false), message, life.seconds(60, 100))
            }
        } else if let Some(class) = db.pending.class.clone() {
            (DbModification::Class(class), "Applying modification to database instance class", life.seconds(180, 300))
        } else {
            return;
        };
        db.status = DbStatus::Modifying;
        db.change = Some(DbChange { what, due: now + takes, failing_over: false });
        self.rds_event(message, CONFIGURATION);
    }

    fn step_change(&mut self) {
        let now = self.now;
        let db = &mut self.rds.instance;
        let Some(change) = &mut db.change else { return };
        if db.failover.is_some() {
            return;
        }
        db.status = DbStatus::Modifying;
        if change.due > now {
            return;
        }
        // A new class is put on the standby first, which then takes over; without one the database restarts.
        if matches!(change.what, DbModification::Class(_)) && !change.failing_over {
            change.failing_over = true;
            let cause = if db.secondary_az.is_some() { FailoverCause::Modified } else { FailoverCause::Reboot };
            self.begin_failover(cause);
            return;
        }
        let Some(change) = db.change.take() else { return };
        db.status = DbStatus::Available;
        let message = match change.what {
            DbModification::Class(class) => {
                db.credits = db.credits.min(60.0);
                db.class = class;
                db.pending.class = None;
                "Finished applying modification to DB instance class"
            }
            DbModification::Storage(gib) => {
                db.free_storage += (f64::from(gib) - f64::from(db.allocated_gib)) * 1_073_741_824.0;
                db.allocated_gib = gib;
                db.pending.allocated_gib = None;
                db.status = DbStatus::StorageOptimization;
                db.busy_until = Some(now + 20 * MIN);
                "Finished applying modification to allocated storage"
            }
            DbModification::MultiAz(true) => {
                db.multi_az = true;
                db.pending.multi_az = None;
                let down = self.faults.iter().find_map(|fault| super::super::Az::ALL.into_iter().find(|az| fault.kills_zone(*az, now)));
                let db = &mut self.rds.instance;
                db.secondary_az = super::super::Az::ALL.into_iter().find(|az| *az != db.az && Some(*az) != down);
                self.rds.insight.standby_since = now;
                "Finished applying modification to convert to a Multi-AZ DB instance"
            }
            DbModification::MultiAz(false) => {
                db.multi_az = false;
                db.pending.multi_az = None;
                (db.secondary_az, db.standby_back_at) = (None, None);
                "Finished applying modification to convert to a standard (Single-AZ) DB instance"
            }
        };
        self.rds_event(message, CONFIGURATION);
    }
}

/// What AWS refuses before it changes anything.
fn check(db: &DbInstance, wanted: &ModifyDbInstance) -> Result<(), WorldError> {
    let value = |message: String| Err(WorldError::new("InvalidParameterValue", message));
    let combination = |message: &str| Err(WorldError::new("InvalidParameterCombination", message));
    // Of a database that is full only the volume can be changed.
    let grown = db.status == DbStatus::StorageFull && wanted.allocated_gib.is_some_and(|gib| gib > db.allocated_gib);
    if db.change.is_some() || !(grown || matches!(db.status, DbStatus::Available | DbStatus::StorageOptimization)) {
        return Err(WorldError::new("InvalidDBInstanceState", "Database instance is not in available state."));
    }
    if let Some(days) = wanted.backup_retention_days.filter(|days| *days > 35) {
        return value(format!("Invalid backup retention period: {days}. Must be between 0 and 35."));
    }
    if let Some(interval) = wanted.monitoring_interval {
        if ![0, 1, 5, 10, 15, 30, 60].contains(&interval) {
            return value(format!("Invalid monitoring interval: {interval}. Valid values are 0, 1, 5, 10, 15, 30, 60."));
        }
        if interval > 0 && db.monitoring_role_arn.is_empty() && wanted.monitoring_role_arn.is_none() {
            return combination("A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.");
        }
    }
    if let Some(class) = wanted.class.as_deref().filter(|class| class_shape(class).is_none()) {
        return value(format!("Invalid DB Instance class: {class}"));
    }
    let Some(gib) = wanted.allocated_gib.filter(|gib| *gib != db.allocated_gib) else { return Ok(()) };
    if gib < db.allocated_gib {
        return combination("You can't shrink the allocated storage of a DB instance.");
    }
    if gib > 65_536 {
        return value(format!("Invalid storage size for engine name postgres and storage type gp3: {gib}"));
    }
    if f64::from(gib) < f64::from(db.allocated_gib) * 1.1 {
        return combination("The allocated storage value must be at least 10% greater than the current value.");
    }
    if db.status == DbStatus::StorageOptimization {
        return combination(
            "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.",
        );
    }
    Ok(())
}
