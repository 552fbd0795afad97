//! Keys, secrets and roles: their write operations, and what they do to the rest of the stack.
//! A key that is off or a secret that is gone keeps new tasks from starting; the database's key is the database's life.
//! Called by the service handlers, by the task life and once a second.

use super::World;
use super::names::{DAY, KMS_KEY, MIN, Ms, SEC};
use super::ops::{Done, WorldError};
use super::state::{BuildStatus, DbStatus, Key, RunStatus, Secret};

/// How long RDS takes to notice that its key is off, and to come back when it is on again.
const KEY_NOTICED_AFTER: Ms = 45 * SEC;
const RECOVERY_TAKES: Ms = 2 * MIN;

const SECRET_TROUBLE: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
    unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret";

fn no_key(given: &str) -> WorldError {
    WorldError::new("NotFoundException", format!("Key '{given}' does not exist"))
}

fn no_secret() -> WorldError {
    WorldError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// A change of a key that its state does not allow.
fn wrong_state(key: &Key) -> WorldError {
    let words = match key.state() {
        "PendingDeletion" => "is pending deletion.",
        "Disabled" => "is disabled.",
        _ => "is not pending deletion.",
    };
    WorldError::new("KMSInvalidStateException", format!("{} {words}", key.arn))
}

impl World {
    fn customer_key(&mut self, given: &str) -> Done<&mut Key> {
        let key = self.kms.find_mut(given).ok_or_else(|| no_key(given))?;
        if key.customer {
            return Ok(key);
        }
        let text = format!("User is not authorized to perform this operation on the AWS managed key {}", key.arn);
        Err(WorldError::new("AccessDeniedException", text))
    }

    /// `kms:EnableKey` and `kms:DisableKey`.
    pub fn set_key_enabled(&mut self, given: &str, enabled: bool) -> Done<()> {
        let key = self.customer_key(given)?;
        if key.deletion.is_some() {
            return Err(wrong_state(key));
        }
        key.enabled = enabled;
        Ok(())
    }

    /// `kms:EnableKeyRotation` (with a period in days) and `kms:DisableKeyRotation`.
    pub fn set_key_rotation(&mut self, given: &str, days: Option<u32>) -> Done<()> {
        let now = self.now;
        let key = self.customer_key(given)?;
        if key.deletion.is_some() {
            return Err(wrong_state(key));
        }
        if !key.enabled {
            return Err(WorldError::new("DisabledException", format!("{} is disabled.", key.arn)));
        }
        if let Some(days) = days {
            if !key.rotation {
                key.rotated_at = now;
            }
            key.rotation_days = days;
        }
        key.rotation = days.is_some();
        Ok(())
    }

    /// `kms:ScheduleKeyDeletion`.
    pub fn schedule_key_deletion(&mut self, given: &str, days: i64) -> Done<&Key> {
        let now = self.now;
        let key = self.customer_key(given)?;
        if key.deletion.is_some() {
            return Err(wrong_state(key));
        }
        key.deletion = Some(now + days * DAY);
        key.enabled = false;
        Ok(key)
    }

    /// `kms:CancelKeyDeletion`: the key is then disabled, as in AWS.
    pub fn cancel_key_deletion(&mut self, given: &str) -> Done<&Key> {
        let key = self.customer_key(given)?;
        if key.deletion.take().is_none() {
            return Err(wrong_state(key));
        }
        Ok(key)
    }

    /// `secretsmanager:DeleteSecret`; `None` deletes without a way back.
    pub fn delete_secret(&mut self, given: &str, recovery_days: Option<i64>) -> Done<Secret> {
        let now = self.now;
        let secret = self.secrets.find_mut(given).ok_or_else(no_secret)?;
        if secret.deleted_at.is_some() && recovery_days.is_some() {
            return Err(marked(secret));
        }
        secret.deleted_at = Some(now);
        secret.recovery_days = recovery_days.unwrap_or(0);
        secret.changed_at = now;
        let deleted = secret.clone();
        if recovery_days.is_none() {
            self.secrets.secrets.remove(&deleted.name);
        }
        Ok(deleted)
    }

    /// `secretsmanager:RestoreSecret`.
    pub fn restore_secret(&mut self, given: &str) -> Done<&Secret> {
        let now = self.now;
        let secret = self.secrets.find_mut(given).ok_or_else(no_secret)?;
        secret.deleted_at = None;
        secret.changed_at = now;
        Ok(secret)
    }

    /// `secretsmanager:RotateSecret`: the new version is in force at once. `days` and `lambda` set the rotation up.
    pub fn rotate_secret(&mut self, given: &str, days: Option<u32>, lambda: Option<&str>, at_once: bool) -> Done<&Secret> {
        let now = self.now;
        let version = self.rng.delivery.uuid();
        let secret = self.secrets.find_mut(given).ok_or_else(no_secret)?;
        if secret.deleted_at.is_some() {
            return Err(marked(secret));
        }
        if let Some(lambda) = lambda {
            secret.rotation_lambda = Some(lambda.to_owned());
        }
        if secret.rotation_lambda.is_none() {
            return Err(WorldError::new("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."));
        }
        secret.rotation_days = Some(days.or(secret.rotation_days).unwrap_or(30));
        if at_once {
            rotate(secret, version, now);
        }
        Ok(secret)
    }

    /// Makes an action be refused to a role, or allowed again: for scenarios and tests.
    pub fn refuse_action(&mut self, role: &str, action: &str, refused: bool) {
        if let Some(role) = self.iam.roles.iter_mut().find(|r| r.name == role) {
            role.refused.retain(|known| known != action);
            if refused {
                role.refused.push(action.to_owned());
            }
        }
    }

    /// Why a new task of this definition cannot have its secrets.
    pub(super) fn secret_trouble(&self, definition: &str) -> Option<String> {
        let definition = self.definition(definition)?;
        definition.secrets.iter().find_map(|(_, arn)| {
            let why = match self.secrets.find(arn) {
                None => "ResourceNotFoundException: Secrets Manager can't find the specified secret.".to_owned(),
                Some(secret) if secret.deleted_at.is_some() => format!("InvalidRequestException: {}", marked(secret).message),
                Some(secret) if !self.kms.usable(&secret.kms_key) => {
                    let state = self.kms.find(&secret.kms_key).map_or("missing", Key::state);
                    format!("DecryptionFailure: Secrets Manager can't decrypt the secret: the KMS key {} is {state}.", secret.kms_key)
                }
                Some(_) => return None,
            };
            Some(format!("{SECRET_TROUBLE} {arn} from secrets manager: {why}"))
        })
    }

    /// A task read its secrets.
    pub(super) fn note_secrets_read(&mut self, definition: &str) {
        let now = self.now;
        let Some(arns) = self.definition(definition).map(|d| d.secrets.iter().map(|(_, arn)| arn.clone()).collect::<Vec<_>>()) else {
            return;
        };
        for arn in arns {
            if let Some(secret) = self.secrets.find_mut(&arn) {
                secret.accessed_at = Some(now);
            }
        }
    }

    /// One second of keys, secrets and roles.
    pub(super) fn step_security(&mut self) {
        self.step_database_key();
        if self.now % MIN == 0 {
            self.step_rotation();
            self.step_roles();
            let now = self.now;
            self.secrets.secrets.retain(|_, secret| secret.gone_at().is_none_or(|at| at > now));
            self.kms.keys.retain(|key| key.deletion.is_none_or(|at| at > now));
        }
    }

    /// The database stops without its key; with the key back it starts again.
    fn step_database_key(&mut self) {
        let now = self.now;
        let usable = self.kms.usable(KMS_KEY);
        let locked = self.database_locked();
        if usable != locked {
            self.kms.database_since = None;
            return;
        }
        let since = *self.kms.database_since.get_or_insert(now);
        let db = &mut self.rds.instance;
        if locked && now - since >= RECOVERY_TAKES {
            (db.status, db.accepting, db.cold) = (DbStatus::Available, true, 1.0);
            self.rds_event("DB instance started", &["notification"]);
        } else if !locked && now - since >= KEY_NOTICED_AFTER {
            (db.status, db.failover, db.accepting) = (DbStatus::InaccessibleKey, None, false);
            self.rds_event("The DB instance cannot be accessed because its KMS key is not available.", &["failure"]);
        }
    }

    /// Whether the database has no key to read its storage with.
    pub(super) fn database_locked(&self) -> bool {
        self.rds.instance.status == DbStatus::InaccessibleKey
    }

    fn step_rotation(&mut self) {
        let now = self.now;
        for key in self.kms.keys.iter_mut().filter(|key| key.next_rotation().is_some_and(|at| at <= now)) {
            key.rotated_at = now;
        }
        let due: Vec<String> = self
            .secrets
            .secrets
            .values()
            .filter(|s| s.deleted_at.is_none() && s.next_rotation().is_some_and(|at| at <= now))
            .map(|s| s.name.clone())
            .collect();
        for name in due {
            let version = self.rng.delivery.uuid();
            if let Some(secret) = self.secrets.secrets.get_mut(&name) {
                rotate(secret, version, now);
            }
        }
    }

    /// The roles that were at work in the last minute.
    fn step_roles(&mut self) {
        let now = self.now;
        let tasks = self.ecs.tasks.values().any(super::state::Task::is_running);
        let building = self.codebuild.builds.iter().any(|build| build.status == BuildStatus::InProgress);
        let delivering = self.codepipeline.executions.iter().any(|run| run.status == RunStatus::InProgress);
        let monitoring = !self.database_locked();
        for role in &mut self.iam.roles {
            let used = match role.name.strip_prefix("production-nextcore-") {
                Some("ecs-task" | "ecs-execution") => tasks,
                Some("codebuild") => building,
                Some("codepipeline") => delivering,
                Some("rds-monitoring") => monitoring,
                _ => false,
            };
            if used {
                role.last_used = Some(now);
            }
        }
    }
}

fn marked(secret: &Secret) -> WorldError {
    debug_assert!(secret.deleted_at.is_some());
    WorldError::new("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
}

fn rotate(secret: &mut Secret, version: String, now: Ms) {
    secret.previous = Some(std::mem::replace(&mut secret.version, version));
    secret.rotated_at = Some(now);
    secret.changed_at = now;
}
