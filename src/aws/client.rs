//! The one place that builds service clients: every one of them carries the gate. Called by `connect`; sources borrow the clients.

use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::gate::Gate;
use super::skew::OnlyForTheClock;

/// The service clients of one process.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(super) sts: aws_sdk_sts::Client,
    /// STS where it always is: a region that is not enabled does not know who we are.
    pub(super) sts_global: aws_sdk_sts::Client,
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) scaling: aws_sdk_applicationautoscaling::Client,
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) cache: aws_sdk_elasticache::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    /// Metrics of CloudFront and Route 53 are in us-east-1, wherever the stack is.
    pub(super) cloudwatch_global: aws_sdk_cloudwatch::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) insights: aws_sdk_pi::Client,
    #[cfg(feature = "ec2")]
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) dns: aws_sdk_route53::Client,
    pub(super) cdn: aws_sdk_cloudfront::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) secrets: aws_sdk_secretsmanager::Client,
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) builds: aws_sdk_codebuild::Client,
    pub(super) pipeline: aws_sdk_codepipeline::Client,
}

/// Where AWS keeps the metrics of its global services.
const GLOBAL_METRICS: &str = "us-east-1";

/// The SDK sends once, and once more only when the classifier says that the clock was the only cause.
const ATTEMPTS: u32 = 2;

/// Builds one gated client: the SDK crates share this shape but no trait.
macro_rules! gated {
    ($krate:ident, $config:expr, $gate:expr) => {
        gated!($krate, $config, $gate, |builder| builder)
    };
    ($krate:ident, $config:expr, $gate:expr, |$builder:ident| $more:expr) => {{
        let $builder = $krate::config::Builder::from($config)
            .interceptor($gate.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_classifier(OnlyForTheClock);
        $krate::Client::from_conf($more.build())
    }};
}

impl Clients {
    /// Clients of this configuration behind this gate.
    pub(super) fn new(config: &SdkConfig, gate: &Gate) -> Self {
        let global = config.to_builder().region(Region::from_static(GLOBAL_METRICS)).build();
        Self {
            sts: gated!(aws_sdk_sts, config, gate),
            sts_global: gated!(aws_sdk_sts, &global, gate),
            ecs: gated!(aws_sdk_ecs, config, gate),
            elb: gated!(aws_sdk_elasticloadbalancingv2, config, gate),
            scaling: gated!(aws_sdk_applicationautoscaling, config, gate),
            rds: gated!(aws_sdk_rds, config, gate),
            cache: gated!(aws_sdk_elasticache, config, gate),
            cloudwatch: gated!(aws_sdk_cloudwatch, config, gate),
            cloudwatch_global: gated!(aws_sdk_cloudwatch, &global, gate),
            logs: gated!(aws_sdk_cloudwatchlogs, config, gate),
            insights: gated!(aws_sdk_pi, config, gate),
            #[cfg(feature = "ec2")]
            ec2: gated!(aws_sdk_ec2, config, gate),
            dns: gated!(aws_sdk_route53, config, gate),
            cdn: gated!(aws_sdk_cloudfront, config, gate),
            // An emulator behind one address has no host name per bucket.
            s3: gated!(aws_sdk_s3, config, gate, |s3| s3.force_path_style(config.endpoint_url().is_some())),
            iam: gated!(aws_sdk_iam, config, gate),
            kms: gated!(aws_sdk_kms, config, gate),
            secrets: gated!(aws_sdk_secretsmanager, config, gate),
            ecr: gated!(aws_sdk_ecr, config, gate),
            builds: gated!(aws_sdk_codebuild, config, gate),
            pipeline: gated!(aws_sdk_codepipeline, config, gate),
        }
    }
}
