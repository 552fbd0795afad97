//! Operations as the gate, the meter and the IAM policy know them: SDK service id, operation, IAM action. Only data.

use nextcore_core::model::system::System;

/// Whether an operation changes anything, or costs something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Leaves the cloud as it was.
    Read,
    /// Leaves it as it was, and is billed by what it looks at: allowed to who may write, and to a viewer by the configuration.
    Billed,
    /// Changes it.
    Write,
}

/// One AWS operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// The SDK's service id, as in its `Metadata`: `ECS`, `Elastic Load Balancing v2`.
    pub service: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// The IAM action that allows it.
    pub iam: &'static str,
    /// Read, billed read or write; never inferred from the verb.
    pub kind: Kind,
    /// What the IAM policy allows it on.
    pub on: Scope,
}

/// The resources that an operation can be limited to in an IAM policy. Which they are in a stack is `policy`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// IAM knows no resource for it: `*`.
    Any,
    /// The cluster with its services, tasks, deployments and revisions.
    Cluster,
    /// `*`, on condition that the request names the cluster.
    InCluster,
    /// Scalable targets of ECS.
    ScalableTargets,
    /// The database: an instance, or a cluster of this name.
    Database,
    /// Database instances and clusters: members are listed without naming one.
    Databases,
    /// Database parameter groups.
    Parameters,
    /// The replication group and its nodes.
    Cache,
    /// A serverless cache of the cache's name.
    ServerlessCache,
    /// Performance Insights of databases.
    Insights,
    /// The services' log group.
    Logs,
    /// The log group of Enhanced Monitoring.
    DatabaseLogs,
    Alarms,
    Dashboards,
    Buckets,
    Roles,
    Keys,
    Secrets,
    Repositories,
    /// The CodeBuild projects.
    Projects,
    Pipeline,
    /// Hosted zones.
    Zones,
    Distribution,
    RouteTables,
}

impl Scope {
    /// The system that a stack must have for it; `None`: every stack has it.
    pub fn of(self) -> Option<System> {
        match self {
            Self::Any | Self::Alarms => None,
            Self::Cluster | Self::InCluster | Self::ScalableTargets => Some(System::Service),
            Self::Database | Self::Databases | Self::Parameters | Self::Insights | Self::DatabaseLogs => Some(System::Database),
            Self::Cache | Self::ServerlessCache => Some(System::Cache),
            Self::Logs => Some(System::Logs),
            Self::Dashboards => Some(System::Dashboards),
            Self::Buckets => Some(System::Buckets),
            Self::Roles => Some(System::Roles),
            Self::Keys => Some(System::Keys),
            Self::Secrets => Some(System::Secrets),
            Self::Repositories => Some(System::Repositories),
            Self::Projects => Some(System::Builds),
            Self::Pipeline => Some(System::Pipeline),
            Self::Zones => Some(System::Dns),
            Self::Distribution => Some(System::Cdn),
            Self::RouteTables => Some(System::Nat),
        }
    }
}

/// An operation of which it is still to be said what the policy allows it on: nobody gets `*` by forgetting.
#[derive(Debug, Clone, Copy)]
pub struct Unscoped(Op);

impl Unscoped {
    /// Limited to these resources.
    pub const fn on(self, on: Scope) -> Op {
        Op { on, ..self.0 }
    }
}

impl Op {
    /// A read operation.
    pub const fn read(service: &'static str, operation: &'static str, iam: &'static str) -> Unscoped {
        Unscoped(Self { service, operation, iam, kind: Kind::Read, on: Scope::Any })
    }

    /// A read operation that is billed by what it looks at.
    pub const fn billed(service: &'static str, operation: &'static str, iam: &'static str) -> Unscoped {
        Unscoped(Self { service, operation, iam, kind: Kind::Billed, on: Scope::Any })
    }

    /// A write operation.
    pub const fn write(service: &'static str, operation: &'static str, iam: &'static str) -> Unscoped {
        Unscoped(Self { service, operation, iam, kind: Kind::Write, on: Scope::Any })
    }

    /// The short prefix of the IAM action: `ecs`.
    pub fn prefix(&self) -> &'static str {
        self.iam.split(':').next().unwrap_or(self.iam)
    }

    /// `ecs:DescribeServices`, as operators write it.
    pub fn label(&self) -> String {
        format!("{}:{}", self.prefix(), self.operation)
    }
}
