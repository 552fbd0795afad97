//! The AWS services of the embedded cloud: one table, one file (or folder) per service, one function per operation.
//! An operation reads `Params`, looks at or changes the `World`, and answers with a `Value` or AWS's own error.
//! It knows no protocol and no transport. Called by `sim::Cloud`.

use super::wire::rest::{Api, Flavour};
use super::wire::{ApiError, Call, Dialect, Params, Protocol, Value, page};
use super::world::names::{ACCOUNT, REGION};
use super::world::{World, WorldError};

mod application_autoscaling;
mod cloudfront;
mod cloudwatch;
mod codebuild;
mod codepipeline;
mod ec2;
mod ecr;
mod ecs;
mod elasticache;
mod elbv2;
mod iam;
mod kms;
pub mod logs;
mod pi;
mod rds;
mod route53;
mod s3;
mod secretsmanager;
mod sts;

/// Who every caller of the embedded cloud is.
pub const CALLER_ARN: &str = "arn:aws:sts::111122223333:assumed-role/OnCall/ops";

/// Every service that is embedded. A new one is one file and one line here.
pub const SERVICES: &[&Service] = &[
    &application_autoscaling::SERVICE,
    &cloudfront::SERVICE,
    &cloudwatch::SERVICE,
    &ec2::SERVICE,
    &codebuild::SERVICE,
    &codepipeline::SERVICE,
    &ecr::SERVICE,
    &ecs::SERVICE,
    &elasticache::SERVICE,
    &elbv2::SERVICE,
    &iam::SERVICE,
    &kms::SERVICE,
    &logs::SERVICE,
    &pi::SERVICE,
    &rds::SERVICE,
    &secretsmanager::SERVICE,
    &route53::SERVICE,
    &s3::SERVICE,
    &sts::SERVICE,
];

/// Those that speak restXml, with the table of their routes.
pub const APIS: &[&Api] = &[&cloudfront::API, &route53::API, &s3::API];

/// An AWS service as the embedded cloud knows it.
#[derive(Debug)]
pub struct Service {
    /// Short name, as in `nextcore-top`'s own tables.
    pub name: &'static str,
    /// The prefix of its IAM actions.
    pub iam_prefix: &'static str,
    /// The name in the credential scope of its requests.
    pub signing_name: &'static str,
    /// What names it otherwise: target prefix, service id in the path, or API version.
    pub targets: &'static [&'static str],
    /// XML namespace of its awsQuery responses.
    pub namespace: &'static str,
    /// How it complains about parameters.
    pub dialect: Dialect,
    /// What it can do.
    pub operations: &'static [Operation],
}

/// One operation of a service.
#[derive(Debug)]
pub struct Operation {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it changes anything.
    pub is_write: bool,
    /// What it does.
    pub run: Run,
}

/// What an operation does.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// Answers once.
    Unary(fn(&mut World, &Params<'_>) -> Result<Value, ApiError>),
    /// Opens a live tail.
    Tail(fn(&mut World, &Params<'_>) -> Result<logs::Tail, ApiError>),
}

type Handler = fn(&mut World, &Params<'_>) -> Result<Value, ApiError>;

impl Operation {
    const fn read(name: &'static str, handler: Handler) -> Operation {
        Operation { name, is_write: false, run: Run::Unary(handler) }
    }

    const fn write(name: &'static str, handler: Handler) -> Operation {
        Operation { name, is_write: true, run: Run::Unary(handler) }
    }
}

impl Service {
    /// The operation called `name`.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// The service's answer to an operation that it (or this embedding of it) does not have.
    pub fn unknown_operation(&self, call: &Call) -> ApiError {
        match call.protocol {
            Protocol::Query => {
                ApiError::new("InvalidAction", format!("Could not find operation {} for version {}", call.operation, call.target))
            }
            Protocol::Ec2Query => {
                ApiError::new("InvalidAction", format!("The action {} is not valid for this web service.", call.operation))
            }
            Protocol::RestXml(Flavour::S3) => {
                ApiError::new("NotImplemented", "A header or query you provided implies functionality that is not implemented.")
                    .with_status(501)
            }
            Protocol::RestXml(Flavour::Versioned) => {
                ApiError::new("UnknownOperationException", format!("{} has no such path.", self.name)).with_status(404)
            }
            _ => ApiError::new("UnknownOperationException", format!("The operation {} is not known to {}.", call.operation, self.name)),
        }
    }

    /// The IAM action of an operation. S3's permissions are not named like its operations.
    pub(super) fn action(&self, operation: &str) -> String {
        let name = match (self.signing_name, operation) {
            ("s3", "HeadBucket") => "ListBucket",
            ("s3", "ListBuckets") => "ListAllMyBuckets",
            ("s3", "GetBucketLifecycleConfiguration") => "GetLifecycleConfiguration",
            ("s3", "DeleteBucketLifecycle") => "PutLifecycleConfiguration",
            ("s3", "GetBucketCors") => "GetBucketCORS",
            ("s3", "DeleteBucketCors") => "PutBucketCORS",
            ("s3", "GetBucketEncryption") => "GetEncryptionConfiguration",
            ("s3", "PutBucketEncryption" | "DeleteBucketEncryption") => "PutEncryptionConfiguration",
            ("s3", "GetPublicAccessBlock") => "GetBucketPublicAccessBlock",
            ("s3", "DeletePublicAccessBlock") => "PutBucketPublicAccessBlock",
            ("s3", "GetBucketReplication") => "GetReplicationConfiguration",
            (_, same) => same,
        };
        format!("{}:{name}", self.iam_prefix)
    }

    /// The resource that a refusal names.
    pub(super) fn resource(&self, call: &Call) -> String {
        let member = |name: &str| match call.params.as_ref().ok().and_then(|params| params.get(name)) {
            Some(Value::Str(text)) => Some(text.as_ref()),
            _ => None,
        };
        let name = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        let rest = match self.name {
            "ecs" => match (member("cluster"), member("service")) {
                (Some(cluster), Some(service)) => format!("service/{}/{}", name(cluster), name(service)),
                (Some(cluster), None) => format!("cluster/{}", name(cluster)),
                _ => return "*".to_owned(),
            },
            "rds" => match member("DBClusterIdentifier") {
                Some(cluster) => format!("cluster:{cluster}"),
                None => format!("db:{}", member("DBInstanceIdentifier").unwrap_or("*")),
            },
            "elasticache" => match (member("CacheClusterId"), member("ServerlessCacheName")) {
                (Some(cluster), _) => format!("cluster:{cluster}"),
                (_, Some(name)) => format!("serverlesscache:{name}"),
                _ => format!("replicationgroup:{}", member("ReplicationGroupId").unwrap_or("*")),
            },
            "pi" => format!("metrics/rds/{}", member("Identifier").unwrap_or("*")),
            "codebuild" => format!("project/{}", member("projectName").unwrap_or("*")),
            "codepipeline" => member("name").or(member("pipelineName")).unwrap_or("*").to_owned(),
            "ecr" => format!("repository/{}", member("repositoryName").unwrap_or("*")),
            "iam" => return format!("arn:aws:iam::{ACCOUNT}:role/{}", member("RoleName").unwrap_or("*")),
            "kms" => format!("key/{}", member("KeyId").unwrap_or("*")),
            "secretsmanager" => format!("secret:{}", member("SecretId").unwrap_or("*")),
            "logs" => format!("log-group:{}:log-stream:", member("logGroupName").unwrap_or("*")),
            "s3" => return format!("arn:aws:s3:::{}", member("Bucket").unwrap_or("*")),
            "route53" => return format!("arn:aws:route53:::hostedzone/{}", member("Id").unwrap_or("*")),
            "cloudfront" => {
                let id = member("DistributionId").or(member("Id")).unwrap_or("*");
                return format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{id}");
            }
            _ => return "*".to_owned(),
        };
        format!("arn:aws:{}:{REGION}:{ACCOUNT}:{rest}", self.iam_prefix)
    }
}

/// The service that a call is for: by signing name, else by target prefix, path or API version.
pub fn find(call: &Call) -> Option<&'static Service> {
    let by_signing_name = |name: &String| SERVICES.iter().find(|service| service.signing_name == name);
    call.signing_name
        .as_ref()
        .and_then(by_signing_name)
        .or_else(|| SERVICES.iter().find(|service| service.targets.contains(&call.target.as_str())))
        .copied()
}

/// The answer to a call for a service that is not embedded. 501 because clients do not retry it.
pub(super) fn unknown_service(call: &Call) -> ApiError {
    let asked = call.signing_name.as_deref().unwrap_or(&call.target);
    ApiError::new("UnknownOperationException", format!("The embedded cloud has no service \"{asked}\"."))
        .with_status(501)
        .with_query_code("InvalidAction")
}

/// The answer to a body that its protocol cannot parse.
pub(super) fn unreadable(protocol: Protocol, reason: &str) -> ApiError {
    match protocol {
        Protocol::Query | Protocol::Ec2Query => ApiError::new("MalformedQueryString", reason),
        Protocol::RestXml(_) => ApiError::new("MalformedXML", reason),
        _ => ApiError::new("SerializationException", reason),
    }
}

impl From<WorldError> for ApiError {
    fn from(error: WorldError) -> ApiError {
        let status = match error.code {
            "NoSuchBucket"
            | "DBInstanceNotFound"
            | "DBClusterNotFoundFault"
            | "ReplicationGroupNotFoundFault"
            | "NodeGroupNotFoundFault" => 404,
            _ => 400,
        };
        ApiError::new(error.code, error.message).with_status(status)
    }
}

/// Cuts a page in the manner of the awsQuery services: `limit` is the number of records, `Marker` the token.
fn marker_page(params: &Params<'_>, items: Vec<Value>, limit: i64, question: &str) -> Result<(Vec<Value>, Option<String>), ApiError> {
    let token = params.str("Marker");
    page(items, limit as usize, token, question)
        .map(|page| (page.items, page.next))
        .ok_or_else(|| ApiError::new("InvalidParameterValue", "The marker provided is not valid."))
}

#[cfg(test)]
mod tests;
