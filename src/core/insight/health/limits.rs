//! Every threshold of judgement, in one place: the defaults of the limits that the configuration may set, and the constants beside them.
//! Warn becomes `Degraded`, critical becomes `Down`. The rules read a limit over its minutes, the view asks for the level of one figure.

use chrono::TimeDelta;

use crate::model::health::Level;
use crate::model::limits::{Limit, Limits};
use crate::model::text;

/// Which side of a limit is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Values above the limit.
    Above,
    /// The limit itself, and values above it.
    From,
    /// Values below the limit.
    Below,
}

/// `n` of the last `of` complete minutes on the bad side of `value`; `of` = 1 looks at the newest point alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// The bad side.
    pub side: Side,
    /// Where it begins.
    pub value: f64,
    /// Minutes that must be bad.
    pub n: usize,
    /// Minutes that are looked at.
    pub of: usize,
}

impl Bound {
    /// Whether one value is on the bad side.
    pub fn is_bad(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.value,
            Side::From => value >= self.value,
            Side::Below => value < self.value,
        }
    }
}

/// The two bounds of one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Degraded.
    pub warn: Option<Bound>,
    /// Down.
    pub critical: Option<Bound>,
}

/// What a limit is written in, in the configuration and in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 100.
    Percent,
    /// A number of things.
    Count,
    /// Seconds of latency.
    Seconds,
    /// Bytes, written in MiB.
    Mebibytes,
    /// Bytes, written in GiB.
    Gibibytes,
    /// A time that something may take, in seconds, written as a span.
    Span,
}

impl Unit {
    /// How much of the figure one of it is.
    pub fn scale(self) -> f64 {
        match self {
            Self::Mebibytes => MIB,
            Self::Gibibytes => GIB,
            Self::Percent | Self::Count | Self::Seconds | Self::Span => 1.0,
        }
    }

    /// A figure in words.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{value} %"),
            Self::Count if value.fract() == 0.0 => text::count(value),
            Self::Count => format!("{value}"),
            Self::Seconds => text::latency(value),
            Self::Mebibytes | Self::Gibibytes => text::bytes(value),
            Self::Span => text::span(value as i64),
        }
    }
}

/// How one limit is meant: what it is written in, and the defaults, which are right for the stack of the written architecture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meaning {
    /// What it is written in.
    pub unit: Unit,
    /// Its defaults; a level that stands in neither of them cannot be configured.
    pub bounds: Bounds,
}

/// A value, and the minutes that must be bad of those that are looked at.
type Minutes = (f64, usize, usize);

const fn bound(side: Side, (value, n, of): Minutes) -> Bound {
    Bound { side, value, n, of }
}

const fn warn(unit: Unit, side: Side, at: Minutes) -> Meaning {
    Meaning { unit, bounds: Bounds { warn: Some(bound(side, at)), critical: None } }
}

const fn critical(unit: Unit, side: Side, at: Minutes) -> Meaning {
    Meaning { unit, bounds: Bounds { warn: None, critical: Some(bound(side, at)) } }
}

const fn both(unit: Unit, side: Side, at: Minutes, worse: Minutes) -> Meaning {
    Meaning { unit, bounds: Bounds { warn: Some(bound(side, at)), critical: Some(bound(side, worse)) } }
}

/// A single point.
const fn one(value: f64) -> Minutes {
    (value, 1, 1)
}

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;
const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;

/// What a limit means, and where it stands by default. Where AWS's documentation gives a figure, it is AWS's.
#[expect(clippy::match_same_arms, reason = "one row for each limit: two may have the same figures by chance")]
pub fn meaning(limit: Limit) -> Meaning {
    use Limit as L;
    use Side::{Above, Below, From};
    use Unit::{Count, Gibibytes, Mebibytes, Percent, Seconds, Span};
    match limit {
        L::BalancerTraffic => warn(Percent, Below, (20.0, 3, 3)),
        L::Balancer5xx => both(Percent, From, (1.0, 2, 3), (5.0, 2, 3)),
        L::BalancerP99 | L::TargetP95 => both(Seconds, Above, (1.0, 5, 5), (3.0, 3, 5)),
        L::BalancerP50 => critical(Seconds, Above, (1.0, 3, 5)),
        L::BalancerConnectionErrors => warn(Count, Above, (0.0, 2, 3)),
        L::BalancerRejected => critical(Count, Above, (0.0, 1, 3)),
        L::Target5xx | L::Bucket5xx => both(Percent, From, (1.0, 3, 5), (5.0, 2, 3)),
        L::ServiceCpu => both(Percent, Above, (75.0, 5, 5), (90.0, 5, 5)),
        L::ServiceMemory => warn(Percent, Above, (80.0, 5, 5)),
        // The next allocation may kill a task.
        L::TaskMemory => critical(Percent, Above, (95.0, 2, 3)),
        L::TaskStart => warn(Span, Above, one(3.0 * MINUTE)),
        L::TaskStops => warn(Count, From, one(2.0)),
        L::CrashLoop => warn(Count, From, one(3.0)),
        L::ContainerRestarts => warn(Count, Above, one(0.0)),
        L::DeploymentTime => warn(Span, Above, one(10.0 * MINUTE)),
        // 45 % is 90 % of one of two cores.
        L::CacheCpu => warn(Percent, Above, (45.0, 5, 5)),
        L::CacheEngineCpu => both(Percent, Above, (70.0, 3, 5), (90.0, 5, 5)),
        L::CacheMemory => both(Percent, Above, (75.0, 2, 3), (90.0, 2, 3)),
        // A Celery broker may lose jobs.
        L::CacheEvictions => warn(Count, Above, (0.0, 1, 5)),
        L::CacheSwap => warn(Mebibytes, Above, (50.0e6, 2, 3)),
        L::CacheLag => warn(Seconds, Above, (5.0, 3, 3)),
        L::CacheCredits => warn(Count, Below, one(30.0)),
        L::DatabaseCpu => both(Percent, Above, (80.0, 10, 10), (95.0, 10, 10)),
        // 10 % of the maximum of t3.large.
        L::DatabaseCredits => warn(Count, Below, one(86.0)),
        L::DatabaseConnections => both(Percent, Above, (80.0, 2, 3), (95.0, 2, 3)),
        L::DatabaseFreeStorage => both(Gibibytes, Below, one(20.0 * GIB), one(10.0 * GIB)),
        L::DatabaseFreeMemory => both(Mebibytes, Below, one(800.0 * MIB), one(400.0 * MIB)),
        L::DatabaseSwap => warn(Mebibytes, Above, (256.0 * MIB, 2, 3)),
        L::DatabaseLatency => both(Seconds, Above, (0.020, 5, 5), (0.050, 5, 5)),
        L::DatabaseQueue => warn(Count, Above, (10.0, 3, 5)),
        // Of the 3000 of gp3.
        L::DatabaseIops => warn(Count, Above, (2400.0, 3, 5)),
        // As many sessions as vCPUs, and twice as many.
        L::DatabaseLoad => both(Count, Above, (2.0, 5, 5), (4.0, 10, 10)),
        L::DatabaseEbsBalance => warn(Percent, Below, one(20.0)),
        L::DatabaseTransactionIds => both(Count, Above, one(500.0e6), one(1.0e9)),
        L::DatabaseFailover => critical(Span, Above, one(3.0 * MINUTE)),
        // Logs ship about every 5 min, so that 300-420 s is normal jitter: noted, not degraded.
        L::DatabaseRestoreLag => warn(Span, Above, one(7.0 * MINUTE)),
        L::DatabaseBackupLag => warn(Span, Above, one(30.0 * MINUTE)),
        L::HostWait => both(Percent, From, one(10.0), one(30.0)),
        L::HostLoad => both(Count, From, one(1.0), one(2.0)),
        L::HostMemory => both(Percent, From, one(85.0), one(95.0)),
        L::HostFileSystem => both(Percent, From, one(80.0), one(90.0)),
        L::AlarmSilence => warn(Span, Above, one(15.0 * MINUTE)),
        L::LogSilence => warn(Span, Above, one(5.0 * MINUTE)),
        // Fargate takes one address a task.
        L::FreeAddresses => warn(Count, Below, one(16.0)),
        L::NatEstablished => warn(Percent, Below, (80.0, 3, 3)),
        L::NatDrops => warn(Percent, Above, (0.01, 2, 3)),
        L::NatPortErrors => critical(Count, Above, (0.0, 2, 3)),
        L::Cdn5xx => both(Percent, Above, (1.0, 5, 5), (5.0, 3, 3)),
        L::Cdn4xx => warn(Percent, Above, (10.0, 5, 5)),
        L::CdnDeployment => warn(Span, Above, one(30.0 * MINUTE)),
        L::HealthCheck => critical(Count, Below, (0.5, 2, 2)),
        L::ApprovalTime => warn(Span, Above, one(24.0 * HOUR)),
    }
}

impl Limits {
    /// The bounds of a figure: what the configuration says, else the default.
    pub fn bounds(&self, limit: Limit) -> Bounds {
        let (default, written) = (meaning(limit).bounds, self.written(limit));
        let over = |bound: Option<Bound>, value: Option<f64>| bound.map(|b| Bound { value: value.unwrap_or(b.value), ..b });
        Bounds { warn: over(default.warn, written.warn), critical: over(default.critical, written.critical) }
    }

    /// How bad one figure is by itself; the rules look at more minutes than one before they say so of a node.
    pub fn level(&self, limit: Limit, value: f64) -> Level {
        let bounds = self.bounds(limit);
        let bad = |bound: Option<Bound>| bound.is_some_and(|b| b.is_bad(value));
        match (bad(bounds.critical), bad(bounds.warn)) {
            (true, _) => Level::Down,
            (_, true) => Level::Degraded,
            _ => Level::Healthy,
        }
    }

    /// The level of how long something takes or lies back.
    pub(crate) fn level_of_span(&self, limit: Limit, span: TimeDelta) -> Level {
        self.level(limit, span.as_seconds_f64())
    }

    /// The level of the packets that a NAT gateway drops, of the bytes that it carries in the same minute; a few are always lost.
    pub(crate) fn level_of_drops(&self, dropped: f64, bytes: f64) -> Level {
        let share = if dropped > NAT_DROPS_FLOOR { dropped / (bytes / PACKET_BYTES) * 100.0 } else { 0.0 };
        self.level(Limit::NatDrops, share)
    }

    /// The time that a limit allows: the warning's, else the critical one's.
    pub(crate) fn span(&self, limit: Limit) -> TimeDelta {
        let bounds = self.bounds(limit);
        TimeDelta::seconds(bounds.warn.or(bounds.critical).map_or(0, |b| b.value as i64))
    }

    /// A limit of the share of failed requests.
    pub(crate) fn share(&self, limit: Limit) -> Share {
        let bounds = self.bounds(limit);
        let of = |bound: Option<Bound>| bound.map_or((f64::INFINITY, 1, 1), |b| (b.value / 100.0, b.n, b.of));
        let (floor_errors, floor_requests) = if limit == Limit::Balancer5xx { (5.0, 0.0) } else { (0.0, 20.0) };
        Share { floor_errors, floor_requests, warn: of(bounds.warn), critical: of(bounds.critical) }
    }

    /// A limit in words: `> 80 % 10 of 10 min is degraded, > 95 % 10 of 10 min is down`.
    pub(crate) fn words(&self, limit: Limit, show: impl Fn(f64) -> String) -> String {
        let bounds = self.bounds(limit);
        let side = |bound: Option<Bound>, word: &str| bound.map(|b| format!("{} is {word}", b.words(&show)));
        [side(bounds.warn, "degraded"), side(bounds.critical, "down")].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Bound {
    /// `> 80 % 10 of 10 min`.
    fn words(&self, show: impl Fn(f64) -> String) -> String {
        let sign = match self.side {
            Side::Above => ">",
            Side::From => ">=",
            Side::Below => "<",
        };
        let minutes = if self.of > 1 { format!(" {} of {} min", self.n, self.of) } else { String::new() };
        format!("{sign} {}{minutes}", show(self.value))
    }
}

/// A share of failed requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// Errors in a minute below which the minute does not count.
    pub floor_errors: f64,
    /// Requests in a minute below which the minute does not count.
    pub floor_requests: f64,
    /// (share, n, of).
    pub warn: (f64, usize, usize),
    /// (share, n, of).
    pub critical: (f64, usize, usize),
}

// What is no limit of one figure, but how figures are read.

/// A task that began this shortly before the repositories were read may run an image that they do not show yet.
pub(crate) const IMAGE_LAG: TimeDelta = TimeDelta::minutes(2);

/// RequestCount: minutes that are looked at.
pub(crate) const TRAFFIC_MINUTES: usize = 3;
/// RequestCount: minutes of the mean before them.
pub(crate) const TRAFFIC_MEAN_MINUTES: usize = 15;
/// RequestCount: requests per minute in the mean below which a drop means nothing.
pub(crate) const TRAFFIC_FLOOR: f64 = 10.0;
/// A load balancer of this stack has a node in three zones.
pub(crate) const BALANCER_ZONES: usize = 3;

/// Task stops are counted over this window.
/// For so long a deployment that was rolled back is a warning; after that it is a fact.
pub(crate) const ROLLBACK_WINDOW: TimeDelta = TimeDelta::hours(1);
pub(crate) const STOPS_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// MasterLinkHealthStatus of a replica 0 for this many minutes.
pub(crate) const LINK_MINUTES: usize = 2;
/// 0 or 2 primaries in one shard for this many minutes.
pub(crate) const PRIMARY_MINUTES: usize = 2;
/// CurrConnections 0 on all nodes for this many minutes.
pub(crate) const NO_CONNECTION_MINUTES: usize = 2;
/// GetTypeCmds and SetTypeCmds 0 on all nodes for this many minutes...
pub(crate) const NO_COMMAND_MINUTES: usize = 3;
/// ...after so many minutes with commands: long, so that a silence that lasts is not taken for the habit.
pub(crate) const COMMAND_MEAN_MINUTES: usize = 120;
/// A failover or recovery event without its end counts for this long.
pub(crate) const CACHE_RECOVERY: TimeDelta = TimeDelta::minutes(15);

/// CPUSurplusCreditsCharged > 0 for this long costs money, not service: never more than a warning.
pub(crate) const DB_SURPLUS_SPAN: TimeDelta = TimeDelta::hours(1);
/// DatabaseConnections 0 for this many minutes while tasks run is critical.
pub(crate) const DB_NO_CONNECTION_MINUTES: usize = 2;
/// RDS events are best effort: a failover whose end was never reported is forgotten after this.
pub(crate) const DB_FAILOVER_FORGET: TimeDelta = TimeDelta::minutes(15);
/// What has run for so long has figures: CloudWatch shows the first ones after a few minutes.
pub(crate) const FIRST_FIGURES: TimeDelta = TimeDelta::minutes(10);
/// PITR lag up to here needs no word (RPO 5 min).
pub(crate) const PITR_HEALTHY: TimeDelta = TimeDelta::minutes(5);

/// Minutes that the rules about a gateway look at.
pub(crate) const NAT_MINUTES: usize = 3;
/// Established connections are judged only from so many attempts a minute.
pub(crate) const NAT_ATTEMPTS_FLOOR: f64 = 20.0;
/// Dropped packets a minute that say nothing.
pub(crate) const NAT_DROPS_FLOOR: f64 = 10.0;
/// Packets are not asked for: bytes of a packet, on average.
pub(crate) const PACKET_BYTES: f64 = 1000.0;

/// Route 53 calls an endpoint healthy when more of its checkers than this reach it.
const CHECKERS_NEEDED: f64 = 0.18;

/// Whether Route 53 counts an endpoint that so many of its checkers reach as healthy.
pub fn reached(passed: usize, checkers: usize) -> bool {
    passed as f64 / checkers as f64 > CHECKERS_NEEDED
}

/// Whether a metric that knows only 0 and 1 says yes; an average over a minute stands between.
pub(crate) fn says_yes(value: f64) -> bool {
    value >= 0.5
}
