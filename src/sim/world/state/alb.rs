//! The load balancer as data: listeners, rules, target groups and the health of their targets.
//! No health checking here (see `alb` beside `state`). Read by the ELBv2 handler.

use super::super::names::{Az, Ms};

/// The one application load balancer.
#[derive(Debug, Clone)]
pub struct Alb {
    /// Full ARN.
    pub arn: String,
    pub name: String,
    /// Public DNS name.
    pub dns_name: String,
    /// Hosted zone of the DNS name.
    pub hosted_zone_id: String,
    pub vpc_id: String,
    pub security_groups: Vec<String>,
    /// `active` or `active_impaired`.
    pub state: &'static str,
    /// Creation time.
    pub created_at: Ms,
    /// Zones with their public subnet ids.
    pub zones: Vec<(Az, String)>,
    pub listeners: Vec<Listener>,
    /// Target groups: API first, web second.
    pub target_groups: Vec<TargetGroup>,
    /// Physics: where the requests to the API, and those to the portal, end up by the rules in force: share of them that
    /// is forwarded to each target group. The rest is redirected.
    pub routes: [[f64; 2]; 2],
}

/// What a listener or rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleAction {
    /// Forward to the target group with this ARN.
    Forward(String),
    /// To HTTPS on port 443: for good (301), or for now (302).
    RedirectToHttps {
        /// Whether it is a 301.
        permanent: bool,
    },
    /// Forward by weight: target group ARN and weight.
    Weighted(Vec<(String, u32)>),
    /// Answer with this code, without a target.
    FixedResponse(u16),
}

impl RuleAction {
    /// Where it forwards to, with the share of each target group.
    pub fn shares(&self) -> Vec<(&str, f64)> {
        match self {
            Self::Forward(arn) => vec![(arn, 1.0)],
            Self::Weighted(groups) => {
                let all: u32 = groups.iter().map(|(_, weight)| weight).sum();
                groups.iter().map(|(arn, weight)| (arn.as_str(), f64::from(*weight) / f64::from(all.max(1)))).collect()
            }
            Self::RedirectToHttps { .. } | Self::FixedResponse(_) => Vec::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Listener {
    /// Full ARN.
    pub arn: String,
    /// `HTTP` or `HTTPS`.
    pub protocol: &'static str,
    pub port: u16,
    /// Security policy (HTTPS only).
    pub ssl_policy: Option<String>,
    /// Certificate ARN (HTTPS only).
    pub certificate_arn: Option<String>,
    pub default_action: RuleAction,
    /// Rules in order of priority, the default rule last.
    pub rules: Vec<ListenerRule>,
}

#[derive(Debug, Clone)]
pub struct ListenerRule {
    /// Full ARN.
    pub arn: String,
    /// Priority; `None` is the default rule (`default` on the wire).
    pub priority: Option<u32>,
    /// Host names, empty for any.
    pub hosts: Vec<String>,
    /// Path patterns, empty for the default rule.
    pub path_patterns: Vec<String>,
    pub action: RuleAction,
}

/// A target group (targets by IP address).
#[derive(Debug, Clone)]
pub struct TargetGroup {
    /// Full ARN.
    pub arn: String,
    pub name: String,
    /// `TargetGroup` dimension of its metrics.
    pub dimension: String,
    /// Service whose tasks are registered.
    pub service: String,
    pub port: u16,
    /// Health check path.
    pub health_path: String,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Seconds until a check times out.
    pub timeout_seconds: u32,
    /// Passed checks to become healthy.
    pub healthy_threshold: u32,
    /// Failed checks to become unhealthy.
    pub unhealthy_threshold: u32,
    /// Accepted codes.
    pub matcher: String,
    /// Seconds a target drains.
    pub deregistration_delay_seconds: u32,
    pub targets: Vec<Target>,
}

/// `TargetHealth.State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetState {
    /// Registering or first checks.
    Initial,
    /// In service.
    Healthy,
    /// Failing.
    Unhealthy,
    /// Leaving.
    Draining,
}

impl TargetState {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Draining => "draining",
        }
    }
}

/// `TargetHealth.Reason` with its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetReason {
    /// `Elb.RegistrationInProgress`
    RegistrationInProgress,
    /// `Elb.InitialHealthChecking`
    InitialHealthChecking,
    /// `Target.Timeout`
    Timeout,
    /// `Target.ResponseCodeMismatch` with the code that came back.
    ResponseCodeMismatch(u16),
    /// `Target.FailedHealthChecks`
    FailedHealthChecks,
    /// `Target.DeregistrationInProgress`
    DeregistrationInProgress,
}

impl TargetReason {
    /// Wire value of `Reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RegistrationInProgress => "Elb.RegistrationInProgress",
            Self::InitialHealthChecking => "Elb.InitialHealthChecking",
            Self::Timeout => "Target.Timeout",
            Self::ResponseCodeMismatch(_) => "Target.ResponseCodeMismatch",
            Self::FailedHealthChecks => "Target.FailedHealthChecks",
            Self::DeregistrationInProgress => "Target.DeregistrationInProgress",
        }
    }

    /// Wire value of `Description`.
    pub fn description(self) -> String {
        match self {
            Self::RegistrationInProgress => "Target registration is in progress".into(),
            Self::InitialHealthChecking => "Initial health checks in progress".into(),
            Self::Timeout => "Request timed out".into(),
            Self::ResponseCodeMismatch(code) => format!("Health checks failed with these codes: [{code}]"),
            Self::FailedHealthChecks => "Health checks failed".into(),
            Self::DeregistrationInProgress => "Target deregistration is in progress".into(),
        }
    }
}

/// A registered target.
#[derive(Debug, Clone)]
pub struct Target {
    /// IP address (`Target.Id`).
    pub ip: String,
    pub port: u16,
    /// Zone.
    pub az: Az,
    /// Task behind it.
    pub task_id: String,
    pub state: TargetState,
    /// Reason, absent when healthy.
    pub reason: Option<TargetReason>,
    /// Physics: registration time.
    pub registered_at: Ms,
    /// Physics: next health check.
    pub next_check: Ms,
    /// Physics: consecutive passed checks.
    pub passes: u32,
    /// Physics: consecutive failed checks.
    pub fails: u32,
    /// Physics: when draining ends.
    pub drain_until: Option<Ms>,
}
