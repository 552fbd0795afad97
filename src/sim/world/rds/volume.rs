//! The database's volume as it fills: what RDS says on the way, and the stop when it is full.
//! Growing it is `modify`'s. Stepped once a second by its parent.

use super::super::World;
use super::super::state::{DbInstance, DbStatus};

const GIB: f64 = 1_073_741_824.0;
const LOW: &[&str] = &["low storage"];
/// Of the volume: what is left when the first and the second warning are written, and below what the log tells of it.
const FIRST_WARNING: f64 = 0.1;
const SECOND_WARNING: f64 = 0.05;
const NO_SPACE: f64 = 0.01;

impl DbInstance {
    /// Bytes of the volume.
    pub fn volume(&self) -> f64 {
        f64::from(self.allocated_gib) * GIB
    }

    /// `max_connections` as the parameter group's formula makes it.
    pub fn max_connections(&self) -> f64 {
        (self.memory() / 9_531_392.0).floor().min(5_000.0)
    }

    /// Whether every connection is taken.
    pub fn is_full(&self) -> bool {
        self.connections >= self.max_connections() - 4.0
    }

    /// Whether writes begin to find no room.
    pub(in super::super) fn has_no_room(&self) -> bool {
        self.free_storage < NO_SPACE * self.volume()
    }

    fn storage_is_full(&self) -> bool {
        self.free_storage <= 0.0
    }
}

impl World {
    /// Percent of the database's CPU that the bad statement asks for: twice the CPUs, half of it.
    pub(in super::super) fn scan_percent(&self) -> f64 {
        self.strain.db_work * 2.0 / self.rds.instance.vcpus()
    }

    /// One second of the volume.
    pub(super) fn step_volume(&mut self) {
        let filling = self.strain.filling;
        let db = &mut self.rds.instance;
        db.free_storage = (db.free_storage - filling).max(0.0);
        let left = db.free_storage / db.volume();
        let full = db.storage_is_full();
        let told = self.strain.storage_told;
        let level = if full { 3 } else { u8::from(left <= FIRST_WARNING) + u8::from(left <= SECOND_WARNING) };
        if level > told {
            self.strain.storage_told = level;
            self.tell_storage(level);
        } else if left > FIRST_WARNING {
            self.strain.storage_told = 0;
        }
        let db = &mut self.rds.instance;
        if full {
            db.accepting = false;
            if matches!(db.status, DbStatus::Available | DbStatus::BackingUp | DbStatus::StorageOptimization) {
                db.status = DbStatus::StorageFull;
            }
        }
    }

    fn tell_storage(&mut self, level: u8) {
        let db = &self.rds.instance;
        let (id, size, free) = (db.id.clone(), db.allocated_gib, db.free_storage / GIB);
        let percent = (db.free_storage / db.volume() * 100.0).round();
        let text = match level {
            1 => format!(
                "The free storage capacity for DB instance: {id} is low at {percent}% of the provisioned storage [Provisioned Storage: \
                 {size} GB, Free Storage: {free:.2} GB]. You may want to increase the provisioned storage to address this issue."
            ),
            2 => format!(
                "Free storage capacity for DB instance {id} is low at {percent}% of the allocated storage [Allocated storage: {size} GB, \
                 Free storage: {free:.2} GB]. The database will be shut down to prevent corruption if free storage is lower than 200 MB. \
                 You should increase the allocated storage to address this issue."
            ),
            _ => "DB instance has reached the storage-full threshold, and the database has been shut down. You should increase the \
                  allocated storage to address this issue."
                .to_owned(),
        };
        self.rds_event(&text, LOW);
        if level == 3 {
            self.rds_event("Allocated storage has been exhausted. Allocate additional storage to resolve.", LOW);
        }
    }

    /// Half as much volume again when it is nearly full, as the owner of the database would ask for.
    pub(in super::super) fn grow_storage(&mut self) {
        let db = &mut self.rds.instance;
        if db.free_storage < 0.2 * db.volume() && db.pending.allocated_gib.is_none() {
            db.pending.allocated_gib = Some(db.allocated_gib + db.allocated_gib.div_ceil(2));
            db.pending.at_once = true;
            if db.status == DbStatus::StorageFull {
                db.busy_until = None;
            }
        }
    }
}
