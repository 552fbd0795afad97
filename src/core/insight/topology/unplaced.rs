//! Targets of which nobody says in which zone they are: instances, functions, addresses outside the VPC. AWS names the zone of a target only
//! sometimes, and a task tells its own. Whether that is wrong is not decided here. Called by the zones pane.

use crate::model::balancer::{Routing, Target, TargetState, Targets};
use crate::model::service::{Service, Tasks};
use crate::model::store::Store;

/// What a target in every zone at once has in the place of a zone.
const ALL: &str = "all";

/// The zone that AWS names for a target, if it is one.
pub(crate) fn named_zone(target: &Target) -> Option<&str> {
    Some(target.zone.as_str()).filter(|zone| !zone.is_empty() && *zone != ALL)
}

/// (healthy, all) of the targets that serve a service and have no zone that is known; those that leave do not count.
pub(crate) fn unplaced(store: &Store, service: &Service) -> (usize, usize) {
    let Some(targets) = store.get::<Targets>() else { return (0, 0) };
    let tasks = store.get::<Tasks>().map_or(&[][..], |t| t.tasks.as_slice());
    let told = |target: &Target| tasks.iter().any(|t| t.ip.as_deref() == Some(&target.id) && !t.zone.is_empty());
    let groups = service.serving(store.get::<Routing>()).unwrap_or_default();
    let all = groups.into_iter().filter_map(|arn| targets.groups.get(arn)).flatten().filter(|t| !t.state.is_draining());
    let lost = all.filter(|t| named_zone(t).is_none() && !told(t));
    lost.fold((0, 0), |(healthy, all), t| (healthy + usize::from(t.state == TargetState::Healthy), all + 1))
}
