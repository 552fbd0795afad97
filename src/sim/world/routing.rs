//! Where the balancer's rules send requests, what the services answer to a health check, and changing both.
//! Not the requests (see `load`) nor the checking (see `alb`). Called by the ELBv2 handler.

use super::World;
use super::names::CONTROL;
use super::ops::WorldError;
use super::state::{Listener, ListenerRule, RuleAction, TargetGroup};

type Done<T> = Result<T, WorldError>;

/// What the users ask for: pages of the API, pages of the portal.
const PAGES: [&[&str]; 2] = [
    &["/api/policies/", "/api/documents/", "/api/documents/48213/", "/api/chat/completions/", "/api/assessments/", "/api/users/me/"],
    &["/", "/dashboard", "/documents", "/policies", "/reports/monthly", "/login"],
];

/// Whether `path` is one that `pattern` names; `*` stands for any text, `?` for any character.
fn matches(pattern: &str, path: &str) -> bool {
    let Some(head) = pattern.chars().next() else { return path.is_empty() };
    let rest = pattern.strip_prefix(head).unwrap_or_default();
    match head {
        '*' => path.char_indices().map(|(at, _)| at).chain([path.len()]).any(|at| path.get(at..).is_some_and(|tail| matches(rest, tail))),
        '?' => path.chars().next().and_then(|c| path.strip_prefix(c)).is_some_and(|tail| matches(rest, tail)),
        head => path.strip_prefix(head).is_some_and(|tail| matches(rest, tail)),
    }
}

/// The code with which a service answers to a health check at `path`. Django knows its own paths and adds a missing slash
/// by a redirect; `ready` is whether what its own check asks for is there.
pub(super) fn health_code(service: &str, path: &str, ready: bool) -> u16 {
    let path = path.split('?').next().unwrap_or(path);
    if service == CONTROL {
        return match path {
            "/api/health/" if !ready => 500,
            "/api/health/" => 200,
            "/api/health" => 301,
            path if path.starts_with("/api/") => 401,
            _ => 404,
        };
    }
    match path {
        "/health" | "/login" => 200,
        "/" => 307,
        path if PAGES[1].contains(&path) => 307,
        _ => 404,
    }
}

/// Whether a matcher (`200`, `200,302`, `200-399`) accepts a code.
pub(super) fn accepts(matcher: &str, code: u16) -> bool {
    matcher.split(',').any(|part| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<u16>().ok();
        number(low).zip(number(high)).is_some_and(|(low, high)| (low..=high).contains(&code))
    })
}

/// What ModifyTargetGroup may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModifyTargetGroup {
    /// `HealthCheckPath`.
    pub health_path: Option<String>,
    /// `HealthCheckIntervalSeconds`.
    pub interval_seconds: Option<u32>,
    /// `HealthCheckTimeoutSeconds`.
    pub timeout_seconds: Option<u32>,
    /// `HealthyThresholdCount`.
    pub healthy_threshold: Option<u32>,
    /// `UnhealthyThresholdCount`.
    pub unhealthy_threshold: Option<u32>,
    /// `Matcher.HttpCode`.
    pub matcher: Option<String>,
}

impl World {
    /// The shares of the target groups that a request for `path` is forwarded to over HTTPS; none when the balancer answers by itself.
    fn route(&self, path: &str) -> Vec<(usize, f64)> {
        let Some(listener) = self.alb.listeners.iter().find(|listener| listener.protocol == "HTTPS") else { return Vec::new() };
        let mut rules: Vec<&ListenerRule> = listener.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority.unwrap_or(u32::MAX));
        // The users ask for none of the hosts that rules name.
        let fits = |rule: &ListenerRule| rule.hosts.is_empty() && rule.path_patterns.iter().any(|pattern| matches(pattern, path));
        let Some(rule) = rules.iter().find(|rule| rule.priority.is_none() || fits(rule)) else { return Vec::new() };
        let place = |arn: &str| self.alb.target_groups.iter().position(|group| group.arn == arn);
        rule.action.shares().into_iter().filter_map(|(arn, share)| Some((place(arn)?, share))).collect()
    }

    /// Finds out anew where requests end up.
    pub(super) fn reroute(&mut self) {
        for (class, pages) in PAGES.into_iter().enumerate() {
            let mut shares = [0.0; 2];
            for (group, part) in pages.iter().flat_map(|page| self.route(page)) {
                if let Some(share) = shares.get_mut(group) {
                    *share += part / pages.len() as f64;
                }
            }
            self.alb.routes[class] = shares;
        }
    }

    fn check_action(&self, action: &RuleAction) -> Done<()> {
        let known = |arn: &str| self.alb.target_groups.iter().any(|group| group.arn == arn);
        if action.shares().iter().all(|(arn, _)| known(arn)) {
            return Ok(());
        }
        Err(WorldError::new("TargetGroupNotFound", "One or more target groups not found"))
    }

    /// `elbv2:ModifyTargetGroup`. The next health check is made the new way.
    pub fn modify_target_group(&mut self, arn: &str, wanted: ModifyTargetGroup) -> Done<&TargetGroup> {
        let missing = || WorldError::new("TargetGroupNotFound", "One or more target groups not found");
        let group = self.alb.target_groups.iter_mut().find(|group| group.arn == arn).ok_or_else(missing)?;
        let interval = wanted.interval_seconds.unwrap_or(group.interval_seconds);
        let timeout = wanted.timeout_seconds.unwrap_or(group.timeout_seconds);
        if timeout >= interval {
            let message = format!("Health check timeout '{timeout}' must be smaller than the interval '{interval}'");
            return Err(WorldError::new("ValidationError", message));
        }
        (group.interval_seconds, group.timeout_seconds) = (interval, timeout);
        group.healthy_threshold = wanted.healthy_threshold.unwrap_or(group.healthy_threshold);
        group.unhealthy_threshold = wanted.unhealthy_threshold.unwrap_or(group.unhealthy_threshold);
        if let Some(path) = wanted.health_path {
            group.health_path = path;
        }
        if let Some(matcher) = wanted.matcher {
            group.matcher = matcher;
        }
        Ok(group)
    }

    /// `elbv2:ModifyListener`: its default action, its certificate, its security policy.
    pub fn modify_listener(
        &mut self,
        arn: &str,
        action: Option<RuleAction>,
        certificate: Option<String>,
        policy: Option<String>,
    ) -> Done<&Listener> {
        if let Some(action) = &action {
            self.check_action(action)?;
        }
        let missing = || WorldError::new("ListenerNotFound", "One or more listeners not found");
        let index = self.alb.listeners.iter().position(|listener| listener.arn == arn).ok_or_else(missing)?;
        let listener = self.alb.listeners.get_mut(index).ok_or_else(missing)?;
        if listener.protocol != "HTTPS" && (certificate.is_some() || policy.is_some()) {
            let message = "A certificate or security policy cannot be specified for HTTP listeners";
            return Err(WorldError::new("ValidationError", message));
        }
        listener.certificate_arn = certificate.or_else(|| listener.certificate_arn.take());
        listener.ssl_policy = policy.or_else(|| listener.ssl_policy.take());
        if let Some(action) = action {
            listener.default_action = action.clone();
            for rule in listener.rules.iter_mut().filter(|rule| rule.priority.is_none()) {
                rule.action = action.clone();
            }
        }
        self.reroute();
        self.alb.listeners.get(index).ok_or_else(missing)
    }

    /// `elbv2:ModifyRule`: host names, path patterns and action of a rule that is not a listener's default.
    pub fn modify_rule(&mut self, arn: &str, patterns: Option<Vec<String>>, action: Option<RuleAction>) -> Done<ListenerRule> {
        if let Some(action) = &action {
            self.check_action(action)?;
        }
        let mut rules = self.alb.listeners.iter_mut().flat_map(|listener| &mut listener.rules);
        let rule = rules.find(|rule| rule.arn == arn).ok_or_else(|| WorldError::new("RuleNotFound", "One or more rules not found"))?;
        if rule.priority.is_none() {
            return Err(WorldError::new("OperationNotPermitted", format!("Default rule '{arn}' cannot be modified")));
        }
        rule.path_patterns = patterns.unwrap_or_else(|| std::mem::take(&mut rule.path_patterns));
        if let Some(action) = action {
            rule.action = action;
        }
        let changed = rule.clone();
        self.reroute();
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_matchers_mean_what_the_balancer_says() {
        for (pattern, path, expected) in [
            ("/api/*", "/api/policies/", true),
            ("/api/*", "/api", false),
            ("/*", "/", true),
            ("/", "/dashboard", false),
            ("/v?/x", "/v2/x", true),
            ("*/me/", "/api/users/me/", true),
            ("", "/", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
        for (matcher, code, expected) in
            [("200", 200, true), ("200-399", 301, true), ("200,404", 404, true), ("200", 404, false), ("x", 200, false)]
        {
            assert_eq!(accepts(matcher, code), expected, "{matcher} {code}");
        }
    }
}
