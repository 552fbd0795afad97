//! S3 physics: what the stack reads from and writes to its buckets, and the drifts of their configuration.
//! Requests of tasks go through their zone's way out; CloudFront fetches what its caches lack. Stepped once a second.

use super::World;
use super::names::{DAY, DOCUMENTS_BUCKET, REPORTS_BUCKET};
use super::ops::{Done, WorldError};
use super::state::{Bucket, Encryption, Versioning};

impl World {
    /// One second of the buckets.
    pub(super) fn step_storage(&mut self) {
        // Every task that is cut off from the internet is cut off from S3: the written architecture has no gateway endpoint.
        let through = self.connected_share();
        let (api, jobs) = (f64::from(self.load.served[0]) * through, self.load.jobs * through);
        self.upload(DOCUMENTS_BUCKET, api * 0.011 + jobs * 0.21, api * 5_200.0 + jobs * 31_000.0);
        self.upload(REPORTS_BUCKET, jobs * 0.04, jobs * 8_400.0);
        self.fetch(DOCUMENTS_BUCKET, api * 0.24 + jobs * 1.7);
        self.fetch(REPORTS_BUCKET, api * 0.02);
        if self.now.rem_euclid(DAY) == 0 {
            for (name, held) in self.buckets.iter().map(|b| (b.name.clone(), (b.bytes, b.objects))).collect::<Vec<_>>() {
                self.put_storage(&name, self.now, held);
            }
        }
    }

    /// New objects in a bucket. What its key does not encrypt is asked for in vain.
    pub(super) fn upload(&mut self, bucket: &str, objects: f64, bytes: f64) {
        let stored = if self.is_locked(bucket) { 0.0 } else { 1.0 };
        if let Some(bucket) = self.buckets.iter_mut().find(|b| b.name == bucket) {
            bucket.objects += objects * stored;
            bucket.bytes += bytes * stored;
            bucket.minute.puts += objects;
        }
    }

    /// Whether the key of a bucket cannot be used: S3 refuses every read and write then.
    pub(super) fn is_locked(&self, bucket: &str) -> bool {
        let encryption = self.buckets.iter().find(|b| b.name == bucket).and_then(|b| b.encryption.as_ref());
        encryption.and_then(|encryption| encryption.key.as_deref()).is_some_and(|key| !self.kms.usable(key))
    }

    /// Objects read from a bucket.
    pub(super) fn fetch(&mut self, bucket: &str, objects: f64) {
        if let Some(bucket) = self.buckets.iter_mut().find(|b| b.name == bucket) {
            bucket.minute.gets += objects;
        }
    }

    /// The bucket called `name`.
    pub fn bucket(&self, name: &str) -> Done<&Bucket> {
        self.buckets.iter().find(|b| b.name == name).ok_or_else(no_bucket)
    }

    fn bucket_mut(&mut self, name: &str) -> Done<&mut Bucket> {
        self.buckets.iter_mut().find(|b| b.name == name).ok_or_else(no_bucket)
    }

    /// `s3:PutBucketVersioning`. What was enabled once can only be suspended.
    pub fn set_versioning(&mut self, bucket: &str, versioning: Versioning) -> Done<()> {
        self.bucket_mut(bucket)?.versioning = Some(versioning);
        Ok(())
    }

    /// `s3:DeleteBucketLifecycle`.
    pub fn drop_lifecycle(&mut self, bucket: &str) -> Done<()> {
        self.bucket_mut(bucket)?.lifecycle.clear();
        Ok(())
    }

    /// `s3:DeleteBucketCors`.
    pub fn drop_cors(&mut self, bucket: &str) -> Done<()> {
        self.bucket_mut(bucket)?.cors = false;
        Ok(())
    }

    /// `s3:PutBucketEncryption`, and `s3:DeleteBucketEncryption` with none.
    pub fn set_encryption(&mut self, bucket: &str, encryption: Option<Encryption>) -> Done<()> {
        self.bucket_mut(bucket)?.encryption = encryption;
        Ok(())
    }

    /// `s3:DeletePublicAccessBlock`.
    pub fn drop_public_access_block(&mut self, bucket: &str) -> Done<()> {
        self.bucket_mut(bucket)?.public_access_block = false;
        Ok(())
    }
}

fn no_bucket() -> WorldError {
    WorldError::new("NoSuchBucket", "The specified bucket does not exist")
}
