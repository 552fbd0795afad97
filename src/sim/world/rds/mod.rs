//! Database physics: connections, CPU, credits, storage, backups, recovery point, and the failover timeline.
//! Not the queries that load it (see `load`), nor what its owner changes (see `modify`), nor a cluster's failover (see `cluster`).
//! Stepped once a second.

mod cluster;
mod modify;
mod volume;

pub use modify::ModifyDbInstance;

use super::World;
use super::names::{CONTROL, DAY, HOUR, MIN, Ms, SEC, WORKER};
use super::state::{DbFailover, DbFigures, DbStatus, FailoverCause, RdsEvent};

/// A user's failover this soon after the last one is abandoned, as AWS does.
const FAILOVER_PAUSE: Ms = 5 * MIN;
/// Start of the daily backup within the UTC day.
const BACKUP_AT: Ms = 16 * HOUR + 7 * MIN;
const BACKUP_TAKES: Ms = 4 * MIN;

impl World {
    /// Writes a database event.
    pub(super) fn rds_event(&mut self, message: &str, categories: &[&'static str]) {
        let (id, arn) = (self.rds.instance.id.clone(), self.rds.instance.arn.clone());
        self.rds_event_of("db-instance", id, arn, message, categories);
    }

    /// Writes an event of an instance or a cluster.
    fn rds_event_of(
        &mut self,
        source_type: &'static str,
        source_id: String,
        source_arn: String,
        message: &str,
        categories: &[&'static str],
    ) {
        self.rds.events.push_back(RdsEvent {
            source_id,
            source_arn,
            source_type,
            date: self.now,
            message: message.into(),
            categories: categories.to_vec(),
        });
        let before = self.now - 14 * DAY;
        while self.rds.events.front().is_some_and(|e| e.date < before) {
            self.rds.events.pop_front();
        }
    }

    /// Begins a failover (or a plain reboot).
    pub(super) fn begin_failover(&mut self, cause: FailoverCause) {
        if self.rds.instance.failover.is_some() {
            return;
        }
        let now = self.now;
        // Without a standby to go to, a dead host is replaced and the database started on the new one.
        let cause = if cause == FailoverCause::HostFailure && !self.rds.instance.multi_az { FailoverCause::Reboot } else { cause };
        let life = &mut self.rng.life;
        let started_at = now + life.seconds(6, 20);
        let restarted_at = started_at + if cause == FailoverCause::Reboot { life.seconds(12, 20) } else { life.seconds(20, 38) };
        let completed_at = restarted_at + if cause == FailoverCause::Reboot { 8 * SEC } else { life.seconds(25, 55) };
        let db = &mut self.rds.instance;
        if matches!(cause, FailoverCause::User | FailoverCause::Reboot) {
            db.status = DbStatus::Rebooting;
        }
        db.failover = Some(DbFailover {
            cause,
            began: now,
            started_at,
            restarted_at,
            completed_at,
            swap_at: completed_at + life.seconds(0, 40),
            done: [false; 4],
        });
    }

    /// Whether a failover now would be abandoned because one has just been.
    fn too_soon(&self) -> bool {
        self.rds.instance.last_failover.is_some_and(|at| self.now - at < FAILOVER_PAUSE)
    }

    fn step_failover(&mut self) {
        let now = self.now;
        let Some(mut f) = self.rds.instance.failover.take() else { return };
        let reboot = f.cause == FailoverCause::Reboot;
        if !f.done[0] && now >= f.began + 2 * SEC {
            if f.cause == FailoverCause::User && self.too_soon() {
                self.rds_event(
                    "Abandoning user requested failover since a failover recently occurred on the database instance.",
                    &["failover"],
                );
                self.rds.instance.status = DbStatus::Available;
                return;
            }
            self.rds.instance.accepting = false;
        }
        if !f.done[0] && now >= f.started_at {
            f.done[0] = true;
            let reason = match f.cause {
                FailoverCause::User => "The user requested a failover of the DB instance.",
                FailoverCause::HostFailure => "The primary host of the RDS Multi-AZ instance is unhealthy.",
                FailoverCause::ZoneFailure => {
                    "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity."
                }
                FailoverCause::Reboot => "DB instance shutdown",
                FailoverCause::Modified => "The RDS instance was modified by customer.",
            };
            self.rds_event(reason, if reboot { &["availability"] } else { &["failover", "notification"] });
            if !reboot {
                self.rds_event("Multi-AZ instance failover started", &["failover"]);
            }
        }
        if !f.done[1] && now >= f.restarted_at {
            f.done[1] = true;
            self.rds_event("DB instance restarted", &["availability"]);
            let db = &mut self.rds.instance;
            db.accepting = true;
            db.cold = if reboot { 0.4 } else { 1.0 };
        }
        if !f.done[2] && now >= f.completed_at {
            f.done[2] = true;
            self.rds.instance.status = DbStatus::Available;
            if !reboot {
                self.rds.instance.last_failover = Some(now);
                self.rds_event("Multi-AZ instance failover completed", &["failover"]);
            }
        }
        if f.done[2] && (reboot || now >= f.swap_at) {
            if !reboot {
                self.swap_zones(f.cause);
            }
            return;
        }
        self.rds.instance.failover = Some(f);
    }

    fn swap_zones(&mut self, cause: FailoverCause) {
        let rebuild = self.rng.life.seconds(180, 360);
        let zone_lost = self.zone_fault().is_some();
        let db = &mut self.rds.instance;
        let old = db.az;
        if let Some(new) = db.secondary_az {
            db.az = new;
            db.secondary_az = Some(old);
            let insight = &mut self.rds.insight;
            std::mem::swap(&mut insight.host_since, &mut insight.standby_since);
        }
        let db = &mut self.rds.instance;
        if zone_lost || cause == FailoverCause::HostFailure {
            // The old host is gone: the standby is rebuilt, in a lost zone only after the zone is back.
            db.secondary_az = None;
            db.standby_back_at = Some(if zone_lost { Ms::MAX } else { self.now + rebuild });
        }
    }

    /// One second of the database.
    pub(super) fn step_rds(&mut self) {
        self.step_failover();
        self.lose_zone_members();
        self.step_modification();
        self.step_cluster();
        self.rds.instance.accepting &= !self.database_locked() && !self.is_changing_writer();
        self.step_volume();
        let queries = self.load.queries;
        let pools: f64 = self
            .ecs
            .tasks
            .values()
            .filter(|t| t.is_running() && t.boot_until <= self.now && !self.zone_down(t.az.index()))
            .map(|t| match t.service.as_str() {
                CONTROL => 10.0 + f64::from(t.private_ip.len() as u32 % 3) + t.cpu_percent * 0.05 + t.leaked_connections,
                WORKER => 5.0,
                _ => 0.0,
            })
            .sum();
        let (work, filling) = (self.scan_percent(), self.strain.filling);
        // Who waits for an answer keeps a connection, and the next one opens another.
        let pools = (pools + 0.9 * work) * self.database_reached();
        let noise = &mut self.rng.noise;
        let db = &mut self.rds.instance;
        let vcpus = db.vcpus();
        if db.accepting {
            db.connections += ((pools + 3.0).min(db.max_connections()) - db.connections) * 0.15;
            db.cold *= 0.996;
            let want = 5.0 + 0.17 / vcpus * queries * (1.0 + 0.5 * db.cold) + 1.2 * noise.normal() + work;
            db.cpu += (want.clamp(1.0, 100.0) - db.cpu) * 0.2;
        } else {
            db.connections *= 0.3;
            db.cpu += (1.5 - db.cpu) * 0.3;
        }
        // t3.large earns 36 credits an hour; two vCPUs at p percent spend 1.2 p an hour.
        db.credits = (db.credits + (18.0 - 0.6 * db.cpu) * vcpus / 3_600.0).clamp(0.0, 432.0 * vcpus);
        db.free_storage = (db.free_storage - 2_600.0 * queries / 250.0).max(0.0);
        db.used_xids = if db.used_xids > 190e6 { 60e6 } else { db.used_xids + queries * 0.2 };
        let cold = db.cold;
        let (read, write) = if db.accepting {
            (
                (4.0 + 0.05 * queries + 320.0 * cold * cold + 2.0 * noise.normal()).max(0.0),
                (9.0 + 0.12 * queries + 3.0 * noise.normal() + filling / 131_072.0).max(0.5),
            )
        } else {
            (0.0, 0.0)
        };
        let jitter = 1.0 + 0.12 * noise.normal();
        let read_latency = (0.000_75 + 0.006 * cold) * jitter.max(0.4);
        let write_latency = (0.001_25 + 0.02 * cold * cold) * jitter.max(0.4);
        let minute = &mut self.load.minute;
        minute.db_cpu.add(db.cpu.clamp(0.5, 100.0));
        minute.db_connections.add(db.connections.round());
        minute.db_read.add(read);
        minute.db_write.add(write);
        minute.db_read_latency.add(read_latency);
        minute.db_write_latency.add(write_latency);
        let job_queries = self.load.job_queries;
        let figures = DbFigures {
            on_cpu: db.cpu / 100.0 * 0.625 * vcpus,
            on_reads: read * read_latency * 1.4,
            on_writes: write * write_latency * 1.4,
            on_cold: 0.4 * cold,
            on_scans: 0.025 * work * vcpus,
            api_queries: queries - job_queries,
            job_queries,
            cpu_percent: db.cpu.clamp(0.5, 100.0),
            connections: db.connections.round(),
            reads: read,
            writes: write,
            read_latency,
            write_latency,
            freeable: db.freeable(),
        };
        minute.db_load_cpu.add(figures.on_cpu + figures.on_scans);
        minute.db_load_wait.add(figures.waiting());
        self.sample_database(&figures);
        self.step_backup();
        self.step_restore_point();
    }

    /// The standby or primary in a zone that is down, and its return.
    fn lose_zone_members(&mut self) {
        let now = self.now;
        let rebuild = self.rng.life.seconds(120, 240);
        let down = self.zone_fault();
        let db = &mut self.rds.instance;
        match down {
            Some((az, since)) if now - since == 15 * SEC => {
                if db.az == az {
                    if db.multi_az {
                        self.begin_failover(FailoverCause::ZoneFailure);
                    }
                } else if db.secondary_az == Some(az) {
                    db.secondary_az = None;
                    db.standby_back_at = Some(Ms::MAX);
                }
            }
            None if db.multi_az && db.standby_back_at == Some(Ms::MAX) => db.standby_back_at = Some(now + rebuild),
            _ => {}
        }
        let db = &mut self.rds.instance;
        if db.standby_back_at.is_some_and(|at| at <= now) {
            db.standby_back_at = None;
            db.secondary_az = super::Az::ALL.into_iter().find(|az| *az != db.az);
            self.rds.insight.standby_since = now;
        }
        // Until the failover is visible the primary in a lost zone takes no connections.
        if down.is_some_and(|(az, _)| az == self.rds.instance.az) && self.rds.instance.last_failover.is_none_or(|at| now - at > 2 * MIN) {
            let moved = self.rds.instance.failover.as_ref().is_some_and(|f| f.done[1]);
            self.rds.instance.accepting = moved;
        } else if self.rds.instance.failover.is_none() {
            // The zone came back before the failover had to begin, or there was no standby to go to.
            self.rds.instance.accepting = true;
        }
    }

    fn step_backup(&mut self) {
        let into = self.now.rem_euclid(DAY) - BACKUP_AT;
        let db = &mut self.rds.instance;
        if into == 0 && db.backup_retention_days == 0 {
            return;
        }
        if into == 0 && db.status == DbStatus::Available {
            db.status = DbStatus::BackingUp;
            self.rds_event("Backing up DB instance", &["backup"]);
        } else if into == BACKUP_TAKES && db.status == DbStatus::BackingUp {
            db.status = DbStatus::Available;
            self.rds_event("Finished DB Instance backup", &["backup"]);
        }
    }

    /// The restorable time moves in steps of five minutes and stands still while the database is down.
    fn step_restore_point(&mut self) {
        let db = &mut self.rds.instance;
        if db.backup_retention_days > 0 && db.accepting && db.failover.is_none() && self.now - db.latest_restorable >= 4 * MIN + 40 * SEC {
            let steps = (self.now - db.latest_restorable - 100 * SEC) / (3 * MIN);
            db.latest_restorable += steps.max(1) * 3 * MIN;
        }
    }
}
