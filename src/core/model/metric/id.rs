//! The names of all metric series, a family for each system: a closed list, so that a name which does not exist does not compile, and one
//! that is not asked for does not either (`live/aws/source/metrics/table.rs` matches on it). Their text is that of documents: `svc/web/cpu`.

use std::borrow::Cow;
use std::fmt;

/// The id of a series: `db/cpu`, `svc/web/cpu`. Only a metric of a [`Family`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(Cow<'static, str>);

impl SeriesId {
    /// Its text, as in documents.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&SeriesId> for SeriesId {
    fn from(id: &SeriesId) -> Self {
        id.clone()
    }
}

impl From<SeriesId> for String {
    fn from(id: SeriesId) -> Self {
        id.0.into_owned()
    }
}

/// The metrics of one system.
pub trait Family: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The id of its series of that subject; what a system has once ignores the name.
    fn series(self, subject: &str) -> SeriesId;
}

macro_rules! families {
    ($($(#[$doc:meta])* $many:ident $family:ident $word:literal { $($metric:ident = $name:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $family {
            $(#[doc = concat!("`", $name, "`")] $metric,)+
        }

        family!($many $family $word { $($metric = $name,)+ });
    )+};
}

macro_rules! family {
    (one $family:ident $word:literal { $($metric:ident = $name:literal,)+ }) => {
        impl $family {
            /// The id of its series.
            pub const fn id(self) -> SeriesId {
                SeriesId(Cow::Borrowed(match self {
                    $(Self::$metric => concat!($word, "/", $name),)+
                }))
            }
        }

        impl From<$family> for SeriesId {
            fn from(metric: $family) -> Self {
                metric.id()
            }
        }

        impl Family for $family {
            const ALL: &'static [Self] = &[$(Self::$metric),+];

            fn series(self, _: &str) -> SeriesId {
                self.id()
            }
        }
    };
    (each $family:ident $word:literal { $($metric:ident = $name:literal,)+ }) => {
        impl $family {
            /// The id of its series of that subject.
            pub fn of(self, subject: &str) -> SeriesId {
                let name = match self {
                    $(Self::$metric => $name,)+
                };
                SeriesId(Cow::Owned([$word, subject, name].join("/")))
            }
        }

        impl Family for $family {
            const ALL: &'static [Self] = &[$(Self::$metric),+];

            fn series(self, subject: &str) -> SeriesId {
                self.of(subject)
            }
        }
    };
}

families! {
    /// The load balancer.
    one Alb "alb" {
        Requests = "requests",
        Elb5xx = "elb5xx",
        Target5xx = "target5xx",
        Target4xx = "target4xx",
        P50 = "p50",
        P95 = "p95",
        P99 = "p99",
        Rejected = "rejected",
        ConnectionErrors = "connerr",
        Active = "active",
    }
    /// A target group, by its name.
    each Tg "tg" {
        Requests = "requests",
        Healthy = "healthy",
        Unhealthy = "unhealthy",
        Target5xx = "5xx",
        P95 = "p95",
    }
    /// An ECS service, by its name.
    each Svc "svc" {
        Cpu = "cpu",
        CpuMax = "cpu.max",
        Mem = "mem",
        MemMax = "mem.max",
    }
    /// What Container Insights adds to a service, by its name.
    each Insights "insights" {
        Running = "running",
        Pending = "pending",
        Rx = "rx",
        Tx = "tx",
        Restarts = "restarts",
        StorageRead = "storage_read",
    }
    /// The DB instance.
    one Db "db" {
        Cpu = "cpu",
        Connections = "connections",
        ReadLatency = "read_latency",
        WriteLatency = "write_latency",
        Load = "load",
        Storage = "storage",
        Memory = "memory",
        LoadNonCpu = "load_noncpu",
        Queue = "queue",
        ReadIops = "read_iops",
        WriteIops = "write_iops",
        Credits = "credits",
        Swap = "swap",
        EbsIo = "ebs_io",
        EbsByte = "ebs_byte",
        Xids = "xids",
        Wal = "wal",
        Surplus = "surplus",
    }
    /// A Redis node, by its id.
    each Redis "redis" {
        Primary = "primary",
        Memory = "memory",
        Cpu = "cpu",
        Engine = "engine",
        Evictions = "evictions",
        Lag = "lag",
        Link = "link",
        Gets = "gets",
        Sets = "sets",
        Swap = "swap",
        Connections = "connections",
        HitRate = "hit_rate",
        Credits = "credits",
    }
    /// A NAT gateway, by its id.
    each Nat "nat" {
        BytesIn = "bytes_in",
        BytesOut = "bytes_out",
        PortErrors = "port_errors",
        Drops = "drops",
        Attempts = "attempts",
        Established = "established",
        Active = "active",
    }
    /// The distribution.
    one Cdn "cdn" {
        Requests = "requests",
        Errors5xx = "5xx",
        Errors4xx = "4xx",
        Bytes = "bytes",
    }
    /// What a distribution publishes that pays for it.
    one CdnRealtime "cdn" {
        Hit = "hit",
        Latency = "latency",
    }
    /// A health check of Route 53, by its id.
    each Dns "dns" {
        Status = "status",
        Percent = "percent",
    }
    /// A bucket with request metrics, by its name.
    each S3 "s3" {
        Requests = "requests",
        Errors4xx = "4xx",
        Errors5xx = "5xx",
        Latency = "latency",
    }
    /// The log group.
    one Logs "logs" {
        Events = "events",
        Bytes = "bytes",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ids<M: Family>(all: &mut Vec<SeriesId>) {
        all.extend(M::ALL.iter().map(|m| m.series("x")));
    }

    #[test]
    fn ids_keep_their_text_and_no_two_metrics_share_one() {
        let texts = [
            (Db::ReadLatency.id(), "db/read_latency"),
            (Alb::ConnectionErrors.into(), "alb/connerr"),
            (Svc::CpuMax.of("web"), "svc/web/cpu.max"),
            (Tg::Target5xx.of("web"), "tg/web/5xx"),
            (CdnRealtime::Hit.id(), "cdn/hit"),
        ];
        for (id, text) in texts {
            assert_eq!(id.to_string(), text);
        }
        let mut all = Vec::new();
        ids::<Alb>(&mut all);
        ids::<Tg>(&mut all);
        ids::<Svc>(&mut all);
        ids::<Insights>(&mut all);
        ids::<Db>(&mut all);
        ids::<Redis>(&mut all);
        ids::<Nat>(&mut all);
        ids::<Cdn>(&mut all);
        ids::<CdnRealtime>(&mut all);
        ids::<Dns>(&mut all);
        ids::<S3>(&mut all);
        ids::<Logs>(&mut all);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
