//! ECR: repositories, their images and what scans found, and the two writes that make an image or its scan go missing.
//! Pushing and pulling are `world`'s: nothing here moves layers. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::names::ACCOUNT;
use crate::world::state::{EcrImage, Finding, Repository, Scan};
use crate::world::{World, no_repository};

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "ecr",
    iam_prefix: "ecr",
    signing_name: "ecr",
    targets: &["AmazonEC2ContainerRegistry_V20150921"],
    namespace: "",
    dialect: Dialect { missing: "InvalidParameterException", invalid: "InvalidParameterException" },
    operations: &[
        Operation::read("DescribeRepositories", describe_repositories),
        Operation::read("DescribeImages", describe_images),
        Operation::read("ListImages", list_images),
        Operation::read("DescribeImageScanFindings", describe_image_scan_findings),
        Operation::read("BatchGetRepositoryScanningConfiguration", batch_get_repository_scanning_configuration),
        Operation::read("GetRegistryScanningConfiguration", get_registry_scanning_configuration),
        Operation::read("DescribeRegistry", describe_registry),
        Operation::write("BatchDeleteImage", batch_delete_image),
        Operation::write("PutImageScanningConfiguration", put_image_scanning_configuration),
    ],
};

const SEVERITIES: [&str; 6] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"];

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// The repository that the request names, in the only registry that there is.
fn repository<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w Repository, ApiError> {
    let name = params.required("repositoryName")?;
    let here = params.str("registryId").is_none_or(|id| id == ACCOUNT);
    world.ecr.repository(name).filter(|_| here).ok_or_else(|| no_repository(name).into())
}

fn paged(params: &Params<'_>, items: Vec<Value>, question: &str) -> Result<(Value, Option<String>), ApiError> {
    let limit = params.int_in("maxResults", 1..=1000, 100)?;
    let Page { items, next } = page(items, limit as usize, params.str("nextToken"), question)
        .ok_or_else(|| invalid("Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'"))?;
    Ok((Value::members(items), next))
}

fn describe_repositories(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let asked = params.strings("repositoryNames");
    if let Some(unknown) = asked.iter().find(|name| world.ecr.repository(name).is_none()) {
        return Err(no_repository(unknown).into());
    }
    let mut found = world.ecr.repositories.iter().filter(|r| asked.is_empty() || asked.contains(&r.name.as_str()));
    let rendered = found.by_ref().map(describe_repository).collect();
    let (repositories, next) = paged(params, rendered, &format!("DescribeRepositories {asked:?}"))?;
    Ok(object! { "repositories" => repositories, "nextToken" => next })
}

fn describe_repository(repository: &Repository) -> Value {
    object! {
        "repositoryArn" => repository.arn(),
        "registryId" => ACCOUNT,
        "repositoryName" => &repository.name,
        "repositoryUri" => repository.uri(),
        "createdAt" => Value::time(repository.created_at),
        "imageTagMutability" => repository.tag_mutability,
        "imageScanningConfiguration" => object! { "scanOnPush" => repository.scan_on_push },
        "encryptionConfiguration" => object! { "encryptionType" => "KMS", "kmsKey" => &repository.kms_key },
    }
}

/// Digest and tag of an image id.
type ImageId<'a> = (Option<&'a str>, Option<&'a str>);

fn image_id<'a>(id: &Params<'a>) -> ImageId<'a> {
    (id.str("imageDigest"), id.str("imageTag"))
}

fn image_ids<'a>(params: &Params<'a>) -> Result<Vec<ImageId<'a>>, ApiError> {
    let ids: Vec<_> = params.structures("imageIds").iter().map(image_id).collect();
    if ids.len() > 100 {
        return Err(invalid("Invalid parameter at 'imageIds' failed to satisfy constraint: 'at most 100 entries'"));
    }
    Ok(ids)
}

fn is_called(image: &EcrImage, (digest, tag): ImageId<'_>) -> bool {
    (digest.is_some() || tag.is_some())
        && digest.is_none_or(|digest| digest == image.digest)
        && tag.is_none_or(|tag| image.tags.iter().any(|known| known == tag))
}

fn find_image<'w>(world: &'w World, repository: &Repository, id: ImageId<'_>) -> Result<&'w EcrImage, ApiError> {
    let found = world.ecr.images.iter().rfind(|image| image.repository == repository.name && is_called(image, id));
    found.ok_or_else(|| {
        let quoted = |part: Option<&str>| part.unwrap_or("null").to_owned();
        let text = format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{}' in the \
             registry with id '{ACCOUNT}'",
            quoted(id.0),
            quoted(id.1),
            repository.name
        );
        ApiError::new("ImageNotFoundException", text)
    })
}

/// The images that the filter lets through.
fn filtered<'w>(world: &'w World, repository: &Repository, params: &Params<'_>) -> Result<(Vec<&'w EcrImage>, &'static str), ApiError> {
    let status = match params.structure("filter") {
        Some(filter) => filter.one_of("tagStatus", &["TAGGED", "UNTAGGED", "ANY"])?,
        None => None,
    };
    let status = status.unwrap_or("ANY");
    let passes = |image: &&EcrImage| match status {
        "TAGGED" => !image.tags.is_empty(),
        "UNTAGGED" => image.tags.is_empty(),
        _ => true,
    };
    Ok((world.ecr.images.iter().filter(|image| image.repository == repository.name).filter(passes).collect(), status))
}

fn describe_images(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let repository = repository(world, params)?;
    let ids = image_ids(params)?;
    if !ids.is_empty() {
        if params.has("maxResults") || params.has("nextToken") {
            return Err(invalid("maxResults and nextToken cannot be used with imageIds"));
        }
        let mut found = Vec::new();
        for id in ids {
            found.push(describe_image(world, find_image(world, repository, id)?));
        }
        return Ok(object! { "imageDetails" => Value::members(found) });
    }
    let (images, status) = filtered(world, repository, params)?;
    let rendered = images.into_iter().map(|image| describe_image(world, image)).collect();
    let (images, next) = paged(params, rendered, &format!("DescribeImages {} {status}", repository.name))?;
    Ok(object! { "imageDetails" => images, "nextToken" => next })
}

fn scan_status(scan: &Scan, now: i64) -> Value {
    let status = scan.status(now);
    let text = if status == "COMPLETE" { "The scan was completed successfully." } else { "The scan is in progress." };
    object! { "status" => status, "description" => text }
}

fn severity_counts(scan: &Scan) -> Value {
    let counts = SEVERITIES.iter().map(|severity| (*severity, scan.count(severity))).filter(|(_, count)| *count > 0);
    Value::Map(counts.map(|(severity, count)| (severity.into(), Value::from(count))).collect())
}

fn describe_image(world: &World, image: &EcrImage) -> Value {
    let complete = image.scan.as_ref().filter(|scan| world.now >= scan.done_at);
    object! {
        "registryId" => ACCOUNT,
        "repositoryName" => &image.repository,
        "imageDigest" => &image.digest,
        "imageTags" => (!image.tags.is_empty()).then(|| Value::members(&image.tags)),
        "imageSizeInBytes" => image.size,
        "imagePushedAt" => Value::time(image.pushed_at),
        "imageScanStatus" => image.scan.as_ref().map(|scan| scan_status(scan, world.now)),
        "imageScanFindingsSummary" => complete.map(|scan| object! {
            "imageScanCompletedAt" => Value::time(scan.done_at),
            "vulnerabilitySourceUpdatedAt" => Value::time(updated(scan)),
            "findingSeverityCounts" => severity_counts(scan),
        }),
        "imageManifestMediaType" => "application/vnd.docker.distribution.manifest.v2+json",
        "artifactMediaType" => "application/vnd.docker.container.image.v1+json",
        "lastRecordedPullTime" => Value::time(image.pulled_at),
    }
}

/// The list of vulnerabilities is renewed every day.
fn updated(scan: &Scan) -> i64 {
    const DAY: i64 = crate::world::names::DAY;
    scan.done_at - scan.done_at.rem_euclid(DAY)
}

fn list_images(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let repository = repository(world, params)?;
    let (images, status) = filtered(world, repository, params)?;
    let ids = images
        .into_iter()
        .flat_map(|image| {
            let tags: Vec<Option<&String>> = if image.tags.is_empty() { vec![None] } else { image.tags.iter().map(Some).collect() };
            tags.into_iter().map(|tag| object! { "imageDigest" => &image.digest, "imageTag" => tag.map(String::as_str) })
        })
        .collect();
    let (ids, next) = paged(params, ids, &format!("ListImages {} {status}", repository.name))?;
    Ok(object! { "imageIds" => ids, "nextToken" => next })
}

fn describe_image_scan_findings(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let repository = repository(world, params)?;
    let id = params.structure("imageId").ok_or_else(|| params.missing("imageId"))?;
    let image = find_image(world, repository, image_id(&id))?;
    let Some(scan) = &image.scan else {
        let text = format!("Image scan does not exist for the image with '{{imageDigest:'{}'}}' in '{}'", image.digest, repository.name);
        return Err(ApiError::new("ScanNotFoundException", text));
    };
    let complete = world.now >= scan.done_at;
    let findings = if complete { scan.findings.iter().map(describe_finding).collect() } else { Vec::new() };
    let (findings, next) = paged(params, findings, &format!("DescribeImageScanFindings {}", image.digest))?;
    Ok(object! {
        "registryId" => ACCOUNT,
        "repositoryName" => &repository.name,
        "imageId" => object! { "imageDigest" => &image.digest, "imageTag" => image.tags.first().map(String::as_str) },
        "imageScanStatus" => scan_status(scan, world.now),
        "imageScanFindings" => complete.then(|| object! {
            "imageScanCompletedAt" => Value::time(scan.done_at),
            "vulnerabilitySourceUpdatedAt" => Value::time(updated(scan)),
            "findings" => findings,
            "findingSeverityCounts" => severity_counts(scan),
        }),
        "nextToken" => next,
    })
}

fn describe_finding(finding: &Finding) -> Value {
    let attribute = |key: &'static str, value: &'static str| object! { "key" => key, "value" => value };
    object! {
        "name" => &finding.name,
        "description" => finding.description,
        "uri" => format!("https://security-tracker.debian.org/tracker/{}", finding.name),
        "severity" => finding.severity,
        "attributes" => Value::members([attribute("package_version", finding.version), attribute("package_name", finding.package)]),
    }
}

fn batch_get_repository_scanning_configuration(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let names = params.strings("repositoryNames");
    if names.is_empty() || names.len() > 25 {
        return Err(invalid("Invalid parameter at 'repositoryNames' failed to satisfy constraint: '1 to 25 entries'"));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match world.ecr.repository(name) {
            Some(repository) => found.push(object! {
                "repositoryArn" => repository.arn(),
                "repositoryName" => name,
                "scanOnPush" => repository.scan_on_push,
                "scanFrequency" => if repository.scan_on_push { "SCAN_ON_PUSH" } else { "MANUAL" },
                "appliedScanFilters" => Value::members::<Value>([]),
            }),
            None => failures.push(object! {
                "repositoryName" => name,
                "failureCode" => "REPOSITORY_NOT_FOUND",
                "failureReason" => no_repository(name).message,
            }),
        }
    }
    Ok(object! { "scanningConfigurations" => Value::members(found), "failures" => Value::members(failures) })
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
fn get_registry_scanning_configuration(_: &mut World, _: &Params<'_>) -> Result<Value, ApiError> {
    // Scanning is set up on the repositories, not on the registry.
    let configuration = object! { "scanType" => "BASIC", "rules" => Value::members::<Value>([]) };
    Ok(object! { "registryId" => ACCOUNT, "scanningConfiguration" => configuration })
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
fn describe_registry(_: &mut World, _: &Params<'_>) -> Result<Value, ApiError> {
    let replication = object! { "rules" => Value::members::<Value>([]) };
    Ok(object! { "registryId" => ACCOUNT, "replicationConfiguration" => replication })
}

fn batch_delete_image(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = repository(world, params)?.name.clone();
    let ids = image_ids(params)?;
    if ids.is_empty() {
        return Err(params.missing("imageIds"));
    }
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    for (digest, tag) in ids {
        let failure = |code: &'static str, reason: &str| {
            object! {
                "imageId" => object! { "imageDigest" => digest, "imageTag" => tag },
                "failureCode" => code,
                "failureReason" => reason,
            }
        };
        if digest.is_none() && tag.is_none() {
            failures.push(failure("MissingDigestAndTag", "Missing image digest and tag"));
            continue;
        }
        match world.delete_image(&name, digest, tag) {
            Ok(ids) => gone.extend(ids.into_iter().map(|(digest, tag)| object! { "imageDigest" => digest, "imageTag" => tag })),
            Err(error) => failures.push(failure(error.code, &error.message)),
        }
    }
    Ok(object! { "imageIds" => Value::members(gone), "failures" => Value::members(failures) })
}

fn put_image_scanning_configuration(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = repository(world, params)?.name.clone();
    let configuration = params.structure("imageScanningConfiguration").ok_or_else(|| params.missing("imageScanningConfiguration"))?;
    let on = configuration.bool("scanOnPush")?.unwrap_or(false);
    world.set_scan_on_push(&name, on)?;
    Ok(object! {
        "registryId" => ACCOUNT,
        "repositoryName" => name,
        "imageScanningConfiguration" => object! { "scanOnPush" => on },
    })
}
