//! BOXES: the table of boxes. A new system is one row here and one row of CARDS in `view::stack`; where its tier stands is
//! `form`'s. Called by `plan`, by `update` (what Enter opens, what `y` copies) and by `view` (names, ages).

use super::form::Tier;
use crate::insight::{Judgement, NodeId};
use crate::model::alarm::Alarms;
use crate::model::balancer::{Balancer, Listener, Routing};
use crate::model::cdn::Cdn;
use crate::model::database::Database;
use crate::model::dns::Dns;
use crate::model::network::Network;
use crate::model::section::SectionKey;
use crate::model::service::Services;
use crate::model::stack::{ServiceRole, Stack};
use crate::model::store::Store;
use crate::session::pane::PaneId;

/// What a box shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Route 53.
    Dns,
    /// CloudFront.
    Cdn,
    /// The VPC.
    Vpc,
    /// Security groups.
    Groups,
    /// The load balancer.
    Balancer,
    /// NAT gateways.
    Nat,
    /// An ECS service; one box each.
    Service,
    /// Redis.
    Cache,
    /// The database.
    Database,
    /// S3.
    Buckets,
    /// IAM roles.
    Roles,
    /// KMS keys.
    Keys,
    /// Secrets Manager.
    Secrets,
    /// ECR.
    Repositories,
    /// CodeBuild.
    Builds,
    /// CodePipeline.
    Pipeline,
    /// Alarms.
    Alarms,
    /// Dashboards and Container Insights.
    Dashboards,
    /// What changed.
    Timeline,
    /// Log tail.
    Logs,
}

/// Rows that a list has to show; `None` = as many as there is room for.
type Wanted = fn(&Store, &Judgement) -> Option<u16>;

/// One row of the table: everything that differs from kind to kind.
#[derive(Debug, Clone, Copy)]
pub struct BoxSpec {
    /// What it shows.
    pub kind: Kind,
    /// Where it belongs.
    pub tier: Tier,
    /// Its own node as people call it; empty where there are several.
    pub name: &'static str,
    /// First words of the ids of the nodes that it is about; the first is the box's own node.
    pub heads: &'static [&'static str],
    /// Its nodes, where there are several.
    pub nodes: Option<fn(&Stack) -> Vec<NodeId>>,
    /// The sections whose age the box shows, the one that makes it first.
    pub sections: &'static [SectionKey],
    /// The pane that Enter opens, and its focused panel.
    pub pane: (PaneId, usize),
    /// What that pane is about.
    pub subject: fn(&NodeId) -> String,
    /// A digit jumps to it.
    pub digit: bool,
    /// Its reasons are told in it.
    pub tells: bool,
    /// Lines that it needs where no boxes are drawn.
    pub lines: fn(&Stack, &Store) -> u16,
    /// The same in a column of its own.
    pub column: u16,
    /// Cells that it needs and can use where it shares a line; 0 = it never does.
    pub cells: (u16, u16),
    /// It takes what is left over in a column.
    pub stretches: bool,
    /// Rows that it can fill as a list.
    pub rows: Wanted,
    /// Rows of figures inside a border that no reason may push out.
    pub figures: fn(&Stack, &Store) -> u16,
    /// What `y` copies.
    pub copies: fn(&Stack, &Store, &NodeId) -> Option<String>,
}

/// What most rows share.
const PLAIN: BoxSpec = BoxSpec {
    kind: Kind::Logs,
    tier: Tier::Logs,
    name: "",
    heads: &[],
    nodes: None,
    sections: &[],
    pane: (PaneId::Timeline, 0),
    subject: |_| String::new(),
    digit: false,
    tells: true,
    lines: |_, _| 1,
    column: 1,
    cells: (0, 0),
    stretches: false,
    rows: |_, _| None,
    figures: |_, _| 2,
    copies: |_, _, _| None,
};

/// As much as there is.
const REST: u16 = u16::MAX;

const fn k(name: &'static str) -> SectionKey {
    SectionKey(name)
}

/// A box that is one line among others: tier, name, node, section, pane, cells.
const fn small(
    (kind, tier): (Kind, Tier),
    name: &'static str,
    heads: &'static [&'static str],
    sections: &'static [SectionKey],
    pane: (PaneId, usize),
    cells: (u16, u16),
) -> BoxSpec {
    BoxSpec { kind, tier, name, heads, sections, pane, cells, ..PLAIN }
}

/// All boxes, in reading order.
pub const BOXES: &[BoxSpec] = &[
    BoxSpec {
        figures: |_, _| 1,
        copies: |stack, store, _| {
            Some(store.get::<Dns>().and_then(|d| d.zone.as_ref()).map_or_else(|| stack.zone.clone(), |z| z.id.clone()))
        },
        ..small((Kind::Dns, Tier::Edge), "Route 53", &["dns"], &[k("dns")], (PaneId::Edge, 0), (29, 37))
    },
    BoxSpec {
        figures: |_, _| 1,
        copies: |_, store, _| store.get::<Cdn>()?.distribution.as_ref().map(|d| d.arn.clone()),
        ..small((Kind::Cdn, Tier::Edge), "CloudFront", &["cdn"], &[k("cdn"), k("metrics")], (PaneId::Edge, 1), (28, REST))
    },
    BoxSpec {
        copies: |_, store, _| store.get::<Network>().map(|n| n.vpc.clone()),
        ..small((Kind::Vpc, Tier::Vpc), "VPC", &["vpc"], &[k("network"), k("routes")], (PaneId::Network, 0), (18, 29))
    },
    small((Kind::Groups, Tier::Vpc), "security groups", &["sg"], &[k("security_groups")], (PaneId::Network, 3), (9, 18)),
    BoxSpec {
        kind: Kind::Balancer,
        tier: Tier::Public,
        name: "ALB",
        heads: &["alb", "tg"],
        sections: &[k("balancer"), k("routing"), k("targets")],
        pane: (PaneId::Balancer, 0),
        digit: true,
        lines: |stack, store| 1 + rule_lines(stack, store),
        cells: (28, REST),
        figures: |stack, store| 1 + rule_lines(stack, store),
        copies: |stack, store, _| Some(store.get::<Balancer>().map_or_else(|| stack.balancer.clone(), |b| b.arn.clone())),
        ..PLAIN
    },
    BoxSpec {
        figures: |_, _| 3,
        ..small((Kind::Nat, Tier::Exit), "NAT", &["nat"], &[k("nat"), k("routes")], (PaneId::Network, 2), (26, 30))
    },
    BoxSpec {
        kind: Kind::Service,
        tier: Tier::Private,
        heads: &["svc"],
        nodes: Some(|stack| stack.services.iter().map(|s| NodeId::service(&s.name)).collect()),
        sections: &[k("services"), k("tasks")],
        pane: (PaneId::Service, 0),
        subject: |node| node.as_service().unwrap_or_default().to_owned(),
        digit: true,
        figures: |_, _| 4,
        copies: |_, store, node| {
            let name = node.as_service()?;
            Some(store.get::<Services>().and_then(|s| s.get(name)).map_or_else(|| name.to_owned(), |s| s.arn.clone()))
        },
        ..PLAIN
    },
    BoxSpec {
        kind: Kind::Cache,
        tier: Tier::Private,
        name: "Redis",
        heads: &["redis"],
        sections: &[k("cache"), k("cache_nodes")],
        pane: (PaneId::Cache, 0),
        digit: true,
        figures: |_, _| 3,
        copies: |stack, _, _| Some(stack.cache.clone()),
        ..PLAIN
    },
    BoxSpec {
        kind: Kind::Database,
        tier: Tier::Database,
        name: "database",
        heads: &["db"],
        sections: &[k("database")],
        pane: (PaneId::Database, 0),
        digit: true,
        copies: |stack, store, _| Some(store.get::<Database>().and_then(|d| d.endpoint.clone()).unwrap_or_else(|| stack.database.clone())),
        ..PLAIN
    },
    BoxSpec { column: 4, ..small((Kind::Buckets, Tier::Storage), "S3", &["s3"], &[k("buckets")], (PaneId::Storage, 0), (7, 16)) },
    small((Kind::Roles, Tier::Security), "IAM", &["iam"], &[k("roles")], (PaneId::Security, 0), (8, 14)),
    small((Kind::Keys, Tier::Security), "KMS", &["kms"], &[k("keys")], (PaneId::Security, 1), (8, 13)),
    BoxSpec {
        column: 3,
        ..small((Kind::Secrets, Tier::Security), "Secrets", &["secrets"], &[k("secrets")], (PaneId::Security, 2), (12, 24))
    },
    small((Kind::Repositories, Tier::Delivery), "ECR", &["ecr"], &[k("repositories")], (PaneId::Delivery, 2), (8, 19)),
    BoxSpec {
        column: 2,
        ..small((Kind::Builds, Tier::Delivery), "CodeBuild", &["build"], &[k("builds")], (PaneId::Delivery, 1), (10, 15))
    },
    BoxSpec {
        column: 2,
        ..small((Kind::Pipeline, Tier::Delivery), "CodePipeline", &["pipeline"], &[k("pipeline")], (PaneId::Delivery, 0), (16, 16))
    },
    BoxSpec {
        tells: false,
        digit: true,
        stretches: true,
        rows: |store, _| Some(store.get::<Alarms>().map_or(4, |a| a.for_people().count().min(12) as u16)),
        ..small((Kind::Alarms, Tier::Alarms), "alarms", &["alarms"], &[k("alarms")], (PaneId::Alarms, 0), (13, 13))
    },
    BoxSpec {
        column: 2,
        ..small(
            (Kind::Dashboards, Tier::Monitoring),
            "dashboards",
            &["dashboards"],
            &[k("dashboards"), k("cluster")],
            (PaneId::Dashboards, 0),
            (9, 15),
        )
    },
    BoxSpec {
        digit: true,
        tells: false,
        rows: |_, judgement| Some(judgement.timeline.len().clamp(4, 40) as u16),
        ..small(
            (Kind::Timeline, Tier::Timeline),
            "timeline",
            &["timeline"],
            &[k("services"), k("database_events")],
            (PaneId::Timeline, 0),
            (0, 0),
        )
    },
    BoxSpec {
        digit: true,
        tells: false,
        copies: |stack, _, _| Some(stack.log_group.clone()),
        ..small((Kind::Logs, Tier::Logs), "logs", &["logs"], &[k("logs")], (PaneId::Logs, 0), (0, 0))
    },
];

/// The box that a node belongs to.
pub fn spec(node: &NodeId) -> Option<&'static BoxSpec> {
    let head = node.0.split('/').next()?;
    BOXES.iter().find(|b| b.heads.contains(&head))
}

/// How many forwarding rules the balancer's box lists.
fn rule_lines(stack: &Stack, store: &Store) -> u16 {
    let served = stack.services.iter().filter(|s| s.role != ServiceRole::Worker).count();
    let rules = store.get::<Routing>().map_or(served, |r| {
        let forwarding = |l: &Listener| l.rules.iter().filter(|r| !r.target_groups.is_empty()).count();
        r.listeners.iter().map(forwarding).max().unwrap_or(0)
    });
    rules.clamp(1, 4) as u16
}
