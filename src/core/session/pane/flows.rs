//! The pane of the three flows of the architecture: its row, the stops of a flow in the order of its drawing, and the deliveries.

use crate::input::Jump;
use crate::insight::NodeId;
use crate::insight::panes::flows::{Delivery, Edge, Flow, Flows, Hop, Step, StepKind, StepState};
use crate::model::cdn::Cdn;
use crate::model::delivery::Builds;
use crate::model::delivery::Pipeline;
use crate::model::delivery::Repositories;
use crate::model::dns::Dns;
use crate::model::resource::Resource;
use crate::model::section::Section;
use crate::model::system::System;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, named};
use crate::session::selected;

use super::{Lead, PaneId, PaneRow, Query, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Flows,
    place: Some(Jump::Flows),
    needs: &[Dns::KEY, Cdn::KEY, Builds::KEY, Pipeline::KEY, Repositories::KEY],
    panels: &[
        opens("User request", |s, q| named(places(s, 0, &q.list.filter), |h| identity(h)), |s, q, i| place(s, 0, &q.list.filter, i))
            .is(|s, q, i| places(s, 0, &q.list.filter).get(i).and_then(|h| resource(s, h))),
        opens("Background job", |s, q| named(places(s, 1, &q.list.filter), |h| identity(h)), |s, q, i| place(s, 1, &q.list.filter, i))
            .is(|s, q, i| places(s, 1, &q.list.filter).get(i).and_then(|h| resource(s, h))),
        opens("Delivery", |s, q| borrowed(s.flows().map_or_else(Vec::new, |f| deliveries(f, &q.list.filter)), |d| &d.service), step)
            .is(|s, q, i| deliveries(s.flows()?, &q.list.filter).get(i).map(|d| selected::of_node(s, &NodeId::service(&d.service)))),
    ],
};

/// The flow of a panel; the third has deliveries instead.
pub(crate) fn flow(flows: &Flows, panel: usize) -> Option<&Flow> {
    [&flows.requests, &flows.jobs].get(panel).copied()
}

/// One place of a drawn flow, with the way that leads to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stop<'a> {
    /// The place.
    pub hop: &'a Hop,
    /// The way; the first place has none.
    pub edge: Option<&'a Edge>,
    /// For each branching above it: whether more branches follow beneath this one.
    pub rails: Vec<bool>,
    /// The only way on: it leads straight down instead of branching off.
    pub straight: bool,
    /// The last way of where it comes from.
    pub last: bool,
    /// The place is drawn with another way; this is only a way to it.
    pub again: bool,
    /// No way leads on from here.
    pub leaf: bool,
}

/// The stops of a flow as they are drawn: every place once, with the last of the ways that lead to it.
pub(crate) fn stops(flow: &Flow) -> Vec<Stop<'_>> {
    let mut all = Vec::with_capacity(flow.hops.len() + flow.edges.len());
    if let Some(hop) = flow.hops.first() {
        let leaf = !flow.edges.iter().any(|e| e.from == hop.id);
        all.push(Stop { hop, edge: None, rails: Vec::new(), straight: true, last: true, again: false, leaf });
        walk(flow, hop, &[], &mut all);
    }
    all
}

/// The way with which a place is drawn: the one from the place that is nearest to it in the order of the flow.
fn drawn_with(flow: &Flow, edge: usize) -> bool {
    let at = |id: &str| flow.hops.iter().position(|h| h.id == id);
    let Some((from, to)) = flow.edges.get(edge).and_then(|e| Some((at(&e.from)?, at(&e.to)?))) else { return false };
    let nearer = |e: &Edge| flow.hops.get(to).is_some_and(|h| h.id == e.to) && at(&e.from).is_some_and(|f| f < to && f > from);
    from < to && !flow.edges.iter().any(nearer)
}

fn walk<'a>(flow: &'a Flow, from: &'a Hop, rails: &[bool], all: &mut Vec<Stop<'a>>) {
    let ways = flow.edges.iter().enumerate().filter(|(_, e)| e.from == from.id);
    let found = |(i, e): (usize, &'a Edge)| Some((flow.hops.iter().find(|h| h.id == e.to)?, e, drawn_with(flow, i)));
    let mut ways: Vec<(&'a Hop, &'a Edge, bool)> = ways.filter_map(found).collect();
    let straight = ways.iter().filter(|w| w.2).count() == 1;
    if straight {
        // What goes straight on comes last: nothing else stands in its way.
        ways.sort_by_key(|w| w.2);
    }
    let count = ways.len();
    for (i, (hop, edge, own)) in ways.into_iter().enumerate() {
        let (on, last) = (own && straight, i + 1 == count);
        let mut below = rails.to_vec();
        if !on {
            below.push(!last);
        }
        let leaf = !own || !flow.edges.iter().any(|e| e.from == hop.id);
        all.push(Stop { hop, edge: Some(edge), rails: rails.to_vec(), straight: on, last, again: !own, leaf });
        if own {
            walk(flow, hop, &below, all);
        }
    }
}

/// The places of a panel's flow that are walked through.
pub(crate) fn places<'a>(session: &'a Session, panel: usize, filter: &Filter) -> Vec<&'a Hop> {
    let Some(flow) = session.flows().and_then(|f| flow(f, panel)) else { return Vec::new() };
    let own = stops(flow).into_iter().filter(|s| !s.again).map(|s| s.hop);
    own.filter(|h| {
        filter.is_empty() || filter.matches_fields(&[&h.title, &h.name, h.level.word(), h.reason.as_deref().unwrap_or_default()])
    })
    .collect()
}

/// `Control plane control-plane`.
fn identity(hop: &Hop) -> String {
    if hop.name.is_empty() { hop.title.clone() } else { format!("{} {}", hop.title, hop.name) }
}

fn resource(session: &Session, hop: &Hop) -> Option<Resource> {
    hop.node.as_ref().map(|node| selected::of_node(session, node))
}

/// Enter on a place: its box.
fn place(session: &Session, panel: usize, filter: &Filter, index: usize) -> Option<Lead> {
    // Users come by name: who asks for them asks for Route 53.
    let all = places(session, panel, filter);
    all.get(index).map(|h| Lead::Node(h.node.clone().unwrap_or_else(|| NodeId::of(System::Dns))))
}

/// Deliveries: those in progress first.
pub(crate) fn deliveries<'a>(flows: &'a Flows, filter: &Filter) -> Vec<&'a Delivery> {
    let shown = |d: &&Delivery| {
        let at = telling(d).map_or("", |s| s.kind.title());
        filter.is_empty() || filter.matches_fields(&[&d.service, &d.revision, &d.commit, &d.digest, at])
    };
    flows.deliveries.iter().filter(shown).collect()
}

/// While several steps run, what tells most: the pipeline runs as long as anything runs in it.
const TELLING: &[StepKind] = &[StepKind::Rollback, StepKind::Update, StepKind::Build, StepKind::Test, StepKind::Push, StepKind::Scan];

/// The step that says where a delivery is: the first that failed, else what runs; `None` = all done.
pub(crate) fn telling(delivery: &Delivery) -> Option<&Step> {
    let running = || delivery.steps.iter().filter(|s| s.state == StepState::Running);
    let rank = |s: &&Step| TELLING.iter().position(|k| *k == s.kind).unwrap_or(TELLING.len());
    delivery.steps.iter().find(|s| s.state == StepState::Failed).or_else(|| running().min_by_key(rank))
}

/// Enter on a delivery: where it is at, else the service.
fn step(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    let all = deliveries(session.flows()?, &query.list.filter);
    let delivery = all.get(index)?;
    Some(Lead::Node(match telling(delivery).map(|s| s.kind) {
        Some(StepKind::Source | StepKind::Pipeline) => NodeId::of(System::Pipeline),
        Some(StepKind::Build | StepKind::Test) => NodeId::of(System::Builds),
        Some(StepKind::Scan | StepKind::Push) => NodeId::of(System::Repositories),
        _ => NodeId::service(&delivery.service),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::health::Level;

    fn hop(id: &str) -> Hop {
        let name = String::new();
        Hop {
            id: id.into(),
            title: id.into(),
            name,
            node: None,
            level: Level::Healthy,
            reason: None,
            figures: Vec::new(),
            facts: Vec::new(),
        }
    }

    fn edge(way: &str) -> Edge {
        let (from, to) = way.split_once('>').unwrap();
        Edge { from: from.into(), to: to.into(), label: String::new(), figures: Vec::new(), level: Level::Healthy, reason: None }
    }

    fn drawn(hops: &str, ways: &str) -> Vec<String> {
        let hops = hops.split_whitespace().map(hop).collect();
        let edges = ways.split_whitespace().map(edge).collect();
        let flow = Flow { title: "", hops, edges, trouble: None, notes: Vec::new() };
        let line = |s: &Stop<'_>| {
            let rails: String = s.rails.iter().map(|more| if *more { '|' } else { '.' }).collect();
            let sort = if s.straight {
                ""
            } else if s.last {
                "`"
            } else {
                "+"
            };
            format!("{rails}{sort}{}{}", s.hop.id, if s.again { "*" } else { "" })
        };
        stops(&flow).iter().map(line).collect()
    }

    #[test]
    fn a_flow_goes_straight_down_and_branches_where_it_must() {
        let way = drawn("users cdn alb api web db redis s3", "users>cdn cdn>alb alb>api alb>web api>db api>redis web>s3");
        assert_eq!(way, ["users", "cdn", "alb", "+api", "|+db", "|`redis", "`web", ".s3"]);
    }

    #[test]
    fn a_place_is_drawn_once_with_the_nearest_way_and_the_others_only_point_at_it() {
        let way = drawn("users cdn alb web s3", "users>cdn cdn>alb cdn>s3 users>alb alb>web web>s3");
        assert_eq!(way, ["users", "+alb*", "cdn", "+s3*", "alb", "web", "s3"]);
    }

    #[test]
    fn ways_that_lead_back_or_nowhere_do_not_loop() {
        assert_eq!(drawn("a b", "a>b b>a b>c"), ["a", "b", "`a*"]);
        assert_eq!(drawn("", ""), Vec::<String>::new());
    }
}
