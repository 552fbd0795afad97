//! The embedded cloud's world: one seeded stack on a virtual clock, plain data moved by physics.
//! No HTTP and no wire formats (see `wire` and `service`), and nothing of the rest of the crate.
//! Called by the service handlers: they advance it, read its public fields and call its write operations.

mod alarms;
mod alb;
mod autoscale;
mod build;
mod configure;
mod delivery;
mod deployer;
mod ecs;
mod edge;
pub mod insight;
mod load;
mod logs;
pub mod metrics;
pub mod names;
pub mod network;
mod ops;
mod publish;
mod rds;
mod redis;
mod registry;
mod rng;
mod routing;
mod scenario;
mod security;
mod shape;
pub mod state;
mod storage;
pub mod traffic;

use std::collections::VecDeque;
use std::fmt::Write as _;

pub use delivery::StartBuild;
pub use load::{Load, MinuteAcc, NodeAcc, TargetGroupAcc};
pub use metrics::{MetricStore, Series};
pub use names::{Az, Ms};
pub use ops::{DeploymentChange, NetworkChange, UpdateService, WorldError};
pub use rds::ModifyDbInstance;
pub use registry::no_repository;
pub use rng::Rngs;
pub use routing::ModifyTargetGroup;
pub use scenario::{ActiveFault, Argument, ClosedPath, InForce, Planned, SCENARIOS, Scenario, ScenarioError, ScenarioRow, Strain};

use names::{HOUR, MIN, SEC};
use network::Reach;
use state::{Alarm, AlarmHistoryItem, Alb, Dashboards, Ecs, Logs, Network, Rds, Redis, Scaling};
use state::{Bucket, Distribution, Dns};
use state::{CodeBuild, CodePipeline, Ecr, Iam, Kms, Secrets};

/// How much history a new world has.
pub const HISTORY: Ms = 3 * HOUR;

/// The whole stack at one moment of its virtual time. Fields are public to be read; write through the operations.
#[derive(Debug, Clone)]
pub struct World {
    /// The virtual time, on whole seconds.
    pub now: Ms,
    /// The time at which the world was handed over (history lies before it).
    pub start: Ms,
    /// The seed everything follows from.
    pub seed: u64,
    /// VPC, subnets, gateways, routes and security groups.
    pub network: Network,
    /// What reaches what over that network.
    pub reach: Reach,
    /// Route 53.
    pub dns: Dns,
    /// CloudFront.
    pub cdn: Distribution,
    /// S3.
    pub buckets: Vec<Bucket>,
    pub ecs: Ecs,
    /// Load balancer.
    pub alb: Alb,
    /// Database.
    pub rds: Rds,
    /// Cache.
    pub redis: Redis,
    pub logs: Logs,
    /// Alarms, sorted by name.
    pub alarms: Vec<Alarm>,
    /// Alarm history, newest first.
    pub alarm_history: VecDeque<AlarmHistoryItem>,
    /// CloudWatch dashboards.
    pub dashboards: Dashboards,
    pub iam: Iam,
    pub kms: Kms,
    /// Secrets Manager.
    pub secrets: Secrets,
    pub ecr: Ecr,
    pub codebuild: CodeBuild,
    pub codepipeline: CodePipeline,
    /// Application Auto Scaling.
    pub scaling: Scaling,
    /// CloudWatch metrics.
    pub metrics: MetricStore,
    /// Demand.
    pub traffic: Traffic,
    /// What the stack did in the last second, and the sums of the current minute.
    pub load: Load,
    /// Failures in force.
    pub faults: Vec<ActiveFault>,
    /// What the lasting failures ask of the stack, and what they took away.
    pub strain: Strain,
    /// Things that will happen by themselves, in order of time.
    pub planned: Vec<(Ms, Planned)>,
    /// Random streams.
    pub rng: Rngs,
}

pub use traffic::Traffic;

impl World {
    /// The stack of `seed` at `start` (floored to a second), with three hours of history that its own physics made.
    pub fn new(seed: u64, start: Ms) -> Self {
        let start = start - start.rem_euclid(SEC);
        let begin = start - HISTORY - (start - HISTORY).rem_euclid(MIN);
        let mut world = build::stack(seed, begin, start);
        world.advance_to(start);
        world
    }

    /// Moves virtual time on to `t` in steps of one second. Never goes back: an earlier `t` does nothing.
    pub fn advance_to(&mut self, t: Ms) {
        while self.now + SEC <= t {
            self.step();
        }
    }

    fn step(&mut self) {
        self.now += SEC;
        self.step_scenarios();
        self.step_network();
        self.step_security();
        self.step_delivery();
        self.traffic.step(self.now, &mut self.rng.traffic);
        self.step_load();
        self.step_tasks();
        self.step_targets();
        self.step_services();
        self.step_rds();
        self.step_redis();
        self.step_logs();
        self.step_edge();
        self.step_storage();
        if self.now.rem_euclid(MIN) == 0 {
            self.publish_minute();
            if self.now.rem_euclid(5 * MIN) == 0 {
                self.metrics.thin(self.now);
            }
        }
        self.step_alarms();
        self.step_scaling();
    }

    /// Values of a metric: sorted ascending, aggregated to `period` seconds, only what is visible now.
    /// `start` is inclusive, `end` exclusive; an unknown metric or statistic gives nothing.
    #[expect(clippy::too_many_arguments, reason = "one call of GetMetricData names all of these")]
    pub fn metric_query(
        &self,
        ns: &str,
        name: &str,
        dims: &[(String, String)],
        stat: &str,
        period: i64,
        start: Ms,
        end: Ms,
    ) -> Vec<(Ms, f64)> {
        let start = start - start.rem_euclid(MIN.min(period.max(1) * SEC));
        self.metrics.find(ns, name, dims).map(|s| s.query(self.now, stat, period, (start, end))).unwrap_or_default()
    }

    /// The metrics that match: by namespace, name and dimensions (a `None` value matches any), only those with a
    /// visible point in the last three hours if `recently_active`.
    pub fn list_metrics(
        &self,
        ns: Option<&str>,
        name: Option<&str>,
        dims: &[(String, Option<String>)],
        recently_active: bool,
    ) -> Vec<&Series> {
        let since = if recently_active { self.now - 3 * HOUR } else { Ms::MIN };
        self.metrics
            .series
            .values()
            .filter(|s| ns.is_none_or(|n| n == s.namespace) && name.is_none_or(|n| n == s.name))
            .filter(|s| {
                dims.iter().all(|(k, want)| s.dims.iter().any(|(name, value)| name == k && want.as_ref().is_none_or(|w| w == value)))
            })
            .filter(|s| s.fine.iter().rev().chain(s.coarse.iter().rev()).any(|p| p.t >= since && p.visible_at <= self.now))
            .collect()
    }

    /// A number that is equal for equal worlds: FNV-1a over the whole state.
    pub fn digest(&self) -> u64 {
        struct Fnv(u64);
        impl std::fmt::Write for Fnv {
            fn write_str(&mut self, s: &str) -> std::fmt::Result {
                for byte in s.bytes() {
                    self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
                Ok(())
            }
        }
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        // The hasher never fails.
        let _ = write!(hash, "{self:?}");
        hash.0
    }
}

#[cfg(test)]
mod tests;
