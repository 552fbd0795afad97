//! Security groups and their rules: told, opened and closed. What they stop is `world`'s. Called through the table in `ec2`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::names::{ACCOUNT, STACK, arn};
use crate::world::network::parse_range;
use crate::world::state::{GroupRule, Network, Peer, Permission, SecurityGroup};

use super::{Item, Listing, answer, check_dry_run, one};

pub(super) fn describe_security_groups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeSecurityGroups",
        ids: "GroupId",
        set: "securityGroupInfo",
        unknown: ("InvalidGroup.NotFound", "security group"),
        pages: Some((5, 1000)),
    };
    let (net, names) = (&world.network, params.strings("GroupName"));
    let wanted = net.groups.iter().filter(|group| names.is_empty() || names.contains(&group.name.as_str()));
    answer(&listing, params, wanted.map(|group| describe_group(net, group)).collect())
}

fn describe_group(net: &Network, group: &SecurityGroup) -> Item {
    let permissions = |egress| {
        let rules = group.rules.iter().filter(|rule| rule.egress == egress);
        Value::list("item", rules.map(describe_permission))
    };
    let peers = |egress: bool| group.rules.iter().filter(move |rule| rule.egress == egress).map(|rule| &rule.permission.peer);
    let groups = |egress| peers(egress).filter_map(|peer| if let Peer::Group(id) = peer { Some(id.clone()) } else { None }).collect();
    let ranges = |egress| peers(egress).filter_map(|peer| if let Peer::Cidr(range) = peer { Some(range.clone()) } else { None }).collect();
    let default = group.name == "default";
    Item::new(
        &group.id,
        vec![
            ("group-id", one(&group.id)),
            ("group-name", one(&group.name)),
            ("description", one(&group.description)),
            ("vpc-id", one(&net.vpc_id)),
            ("owner-id", one(ACCOUNT)),
            ("ip-permission.group-id", groups(false)),
            ("ip-permission.cidr", ranges(false)),
            ("egress.ip-permission.group-id", groups(true)),
            ("egress.ip-permission.cidr", ranges(true)),
        ],
        vec![
            ("ownerId", Value::from(ACCOUNT)),
            ("groupId", Value::from(&group.id)),
            ("groupName", Value::from(&group.name)),
            ("groupDescription", Value::from(&group.description)),
            ("securityGroupArn", Value::from(arn("ec2", format_args!("security-group/{}", group.id)))),
            ("vpcId", Value::from(&net.vpc_id)),
            ("ipPermissions", permissions(false)),
            ("ipPermissionsEgress", permissions(true)),
        ],
    )
    .named((!default).then(|| group.name.clone()))
}

fn ports(permission: &Permission) -> (Option<i32>, Option<i32>) {
    let (first, last) = permission.ports;
    if permission.protocol == "-1" { (None, None) } else { (Some(first), Some(last)) }
}

fn describe_permission(rule: &GroupRule) -> Value {
    let (first, last) = ports(&rule.permission);
    let description = rule.description.as_deref();
    let (mut groups, mut ranges, mut ranges6) = (None, None, None);
    match &rule.permission.peer {
        Peer::Group(id) => {
            groups = Some(object! { "groupId" => id, "userId" => ACCOUNT, "description" => description });
        }
        Peer::Cidr(range) => ranges = Some(object! { "cidrIp" => range, "description" => description }),
        Peer::Cidr6(range) => ranges6 = Some(object! { "cidrIpv6" => range, "description" => description }),
    }
    object! {
        "ipProtocol" => &rule.permission.protocol,
        "fromPort" => first,
        "toPort" => last,
        "groups" => Value::list("item", groups),
        "ipRanges" => Value::list("item", ranges),
        "ipv6Ranges" => Value::list("item", ranges6),
        "prefixListIds" => Value::list::<Value>("item", []),
    }
}

pub(super) fn describe_security_group_rules(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeSecurityGroupRules",
        ids: "SecurityGroupRuleId",
        set: "securityGroupRuleSet",
        unknown: ("InvalidSecurityGroupRuleId.NotFound", "security group rule"),
        pages: Some((5, 1000)),
    };
    let net = &world.network;
    let item = |group: &SecurityGroup, rule: &GroupRule| {
        let fields = vec![("group-id", one(&group.id)), ("security-group-rule-id", one(&rule.id))];
        Item::new(&rule.id, fields, describe_rule(net, &group.id, rule))
    };
    let rules = net.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| item(group, rule)));
    answer(&listing, params, rules.collect())
}

fn describe_rule(net: &Network, group: &str, rule: &GroupRule) -> Vec<(&'static str, Value)> {
    let (first, last) = rule.permission.ports;
    let peer = match &rule.permission.peer {
        Peer::Cidr(range) => ("cidrIpv4", Value::from(range)),
        Peer::Cidr6(range) => ("cidrIpv6", Value::from(range)),
        Peer::Group(id) => ("referencedGroupInfo", object! { "groupId" => id, "userId" => ACCOUNT, "vpcId" => &net.vpc_id }),
    };
    vec![
        ("securityGroupRuleId", Value::from(&rule.id)),
        ("securityGroupRuleArn", Value::from(arn("ec2", format_args!("security-group-rule/{}", rule.id)))),
        ("groupId", Value::from(group)),
        ("groupOwnerId", Value::from(ACCOUNT)),
        ("isEgress", Value::from(rule.egress)),
        ("ipProtocol", Value::from(&rule.permission.protocol)),
        ("fromPort", Value::from(first)),
        ("toPort", Value::from(last)),
        peer,
        ("description", Value::from(rule.description.as_deref())),
    ]
}

pub(super) fn authorize_ingress(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    authorize(world, params, false)
}

pub(super) fn authorize_egress(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    authorize(world, params, true)
}

fn authorize(world: &mut World, params: &Params<'_>, egress: bool) -> Result<Value, ApiError> {
    let group = group_id(world, params)?;
    let wanted = permissions(params)?;
    if wanted.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter ipPermissions"));
    }
    if let Some((Peer::Group(id), _)) =
        wanted.iter().map(|(permission, text)| (&permission.peer, text)).find(|(peer, _)| missing(world, peer))
    {
        return Err(ApiError::new("InvalidGroup.NotFound", format!("The security group '{id}' does not exist")));
    }
    check_dry_run(params)?;
    let made = world.open_security_group(&group, egress, wanted)?;
    let rules = made.iter().map(|rule| {
        let members = describe_rule(&world.network, &group, rule).into_iter().map(|(name, value)| (name.into(), value));
        Value::Map(members.collect())
    });
    Ok(object! { "return" => true, "securityGroupRuleSet" => Value::list("item", rules) })
}

fn missing(world: &World, peer: &Peer) -> bool {
    matches!(peer, Peer::Group(id) if world.network.group(id).is_none())
}

pub(super) fn revoke_ingress(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    revoke(world, params, false)
}

pub(super) fn revoke_egress(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    revoke(world, params, true)
}

fn revoke(world: &mut World, params: &Params<'_>, egress: bool) -> Result<Value, ApiError> {
    let group = group_id(world, params)?;
    let ids = params.strings("SecurityGroupRuleId");
    let unwanted: Vec<Permission> = permissions(params)?.into_iter().map(|(permission, _)| permission).collect();
    if ids.is_empty() == unwanted.is_empty() {
        let message = "The request must contain either ipPermissions or securityGroupRuleIds";
        return Err(ApiError::new(if ids.is_empty() { "MissingParameter" } else { "InvalidParameterCombination" }, message));
    }
    check_dry_run(params)?;
    let gone = if ids.is_empty() {
        world.close_security_group(&group, egress, &unwanted)?
    } else {
        world.close_security_group_rules(&group, egress, &ids)?
    };
    let gone = gone.iter().map(|rule| {
        let (first, last) = rule.permission.ports;
        let mut members = vec![
            ("securityGroupRuleId".into(), Value::from(&rule.id)),
            ("groupId".into(), Value::from(&group)),
            ("isEgress".into(), Value::from(egress)),
            ("ipProtocol".into(), Value::from(&rule.permission.protocol)),
            ("fromPort".into(), Value::from(first)),
            ("toPort".into(), Value::from(last)),
        ];
        members.push(match &rule.permission.peer {
            Peer::Cidr(range) => ("cidrIpv4".into(), Value::from(range)),
            Peer::Cidr6(range) => ("cidrIpv6".into(), Value::from(range)),
            Peer::Group(id) => ("referencedGroupId".into(), Value::from(id)),
        });
        Value::Map(members)
    });
    Ok(object! { "return" => true, "revokedSecurityGroupRuleSet" => Value::list("item", gone) })
}

/// The group by id or by name.
fn group_id(world: &World, params: &Params<'_>) -> Result<String, ApiError> {
    let named = params.str("GroupName");
    let asked = params.str("GroupId").or(named).ok_or_else(|| params.missing("GroupId"))?;
    let found = world.network.groups.iter().find(|group| group.id == asked || named == Some(group.name.as_str()));
    let unknown =
        || ApiError::new("InvalidGroup.NotFound", format!("The security group '{asked}' does not exist in default VPC '{STACK}'"));
    found.map(|group| group.id.clone()).ok_or_else(unknown)
}

/// What the request names, in either of its two forms: `IpPermissions`, or one rule spelled out.
fn permissions(params: &Params<'_>) -> Result<Vec<(Permission, Option<String>)>, ApiError> {
    let mut all = Vec::new();
    for entry in params.structures("IpPermissions") {
        let (protocol, ports) = protocol(&entry)?;
        let peers = [("Groups", "GroupId"), ("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")];
        for (list, member) in peers {
            for peer in entry.structures(list) {
                let (text, description) = (peer.required(member)?, peer.str("Description").map(str::to_owned));
                let peer = match list {
                    "Groups" => Peer::Group(text.to_owned()),
                    "IpRanges" => Peer::Cidr(range(text)?),
                    _ => Peer::Cidr6(text.to_owned()),
                };
                all.push((Permission { protocol: protocol.clone(), ports, peer }, description));
            }
        }
    }
    if let Some(text) = params.str("CidrIp") {
        let (protocol, ports) = protocol(params)?;
        all.push((Permission { protocol, ports, peer: Peer::Cidr(range(text)?) }, None));
    }
    Ok(all)
}

fn range(text: &str) -> Result<String, ApiError> {
    let wrong = || ApiError::new("InvalidParameterValue", format!("CIDR block {text} is malformed"));
    parse_range(text).map(|_| text.to_owned()).ok_or_else(wrong)
}

fn protocol(entry: &Params<'_>) -> Result<(String, (i32, i32)), ApiError> {
    let protocol = match entry.required("IpProtocol")? {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        other => other,
    };
    if protocol == "-1" {
        return Ok(("-1".to_owned(), (-1, -1)));
    }
    let port = |name: &str| -> Result<i32, ApiError> {
        let port = entry.int(name)?.ok_or_else(|| entry.missing(name))?;
        i32::try_from(port).ok().filter(|port| (-1..=65_535).contains(port)).ok_or_else(|| {
            ApiError::new("InvalidParameterValue", format!("Invalid value '{port}' for {name}. Must be between 0 and 65535."))
        })
    };
    Ok((protocol.to_owned(), (port("FromPort")?, port("ToPort")?)))
}
