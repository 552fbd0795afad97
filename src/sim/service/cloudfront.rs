//! CloudFront: the distribution, its invalidations and the making of one.
//! When an invalidation is done is `world`'s matter. Called through the service table.

use crate::wire::rest::{Api, Flavour, Root, Route};
use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::state::{Distribution, Invalidation, Origin};

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "cloudfront",
    iam_prefix: "cloudfront",
    signing_name: "cloudfront",
    targets: &["2020-05-31"],
    namespace: "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    dialect: Dialect { missing: "InvalidArgument", invalid: "InvalidArgument" },
    operations: &[
        Operation::read("ListDistributions", list_distributions),
        Operation::read("GetDistribution", get_distribution),
        Operation::read("ListInvalidations", list_invalidations),
        Operation::read("GetInvalidation", get_invalidation),
        Operation::read("GetMonitoringSubscription", get_monitoring_subscription),
        Operation::write("CreateInvalidation", create_invalidation),
    ],
};

pub(super) const API: Api = Api {
    signing_name: "cloudfront",
    version: "2020-05-31",
    flavour: Flavour::Versioned,
    routes: &[
        Route::new("ListDistributions", "GET", "/distribution", Root::Payload("DistributionList")),
        Route::new("GetDistribution", "GET", "/distribution/{Id}", Root::Payload("Distribution")).headers(&[("ETag", "etag")]),
        Route::new("ListInvalidations", "GET", "/distribution/{DistributionId}/invalidation", Root::Payload("InvalidationList")),
        Route::new("GetInvalidation", "GET", "/distribution/{DistributionId}/invalidation/{Id}", Root::Payload("Invalidation")),
        Route::new(
            "GetMonitoringSubscription",
            "GET",
            "/distributions/{DistributionId}/monitoring-subscription",
            Root::Payload("MonitoringSubscription"),
        ),
        Route::new("CreateInvalidation", "POST", "/distribution/{DistributionId}/invalidation", Root::Payload("Invalidation"))
            .status(201)
            .headers(&[("Location", "location")]),
    ],
};

/// The cache policy that AWS calls `CachingOptimized`.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// AWS's bound for the paths of one batch.
const PATHS: usize = 3_000;

/// A list as CloudFront writes it: its length, and its entries if it has any.
fn counted<T: Into<Value>>(item: &'static str, entries: impl IntoIterator<Item = T>) -> Value {
    let entries: Vec<Value> = entries.into_iter().map(Into::into).collect();
    let quantity = entries.len();
    object! { "Quantity" => quantity, "Items" => (quantity > 0).then(|| Value::list(item, entries)) }
}

fn none() -> Value {
    counted::<Value>("member", [])
}

/// A page as CloudFront writes it, under `member`.
fn listed(params: &Params<'_>, (member, item): (&'static str, &'static str), all: Vec<Value>) -> Result<Value, ApiError> {
    let (limit, marker) = (params.int_in("MaxItems", 1..=i64::MAX, 100)?.min(100), params.str("Marker"));
    let Page { items, next } =
        page(all, limit as usize, marker, member).ok_or_else(|| ApiError::new("InvalidArgument", "The marker is not valid."))?;
    let quantity = items.len();
    let list = object! {
        "Marker" => marker.unwrap_or_default(),
        "IsTruncated" => next.is_some(),
        "NextMarker" => next,
        "MaxItems" => limit,
        "Quantity" => quantity,
        "Items" => (quantity > 0).then(|| Value::list(item, items)),
    };
    Ok(object! { member => list })
}

fn find<'w>(world: &'w World, id: &str) -> Result<&'w Distribution, ApiError> {
    if id == world.cdn.id {
        return Ok(&world.cdn);
    }
    Err(ApiError::new("NoSuchDistribution", "The specified distribution does not exist.").with_status(404))
}

fn list_distributions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cdn = &world.cdn;
    let Value::Map(mut summary) = common(cdn) else { return Ok(Value::EMPTY) };
    let own = object! {
        "Id" => &cdn.id,
        "ARN" => &cdn.arn,
        "ETag" => &cdn.etag,
        "Status" => cdn.status(),
        "LastModifiedTime" => Value::time(cdn.modified_at),
        "DomainName" => &cdn.domain,
    };
    if let Value::Map(own) = own {
        summary.splice(0..0, own);
    }
    listed(params, ("DistributionList", "DistributionSummary"), vec![Value::Map(summary)])
}

/// What both the summary and the configuration of a distribution tell.
fn common(cdn: &Distribution) -> Value {
    let default = cdn.behaviors.iter().find(|(pattern, _)| pattern.is_none()).map(|(_, origin)| behavior(None, origin));
    let others = cdn.behaviors.iter().filter_map(|(pattern, origin)| Some(behavior(Some(pattern.as_deref()?), origin)));
    object! {
        "Aliases" => counted("CNAME", &cdn.aliases),
        "Origins" => counted("Origin", cdn.origins.iter().map(origin)),
        "OriginGroups" => none(),
        "DefaultCacheBehavior" => default,
        "CacheBehaviors" => counted("CacheBehavior", others),
        "CustomErrorResponses" => none(),
        "Comment" => "NextCore static files and media",
        "PriceClass" => "PriceClass_All",
        "Enabled" => cdn.enabled,
        "ViewerCertificate" => object! {
            "CloudFrontDefaultCertificate" => false,
            "ACMCertificateArn" => &cdn.certificate,
            "SSLSupportMethod" => "sni-only",
            "MinimumProtocolVersion" => "TLSv1.2_2021",
            "Certificate" => &cdn.certificate,
            "CertificateSource" => "acm",
        },
        "Restrictions" => object! { "GeoRestriction" => object! { "RestrictionType" => "none", "Quantity" => 0 } },
        "WebACLId" => "",
        "HttpVersion" => "http2and3",
        "IsIPV6Enabled" => true,
        "Staging" => false,
    }
}

fn origin(origin: &Origin) -> Value {
    let (bucket, server) = if origin.bucket {
        (Some(object! { "OriginAccessIdentity" => "" }), None)
    } else {
        let protocols = object! { "Quantity" => 1, "Items" => Value::list("SslProtocol", ["TLSv1.2"]) };
        let server = object! {
            "HTTPPort" => 80,
            "HTTPSPort" => 443,
            "OriginProtocolPolicy" => "https-only",
            "OriginSslProtocols" => protocols,
            "OriginReadTimeout" => 30,
            "OriginKeepaliveTimeout" => 5,
        };
        (None, Some(server))
    };
    object! {
        "Id" => &origin.id,
        "DomainName" => &origin.domain,
        "OriginPath" => "",
        "CustomHeaders" => none(),
        "S3OriginConfig" => bucket,
        "CustomOriginConfig" => server,
        "ConnectionAttempts" => 3,
        "ConnectionTimeout" => 10,
        "OriginShield" => object! { "Enabled" => false },
        "OriginAccessControlId" => if origin.bucket { "E3K9OAC2NEXTCO" } else { "" },
    }
}

fn behavior(pattern: Option<&str>, origin: &str) -> Value {
    let nobody = || object! { "Enabled" => false, "Quantity" => 0 };
    let methods = |names: &[&str]| Value::list("Method", names.iter().copied());
    object! {
        "PathPattern" => pattern,
        "TargetOriginId" => origin,
        "TrustedSigners" => nobody(),
        "TrustedKeyGroups" => nobody(),
        "ViewerProtocolPolicy" => "redirect-to-https",
        "AllowedMethods" => object! {
            "Quantity" => 2,
            "Items" => methods(&["HEAD", "GET"]),
            "CachedMethods" => object! { "Quantity" => 2, "Items" => methods(&["HEAD", "GET"]) },
        },
        "SmoothStreaming" => false,
        "Compress" => true,
        "LambdaFunctionAssociations" => none(),
        "FunctionAssociations" => none(),
        "FieldLevelEncryptionId" => "",
        "CachePolicyId" => CACHING_OPTIMIZED,
    }
}

fn get_distribution(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cdn = find(world, params.required("Id")?)?;
    let Value::Map(mut config) = common(cdn) else { return Ok(Value::EMPTY) };
    config.extend([
        ("CallerReference".into(), Value::from("terraform-20260425011733904100000007")),
        ("DefaultRootObject".into(), Value::from("")),
        ("Logging".into(), object! { "Enabled" => false, "IncludeCookies" => false, "Bucket" => "", "Prefix" => "" }),
        ("ContinuousDeploymentPolicyId".into(), Value::from("")),
    ]);
    let distribution = object! {
        "Id" => &cdn.id,
        "ARN" => &cdn.arn,
        "Status" => cdn.status(),
        "LastModifiedTime" => Value::time(cdn.modified_at),
        "InProgressInvalidationBatches" => cdn.in_progress().count(),
        "DomainName" => &cdn.domain,
        "ActiveTrustedSigners" => object! { "Enabled" => false, "Quantity" => 0 },
        "ActiveTrustedKeyGroups" => object! { "Enabled" => false, "Quantity" => 0 },
        "DistributionConfig" => Value::Map(config),
    };
    Ok(object! { "Distribution" => distribution, "ETag" => &cdn.etag })
}

fn list_invalidations(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cdn = find(world, params.required("DistributionId")?)?;
    let summary = |invalidation: &Invalidation| {
        object! {
            "Id" => &invalidation.id,
            "CreateTime" => Value::time(invalidation.created_at),
            "Status" => invalidation.status(),
        }
    };
    listed(params, ("InvalidationList", "InvalidationSummary"), cdn.invalidations.iter().map(summary).collect())
}

fn describe_invalidation(invalidation: &Invalidation) -> Value {
    object! {
        "Id" => &invalidation.id,
        "Status" => invalidation.status(),
        "CreateTime" => Value::time(invalidation.created_at),
        "InvalidationBatch" => object! {
            "Paths" => counted("Path", &invalidation.paths),
            "CallerReference" => &invalidation.caller_reference,
        },
    }
}

fn get_invalidation(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cdn = find(world, params.required("DistributionId")?)?;
    let id = params.required("Id")?;
    let found = cdn.invalidations.iter().find(|invalidation| invalidation.id == id);
    let missing = || ApiError::new("NoSuchInvalidation", "The specified invalidation does not exist.").with_status(404);
    Ok(object! { "Invalidation" => describe_invalidation(found.ok_or_else(missing)?) })
}

fn create_invalidation(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = find(world, params.required("DistributionId")?)?.id.clone();
    let batch = params.structure("InvalidationBatch").ok_or_else(|| {
        ApiError::new("MissingBody", "This operation requires a body. Ensure that the body is present and the Content-Type header is set.")
    })?;
    let listed = batch.structure("Paths").ok_or_else(|| batch.missing("Paths"))?;
    let paths: Vec<String> = listed.strings("Items").into_iter().map(str::to_owned).collect();
    let reference = batch.required("CallerReference")?;
    if listed.int("Quantity")? != Some(paths.len() as i64) {
        let message = "The value of Quantity and the size of Items don't match.";
        return Err(ApiError::new("InconsistentQuantities", message));
    }
    if paths.len() > PATHS {
        return Err(ApiError::new("BatchTooLarge", "Invalidation batch specified is too large.").with_status(413));
    }
    let wrong = |path: &&String| !path.starts_with('/') || path.find('*').is_some_and(|at| at + 1 != path.len());
    if paths.is_empty() || paths.iter().any(|path| wrong(&path)) {
        return Err(ApiError::new("InvalidArgument", "Your request contains one or more invalid invalidation paths."));
    }
    let made = world.create_invalidation(paths, reference.to_owned())?;
    let location = format!("https://cloudfront.amazonaws.com/2020-05-31/distribution/{id}/invalidation/{}", made.id);
    Ok(object! { "Location" => location, "Invalidation" => describe_invalidation(&made) })
}

fn get_monitoring_subscription(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    find(world, params.required("DistributionId")?)?;
    let config = object! { "RealtimeMetricsSubscriptionStatus" => "Enabled" };
    Ok(object! { "MonitoringSubscription" => object! { "RealtimeMetricsSubscriptionConfig" => config } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::tests::{ask, items, text};

    fn batch(quantity: usize, paths: &[&str]) -> Value {
        let items = object! { "Path" => if let [one] = paths { Value::from(*one) } else { Value::members(paths.iter().copied()) } };
        object! {
            "DistributionId" => "E2NEXTCOREAI0T",
            "InvalidationBatch" => object! {
                "Paths" => object! { "Quantity" => quantity.to_string(), "Items" => items },
                "CallerReference" => format!("{paths:?}"),
            },
        }
    }

    #[test]
    fn batches_are_checked_before_they_are_made() {
        let mut world = World::new(7, 1_795_392_000_000);
        let many: Vec<String> = (0..3_001).map(|n| format!("/{n}")).collect();
        for (question, code) in [
            (batch(2, &["/a"]), "InconsistentQuantities"),
            (batch(1, &["a"]), "InvalidArgument"),
            (batch(1, &["/a*b"]), "InvalidArgument"),
            (batch(0, &[]), "InvalidArgument"),
            (batch(3_001, &many.iter().map(String::as_str).collect::<Vec<_>>()), "BatchTooLarge"),
            (object! { "DistributionId" => "E2NEXTCOREAI0T" }, "MissingBody"),
            (object! { "DistributionId" => "E1" }, "NoSuchDistribution"),
        ] {
            assert_eq!(ask(&mut world, &SERVICE, "CreateInvalidation", question).unwrap_err().code, code);
        }
        let made = ask(&mut world, &SERVICE, "CreateInvalidation", batch(1, &["/a"])).unwrap();
        let id = text(made.get("Invalidation").unwrap(), "Id");
        assert!(text(&made, "Location").ends_with(&id));
        let list = ask(&mut world, &SERVICE, "ListInvalidations", object! { "DistributionId" => "E2NEXTCOREAI0T" }).unwrap();
        let list = list.get("InvalidationList").unwrap();
        assert_eq!(text(&items(list, "Items")[0], "Status"), "InProgress");
        assert!(items(list, "Items")[1..].iter().any(|old| text(old, "Status") == "Completed"));
        let to = world.now + 300_000;
        world.advance_to(to);
        let question = object! { "DistributionId" => "E2NEXTCOREAI0T", "Id" => id };
        let done = ask(&mut world, &SERVICE, "GetInvalidation", question).unwrap();
        assert_eq!(text(done.get("Invalidation").unwrap(), "Status"), "Completed");
    }
}
