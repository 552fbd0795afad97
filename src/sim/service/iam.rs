//! IAM: the roles of the stack, what is attached to them, and whether they may do something.
//! Policies are names here; only a role's list of refused actions decides. Called through the service table.

use std::fmt::Write as _;

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::names::{ACCOUNT, REGION};
use crate::world::state::Role;

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "iam",
    iam_prefix: "iam",
    signing_name: "iam",
    targets: &["2010-05-08"],
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    dialect: Dialect { missing: "ValidationError", invalid: "ValidationError" },
    operations: &[
        Operation::read("GetRole", get_role),
        Operation::read("ListRoles", list_roles),
        Operation::read("ListAttachedRolePolicies", list_attached_role_policies),
        Operation::read("ListRolePolicies", list_role_policies),
        Operation::read("SimulatePrincipalPolicy", simulate_principal_policy),
    ],
};

fn no_role(name: &str) -> ApiError {
    ApiError::new("NoSuchEntity", format!("The role with name {name} cannot be found.")).with_status(404)
}

fn role<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w Role, ApiError> {
    let name = params.required("RoleName")?;
    world.iam.role(name).ok_or_else(|| no_role(name))
}

/// One page under `member`: IAM counts with `MaxItems` and `Marker`, and says `IsTruncated`.
fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("MaxItems", 1..=1000, 100)?;
    let Page { items, next } =
        page(items, limit as usize, params.str("Marker"), question).ok_or_else(|| ApiError::new("ValidationError", "Invalid Marker"))?;
    Ok(object! { member => Value::members(items), "IsTruncated" => next.is_some(), "Marker" => next })
}

/// Everything but letters, digits and `-._~`, as IAM escapes its documents.
fn url_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn describe(role: &Role, whole: bool) -> Value {
    let last_used = role.last_used.map(|at| object! { "LastUsedDate" => Value::time(at), "Region" => REGION });
    object! {
        "Path" => &role.path,
        "RoleName" => &role.name,
        "RoleId" => &role.id,
        "Arn" => role.arn(),
        "CreateDate" => Value::time(role.created_at),
        "AssumeRolePolicyDocument" => url_encoded(&role.trust_policy()),
        "Description" => (!role.description.is_empty()).then_some(role.description.as_str()),
        "MaxSessionDuration" => role.max_session,
        // The list leaves this out, as in AWS.
        "RoleLastUsed" => whole.then(|| last_used.unwrap_or(Value::EMPTY)),
    }
}

fn get_role(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    Ok(object! { "Role" => describe(role(world, params)?, true) })
}

fn list_roles(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let prefix = params.str("PathPrefix").unwrap_or("/");
    let found = world.iam.roles.iter().filter(|role| role.path.starts_with(prefix)).map(|role| describe(role, false)).collect();
    paged(params, "Roles", found, &format!("ListRoles {prefix}"))
}

fn list_attached_role_policies(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let role = role(world, params)?;
    let policy = |arn: &String| object! { "PolicyName" => arn.rsplit('/').next().unwrap_or_default(), "PolicyArn" => arn };
    let found = role.attached.iter().map(policy).collect();
    paged(params, "AttachedPolicies", found, &format!("ListAttachedRolePolicies {}", role.name))
}

fn list_role_policies(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let role = role(world, params)?;
    let found = role.inline.iter().map(Value::from).collect();
    paged(params, "PolicyNames", found, &format!("ListRolePolicies {}", role.name))
}

fn simulate_principal_policy(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let source = params.required("PolicySourceArn")?;
    if !source.starts_with(&format!("arn:aws:iam::{ACCOUNT}:")) {
        return Err(ApiError::new("InvalidInput", format!("Invalid Entity Arn: {source} does not clearly define entity type and name.")));
    }
    let name = source.rsplit('/').next().unwrap_or_default();
    let role = world.iam.roles.iter().find(|role| role.arn() == source).ok_or_else(|| no_role(name))?;
    let actions = params.strings("ActionNames");
    if actions.is_empty() {
        return Err(params.missing("ActionNames"));
    }
    let mut resources = params.strings("ResourceArns");
    if resources.is_empty() {
        resources.push("*");
    }
    let mut found = Vec::new();
    for action in &actions {
        if !action.contains(':') {
            return Err(ApiError::new("InvalidInput", format!("Invalid Action Name: {action}")));
        }
        let refused = role.refused.iter().any(|known| known.eq_ignore_ascii_case(action));
        for resource in &resources {
            found.push(object! {
                "EvalActionName" => *action,
                "EvalResourceName" => *resource,
                "EvalDecision" => if refused { "implicitDeny" } else { "allowed" },
                "MatchedStatements" => Value::members::<Value>([]),
                "MissingContextValues" => Value::members::<Value>([]),
            });
        }
    }
    paged(params, "EvaluationResults", found, &format!("SimulatePrincipalPolicy {source} {actions:?} {resources:?}"))
}
