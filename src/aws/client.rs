//! The one place that builds service clients: every one of them carries the gate. Called by `connect`; sources borrow the clients.

use aws_types::SdkConfig;

use super::gate::Gate;

/// The service clients of one process.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) scaling: aws_sdk_applicationautoscaling::Client,
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) cache: aws_sdk_elasticache::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
}

/// Builds one gated client: the SDK crates share this shape but no trait.
macro_rules! gated {
    ($krate:ident, $config:expr, $gate:expr) => {
        $krate::Client::from_conf($krate::config::Builder::from($config).interceptor($gate.clone()).build())
    };
}

impl Clients {
    /// Clients of this configuration behind this gate.
    pub(super) fn new(config: &SdkConfig, gate: &Gate) -> Self {
        Self {
            sts: gated!(aws_sdk_sts, config, gate),
            ecs: gated!(aws_sdk_ecs, config, gate),
            elb: gated!(aws_sdk_elasticloadbalancingv2, config, gate),
            scaling: gated!(aws_sdk_applicationautoscaling, config, gate),
            rds: gated!(aws_sdk_rds, config, gate),
            cache: gated!(aws_sdk_elasticache, config, gate),
            cloudwatch: gated!(aws_sdk_cloudwatch, config, gate),
            logs: gated!(aws_sdk_cloudwatchlogs, config, gate),
        }
    }
}
