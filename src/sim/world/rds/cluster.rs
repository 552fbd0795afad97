//! A DB cluster: failing over to a reader. The instance of the world is its writer, with all of the physics; readers are names and zones.

use super::super::World;
use super::super::names::{Ms, SEC, arn};
use super::super::ops::WorldError;
use super::super::state::{ClusterFailover, DbCluster, DbStatus};

/// When the event of its beginning appears, the old writer lets go, the new one takes over, and the cluster is available again.
const STARTED: Ms = 3 * SEC;
const MOVED: Ms = 14 * SEC;
const COMPLETED: Ms = 22 * SEC;

impl World {
    /// `rds:FailoverDBCluster`.
    pub fn fail_over_cluster(&mut self, id: &str, target: Option<&str>) -> Result<(), WorldError> {
        let now = self.now;
        let writer = self.rds.instance.id.clone();
        let Some(cluster) = self.rds.cluster.as_mut().filter(|c| c.id == id) else {
            return Err(WorldError::new("DBClusterNotFoundFault", format!("DBCluster {id} not found.")));
        };
        if cluster.status != "available" {
            return Err(WorldError::new("InvalidDBClusterStateFault", format!("DB cluster {id} is not in available state.")));
        }
        let first = cluster.members.iter().filter(|m| m.id != writer).min_by_key(|m| (m.tier, m.id.clone())).map(|m| m.id.clone());
        let to = match target {
            Some(target) if cluster.members.iter().any(|m| m.id == target && m.id != writer) => target.to_owned(),
            Some(target) => {
                return Err(WorldError::new(
                    "InvalidDBInstanceState",
                    format!("DB instance {target} is not a reader of the DB cluster {id}."),
                ));
            }
            None => first.ok_or_else(|| {
                WorldError::new("InvalidDBClusterStateFault", "Cannot failover the DB cluster: it has only one DB instance.")
            })?,
        };
        cluster.status = "failing-over";
        cluster.failover = Some(ClusterFailover { to, began: now, done: [false; 2] });
        Ok(())
    }

    /// Nobody takes writes while they move from one member to another.
    pub(super) fn is_changing_writer(&self) -> bool {
        self.rds.cluster.as_ref().and_then(|c| c.failover.as_ref()).is_some_and(|f| !f.done[1])
    }

    /// One second of the cluster.
    pub(super) fn step_cluster(&mut self) {
        let now = self.now;
        let Some(cluster) = self.rds.cluster.as_mut() else { return };
        let Some(mut f) = cluster.failover.take() else { return };
        let id = cluster.id.clone();
        let to = cluster.members.iter().position(|m| m.id == f.to);
        if !f.done[0] && now >= f.began + STARTED {
            f.done[0] = true;
            set_status(cluster, &self.rds.instance.id, DbStatus::Rebooting);
            let here = self.rds.instance.az;
            let way = if cluster.members.iter().any(|m| m.id == f.to && m.az == here) { "same" } else { "cross" };
            self.cluster_event(&id, &format!("Started {way} AZ failover to DB instance: {}", f.to));
        } else if !f.done[1] && now >= f.began + MOVED {
            f.done[1] = true;
            set_status(cluster, &self.rds.instance.id, DbStatus::Available);
            if let Some(member) = to.and_then(|i| cluster.members.get(i)) {
                let db = &mut self.rds.instance;
                (db.id, db.az, db.cold) = (member.id.clone(), member.az, 1.0);
                db.arn = arn("rds", format_args!("db:{}", member.id));
            }
            self.rds_event("DB instance restarted", &["availability"]);
        } else if f.done[1] && now >= f.began + COMPLETED {
            cluster.status = "available";
            self.cluster_event(&id, &format!("Completed failover to DB instance: {}", f.to));
            return;
        }
        if let Some(cluster) = self.rds.cluster.as_mut() {
            cluster.failover = Some(f);
        }
    }

    fn cluster_event(&mut self, id: &str, message: &str) {
        self.rds_event_of("db-cluster", id.to_owned(), arn("rds", format_args!("cluster:{id}")), message, &["failover"]);
    }
}

fn set_status(cluster: &mut DbCluster, id: &str, status: DbStatus) {
    if let Some(member) = cluster.members.iter_mut().find(|m| m.id == id) {
        member.status = status;
    }
}
