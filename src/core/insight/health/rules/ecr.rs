//! Rules about ECR: the repositories exist, and what runs is in them and was scanned. Called by `node`.

use crate::model::system::System;
use std::collections::BTreeMap;

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, note};
use crate::insight::health::limits;
use crate::insight::health::node::Nodes;
use crate::insight::topology::images::{digests, short_digest};
use crate::model::Time;
use crate::model::delivery::{Image, Repositories, Repository, ScanStatus, Severity};
use crate::model::section::Section;
use crate::model::service::{TaskStatus, Tasks};
use crate::model::system::SystemSpec;

use super::{Rule, named};

/// One repository, with the digests of its images that run, and since when the oldest task of each does.
pub(crate) struct Held {
    exists: bool,
    /// Digest, its image if the repository has it, since when it runs.
    running: Vec<(String, Option<Image>, Option<Time>)>,
}

/// About one repository.
pub(crate) const RULES: &[Rule<Held>] = &[
    Rule { id: "ecr.exists", doc: "the repository exists", needs: &[Repositories::KEY], check: exists },
    Rule {
        id: "ecr.running",
        doc: "every running digest is in the repository; a missing one is down: the next task cannot start",
        needs: &[Repositories::KEY, Tasks::KEY],
        check: running,
    },
    Rule {
        id: "ecr.scanned",
        doc: "running images were scanned without HIGH or CRITICAL findings",
        needs: &[Repositories::KEY, Tasks::KEY],
        check: scanned,
    },
];

/// Judges them all.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let names = facts.stack.repositories.iter().map(|r| r.name.as_str());
    let found = |name: &str| {
        let repository = facts.store.get::<Repositories>()?.repositories.iter().find(|r| r.name == name)?;
        // What images it has is not known: none of them is missing.
        let listed = facts.store.unread::<Repositories>(name, "images").is_none();
        let running = if listed { running_of(facts, repository) } else { Vec::new() };
        Some(Held { exists: repository.exists, running })
    };
    nodes.insert(NodeId::of(System::Repositories), named::<Repositories, Held>(facts, ground, RULES, names, found));
}

fn running_of(facts: &Facts<'_>, repository: &Repository) -> Vec<(String, Option<Image>, Option<Time>)> {
    let mut oldest: BTreeMap<&str, Option<Time>> = BTreeMap::new();
    for spec in facts.stack.services.iter().filter(|s| s.role == repository.role) {
        for (digest, task) in digests(facts, repository, &spec.name).into_iter().filter(|(_, t)| t.status == TaskStatus::Running) {
            match oldest.get_mut(digest) {
                Some(began) => *began = (*began).min(task.created_at),
                None => drop(oldest.insert(digest, task.created_at)),
            }
        }
    }
    oldest.into_iter().map(|(digest, began)| (digest.to_owned(), repository.image(digest).cloned(), began)).collect()
}

fn exists(_: &Facts<'_>, held: &Held) -> Option<Finding> {
    (!held.exists).then(|| down("missing"))
}

fn running(facts: &Facts<'_>, held: &Held) -> Option<Finding> {
    let read = facts.store.at::<Repositories>()?;
    // Repositories are read seldom: an image that was pushed since is not missing.
    let seen = |began: &Option<Time>| began.is_some_and(|at| at + limits::IMAGE_LAG < read);
    let gone = held.running.iter().find(|(_, image, began)| held.exists && image.is_none() && seen(began));
    gone.map(|(digest, ..)| down(format!("running image {} is not in the repository", short_digest(digest))))
}

/// What the scan of an image says: worst first by `Level`.
fn verdict(image: &Image) -> Option<Finding> {
    let (critical, high) = (image.count(&Severity::Critical), image.count(&Severity::High));
    let digest = short_digest(&image.digest);
    match &image.scan_status {
        ScanStatus::Complete | ScanStatus::Active if critical + high > 0 => {
            Some(degraded(format!("running image {digest}: {critical} CRITICAL, {high} HIGH findings")))
        }
        ScanStatus::Complete | ScanStatus::Active => None,
        ScanStatus::InProgress | ScanStatus::Pending => Some(note(format!("running image {digest} is being scanned"))),
        ScanStatus::Unstated => Some(degraded(format!("running image {digest} never scanned"))),
        status => Some(degraded(format!("scan of running image {digest}: {status}"))),
    }
}

fn scanned(_: &Facts<'_>, held: &Held) -> Option<Finding> {
    held.running.iter().filter_map(|(_, image, _)| verdict(image.as_ref()?)).max_by_key(|f| f.level)
}
