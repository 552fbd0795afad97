//! Route 53 physics: what the checkers of the health check see, what a name resolves to, and the drift of an alias.
//! What they see follows from the load balancer and its targets.

use super::super::World;
use super::super::names::{Az, Ms, SEC};
use super::super::state::{AliasTarget, Answer, TargetReason, TargetState};
use super::{CLOUDFRONT_ZONE, SUCCESS};

/// Until when DNS still names the load balancer's node in a zone that went down.
const NODE_LINGERS: Ms = 90 * SEC;
/// Public addresses of the load balancer's nodes, one per zone.
const NODES: [&str; 3] = ["203.0.113.201", "203.0.113.202", "203.0.113.203"];
const EDGE_NODES: [&str; 4] = ["198.51.100.14", "198.51.100.59", "198.51.100.87", "198.51.100.120"];
const TIMEOUT: &str = "Failure: The health checker could not establish a connection within the timeout limit.";

impl World {
    /// Lets every checker look whose turn it is.
    pub(super) fn step_checkers(&mut self) {
        let now = self.now;
        for index in 0..self.dns.check.checkers.len() {
            if self.dns.check.checkers.get(index).is_none_or(|checker| checker.next_at > now) {
                continue;
            }
            let failure = self.probe();
            let (every, threshold) = (Ms::from(self.dns.check.interval) * SEC, self.dns.check.threshold);
            let Some(checker) = self.dns.check.checkers.get_mut(index) else { continue };
            checker.next_at = now + every;
            checker.checked_at = now;
            let ok = failure.is_none();
            checker.status = failure.unwrap_or_else(|| SUCCESS.to_owned());
            checker.against = if ok == checker.healthy { 0 } else { checker.against + 1 };
            if checker.against >= threshold {
                checker.healthy = ok;
                checker.against = 0;
            }
        }
    }

    /// One request for the health path from outside: why it failed.
    fn probe(&mut self) -> Option<String> {
        // Drawn whatever happens, so that a failure does not shift later draws.
        let (node, target) = (self.rng.edge.below(3), self.rng.edge.unit());
        let dead_node = self.zone_fault().is_some_and(|(az, since)| az.index() == node && self.now - since < NODE_LINGERS);
        if !self.reach.front || dead_node {
            return Some(TIMEOUT.to_owned());
        }
        let targets = self.alb.target_groups.first().map(|group| group.targets.as_slice()).unwrap_or_default();
        let healthy: Vec<_> = targets.iter().filter(|t| t.state == TargetState::Healthy).collect();
        // Without a healthy target the load balancer tries all of them.
        let open: Vec<_> = if healthy.is_empty() { targets.iter().filter(|t| t.state != TargetState::Draining).collect() } else { healthy };
        let chosen = open.get((target * open.len() as f64) as usize);
        let Some(chosen) = chosen else { return Some("Failure: HTTP Status Code 503, Service Unavailable".to_owned()) };
        if !self.reach.targets[0] || self.zone_down(chosen.az.index()) {
            return Some("Failure: HTTP Status Code 504, Gateway Timeout".to_owned());
        }
        let up =
            self.ecs.tasks.get(&chosen.task_id).is_some_and(|t| t.started_at.is_some() && !t.is_starting() && t.boot_until <= self.now);
        match chosen.reason {
            _ if !up => Some("Failure: HTTP Status Code 502, Bad Gateway".to_owned()),
            Some(TargetReason::ResponseCodeMismatch(code)) => Some(format!("Failure: HTTP Status Code {code}")),
            _ if !self.database_answers() => Some("Failure: HTTP Status Code 500, Internal Server Error".to_owned()),
            _ => None,
        }
    }

    /// Percent of the checkers that call the site healthy.
    pub(in super::super) fn healthy_checkers(&self) -> f64 {
        let checkers = &self.dns.check.checkers;
        let healthy = checkers.iter().filter(|checker| checker.healthy).count();
        healthy as f64 / checkers.len().max(1) as f64 * 100.0
    }

    /// What Route 53 answers to a query: the response code and the data.
    pub fn resolve(&self, name: &str, kind: &str) -> (&'static str, Vec<String>) {
        let name = format!("{}.", name.trim_end_matches('.').to_ascii_lowercase());
        match self.dns.record(&name, kind).map(|record| &record.answer) {
            Some(Answer::Values(_, values)) => ("NOERROR", values.clone()),
            Some(Answer::Alias(alias)) => ("NOERROR", self.resolve_alias(alias, kind)),
            None if self.dns.records.iter().any(|record| record.name == name) => ("NOERROR", Vec::new()),
            None => ("NXDOMAIN", Vec::new()),
        }
    }

    fn resolve_alias(&self, alias: &AliasTarget, kind: &str) -> Vec<String> {
        let written = |address: &str| if kind == "AAAA" { format!("::ffff:{address}") } else { address.to_owned() };
        if alias.zone == CLOUDFRONT_ZONE {
            return EDGE_NODES.iter().map(|address| written(address)).collect();
        }
        let gone = |az: &Az| self.zone_fault().is_some_and(|(lost, since)| lost == *az && self.now - since >= NODE_LINGERS);
        let ours = alias.zone == self.alb.hosted_zone_id && alias.dns_name.contains(&self.alb.dns_name);
        let nodes = Az::ALL.iter().filter(|az| ours && !gone(az)).filter_map(|az| NODES.get(az.index()));
        nodes.map(|address| written(address)).collect()
    }

    /// Drift: leads an alias record elsewhere, or away (`None` deletes the record).
    pub fn change_alias(&mut self, name: &str, target: Option<AliasTarget>) {
        match target {
            None => self.dns.records.retain(|record| record.name != name || !matches!(record.answer, Answer::Alias(_))),
            Some(target) => {
                for record in self.dns.records.iter_mut().filter(|record| record.name == name) {
                    if let Answer::Alias(alias) = &mut record.answer {
                        alias.clone_from(&target);
                    }
                }
            }
        }
        self.network.changed = true;
    }
}
