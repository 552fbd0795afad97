//! CloudFront as data: the distribution and its invalidations.
//! No traffic here (see `world::edge::cdn`). Read by the CloudFront handler.

use std::collections::VecDeque;

use super::super::names::Ms;

#[derive(Debug, Clone)]
pub struct Distribution {
    pub id: String,
    /// Full ARN.
    pub arn: String,
    /// `d....cloudfront.net`.
    pub domain: String,
    /// Alternate names.
    pub aliases: Vec<String>,
    /// Whether it serves.
    pub enabled: bool,
    /// Until when a change is on its way to the edge (`InProgress`); none is `Deployed`.
    pub deploying_until: Option<Ms>,
    /// Last change.
    pub modified_at: Ms,
    /// Version of the configuration.
    pub etag: String,
    pub certificate: String,
    pub origins: Vec<Origin>,
    /// Behaviours: path pattern (none is the default) and origin id.
    pub behaviors: Vec<(Option<String>, String)>,
    /// Invalidations, newest first.
    pub invalidations: VecDeque<Invalidation>,
    /// Physics: when deliveries ask for their invalidations.
    pub due: Vec<Ms>,
    /// Physics: share of the edge caches that is cold.
    pub cold: f64,
}

impl Distribution {
    /// Wire value of `Status`.
    pub const fn status(&self) -> &'static str {
        if self.deploying_until.is_some() { "InProgress" } else { "Deployed" }
    }

    /// Invalidations on their way.
    pub fn in_progress(&self) -> impl Iterator<Item = &Invalidation> {
        self.invalidations.iter().filter(|invalidation| !invalidation.done)
    }
}

/// Where a distribution fetches from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Id within the distribution.
    pub id: String,
    /// Name.
    pub domain: String,
    /// A bucket, not a web server.
    pub bucket: bool,
}

#[derive(Debug, Clone)]
pub struct Invalidation {
    pub id: String,
    pub paths: Vec<String>,
    /// What makes it unique.
    pub caller_reference: String,
    /// Creation time.
    pub created_at: Ms,
    /// `Completed`, not `InProgress`.
    pub done: bool,
    /// Physics: when it will be.
    pub done_at: Ms,
}

impl Invalidation {
    /// Wire value of `Status`.
    pub const fn status(&self) -> &'static str {
        if self.done { "Completed" } else { "InProgress" }
    }
}
