//! Secrets Manager as data: what is known about each secret. There are no values here, so none can leak.
//! Rotation and its clock are in `security` beside `state`. Read by the Secrets Manager handler.

use std::collections::BTreeMap;

use super::super::names::{DAY, Ms};

/// All of Secrets Manager.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Secrets by name.
    pub secrets: BTreeMap<String, Secret>,
}

impl Secrets {
    /// The secret that `given` names: its name, its ARN, or the ARN without the six characters at its end.
    pub fn find(&self, given: &str) -> Option<&Secret> {
        self.secrets.values().find(|secret| secret.is_called(given))
    }

    /// As [`Secrets::find`], to be changed.
    pub fn find_mut(&mut self, given: &str) -> Option<&mut Secret> {
        self.secrets.values_mut().find(|secret| secret.is_called(given))
    }
}

#[derive(Debug, Clone)]
pub struct Secret {
    /// Name, `production-nextcore/database_url`.
    pub name: String,
    /// Full ARN with its random suffix.
    pub arn: String,
    pub description: String,
    /// KMS key ARN.
    pub kms_key: String,
    /// Days between rotations; absent when it is not rotated.
    pub rotation_days: Option<u32>,
    /// ARN of the function that rotates it.
    pub rotation_lambda: Option<String>,
    /// Last rotation.
    pub rotated_at: Option<Ms>,
    /// Last change of value or metadata.
    pub changed_at: Ms,
    /// When a task last read it.
    pub accessed_at: Option<Ms>,
    /// When deletion was asked for.
    pub deleted_at: Option<Ms>,
    /// How long it can be restored after that.
    pub recovery_days: i64,
    /// Creation time.
    pub created_at: Ms,
    /// Id of the version staged `AWSCURRENT`.
    pub version: String,
    /// Id of the version staged `AWSPREVIOUS`.
    pub previous: Option<String>,
}

impl Secret {
    /// When it is rotated next.
    pub fn next_rotation(&self) -> Option<Ms> {
        Some(self.rotated_at.unwrap_or(self.created_at) + Ms::from(self.rotation_days?) * DAY)
    }

    /// When it is gone for good.
    pub fn gone_at(&self) -> Option<Ms> {
        self.deleted_at.map(|at| at + self.recovery_days * DAY)
    }

    fn is_called(&self, given: &str) -> bool {
        given == self.name || given == self.arn || self.arn.rsplit_once('-').is_some_and(|(partial, _)| partial == given)
    }
}
