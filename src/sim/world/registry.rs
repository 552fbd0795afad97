//! The registry at work: pushes that take a tag over, scans, pulls, and why a pull fails.
//! Not who pushes (see `delivery`) or pulls (see `ecs::life`).

use super::World;
use super::names::Ms;
use super::ops::{Done, WorldError};
use super::state::{EcrImage, Finding, Scan, uri};

/// A push to come.
pub(super) struct Push<'a> {
    pub(super) repository: &'a str,
    pub(super) tag: &'a str,
    pub(super) at: Ms,
    /// How long the scan takes.
    pub(super) scan: Ms,
    /// A broken build: the container exits with this code.
    pub(super) exits_with: Option<i32>,
}

/// What scans find: name, severity, package, version, text.
type Advisory = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// In the base image: every image of a repository has most of them.
const BASE: [Advisory; 12] = [
    ("CVE-2026-0861", "MEDIUM", "glibc", "2.36-9+deb12u9", "Integer overflow in memalign"),
    ("CVE-2025-15467", "MEDIUM", "openssl", "3.0.15-1~deb12u1", "Stack overflow when parsing CMS messages with crafted parameters"),
    ("CVE-2025-9230", "MEDIUM", "openssl", "3.0.15-1~deb12u1", "Out-of-bounds read and write in RFC 3211 KEK unwrap"),
    ("CVE-2025-45582", "MEDIUM", "tar", "1.34+dfsg-1.2", "Directory traversal through a crafted symlink"),
    ("CVE-2025-14104", "MEDIUM", "util-linux", "2.38.1-5", "Heap over-read when processing 256-byte user names"),
    ("CVE-2024-56406", "LOW", "perl", "5.36.0-7+deb12u1", "Heap buffer overflow in tr with non-ASCII input"),
    ("CVE-2024-26462", "LOW", "krb5", "1.20.1-2+deb12u2", "Memory leak in kdc/ndr.c"),
    ("CVE-2023-31439", "LOW", "systemd", "252.33-1~deb12u1", "Sealed log files can be modified unnoticed"),
    ("CVE-2022-27943", "LOW", "gcc-12", "12.2.0-14", "Stack consumption in the demangler"),
    ("CVE-2019-1010022", "LOW", "glibc", "2.36-9+deb12u9", "Stack guard protection can be bypassed"),
    ("CVE-2018-20796", "LOW", "glibc", "2.36-9+deb12u9", "Uncontrolled recursion in check_dst_limits_calc_pos_1"),
    ("CVE-2011-3374", "INFORMATIONAL", "apt", "2.6.1", "apt-key does not validate keys correctly"),
];
/// In the dependencies: they come and go with the versions of a build.
const DEPENDENCIES: [Advisory; 6] = [
    ("CVE-2026-27205", "MEDIUM", "pillow", "11.3.0", "Uncontrolled resource consumption with crafted images"),
    ("CVE-2026-21441", "MEDIUM", "urllib3", "2.5.0", "Decompression of redirected responses is not limited"),
    ("CVE-2025-64756", "MEDIUM", "glob", "10.4.5", "Shell metacharacters in file names reach the command line"),
    ("CVE-2025-57822", "LOW", "next", "14.2.5", "Request headers are passed on to redirects of middleware"),
    ("CVE-2026-23949", "HIGH", "jaraco.context", "5.3.0", "Path traversal when unpacking archives"),
    ("CVE-2025-66471", "HIGH", "urllib3", "2.5.0", "Excessive memory use when streaming compressed responses"),
];
/// One build in so many brings a HIGH finding.
const HIGH_CHANCE: f64 = 0.12;
const DEPENDENCY_CHANCE: f64 = 0.5;
const BASE_CHANCE: f64 = 0.92;

impl World {
    /// An image arrives in its repository; the tag leaves the image that had it. Returns the digest.
    pub(super) fn push_image(&mut self, push: &Push<'_>) -> String {
        let dice = &mut self.rng.delivery;
        let digest = format!("sha256:{}", dice.hex(64));
        let size = 190_000_000 + dice.below(90_000_000) as u64;
        let mut findings = Vec::new();
        for (row, chance) in BASE.iter().map(|row| (row, BASE_CHANCE)).chain(DEPENDENCIES.iter().map(|row| (row, DEPENDENCY_CHANCE))) {
            if dice.chance(if row.1 == "HIGH" { HIGH_CHANCE / 2.0 } else { chance }) {
                let (name, severity, package, version, description) = *row;
                findings.push(Finding { name: name.to_owned(), severity, package, version, description });
            }
        }
        self.free_tag(push.repository, push.tag);
        let scanned = self.ecr.repository(push.repository).is_some_and(|repository| repository.scan_on_push);
        self.ecr.images.push(EcrImage {
            repository: push.repository.to_owned(),
            tags: vec![push.tag.to_owned()],
            digest: digest.clone(),
            pushed_at: push.at,
            size,
            scan: scanned.then(|| Scan { done_at: push.at + push.scan, findings }),
            pulled_at: None,
            exits_with: push.exits_with,
        });
        digest
    }

    /// An image that is there gets one more tag, which leaves the image that had it; `false` without such an image.
    pub(super) fn tag_image(&mut self, repository: &str, digest: &str, tag: &str) -> bool {
        if self.ecr.by_digest(repository, digest).is_none() {
            return false;
        }
        self.free_tag(repository, tag);
        let image = self.ecr.images.iter_mut().rfind(|image| image.repository == repository && image.digest == digest);
        if let Some(image) = image {
            image.tags.push(tag.to_owned());
        }
        true
    }

    fn free_tag(&mut self, repository: &str, tag: &str) {
        for image in self.ecr.images.iter_mut().filter(|image| image.repository == repository) {
            image.tags.retain(|known| known != tag);
        }
    }

    /// The digest of an image reference, empty when nothing has that tag.
    pub(super) fn digest_of(&self, image: &str) -> String {
        self.ecr.by_reference(image).map(|found| found.digest.clone()).unwrap_or_default()
    }

    /// The image that tasks of a deployment pull, as (repository, digest): resolved once, when the deployment began.
    pub(super) fn resolved_image(&self, task: &str) -> Option<(String, String)> {
        let task = self.ecs.tasks.get(task)?;
        let service = self.ecs.services.get(&task.service)?;
        let (path, _) = task.container.image.rsplit_once(':')?;
        let (_, repository) = path.split_once('/')?;
        let deployment = service.deployments.iter().find(|d| d.id == task.deployment)?;
        let revision = self.ecs.service_revisions.iter().rfind(|r| r.arn == deployment.service_revision)?;
        Some((repository.to_owned(), revision.image_digest.clone()))
    }

    /// Why a new task cannot pull its image.
    pub(super) fn image_trouble(&self, task: &str) -> Option<String> {
        let (repository, digest) = self.resolved_image(task)?;
        if self.ecr.by_digest(&repository, &digest).is_some() {
            return None;
        }
        let (uri, tagged) = (uri(&repository), self.ecs.tasks.get(task).map(|t| t.container.image.clone()).unwrap_or_default());
        let reference = if digest.is_empty() { tagged } else { format!("{uri}@{digest}") };
        Some(format!(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {reference}: {reference}: \
             not found"
        ))
    }

    /// A task pulled its image.
    pub(super) fn note_pull(&mut self, task: &str, at: Ms) {
        let Some((repository, digest)) = self.resolved_image(task) else { return };
        if let Some(image) = self.ecr.images.iter_mut().rfind(|i| i.repository == repository && i.digest == digest) {
            image.pulled_at = Some(at);
        }
    }

    /// `ecr:BatchDeleteImage` of one image: by digest it goes with all its tags, by tag it goes with its last tag.
    pub fn delete_image(&mut self, repository: &str, digest: Option<&str>, tag: Option<&str>) -> Done<Vec<(String, Option<String>)>> {
        let mine = |image: &EcrImage| image.repository == repository;
        let found = self.ecr.images.iter_mut().rfind(|image| {
            mine(image) && digest.is_none_or(|d| d == image.digest) && tag.is_none_or(|t| image.tags.iter().any(|known| known == t))
        });
        let Some(image) = found else {
            return Err(WorldError::new("ImageNotFound", "Requested image not found"));
        };
        let digest_of = image.digest.clone();
        let gone: Vec<String> = match (digest, tag) {
            (None, Some(tag)) => vec![tag.to_owned()],
            _ => std::mem::take(&mut image.tags),
        };
        image.tags.retain(|known| !gone.contains(known));
        if image.tags.is_empty() {
            self.ecr.images.retain(|image| !(mine(image) && image.digest == digest_of));
        }
        if gone.is_empty() {
            return Ok(vec![(digest_of, None)]);
        }
        Ok(gone.into_iter().map(|tag| (digest_of.clone(), Some(tag))).collect())
    }

    /// `ecr:PutImageScanningConfiguration`.
    pub fn set_scan_on_push(&mut self, repository: &str, scan_on_push: bool) -> Done<()> {
        let found = self.ecr.repositories.iter_mut().find(|r| r.name == repository);
        let repository = found.ok_or_else(|| no_repository(repository))?;
        repository.scan_on_push = scan_on_push;
        Ok(())
    }
}

/// ECR's answer for a repository that it does not have.
pub fn no_repository(name: &str) -> WorldError {
    let account = super::names::ACCOUNT;
    WorldError::new(
        "RepositoryNotFoundException",
        format!("The repository with name '{name}' does not exist in the registry with id '{account}'"),
    )
}
