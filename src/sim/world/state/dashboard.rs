//! CloudWatch dashboards as data: their bodies as their owner wrote them. Nothing draws them here.
//! Read and written by the CloudWatch handler.

use std::collections::BTreeMap;

use super::super::names::Ms;

/// All dashboards by name.
pub type Dashboards = BTreeMap<String, Dashboard>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Full ARN; dashboards belong to no region.
    pub arn: String,
    /// The JSON text of its widgets.
    pub body: String,
    /// When it was last written.
    pub modified_at: Ms,
}
