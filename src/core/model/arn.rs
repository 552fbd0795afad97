//! ARNs: the one that AWS has told, else the one that partition, region, account and name make certain. What has a random part (load
//! balancers, secrets), a path (roles) or may belong to another account (what lies in a shared VPC) is only ever told. The formats are those
//! of <https://docs.aws.amazon.com/service-authorization/latest/reference/>, whose page each function names. Called by `session::selected`.

use super::resource::{Home, Kind, Registry, Resource};

impl Resource {
    /// Its ARN, where that is known for certain.
    pub fn arn(&self, home: &Home) -> Option<String> {
        let made = || match &self.kind {
            Kind::Database { cluster } => database(home, *cluster, &self.name),
            Kind::Cache { alone, .. } => cache(home, if *alone { "cluster" } else { "replicationgroup" }, &self.name),
            Kind::CacheNode { .. } => cache(home, "cluster", &self.name),
            Kind::Alarm => alarm(home, &self.name),
            Kind::Dashboard => dashboard(home, &self.name),
            Kind::Bucket => bucket(home, &self.name),
            Kind::Repository { registry } => repository(home, registry, &self.name),
            Kind::Project => build(home, "project", &self.name),
            Kind::Build { .. } => build(home, "build", &self.name),
            Kind::Pipeline => pipeline(home, &self.name),
            Kind::PipelineAction { pipeline: whose, stage } => pipeline(home, &format!("{whose}/{stage}/{}", self.name)),
            Kind::NatGateway => compute(home, "natgateway", &self.name),
            Kind::Address { allocation } => compute(home, "elastic-ip", allocation),
            Kind::HostedZone => dns(home, "hostedzone", &self.name),
            Kind::HealthCheck => dns(home, "healthcheck", &self.name),
            Kind::LogGroup => log_group(home, &self.name),
            _ => None,
        };
        self.told.clone().or_else(made)
    }
}

/// `arn:partition:service:region:account:resource`; none where the region, the account or the name is not known.
fn regional(home: &Home, service: &str, resource: &str, name: &str) -> Option<String> {
    let Home { partition, region, account } = home;
    let is_known = !region.is_empty() && !account.is_empty() && !name.is_empty();
    is_known.then(|| format!("arn:{}:{service}:{region}:{account}:{resource}{name}", partition.id()))
}

/// `list_amazonrds.html`: `db`, `cluster`. RDS keeps identifiers in small letters.
fn database(home: &Home, cluster: bool, id: &str) -> Option<String> {
    regional(home, "rds", if cluster { "cluster:" } else { "db:" }, &id.to_ascii_lowercase())
}

/// `list_amazonelasticache.html`: `replicationgroup`, `cluster`. ElastiCache keeps identifiers in small letters.
fn cache(home: &Home, what: &str, id: &str) -> Option<String> {
    regional(home, "elasticache", &format!("{what}:"), &id.to_ascii_lowercase())
}

/// `list_amazoncloudwatch.html`: `alarm`.
fn alarm(home: &Home, name: &str) -> Option<String> {
    regional(home, "cloudwatch", "alarm:", name)
}

/// `list_amazoncloudwatch.html`: `dashboard`, which has no region.
fn dashboard(home: &Home, name: &str) -> Option<String> {
    let is_known = !home.account.is_empty() && !name.is_empty();
    is_known.then(|| format!("arn:{}:cloudwatch::{}:dashboard/{name}", home.partition.id(), home.account))
}

/// `list_amazons3.html`: `bucket`, which has neither region nor account.
fn bucket(home: &Home, name: &str) -> Option<String> {
    (!name.is_empty()).then(|| format!("arn:{}:s3:::{name}", home.partition.id()))
}

/// `list_amazonelasticcontainerregistry.html`: `repository`, in the account and the region of its registry.
fn repository(home: &Home, registry: &Registry, name: &str) -> Option<String> {
    if registry.account.is_empty() {
        return regional(home, "ecr", "repository/", name);
    }
    let own = Home { partition: home.partition, region: registry.region.clone(), account: registry.account.clone() };
    regional(&own, "ecr", "repository/", name)
}

/// `list_awscodebuild.html`: `project`, `build`.
fn build(home: &Home, what: &str, name: &str) -> Option<String> {
    regional(home, "codebuild", &format!("{what}/"), name)
}

/// `list_awscodepipeline.html`: `pipeline`, `action`.
fn pipeline(home: &Home, name: &str) -> Option<String> {
    regional(home, "codepipeline", "", name)
}

/// `list_amazonec2.html`: `natgateway`, `elastic-ip`. Both belong to who sees them; subnets, route tables and security groups may be shared.
fn compute(home: &Home, what: &str, id: &str) -> Option<String> {
    let path = format!("{what}/");
    regional(home, "ec2", &path, id)
}

/// `list_amazonroute53.html`: `hostedzone`, `healthcheck`, which have neither region nor account.
fn dns(home: &Home, what: &str, id: &str) -> Option<String> {
    (!id.is_empty()).then(|| format!("arn:{}:route53:::{what}/{id}", home.partition.id()))
}

/// `list_amazoncloudwatchlogs.html`: `log-group`.
fn log_group(home: &Home, name: &str) -> Option<String> {
    regional(home, "logs", "log-group:", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::partition::Partition;
    use crate::model::system::System;

    fn home(region: &str) -> Home {
        Home { partition: Partition::of_region(region), region: region.into(), account: "111122223333".into() }
    }

    #[test]
    fn an_arn_is_made_where_its_format_makes_it_certain() {
        let registry = Registry { account: "444455556666".into(), region: "us-east-1".into() };
        let redis = |alone| Kind::Cache { engine: "redis".into(), alone };
        for (kind, name, region, arn) in [
            (Kind::Database { cluster: false }, "Shop-DB", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:db:shop-db"),
            (Kind::Database { cluster: true }, "shop", "cn-north-1", "arn:aws-cn:rds:cn-north-1:111122223333:cluster:shop"),
            (redis(false), "shop-redis", "eu-west-1", "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:shop-redis"),
            (redis(true), "sessions", "eu-west-1", "arn:aws:elasticache:eu-west-1:111122223333:cluster:sessions"),
            (Kind::Alarm, "web 5xx/high", "us-gov-west-1", "arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:web 5xx/high"),
            (Kind::Dashboard, "shop", "eu-west-1", "arn:aws:cloudwatch::111122223333:dashboard/shop"),
            (Kind::Bucket, "shop-static", "cn-north-1", "arn:aws-cn:s3:::shop-static"),
            (
                Kind::Repository { registry: Registry::default() },
                "shop/web",
                "eu-west-1",
                "arn:aws:ecr:eu-west-1:111122223333:repository/shop/web",
            ),
            (Kind::Repository { registry }, "shop/web", "eu-west-1", "arn:aws:ecr:us-east-1:444455556666:repository/shop/web"),
            (Kind::Project, "shop-web", "eu-west-1", "arn:aws:codebuild:eu-west-1:111122223333:project/shop-web"),
            (Kind::Build { project: "w".into() }, "w:0a-1", "eu-west-1", "arn:aws:codebuild:eu-west-1:111122223333:build/w:0a-1"),
            (Kind::Pipeline, "shop", "eu-west-1", "arn:aws:codepipeline:eu-west-1:111122223333:shop"),
            (
                Kind::PipelineAction { pipeline: "shop".into(), stage: "Build".into() },
                "Web",
                "eu-west-1",
                "arn:aws:codepipeline:eu-west-1:111122223333:shop/Build/Web",
            ),
            (Kind::NatGateway, "nat-1", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:natgateway/nat-1"),
            (
                Kind::Address { allocation: "eipalloc-1".into() },
                "203.0.113.9",
                "eu-west-1",
                "arn:aws:ec2:eu-west-1:111122223333:elastic-ip/eipalloc-1",
            ),
            (Kind::HostedZone, "Z1", "eu-west-1", "arn:aws:route53:::hostedzone/Z1"),
            (Kind::HealthCheck, "abc", "cn-north-1", "arn:aws-cn:route53:::healthcheck/abc"),
            (Kind::LogGroup, "/ecs/shop", "eu-west-1", "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/shop"),
        ] {
            assert_eq!(Resource::new(kind, name).arn(&home(region)).as_deref(), Some(arn));
        }
    }

    #[test]
    fn what_aws_has_told_wins_and_what_is_not_certain_is_not_made() {
        let told = Resource::new(Kind::Bucket, "b").told("arn:aws:s3:::b2");
        assert_eq!(told.arn(&home("eu-west-1")).as_deref(), Some("arn:aws:s3:::b2"));
        for kind in [
            Kind::Service { cluster: "c".into() },
            Kind::Balancer,
            Kind::TargetGroup,
            Kind::Secret,
            Kind::Role,
            Kind::Key,
            Kind::Subnet,
            Kind::SecurityGroup,
            Kind::Record { zone: "Z1".into() },
            Kind::All(System::Buckets),
        ] {
            assert_eq!(Resource::new(kind.clone(), "x").told("").arn(&home("eu-west-1")), None, "{kind:?}");
        }
        let nowhere = Home { account: String::new(), ..home("eu-west-1") };
        assert_eq!(Resource::new(Kind::Alarm, "x").arn(&nowhere), None, "the account is not known yet");
        assert_eq!(Resource::new(Kind::Database { cluster: false }, "x").arn(&Home { region: String::new(), ..home("eu-west-1") }), None);
    }
}
