//! Secrets Manager: what is known about the secrets, never what they are: GetSecretValue does not exist here.
//! What a missing secret breaks is `world`'s. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::names::DAY;
use crate::world::state::Secret;

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "secretsmanager",
    iam_prefix: "secretsmanager",
    signing_name: "secretsmanager",
    targets: &["secretsmanager"],
    namespace: "",
    dialect: Dialect { missing: "ValidationException", invalid: "ValidationException" },
    operations: &[
        Operation::read("DescribeSecret", describe_secret),
        Operation::read("ListSecrets", list_secrets),
        Operation::write("DeleteSecret", delete_secret),
        Operation::write("RestoreSecret", restore_secret),
        Operation::write("RotateSecret", rotate_secret),
    ],
};

const FILTERS: &[&str] = &["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// What describing and listing have in common.
fn members(secret: &Secret) -> Vec<(&'static str, Value)> {
    let rules = secret.rotation_days.map(|days| object! { "AutomaticallyAfterDays" => days });
    vec![
        ("ARN", Value::from(&secret.arn)),
        ("Name", Value::from(&secret.name)),
        ("Description", Value::from(&secret.description)),
        ("KmsKeyId", Value::from(&secret.kms_key)),
        // Absent unless rotation was ever set up, as in AWS.
        ("RotationEnabled", Value::from(secret.rotation_days.map(|_| true))),
        ("RotationLambdaARN", Value::from(secret.rotation_lambda.as_deref())),
        ("RotationRules", Value::from(rules)),
        ("LastRotatedDate", Value::time(secret.rotated_at)),
        ("LastChangedDate", Value::time(secret.changed_at)),
        // Secrets Manager keeps the day, not the hour.
        ("LastAccessedDate", Value::time(secret.accessed_at.map(|at| at - at.rem_euclid(DAY)))),
        ("DeletedDate", Value::time(secret.deleted_at)),
        ("NextRotationDate", Value::time(secret.next_rotation())),
        ("CreatedDate", Value::time(secret.created_at)),
    ]
}

fn versions(secret: &Secret) -> Value {
    let staged = |id: &String, stage: &'static str| (id.clone().into(), Value::members([stage]));
    let current = [staged(&secret.version, "AWSCURRENT")];
    Value::Map(current.into_iter().chain(secret.previous.iter().map(|id| staged(id, "AWSPREVIOUS"))).collect())
}

fn rendered(secret: &Secret, versions_member: &'static str) -> Value {
    let last = (versions_member, versions(secret));
    Value::Map(members(secret).into_iter().chain([last]).map(|(name, value)| (name.into(), value)).collect())
}

fn describe_secret(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let secret = world
        .secrets
        .find(params.required("SecretId")?)
        .ok_or_else(|| ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret."))?;
    Ok(rendered(secret, "VersionIdsToStages"))
}

/// Whether a secret passes one filter: any of the values, each a prefix, or an exclusion behind `!`.
fn passes(secret: &Secret, key: &str, values: &[&str]) -> bool {
    let texts: &[&str] = match key {
        "name" => &[&secret.name],
        "description" => &[&secret.description],
        "all" => &[&secret.name, &secret.description],
        // There are no tags, replicas or managed secrets here.
        _ => &[],
    };
    values.iter().any(|value| {
        let (wanted, value) = value.strip_prefix('!').map_or((true, *value), |rest| (false, rest));
        let matches = texts.iter().any(|text| {
            if key == "name" {
                text.starts_with(value)
            } else {
                text.split(' ').any(|word| word.to_lowercase().starts_with(&value.to_lowercase()))
            }
        });
        matches == wanted
    })
}

fn list_secrets(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let limit = params.int_in("MaxResults", 1..=100, 100)?;
    let deleted = params.bool("IncludePlannedDeletion")?.unwrap_or(false);
    let order = params.one_of("SortOrder", &["asc", "desc"])?.unwrap_or("desc");
    let mut filters = Vec::new();
    for filter in params.structures("Filters") {
        filters.push((filter.one_of("Key", FILTERS)?.unwrap_or("all"), filter.strings("Values")));
    }
    let mut found: Vec<&Secret> = world
        .secrets
        .secrets
        .values()
        .filter(|secret| deleted || secret.deleted_at.is_none())
        .filter(|secret| filters.iter().all(|(key, values)| passes(secret, key, values)))
        .collect();
    if order == "desc" {
        found.reverse();
    }
    let items = found.into_iter().map(|secret| rendered(secret, "SecretVersionsToStages")).collect();
    let question = format!("ListSecrets {deleted} {order} {filters:?}");
    let Page { items, next } = page(items, limit as usize, params.str("NextToken"), &question)
        .ok_or_else(|| ApiError::new("InvalidNextTokenException", "The NextToken value is invalid."))?;
    Ok(object! { "SecretList" => Value::members(items), "NextToken" => next })
}

fn delete_secret(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = params.required("SecretId")?;
    let at_once = params.bool("ForceDeleteWithoutRecovery")?.unwrap_or(false);
    let days = params.int("RecoveryWindowInDays")?;
    if at_once && days.is_some() {
        return Err(invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."));
    }
    let days = days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
    }
    let secret = world.delete_secret(given, (!at_once).then_some(days))?;
    Ok(object! { "ARN" => &secret.arn, "Name" => &secret.name, "DeletionDate" => Value::time(secret.gone_at()) })
}

fn restore_secret(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let secret = world.restore_secret(params.required("SecretId")?)?;
    Ok(object! { "ARN" => &secret.arn, "Name" => &secret.name })
}

fn rotate_secret(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = params.required("SecretId")?;
    let days = match params.structure("RotationRules") {
        Some(rules) => rules.int("AutomaticallyAfterDays")?,
        None => None,
    };
    if days.is_some_and(|days| !(1..=1000).contains(&days)) {
        return Err(invalid("AutomaticallyAfterDays must be between 1 and 1000."));
    }
    let at_once = params.bool("RotateImmediately")?.unwrap_or(true);
    let secret = world.rotate_secret(given, days.map(|days| days as u32), params.str("RotationLambdaARN"), at_once)?;
    Ok(object! { "ARN" => &secret.arn, "Name" => &secret.name, "VersionId" => &secret.version })
}
