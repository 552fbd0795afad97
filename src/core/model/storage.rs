//! S3: the three buckets with the settings that the written architecture states, and their size.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::stack::BucketRole;
use super::state::states;
use super::system::System;

states! {
    /// `Status` of the S3 API's `GetBucketVersioning`.
    pub enum Versioning {
        Enabled = "Enabled",
        Suspended = "Suspended",
    }
}

states! {
    /// `Status` of a rule in the S3 API's `GetBucketLifecycleConfiguration`.
    pub enum LifecycleStatus {
        Disabled = "Disabled",
        Enabled = "Enabled",
    }
}

states! {
    /// `SSEAlgorithm` of the S3 API's `GetBucketEncryption`.
    pub enum Encryption {
        Aes256 = "AES256",
        Backup = "aws:backup",
        Fsx = "aws:fsx",
        Kms = "aws:kms",
        KmsDsse = "aws:kms:dsse",
    }
}

impl Encryption {
    /// With a key of KMS, once or twice.
    pub(crate) fn is_kms(&self) -> bool {
        match self {
            Self::Kms | Self::KmsDsse => true,
            Self::Other(word) => word.starts_with("aws:kms"),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LifecycleRule {
    pub id: String,
    /// `Enabled` or `Disabled`.
    pub status: LifecycleStatus,
    /// Key prefix; empty = the whole bucket.
    pub prefix: String,
    /// Days until objects expire.
    pub expiration_days: Option<i32>,
    /// Days until old versions expire.
    pub noncurrent_days: Option<i32>,
    /// `30 d → STANDARD_IA`.
    pub transitions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CorsRule {
    /// Allowed origins.
    pub origins: Vec<String>,
    /// Allowed methods.
    pub methods: Vec<String>,
}

/// One bucket. What is not configured is empty; what could not be read is in `unread`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    /// What it is for.
    pub role: BucketRole,
    /// `false` = no bucket of that name.
    pub exists: bool,
    pub region: String,
    /// `Enabled`, `Suspended`; unstated = never enabled.
    pub versioning: Versioning,
    /// Lifecycle rules.
    pub lifecycle: Vec<LifecycleRule>,
    /// CORS rules.
    pub cors: Vec<CorsRule>,
    /// `aws:kms`, `AES256`; unstated = not configured.
    pub encryption: Encryption,
    /// KMS key of the default encryption.
    pub kms_key: Option<String>,
    /// Public access is blocked in all four ways; `None` = not configured.
    pub public_access_blocked: Option<bool>,
    /// `Enabled` replication rules.
    pub replication: Vec<String>,
    /// Bytes, once a day.
    pub bytes: Option<f64>,
    /// Objects, once a day.
    pub objects: Option<f64>,
    /// The day of `bytes` and `objects`.
    pub measured_at: Option<Time>,
    /// (aspect, why it could not be read): `("cors", "access denied: s3:GetBucketCORS")`.
    pub unread: Vec<(String, String)>,
}

impl Bucket {
    /// A bucket of which only the name is known.
    pub fn named(name: &str, role: BucketRole) -> Self {
        Self {
            name: name.to_owned(),
            role,
            exists: false,
            region: String::new(),
            versioning: Versioning::Unstated,
            lifecycle: Vec::new(),
            cors: Vec::new(),
            encryption: Encryption::Unstated,
            kms_key: None,
            public_access_blocked: None,
            replication: Vec::new(),
            bytes: None,
            objects: None,
            measured_at: None,
            unread: Vec::new(),
        }
    }

    /// Why an aspect could not be read.
    pub fn unread(&self, aspect: &str) -> Option<&str> {
        self.unread.iter().find(|(a, _)| a == aspect).map(|(_, why)| why.as_str())
    }
}

/// s3:HeadBucket, GetBucketVersioning, GetBucketLifecycleConfiguration, GetBucketCors, GetBucketEncryption, GetPublicAccessBlock,
/// GetBucketReplication of every configured bucket.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Buckets {
    /// In the configured order.
    pub buckets: Vec<Bucket>,
}

impl Section for Buckets {
    const KEY: SectionKey = SectionKey("buckets");
    const TITLE: &'static str = "S3 buckets";
    const OF: Option<System> = Some(System::Buckets);
}
