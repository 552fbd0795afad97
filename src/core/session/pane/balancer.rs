//! The pane of the load balancer: its row, and the rows of its lists.

use crate::model::balancer::{Balancer, Listener, Routing, Rule, Target, TargetGroup, Targets};
use crate::model::resource::{Kind, Resource};
use crate::model::store::Store;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Balancer,
    place: None,
    needs: &[],
    panels: &[
        list("Targets", |s, q| {
            named(targets(s.store_of(PaneId::Balancer, q.subject), q.filter), |(g, t)| format!("{} {}:{}", g.name, t.id, t.port))
        })
        .is(target),
        list("Listeners and rules", |s, q| {
            named(rules(s.store_of(PaneId::Balancer, q.subject), q.filter), |(l, r)| {
                format!("{} {}", l.arn, r.map_or("default", |r| r.priority.as_str()))
            })
        })
        .is(rule),
        list("Target groups", |s, q| borrowed(target_groups(s.store_of(PaneId::Balancer, q.subject), q.filter), |g| &g.arn)).is(group),
    ],
};

fn target(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = targets(session.store_of(PaneId::Balancer, query.subject), query.filter);
    let (group, target) = all.get(index)?;
    let found = Resource::new(Kind::Target { group: group.arn.clone() }, &target.id);
    // Of a load balancer or a function that is a target, the id is its ARN.
    Some(if target.id.starts_with("arn:") { found.told(&target.id) } else { found })
}

/// Rules have no name but their ARN; what answers without any is the listener.
fn rule(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let store = session.store_of(PaneId::Balancer, query.subject);
    let all = rules(store, query.filter);
    let (listener, rule) = all.get(index)?;
    let arn = rule.map(|r| r.arn.as_str()).filter(|arn| !arn.is_empty()).unwrap_or(&listener.arn);
    let balancer = store.get::<Balancer>().map(|b| b.arn.clone()).unwrap_or_default();
    Some(Resource::by_arn(Kind::Rule { balancer }, arn))
}

fn group(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = target_groups(session.store_of(PaneId::Balancer, query.subject), query.filter);
    all.get(index).map(|g| Resource::new(Kind::TargetGroup, &g.name).told(&g.arn))
}

/// Every target with its group, by group, zone and address.
pub(crate) fn targets<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a TargetGroup, &'a Target)> {
    let (Some(routing), Some(targets)) = (store.get::<Routing>(), store.get::<Targets>()) else { return Vec::new() };
    let mut rows: Vec<(&TargetGroup, &Target)> = routing
        .target_groups
        .iter()
        .flat_map(|g| targets.groups.get(&g.arn).into_iter().flatten().map(move |t| (g, t)))
        .filter(|(g, t)| filter.matches_fields(&[&g.name, &t.id, &t.zone, t.state.as_str(), t.reason.as_deref().unwrap_or("")]))
        .collect();
    rows.sort_by(|a, b| (&a.0.name, &a.1.zone, &a.1.id).cmp(&(&b.0.name, &b.1.zone, &b.1.id)));
    rows
}

/// Every target group with its settings.
pub(crate) fn target_groups<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a TargetGroup> {
    let groups = store.get::<Routing>().map(|r| r.target_groups.as_slice()).unwrap_or_default();
    groups.iter().filter(|g| filter.matches_fields(&[&g.name, &g.health_path])).collect()
}

/// Every rule with its listener, in order of evaluation.
pub(crate) fn rules<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a Listener, Option<&'a Rule>)> {
    let listeners = store.get::<Routing>().map(|r| r.listeners.as_slice()).unwrap_or_default();
    let mut rows = Vec::new();
    for listener in listeners {
        if listener.rules.is_empty() {
            rows.push((listener, None));
        }
        rows.extend(listener.rules.iter().map(|r| (listener, Some(r))));
    }
    rows.retain(|(l, r)| {
        let (conditions, action) = rule_words(l, *r);
        filter.matches_fields(&[l.protocol.as_str(), &conditions, &action])
    });
    rows
}

/// What a request must be, and what is done with it: of a rule, or of the listener itself.
pub(crate) fn rule_words(listener: &Listener, rule: Option<&Rule>) -> (String, String) {
    let conditions = rule.map(Rule::conditions_in_words).filter(|c| !c.is_empty());
    let action = rule.map(Rule::actions_in_words).filter(|a| !a.is_empty());
    (conditions.unwrap_or_else(|| "everything else".to_owned()), action.unwrap_or_else(|| listener.default_action.clone()))
}
