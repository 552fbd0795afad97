//! The Application Load Balancer: state, listeners, rules, target groups and the health of every target.

mod rule;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;
pub use rule::{Action, ActionKind, Condition, ConditionField, Redirect, Rule, Weighted, group_name};

states! {
    /// `TargetHealth.State` of Elastic Load Balancing's `DescribeTargetHealth`.
    pub enum TargetState {
        Initial = "initial",
        Healthy = "healthy",
        Unhealthy = "unhealthy",
        UnhealthyDraining = "unhealthy.draining",
        Unused = "unused",
        Draining = "draining",
        Unavailable = "unavailable",
    }
}

states! {
    /// `State.Code` of Elastic Load Balancing's `DescribeLoadBalancers`.
    pub enum BalancerState {
        Active = "active",
        ActiveImpaired = "active_impaired",
        Failed = "failed",
        Provisioning = "provisioning",
    }
}

states! {
    /// `Protocol` of Elastic Load Balancing's `DescribeListeners`.
    pub enum Protocol {
        Geneve = "GENEVE",
        Http = "HTTP",
        Https = "HTTPS",
        Quic = "QUIC",
        Tcp = "TCP",
        TcpQuic = "TCP_QUIC",
        TcpUdp = "TCP_UDP",
        Tls = "TLS",
        Udp = "UDP",
    }
}

impl TargetState {
    /// Fails its checks, also while draining; an orderly `draining` does not.
    pub(crate) fn is_unhealthy(&self) -> bool {
        matches!(self, Self::Unhealthy | Self::UnhealthyDraining)
    }

    /// Is being taken out, whether its checks pass or not.
    pub(crate) fn is_draining(&self) -> bool {
        matches!(self, Self::Draining | Self::UnhealthyDraining)
    }
}

/// elbv2:DescribeLoadBalancers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balancer {
    /// Full ARN.
    pub arn: String,
    pub name: String,
    /// Public DNS name.
    pub dns_name: String,
    /// Hosted zone id of the DNS name.
    pub hosted_zone: String,
    /// `active`, `provisioning`, `active_impaired`, `failed`.
    pub state: BalancerState,
    /// AWS's reason when the state is not `active`.
    pub state_reason: Option<String>,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// `application`.
    pub kind: String,
    /// VPC id.
    pub vpc: String,
    /// (zone name, subnet id).
    pub zones: Vec<(String, String)>,
    /// Security group ids.
    pub security_groups: Vec<String>,
}

impl Balancer {
    /// The `app/name/id` form that CloudWatch uses as dimension.
    pub fn dimension(&self) -> Option<&str> {
        Self::dimension_of(&self.arn)
    }

    /// That of the load balancer with this ARN.
    pub fn dimension_of(arn: &str) -> Option<&str> {
        arn.split_once(":loadbalancer/").map(|(_, d)| d)
    }
}

impl Section for Balancer {
    const KEY: SectionKey = SectionKey("balancer");
    const TITLE: &'static str = "load balancer";
    const OF: Option<System> = Some(System::Balancer);
}

/// One listener with its rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Listener {
    /// Full ARN.
    pub arn: String,
    /// TCP port.
    pub port: i32,
    /// `HTTP` or `HTTPS`.
    pub protocol: Protocol,
    /// Its actions in words: `redirect HTTPS:443 HTTP_301`, `forward name`, ...
    pub default_action: String,
    /// The same: what happens to a request that no rule names.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Certificate ARNs (HTTPS).
    pub certificates: Vec<String>,
    /// Security policy (HTTPS).
    pub ssl_policy: Option<String>,
    /// Rules by priority, the default rule last.
    pub rules: Vec<Rule>,
}

/// One target group's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Full ARN.
    pub arn: String,
    pub name: String,
    pub port: i32,
    /// `ip`, `instance`, ...
    pub target_type: String,
    /// Health check path.
    pub health_path: String,
    /// Seconds between checks.
    pub health_interval: i32,
    /// Seconds until a check counts as failed.
    pub health_timeout: i32,
    /// Checks to become healthy.
    pub healthy_threshold: i32,
    /// Checks to become unhealthy.
    pub unhealthy_threshold: i32,
    /// HTTP codes that count as success.
    pub matcher: String,
    /// Seconds that a target drains.
    pub deregistration_delay: Option<i32>,
    /// ARNs of the load balancers that forward to it; `None` = not known.
    #[serde(default)]
    pub balancers: Option<Vec<String>>,
}

impl TargetGroup {
    /// The `targetgroup/name/id` form that CloudWatch uses as dimension.
    pub fn dimension(&self) -> Option<&str> {
        self.arn.rsplit_once(':').map(|(_, d)| d)
    }
}

/// elbv2:DescribeListeners, DescribeRules, DescribeTargetGroups, DescribeTargetGroupAttributes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Routing {
    /// By port.
    pub listeners: Vec<Listener>,
    /// By name.
    pub target_groups: Vec<TargetGroup>,
}

impl Section for Routing {
    const KEY: SectionKey = SectionKey("routing");
    const TITLE: &'static str = "listeners and rules";
    const OF: Option<System> = Some(System::Balancer);
}

impl Routing {
    /// The requests that a target group takes: `shop.example.com /api/*, / 10 %`, where `/` stands for the default rule; empty for none.
    pub(crate) fn paths_to(&self, target_group: &str) -> String {
        let mut paths = Vec::new();
        for rule in self.listeners.iter().flat_map(|l| &l.rules) {
            let Some(share) = rule.share(target_group).filter(|s| *s > 0.0) else { continue };
            let words = rule.conditions_in_words();
            let words = if words.is_empty() { "/".to_owned() } else { words };
            paths.push(if share < 1.0 { format!("{words} {}", rule::percent(share)) } else { words });
        }
        paths.dedup();
        paths.join(", ")
    }

    /// Whether a rule was read; the listeners of a network load balancer are named in the place of rules.
    pub(crate) fn knows(&self, rule: &str) -> bool {
        self.listeners.iter().any(|l| l.arn == rule || l.rules.iter().any(|r| r.arn == rule))
    }

    /// Whether these are the listeners of that load balancer, and their rules were read.
    pub(crate) fn is_of(&self, balancer: &str) -> bool {
        let path = Balancer::dimension_of(balancer).map(|path| format!(":listener/{path}/"));
        let own = |l: &Listener| path.as_ref().is_some_and(|path| l.arn.contains(path.as_str()));
        !self.listeners.is_empty() && self.listeners.iter().all(|l| own(l) && !(l.rules.is_empty() && l.actions.is_empty()))
    }

    /// Whether a rule that names this target group forwards to another one.
    pub(crate) fn is_beside_another(&self, target_group: &str) -> bool {
        let rules = self.listeners.iter().flat_map(|l| l.rules.iter().map(|r| &r.actions).chain([&l.actions]));
        let named = rules.flatten().map(|a| &a.forward).filter(|f| f.iter().any(|w| w.target_group == target_group));
        named.flatten().any(|w| w.target_group != target_group && w.weight > 0)
    }

    /// The largest share of a rule's requests that a target group takes, 0 to 1; `None` where no rule beside those names it.
    pub(crate) fn share(&self, target_group: &str, beside: &[&str]) -> Option<f64> {
        let of = |l: &Listener| {
            let rules = l.rules.iter().filter(|r| !beside.contains(&r.arn.as_str())).filter_map(|r| r.share(target_group));
            let own = (l.rules.is_empty() && !beside.contains(&l.arn.as_str())).then(|| rule::share(&l.actions, target_group)).flatten();
            rules.chain(own).reduce(f64::max)
        };
        self.listeners.iter().filter_map(of).reduce(f64::max)
    }
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// IP address (or instance id).
    pub id: String,
    pub port: i32,
    /// Zone name; empty if AWS does not say.
    pub zone: String,
    /// `initial`, `healthy`, `unhealthy`, `draining`, ...
    pub state: TargetState,
    /// `Target.Timeout`, ...
    pub reason: Option<String>,
    /// AWS's sentence for the reason.
    pub description: Option<String>,
}

/// elbv2:DescribeTargetHealth of every target group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Targets {
    /// By target group ARN.
    pub groups: BTreeMap<String, Vec<Target>>,
}

impl Section for Targets {
    const KEY: SectionKey = SectionKey("targets");
    const TITLE: &'static str = "target health";
    const OF: Option<System> = Some(System::Balancer);
}

impl Targets {
    /// (healthy, registered and not draining) of one group.
    pub fn healthy(&self, target_group: &str) -> Option<(usize, usize)> {
        let targets = self.groups.get(target_group)?;
        let healthy = targets.iter().filter(|t| t.state == TargetState::Healthy).count();
        let total = targets.iter().filter(|t| !t.state.is_draining()).count();
        Some((healthy, total))
    }
}
