//! Which target groups a service may be reached by, and which of them take requests now: blue and green change places, so that the weights
//! of the rules say it, and never a name. Whether their targets are healthy is not its business. Called by rules, panes and actions.

use crate::model::balancer::{Routing, Rule};

use super::Service;

/// What a target group does for its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Takes requests.
    Serves,
    /// Named by a rule, with weight 0.
    NoWeight,
    /// Named by no rule.
    NoRule,
    /// Of a task set that is not the one in service.
    NotPrimary,
    /// The rules that would tell were not read.
    Unread,
}

impl Duty {
    /// Takes no requests, for certain.
    pub fn is_idle(self) -> bool {
        self.idle_words().is_some()
    }

    /// Why it takes none, in words; nothing for one that does, or may.
    pub fn idle_words(self) -> Option<&'static str> {
        match self {
            Self::NoWeight => Some("idle, weight 0"),
            Self::NoRule => Some("no rule leads here"),
            Self::NotPrimary => Some("idle, not the primary task set"),
            Self::Serves | Self::Unread => None,
        }
    }
}

impl Service {
    /// Every target group that it may be reached by, once each: those that it registers in, their other halves, those of its task sets.
    pub fn groups(&self) -> Vec<&str> {
        let alternates = self.registrations.iter().filter_map(|r| r.alternate.as_ref());
        let sets = self.task_sets.iter().flat_map(|s| &s.target_groups);
        let mut all: Vec<&str> = Vec::new();
        for arn in self.target_groups.iter().chain(alternates).chain(sets) {
            if !all.contains(&arn.as_str()) {
                all.push(arn);
            }
        }
        all
    }

    /// Two groups take turns: only the rules say which one it is now.
    pub fn takes_turns(&self) -> bool {
        self.registrations.iter().any(|r| r.alternate.is_some())
    }

    /// What a target group does for it by the rules; `None` = these could not be read.
    pub fn duty(&self, target_group: &str, routing: Option<&Routing>) -> Duty {
        if self.is_of_a_set_in_waiting(target_group, routing) {
            return Duty::NotPrimary;
        }
        let unread = if self.takes_turns() { Duty::Unread } else { Duty::Serves };
        let Some(routing) = routing else { return unread };
        let own = self.registrations.iter().filter(|r| r.target_group == target_group || r.alternate.as_deref() == Some(target_group));
        let production: Vec<&str> = own.filter_map(|r| r.production_rule.as_deref()).collect();
        if production.iter().any(|rule| !routing.knows(rule)) {
            return Duty::Unread;
        }
        let tests: Vec<&str> = self.registrations.iter().filter_map(|r| r.test_rule.as_deref()).collect();
        match routing.share(target_group, &tests) {
            Some(share) if share > 0.0 => Duty::Serves,
            Some(_) => Duty::NoWeight,
            None if !production.is_empty() => Duty::NoRule,
            None => {
                // Another load balancer may forward to it, and its rules are not read.
                let group = routing.target_groups.iter().find(|g| g.arn == target_group);
                let behind = group.and_then(|g| g.balancers.as_ref());
                let read = behind.is_some_and(|all| all.iter().all(|b| routing.is_of(b)));
                if read { Duty::NoRule } else { unread }
            }
        }
    }

    /// CodeDeploy's new task set has a listener of its own for tests: its requests are the users' only where a rule names both sets, or
    /// has left the primary one.
    fn is_of_a_set_in_waiting(&self, target_group: &str, routing: Option<&Routing>) -> bool {
        let Some(primary) = self.primary_set().filter(|s| !s.target_groups.is_empty()) else { return false };
        if primary.target_groups.iter().any(|g| g == target_group) {
            return false;
        }
        let Some(routing) = routing else { return true };
        let serves = |rule: &Rule, arn: &str| rule.share(arn).is_some_and(|s| s > 0.0);
        let of_primary = |rule: &&Rule| primary.target_groups.iter().any(|g| serves(rule, g));
        let mut rules = routing.listeners.iter().flat_map(|l| &l.rules).filter(of_primary).peekable();
        rules.peek().is_some() && !rules.any(|rule| serves(rule, target_group))
    }

    /// The groups that take its requests now; `None` where nobody can tell.
    pub fn serving(&self, routing: Option<&Routing>) -> Option<Vec<&str>> {
        let all: Vec<(&str, Duty)> = self.groups().into_iter().map(|arn| (arn, self.duty(arn, routing))).collect();
        let unread = all.iter().any(|(_, duty)| *duty == Duty::Unread);
        (!unread).then(|| all.into_iter().filter(|(_, duty)| *duty == Duty::Serves).map(|(arn, _)| arn).collect())
    }

    /// The one whose traffic is the service's: the first that takes requests, else the first that it registers in.
    pub fn first_group(&self, routing: Option<&Routing>) -> Option<&str> {
        let serving = self.serving(routing).unwrap_or_default();
        serving.first().copied().or_else(|| self.groups().first().copied())
    }
}
