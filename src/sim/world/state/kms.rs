//! KMS as data: the customer keys of the stack and the one AWS keeps for ECR. No cryptography.
//! What a key that is off does to the rest is in `security` beside `state`. Read by the KMS handler.

use super::super::names::{DAY, Ms, arn};

#[derive(Debug, Clone)]
pub struct Kms {
    pub keys: Vec<Key>,
    /// Physics: since when the database's key is in another state than the database.
    pub database_since: Option<Ms>,
}

impl Kms {
    /// The key that `given` names: key id, key ARN, alias name or alias ARN.
    pub fn find(&self, given: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.is_called(given))
    }

    /// As [`Kms::find`], to be changed.
    pub fn find_mut(&mut self, given: &str) -> Option<&mut Key> {
        self.keys.iter_mut().find(|key| key.is_called(given))
    }

    /// Whether what the key encrypts can be read.
    pub fn usable(&self, given: &str) -> bool {
        self.find(given).is_some_and(|key| key.state() == "Enabled")
    }
}

/// A symmetric key.
#[derive(Debug, Clone)]
pub struct Key {
    /// UUID.
    pub id: String,
    /// Full ARN.
    pub arn: String,
    /// `alias/production-nextcore-rds`.
    pub alias: String,
    pub description: String,
    /// Whether a customer manages it (else AWS does).
    pub customer: bool,
    /// Whether it is enabled.
    pub enabled: bool,
    /// When it will be deleted.
    pub deletion: Option<Ms>,
    /// Whether its material is rotated.
    pub rotation: bool,
    /// Rotation period, days.
    pub rotation_days: u32,
    /// When the present rotation period began.
    pub rotated_at: Ms,
    /// Creation time.
    pub created_at: Ms,
}

impl Key {
    /// The alias's ARN.
    pub fn alias_arn(&self) -> String {
        arn("kms", &self.alias)
    }

    /// `KeyState`.
    pub const fn state(&self) -> &'static str {
        match (self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    /// When the material is rotated next.
    pub fn next_rotation(&self) -> Option<Ms> {
        self.rotation.then(|| self.rotated_at + Ms::from(self.rotation_days) * DAY)
    }

    /// Asked often, so the alias's ARN is only made when it can be the one.
    fn is_called(&self, given: &str) -> bool {
        given == self.arn || given == self.id || given == self.alias || (given.ends_with(&self.alias) && given == self.alias_arn())
    }
}
