//! The pane of the load balancer: its row, and the rows of its lists.

use crate::model::balancer::{Balancer, Listener, Routing, Rule, Target, TargetGroup, TargetState, Targets};
use crate::model::resource::{Kind, Resource};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::Session;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Balancer,
    place: None,
    needs: &[],
    panels: &[
        list("Targets", |s, q| {
            named(targets(s.store_of(PaneId::Balancer, q.subject), q.list), |(g, t)| format!("{} {}:{}", g.name, t.id, t.port))
        })
        .is(target)
        .columns(TARGETS),
        list("Listeners and rules", |s, q| {
            named(rules(s.store_of(PaneId::Balancer, q.subject), q.list), |(l, r)| {
                format!("{} {}", l.arn, r.map_or("default", |r| r.priority.as_str()))
            })
        })
        .is(rule)
        .columns(RULES),
        list("Target groups", |s, q| borrowed(target_groups(s.store_of(PaneId::Balancer, q.subject), q.list), |g| &g.arn))
            .is(group)
            .columns(GROUPS),
    ],
};

pub(crate) const TARGETS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("target group", 16, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("zone", 4, 0).by(SortKey::Text),
    Column::left("target", 21, 0).by(SortKey::Text),
    Column::left("state", 10, 0).by(SortKey::State),
    Column::left("reason", 31, 1).by(SortKey::Text),
    Column::of("", 16, 2, Fill::Left, 2),
];

pub(crate) const RULES: &[Column] = &[
    Column::left("listener", 10, 0).by(SortKey::Text),
    Column::right("rule", 7, 1).by(SortKey::Number),
    Column::of("host, path, …", 10, 1, Fill::Left, 0).by(SortKey::Text),
    Column::of("action", 20, 2, Fill::Left, 0).by(SortKey::Text),
];

pub(crate) const GROUPS: &[Column] = &[
    Column::of("target group", 12, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("targets", 9, 0).by(SortKey::Text),
    Column::right("healthy", 7, 0).by(SortKey::Number),
    Column::of("check", 14, 2, Fill::Left, 0).by(SortKey::Text),
    Column::right("every", 5, 1).by(SortKey::Number),
    Column::right("limit", 5, 2).by(SortKey::Number),
    Column::left("up, down", 8, 1),
    Column::left("codes", 8, 2).by(SortKey::Text),
    Column::right("drain", 5, 1).by(SortKey::Number),
];

fn target(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = targets(session.store_of(PaneId::Balancer, query.subject), query.list);
    let (group, target) = all.get(index)?;
    let found = Resource::new(Kind::Target { group: group.arn.clone() }, &target.id);
    // Of a load balancer or a function that is a target, the id is its ARN.
    Some(if target.id.starts_with("arn:") { found.told(&target.id) } else { found })
}

/// Rules have no name but their ARN; what answers without any is the listener.
fn rule(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let store = session.store_of(PaneId::Balancer, query.subject);
    let all = rules(store, query.list);
    let (listener, rule) = all.get(index)?;
    let arn = rule.map(|r| r.arn.as_str()).filter(|arn| !arn.is_empty()).unwrap_or(&listener.arn);
    let balancer = store.get::<Balancer>().map(|b| b.arn.clone()).unwrap_or_default();
    Some(Resource::by_arn(Kind::Rule { balancer }, arn))
}

fn group(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = target_groups(session.store_of(PaneId::Balancer, query.subject), query.list);
    all.get(index).map(|g| Resource::new(Kind::TargetGroup, &g.name).told(&g.arn))
}

/// Every target with its group, by group, zone and address.
pub(crate) fn targets<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a TargetGroup, &'a Target)> {
    let (Some(routing), Some(targets)) = (store.get::<Routing>(), store.get::<Targets>()) else { return Vec::new() };
    let mut rows: Vec<(&TargetGroup, &Target)> = routing
        .target_groups
        .iter()
        .flat_map(|g| targets.groups.get(&g.arn).into_iter().flatten().map(move |t| (g, t)))
        .filter(|(g, t)| list.filter.matches_fields(&[&g.name, &t.id, &t.zone, t.state.as_str(), t.reason.as_deref().unwrap_or("")]))
        .collect();
    rows.sort_by(|a, b| (&a.0.name, &a.1.zone, &a.1.id).cmp(&(&b.0.name, &b.1.zone, &b.1.id)));
    list.sorted(rows, TARGETS, |(group, target), column| match column {
        "target group" => Value::text(&group.name),
        "zone" => Value::text(&target.zone),
        "target" => Value::text(format!("{}:{}", target.id, target.port)),
        "state" => Value::State(badness(&target.state)),
        "reason" => Value::text(target.reason.as_deref().unwrap_or_default()),
        _ => Value::Unknown,
    })
}

/// How bad the state of a target is, for sorting.
pub(super) fn badness(state: &TargetState) -> u8 {
    match state {
        TargetState::Healthy => 0,
        TargetState::Unused => 1,
        TargetState::Initial | TargetState::Draining => 2,
        TargetState::Unhealthy | TargetState::UnhealthyDraining => 4,
        _ => 3,
    }
}

/// Every target group with its settings.
pub(crate) fn target_groups<'a>(store: &'a Store, list: &ListState) -> Vec<&'a TargetGroup> {
    let groups = store.get::<Routing>().map(|r| r.target_groups.as_slice()).unwrap_or_default();
    let rows = groups.iter().filter(|g| list.filter.matches_fields(&[&g.name, &g.health_path])).collect();
    list.sorted(rows, GROUPS, |group, column| match column {
        "target group" => Value::text(&group.name),
        "targets" => Value::text(format!("{}:{}", group.target_type, group.port)),
        "healthy" => store.get::<Targets>().and_then(|t| t.healthy(&group.arn)).map_or(Value::Unknown, |(n, _)| Value::count(n)),
        "check" => Value::text(&group.health_path),
        "every" => Value::number(group.health_interval),
        "limit" => Value::number(group.health_timeout),
        "codes" => Value::text(&group.matcher),
        "drain" => Value::maybe(group.deregistration_delay),
        _ => Value::Unknown,
    })
}

/// Every rule with its listener, in order of evaluation.
pub(crate) fn rules<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a Listener, Option<&'a Rule>)> {
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
        list.filter.matches_fields(&[l.protocol.as_str(), &conditions, &action])
    });
    list.sorted(rows, RULES, |(listener, rule), column| match column {
        "listener" => Value::text(format!("{}:{}", listener.protocol, listener.port)),
        // The default rule is the last that is tried.
        "rule" => Value::number(rule.and_then(|r| r.priority.parse::<f64>().ok()).unwrap_or(f64::MAX)),
        "host, path, …" => Value::text(rule_words(listener, *rule).0),
        "action" => Value::text(rule_words(listener, *rule).1),
        _ => Value::Unknown,
    })
}

/// What a request must be, and what is done with it: of a rule, or of the listener itself.
pub(crate) fn rule_words(listener: &Listener, rule: Option<&Rule>) -> (String, String) {
    let conditions = rule.map(Rule::conditions_in_words).filter(|c| !c.is_empty());
    let action = rule.map(Rule::actions_in_words).filter(|a| !a.is_empty());
    (conditions.unwrap_or_else(|| "everything else".to_owned()), action.unwrap_or_else(|| listener.default_action.clone()))
}
