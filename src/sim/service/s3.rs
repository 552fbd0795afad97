//! S3: the buckets and their configuration, told and changed. No objects: nothing here reads or writes one.
//! What the buckets hold grows in `world`. Called through the service table.

use crate::wire::rest::{Api, Flavour, Root, Route};
use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::names::{REGION, STACK};
use crate::world::state::{Bucket, Encryption, LifecycleRule, Versioning};

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "s3",
    iam_prefix: "s3",
    signing_name: "s3",
    targets: &["2006-03-01"],
    namespace: "http://s3.amazonaws.com/doc/2006-03-01/",
    dialect: Dialect { missing: "MalformedXML", invalid: "InvalidArgument" },
    operations: &[
        Operation::read("ListBuckets", list_buckets),
        Operation::read("HeadBucket", head_bucket),
        Operation::read("GetBucketLocation", get_bucket_location),
        Operation::read("GetBucketVersioning", get_bucket_versioning),
        Operation::read("GetBucketLifecycleConfiguration", get_bucket_lifecycle),
        Operation::read("GetBucketCors", get_bucket_cors),
        Operation::read("GetBucketEncryption", get_bucket_encryption),
        Operation::read("GetPublicAccessBlock", get_public_access_block),
        Operation::read("GetBucketReplication", get_bucket_replication),
        Operation::read("GetBucketTagging", get_bucket_tagging),
        Operation::write("PutBucketVersioning", put_bucket_versioning),
        Operation::write("DeleteBucketLifecycle", delete_bucket_lifecycle),
        Operation::write("DeleteBucketCors", delete_bucket_cors),
        Operation::write("PutBucketEncryption", put_bucket_encryption),
        Operation::write("DeleteBucketEncryption", delete_bucket_encryption),
        Operation::write("DeletePublicAccessBlock", delete_public_access_block),
    ],
};

const BUCKET: &str = "/{Bucket}";

const fn get(operation: &'static str, key: &'static str, root: Root) -> Route {
    Route::new(operation, "GET", BUCKET, root).sub_resource(key)
}

const fn put(operation: &'static str, key: &'static str) -> Route {
    Route::new(operation, "PUT", BUCKET, Root::Empty).sub_resource(key)
}

const fn delete(operation: &'static str, key: &'static str) -> Route {
    Route::new(operation, "DELETE", BUCKET, Root::Empty).sub_resource(key).status(204)
}

pub(super) const API: Api = Api {
    signing_name: "s3",
    version: "2006-03-01",
    flavour: Flavour::S3,
    routes: &[
        Route::new("ListBuckets", "GET", "/", Root::Named("ListAllMyBucketsResult")),
        Route::new("HeadBucket", "HEAD", BUCKET, Root::Empty).headers(&[
            ("BucketRegion", "x-amz-bucket-region"),
            ("BucketArn", "x-amz-bucket-arn"),
            ("AccessPointAlias", "x-amz-access-point-alias"),
        ]),
        get("GetBucketLocation", "location", Root::Payload("LocationConstraint")),
        get("GetBucketVersioning", "versioning", Root::Named("VersioningConfiguration")),
        get("GetBucketLifecycleConfiguration", "lifecycle", Root::Named("LifecycleConfiguration"))
            .headers(&[("TransitionDefaultMinimumObjectSize", "x-amz-transition-default-minimum-object-size")]),
        get("GetBucketCors", "cors", Root::Named("CORSConfiguration")),
        get("GetBucketEncryption", "encryption", Root::Payload("ServerSideEncryptionConfiguration")),
        get("GetPublicAccessBlock", "publicAccessBlock", Root::Payload("PublicAccessBlockConfiguration")),
        get("GetBucketReplication", "replication", Root::Payload("ReplicationConfiguration")),
        get("GetBucketTagging", "tagging", Root::Named("Tagging")),
        put("PutBucketVersioning", "versioning"),
        put("PutBucketEncryption", "encryption"),
        delete("DeleteBucketLifecycle", "lifecycle"),
        delete("DeleteBucketCors", "cors"),
        delete("DeleteBucketEncryption", "encryption"),
        delete("DeletePublicAccessBlock", "publicAccessBlock"),
    ],
};

fn bucket<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w Bucket, ApiError> {
    Ok(world.bucket(params.required("Bucket")?)?)
}

/// What was never configured is an error.
fn not_configured(code: &'static str, message: &str) -> ApiError {
    ApiError::new(code, message).with_status(404)
}

fn list_buckets(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let prefix = params.str("prefix").unwrap_or_default();
    let elsewhere = params.str("bucket-region").is_some_and(|region| region != REGION);
    let limit = params.int_in("max-buckets", 1..=10_000, 10_000)?;
    let found = world.buckets.iter().filter(|bucket| bucket.name.starts_with(prefix) && !elsewhere).map(|bucket| {
        object! {
            "Name" => &bucket.name,
            "CreationDate" => Value::time(bucket.created_at),
            "BucketRegion" => REGION,
        }
    });
    let token = params.str("continuation-token");
    let Page { items, next } = page(found.collect(), limit as usize, token, prefix)
        .ok_or_else(|| ApiError::new("InvalidArgument", "The continuation token provided is incorrect"))?;
    Ok(object! {
        "Owner" => object! { "ID" => "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a" },
        "Buckets" => Value::list("Bucket", items),
        "ContinuationToken" => next,
        "Prefix" => params.str("prefix"),
    })
}

fn head_bucket(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = &bucket(world, params)?.name;
    Ok(object! { "BucketRegion" => REGION, "BucketArn" => format!("arn:aws:s3:::{name}"), "AccessPointAlias" => "false" })
}

fn get_bucket_location(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    bucket(world, params)?;
    Ok(object! { "LocationConstraint" => REGION })
}

fn get_bucket_versioning(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    Ok(object! { "Status" => bucket(world, params)?.versioning.map(Versioning::as_str) })
}

fn get_bucket_lifecycle(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let rules = &bucket(world, params)?.lifecycle;
    if rules.is_empty() {
        return Err(not_configured("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"));
    }
    Ok(object! {
        "Rule" => Value::flat(rules.iter().map(describe_rule)),
        "TransitionDefaultMinimumObjectSize" => "all_storage_classes_128K",
    })
}

fn describe_rule(rule: &LifecycleRule) -> Value {
    let transition = rule.transition.map(|(days, class)| object! { "Days" => days, "StorageClass" => class });
    object! {
        "ID" => &rule.id,
        "Filter" => object! { "Prefix" => "" },
        "Status" => "Enabled",
        "Transition" => Value::flat(transition),
        "Expiration" => rule.expire_days.map(|days| object! { "Days" => days }),
        "NoncurrentVersionExpiration" => rule.noncurrent_days.map(|days| object! { "NoncurrentDays" => days }),
    }
}

fn get_bucket_cors(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    if !bucket(world, params)?.cors {
        return Err(not_configured("NoSuchCORSConfiguration", "The CORS configuration does not exist"));
    }
    let rule = object! {
        "ID" => "portal",
        "AllowedHeader" => Value::flat(["*"]),
        "AllowedMethod" => Value::flat(["GET", "HEAD"]),
        "AllowedOrigin" => Value::flat(["https://nextcore.ai", "https://www.nextcore.ai"]),
        "ExposeHeader" => Value::flat(["ETag"]),
        "MaxAgeSeconds" => 3_600,
    };
    Ok(object! { "CORSRule" => Value::flat([rule]) })
}

fn get_bucket_encryption(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let missing =
        || not_configured("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found");
    let encryption = bucket(world, params)?.encryption.as_ref().ok_or_else(missing)?;
    let rule = object! {
        "ApplyServerSideEncryptionByDefault" => object! {
            "SSEAlgorithm" => &encryption.algorithm,
            "KMSMasterKeyID" => encryption.key.as_deref(),
        },
        "BucketKeyEnabled" => encryption.bucket_key,
    };
    Ok(object! { "ServerSideEncryptionConfiguration" => object! { "Rule" => Value::flat([rule]) } })
}

fn get_public_access_block(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    if !bucket(world, params)?.public_access_block {
        return Err(not_configured("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"));
    }
    let all =
        object! { "BlockPublicAcls" => true, "IgnorePublicAcls" => true, "BlockPublicPolicy" => true, "RestrictPublicBuckets" => true };
    Ok(object! { "PublicAccessBlockConfiguration" => all })
}

fn get_bucket_replication(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    bucket(world, params)?;
    Err(not_configured("ReplicationConfigurationNotFoundError", "The replication configuration was not found"))
}

fn get_bucket_tagging(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let purpose = bucket(world, params)?.purpose;
    let tags = [("Stack", STACK), ("Environment", "production"), ("Purpose", purpose)];
    Ok(object! { "TagSet" => Value::list("Tag", tags.map(|(key, value)| object! { "Key" => key, "Value" => value })) })
}

fn malformed() -> ApiError {
    ApiError::new("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

fn put_bucket_versioning(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = bucket(world, params)?.name.clone();
    let versioning = match params.structure("VersioningConfiguration").as_ref().and_then(|config| config.str("Status")) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(malformed()),
    };
    world.set_versioning(&name, versioning)?;
    Ok(Value::EMPTY)
}

fn put_bucket_encryption(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = bucket(world, params)?.name.clone();
    let rule = params.structure("ServerSideEncryptionConfiguration").and_then(|config| config.structure("Rule")).ok_or_else(malformed)?;
    let default = rule.structure("ApplyServerSideEncryptionByDefault").ok_or_else(malformed)?;
    let (algorithm, key) = (default.required("SSEAlgorithm")?, default.str("KMSMasterKeyID"));
    if !["AES256", "aws:kms", "aws:kms:dsse"].contains(&algorithm) {
        return Err(malformed());
    }
    if algorithm == "AES256" && key.is_some() {
        return Err(ApiError::new("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"));
    }
    let bucket_key = rule.bool("BucketKeyEnabled")?.unwrap_or(false);
    world.set_encryption(&name, Some(Encryption { algorithm: algorithm.to_owned(), key: key.map(str::to_owned), bucket_key }))?;
    Ok(Value::EMPTY)
}

fn delete_bucket_encryption(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    world.set_encryption(params.required("Bucket")?, None)?;
    Ok(Value::EMPTY)
}

fn delete_bucket_lifecycle(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    world.drop_lifecycle(params.required("Bucket")?)?;
    Ok(Value::EMPTY)
}

fn delete_bucket_cors(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    world.drop_cors(params.required("Bucket")?)?;
    Ok(Value::EMPTY)
}

fn delete_public_access_block(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    world.drop_public_access_block(params.required("Bucket")?)?;
    Ok(Value::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::tests::ask;

    #[test]
    fn what_was_dropped_is_not_configured() {
        let mut world = World::new(7, 1_795_392_000_000);
        for (name, read, write, code) in [
            ("nextcore-documents", "GetBucketLifecycleConfiguration", "DeleteBucketLifecycle", "NoSuchLifecycleConfiguration"),
            ("nextcore-static", "GetBucketCors", "DeleteBucketCors", "NoSuchCORSConfiguration"),
            ("nextcore-reports", "GetBucketEncryption", "DeleteBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
            ("nextcore-reports", "GetPublicAccessBlock", "DeletePublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
        ] {
            let bucket = || object! { "Bucket" => name };
            ask(&mut world, &SERVICE, read, bucket()).unwrap();
            ask(&mut world, &SERVICE, write, bucket()).unwrap();
            let error = ask(&mut world, &SERVICE, read, bucket()).unwrap_err();
            assert_eq!((error.code.as_ref(), error.status), (code, 404));
            let error = ask(&mut world, &SERVICE, write, object! { "Bucket" => "nope" }).unwrap_err();
            assert_eq!((error.code.as_ref(), error.status), ("NoSuchBucket", 404));
        }
    }

    #[test]
    fn encryption_takes_kms_or_nothing_with_a_key() {
        let mut world = World::new(7, 1_795_392_000_000);
        let put = |algorithm: &str, key: Option<&str>| {
            let default = object! { "SSEAlgorithm" => algorithm, "KMSMasterKeyID" => key };
            let rule = object! { "ApplyServerSideEncryptionByDefault" => default, "BucketKeyEnabled" => "true" };
            object! { "Bucket" => "nextcore-static", "ServerSideEncryptionConfiguration" => object! { "Rule" => rule } }
        };
        for (question, code) in [
            (put("AES256", Some("k")), "InvalidArgument"),
            (put("rot13", None), "MalformedXML"),
            (object! { "Bucket" => "nextcore-static" }, "MalformedXML"),
        ] {
            assert_eq!(ask(&mut world, &SERVICE, "PutBucketEncryption", question).unwrap_err().code, code);
        }
        ask(&mut world, &SERVICE, "PutBucketEncryption", put("AES256", None)).unwrap();
        assert_eq!(world.bucket("nextcore-static").unwrap().encryption.as_ref().unwrap().algorithm, "AES256");
    }
}
