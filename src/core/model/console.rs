//! The page of a resource in the AWS Management Console: one table from kind to address, and nothing that asks AWS. The console says nowhere
//! which addresses it keeps: they are those that it shows itself. Called by `session::selected`; what has no page of its own leads to the
//! nearest that has.

use super::partition::Partition;
use super::resource::{Home, Kind, Registry, Resource};
use super::system::System;

/// The console of a partition; `None` where its address is not public.
fn host(partition: Partition) -> Option<&'static str> {
    match partition {
        Partition::Aws => Some("https://console.aws.amazon.com"),
        Partition::China => Some("https://console.amazonaws.cn"),
        Partition::GovCloud => Some("https://console.amazonaws-us-gov.com"),
        Partition::Sovereign | Partition::Iso | Partition::IsoB | Partition::IsoE | Partition::IsoF => None,
    }
}

impl Resource {
    /// The address of its page; `None` where there is none.
    pub fn page(&self, home: &Home) -> Option<String> {
        let host = host(home.partition)?;
        let path = path(self, home)?;
        let is_placed = !home.region.is_empty() || !path.contains("region=");
        is_placed.then(|| format!("{host}{path}"))
    }
}

/// Behind the host: the table.
fn path(resource: &Resource, home: &Home) -> Option<String> {
    let (name, region) = (encode(&resource.name), &home.region);
    let told = resource.told.as_deref();
    Some(match &resource.kind {
        Kind::Service { cluster } => format!("/ecs/v2/clusters/{}/services/{name}/health?region={region}", encode(cluster)),
        Kind::Task { cluster } => format!("/ecs/v2/clusters/{}/tasks/{name}/configuration?region={region}", encode(cluster)),
        Kind::ServiceDeployment { cluster, service } => {
            format!("/ecs/v2/clusters/{}/services/{}/deployments?region={region}", encode(cluster), encode(service))
        }
        Kind::Balancer => balancer(region, told.unwrap_or_default(), &name),
        Kind::Rule { balancer: arn } => balancer(region, arn, ""),
        Kind::TargetGroup => target_group(region, told.unwrap_or_default(), &name),
        Kind::Target { group } => target_group(region, group, ""),
        Kind::Database { cluster } => format!("/rds/home?region={region}#database:id={name};is-cluster={cluster}"),
        Kind::Cache { engine, .. } => cache(region, engine, &name),
        Kind::CacheNode { engine, group } => cache(region, engine, &encode(group)),
        Kind::Alarm => format!("/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"),
        Kind::Dashboard => format!("/cloudwatch/home?region={region}#dashboards/dashboard/{name}"),
        Kind::Bucket => format!("/s3/buckets/{name}?region={region}"),
        Kind::Role => format!("/iam/home#/roles/details/{name}"),
        Kind::Key => match told.and_then(|arn| arn.split_once(":key/")) {
            Some((_, id)) => format!("/kms/home?region={region}#/kms/keys/{}", encode(id)),
            None => return path(&Resource::all(System::Keys), home),
        },
        Kind::Secret => format!("/secretsmanager/secret?name={name}&region={region}"),
        Kind::Repository { registry } => repository(home, registry, &resource.name)?,
        Kind::Image { registry, repository: whose, .. } => repository(home, registry, whose)?,
        Kind::Project => format!("{}/projects/{name}/history?region={region}", builds(home)?),
        Kind::Build { project } => format!("{}/projects/{}/build/{name}/?region={region}", builds(home)?, encode(project)),
        Kind::Pipeline => pipeline(region, &name, "view"),
        Kind::PipelineAction { pipeline: whose, .. } => pipeline(region, &encode(whose), "view"),
        Kind::PipelineExecution { pipeline: whose } => pipeline(region, &encode(whose), &format!("executions/{name}/timeline")),
        Kind::Vpc => network(region, &format!("VpcDetails:VpcId={name}")),
        Kind::Subnet => network(region, &format!("SubnetDetails:subnetId={name}")),
        Kind::RouteTable => network(region, &format!("RouteTableDetails:RouteTableId={name}")),
        Kind::NatGateway => network(region, &format!("NatGatewayDetails:natGatewayId={name}")),
        Kind::Address { allocation } => network(region, &format!("ElasticIpDetails:AllocationId={}", encode(allocation))),
        Kind::SecurityGroup => format!("/ec2/home?region={region}#SecurityGroup:groupId={name}"),
        Kind::HostedZone => format!("/route53/v2/hostedzones#ListRecordSets/{name}"),
        Kind::Record { zone } => format!("/route53/v2/hostedzones#ListRecordSets/{}", encode(zone)),
        Kind::HealthCheck => "/route53/healthchecks/home#/".to_owned(),
        Kind::Distribution => format!("/cloudfront/v4/home#/distributions/{name}"),
        Kind::Invalidation { distribution } => {
            format!("/cloudfront/v4/home#/distributions/{}/invalidations/details/{name}", encode(distribution))
        }
        Kind::LogGroup => format!("/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{}", twice(&resource.name)),
        Kind::All(system) => all(*system, region)?,
    })
}

/// The list of all that a system has.
fn all(system: System, region: &str) -> Option<String> {
    Some(match system {
        System::Dns => "/route53/v2/hostedzones".to_owned(),
        System::Cdn => "/cloudfront/v4/home#/distributions".to_owned(),
        System::Vpc => network(region, "vpcs:"),
        System::SecurityGroups => format!("/ec2/home?region={region}#SecurityGroups:"),
        System::Balancer => format!("/ec2/home?region={region}#LoadBalancers:"),
        System::TargetGroup => format!("/ec2/home?region={region}#TargetGroups:"),
        System::Nat => network(region, "NatGateways:"),
        System::Service => format!("/ecs/v2/clusters?region={region}"),
        System::Cache => format!("/elasticache/home?region={region}#/redis"),
        System::Database => format!("/rds/home?region={region}#databases:"),
        System::Buckets => format!("/s3/buckets?region={region}"),
        System::Roles => "/iam/home#/roles".to_owned(),
        System::Keys => format!("/kms/home?region={region}#/kms/keys"),
        System::Secrets => format!("/secretsmanager/listsecrets?region={region}"),
        System::Repositories => format!("/ecr/private-registry/repositories?region={region}"),
        System::Builds => format!("/codesuite/codebuild/projects?region={region}"),
        System::Pipeline => format!("/codesuite/codepipeline/pipelines?region={region}"),
        System::Alarms => format!("/cloudwatch/home?region={region}#alarmsV2:"),
        System::Dashboards => format!("/cloudwatch/home?region={region}#dashboards"),
        System::Logs => format!("/cloudwatch/home?region={region}#logsV2:log-groups"),
        System::Timeline => return None,
    })
}

/// By its ARN; while that is not known, the list with its name in the search.
fn balancer(region: &str, arn: &str, name: &str) -> String {
    match arn {
        "" => format!("/ec2/home?region={region}#LoadBalancers:search={name}"),
        arn => format!("/ec2/home?region={region}#LoadBalancer:loadBalancerArn={arn}"),
    }
}

fn target_group(region: &str, arn: &str, name: &str) -> String {
    match arn {
        "" => format!("/ec2/home?region={region}#TargetGroups:search={name}"),
        arn => format!("/ec2/home?region={region}#TargetGroup:targetGroupArn={arn}"),
    }
}

/// Each engine has a list of its own; that of an engine nobody has told is Redis's, as the system is called.
fn cache(region: &str, engine: &str, id: &str) -> String {
    let engine = if engine.is_empty() { "redis" } else { engine };
    format!("/elasticache/home?region={region}#/{engine}/{id}")
}

fn network(region: &str, place: &str) -> String {
    format!("/vpcconsole/home?region={region}#{place}")
}

/// The slashes in a repository's name are part of the path.
fn repository(home: &Home, registry: &Registry, name: &str) -> Option<String> {
    let own = |told: &str, known: &str| Some(if told.is_empty() { known } else { told }.to_owned()).filter(|s| !s.is_empty());
    let (account, region) = (own(&registry.account, &home.account)?, own(&registry.region, &home.region)?);
    Some(format!("/ecr/repositories/private/{account}/{name}?region={region}"))
}

/// CodeBuild's pages stand under the account.
fn builds(home: &Home) -> Option<String> {
    (!home.account.is_empty()).then(|| format!("/codesuite/codebuild/{}", home.account))
}

fn pipeline(region: &str, name: &str, page: &str) -> String {
    format!("/codesuite/codepipeline/pipelines/{name}/{page}?region={region}")
}

/// Percent-encoded as one component (RFC 3986): what is not unreserved.
fn encode(text: &str) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).map_or('0', |d| d.to_ascii_uppercase());
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    out
}

/// The console of CloudWatch Logs wants names encoded twice, with `$` for the percent sign: `$252F` is a slash.
fn twice(text: &str) -> String {
    encode(&encode(text)).replace('%', "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(region: &str) -> Home {
        Home { partition: Partition::of_region(region), region: region.into(), account: "111122223333".into() }
    }

    #[test]
    fn each_kind_leads_to_its_page() {
        let eu = "https://console.aws.amazon.com";
        let engine = || "valkey".to_owned();
        let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a";
        for (kind, name, told, page) in [
            (Kind::Service { cluster: "shop".into() }, "web", "", "/ecs/v2/clusters/shop/services/web/health?region=eu-west-1"),
            (Kind::Task { cluster: "shop".into() }, "0a1b", "", "/ecs/v2/clusters/shop/tasks/0a1b/configuration?region=eu-west-1"),
            (Kind::Balancer, "shop", "", "/ec2/home?region=eu-west-1#LoadBalancers:search=shop"),
            (
                Kind::Balancer,
                "shop",
                "arn:x:loadbalancer/app/shop/1",
                "/ec2/home?region=eu-west-1#LoadBalancer:loadBalancerArn=arn:x:loadbalancer/app/shop/1",
            ),
            (
                Kind::Target { group: group.into() },
                "10.0.0.1",
                "",
                "/ec2/home?region=eu-west-1#TargetGroup:targetGroupArn=arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a",
            ),
            (Kind::Database { cluster: false }, "shop-db", "", "/rds/home?region=eu-west-1#database:id=shop-db;is-cluster=false"),
            (Kind::Database { cluster: true }, "shop", "", "/rds/home?region=eu-west-1#database:id=shop;is-cluster=true"),
            (Kind::Cache { engine: engine(), alone: false }, "shop", "", "/elasticache/home?region=eu-west-1#/valkey/shop"),
            (Kind::CacheNode { engine: String::new(), group: "shop".into() }, "n", "", "/elasticache/home?region=eu-west-1#/redis/shop"),
            (Kind::Alarm, "web 5xx/high", "", "/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/web%205xx%2Fhigh"),
            (Kind::Alarm, "größe", "", "/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/gr%C3%B6%C3%9Fe"),
            (Kind::LogGroup, "/ecs/shop", "", "/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Fshop"),
            (Kind::LogGroup, "a b", "", "/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/a$2520b"),
            (Kind::Bucket, "shop-static", "", "/s3/buckets/shop-static?region=eu-west-1"),
            (Kind::Role, "ops", "", "/iam/home#/roles/details/ops"),
            (Kind::Key, "alias/x", "arn:aws:kms:eu-west-1:1:key/0a-1", "/kms/home?region=eu-west-1#/kms/keys/0a-1"),
            (Kind::Key, "alias/x", "", "/kms/home?region=eu-west-1#/kms/keys"),
            (Kind::Secret, "shop/url", "", "/secretsmanager/secret?name=shop%2Furl&region=eu-west-1"),
            (
                Kind::Repository { registry: Registry::default() },
                "shop/web",
                "",
                "/ecr/repositories/private/111122223333/shop/web?region=eu-west-1",
            ),
            (Kind::Build { project: "w".into() }, "w:1", "", "/codesuite/codebuild/111122223333/projects/w/build/w%3A1/?region=eu-west-1"),
            (Kind::Subnet, "subnet-1", "", "/vpcconsole/home?region=eu-west-1#SubnetDetails:subnetId=subnet-1"),
            (Kind::HostedZone, "Z1", "", "/route53/v2/hostedzones#ListRecordSets/Z1"),
            (Kind::All(System::Alarms), "", "", "/cloudwatch/home?region=eu-west-1#alarmsV2:"),
        ] {
            assert_eq!(Resource::new(kind, name).told(told).page(&home("eu-west-1")), Some(format!("{eu}{page}")));
        }
    }

    #[test]
    fn the_console_is_that_of_the_partition() {
        for (region, page) in [
            ("cn-north-1", Some("https://console.amazonaws.cn/s3/buckets/b?region=cn-north-1")),
            ("us-gov-east-1", Some("https://console.amazonaws-us-gov.com/s3/buckets/b?region=us-gov-east-1")),
            ("us-east-1", Some("https://console.aws.amazon.com/s3/buckets/b?region=us-east-1")),
            ("us-iso-east-1", None),
            ("", None),
        ] {
            assert_eq!(Resource::new(Kind::Bucket, "b").page(&home(region)).as_deref(), page, "{region:?}");
        }
        assert_eq!(Resource::all(System::Timeline).page(&home("eu-west-1")), None);
        let unknown = Home { account: String::new(), ..home("eu-west-1") };
        assert_eq!(Resource::new(Kind::Project, "w").page(&unknown), None, "the account is part of the address");
    }

    #[test]
    fn every_system_has_its_list() {
        for system in crate::model::system::SYSTEMS.iter().filter(|s| **s != System::Timeline) {
            assert!(Resource::all(*system).page(&home("eu-west-1")).is_some(), "{system:?}");
        }
    }
}
