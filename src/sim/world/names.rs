//! The fixed names of the seeded stack: account, region, zones, resource names and ARNs.
//! Not state: nothing here moves. Read by the builder, by the physics and by the service handlers.

use std::fmt;

/// Milliseconds since the Unix epoch: the only notion of time inside the world.
pub type Ms = i64;
/// One second in [`Ms`].
pub const SEC: Ms = 1_000;
/// One minute in [`Ms`].
pub const MIN: Ms = 60 * SEC;
/// One hour in [`Ms`].
pub const HOUR: Ms = 60 * MIN;
/// One day in [`Ms`].
pub const DAY: Ms = 24 * HOUR;

/// The account of the embedded stack.
pub const ACCOUNT: &str = "111122223333";
/// The home region.
pub const REGION: &str = "ap-southeast-2";
/// The name every resource starts with.
pub const STACK: &str = "production-nextcore";
/// The ECS cluster.
pub const CLUSTER: &str = STACK;
/// The Django API service.
pub const CONTROL: &str = "control-plane";
/// The Next.js portal service.
pub const WEB: &str = "web";
/// The Celery worker service.
pub const WORKER: &str = "celery-worker";
/// The three services, in the order of the written architecture's drawing.
pub const SERVICES: [&str; 3] = [CONTROL, WEB, WORKER];
/// The database instance.
pub const DB: &str = "production-nextcore-db";
/// The Redis replication group.
pub const REDIS: &str = "production-nextcore-redis";
/// The log group of all containers.
pub const LOG_GROUP: &str = "/ecs/production-nextcore";
/// The log group of RDS Enhanced Monitoring.
pub const OS_METRICS_GROUP: &str = "RDSOSMetrics";
/// The load balancer's `LoadBalancer` metric dimension (`app/name/id`).
pub const ALB_DIM: &str = "app/production-nextcore/50dc6c495c0c9188";
/// The API target group's `TargetGroup` metric dimension.
pub const TG_API_DIM: &str = "targetgroup/production-nextcore-api/6d0ecf831eec9f09";
/// The web target group's `TargetGroup` metric dimension.
pub const TG_WEB_DIM: &str = "targetgroup/production-nextcore-web/943f017f100becff";
/// The topic user alarms notify.
pub const ALARM_TOPIC: &str = "arn:aws:sns:ap-southeast-2:111122223333:production-nextcore-alarms";
/// The customer key that encrypts the database, the cache and the log group.
pub const KMS_KEY: &str = "arn:aws:kms:ap-southeast-2:111122223333:key/1b9f6f0e-6c3d-4f0a-9d3e-7a8c2f51d0aa";
/// The customer key that encrypts the buckets.
pub const KMS_S3: &str = "arn:aws:kms:ap-southeast-2:111122223333:key/2c8e7a1d-5f4b-4b19-8e6a-9d0f3c62e1bb";
/// The key that AWS keeps for the registry.
pub const KMS_ECR: &str = "arn:aws:kms:ap-southeast-2:111122223333:key/7a1e5c9d-3b2f-4d8a-b6e4-9c0f1d2e3a4b";
/// The customer key that encrypts the secrets.
pub const KMS_SECRETS: &str = "arn:aws:kms:ap-southeast-2:111122223333:key/3d7f8b2e-4a5c-4c28-9f7b-8e1a4d73f2cc";

/// The hosted zone of the site.
pub const HOSTED_ZONE: &str = "Z08452613NEXTCOREAI0";
/// The health check of the site.
pub const HEALTH_CHECK: &str = "b7e1c0de-4f7a-4f0e-9a53-2d8f6c1b9a40";
/// The distribution of the static files.
pub const DISTRIBUTION: &str = "E2NEXTCOREAI0T";
/// The bucket of uploaded documents.
pub const DOCUMENTS_BUCKET: &str = "nextcore-documents";
/// The bucket of static files.
pub const STATIC_BUCKET: &str = "nextcore-static";
/// The bucket of rendered reports.
pub const REPORTS_BUCKET: &str = "nextcore-reports";

/// An ARN of this account and region: `arn:aws:<service>:<region>:<account>:<rest>`.
pub fn arn(service: &str, rest: impl fmt::Display) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

/// The ARN of a service of the cluster.
pub fn service_arn(service: &str) -> String {
    arn("ecs", format_args!("service/{CLUSTER}/{service}"))
}

/// The ARN of a task of the cluster.
pub fn task_arn(id: &str) -> String {
    arn("ecs", format_args!("task/{CLUSTER}/{id}"))
}

/// The ARN of a task-definition revision.
pub fn task_definition_arn(family: &str, revision: u32) -> String {
    arn("ecs", format_args!("task-definition/{family}:{revision}"))
}

/// The resource id Application Auto Scaling uses for a service.
pub fn scaling_resource_id(service: &str) -> String {
    format!("service/{CLUSTER}/{service}")
}

/// One of the region's three availability zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Az {
    /// `ap-southeast-2a`
    A,
    /// `ap-southeast-2b`
    B,
    /// `ap-southeast-2c`
    C,
}

impl Az {
    /// All zones in order.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The zone's name, `ap-southeast-2a`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "ap-southeast-2a",
            Self::B => "ap-southeast-2b",
            Self::C => "ap-southeast-2c",
        }
    }

    /// The zone's id, `apse2-az1`.
    pub const fn zone_id(self) -> &'static str {
        match self {
            Self::A => "apse2-az1",
            Self::B => "apse2-az3",
            Self::C => "apse2-az2",
        }
    }

    /// 0, 1 or 2: the index into per-zone arrays.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The zone called `name`, by full name (`ap-southeast-2a`) or by letter (`a`).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|az| az.name() == name || az.name().strip_prefix(REGION) == Some(name))
    }
}

impl fmt::Display for Az {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
