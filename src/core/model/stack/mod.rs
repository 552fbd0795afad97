//! Which resources make up the stack that is watched: names from the configuration, or the written architecture's where none is written.
//! `roles`: what its parts are for; `uses`: which systems it has; `members`: several of a kind; `log_groups`: where lines are; `choice`: one
//! of several stacks.

mod choice;
mod log_groups;
mod members;
mod roles;
mod uses;

use serde::{Deserialize, Serialize};

use super::limits::Limits;
pub use choice::{StackChoice, StackHue};
pub use log_groups::{LOG_OWNERS, LogGroupSpec};
pub use members::is_own;
pub use roles::{BucketRole, KeyUse, NotAWord, RoleUse, SecretUse, ServiceRole};

/// A resource's name and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with name and role")]
pub struct Named<R> {
    /// The name that AWS knows it by.
    pub name: String,
    /// What it is for.
    pub role: R,
}

/// What a service talks to behind the balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dependency {
    Database,
    Cache,
}

/// One ECS service of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with name and role")]
pub struct ServiceSpec {
    /// The name that ECS knows it by.
    pub name: String,
    /// What it is for.
    pub role: ServiceRole,
    /// What it talks to; without it, what its role does in the written architecture, and for another role nothing that is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<Vec<Dependency>>,
    /// Its log group, where it does not write to the one that the services share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
}

impl ServiceSpec {
    pub fn new(name: &str, role: ServiceRole) -> Self {
        Self { name: name.to_owned(), role, uses: None, log_group: None }
    }

    /// Whether it cannot serve without that.
    pub fn needs(&self, dependency: Dependency) -> bool {
        match (&self.uses, &self.role) {
            (Some(uses), _) => uses.contains(&dependency),
            (None, role) => matches!(role, ServiceRole::ControlPlane | ServiceRole::Worker),
        }
    }
}

/// The address plan of the VPC: it tells the tiers of the subnets apart. Without one their route tables do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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

impl AddressPlan {
    /// The written architecture's.
    pub fn seed() -> Self {
        let tier = |third: [u8; 3]| third.map(|n| format!("10.0.{n}.0/24")).to_vec();
        Self { vpc: "10.0.0.0/16".to_owned(), public: tier([1, 2, 3]), private: tier([11, 12, 13]), database: tier([21, 22, 23]) }
    }
}

/// The watched stack, by resource names. What is written of another stack than the written architecture's is all that it has: an empty
/// name or list is "not used". The default is the written architecture's stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default = "Stack::none")]
pub struct Stack {
    /// Shown in the header; typed to arm.
    pub name: String,
    /// The home region.
    pub region: String,
    /// The only account that it may be looked for in; empty = any.
    #[serde(deserialize_with = "super::identity::deserialize_account", skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// The AWS profile that it is looked at with; empty = the configuration's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// The colour of its name where there are several; without it one by its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<StackHue>,
    /// ECS cluster name.
    pub cluster: String,
    /// ECS services, in the order of the diagram.
    pub services: Vec<ServiceSpec>,
    /// Application Load Balancer name.
    pub balancer: String,
    /// Further load balancers, beside the one that the stack is entered by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_balancers: Vec<String>,
    /// RDS instance identifier.
    pub database: String,
    /// Further databases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_databases: Vec<String>,
    /// ElastiCache replication group id.
    pub cache: String,
    /// Further caches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_caches: Vec<String>,
    /// CloudWatch Logs group of the services.
    pub log_group: String,
    /// Further groups that are followed beside it, such as the database's exports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_groups: Vec<LogGroupSpec>,
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
            profile: String::new(),
            color: None,
            cluster: "production-nextcore".to_owned(),
            services: vec![
                ServiceSpec::new("control-plane", ServiceRole::ControlPlane),
                ServiceSpec::new("web", ServiceRole::Web),
                ServiceSpec::new("celery-worker", ServiceRole::Worker),
            ],
            balancer: "production-nextcore".to_owned(),
            other_balancers: Vec::new(),
            database: "production-nextcore-db".to_owned(),
            other_databases: Vec::new(),
            cache: "production-nextcore-redis".to_owned(),
            other_caches: Vec::new(),
            log_group: "/ecs/production-nextcore".to_owned(),
            log_groups: Vec::new(),
            alarm_prefix: String::new(),
            zone: "nextcore.ai".to_owned(),
            distribution: String::new(),
            addresses: AddressPlan::seed(),
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
    /// A stack that has nothing.
    pub fn none() -> Self {
        Self {
            name: String::new(),
            region: String::new(),
            account: String::new(),
            profile: String::new(),
            color: None,
            cluster: String::new(),
            services: Vec::new(),
            balancer: String::new(),
            other_balancers: Vec::new(),
            database: String::new(),
            other_databases: Vec::new(),
            cache: String::new(),
            other_caches: Vec::new(),
            log_group: String::new(),
            log_groups: Vec::new(),
            alarm_prefix: String::new(),
            zone: String::new(),
            distribution: String::new(),
            addresses: AddressPlan::default(),
            buckets: Vec::new(),
            roles: Vec::new(),
            keys: Vec::new(),
            secrets: Vec::new(),
            repositories: Vec::new(),
            projects: Vec::new(),
            pipeline: String::new(),
            dashboard_prefix: String::new(),
            limits: Limits::default(),
        }
    }

    /// The bucket of static assets.
    pub fn assets(&self) -> Option<&Named<BucketRole>> {
        self.buckets.iter().find(|b| b.role == BucketRole::Static)
    }

    /// A service of that name.
    pub fn service(&self, name: &str) -> Option<&ServiceSpec> {
        self.services.iter().find(|s| s.name == name)
    }

    /// Whether these are the resources of the written architecture: only of them it is known where they are.
    pub fn is_the_seeds(&self) -> bool {
        // Neither where they are nor what is only shown, looked through or judged by is a name of a resource.
        let resources = |s: &Self| {
            let names = [&s.cluster, &s.balancer, &s.database, &s.cache, &s.log_group, &s.zone, &s.pipeline].map(String::clone);
            (names, s.members().count(), s.services.clone(), s.addresses.clone(), s.projects.clone())
        };
        let kept = |s: &Self| (s.buckets.clone(), s.roles.clone(), s.keys.clone(), s.secrets.clone(), s.repositories.clone());
        let seed = Self::default();
        self.database == seed.database && resources(self) == resources(&seed) && kept(self) == kept(&seed)
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
