//! A resource of AWS as one names it to AWS: its kind, the name that the AWS CLI takes, and its ARN where AWS has told it. What AWS tells of
//! it stands in its section. Made by `session::selected` of what is selected; `arn` and `console` write the rest.

use super::partition::Partition;
use super::system::System;

/// What kind of thing it is, with what its address needs beside its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Service {
        cluster: String,
    },
    Task {
        cluster: String,
    },
    ServiceDeployment {
        cluster: String,
        service: String,
    },
    Balancer,
    /// A listener or a rule: its page is that of the load balancer, whose ARN this is.
    Rule {
        balancer: String,
    },
    TargetGroup,
    /// A registered target: its page is that of the target group, whose ARN this is.
    Target {
        group: String,
    },
    Database {
        cluster: bool,
    },
    /// A replication group; `alone`: a cache cluster by itself. The engine is part of the address of its page.
    Cache {
        engine: String,
        alone: bool,
    },
    CacheNode {
        engine: String,
        group: String,
    },
    Alarm,
    Dashboard,
    Bucket,
    Role,
    Key,
    Secret,
    Repository {
        registry: Registry,
    },
    /// An image has no ARN; the name is that by which it is pulled.
    Image {
        registry: Registry,
        repository: String,
    },
    Project,
    Build {
        project: String,
    },
    Pipeline,
    PipelineAction {
        pipeline: String,
        stage: String,
    },
    PipelineExecution {
        pipeline: String,
    },
    Vpc,
    Subnet,
    RouteTable,
    NatGateway,
    /// An Elastic IP; the name is its address.
    Address {
        allocation: String,
    },
    SecurityGroup,
    HostedZone,
    /// A record has no ARN and no page; its zone has.
    Record {
        zone: String,
    },
    HealthCheck,
    Distribution,
    Invalidation {
        distribution: String,
    },
    LogGroup,
    /// All of a system, where nothing tells which of them.
    All(System),
}

/// The account and the region of an ECR registry, which need not be those of the stack; empty = those of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registry {
    pub account: String,
    pub region: String,
}

impl Registry {
    /// That of a repository's URI, `111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/nextcore/web`.
    pub fn of(uri: &str) -> Self {
        let mut parts = uri.split(['.', '/']);
        let account = parts.next().unwrap_or_default();
        let next = (parts.next(), parts.next(), parts.next());
        let ((Some("dkr"), Some("ecr"), Some(region)) | (Some("dkr-ecr"), Some(region), _)) = next else { return Self::default() };
        Self { account: account.to_owned(), region: region.to_owned() }
    }
}

/// A resource of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: Kind,
    /// What one types into the AWS CLI; empty for all of a system.
    pub name: String,
    /// As AWS wrote it.
    pub told: Option<String>,
}

impl Resource {
    /// One of which AWS has told no ARN.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), told: None }
    }

    /// With the ARN that AWS has told; an empty one is none.
    #[must_use]
    pub fn told(self, arn: &str) -> Self {
        Self { told: Some(arn.to_owned()).filter(|a| !a.is_empty()), ..self }
    }

    /// One whose only name is its ARN.
    pub fn by_arn(kind: Kind, arn: &str) -> Self {
        Self::new(kind, arn).told(arn)
    }

    /// All of a system.
    pub fn all(system: System) -> Self {
        Self::new(Kind::All(system), "")
    }

    /// What it is called in a sentence.
    pub fn words(&self) -> &str {
        match &self.kind {
            Kind::All(system) if self.name.is_empty() => {
                let spec = system.spec();
                if spec.title.is_empty() { spec.word } else { spec.title }
            }
            _ => &self.name,
        }
    }
}

/// Where a stack is: what ARNs and pages are made of beside a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Home {
    pub partition: Partition,
    pub region: String,
    /// Twelve digits; empty while it is not known.
    pub account: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_read_off_the_uri_of_its_repository() {
        for (uri, account, region) in [
            ("111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/nextcore/web", "111122223333", "ap-southeast-2"),
            ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web", "111122223333", "cn-north-1"),
            ("111122223333.dkr-ecr.eu-west-1.on.aws/web", "111122223333", "eu-west-1"),
            ("public.ecr.aws/nginx/nginx", "", ""),
            ("", "", ""),
        ] {
            let registry = Registry::of(uri);
            assert_eq!((registry.account.as_str(), registry.region.as_str()), (account, region), "{uri}");
        }
    }
}
