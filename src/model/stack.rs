//! Which resources make up the stack that is watched: names from the configuration, with the seed's names as defaults.

use serde::{Deserialize, Serialize};

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
    /// What the seed calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::ControlPlane => "Control plane",
            Self::Web => "Web portal",
            Self::Worker => "Celery workers",
        }
    }
}

/// One ECS service of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with name and role: [[stack.services]]")]
pub struct ServiceSpec {
    /// The ECS service name.
    pub name: String,
    /// What it is for.
    pub role: ServiceRole,
}

/// The watched stack, by resource names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stack {
    /// Shown in the header; typed to arm.
    pub name: String,
    /// The home region.
    pub region: String,
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
}

impl Default for Stack {
    fn default() -> Self {
        let service = |name: &str, role| ServiceSpec { name: name.to_owned(), role };
        Self {
            name: "production-nextcore".to_owned(),
            region: "ap-southeast-2".to_owned(),
            cluster: "production-nextcore".to_owned(),
            services: vec![
                service("control-plane", ServiceRole::ControlPlane),
                service("web", ServiceRole::Web),
                service("celery-worker", ServiceRole::Worker),
            ],
            balancer: "production-nextcore".to_owned(),
            database: "production-nextcore-db".to_owned(),
            cache: "production-nextcore-redis".to_owned(),
            log_group: "/ecs/production-nextcore".to_owned(),
            alarm_prefix: String::new(),
        }
    }
}
