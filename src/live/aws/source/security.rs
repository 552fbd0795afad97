//! IAM roles, KMS keys and the metadata of secrets, by their configured names (15 min). A name that AWS does not know is an answer:
//! the others are still shown. No operation here can read a secret's value.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::types as kms;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use futures_util::future::join_all;

use super::{Context, Part, QUARTER};
use crate::aws::convert::{text, text_opt, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::security::{Key, KeyManager, KeyState, Keys, Role, Roles, Secret, Secrets};
use nextcore_core::model::stack::{KeyUse, Named, RoleUse, SecretUse};
use nextcore_core::model::store::Store;

const ROLE: Op = Op::read("IAM", "GetRole", "iam:GetRole").on(Scope::Roles);
const POLICIES: Op = Op::read("IAM", "ListAttachedRolePolicies", "iam:ListAttachedRolePolicies").on(Scope::Roles);
const KEY: Op = Op::read("KMS", "DescribeKey", "kms:DescribeKey").on(Scope::Keys);
const ROTATION: Op = Op::read("KMS", "GetKeyRotationStatus", "kms:GetKeyRotationStatus").on(Scope::Keys);
const SECRET: Op = Op::read("Secrets Manager", "DescribeSecret", "secretsmanager:DescribeSecret").on(Scope::Secrets);

pub(super) struct RolesSource;

impl super::Source for RolesSource {
    type Out = Roles;
    const READS: &'static [Op] = &[ROLE, POLICIES];

    fn every(_: &Store) -> Duration {
        QUARTER
    }

    async fn poll(cx: Arc<Context>) -> Result<Roles, Problem> {
        let answers = join_all(cx.stack.roles.iter().map(|spec| role(&cx, spec))).await;
        Ok(Roles { roles: cx.each("role", cx.stack.roles.iter().map(|r| r.name.clone()).zip(answers))? })
    }
}

async fn role(cx: &Context, spec: &Named<RoleUse>) -> Result<Role, Problem> {
    let mut role = Role {
        name: spec.name.clone(),
        role: spec.role.clone(),
        exists: false,
        arn: String::new(),
        trusts: Vec::new(),
        policies: Vec::new(),
        last_used: None,
    };
    let out = match cx.clients.iam.get_role().role_name(&spec.name).send().await.map_err(|e| problem_of(ROLE, &e)) {
        Ok(out) => out,
        Err(p) if p.kind == ProblemKind::NotFound => return Ok(role),
        Err(p) => return Err(p),
    };
    if let Some(found) = out.role() {
        role.exists = true;
        role.arn = text(Some(found.arn()));
        role.trusts = found.assume_role_policy_document().map(trusted_services).unwrap_or_default();
        role.last_used = time(found.role_last_used().and_then(|u| u.last_used_date()));
    }
    let request = cx.clients.iam.list_attached_role_policies().role_name(&spec.name);
    let ask = |token| request.clone().set_marker(token).send();
    let policies = page::all(POLICIES, ask, |out| (out.attached_policies, out.marker.filter(|_| out.is_truncated))).await;
    let policies = cx.part(Part::shown(format!("policies of {}", spec.name), &spec.name, "policies"), policies)?;
    role.policies = policies.iter().flatten().map(|policy| text(policy.policy_name())).collect();
    Ok(role)
}

/// The services of a trust policy, which comes as URL-encoded JSON.
fn trusted_services(document: &str) -> Vec<String> {
    let decoded = percent_encoding::percent_decode_str(document).decode_utf8_lossy();
    let Ok(policy) = serde_json::from_str::<serde_json::Value>(&decoded) else { return Vec::new() };
    let one_or_many = |v: &serde_json::Value| v.as_array().cloned().unwrap_or_else(|| vec![v.clone()]);
    let mut services: Vec<String> = one_or_many(policy.get("Statement").unwrap_or(&serde_json::Value::Null))
        .iter()
        .filter(|s| s.get("Effect").and_then(|e| e.as_str()) == Some("Allow"))
        .filter_map(|s| s.get("Principal")?.get("Service").map(one_or_many))
        .flatten()
        .filter_map(|s| s.as_str().map(|s| text(Some(s))))
        .collect();
    services.sort();
    services.dedup();
    services
}

pub(super) struct KeysSource;

impl super::Source for KeysSource {
    type Out = Keys;
    const READS: &'static [Op] = &[KEY, ROTATION];

    fn every(_: &Store) -> Duration {
        QUARTER
    }

    async fn poll(cx: Arc<Context>) -> Result<Keys, Problem> {
        let answers = join_all(cx.stack.keys.iter().map(|spec| key(&cx, spec))).await;
        Ok(Keys { keys: cx.each("key", cx.stack.keys.iter().map(|k| k.name.clone()).zip(answers))? })
    }
}

async fn key(cx: &Context, spec: &Named<KeyUse>) -> Result<Key, Problem> {
    let mut key = Key {
        name: spec.name.clone(),
        role: spec.role.clone(),
        exists: false,
        arn: String::new(),
        state: KeyState::Unstated,
        manager: KeyManager::Unstated,
        deletion_at: None,
        rotation: None,
    };
    let out = match cx.clients.kms.describe_key().key_id(&spec.name).send().await.map_err(|e| problem_of(KEY, &e)) {
        Ok(out) => out,
        Err(p) if p.kind == ProblemKind::NotFound => return Ok(key),
        Err(p) => return Err(p),
    };
    let found = sent(KEY, "key metadata", out.key_metadata())?;
    sent(KEY, "key state", found.key_state())?;
    key.exists = true;
    key.arn = text(found.arn());
    key.state = text(found.key_state().map(kms::KeyState::as_str)).into();
    key.manager = text(found.key_manager().map(kms::KeyManagerType::as_str)).into();
    key.deletion_at = time(found.deletion_date());
    let rotation = cx.clients.kms.get_key_rotation_status().key_id(found.key_id()).send().await.map_err(|e| problem_of(ROTATION, &e));
    let rotation = match rotation {
        Err(p) if p.kind == ProblemKind::Denied => {
            cx.part(Part::shown(format!("rotation of {}", spec.name), &spec.name, "rotation"), Err(p))
        }
        // Keys of AWS and disabled keys do not say: that is no reason to lose the rest.
        other => Ok(other.ok()),
    };
    key.rotation = rotation.ok().flatten().map(|r| r.key_rotation_enabled());
    Ok(key)
}

pub(super) struct SecretsSource;

impl super::Source for SecretsSource {
    type Out = Secrets;
    const READS: &'static [Op] = &[SECRET];

    fn every(_: &Store) -> Duration {
        QUARTER
    }

    async fn poll(cx: Arc<Context>) -> Result<Secrets, Problem> {
        let answers = join_all(cx.stack.secrets.iter().map(|spec| secret(&cx, spec))).await;
        Ok(Secrets { secrets: cx.each("secret", cx.stack.secrets.iter().map(|s| s.name.clone()).zip(answers))? })
    }
}

async fn secret(cx: &Context, spec: &Named<SecretUse>) -> Result<Secret, Problem> {
    let out = cx.clients.secrets.describe_secret().secret_id(&spec.name).send().await.map_err(|e| problem_of(SECRET, &e));
    let found = match &out {
        Ok(out) => Some(out),
        Err(p) if p.kind == ProblemKind::NotFound => None,
        Err(p) => return Err(p.clone()),
    };
    found.map(|s| sent(SECRET, "ARN", s.arn())).transpose()?;
    Ok(Secret {
        name: spec.name.clone(),
        role: spec.role.clone(),
        exists: found.is_some(),
        arn: text(found.and_then(|s| s.arn())),
        kms_key: text_opt(found.and_then(|s| s.kms_key_id())),
        rotation: found.and_then(DescribeSecretOutput::rotation_enabled).unwrap_or_default(),
        rotated_at: time(found.and_then(|s| s.last_rotated_date())),
        changed_at: time(found.and_then(|s| s.last_changed_date())),
        accessed_at: time(found.and_then(|s| s.last_accessed_date())),
        next_rotation: time(found.and_then(|s| s.next_rotation_date())),
        deleted_at: time(found.and_then(|s| s.deleted_date())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_policy_names_its_services() {
        let encoded = |json: &str| percent_encoding::utf8_percent_encode(json, percent_encoding::NON_ALPHANUMERIC).to_string();
        for (policy, services) in [
            (
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
                &["ecs-tasks.amazonaws.com"][..],
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Principal":{"Service":["b.amazonaws.com","a.amazonaws.com"]}}}"#,
                &["a.amazonaws.com", "b.amazonaws.com"],
            ),
            (r#"{"Statement":[{"Effect":"Deny","Principal":{"Service":"x.amazonaws.com"}}]}"#, &[]),
            (r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"}}]}"#, &[]),
            ("not json", &[]),
        ] {
            assert_eq!(trusted_services(&encoded(policy)), services, "{policy}");
            assert_eq!(trusted_services(policy), services, "not encoded: {policy}");
        }
    }
}
