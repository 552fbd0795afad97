//! ECR as data: the three repositories and their images with scan results.
//! Pushing, pulling and scanning are in `registry` beside `state`. Read by the ECR handler.

use super::super::names::{ACCOUNT, Ms, REGION, arn};

#[derive(Debug, Clone)]
pub struct Ecr {
    /// Repositories, sorted by name.
    pub repositories: Vec<Repository>,
    /// Images of all repositories, oldest push first.
    pub images: Vec<EcrImage>,
}

impl Ecr {
    /// The repository called `name`.
    pub fn repository(&self, name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| repository.name == name)
    }

    /// The image that a reference names, `<registry>/<repository>:<tag>`.
    pub fn by_reference(&self, reference: &str) -> Option<&EcrImage> {
        let (path, tag) = reference.rsplit_once(':')?;
        let (_, repository) = path.split_once('/')?;
        self.images.iter().rev().find(|image| image.repository == repository && image.tags.iter().any(|t| t == tag))
    }

    /// The newest image of a repository with this digest.
    pub fn by_digest(&self, repository: &str, digest: &str) -> Option<&EcrImage> {
        self.images.iter().rev().find(|image| image.repository == repository && image.digest == digest)
    }
}

#[derive(Debug, Clone)]
pub struct Repository {
    /// Name, `nextcore/web`.
    pub name: String,
    /// Whether images are scanned when they are pushed.
    pub scan_on_push: bool,
    /// `MUTABLE` or `IMMUTABLE`.
    pub tag_mutability: &'static str,
    /// KMS key ARN.
    pub kms_key: String,
    /// Creation time.
    pub created_at: Ms,
}

impl Repository {
    /// Full ARN.
    pub fn arn(&self) -> String {
        arn("ecr", format_args!("repository/{}", self.name))
    }

    /// What an image reference begins with.
    pub fn uri(&self) -> String {
        uri(&self.name)
    }
}

/// `repositoryUri` of the repository called `name`.
pub fn uri(name: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}")
}

#[derive(Debug, Clone)]
pub struct EcrImage {
    /// Repository name, `nextcore/control`.
    pub repository: String,
    /// Tags: the git commit that made it, and later ones that did not change it, as long as no later push took them.
    pub tags: Vec<String>,
    /// `sha256:...`.
    pub digest: String,
    /// Push time.
    pub pushed_at: Ms,
    /// Bytes.
    pub size: u64,
    /// Its scan, absent when it was pushed while scanning was off.
    pub scan: Option<Scan>,
    /// When a task last pulled it.
    pub pulled_at: Option<Ms>,
    /// Physics: a broken build, whose container exits with this code soon after start.
    pub exits_with: Option<i32>,
}

/// A basic scan of an image.
#[derive(Debug, Clone)]
pub struct Scan {
    /// When it is complete.
    pub done_at: Ms,
    /// What it finds.
    pub findings: Vec<Finding>,
}

impl Scan {
    /// `imageScanStatus.status` at `now`.
    pub const fn status(&self, now: Ms) -> &'static str {
        if now >= self.done_at { "COMPLETE" } else { "IN_PROGRESS" }
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: &str) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// One vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `CVE-2026-1234`.
    pub name: String,
    /// `HIGH`, `MEDIUM`, `LOW`, ...
    pub severity: &'static str,
    /// Package it is in.
    pub package: &'static str,
    /// Version of the package.
    pub version: &'static str,
    /// Text.
    pub description: &'static str,
}
