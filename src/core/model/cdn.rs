//! CloudFront: the distribution and its invalidations. Optional in the written architecture: an account without one is not ill.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `Status` of the CloudFront API's `ListInvalidations`.
    pub enum InvalidationStatus {
        Completed = "Completed",
        InProgress = "InProgress",
    }
}

states! {
    /// `Status` of the CloudFront API's `GetDistribution`.
    pub enum DistributionStatus {
        Deployed = "Deployed",
        InProgress = "InProgress",
    }
}

states! {
    /// `ViewerProtocolPolicy` of the CloudFront API's `GetDistribution`.
    pub enum ViewerProtocol {
        AllowAll = "allow-all",
        HttpsOnly = "https-only",
        RedirectToHttps = "redirect-to-https",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Invalidation {
    pub id: String,
    /// `InProgress` or `Completed`.
    pub status: InvalidationStatus,
    /// Created.
    pub at: Option<Time>,
}

/// cloudfront:GetDistribution.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Distribution {
    pub id: String,
    pub arn: String,
    /// `d111111abcdef8.cloudfront.net`.
    pub domain: String,
    /// `Deployed` or `InProgress`.
    pub status: DistributionStatus,
    /// Serves requests.
    pub enabled: bool,
    /// Last configuration change.
    pub modified_at: Option<Time>,
    /// Invalidations in progress.
    pub invalidating: i32,
    /// Domain names of the origins.
    pub origins: Vec<String>,
    /// `redirect-to-https`, `https-only`, `allow-all` of the default behaviour.
    pub viewer_protocol: ViewerProtocol,
    /// Alternate domain names.
    pub aliases: Vec<String>,
    /// Additional (paid) metrics are published: hit rate, origin latency.
    pub realtime_metrics: bool,
    /// Newest first.
    pub invalidations: Vec<Invalidation>,
}

/// cloudfront:ListDistributions, GetDistribution, ListInvalidations, GetMonitoringSubscription.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cdn {
    /// The stack's distribution; `None` = the account has none that belongs to the stack.
    pub distribution: Option<Distribution>,
}

impl Section for Cdn {
    const KEY: SectionKey = SectionKey("cdn");
    const TITLE: &'static str = "CloudFront";
    const OF: Option<System> = Some(System::Cdn);
}
