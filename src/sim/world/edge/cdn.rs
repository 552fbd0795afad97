//! CloudFront physics: invalidations and configuration changes on their way, and how warm the edge caches are.
//! The requests themselves are counted minute by minute in `publish::edge`.

use super::super::World;
use super::super::names::{MIN, Ms, SEC, STATIC_BUCKET};
use super::super::ops::{Done, WorldError};
use super::super::state::Invalidation;

/// Invalidations kept.
const KEEP: usize = 100;
/// Paths that may be on their way, and how many of them with a `*`.
const PATHS: usize = 3_000;
const WILDCARDS: usize = 15;

impl World {
    /// One second of the distribution.
    pub(super) fn step_distribution(&mut self) {
        let now = self.now;
        if self.cdn.deploying_until.is_some_and(|until| until <= now) {
            self.cdn.deploying_until = None;
        }
        let mut flushed: f64 = 0.0;
        for invalidation in self.cdn.invalidations.iter_mut().filter(|invalidation| !invalidation.done && invalidation.done_at <= now) {
            invalidation.done = true;
            let wild = invalidation.paths.iter().any(|path| path.ends_with("/*"));
            flushed = flushed.max(if wild { 0.7 } else { 0.02 });
        }
        self.cdn.cold = self.cdn.cold.max(flushed) * 0.996;
        if self.cdn.due.first().is_some_and(|at| *at <= now) {
            let at = self.cdn.due.remove(0);
            let paths = vec!["/_next/*".to_owned(), "/static/*".to_owned()];
            // A release that comes on the heels of fifteen others goes without.
            let _ = self.create_invalidation(paths, format!("release-{}", at / SEC));
        }
    }

    /// The static half of a release of the portal: its files go to the bucket, then the edge is told to forget the old ones.
    pub(in super::super) fn deliver_static(&mut self) {
        let (files, wait) = (520.0 + 240.0 * self.rng.edge.unit(), self.rng.edge.seconds(30, 70));
        self.upload(STATIC_BUCKET, files, files * 46_000.0);
        self.cdn.due.push(self.now + wait);
    }

    /// `cloudfront:CreateInvalidation`, after the form of the batch was checked. The same batch again is the same invalidation.
    pub fn create_invalidation(&mut self, paths: Vec<String>, caller_reference: String) -> Done<Invalidation> {
        if let Some(known) = self.cdn.invalidations.iter().find(|known| known.caller_reference == caller_reference) {
            if known.paths == paths {
                return Ok(known.clone());
            }
            let message = "The caller reference was used before, with other paths.";
            return Err(WorldError::new("InvalidArgument", message));
        }
        let wild = |paths: &[String]| paths.iter().filter(|path| path.contains('*')).count();
        let (under_way, wild_under_way) =
            self.cdn.in_progress().fold((0, 0), |(all, some), other| (all + other.paths.len(), some + wild(&other.paths)));
        if under_way + paths.len() > PATHS || wild_under_way + wild(&paths) > WILDCARDS {
            return Err(WorldError::new(
                "TooManyInvalidationsInProgress",
                "Processing your request will cause you to exceed the maximum number of in-progress invalidations.",
            ));
        }
        let dice = &mut self.rng.edge;
        let id = format!("I{}", dice.alnum(25).to_ascii_uppercase());
        let takes: Ms = dice.seconds(62, 290);
        let made = Invalidation { id, paths, caller_reference, created_at: self.now, done: false, done_at: self.now + takes };
        self.cdn.invalidations.push_front(made.clone());
        self.cdn.invalidations.truncate(KEEP);
        Ok(made)
    }

    /// Drift: switches the distribution off or on; the edge knows some minutes later.
    pub fn enable_distribution(&mut self, enabled: bool) {
        let takes = self.rng.edge.seconds(170, 320);
        self.cdn.enabled = enabled;
        self.cdn.modified_at = self.now;
        self.cdn.deploying_until = Some(self.now + takes.max(MIN));
        self.cdn.etag = format!("E{}", self.rng.edge.alnum(13).to_ascii_uppercase());
    }
}
