//! How users come in: straight to the load balancer, through CloudFront, or both. What the zone's name leads to and which origins the
//! distribution has decide it. Called by the flow of requests and by the edges of the stack view.

use crate::model::balancer::Balancer;
use crate::model::cdn::{Cdn, Distribution};
use crate::model::dns::{Dns, DnsRecord};
use crate::model::network::Network;
use crate::model::service::Services;
use crate::model::stack::{ServiceRole, ServiceSpec, Stack};
use crate::model::store::Store;

/// Which ways lead to the load balancer. With both, its own figures tell nothing of either alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryPoints {
    /// Users come to it themselves.
    pub direct: bool,
    /// CloudFront fetches from it.
    pub through_cdn: bool,
}

/// Whether the load balancer sends requests to a service: its role in the written architecture, or what ECS registers of it.
pub(crate) fn is_fronted(store: &Store, spec: &ServiceSpec) -> bool {
    let registered = || store.get::<Services>().and_then(|s| s.get(&spec.name)).is_some_and(|s| !s.groups().is_empty());
    matches!(spec.role, ServiceRole::ControlPlane | ServiceRole::Web) || registered()
}

/// The (zone, subnet) of each node of the load balancer; the zone is its subnet's, where that is known.
pub(crate) fn balancer_nodes(store: &Store) -> Vec<(&str, &str)> {
    let network = store.get::<Network>();
    let zone_of = |subnet: &str| network.and_then(|n| n.subnet(subnet)).map(|s| s.zone.as_str());
    let nodes = store.get::<Balancer>().into_iter().flat_map(|b| &b.zones);
    nodes.map(|(zone, subnet)| (zone_of(subnet).unwrap_or(zone), subnet.as_str())).collect()
}

/// The ways of one moment.
pub(crate) fn entry(store: &Store, stack: &Stack) -> EntryPoints {
    let distribution = store.get::<Cdn>().and_then(|c| c.distribution.as_ref());
    let through_cdn = distribution.is_some_and(|d| leads_to_balancer(store, d));
    let past = !distribution.is_some_and(|d| points_at(store, stack, d));
    EntryPoints { direct: !through_cdn || past, through_cdn }
}

fn leads_to_balancer(store: &Store, distribution: &Distribution) -> bool {
    let own = store.get::<Balancer>().map(|b| b.dns_name.to_ascii_lowercase()).unwrap_or_default();
    let of_elb = format!(".elb.{}", store.place.partition.domain());
    distribution.origins.iter().any(|o| o.eq_ignore_ascii_case(&own) || o.to_ascii_lowercase().ends_with(&of_elb))
}

/// Whether the zone's own name leads to CloudFront, so that nobody comes past it.
fn points_at(store: &Store, stack: &Stack, distribution: &Distribution) -> bool {
    let target = store.get::<Dns>().and_then(Dns::door).and_then(DnsRecord::leads);
    match target {
        Some(target) => target.eq_ignore_ascii_case(&distribution.domain),
        None => distribution.aliases.iter().any(|a| a.eq_ignore_ascii_case(&stack.zone)),
    }
}
