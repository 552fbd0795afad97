//! The security half: roles, keys and secrets as they are when history begins.
//! Tables only; what happens to them later is in `security` beside `build`.

use super::super::names::{ACCOUNT, DAY, HOUR, KMS_ECR, KMS_KEY, KMS_S3, KMS_SECRETS, MIN, Ms, REGION, STACK, arn};
use super::super::state::{Iam, Key, Kms, Role, Secret, Secrets};
use super::platform::AGE;

/// A role: name, path, who may assume it, attached policies, inline policies, description.
type RoleRow = (&'static str, &'static str, (&'static str, &'static str), &'static [&'static str], &'static [&'static str], &'static str);

const ROLES: [RoleRow; 10] = [
    (
        "OnCall",
        "/",
        ("AWS", "arn:aws:iam::111122223333:root"),
        &["policy/nextcore-top-read", "policy/nextcore-top-operate"],
        &[],
        "People on call for the NextCore stack",
    ),
    (
        "production-nextcore-ecs-task",
        "/",
        ("Service", "ecs-tasks.amazonaws.com"),
        &["policy/production-nextcore-ecs-task"],
        &["s3-documents"],
        "What the containers may do",
    ),
    (
        "production-nextcore-ecs-execution",
        "/",
        ("Service", "ecs-tasks.amazonaws.com"),
        &["aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
        &["read-secrets"],
        "What ECS does to start a task: pull, log, read secrets",
    ),
    (
        "production-nextcore-codebuild",
        "/",
        ("Service", "codebuild.amazonaws.com"),
        &["policy/production-nextcore-codebuild"],
        &[],
        "Builds and pushes the images",
    ),
    (
        "production-nextcore-codepipeline",
        "/",
        ("Service", "codepipeline.amazonaws.com"),
        &["policy/production-nextcore-codepipeline"],
        &[],
        "Runs the builds and deploys to ECS",
    ),
    (
        "production-nextcore-rds-monitoring",
        "/",
        ("Service", "monitoring.rds.amazonaws.com"),
        &["aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"],
        &[],
        "Enhanced Monitoring of the database",
    ),
    (
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "/aws-service-role/ecs.application-autoscaling.amazonaws.com/",
        ("Service", "ecs.application-autoscaling.amazonaws.com"),
        &["aws:policy/aws-service-role/AWSApplicationAutoscalingECSServicePolicy"],
        &[],
        "",
    ),
    (
        "AWSServiceRoleForECS",
        "/aws-service-role/ecs.amazonaws.com/",
        ("Service", "ecs.amazonaws.com"),
        &["aws:policy/aws-service-role/AmazonECSServiceRolePolicy"],
        &[],
        "Role to enable Amazon ECS to manage your cluster.",
    ),
    (
        "AWSServiceRoleForElastiCache",
        "/aws-service-role/elasticache.amazonaws.com/",
        ("Service", "elasticache.amazonaws.com"),
        &["aws:policy/aws-service-role/ElastiCacheServiceRolePolicy"],
        &[],
        "This policy allows ElastiCache to manage AWS resources on your behalf as necessary for managing your cache.",
    ),
    (
        "AWSServiceRoleForRDS",
        "/aws-service-role/rds.amazonaws.com/",
        ("Service", "rds.amazonaws.com"),
        &["aws:policy/aws-service-role/AmazonRDSServiceRolePolicy"],
        &[],
        "",
    ),
];

/// The roles.
pub(super) fn iam(begin: Ms) -> Iam {
    let policy = |name: &&str| match name.strip_prefix("aws:") {
        Some(managed) => format!("arn:aws:iam::aws:{managed}"),
        None => format!("arn:aws:iam::{ACCOUNT}:{name}"),
    };
    let role = |(index, row): (usize, &RoleRow)| {
        let (name, path, (kind, principal), attached, inline, description) = *row;
        Role {
            name: name.to_owned(),
            path: path.to_owned(),
            id: format!("AROAR2NEXTCORE{:07}", 4_118_203 + index * 7_919),
            description: description.to_owned(),
            trust: (kind, principal.to_owned()),
            attached: attached.iter().map(policy).collect(),
            inline: inline.iter().map(|name| (*name).to_owned()).collect(),
            max_session: 3_600,
            created_at: begin - AGE - HOUR + index as Ms * MIN,
            last_used: (index > 0).then_some(begin - 5 * MIN),
            refused: Vec::new(),
        }
    };
    let mut roles: Vec<Role> = ROLES.iter().enumerate().map(role).collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    Iam { roles }
}

/// The keys. Material is rotated once a year.
pub(super) fn kms(begin: Ms) -> Kms {
    let rows = [
        (KMS_KEY, "production-nextcore-rds", "NextCore: database, cache and logs", true),
        (KMS_S3, "production-nextcore-s3", "NextCore: buckets", true),
        (KMS_SECRETS, "production-nextcore-secrets", "NextCore: secrets", true),
        (KMS_ECR, "aws/ecr", "Default key that protects my ECR repositories when no other key is defined", false),
    ];
    let key = |(given, alias, description, customer): (&str, &str, &str, bool)| Key {
        id: given.rsplit('/').next().unwrap_or(given).to_owned(),
        arn: given.to_owned(),
        alias: format!("alias/{alias}"),
        description: description.to_owned(),
        customer,
        enabled: true,
        deletion: None,
        rotation: true,
        rotation_days: 365,
        rotated_at: begin - AGE,
        created_at: begin - AGE,
    };
    Kms { keys: rows.into_iter().map(key).collect(), database_since: None }
}

/// The secrets: the database's is rotated every thirty days.
pub(super) fn secrets(begin: Ms) -> Secrets {
    let rows = [
        ("database_url", "Connection string of the database", Some(30), Some(begin - 11 * DAY - 4 * HOUR), begin - 11 * DAY - 4 * HOUR),
        ("django_secret_key", "Signing key of Django", None, None, begin - 140 * DAY),
        ("redis_url", "Connection string of the cache, with its auth token", None, None, begin - 71 * DAY),
    ];
    let secret = |(name, description, rotation_days, rotated_at, changed_at): (&str, &str, Option<u32>, Option<Ms>, Ms)| {
        let full = format!("{STACK}/{name}");
        let secret = Secret {
            arn: arn("secretsmanager", format_args!("secret:{full}-a1B2c3")),
            description: description.to_owned(),
            kms_key: KMS_SECRETS.to_owned(),
            rotation_days,
            rotation_lambda: rotation_days.map(|_| format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-rotate-database")),
            rotated_at,
            changed_at,
            // What the running tasks read when they started.
            accessed_at: Some(begin - 3 * DAY - HOUR),
            deleted_at: None,
            recovery_days: 30,
            created_at: begin - AGE,
            version: format!("{name:0>8.8}-3c1d-4e5f-8a9b-0c1d2e3f4a5b").replace(|c: char| !c.is_ascii_hexdigit() && c != '-', "7"),
            previous: None,
            name: full.clone(),
        };
        (full, secret)
    };
    Secrets { secrets: rows.into_iter().map(secret).collect() }
}
