//! IAM roles, KMS keys and Secrets Manager metadata. Never a secret's value: no operation that reads one is in any table.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::stack::{KeyUse, RoleUse, SecretUse};
use super::state::states;
use super::system::System;

states! {
    /// `KeyState` of the KMS API's `DescribeKey`.
    pub enum KeyState {
        Creating = "Creating",
        Disabled = "Disabled",
        Enabled = "Enabled",
        PendingDeletion = "PendingDeletion",
        PendingImport = "PendingImport",
        PendingReplicaDeletion = "PendingReplicaDeletion",
        Unavailable = "Unavailable",
        Updating = "Updating",
    }
}

states! {
    /// `KeyManager` of the KMS API's `DescribeKey`.
    pub enum KeyManager {
        Aws = "AWS",
        Customer = "CUSTOMER",
    }
}

/// One IAM role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    /// What it is for.
    pub role: RoleUse,
    /// `false` = no role of that name.
    pub exists: bool,
    pub arn: String,
    /// Services that may assume it.
    pub trusts: Vec<String>,
    /// Attached managed policies, by name.
    pub policies: Vec<String>,
    pub last_used: Option<Time>,
}

impl Role {
    /// Whether the service that needs it may assume it; any may where the configuration names none.
    pub(crate) fn is_trusted(&self) -> bool {
        self.role.assumed_by().is_none_or(|service| self.trusts.iter().any(|t| t.trim_end_matches(".cn") == service))
    }
}

/// iam:GetRole, ListAttachedRolePolicies of the configured roles.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roles {
    /// In the configured order.
    pub roles: Vec<Role>,
}

impl Section for Roles {
    const KEY: SectionKey = SectionKey("roles");
    const TITLE: &'static str = "IAM roles";
    const OF: Option<System> = Some(System::Roles);
}

/// One KMS key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The configured id, ARN or alias.
    pub name: String,
    /// What it encrypts.
    pub role: KeyUse,
    /// `false` = KMS knows no such key.
    pub exists: bool,
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion`, ...
    pub state: KeyState,
    /// `CUSTOMER` or `AWS`.
    pub manager: KeyManager,
    /// When it will be gone.
    pub deletion_at: Option<Time>,
    /// Rotates every year; `None` = not known.
    pub rotation: Option<bool>,
}

/// kms:DescribeKey, GetKeyRotationStatus of the configured keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Keys {
    /// In the configured order.
    pub keys: Vec<Key>,
}

impl Section for Keys {
    const KEY: SectionKey = SectionKey("keys");
    const TITLE: &'static str = "KMS keys";
    const OF: Option<System> = Some(System::Keys);
}

/// The metadata of one secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    /// What it holds.
    pub role: SecretUse,
    /// `false` = no secret of that name.
    pub exists: bool,
    pub arn: String,
    /// KMS key; `None` = the account's `aws/secretsmanager`.
    pub kms_key: Option<String>,
    /// Rotation is on.
    pub rotation: bool,
    /// Last rotated.
    pub rotated_at: Option<Time>,
    /// Last changed.
    pub changed_at: Option<Time>,
    /// Last read, to the day.
    pub accessed_at: Option<Time>,
    pub next_rotation: Option<Time>,
    /// Deleted; recoverable for a while.
    pub deleted_at: Option<Time>,
}

/// secretsmanager:DescribeSecret of the configured secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// In the configured order.
    pub secrets: Vec<Secret>,
}

impl Section for Secrets {
    const KEY: SectionKey = SectionKey("secrets");
    const TITLE: &'static str = "secrets";
    const OF: Option<System> = Some(System::Secrets);
}
