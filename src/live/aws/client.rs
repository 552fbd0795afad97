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

/// The SDK sends once, and once more only when the classifier says that the clock was the only cause.
const ATTEMPTS: u32 = 2;

/// Builds one gated client: the SDK crates share this shape but no trait. Its endpoint is that of the place, whatever else the SDK finds: what
/// is shown is what is used. A custom endpoint has no variants.
macro_rules! gated {
    ($krate:ident, $service:literal, $config:expr, $place:expr, $gate:expr) => {
        gated!($krate, $service, $config, $place, $gate, |builder, _place| builder)
    };
    ($krate:ident, $service:literal, $config:expr, $place:expr, $gate:expr, |$builder:ident, $of:ident| $more:expr) => {{
        let $of: &Place = $place;
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

/// Which region's endpoint a client talks to.
#[derive(Clone, Copy)]
enum At {
    Stack,
    /// The one region of the partition in which a global service is.
    Global,
}

/// The clients by name: crate, service as the SDK's endpoints call it, region, and what is set besides.
macro_rules! clients {
    ($($(#[$cfg:meta])* $name:ident: $krate:ident, $service:literal, $at:expr $(, |$builder:ident, $place:ident| $more:expr)?;)*) => {
        /// The service clients of one process.
        #[derive(Debug, Clone)]
        pub struct Clients {
            $($(#[$cfg])* pub(super) $name: $krate::Client,)*
            pub(super) partition: Partition,
            pub(super) pin: Pin,
            won: Won,
        }

        impl Clients {
            /// Clients of this configuration at this place behind this gate.
            pub(super) fn new(config: &SdkConfig, place: &Place, gate: &Gate, pin: Pin) -> Self {
                let partition = config.region().map(|r| Partition::of_region(r.as_ref())).unwrap_or_default();
                let global = config.to_builder().region(Region::from_static(partition.global_region())).build();
                let of = |at: At| match at {
                    At::Stack => config,
                    At::Global => &global,
                };
                Self {
                    $($(#[$cfg])* $name: gated!($krate, $service, of($at), place, gate $(, |$builder, $place| $more)?),)*
                    partition,
                    pin,
                    won: Won::default(),
                }
            }
        }
    };
}

clients! {
    sts: aws_sdk_sts, "STS", At::Stack;
    // STS where it always is: a region that is not enabled does not know who we are.
    sts_global: aws_sdk_sts, "STS", At::Global;
    ecs: aws_sdk_ecs, "ECS", At::Stack;
    elb: aws_sdk_elasticloadbalancingv2, "Elastic Load Balancing v2", At::Stack;
    scaling: aws_sdk_applicationautoscaling, "Application Auto Scaling", At::Stack;
    rds: aws_sdk_rds, "RDS", At::Stack;
    cache: aws_sdk_elasticache, "ElastiCache", At::Stack;
    cloudwatch: aws_sdk_cloudwatch, "CloudWatch", At::Stack;
    // Metrics of CloudFront and Route 53 are in one region of the partition, wherever the stack is.
    cloudwatch_global: aws_sdk_cloudwatch, "CloudWatch", At::Global;
    logs: aws_sdk_cloudwatchlogs, "CloudWatch Logs", At::Stack;
    insights: aws_sdk_pi, "PI", At::Stack;
    #[cfg(feature = "ec2")]
    ec2: aws_sdk_ec2, "EC2", At::Stack;
    dns: aws_sdk_route53, "Route 53", At::Stack;
    cdn: aws_sdk_cloudfront, "CloudFront", At::Stack;
    // An emulator behind one address has no host name per bucket.
    s3: aws_sdk_s3, "S3", At::Stack, |s3, place| s3.force_path_style(place.endpoint_of("S3").is_some());
    iam: aws_sdk_iam, "IAM", At::Stack;
    kms: aws_sdk_kms, "KMS", At::Stack;
    secrets: aws_sdk_secretsmanager, "Secrets Manager", At::Stack;
    ecr: aws_sdk_ecr, "ECR", At::Stack;
    builds: aws_sdk_codebuild, "CodeBuild", At::Stack;
    pipeline: aws_sdk_codepipeline, "CodePipeline", At::Stack;
}

/// STS alone, for the question whose credentials these are.
pub(super) fn who(config: &SdkConfig, place: &Place, gate: &Gate) -> aws_sdk_sts::Client {
    gated!(aws_sdk_sts, "STS", config, place, gate)
}

impl Clients {
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
