//! KMS: the keys of the stack, their state and rotation, and switching them off and on.
//! What a key that is off breaks is `world`'s. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::names::ACCOUNT;
use crate::world::state::Key;

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "kms",
    iam_prefix: "kms",
    signing_name: "kms",
    targets: &["TrentService"],
    namespace: "",
    dialect: Dialect { missing: "ValidationException", invalid: "ValidationException" },
    operations: &[
        Operation::read("DescribeKey", describe_key),
        Operation::read("GetKeyRotationStatus", get_key_rotation_status),
        Operation::read("ListAliases", list_aliases),
        Operation::read("ListKeys", list_keys),
        Operation::write("EnableKey", enable_key),
        Operation::write("DisableKey", disable_key),
        Operation::write("EnableKeyRotation", enable_key_rotation),
        Operation::write("DisableKeyRotation", disable_key_rotation),
        Operation::write("ScheduleKeyDeletion", schedule_key_deletion),
        Operation::write("CancelKeyDeletion", cancel_key_deletion),
    ],
};

fn not_found(given: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Key '{given}' does not exist"))
}

/// The key that the request names in any of the four ways.
fn key<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w Key, ApiError> {
    let given = params.required("KeyId")?;
    world.kms.find(given).ok_or_else(|| not_found(given))
}

/// The key by id or ARN: only DescribeKey takes an alias.
fn key_id<'a>(world: &World, params: &Params<'a>) -> Result<&'a str, ApiError> {
    let given = params.required("KeyId")?;
    if given.contains("alias/") {
        return Err(ApiError::new("NotFoundException", format!("Invalid keyId '{given}'")));
    }
    key(world, params).map(|_| given)
}

/// One page: KMS counts with `Limit` and `Marker`, and says `Truncated`.
fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, default: i64, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("Limit", 1..=1000, default)?;
    let Page { items, next } = page(items, limit as usize, params.str("Marker"), question)
        .ok_or_else(|| ApiError::new("InvalidMarkerException", "The marker is not valid."))?;
    Ok(object! { member => Value::members(items), "Truncated" => next.is_some(), "NextMarker" => next })
}

fn describe_key(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let key = key(world, params)?;
    Ok(object! { "KeyMetadata" => object! {
        "AWSAccountId" => ACCOUNT,
        "KeyId" => &key.id,
        "Arn" => &key.arn,
        "CreationDate" => Value::time(key.created_at),
        "Enabled" => key.state() == "Enabled",
        "Description" => &key.description,
        "KeyUsage" => "ENCRYPT_DECRYPT",
        "KeyState" => key.state(),
        "DeletionDate" => Value::time(key.deletion),
        "Origin" => "AWS_KMS",
        "KeyManager" => if key.customer { "CUSTOMER" } else { "AWS" },
        "CustomerMasterKeySpec" => "SYMMETRIC_DEFAULT",
        "KeySpec" => "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms" => Value::members(["SYMMETRIC_DEFAULT"]),
        "MultiRegion" => false,
    } })
}

fn get_key_rotation_status(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    key_id(world, params)?;
    let key = key(world, params)?;
    if key.deletion.is_some() {
        return Err(ApiError::new("KMSInvalidStateException", format!("{} is pending deletion.", key.arn)));
    }
    Ok(object! {
        "KeyRotationEnabled" => key.rotation,
        "KeyId" => &key.id,
        "RotationPeriodInDays" => key.rotation.then_some(key.rotation_days),
        "NextRotationDate" => Value::time(key.next_rotation()),
    })
}

fn list_aliases(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let only = match params.str("KeyId") {
        Some(given) => Some(world.kms.find(given).ok_or_else(|| not_found(given))?.id.clone()),
        None => None,
    };
    let alias = |key: &Key| {
        object! {
            "AliasName" => &key.alias,
            "AliasArn" => key.alias_arn(),
            "TargetKeyId" => &key.id,
            "CreationDate" => Value::time(key.created_at),
            "LastUpdatedDate" => Value::time(key.created_at),
        }
    };
    let found = world.kms.keys.iter().filter(|key| only.as_ref().is_none_or(|id| *id == key.id)).map(alias).collect();
    paged(params, "Aliases", found, 50, &format!("ListAliases {only:?}"))
}

fn list_keys(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let found = world.kms.keys.iter().map(|key| object! { "KeyId" => &key.id, "KeyArn" => &key.arn }).collect();
    paged(params, "Keys", found, 100, "ListKeys")
}

fn enable_key(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = key_id(world, params)?;
    world.set_key_enabled(given, true)?;
    Ok(Value::EMPTY)
}

fn disable_key(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = key_id(world, params)?;
    world.set_key_enabled(given, false)?;
    Ok(Value::EMPTY)
}

fn enable_key_rotation(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = key_id(world, params)?;
    let days = params.int_in("RotationPeriodInDays", 90..=2560, 365)?;
    world.set_key_rotation(given, Some(days as u32))?;
    Ok(Value::EMPTY)
}

fn disable_key_rotation(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = key_id(world, params)?;
    world.set_key_rotation(given, None)?;
    Ok(Value::EMPTY)
}

fn schedule_key_deletion(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = key_id(world, params)?;
    let days = params.int_in("PendingWindowInDays", 7..=30, 30)?;
    let key = world.schedule_key_deletion(given, days)?;
    Ok(object! {
        "KeyId" => &key.arn,
        "DeletionDate" => Value::time(key.deletion),
        "KeyState" => key.state(),
        "PendingWindowInDays" => days,
    })
}

fn cancel_key_deletion(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let given = key_id(world, params)?;
    Ok(object! { "KeyId" => &world.cancel_key_deletion(given)?.arn })
}
