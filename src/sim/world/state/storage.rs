//! S3 as data: the buckets with their configuration and what they hold.
//! No requests here (see `world::storage`). Read by the S3 handler.

use super::super::names::Ms;

#[derive(Debug, Clone)]
pub struct Bucket {
    pub name: String,
    /// Creation time.
    pub created_at: Ms,
    /// `Enabled` or `Suspended`; none when it never was enabled.
    pub versioning: Option<Versioning>,
    /// Lifecycle rules; empty is none.
    pub lifecycle: Vec<LifecycleRule>,
    /// Whether browsers of the portal may read it directly.
    pub cors: bool,
    /// How new objects are encrypted; none is "not configured".
    pub encryption: Option<Encryption>,
    /// Whether public access is blocked in all four ways.
    pub public_access_block: bool,
    /// What it is for (tag `Purpose`).
    pub purpose: &'static str,
    /// Bytes, all versions.
    pub bytes: f64,
    /// Objects, all versions.
    pub objects: f64,
    /// Physics: requests of the running minute.
    pub minute: BucketMinute,
}

/// State of versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioning {
    /// Every version is kept.
    Enabled,
    /// Not any more.
    Suspended,
}

impl Versioning {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

/// A lifecycle rule of a whole bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleRule {
    pub id: String,
    /// Days until objects move to another storage class.
    pub transition: Option<(u32, &'static str)>,
    /// Days until objects expire.
    pub expire_days: Option<u32>,
    /// Days until versions that were replaced expire.
    pub noncurrent_days: Option<u32>,
}

/// How new objects are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// `aws:kms`, `aws:kms:dsse` or `AES256`.
    pub algorithm: String,
    /// Key, for the algorithms of KMS.
    pub key: Option<String>,
    /// Whether data keys are shared.
    pub bucket_key: bool,
}

/// Requests of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BucketMinute {
    /// Reads.
    pub gets: f64,
    /// Writes.
    pub puts: f64,
}
