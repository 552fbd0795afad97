//! Which resources make up the stack that is watched: names from the configuration, with the written architecture's names as defaults.

use serde::{Deserialize, Serialize};

use super::limits::Limits;

/// What a service is for; decides which target group and edges belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceRole {
    /// The API behind `/api/*`.
    ControlPlane,
    /// The web portal behind the default rule.
    Web,
    /// Background workers, not behind the balancer.
    Worker,
}

impl ServiceRole {
    /// What the written architecture calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::ControlPlane => "Control plane",
            Self::Web => "Web portal",
            Self::Worker => "Celery workers",
        }
    }
}

/// A resource's name and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with name and role")]
pub struct Named<R> {
    /// The name that AWS knows it by.
    pub name: String,
    /// What it is for.
    pub role: R,
}

/// One ECS service of the stack.
pub type ServiceSpec = Named<ServiceRole>;

/// What a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketRole {
    /// Policies and PDFs.
    Documents,
    /// Static assets and media.
    Static,
    /// Generated reports.
    Reports,
}

/// What an IAM role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleUse {
    /// What the tasks may do.
    EcsTask,
    /// What ECS needs to start a task.
    EcsExecution,
    /// What builds may do.
    CodeBuild,
}

/// What a KMS key encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUse {
    /// The database.
    Rds,
    /// The buckets.
    S3,
    Secrets,
}

/// What a secret holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretUse {
    /// Database credentials.
    Database,
    /// Django's secret key.
    Django,
    /// The Redis auth token.
    Redis,
}

/// The address plan of the VPC: it tells the tiers of the subnets apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddressPlan {
    pub vpc: String,
    /// Public subnets.
    pub public: Vec<String>,
    /// Private subnets.
    pub private: Vec<String>,
    /// Database subnets.
    pub database: Vec<String>,
}

impl Default for AddressPlan {
    fn default() -> Self {
        let tier = |third: [u8; 3]| third.map(|n| format!("10.0.{n}.0/24")).to_vec();
        Self { vpc: "10.0.0.0/16".to_owned(), public: tier([1, 2, 3]), private: tier([11, 12, 13]), database: tier([21, 22, 23]) }
    }
}

/// The watched stack, by resource names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stack {
    /// Shown in the header; typed to arm.
    pub name: String,
    /// The home region.
    pub region: String,
    /// The only account that it may be looked for in; empty = any.
    #[serde(deserialize_with = "super::identity::deserialize_account", skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// ECS cluster name.
    pub cluster: String,
    /// ECS services, in the order of the diagram.
    pub services: Vec<ServiceSpec>,
    /// Application Load Balancer name.
    pub balancer: String,
    /// RDS instance identifier.
    pub database: String,
    /// ElastiCache replication group id.
    pub cache: String,
    /// CloudWatch Logs group of the services.
    pub log_group: String,
    /// Alarms are those whose name starts with this; empty = all of the account.
    pub alarm_prefix: String,
    /// Route 53 zone.
    pub zone: String,
    /// CloudFront distribution id; empty = the one that serves a name of the zone or the static bucket.
    pub distribution: String,
    /// Address plan.
    pub addresses: AddressPlan,
    pub buckets: Vec<Named<BucketRole>>,
    /// IAM roles.
    pub roles: Vec<Named<RoleUse>>,
    /// KMS keys, by id, ARN or alias.
    pub keys: Vec<Named<KeyUse>>,
    pub secrets: Vec<Named<SecretUse>>,
    /// ECR repositories, by the service that runs their images.
    pub repositories: Vec<Named<ServiceRole>>,
    /// CodeBuild projects.
    pub projects: Vec<String>,
    /// CodePipeline pipeline.
    pub pipeline: String,
    /// Dashboards are those whose name starts with this.
    pub dashboard_prefix: String,
    /// What its figures are judged by; a table of its own in the configuration.
    #[serde(skip)]
    pub limits: Limits,
}

impl Default for Stack {
    fn default() -> Self {
        Self {
            name: "production-nextcore".to_owned(),
            region: "ap-southeast-2".to_owned(),
            account: String::new(),
            cluster: "production-nextcore".to_owned(),
            services: vec![
                named("control-plane", ServiceRole::ControlPlane),
                named("web", ServiceRole::Web),
                named("celery-worker", ServiceRole::Worker),
            ],
            balancer: "production-nextcore".to_owned(),
            database: "production-nextcore-db".to_owned(),
            cache: "production-nextcore-redis".to_owned(),
            log_group: "/ecs/production-nextcore".to_owned(),
            alarm_prefix: String::new(),
            zone: "nextcore.ai".to_owned(),
            distribution: String::new(),
            addresses: AddressPlan::default(),
            buckets: vec![
                named("nextcore-documents", BucketRole::Documents),
                named("nextcore-static", BucketRole::Static),
                named("nextcore-reports", BucketRole::Reports),
            ],
            roles: vec![
                named("production-nextcore-ecs-task", RoleUse::EcsTask),
                named("production-nextcore-ecs-execution", RoleUse::EcsExecution),
                named("production-nextcore-codebuild", RoleUse::CodeBuild),
            ],
            keys: vec![
                named("alias/production-nextcore-rds", KeyUse::Rds),
                named("alias/production-nextcore-s3", KeyUse::S3),
                named("alias/production-nextcore-secrets", KeyUse::Secrets),
            ],
            secrets: vec![
                named("production-nextcore/database_url", SecretUse::Database),
                named("production-nextcore/django_secret_key", SecretUse::Django),
                named("production-nextcore/redis_url", SecretUse::Redis),
            ],
            repositories: vec![
                named("nextcore/control", ServiceRole::ControlPlane),
                named("nextcore/web", ServiceRole::Web),
                named("nextcore/worker", ServiceRole::Worker),
            ],
            projects: ["control", "web", "worker"].map(|p| format!("production-nextcore-{p}")).to_vec(),
            pipeline: "production-nextcore".to_owned(),
            dashboard_prefix: "production-nextcore".to_owned(),
            limits: Limits::default(),
        }
    }
}

impl Stack {
    /// Whether these are the resources of the written architecture: only of them it is known where they are.
    pub fn is_the_seeds(&self) -> bool {
        // Neither where they are nor what is only shown, looked through or judged by is a name of a resource.
        let Self { name, region, account, alarm_prefix, dashboard_prefix, distribution, limits, .. } = self.clone();
        *self == Self { name, region, account, alarm_prefix, distribution, dashboard_prefix, limits, ..Self::default() }
    }
}

fn named<R>(name: &str, role: R) -> Named<R> {
    Named { name: name.to_owned(), role }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_stack_is_known_by_its_resources() {
        let seed = Stack { name: "shop".into(), alarm_prefix: "shop".into(), region: "eu-west-1".into(), ..Stack::default() };
        assert!(seed.is_the_seeds());
        assert!(!Stack { database: "shop-db".into(), ..Stack::default() }.is_the_seeds());
        assert!(!Stack { buckets: Vec::new(), ..Stack::default() }.is_the_seeds());
    }
}
