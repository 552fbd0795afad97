//! The state of the stack as plain data, one file per AWS service. No behaviour beyond small accessors.
//! The physics (sibling modules of `world`) writes it; the service handlers read it and render it to the wire.

mod alarm;
mod alb;
mod ecs;
mod logs;
mod network;
mod rds;
mod redis;
mod scaling;
mod task;

pub use alarm::{Alarm, AlarmHistoryItem, AlarmState, Comparison, MissingData};
pub use alb::{Alb, Listener, ListenerRule, RuleAction, Target, TargetGroup, TargetReason, TargetState};
pub use ecs::{
    Cluster, Deployment, DeploymentStatus, Ecs, LoadBalancerRef, RolloutState, Service, ServiceDeployment, ServiceDeploymentStatus,
    ServiceEvent, ServiceRevision,
};
pub use logs::{LogEvent, LogGroup, LogStream, Logs};
pub use network::{Nat, Network, SubnetIds};
pub use rds::{DbFailover, DbInstance, DbStatus, FailoverCause, Rds, RdsEvent};
pub use redis::{NodeRecovery, NodeStatus, Redis, RedisEvent, RedisNode, RedisSource, ReplicationGroup};
pub use scaling::{NotScaledReason, ScalableTarget, Scaling, ScalingActivity, ScalingPolicy};
pub use task::{ContainerState, EcrImage, StopCode, Task, TaskDefinition, TaskHealth, TaskStatus};
