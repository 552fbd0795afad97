//! What routes, gateways and security groups do to the traffic.

use super::*;

const NAT_BYTES: &str = "BytesInFromDestination";

fn bytes(w: &World, az: Az, since: Ms) -> Vec<f64> {
    let id = w.network.nats[az.index()].id.clone();
    series(w, "AWS/NATGateway", NAT_BYTES, &[("NatGatewayId", &id)], "Sum", since).into_iter().map(|p| p.1).collect()
}

/// Whether tasks of a zone wrote lines that arrived in the last half minute.
fn logs_flow(w: &World, az: Az) -> bool {
    let mine: BTreeSet<String> = w.ecs.tasks.values().filter(|t| t.az == az && t.is_running()).map(Task::log_stream).collect();
    w.logs.groups[LOG_GROUP].events.iter().rev().take_while(|e| e.ingestion_time > w.now - 30 * SEC).any(|e| mine.contains(&*e.stream))
}

fn states(w: &World, group: usize) -> Vec<(TargetState, Option<TargetReason>)> {
    w.alb.target_groups[group].targets.iter().map(|t| (t.state, t.reason)).collect()
}

fn tcp(port: u16, group: &str) -> Permission {
    Permission::tcp(port, Peer::Group(group.to_owned()))
}

#[test]
fn another_zones_gateway_brings_the_traffic_back() {
    let mut w = quiet();
    w.inject(Scenario::NatFailure { az: Az::A });
    run(&mut w, 60 * SEC);
    assert!(!logs_flow(&w, Az::A) && logs_flow(&w, Az::B));
    let from = w.now;
    w.route_through(Az::A, Az::B).unwrap();
    run(&mut w, 2 * MIN);
    assert!(logs_flow(&w, Az::A), "egress is back while the gateway is still broken");
    run(&mut w, 4 * MIN);
    assert!(w.faults.iter().any(|f| f.scenario == Scenario::NatFailure { az: Az::A }));
    assert!(bytes(&w, Az::A, from + MIN).iter().all(|b| *b < 1.0), "the broken gateway carries nothing");
    let (before, after) = (bytes(&w, Az::B, from - 8 * MIN), bytes(&w, Az::B, from + MIN));
    assert!(after.last().unwrap() > &(before[0] * 1.3), "its traffic moved: {before:?} {after:?}");
    // New tasks of the zone start again.
    let worker = w.ecs.tasks.values().find(|t| t.az == Az::A && t.service == WORKER && t.is_running()).map(|t| t.id.clone());
    if let Some(worker) = worker {
        w.stop_task(CLUSTER, &worker, None).unwrap();
    }
    until(&mut w, 5 * MIN, "steady again", |w| SERVICES.iter().all(|s| steady(w, s)));
    w.route_through(Az::A, Az::A).unwrap();
    run(&mut w, 60 * SEC);
    assert!(!logs_flow(&w, Az::A), "back on the broken gateway it is cut off again");
}

#[test]
fn the_zone_of_a_borrowed_gateway_takes_both_down() {
    let mut w = quiet();
    w.route_through(Az::A, Az::B).unwrap();
    w.inject(Scenario::NatFailure { az: Az::B });
    run(&mut w, 60 * SEC);
    assert!(!logs_flow(&w, Az::A) && !logs_flow(&w, Az::B) && logs_flow(&w, Az::C));
}

#[test]
fn a_route_to_nowhere_cuts_a_zone_off() {
    let mut w = quiet();
    w.blackhole_route(Az::B);
    let route = |w: &World, az: Az| w.network.table_of(w.network.private.of(az)).unwrap().default_route().unwrap().clone();
    assert!(!w.network.is_active(&route(&w, Az::B)) && w.network.is_active(&route(&w, Az::A)));
    run(&mut w, 60 * SEC);
    assert!(!logs_flow(&w, Az::B) && logs_flow(&w, Az::A));
    w.route_through(Az::B, Az::B).unwrap();
    w.delete_nat_gateway(Az::C);
    run(&mut w, 3 * MIN);
    assert!(!w.network.is_active(&route(&w, Az::C)) && !logs_flow(&w, Az::C) && logs_flow(&w, Az::B));
    let id = w.network.nats[2].id.clone();
    assert_eq!(
        w.replace_route(&w.network.route_tables[3].id.clone(), "0.0.0.0/0", RouteTarget::Nat(id)).unwrap_err().code,
        "InvalidNatGatewayID.NotFound"
    );
    let since = w.now;
    run(&mut w, 5 * MIN);
    assert!(bytes(&w, Az::C, since + MIN).is_empty(), "a gateway that is gone tells nothing");
}

#[test]
fn a_zone_whose_gateway_is_being_deleted_is_cut_off_at_once() {
    let mut w = quiet();
    let id = w.network.nats[2].id.clone();
    w.begin_nat_deletion(&id).unwrap();
    run(&mut w, 5 * SEC);
    assert_eq!(w.network.nats[2].state, NatState::Deleting);
    assert!(w.cut_off(Az::C) && !w.cut_off(Az::A));
    until(&mut w, 40 * SEC, "deleted", |w| w.network.nats[2].state == NatState::Deleted);
    assert!(w.network.addresses.iter().any(|a| a.association.is_none()));
    w.route_through(Az::C, Az::B).unwrap();
    run(&mut w, 2 * SEC);
    assert!(!w.cut_off(Az::C), "another gateway takes over when the route is replaced");
}

#[test]
fn without_the_internet_gateway_nothing_comes_or_goes() {
    let mut w = quiet();
    let from = w.now;
    w.attach_internet_gateway(false);
    run(&mut w, 4 * MIN);
    assert!(Az::ALL.into_iter().all(|az| !logs_flow(&w, az)));
    let requests = series(&w, "AWS/ApplicationELB", "RequestCount", &LB, "Sum", from + MIN);
    assert!(requests.is_empty(), "{requests:?}");
    assert!(states(&w, 1).iter().all(|s| s.0 == TargetState::Healthy), "within the VPC all is well");
    w.attach_internet_gateway(true);
    run(&mut w, 60 * SEC);
    assert!(Az::ALL.into_iter().all(|az| logs_flow(&w, az)));
}

#[test]
fn a_load_balancer_that_may_not_reach_its_targets_times_out() {
    let mut w = quiet();
    let (from, alb, ecs) = (w.now, w.network.alb_sg.clone(), w.network.ecs_sg.clone());
    w.close_security_group(&ecs, false, &[tcp(8000, &alb)]).unwrap();
    until(&mut w, 60 * SEC, "API targets time out", |w| {
        states(w, 0).iter().all(|s| *s == (TargetState::Unhealthy, Some(TargetReason::Timeout)))
    });
    assert!(states(&w, 1).iter().all(|s| s.0 == TargetState::Healthy), "port 3000 is still open");
    run(&mut w, 4 * MIN);
    let lost = series(&w, "AWS/ApplicationELB", "HTTPCode_ELB_504_Count", &LB, "Sum", from + MIN);
    assert!(lost.iter().any(|p| p.1 > 500.0), "{lost:?}");
    w.open_security_group(&ecs, false, vec![(tcp(8000, &alb), None)]).unwrap();
    until(&mut w, 4 * MIN, "back", |w| steady(w, CONTROL) && states(w, 0).iter().any(|s| s.0 == TargetState::Healthy));
    // The other side of the same connection.
    w.close_security_group(&alb, true, &[tcp(3000, &ecs)]).unwrap();
    until(&mut w, 60 * SEC, "portal targets time out", |w| states(w, 1).iter().all(|s| s.0 == TargetState::Unhealthy));
}

#[test]
fn a_closed_database_port_fails_the_api() {
    for (egress, group, peer) in [(true, 1, 2), (false, 2, 1)] {
        let mut w = quiet();
        let (from, ids) = (w.now, [w.network.alb_sg.clone(), w.network.ecs_sg.clone(), w.network.rds_sg.clone()]);
        w.close_security_group(&ids[group], egress, &[tcp(5432, &ids[peer])]).unwrap();
        until(&mut w, 60 * SEC, "health checks of the API fail", |w| {
            states(w, 0).iter().all(|s| s.1 == Some(TargetReason::ResponseCodeMismatch(500)))
        });
        assert!(states(&w, 1).iter().all(|s| s.0 == TargetState::Healthy));
        run(&mut w, 3 * MIN);
        let failed = series(&w, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", &LB, "Sum", from + MIN);
        assert!(failed.iter().any(|p| p.1 > 200.0), "{failed:?}");
        let db = [("DBInstanceIdentifier", DB)];
        let open = series(&w, "AWS/RDS", "DatabaseConnections", &db, "Minimum", from + MIN);
        assert!(open.last().unwrap().1 < 6.0, "{open:?}");
        assert_eq!(w.rds.instance.status, DbStatus::Available, "the database itself is well");
        w.open_security_group(&ids[group], egress, vec![(tcp(5432, &ids[peer]), None)]).unwrap();
        until(&mut w, 6 * MIN, "back", |w| SERVICES.iter().all(|s| steady(w, s)));
    }
}

#[test]
fn a_closed_cache_port_stops_the_workers() {
    let mut w = quiet();
    let (from, ecs, redis) = (w.now, w.network.ecs_sg.clone(), w.network.redis_sg.clone());
    w.close_security_group(&redis, false, &[tcp(6379, &ecs)]).unwrap();
    run(&mut w, 4 * MIN);
    assert!(w.load.jobs < 0.01 && w.redis.backlog > 100.0, "{} {}", w.load.jobs, w.redis.backlog);
    let node = format!("{REDIS}-0001-001");
    let clients = series(&w, "AWS/ElastiCache", "CurrConnections", &[("CacheClusterId", &node), ("CacheNodeId", "0001")], "Minimum", from);
    assert!(clients.last().unwrap().1 < 10.0, "{clients:?}");
    assert_eq!(w.shards_down(), 0, "the cache itself is well");
    w.open_security_group(&redis, false, vec![(tcp(6379, &ecs), None)]).unwrap();
    run(&mut w, 60 * SEC);
    assert!(w.load.jobs > 1.0);
}

#[test]
fn a_rule_by_address_counts_as_well() {
    let mut w = quiet();
    let (alb, ecs) = (w.network.alb_sg.clone(), w.network.ecs_sg.clone());
    let range = |text: &str| vec![(Permission { protocol: "tcp".into(), ports: (8000, 9000), peer: Peer::Cidr(text.into()) }, None)];
    w.open_security_group(&ecs, false, range("10.0.1.0/24")).unwrap();
    w.close_security_group(&ecs, false, &[tcp(8000, &alb)]).unwrap();
    until(&mut w, 60 * SEC, "one subnet is not enough", |w| states(w, 0).iter().all(|s| s.0 == TargetState::Unhealthy));
    w.open_security_group(&ecs, false, range("10.0.0.0/21")).unwrap();
    until(&mut w, 4 * MIN, "the public subnets are", |w| states(w, 0).iter().any(|s| s.0 == TargetState::Healthy));
}

#[test]
fn tasks_that_may_not_leave_are_cut_off_everywhere() {
    let mut w = quiet();
    let (from, ecs) = (w.now, w.network.ecs_sg.clone());
    w.close_security_group(&ecs, true, &[Permission::tcp(443, Peer::Cidr("0.0.0.0/0".into()))]).unwrap();
    run(&mut w, 4 * MIN);
    assert!(Az::ALL.into_iter().all(|az| !logs_flow(&w, az)));
    assert!(Az::ALL.into_iter().all(|az| bytes(&w, az, from + MIN).iter().all(|b| *b < 1.0)));
}

#[test]
fn addresses_follow_what_runs() {
    let mut w = quiet();
    let free = |w: &World, tier: Tier, az: Az| {
        let subnet = w.network.subnets.iter().find(|s| s.tier == tier && s.az == az).unwrap();
        w.available_addresses(subnet)
    };
    let private = |w: &World| Az::ALL.iter().map(|az| free(w, Tier::Private, *az)).sum::<u32>();
    let (before, count) = (private(&w), w.ecs.services[WEB].desired_count);
    w.update_service(CLUSTER, WEB, UpdateService { desired_count: Some(count + 3), ..Default::default() }).unwrap();
    until(&mut w, 4 * MIN, "three more", |w| steady(w, WEB));
    assert_eq!(private(&w) + 3, before);
    assert_eq!((free(&w, Tier::Database, Az::A), free(&w, Tier::Database, Az::C)), (250, 251));
    assert_eq!(free(&w, Tier::Public, Az::B), 249);
    w.delete_nat_gateway(Az::B);
    assert_eq!(free(&w, Tier::Public, Az::B), 250);
}

#[test]
fn routes_and_rules_are_refused_as_aws_does() {
    let mut w = world();
    let nat = |w: &World| RouteTarget::Nat(w.network.nats[1].id.clone());
    let (table, everywhere) = (w.network.route_tables[1].id.clone(), "0.0.0.0/0");
    for (table, destination, target, code) in [
        ("rtb-1", everywhere, nat(&w), "InvalidRouteTableID.NotFound"),
        (table.as_str(), "1.2.3.0/24", nat(&w), "InvalidRoute.NotFound"),
        (table.as_str(), everywhere, RouteTarget::Nat("nat-1".into()), "InvalidNatGatewayID.NotFound"),
        (table.as_str(), everywhere, RouteTarget::Gateway("igw-1".into()), "InvalidGatewayID.NotFound"),
        (table.as_str(), "10.0.0.0/16", nat(&w), "InvalidParameterValue"),
    ] {
        assert_eq!(w.replace_route(table, destination, target).unwrap_err().code, code, "{table} {destination}");
    }
    let (alb, ecs) = (w.network.alb_sg.clone(), w.network.ecs_sg.clone());
    assert_eq!(w.open_security_group(&ecs, false, vec![(tcp(8000, &alb), None)]).unwrap_err().code, "InvalidPermission.Duplicate");
    assert_eq!(w.open_security_group("sg-1", false, vec![]).unwrap_err().code, "InvalidGroup.NotFound");
    assert_eq!(w.close_security_group(&ecs, false, &[tcp(22, &alb)]).unwrap_err().code, "InvalidPermission.NotFound");
    assert_eq!(w.close_security_group_rules(&ecs, false, &["sgr-1"]).unwrap_err().code, "InvalidSecurityGroupRuleId.NotFound");
}
