//! The one place that builds service clients: every one of them carries the gate. Called by `connect`; sources borrow the clients.

use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::gate::Gate;
use super::pin::Pin;
use super::providers::Won;
use super::skew::OnlyForTheClock;
use nextcore_core::model::partition::Partition;
use nextcore_core::model::place::{DUAL_STACK, FIPS, Place};

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
    /// Metrics of CloudFront and Route 53 are in one region of the partition, wherever the stack is.
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
    pub(super) partition: Partition,
    pub(super) pin: Pin,
    won: Won,
}

/// The SDK sends once, and once more only when the classifier says that the clock was the only cause.
const ATTEMPTS: u32 = 2;

/// Builds one gated client: the SDK crates share this shape but no trait. Its endpoint is that of the place, whatever else the SDK finds: what
/// is shown is what is used. A custom endpoint has no variants.
macro_rules! gated {
    ($krate:ident, $service:literal, $config:expr, $place:expr, $gate:expr) => {
        gated!($krate, $service, $config, $place, $gate, |builder| builder)
    };
    ($krate:ident, $service:literal, $config:expr, $place:expr, $gate:expr, |$builder:ident| $more:expr) => {{
        let mut $builder = $krate::config::Builder::from($config)
            .interceptor($gate.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_classifier(OnlyForTheClock);
        let endpoint = $place.endpoint_of($service).map(|url| url.secret().to_owned());
        $builder.set_use_dual_stack(Some(endpoint.is_none() && $place.uses(DUAL_STACK)));
        $builder.set_use_fips(Some(endpoint.is_none() && $place.uses(FIPS)));
        $builder.set_endpoint_url(endpoint);
        $krate::Client::from_conf($more.build())
    }};
}

/// STS alone, for the question whose credentials these are.
pub(super) fn who(config: &SdkConfig, place: &Place, gate: &Gate) -> aws_sdk_sts::Client {
    gated!(aws_sdk_sts, "STS", config, place, gate)
}

impl Clients {
    /// Clients of this configuration at this place behind this gate.
    pub(super) fn new(config: &SdkConfig, place: &Place, gate: &Gate, pin: Pin) -> Self {
        let partition = config.region().map(|r| Partition::of_region(r.as_ref())).unwrap_or_default();
        let global = config.to_builder().region(Region::from_static(partition.global_region())).build();
        Self {
            sts: gated!(aws_sdk_sts, "STS", config, place, gate),
            sts_global: gated!(aws_sdk_sts, "STS", &global, place, gate),
            ecs: gated!(aws_sdk_ecs, "ECS", config, place, gate),
            elb: gated!(aws_sdk_elasticloadbalancingv2, "Elastic Load Balancing v2", config, place, gate),
            scaling: gated!(aws_sdk_applicationautoscaling, "Application Auto Scaling", config, place, gate),
            rds: gated!(aws_sdk_rds, "RDS", config, place, gate),
            cache: gated!(aws_sdk_elasticache, "ElastiCache", config, place, gate),
            cloudwatch: gated!(aws_sdk_cloudwatch, "CloudWatch", config, place, gate),
            cloudwatch_global: gated!(aws_sdk_cloudwatch, "CloudWatch", &global, place, gate),
            logs: gated!(aws_sdk_cloudwatchlogs, "CloudWatch Logs", config, place, gate),
            insights: gated!(aws_sdk_pi, "PI", config, place, gate),
            #[cfg(feature = "ec2")]
            ec2: gated!(aws_sdk_ec2, "EC2", config, place, gate),
            dns: gated!(aws_sdk_route53, "Route 53", config, place, gate),
            cdn: gated!(aws_sdk_cloudfront, "CloudFront", config, place, gate),
            // An emulator behind one address has no host name per bucket.
            s3: gated!(aws_sdk_s3, "S3", config, place, gate, |s3| s3.force_path_style(place.endpoint_of("S3").is_some())),
            iam: gated!(aws_sdk_iam, "IAM", config, place, gate),
            kms: gated!(aws_sdk_kms, "KMS", config, place, gate),
            secrets: gated!(aws_sdk_secretsmanager, "Secrets Manager", config, place, gate),
            ecr: gated!(aws_sdk_ecr, "ECR", config, place, gate),
            builds: gated!(aws_sdk_codebuild, "CodeBuild", config, place, gate),
            pipeline: gated!(aws_sdk_codepipeline, "CodePipeline", config, place, gate),
            partition,
            pin,
            won: Won::default(),
        }
    }

    /// With the memory of whose credentials they are signed by.
    #[must_use]
    pub(super) fn told_by(self, won: Won) -> Self {
        Self { won, ..self }
    }

    /// The account that nothing else may be asked of.
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Which provider has credentials for us, in words; `None` before the first request.
    pub fn credentials_of(&self) -> Option<String> {
        self.won.words()
    }
}
