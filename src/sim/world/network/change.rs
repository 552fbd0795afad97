//! Changes of the network: EC2's write operations, and the drifts that tests and scenarios ask for by name.
//! They only change state; what comes of it is the physics' matter.

use super::super::World;
use super::super::names::{Az, Ms, SEC};
use super::super::ops::{Done, WorldError};
use super::super::state::{GroupRule, NatState, Permission, RouteTarget, SecurityGroup};

/// From DeleteNatGateway to the state `deleted`.
const DELETION_TAKES: Ms = 30 * SEC;

impl World {
    /// `ec2:ReplaceRoute`: gives the route to `destination` another target.
    pub fn replace_route(&mut self, table: &str, destination: &str, target: RouteTarget) -> Done<()> {
        self.check_replace_route(table, destination, &target)?;
        let routes = self.network.route_tables.iter_mut().filter(|t| t.id == table).flat_map(|t| &mut t.routes);
        routes.filter(|route| route.destination == destination).for_each(|route| route.target = target.clone());
        self.network.changed = true;
        Ok(())
    }

    /// What `ec2:ReplaceRoute` would refuse; a dry run ends here.
    pub fn check_replace_route(&self, table: &str, destination: &str, target: &RouteTarget) -> Done<()> {
        let net = &self.network;
        let missing = |code, what: &str, id: &str| WorldError::new(code, format!("The {what} ID '{id}' does not exist"));
        let found = net.route_tables.iter().find(|t| t.id == table);
        let found = found.ok_or_else(|| missing("InvalidRouteTableID.NotFound", "routeTable", table))?;
        match target {
            RouteTarget::Nat(id) if net.nat(id).is_none_or(|nat| nat.state != NatState::Available) => {
                return Err(missing("InvalidNatGatewayID.NotFound", "natGateway", id));
            }
            RouteTarget::Gateway(id) if *id != net.gateway.id => return Err(missing("InvalidGatewayID.NotFound", "gateway", id)),
            _ => {}
        }
        let route = found.routes.iter().find(|route| route.destination == destination).ok_or_else(|| {
            WorldError::new("InvalidRoute.NotFound", format!("no route with destination-cidr-block {destination} in route table {table}"))
        })?;
        if route.target == RouteTarget::Local {
            return Err(WorldError::new(
                "InvalidParameterValue",
                format!("cannot replace local route {destination} in route table {table}"),
            ));
        }
        Ok(())
    }

    /// `ec2:AuthorizeSecurityGroupIngress` and `Egress`: adds rules and returns them.
    pub fn open_security_group(&mut self, group: &str, egress: bool, wanted: Vec<(Permission, Option<String>)>) -> Done<Vec<GroupRule>> {
        let known = self.security_group(group)?;
        let double = wanted.iter().find(|(wanted, _)| known.rules.iter().any(|rule| rule.egress == egress && rule.permission == *wanted));
        if let Some((wanted, _)) = double {
            return Err(WorldError::new("InvalidPermission.Duplicate", format!("the specified rule \"{wanted}\" already exists")));
        }
        let ids = &mut self.rng.ids;
        let rule = |(permission, description)| GroupRule { id: format!("sgr-{}", ids.hex(17)), egress, permission, description };
        let rules: Vec<GroupRule> = wanted.into_iter().map(rule).collect();
        if let Some(group) = self.network.groups.iter_mut().find(|g| g.id == group) {
            group.rules.extend(rules.iter().cloned());
        }
        self.network.changed = true;
        Ok(rules)
    }

    /// `ec2:RevokeSecurityGroupIngress` and `Egress`: takes rules away, by what they let through, and returns them.
    pub fn close_security_group(&mut self, group: &str, egress: bool, unwanted: &[Permission]) -> Done<Vec<GroupRule>> {
        let known = self.security_group(group)?;
        let mut gone = Vec::new();
        for wanted in unwanted {
            let rule = known.rules.iter().find(|rule| rule.egress == egress && rule.permission == *wanted);
            gone.push(rule.cloned().ok_or_else(|| {
                WorldError::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
            })?);
        }
        self.drop_rules(group, &gone);
        Ok(gone)
    }

    /// The same by rule id.
    pub fn close_security_group_rules(&mut self, group: &str, egress: bool, ids: &[&str]) -> Done<Vec<GroupRule>> {
        let known = self.security_group(group)?;
        let mut gone = Vec::new();
        for id in ids {
            let rule = known.rules.iter().find(|rule| rule.egress == egress && rule.id == *id);
            gone.push(rule.cloned().ok_or_else(|| {
                WorldError::new("InvalidSecurityGroupRuleId.NotFound", format!("The security group rule ID '{id}' does not exist"))
            })?);
        }
        self.drop_rules(group, &gone);
        Ok(gone)
    }

    fn drop_rules(&mut self, group: &str, gone: &[GroupRule]) {
        if let Some(group) = self.network.groups.iter_mut().find(|g| g.id == group) {
            group.rules.retain(|rule| !gone.contains(rule));
        }
        self.network.changed = true;
    }

    fn security_group(&self, id: &str) -> Done<&SecurityGroup> {
        let unknown = || WorldError::new("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"));
        self.network.group(id).ok_or_else(unknown)
    }

    /// Drift: leads the private subnet of `az` through the NAT gateway of another zone (or back through its own).
    pub fn route_through(&mut self, az: Az, nat: Az) -> Done<()> {
        let target = RouteTarget::Nat(self.network.nats[nat.index()].id.clone());
        let table = self.private_table(az);
        self.replace_route(&table, "0.0.0.0/0", target)
    }

    /// Drift: the default route of the private subnet of `az` leads to a NAT gateway that is no more.
    pub fn blackhole_route(&mut self, az: Az) {
        let table = self.private_table(az);
        let routes = self.network.route_tables.iter_mut().filter(|t| t.id == table).flat_map(|t| &mut t.routes);
        for route in routes.filter(|route| route.destination == "0.0.0.0/0") {
            route.target = RouteTarget::Nat("nat-0f9d2c4b7a6e1835d".into());
        }
        self.network.changed = true;
    }

    fn private_table(&self, az: Az) -> String {
        self.network.table_of(self.network.private.of(az)).map(|table| table.id.clone()).unwrap_or_default()
    }

    /// `ec2:DeleteNatGateway`: it passes nothing any more, and is gone half a minute later. Routes that lead to it become black holes.
    pub fn begin_nat_deletion(&mut self, id: &str) -> Done<()> {
        self.check_nat_deletion(id)?;
        let due = self.now + DELETION_TAKES;
        if let Some(nat) = self.network.nats.iter_mut().find(|nat| nat.id == id && nat.state != NatState::Deleting) {
            (nat.state, nat.deleted_at) = (NatState::Deleting, Some(due));
            self.network.changed = true;
        }
        Ok(())
    }

    /// What `ec2:DeleteNatGateway` would refuse; a dry run ends here.
    pub fn check_nat_deletion(&self, id: &str) -> Done<()> {
        match self.network.nat(id) {
            Some(nat) if nat.state != NatState::Deleted => Ok(()),
            _ => Err(WorldError::new("NatGatewayNotFound", format!("NatGateway {id} was not found"))),
        }
    }

    /// Ends the deletions that are due.
    pub(super) fn end_nat_deletions(&mut self) {
        let now = self.now;
        let due = |az: &Az| {
            let nat = &self.network.nats[az.index()];
            nat.state == NatState::Deleting && nat.deleted_at.is_some_and(|at| now >= at)
        };
        for az in Az::ALL.into_iter().filter(due).collect::<Vec<_>>() {
            self.lose_nat_gateway(az, NatState::Deleted);
        }
    }

    /// Drift: the NAT gateway of a zone has been deleted. Routes that lead to it become black holes, its address stays ours.
    pub fn delete_nat_gateway(&mut self, az: Az) {
        self.network.nats[az.index()].deleted_at = Some(self.now);
        self.lose_nat_gateway(az, NatState::Deleted);
    }

    /// Drift: the NAT gateway of a zone is one that never came up.
    pub fn fail_nat_gateway(&mut self, az: Az) {
        let message = "The system encountered an internal error when attempting to create the NAT gateway. Please retry your request.";
        self.network.nats[az.index()].failure = Some(("InternalError", message));
        self.lose_nat_gateway(az, NatState::Failed);
    }

    fn lose_nat_gateway(&mut self, az: Az, state: NatState) {
        let nat = &mut self.network.nats[az.index()];
        nat.state = state;
        for address in self.network.addresses.iter_mut().filter(|address| address.allocation == nat.allocation) {
            address.association = None;
            address.interface = None;
        }
        self.network.changed = true;
    }

    /// Drift: detaches the internet gateway from the VPC, or attaches it again.
    pub fn attach_internet_gateway(&mut self, attached: bool) {
        self.network.gateway.attached = attached;
        self.network.changed = true;
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use super::super::state::Peer;
        let (Peer::Cidr(peer) | Peer::Cidr6(peer) | Peer::Group(peer)) = &self.peer;
        let (first, last) = self.ports;
        write!(f, "peer: {peer}, {}, from port: {first}, to port: {last}, ALLOW", self.protocol.to_uppercase())
    }
}
