//! S3: the settings of every configured bucket (15 min), and once in six hours its size, which CloudWatch measures once a day.
//! "Not configured" is an error on the wire and an answer here; an aspect without permission is named and the others are shown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types as metric;
use aws_sdk_s3::types as sdk;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{Context, QUARTER, metrics};
use crate::aws::convert::{sdk_time, text, text_opt, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use nextcore_core::model::Time;
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::stack::{BucketRole, Named};
use nextcore_core::model::storage::{Bucket, Buckets, CorsRule, LifecycleRule};
use nextcore_core::model::store::Store;

// The IAM actions of S3 are not named like its operations.
const HEAD: Op = Op::read("S3", "HeadBucket", "s3:ListBucket").on(Scope::Buckets);
const VERSIONING: Op = Op::read("S3", "GetBucketVersioning", "s3:GetBucketVersioning").on(Scope::Buckets);
const LIFECYCLE: Op = Op::read("S3", "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration").on(Scope::Buckets);
const CORS: Op = Op::read("S3", "GetBucketCors", "s3:GetBucketCORS").on(Scope::Buckets);
const ENCRYPTION: Op = Op::read("S3", "GetBucketEncryption", "s3:GetEncryptionConfiguration").on(Scope::Buckets);
const PUBLIC: Op = Op::read("S3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock").on(Scope::Buckets);
const REPLICATION: Op = Op::read("S3", "GetBucketReplication", "s3:GetReplicationConfiguration").on(Scope::Buckets);
/// What these operations answer when the aspect is not configured; unmodelled, all 404.
const NOT_CONFIGURED: &[&str] = &[
    "NoSuchLifecycleConfiguration",
    "NoSuchCORSConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "ReplicationConfigurationNotFoundError",
];
/// What is asked of a bucket one by one.
const ASPECTS: &[&str] = &["versioning", "lifecycle", "cors", "encryption", "public access", "replication"];
const DAY: i32 = 86_400;
/// A daily figure is there by noon of the next day at the latest.
const MEASURED_WITHIN: TimeDelta = TimeDelta::days(3);
const MEASURE_EVERY: TimeDelta = TimeDelta::hours(6);

pub(super) struct StorageSource;

impl super::Source for StorageSource {
    type Out = Buckets;
    const READS: &'static [Op] = &[HEAD, VERSIONING, LIFECYCLE, CORS, ENCRYPTION, PUBLIC, REPLICATION, metrics::GET];

    fn every(_: &Store) -> Duration {
        QUARTER
    }

    async fn poll(cx: Arc<Context>) -> Result<Buckets, Problem> {
        let mut buckets = Vec::new();
        // One after the other: a dozen buckets at once would be throttled together.
        for spec in &cx.stack.buckets {
            buckets.push(Box::pin(bucket(&cx, spec)).await?);
        }
        measure(&cx, &mut buckets).await;
        Ok(Buckets { buckets })
    }
}

async fn bucket(cx: &Context, spec: &Named<BucketRole>) -> Result<Bucket, Problem> {
    let (s3, name) = (&cx.clients.s3, spec.name.as_str());
    let mut bucket = Bucket::named(name, spec.role.clone());
    match s3.head_bucket().bucket(name).send().await {
        Ok(out) => {
            bucket.exists = true;
            bucket.region = text(out.bucket_region());
        }
        // HEAD has no body: the status is all there is.
        Err(e) => match e.raw_response().map(|r| r.status().as_u16()) {
            Some(404) => return Ok(bucket),
            // In another region, the only one that tells its settings.
            Some(301) => {
                bucket.exists = true;
                bucket.region = text(e.raw_response().and_then(|r| r.headers().get("x-amz-bucket-region")));
                let why = format!("the bucket is in {}", if bucket.region.is_empty() { "another region" } else { bucket.region.as_str() });
                bucket.unread = ASPECTS.iter().map(|aspect| ((*aspect).to_owned(), why.clone())).collect();
                return Ok(bucket);
            }
            Some(403) => {
                bucket.exists = true;
                bucket.unread.push(("bucket".to_owned(), format!("access denied: {}", HEAD.iam)));
            }
            _ => return Err(problem_of(HEAD, &e)),
        },
    }
    let (versioning, lifecycle, cors, encryption, public, replication) = futures_util::join!(
        s3.get_bucket_versioning().bucket(name).send(),
        s3.get_bucket_lifecycle_configuration().bucket(name).send(),
        s3.get_bucket_cors().bucket(name).send(),
        s3.get_bucket_encryption().bucket(name).send(),
        s3.get_public_access_block().bucket(name).send(),
        s3.get_bucket_replication().bucket(name).send(),
    );
    let mut unread = Vec::new();
    if let Some(out) = aspect("versioning", VERSIONING, versioning, &mut unread)? {
        bucket.versioning = text(out.status().map(sdk::BucketVersioningStatus::as_str)).into();
    }
    if let Some(out) = aspect("lifecycle", LIFECYCLE, lifecycle, &mut unread)? {
        bucket.lifecycle = out.rules().iter().map(lifecycle_rule).collect();
    }
    if let Some(out) = aspect("cors", CORS, cors, &mut unread)? {
        let rule = |r: &sdk::CorsRule| CorsRule { origins: texts(r.allowed_origins()), methods: texts(r.allowed_methods()) };
        bucket.cors = out.cors_rules().iter().map(rule).collect();
    }
    if let Some(out) = aspect("encryption", ENCRYPTION, encryption, &mut unread)? {
        let rules = out.server_side_encryption_configuration().map(sdk::ServerSideEncryptionConfiguration::rules).unwrap_or_default();
        if let Some(default) = rules.iter().find_map(sdk::ServerSideEncryptionRule::apply_server_side_encryption_by_default) {
            bucket.encryption = text(Some(default.sse_algorithm().as_str())).into();
            bucket.kms_key = text_opt(default.kms_master_key_id());
        }
    }
    if let Some(out) = aspect("public access", PUBLIC, public, &mut unread)? {
        bucket.public_access_blocked = out.public_access_block_configuration().map(|c| {
            [c.block_public_acls(), c.ignore_public_acls(), c.block_public_policy(), c.restrict_public_buckets()]
                .iter()
                .all(|on| on.unwrap_or_default())
        });
    }
    if let Some(out) = aspect("replication", REPLICATION, replication, &mut unread)? {
        let rules = out.replication_configuration().map(sdk::ReplicationConfiguration::rules).unwrap_or_default();
        let enabled = rules.iter().filter(|r| *r.status() == sdk::ReplicationRuleStatus::Enabled);
        bucket.replication = enabled.map(|r| text(r.destination().map(sdk::Destination::bucket))).collect();
    }
    bucket.unread.extend(unread);
    Ok(bucket)
}

/// The answer, `None` when the aspect is not configured or may not be read; what concerns the whole poll is its failure.
fn aspect<T, E>(
    name: &str,
    op: Op,
    result: Result<T, SdkError<E, HttpResponse>>,
    unread: &mut Vec<(String, String)>,
) -> Result<Option<T>, Problem>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match result {
        Ok(out) => Ok(Some(out)),
        Err(e) if e.code().is_some_and(|c| NOT_CONFIGURED.contains(&c)) => Ok(None),
        Err(e) => {
            let problem = problem_of(op, &e);
            match problem.kind {
                ProblemKind::Denied => {
                    unread.push((name.to_owned(), problem.why()));
                    Ok(None)
                }
                ProblemKind::Service => {
                    unread.push((name.to_owned(), problem.headline));
                    Ok(None)
                }
                _ => Err(problem),
            }
        }
    }
}

fn lifecycle_rule(r: &sdk::LifecycleRule) -> LifecycleRule {
    let filter = r.filter();
    let prefix = filter.and_then(|f| f.prefix()).or_else(|| filter.and_then(|f| f.and()).and_then(|a| a.prefix()));
    let transition = |t: &sdk::Transition| {
        let class = text(t.storage_class().map(sdk::TransitionStorageClass::as_str));
        t.days().map_or_else(|| class.clone(), |days| format!("{days} d → {class}"))
    };
    LifecycleRule {
        id: text(r.id()),
        status: text(Some(r.status().as_str())).into(),
        prefix: text(prefix),
        expiration_days: r.expiration().and_then(sdk::LifecycleExpiration::days).filter(|d| *d > 0),
        noncurrent_days: r.noncurrent_version_expiration().and_then(sdk::NoncurrentVersionExpiration::noncurrent_days),
        transitions: r.transitions().iter().map(transition).collect(),
    }
}

/// Takes the last known size over, and asks anew when that is old. Without an answer the size stays unknown: the settings matter more.
async fn measure(cx: &Context, buckets: &mut [Bucket]) {
    let before = cx.store.get::<Buckets>();
    for bucket in buckets.iter_mut() {
        if let Some(old) = before.and_then(|b| b.buckets.iter().find(|o| o.name == bucket.name)) {
            (bucket.bytes, bucket.objects, bucket.measured_at) = (old.bytes, old.objects, old.measured_at);
        }
    }
    let asked_at = cx.store.at::<Buckets>();
    let turn = |at: Time| at.timestamp().div_euclid(MEASURE_EVERY.num_seconds());
    if before.is_some() && asked_at.is_some_and(|at| turn(at) == turn(cx.now)) {
        return;
    }
    let sizes = join_all(buckets.iter().filter(|b| b.exists).map(|b| sizes(cx, &b.name))).await;
    let mut by_name: BTreeMap<String, Measured> = sizes.into_iter().flatten().collect();
    for bucket in buckets {
        if let Some(measured) = by_name.remove(&bucket.name) {
            (bucket.bytes, bucket.objects, bucket.measured_at) = (measured.bytes, measured.objects, measured.at);
        }
    }
}

#[derive(Default)]
struct Measured {
    bytes: Option<f64>,
    objects: Option<f64>,
    at: Option<Time>,
}

async fn sizes(cx: &Context, bucket: &str) -> Option<(String, Measured)> {
    let query = |id: &str, name: &str, storage: &str| {
        let dimension = |name: &str, value: &str| metric::Dimension::builder().name(name).value(value).build();
        let metric = metric::Metric::builder().namespace("AWS/S3").metric_name(name);
        let metric = metric.dimensions(dimension("BucketName", bucket)).dimensions(dimension("StorageType", storage)).build();
        let stat = metric::MetricStat::builder().metric(metric).period(DAY).stat("Average").build();
        metric::MetricDataQuery::builder().id(id).metric_stat(stat).build()
    };
    cx.meter.metrics(2);
    let request = cx.clients.cloudwatch.get_metric_data().start_time(sdk_time(cx.now - MEASURED_WITHIN)).end_time(sdk_time(cx.now));
    let request = request.metric_data_queries(query("bytes", "BucketSizeBytes", "StandardStorage"));
    let request = request.metric_data_queries(query("objects", "NumberOfObjects", "AllStorageTypes"));
    let out = request.send().await.ok()?;
    let mut measured = Measured::default();
    for result in out.metric_data_results() {
        let points = result.timestamps().iter().zip(result.values());
        let Some((at, value)) = points.max_by_key(|(at, _)| at.secs()) else { continue };
        match result.id() {
            Some("bytes") => (measured.bytes, measured.at) = (Some(*value), time(Some(at))),
            _ => measured.objects = Some(*value),
        }
    }
    Some((bucket.to_owned(), measured))
}
