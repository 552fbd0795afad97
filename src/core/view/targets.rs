//! Targets of a group counted as the health rules count them: what is only starting or draining is no failure.

use std::collections::BTreeMap;

use super::View;
use super::figures::zone;
use super::widget::Phrase;
use crate::model::balancer::{Routing, Target, TargetState, Targets};
use crate::model::service::{Service, Services};
use crate::theme::Role;

/// The targets of one group, or of all groups of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    healthy: usize,
    /// Failing its checks, also while draining.
    bad: usize,
    initial: usize,
    draining: usize,
    /// How many there should be, where a service says so.
    wanted: Option<usize>,
}

impl Tally {
    fn count<'t>(targets: impl IntoIterator<Item = &'t Target>, wanted: Option<usize>) -> Self {
        let mut tally = Self { wanted, ..Self::default() };
        for target in targets {
            match &target.state {
                TargetState::Healthy => tally.healthy += 1,
                TargetState::Initial => tally.initial += 1,
                TargetState::Draining => tally.draining += 1,
                state if state.is_unhealthy() => tally.bad += 1,
                _ => {}
            }
        }
        tally
    }

    fn add(self, other: Self) -> Self {
        Self {
            healthy: self.healthy + other.healthy,
            bad: self.bad + other.bad,
            initial: self.initial + other.initial,
            draining: self.draining + other.draining,
            wanted: self.wanted.zip(other.wanted).map(|(a, b)| a + b),
        }
    }

    /// What the healthy ones are counted against: what is wanted, or what is there when that is more.
    fn total(self) -> usize {
        let there = self.healthy + self.bad;
        self.wanted.map_or(there + self.initial, |w| w.max(there))
    }

    fn role(self) -> Role {
        let wanted = self.wanted.unwrap_or(0);
        match self.healthy {
            0 if self.wanted != Some(0) => Role::Crit,
            _ if self.bad > 0 => Role::Warn,
            n if n + self.initial < wanted => Role::Warn,
            n if n < wanted => Role::Info,
            _ => Role::Text,
        }
    }

    /// `2/2`, loud only when targets fail or are missing.
    pub(crate) fn share(self) -> Phrase<'static> {
        Phrase::of(format!("{}/{}", self.healthy, self.total()), self.role())
    }

    /// `2 of 2 healthy`, or `2 of 2 +1 initial`.
    pub(crate) fn sentence(self) -> Phrase<'static> {
        let extra = self.extra();
        let rest = if extra.is_empty() { Phrase::of("healthy", self.role()) } else { extra };
        Phrase::of(format!("{} of {} ", self.healthy, self.total()), self.role()).then(rest)
    }

    /// `+1 initial +1 draining`, or nothing.
    pub(crate) fn extra(self) -> Phrase<'static> {
        let words = [(self.initial, "initial"), (self.draining, "draining")];
        let words: Vec<String> = words.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("+{n} {word}")).collect();
        if words.is_empty() { Phrase::new() } else { Phrase::of(words.join(" "), Role::Muted) }
    }
}

impl<'a> View<'a> {
    /// The service that registers its tasks in a group.
    pub(crate) fn owner(&self, arn: &str) -> Option<&'a Service> {
        let services = self.store.get::<Services>()?;
        services.services.iter().find(|s| s.groups().contains(&arn))
    }

    /// The targets of one group; `None` before its health was answered.
    pub(crate) fn targets_of(&self, arn: &str) -> Option<Tally> {
        let targets = self.store.get::<Targets>()?.groups.get(arn)?;
        // Of a group that takes no requests nothing is wanted.
        let wanted = |s: &Service| if s.duty(arn, self.store.get::<Routing>()).is_idle() { 0 } else { wanted(s) };
        Some(Tally::count(targets, self.owner(arn).map(wanted)))
    }

    /// Healthy of judged targets by zone: `a 1/1  b 0/1`.
    pub(crate) fn targets_by_zone(&self, arn: &str) -> Phrase<'a> {
        let Some(targets) = self.store.get::<Targets>().and_then(|t| t.groups.get(arn)) else { return Phrase::new() };
        let mut zones: BTreeMap<&str, Tally> = BTreeMap::new();
        for target in targets.iter().filter(|t| !t.zone.is_empty()) {
            let entry = zones.entry(zone(&target.zone)).or_default();
            *entry = entry.add(Tally::count([target], None));
        }
        let mut line = Phrase::new();
        for (zone, tally) in zones.into_iter().filter(|(_, t)| t.healthy + t.bad > 0) {
            let role = if tally.bad > 0 { Role::Warn } else { Role::Text };
            line = line.and(zone, Role::Muted).and(format!(" {}/{}  ", tally.healthy, tally.healthy + tally.bad), role);
        }
        line
    }

    /// The targets of a service over all groups that take its requests; `None` behind no balancer, or where the rules do not say which.
    pub(crate) fn targets_of_service(&self, service: &Service) -> Option<Tally> {
        let targets = self.store.get::<Targets>()?;
        let known = service.serving(self.store.get::<Routing>())?.into_iter().filter_map(|g| targets.groups.get(g));
        known.map(|t| Tally::count(t, Some(wanted(service)))).reduce(Tally::add)
    }
}

fn wanted(service: &Service) -> usize {
    usize::try_from(service.desired).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(states: &[&str], wanted: Option<usize>) -> Tally {
        let targets: Vec<Target> = states.iter().map(|s| Target { state: TargetState::from(*s), ..Target::default() }).collect();
        Tally::count(&targets, wanted)
    }

    #[test]
    fn only_failing_or_missing_targets_are_loud() {
        for (states, wanted, text, role) in [
            (&["healthy", "healthy"][..], Some(2), "2/2", Role::Text),
            (&["healthy", "healthy", "initial"], Some(2), "2/2 +1 initial", Role::Text),
            (&["healthy", "healthy", "draining", "initial"], Some(2), "2/2 +1 initial +1 draining", Role::Text),
            (&["healthy", "initial"], Some(2), "1/2 +1 initial", Role::Info),
            (&["healthy"], Some(2), "1/2", Role::Warn),
            (&["healthy", "healthy", "unhealthy"], Some(2), "2/3", Role::Warn),
            (&["healthy", "healthy", "unhealthy.draining"], Some(2), "2/3", Role::Warn),
            (&["healthy", "healthy", "healthy"], Some(2), "3/3", Role::Text),
            (&["initial", "unhealthy"], Some(2), "0/2 +1 initial", Role::Crit),
            (&[], Some(0), "0/0", Role::Text),
            (&["healthy", "initial"], None, "1/2 +1 initial", Role::Text),
        ] {
            let tally = tally(states, wanted);
            let said: Vec<String> = [tally.share(), tally.extra()].iter().flat_map(|p| &p.runs).map(|(t, _)| t.to_string()).collect();
            assert_eq!((said.join(" ").as_str(), tally.role()), (text, role), "{states:?}");
        }
    }
}
