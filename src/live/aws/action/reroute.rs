//! Reroute a zone's way out: the default route of its private subnets to another zone's NAT gateway, and home again. AWS does not do it by
//! itself, whatever the written architecture says. A build without the `ec2` feature refuses by name.

use std::time::Duration;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params;
use nextcore_core::model::balancer::Balancer;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::metric::{self, Metrics};
use nextcore_core::model::network::{
    ConnectivityType, NatGateway, NatGateways, NatState, Network, RouteState, RouteTable, Routes, SubnetTier, zone_letter,
};
use nextcore_core::model::obligation::Owed;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::text;

use super::common::{arn, figure};
use super::service::{failed, should_show};
use super::{Action, Desk, Draft, Facts, LASTS, Receipt, SendError, Sender, Sight, unread};

const REPLACE: Op = Op::write("EC2", "ReplaceRoute", "ec2:ReplaceRoute").on(Scope::RouteTables);

const EVERYWHERE: &str = "0.0.0.0/0";
/// Another gateway than the next one is only chosen if it carries clearly less: two that are alike would take turns, and the plan would move.
const CLEARLY_LESS: f64 = 0.5;

pub(super) struct Reroute;

impl Action for Reroute {
    type Params = params::Reroute;
    const NAME: &'static str = "reroute";
    const WRITES: &'static [Op] = &[REPLACE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Balancer::KEY, Network::KEY, NatGateways::KEY, Routes::KEY];
    const WATCHES: &'static [SectionKey] = &[Balancer::KEY, Routes::KEY];
    const LASTS: Option<Duration> = Some(LASTS);

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        if !cfg!(feature = "ec2") {
            return Err(Refusal::Check(left_out()));
        }
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        desk.glance(Metrics::KEY).await;
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::Reroute), Refusal> {
        let zone = zone(facts, &request.target)?;
        let table = table(facts, &zone)?;
        let gateways = facts.need::<NatGateways>()?;
        let Some(route) = table.default_route() else {
            let what = format!("route table {} of zone {} has no default route to replace", table.id, zone_letter(&zone));
            return Err(Refusal::Check(format!("{what}\n  next: create one: aws ec2 create-route --route-table-id {}", table.id)));
        };
        let target = target(facts, &zone, &route.target, request.arg("via").unwrap_or("auto"))?;
        if route.target == target.id {
            return Err(Refusal::Check(format!("zone {} already uses {}: nothing to do", zone_letter(&zone), label(target))));
        }
        let old = gateways.get(&route.target);
        let before = old.map_or_else(|| route.target.clone(), label);
        let name = if table.name.is_empty() { &table.id } else { &table.name };
        let mut plan = Draft::of("route table", name, &arn(facts, "ec2", &format!("route-table/{}", table.id)))
            .detail(format!("{}  {EVERYWHERE} → {}", table.id, route.target))
            .change(&format!("outbound route of zone {}", zone_letter(&zone)), &before, label(target))
            .must(target.state == NatState::Available, format!("{} available", target.id), format!("{} is {}", label(target), target.state))
            .must(
                route.target.starts_with("nat-"),
                "the default route points to a NAT gateway",
                format!("the default route points to {}, not a NAT gateway: not changed", route.target),
            );
        plan.object = Some(zone_letter(&zone).to_owned());
        let shared = shared(facts, table, &zone);
        plan = plan.should(
            shared.is_empty(),
            "only this zone's private subnets use the table",
            format!("the table is also used by zone {}: it is rerouted too", shared.join(", ")),
        );
        let blast = std::iter::once(zone_letter(&zone)).chain(shared.iter().map(String::as_str)).collect::<Vec<_>>().join(", ");
        let (table_id, destination) = (table.id.clone(), EVERYWHERE.to_owned());
        let params = params::Reroute { table: table_id, destination, from: route.target.clone(), to: target.id.clone() };
        let plan = clean(back(plan, &zone, &route.target, old), facts, target)
            .reach(
                "open outbound connections of that zone are reset; new ones work at once; inbound traffic is not affected",
                format!(
                    "all outbound traffic of tasks in zone {blast}; cross-zone traffic costs more, and {} carries both zones",
                    target.id
                ),
            )
            .call(
                &REPLACE,
                format!(
                    "aws ec2 replace-route --route-table-id {} --destination-cidr-block {EVERYWHERE} --nat-gateway-id {}",
                    table.id, target.id
                ),
            )
            .owes(leaves_home(&zone, table, old, target))
            .takes(5, 15, 120);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::Reroute) -> Result<Receipt, SendError> {
        replace(sender, params).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &params::Reroute) -> Sight {
        let params::Reroute { table, from: old, to: new, .. } = params;
        let found = facts.store.get::<Routes>().and_then(|r| r.tables.iter().find(|t| t.id == *table));
        let Some(route) = found.and_then(RouteTable::default_route) else { return Sight::default() };
        let (applied, active) = (route.target == *new, route.state == RouteState::Active);
        let mut steps = vec![
            Step::new(format!("{table} points to {}", route.target), applied, true),
            Step::new(format!("the route is {}", route.state), applied && active, applied),
        ];
        let wrong = if applied && route.state == RouteState::Blackhole {
            Some(format!("the route to {new} is a blackhole: the gateway is gone"))
        } else if !applied && should_show(facts, run) {
            Some(format!("the default route of {table} points to {}, not {new}: changed by someone else", route.target))
        } else {
            None
        };
        let end = match wrong {
            Some(text) => {
                steps.push(failed(text.clone()));
                Some((Outcome::Failed, text))
            }
            None => (applied && active).then(|| (Outcome::Done, format!("{table} now points to {new}, was {old}"))),
        };
        Sight { steps, applied: Some(applied), end }
    }
}

fn left_out() -> String {
    "reroute: built without Amazon EC2\n  next: build with the default features".to_owned()
}

#[cfg(feature = "ec2")]
async fn replace(sender: Sender, params: params::Reroute) -> Result<Receipt, SendError> {
    let call = sender.clients.ec2.replace_route().route_table_id(&params.table).destination_cidr_block(&params.destination);
    let call = call.nat_gateway_id(&params.to).customize().interceptor(sender.warrant(&REPLACE)?);
    let answer = call.send().await.map_err(|e| SendError::of(REPLACE, &e))?;
    Ok(Receipt::of(&answer))
}

#[cfg(not(feature = "ec2"))]
fn replace(_: Sender, _: params::Reroute) -> std::future::Ready<Result<Receipt, SendError>> {
    std::future::ready(Err(SendError::No(left_out())))
}

/// The zone of this name or letter, among those with private subnets.
fn zone(facts: &Facts<'_>, wanted: &str) -> Result<String, Refusal> {
    let network = facts.need::<Network>()?;
    let zones: std::collections::BTreeSet<&str> = network.of(SubnetTier::Private).map(|s| s.zone.as_str()).collect();
    zones.iter().find(|z| is_zone(z, wanted)).map(|z| (*z).to_owned()).ok_or_else(|| {
        let known: Vec<&str> = zones.iter().map(|z| zone_letter(z)).collect();
        Refusal::Check(format!("no private subnet in zone '{wanted}'\n  next: choose one of {}", known.join(", ")))
    })
}

fn is_zone(zone: &str, wanted: &str) -> bool {
    zone == wanted || zone_letter(zone) == wanted
}

/// The one route table that the private subnets of a zone use.
fn table<'a>(facts: &Facts<'a>, zone: &str) -> Result<&'a RouteTable, Refusal> {
    let (network, routes) = (facts.need::<Network>()?, facts.need::<Routes>()?);
    let letter = zone_letter(zone);
    let mut tables: Vec<&RouteTable> = Vec::new();
    for subnet in network.of(SubnetTier::Private).filter(|s| s.zone == zone) {
        let Some(table) = routes.of(&subnet.id) else {
            return Err(Refusal::Check(format!("no route table found for {} in zone {letter}\n  next: check the VPC", subnet.id)));
        };
        if !tables.iter().any(|t| t.id == table.id) {
            tables.push(table);
        }
    }
    if let [one] = tables.as_slice() {
        return Ok(one);
    }
    let ids: Vec<&str> = tables.iter().map(|t| t.id.as_str()).collect();
    let what = format!("the private subnets of zone {letter} use several route tables: {}", ids.join(", "));
    Err(Refusal::Check(format!("{what}\n  next: replace their routes one by one with aws ec2 replace-route")))
}

/// The letters of other zones whose private subnets use the same table.
fn shared(facts: &Facts<'_>, table: &RouteTable, zone: &str) -> Vec<String> {
    let (Some(network), Some(routes)) = (facts.store.get::<Network>(), facts.store.get::<Routes>()) else { return Vec::new() };
    let others = network.of(SubnetTier::Private).filter(|s| s.zone != zone && routes.of(&s.id).is_some_and(|t| t.id == table.id));
    let letters: std::collections::BTreeSet<&str> = others.map(|s| zone_letter(&s.zone)).collect();
    letters.into_iter().map(ToOwned::to_owned).collect()
}

/// `nat-0a in zone a`.
fn label(gateway: &NatGateway) -> String {
    if gateway.zone.is_empty() { gateway.id.clone() } else { format!("{} in zone {}", gateway.id, zone_letter(&gateway.zone)) }
}

/// The gateway that is to carry the zone's traffic.
fn target<'a>(facts: &Facts<'a>, zone: &str, now: &str, via: &str) -> Result<&'a NatGateway, Refusal> {
    let gateways = facts.need::<NatGateways>()?;
    // A private gateway leads to other networks, not to the internet.
    let public = || gateways.gateways.iter().filter(|g| g.connectivity != ConnectivityType::Private && !g.zone.is_empty());
    if via != "auto" {
        let mut there: Vec<&NatGateway> = public().filter(|g| is_zone(&g.zone, via) && g.state != NatState::Deleted).collect();
        there.sort_by_key(|g| g.state != NatState::Available);
        return there.first().copied().ok_or_else(|| {
            let known: Vec<&str> = public().filter(|g| g.state == NatState::Available).map(|g| zone_letter(&g.zone)).collect();
            Refusal::Check(format!("no NAT gateway in zone '{via}'\n  next: --via one of {}", known.join(", ")))
        });
    }
    let others: Vec<&NatGateway> = public().filter(|g| g.state == NatState::Available && g.zone != zone).collect();
    if let Some(carrier) = others.iter().find(|g| g.id == now) {
        let what = format!("zone {} already uses {}", zone_letter(zone), label(carrier));
        return Err(Refusal::Check(format!("{what}\n  next: --via {} restores it", zone_letter(zone))));
    }
    // The next letter, then from the first: what stands nearest in the alphabet is what people expect.
    let next = others.iter().filter(|g| g.zone.as_str() > zone).chain(&others).next();
    let Some(next) = next.copied() else {
        return Err(Refusal::Check(format!("no zone other than {} has an available NAT gateway", zone_letter(zone))));
    };
    let traffic = |g: &NatGateway| figure(facts, metric::Nat::BytesIn.of(&g.id));
    let least = others.iter().filter_map(|g| Some((*g, traffic(g)?))).min_by(|a, b| a.1.total_cmp(&b.1));
    Ok(match (least, traffic(next)) {
        (Some((other, bytes)), Some(usual)) if bytes < usual * CLEARLY_LESS => other,
        _ => next,
    })
}

/// A zone that no longer leaves through its own gateway is to be led home some day; one that was away already is remembered from then.
fn leaves_home(zone: &str, table: &RouteTable, old: Option<&NatGateway>, new: &NatGateway) -> Option<Owed> {
    let home = old.filter(|g| g.zone == zone && new.zone != zone)?;
    let (zone, via) = (zone_letter(zone).to_owned(), zone_letter(&new.zone).to_owned());
    Some(Owed::WayOut { zone, table: table.id.clone(), home: home.id.clone(), via })
}

/// What its figures say about the gateway that takes over.
fn clean(plan: Draft, facts: &Facts<'_>, target: &NatGateway) -> Draft {
    let sum = |metric: metric::Nat| figure(facts, metric.of(&target.id));
    let Some(bytes) = sum(metric::Nat::BytesIn) else {
        return plan.unknown(facts, Metrics::KEY, &format!("metrics of {} unknown", target.id));
    };
    let trouble: Vec<String> = [(metric::Nat::PortErrors, "port allocation errors"), (metric::Nat::Drops, "dropped packets")]
        .into_iter()
        .filter_map(|(metric, words)| sum(metric).filter(|n| *n > 0.0).map(|n| format!("{n:.0} {words} a minute")))
        .collect();
    let bad = format!("{} has errors: {}", target.id, trouble.join(", "));
    plan.should(trouble.is_empty(), format!("{} has no errors, {} per minute", target.id, text::bytes(bytes)), bad)
}

/// The way back: the id is in the words, whatever becomes of the gateway.
fn back(plan: Draft, zone: &str, old: &str, gateway: Option<&NatGateway>) -> Draft {
    let letter = zone_letter(zone);
    match gateway.filter(|g| !g.zone.is_empty()) {
        Some(g) => {
            let via = zone_letter(&g.zone);
            let words = format!("reroute {letter} --via {via}: back to {old}");
            let words =
                if g.state == NatState::Available { words } else { format!("{words}, once it is available again (it is {})", g.state) };
            plan.undo(words, Some(Request::new(Reroute::NAME, letter).with("via", via)))
        }
        None => plan.undo(format!("the route pointed to {old}, which no longer exists: no undo"), None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::common::bench::{Bench, refusal, texts};
    use super::*;
    use nextcore_core::model::network::{Route, Subnet};
    use nextcore_core::model::plan::Verdict;

    fn network() -> Network {
        let subnet = |z: &str| Subnet {
            id: format!("subnet-{z}"),
            zone: format!("ap-southeast-2{z}"),
            tier: SubnetTier::Private,
            ..Subnet::default()
        };
        Network { subnets: ["a", "b", "c"].map(subnet).to_vec(), ..Network::default() }
    }

    fn gateways() -> NatGateways {
        let gateway = |z: &str| NatGateway {
            id: format!("nat-{z}"),
            state: "available".into(),
            zone: format!("ap-southeast-2{z}"),
            ..NatGateway::default()
        };
        NatGateways { gateways: ["a", "b", "c"].map(gateway).to_vec(), elastic_ips: Vec::new() }
    }

    fn routes(of_a: &str, state: &str) -> Routes {
        let table = |z: &str| RouteTable {
            id: format!("rtb-{z}"),
            name: format!("private-{z}"),
            subnets: vec![format!("subnet-{z}")],
            routes: vec![Route {
                destination: EVERYWHERE.into(),
                target: if z == "a" { of_a.into() } else { format!("nat-{z}") },
                state: if z == "a" { state.into() } else { "active".into() },
            }],
            ..RouteTable::default()
        };
        Routes { tables: ["a", "b", "c"].map(table).to_vec() }
    }

    fn bench() -> Bench {
        Bench::new().with(network()).with(gateways()).with(routes("nat-a", "active"))
    }

    fn request(zone: &str, via: Option<&str>) -> Request {
        let request = Request::new("reroute", zone);
        via.map_or(request.clone(), |v| request.with("via", v))
    }

    fn new_gateway(bench: &Bench, zone: &str, via: Option<&str>) -> String {
        bench.params::<Reroute>(&request(zone, via)).to
    }

    #[test]
    fn the_plan_names_table_and_gateways_and_the_way_back() {
        for target in ["a", "ap-southeast-2a"] {
            let draft = bench().draft::<Reroute>(&request(target, None)).unwrap();
            assert!(texts(&draft, Verdict::Fail).is_empty() && texts(&draft, Verdict::Warn).is_empty(), "{:?}", draft.checks);
            assert_eq!((draft.resource.name.as_str(), draft.object.as_deref()), ("private-a", Some("a")));
            assert_eq!(draft.resource.arn, "arn:aws:ec2:ap-southeast-2:111122223333:route-table/rtb-a");
            assert_eq!((draft.changes[0].before.as_str(), draft.changes[0].after.as_str()), ("nat-a in zone a", "nat-b in zone b"));
            assert_eq!(
                draft.calls[0].cli,
                "aws ec2 replace-route --route-table-id rtb-a --destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-b"
            );
            assert_eq!(draft.undo, "reroute a --via a: back to nat-a");
            assert_eq!(draft.undo_request, Some(request("a", Some("a"))));
        }
    }

    #[test]
    fn the_next_zone_takes_it_unless_another_carries_clearly_less() {
        let mut bench = bench();
        assert_eq!(new_gateway(&bench, "a", None), "nat-b");
        assert_eq!(new_gateway(&bench, "c", None), "nat-a");
        assert_eq!(new_gateway(&bench, "a", Some("c")), "nat-c");
        assert_eq!(new_gateway(&bench, "a", Some("ap-southeast-2c")), "nat-c");
        bench.measure(metric::Nat::BytesIn.of("nat-b"), 1_000.0);
        bench.measure(metric::Nat::BytesIn.of("nat-c"), 900.0);
        assert_eq!(new_gateway(&bench, "a", None), "nat-b", "alike");
        bench.measure(metric::Nat::BytesIn.of("nat-c"), 100.0);
        assert_eq!(new_gateway(&bench, "a", None), "nat-c");
        let mut ill = gateways();
        ill.gateways[1].state = "failed".into();
        bench.put(ill);
        assert_eq!(new_gateway(&bench, "a", None), "nat-c");
    }

    #[test]
    fn it_goes_home_again_and_out_of_a_blackhole() {
        let away = bench().with(routes("nat-b", "active"));
        assert_eq!(new_gateway(&away, "a", Some("a")), "nat-a");
        let text = away.draft::<Reroute>(&request("a", None)).unwrap_err();
        assert!(text.text().contains("already") && text.text().contains("--via a restores it"), "{text:?}");
        let mut lost = gateways();
        lost.gateways.remove(0);
        let black = bench().with(lost).with(routes("nat-a", "blackhole"));
        let draft = black.draft::<Reroute>(&request("a", None)).unwrap();
        assert!(draft.undo_request.is_none() && draft.undo.contains("nat-a"), "{}", draft.undo);
        assert!(texts(&draft, Verdict::Fail).is_empty());
        let mut deleting = gateways();
        deleting.gateways[0].state = "deleting".into();
        let draft = bench().with(deleting).draft::<Reroute>(&request("a", None)).unwrap();
        assert_eq!(draft.undo, "reroute a --via a: back to nat-a, once it is available again (it is deleting)");
    }

    #[test]
    fn what_forbids_it() {
        for (zone, via, words) in [
            ("d", None, "choose one of a, b, c"),
            ("a", Some("a"), "already uses nat-a in zone a"),
            ("a", Some("d"), "--via one of a, b, c"),
        ] {
            let refusal = bench().draft::<Reroute>(&request(zone, via)).unwrap_err();
            assert!(matches!(&refusal, Refusal::Check(t) if t.contains(words)), "{refusal:?}");
        }
        let mut ill = gateways();
        ill.gateways[1].state = "pending".into();
        let draft = bench().with(ill).draft::<Reroute>(&request("a", Some("b"))).unwrap();
        assert_eq!(refusal(&draft), "nat-b in zone b is pending");
        let elsewhere = bench().with(routes("tgw-1", "active")).draft::<Reroute>(&request("a", None)).unwrap();
        assert_eq!(refusal(&elsewhere), "the default route points to tgw-1, not a NAT gateway: not changed");
        let mut alone = gateways();
        alone.gateways.truncate(1);
        assert!(bench().with(alone).draft::<Reroute>(&request("a", None)).is_err());
        let mut bare = routes("nat-a", "active");
        bare.tables[0].routes.clear();
        assert!(bench().with(bare).draft::<Reroute>(&request("a", None)).unwrap_err().text().contains("no default route"));
        let mut two = network();
        two.subnets.push(Subnet { id: "subnet-b".into(), zone: "ap-southeast-2a".into(), tier: SubnetTier::Private, ..Subnet::default() });
        let several = bench().with(two).draft::<Reroute>(&request("a", None)).unwrap_err();
        assert!(several.text().contains("rtb-a, rtb-b"), "{several:?}");
    }

    #[test]
    fn a_shared_table_and_an_unclean_gateway_are_warned_of() {
        let mut shared = routes("nat-a", "active");
        shared.tables[0].subnets.push("subnet-c".into());
        shared.tables.pop();
        let mut bench = bench().with(shared);
        bench.measure(metric::Nat::BytesIn.of("nat-b"), 5_000.0);
        bench.measure(metric::Nat::PortErrors.of("nat-b"), 12.0);
        let draft = bench.draft::<Reroute>(&request("a", None)).unwrap();
        assert_eq!(
            texts(&draft, Verdict::Warn),
            ["the table is also used by zone c: it is rerouted too", "nat-b has errors: 12 port allocation errors a minute"]
        );
        assert!(draft.blast.contains("zone a, c"), "{}", draft.blast);
    }

    #[test]
    fn it_is_over_when_the_route_is_active() {
        let mut bench = bench();
        let mut run = bench.sent::<Reroute>(&request("a", None), None);
        assert_eq!(bench.look::<Reroute>(&mut run), (Some(false), None));
        bench.put(routes("nat-b", ""));
        assert_eq!(bench.look::<Reroute>(&mut run), (Some(true), None));
        bench.put(routes("nat-b", "active"));
        let done = Some((Outcome::Done, "rtb-a now points to nat-b, was nat-a".to_owned()));
        assert_eq!(bench.look::<Reroute>(&mut run), (Some(true), done));
        bench.put(routes("nat-b", "blackhole"));
        assert_eq!(bench.look::<Reroute>(&mut run).1.unwrap().0, Outcome::Failed);
        bench.later(40);
        bench.put(routes("nat-c", "active"));
        assert_eq!(bench.look::<Reroute>(&mut run).1.unwrap().0, Outcome::Failed);
    }
}
