//! The state of the stack as plain data, one file per AWS service. No behaviour beyond small accessors.
//! The physics (sibling modules of `world`) writes it; the service handlers read it and render it to the wire.

mod alarm;
mod alb;
mod cdn;
mod codebuild;
mod codepipeline;
mod dashboard;
mod dns;
mod ecr;
mod ecs;
mod iam;
mod insight;
mod kms;
mod logs;
mod network;
mod rds;
mod redis;
mod scaling;
mod secrets;
mod storage;
mod task;

pub use alarm::{Alarm, AlarmHistoryItem, AlarmState, Comparison, MissingData};
pub use alb::{Alb, Listener, ListenerRule, RuleAction, Target, TargetGroup, TargetReason, TargetState};
pub use cdn::{Distribution, Invalidation, Origin};
pub use codebuild::{Build, BuildMinute, BuildStatus, CodeBuild, PHASES, Pace, PhaseRun, Project, Work};
pub use codepipeline::{ActionRun, CodePipeline, Commit, Execution, Pipeline, RunStatus, Stage, StageRun, Transition, role_arn};
pub use dashboard::{Dashboard, Dashboards};
pub use dns::{AliasTarget, Answer, Checker, Dns, HealthCheck, HostedZone, Record};
pub use ecr::{Ecr, EcrImage, Finding, Repository, Scan, uri};
pub use ecs::{
    BlueGreen, Cluster, Deployer, Deployment, DeploymentStatus, Ecs, LoadBalancerRef, RolloutState, Service, ServiceDeployment,
    ServiceDeploymentStatus, ServiceEvent, ServiceRevision, TaskSet,
};
pub use iam::{Iam, Role};
pub use insight::{DbFigures, DbInsight, DbMean, DbSample};
pub use kms::{Key, Kms};
pub use logs::{LogEvent, LogGroup, LogQuery, LogStream, Logs};
pub use network::{
    Address, Association, GroupRule, InternetGateway, Nat, NatState, Network, Peer, Permission, Route, RouteTable, RouteTarget,
    SecurityGroup, Subnet, SubnetIds, Tier,
};
pub use rds::{
    ClusterFailover, DbChange, DbCluster, DbClusterMember, DbFailover, DbInstance, DbModification, DbStatus, FailoverCause, Pending, Rds,
    RdsEvent, class_shape,
};
pub use redis::{CacheMode, NodeRecovery, NodeStatus, Redis, RedisEvent, RedisNode, RedisSource, ReplicationGroup};
pub use scaling::{NotScaledReason, ScalableTarget, Scaling, ScalingActivity, ScalingPolicy};
pub use secrets::{Secret, Secrets};
pub use storage::{Bucket, BucketMinute, Encryption, LifecycleRule, Versioning};
pub use task::{ContainerState, StopCode, Task, TaskDefinition, TaskHealth, TaskStatus};
