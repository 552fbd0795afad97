//! What AWS always sends, held against every answer before the SDK reads it: the SDK takes what is left of an XML answer that was cut off,
//! and a count that is missing, for an answer with less in it. Not what an answer means: the sources. Called by the gate's connector.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Why an answer cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Incomplete {
    #[error("malformed answer: it ends in the middle")]
    CutOff,
    #[error("malformed answer: no XML that can be read")]
    NotXml,
    #[error("malformed answer: empty")]
    Empty,
    /// The name of what is missing.
    #[error("malformed answer: no {0}")]
    Lacks(&'static str),
}

/// Service, operation, and the elements that every success has. A name with `?` may be missing, and what stands behind it is then not asked
/// for; of a list each element is asked. The API references, by "always returned" or by lists that are empty and not absent.
const ALWAYS: &[(&str, &str, &[&str])] = &[
    ("ECS", "DescribeServices", &["services.serviceName", "services.status", "services.desiredCount", "services.runningCount"]),
    ("ECS", "DescribeTasks", &["tasks.taskArn", "tasks.lastStatus"]),
    ("ECS", "DescribeTaskDefinition", &["taskDefinition.taskDefinitionArn"]),
    ("ECS", "DescribeClusters", &["clusters.clusterName", "clusters.status"]),
    ("ECS", "ListTasks", &["taskArns"]),
    ("ECS", "ListServices", &["serviceArns"]),
    ("ECS", "ListServiceDeployments", &["serviceDeployments"]),
    ("ECS", "DescribeServiceDeployments", &["serviceDeployments"]),
    ("EC2", "DescribeVpcs", &["vpcSet.item?.vpcId"]),
    ("EC2", "DescribeSubnets", &["subnetSet.item?.subnetId", "subnetSet.item?.availableIpAddressCount"]),
    ("EC2", "DescribeInternetGateways", &["internetGatewaySet"]),
    ("EC2", "DescribeNatGateways", &["natGatewaySet.item?.natGatewayId", "natGatewaySet.item?.state"]),
    ("EC2", "DescribeRouteTables", &["routeTableSet.item?.routeTableId"]),
    ("EC2", "DescribeSecurityGroups", &["securityGroupInfo.item?.groupId"]),
    ("EC2", "DescribeSecurityGroupRules", &["securityGroupRuleSet.item?.groupId", "securityGroupRuleSet.item?.isEgress"]),
    ("EC2", "DescribeAddresses", &["addressesSet"]),
    ("Elastic Load Balancing v2", "DescribeLoadBalancers", &["DescribeLoadBalancersResult.LoadBalancers.member?.LoadBalancerArn"]),
    ("Elastic Load Balancing v2", "DescribeTargetGroups", &["DescribeTargetGroupsResult.TargetGroups.member?.TargetGroupArn"]),
    ("Elastic Load Balancing v2", "DescribeListeners", &["DescribeListenersResult.Listeners.member?.ListenerArn"]),
    (
        "Elastic Load Balancing v2",
        "DescribeRules",
        &["DescribeRulesResult.Rules.member?.RuleArn", "DescribeRulesResult.Rules.member?.Actions"],
    ),
    (
        "Elastic Load Balancing v2",
        "DescribeTargetHealth",
        &["DescribeTargetHealthResult.TargetHealthDescriptions.member?.TargetHealth.State"],
    ),
    ("RDS", "DescribeDBInstances", &["DescribeDBInstancesResult.DBInstances.DBInstance?.DBInstanceStatus"]),
    ("RDS", "DescribeDBClusters", &["DescribeDBClustersResult.DBClusters.DBCluster?.Status"]),
    ("RDS", "DescribeEvents", &["DescribeEventsResult.Events"]),
    ("ElastiCache", "DescribeReplicationGroups", &["DescribeReplicationGroupsResult.ReplicationGroups.ReplicationGroup?.Status"]),
    ("ElastiCache", "DescribeCacheClusters", &["DescribeCacheClustersResult.CacheClusters.CacheCluster?.CacheClusterStatus"]),
    ("ElastiCache", "DescribeEvents", &["DescribeEventsResult.Events"]),
    ("CloudWatch Logs", "FilterLogEvents", &["events"]),
    ("CloudWatch Logs", "DescribeLogGroups", &["logGroups"]),
    ("CloudWatch Logs", "DescribeLogStreams", &["logStreams"]),
    ("CloudWatch Logs", "StartQuery", &["queryId"]),
    ("CloudWatch Logs", "GetQueryResults", &["status", "results"]),
    ("CodeBuild", "BatchGetBuilds", &["builds.buildStatus"]),
    ("CodeBuild", "BatchGetProjects", &["projects.name"]),
    ("CodeBuild", "ListBuildsForProject", &["ids"]),
    ("CodePipeline", "ListPipelineExecutions", &["pipelineExecutionSummaries.status"]),
    ("CodePipeline", "GetPipelineState", &["stageStates.stageName"]),
    ("CodePipeline", "GetPipeline", &["pipeline.name"]),
    ("ECR", "DescribeRepositories", &["repositories.repositoryName"]),
    ("ECR", "DescribeImages", &["imageDetails"]),
    ("KMS", "GetKeyRotationStatus", &["KeyRotationEnabled"]),
    ("KMS", "DescribeKey", &["KeyMetadata.KeyId"]),
    ("Secrets Manager", "DescribeSecret", &["ARN", "Name"]),
    ("Application Auto Scaling", "DescribeScalableTargets", &["ScalableTargets.MinCapacity", "ScalableTargets.MaxCapacity"]),
    ("Route 53", "ListResourceRecordSets", &["ResourceRecordSets"]),
    ("Route 53", "ListHealthChecks", &["HealthChecks"]),
    ("Route 53", "ListHostedZonesByName", &["HostedZones"]),
    ("Route 53", "GetHealthCheckStatus", &["HealthCheckObservations"]),
    ("Route 53", "TestDNSAnswer", &["ResponseCode"]),
    ("CloudFront", "GetDistribution", &["Status", "DistributionConfig.Enabled"]),
    ("CloudFront", "ListDistributions", &["Quantity"]),
    ("IAM", "GetRole", &["GetRoleResult.Role.AssumeRolePolicyDocument"]),
    ("S3", "GetPublicAccessBlock", &["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]),
    ("S3", "GetBucketCors", &["CORSRule"]),
    ("S3", "GetBucketEncryption", &["Rule"]),
    ("S3", "GetBucketLifecycleConfiguration", &["Rule"]),
];

/// Refuses a success that is cut off, or that lacks what its operation always sends. What is neither JSON nor XML the SDK judges alone.
pub(super) fn check(service: &str, operation: &str, body: &[u8]) -> Result<(), Incomplete> {
    let always = ALWAYS.iter().find(|row| row.0 == service && row.1 == operation).map_or(&[][..], |row| row.2);
    let tree = match body.trim_ascii_start().first() {
        Some(b'<') => xml(body)?,
        Some(b'{') if !always.is_empty() => match serde_json::from_slice(body) {
            Ok(tree) => tree,
            // The SDK says where it is broken.
            Err(_) => return Ok(()),
        },
        None if !always.is_empty() => return Err(Incomplete::Empty),
        _ => return Ok(()),
    };
    match always.iter().find(|path| lacks(&tree, path)) {
        Some(path) => Err(Incomplete::Lacks(path)),
        None => Ok(()),
    }
}

/// Whether something on the way is missing.
fn lacks(node: &Value, path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
    match node {
        Value::Array(all) => all.iter().any(|one| lacks(one, path)),
        Value::Object(members) => match members.get(name).filter(|value| !value.is_null()) {
            Some(value) => rest.is_some_and(|rest| lacks(value, rest)),
            None => !optional,
        },
        // An element without children.
        _ => !optional,
    }
}

/// The children of the root: by name, each a list.
fn xml(body: &[u8]) -> Result<Value, Incomplete> {
    let mut reader = Reader::from_reader(body);
    let mut open: Vec<(String, Map<String, Value>)> = Vec::new();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => open.push((start.local_name().as_ref().to_owned(), Map::new())),
            Ok(Event::Empty(empty)) => {
                let name = empty.local_name().as_ref().to_owned();
                match open.last_mut() {
                    Some((_, parent)) => add(parent, name, Map::new()),
                    None => return Ok(Value::Object(Map::new())),
                }
            }
            Ok(Event::End(_)) => match (open.pop(), open.last_mut()) {
                (Some((name, members)), Some((_, parent))) => add(parent, name, members),
                (Some((_, members)), None) => return Ok(Value::Object(members)),
                (None, _) => return Err(Incomplete::NotXml),
            },
            Ok(Event::Eof) | Err(quick_xml::Error::Syntax(_)) => return Err(Incomplete::CutOff),
            Ok(_) => {}
            Err(_) => return Err(Incomplete::NotXml),
        }
        buffer.clear();
    }
}

fn add(parent: &mut Map<String, Value>, name: String, members: Map<String, Value>) {
    if let Value::Array(list) = parent.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(Value::Object(members));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEALTH: &str = "<DescribeTargetHealthResponse xmlns=\"x\"><DescribeTargetHealthResult><TargetHealthDescriptions><member>\
        <Target><Id>i</Id></Target><TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions>\
        </DescribeTargetHealthResult></DescribeTargetHealthResponse>";

    fn health(body: &str) -> Result<(), Incomplete> {
        check("Elastic Load Balancing v2", "DescribeTargetHealth", body.as_bytes())
    }

    #[test]
    fn an_xml_answer_that_is_cut_off_anywhere_is_refused() {
        assert_eq!(health(HEALTH), Ok(()));
        assert_eq!(health(&format!("{HEALTH}\n")), Ok(()));
        for end in 1..HEALTH.len() {
            let half = HEALTH.get(..end).unwrap();
            assert!(health(half).is_err(), "{half}");
        }
        // Whatever the operation is: nothing of it has to be in the table.
        assert_eq!(check("S3", "ListBuckets", b"<ListAllMyBucketsResult><Buckets><Bucket>"), Err(Incomplete::CutOff));
        assert_eq!(check("S3", "ListBuckets", b"<?xml version=\"1.0\"?>\n<ListAllMyBucketsResult/>"), Ok(()));
    }

    #[test]
    fn what_aws_always_sends_is_not_taken_for_nothing() {
        let services = |body: &str| check("ECS", "DescribeServices", body.as_bytes());
        let whole = r#"{"services":[{"serviceName":"web","status":"ACTIVE","desiredCount":2,"runningCount":2}],"failures":[]}"#;
        for (body, found) in [
            (whole.to_owned(), Ok(())),
            (r#"{"services":[],"failures":[{"reason":"MISSING"}]}"#.to_owned(), Ok(())),
            (whole.replace(r#""desiredCount":2,"#, ""), Err(Incomplete::Lacks("services.desiredCount"))),
            (whole.replace(r#""desiredCount":2"#, r#""desiredCount":null"#), Err(Incomplete::Lacks("services.desiredCount"))),
            (whole.replace(r#""runningCount":2"#, r#""x":2"#), Err(Incomplete::Lacks("services.runningCount"))),
            ("{}".to_owned(), Err(Incomplete::Lacks("services.serviceName"))),
            (String::new(), Err(Incomplete::Empty)),
            // What is no JSON the SDK refuses, with the place.
            (r#"{"services":["#.to_owned(), Ok(())),
        ] {
            assert_eq!(services(&body), found, "{body}");
        }
        assert_eq!(
            health(&HEALTH.replace("<State>healthy</State>", "")),
            Err(Incomplete::Lacks("DescribeTargetHealthResult.TargetHealthDescriptions.member?.TargetHealth.State"))
        );
        let none = "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions/></DescribeTargetHealthResult></DescribeTargetHealthResponse>";
        assert_eq!(health(none), Ok(()), "a group without targets");
        assert_eq!(
            check("EC2", "DescribeVpcs", b"<DescribeVpcsResponse><requestId>1</requestId></DescribeVpcsResponse>"),
            Err(Incomplete::Lacks("vpcSet.item?.vpcId"))
        );
        assert_eq!(check("KMS", "GetKeyRotationStatus", b"{}"), Err(Incomplete::Lacks("KeyRotationEnabled")));
        // What no row speaks of, and what is neither JSON nor XML.
        assert_eq!(check("ECS", "ListTagsForResource", b"{}"), Ok(()));
        assert_eq!(check("CloudWatch", "GetMetricData", &[0xbf, 0xff]), Ok(()));
    }
}
