//! Rules about IAM roles, KMS keys and secrets: they exist, and can be used. Values are never read.
//! Called by `node`; the rules of database, Redis and buckets ask `key_trouble`.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down};
use crate::insight::health::node::Nodes;
use crate::model::section::Section;
use crate::model::security::{Key, KeyState, Keys, Role, Roles, Secret, Secrets};
use crate::model::stack::RoleUse;
use crate::model::system::System;
use crate::model::system::SystemSpec;
use crate::model::text;

use super::{Rule, named};

/// About one role.
pub(crate) const ROLES: &[Rule<Role>] = &[
    Rule {
        id: "iam.exists",
        doc: "the role exists; without the roles of ECS no task starts: down",
        needs: &[Roles::KEY],
        check: role_exists,
    },
    Rule { id: "iam.trust", doc: "the service that needs the role may assume it", needs: &[Roles::KEY], check: trust },
];

/// About one key.
pub(crate) const KEYS: &[Rule<Key>] = &[
    Rule { id: "kms.exists", doc: "the key exists", needs: &[Keys::KEY], check: key_exists },
    Rule { id: "kms.state", doc: "Enabled; Disabled, PendingDeletion, Unavailable are down", needs: &[Keys::KEY], check: key_state },
];

/// About one secret.
pub(crate) const SECRETS: &[Rule<Secret>] = &[
    Rule { id: "secret.exists", doc: "the secret exists and is not deleted", needs: &[Secrets::KEY], check: secret_exists },
    Rule { id: "secret.rotation", doc: "rotation is not overdue", needs: &[Secrets::KEY], check: rotation },
];

/// Judges the roles.
pub(crate) fn assess_roles(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let names = facts.stack.roles.iter().map(|r| r.name.as_str());
    let found = |name: &str| facts.store.get::<Roles>()?.roles.iter().find(|r| r.name == name).cloned();
    nodes.insert(NodeId::of(System::Roles), named::<Roles, Role>(facts, ground, ROLES, names, found));
}

/// Judges the keys.
pub(crate) fn assess_keys(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let names = facts.stack.keys.iter().map(|k| k.name.as_str());
    let found = |name: &str| facts.store.get::<Keys>()?.keys.iter().find(|k| k.name == name).cloned();
    nodes.insert(NodeId::of(System::Keys), named::<Keys, Key>(facts, ground, KEYS, names, found));
}

/// Judges the secrets.
pub(crate) fn assess_secrets(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let names = facts.stack.secrets.iter().map(|s| s.name.as_str());
    let found = |name: &str| facts.store.get::<Secrets>()?.secrets.iter().find(|s| s.name == name).cloned();
    nodes.insert(NodeId::of(System::Secrets), named::<Secrets, Secret>(facts, ground, SECRETS, names, found));
}

/// What is wrong with the key that a resource is encrypted with, in words: whoever needs the key goes down with it.
pub(super) fn key_trouble(facts: &Facts<'_>, key: Option<&str>) -> Option<String> {
    let key = key?;
    let known =
        facts.fresh::<Keys>()?.keys.iter().find(|k| k.exists && (k.arn == key || k.name == key || k.arn.ends_with(&format!("/{key}"))))?;
    (known.state != KeyState::Enabled).then(|| format!("KMS key {} is {}", known.name, known.state))
}

fn role_exists(_: &Facts<'_>, role: &Role) -> Option<Finding> {
    if role.exists {
        return None;
    }
    // What only builds need never pages.
    Some(if role.role == RoleUse::CodeBuild { degraded("missing") } else { down("missing") })
}

fn trust(_: &Facts<'_>, role: &Role) -> Option<Finding> {
    let service = role.role.assumed_by()?;
    (role.exists && !role.is_trusted()).then(|| degraded(format!("{service} cannot assume it")))
}

fn key_exists(_: &Facts<'_>, key: &Key) -> Option<Finding> {
    (!key.exists).then(|| down("missing"))
}

fn key_state(facts: &Facts<'_>, key: &Key) -> Option<Finding> {
    match &key.state {
        KeyState::Enabled | KeyState::Unstated => None,
        state @ (KeyState::Disabled | KeyState::Unavailable) => Some(down(state.as_str())),
        KeyState::PendingDeletion => Some(down(match key.deletion_at {
            Some(at) => format!("PendingDeletion, deleted in {}", text::age(facts.now, at)),
            None => "PendingDeletion".to_owned(),
        })),
        state => Some(degraded(state.as_str())),
    }
}

fn secret_exists(facts: &Facts<'_>, secret: &Secret) -> Option<Finding> {
    if !secret.exists {
        return Some(down("missing"));
    }
    secret.deleted_at.map(|at| down(format!("deleted {}", text::ago(at, facts.now))).since(Some(at)))
}

fn rotation(facts: &Facts<'_>, secret: &Secret) -> Option<Finding> {
    let due = secret.next_rotation.filter(|at| secret.rotation && *at < facts.now)?;
    Some(degraded(format!("rotation overdue for {}", text::age(due, facts.now))).since(Some(due)))
}
