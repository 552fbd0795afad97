//! The edge: name resolution, the health check of the site, and the distribution of static files.
//! Not the load balancer behind it (see `alb` and `load`). Stepped once a second.

mod cdn;
mod dns;

use super::World;

/// What a checker says of a site that answers.
pub(super) const SUCCESS: &str = "Success: HTTP Status Code 200, OK";
/// The hosted zone of every CloudFront distribution.
pub(super) const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";

impl World {
    /// One second of the edge.
    pub(super) fn step_edge(&mut self) {
        self.step_checkers();
        self.step_distribution();
    }
}
