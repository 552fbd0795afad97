//! Every write operation that an operator's process may ever send (AWS map §3). Reading dashboards are built without any of them: the gate
//! knows `source::reads()` only. Read by the IAM policy.

use super::op::{Op, Scope};

/// All of them.
pub const WRITES: &[Op] = &[
    Op::write("ECS", "UpdateService", "ecs:UpdateService").on(Scope::Cluster),
    Op::write("ECS", "StopTask", "ecs:StopTask").on(Scope::Cluster),
    Op::write("ECS", "StopServiceDeployment", "ecs:StopServiceDeployment").on(Scope::Cluster),
    Op::write("ECS", "ExecuteCommand", "ecs:ExecuteCommand").on(Scope::Cluster),
    Op::write("Application Auto Scaling", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget")
        .on(Scope::ScalableTargets),
    Op::write("RDS", "RebootDBInstance", "rds:RebootDBInstance").on(Scope::Database),
    Op::write("ElastiCache", "TestFailover", "elasticache:TestFailover").on(Scope::Cache),
    Op::write("EC2", "ReplaceRoute", "ec2:ReplaceRoute").on(Scope::RouteTables),
    Op::write("CloudWatch", "DisableAlarmActions", "cloudwatch:DisableAlarmActions").on(Scope::Alarms),
    Op::write("CloudWatch", "EnableAlarmActions", "cloudwatch:EnableAlarmActions").on(Scope::Alarms),
    Op::write("CodePipeline", "StartPipelineExecution", "codepipeline:StartPipelineExecution").on(Scope::Pipeline),
    Op::write("CodePipeline", "StopPipelineExecution", "codepipeline:StopPipelineExecution").on(Scope::Pipeline),
    Op::write("CodePipeline", "RetryStageExecution", "codepipeline:RetryStageExecution").on(Scope::Pipeline),
    Op::write("CodePipeline", "RollbackStage", "codepipeline:RollbackStage").on(Scope::Pipeline),
    Op::write("CodeBuild", "StartBuild", "codebuild:StartBuild").on(Scope::Projects),
    Op::write("CodeBuild", "RetryBuild", "codebuild:RetryBuild").on(Scope::Projects),
    Op::write("CodeBuild", "StopBuild", "codebuild:StopBuild").on(Scope::Projects),
    Op::write("CloudFront", "CreateInvalidation", "cloudfront:CreateInvalidation").on(Scope::Distribution),
];
