//! EC2, as far as a network goes: the operation table, and what its describe operations share (ids, filters, pages).
//! `vpc` tells what stands still, `gateways` what traffic goes through, `groups` what it may do. Called through the
//! service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::names::STACK;

use super::{Operation, Service};

mod gateways;
mod groups;
#[cfg(test)]
mod tests;
mod vpc;

pub(super) const SERVICE: Service = Service {
    name: "ec2",
    iam_prefix: "ec2",
    signing_name: "ec2",
    targets: &["2016-11-15"],
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
    dialect: Dialect { missing: "MissingParameter", invalid: "InvalidParameterValue" },
    operations: &[
        Operation::read("DescribeVpcs", vpc::describe_vpcs),
        Operation::read("DescribeSubnets", vpc::describe_subnets),
        Operation::read("DescribeAvailabilityZones", vpc::describe_availability_zones),
        Operation::read("DescribeInternetGateways", vpc::describe_internet_gateways),
        Operation::read("DescribeNatGateways", gateways::describe_nat_gateways),
        Operation::write("DeleteNatGateway", gateways::delete_nat_gateway),
        Operation::read("DescribeRouteTables", gateways::describe_route_tables),
        Operation::read("DescribeAddresses", gateways::describe_addresses),
        Operation::write("ReplaceRoute", gateways::replace_route),
        Operation::read("DescribeSecurityGroups", groups::describe_security_groups),
        Operation::read("DescribeSecurityGroupRules", groups::describe_security_group_rules),
        Operation::write("AuthorizeSecurityGroupIngress", groups::authorize_ingress),
        Operation::write("AuthorizeSecurityGroupEgress", groups::authorize_egress),
        Operation::write("RevokeSecurityGroupIngress", groups::revoke_ingress),
        Operation::write("RevokeSecurityGroupEgress", groups::revoke_egress),
    ],
};

/// One thing to be described: what it can be found by, and what is told of it.
struct Item {
    id: String,
    /// Filter name and the values that it can have.
    fields: Vec<(&'static str, Vec<String>)>,
    /// None for what cannot be tagged.
    tags: Option<Vec<(&'static str, String)>>,
    value: Vec<(&'static str, Value)>,
}

impl Item {
    fn new(id: &str, fields: Vec<(&'static str, Vec<String>)>, value: Vec<(&'static str, Value)>) -> Item {
        Item { id: id.to_owned(), fields, tags: Some(Vec::new()), value }
    }

    /// With the tags that every resource of the stack has.
    fn named(mut self, name: Option<String>) -> Item {
        if let Some(name) = name {
            self.tags = Some(vec![("Name", name), ("Stack", STACK.to_owned()), ("Environment", "production".to_owned())]);
        }
        self
    }

    /// Of a kind that has no tags.
    fn untaggable(mut self) -> Item {
        self.tags = None;
        self
    }

    /// The values of a filter; `None` if there is no such filter.
    fn values(&self, filter: &str) -> Option<Vec<&str>> {
        if let Some(key) = filter.strip_prefix("tag:") {
            return self.tags.as_ref().map(|tags| tags.iter().filter(|(name, _)| *name == key).map(|(_, value)| value.as_str()).collect());
        }
        if filter == "tag-key" {
            return self.tags.as_ref().map(|tags| tags.iter().map(|(name, _)| *name).collect());
        }
        let found = self.fields.iter().find(|(name, _)| *name == filter)?;
        Some(found.1.iter().map(String::as_str).collect())
    }

    fn render(self) -> Value {
        let tag = |(key, value): (&'static str, String)| object! { "key" => key, "value" => value };
        let tags = self.tags.map(|tags| ("tagSet", Value::list("item", tags.into_iter().map(tag))));
        Value::Map(self.value.into_iter().chain(tags).map(|(name, value)| (name.into(), value)).collect())
    }
}

/// How one describe operation asks and answers.
struct Listing {
    operation: &'static str,
    /// The request member that lists ids.
    ids: &'static str,
    /// The response member.
    set: &'static str,
    /// Error code and noun for an id that nothing has.
    unknown: (&'static str, &'static str),
    /// Bounds of `MaxResults`; none is an operation without pages.
    pages: Option<(i64, i64)>,
}

/// Selects by ids and filters, cuts a page and answers.
fn answer(listing: &Listing, params: &Params<'_>, items: Vec<Item>) -> Result<Value, ApiError> {
    check_dry_run(params)?;
    let ids = params.strings(listing.ids);
    if let Some(id) = ids.iter().find(|id| !items.iter().any(|item| item.id == **id)) {
        let (code, noun) = listing.unknown;
        return Err(ApiError::new(code, format!("The {noun} ID '{id}' does not exist")));
    }
    if !ids.is_empty() && params.has("MaxResults") && listing.pages.is_some() {
        let message = format!("The parameter MaxResults cannot be used with the parameter {}", listing.ids);
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let mut filters = Vec::new();
    for filter in params.structures("Filter") {
        let name = filter.required("Name")?;
        if items.first().is_some_and(|item| item.values(name).is_none()) {
            return Err(ApiError::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
        }
        filters.push((name, filter.strings("Value")));
    }
    let matches = |item: &Item| {
        (ids.is_empty() || ids.contains(&item.id.as_str()))
            && filters.iter().all(|(name, wanted)| {
                let values = item.values(name).unwrap_or_default();
                wanted.iter().any(|pattern| values.iter().any(|value| like(pattern.as_bytes(), value.as_bytes())))
            })
    };
    let found: Vec<Value> = items.into_iter().filter(matches).map(Item::render).collect();
    let Some((least, most)) = listing.pages else { return Ok(object! { listing.set => Value::list("item", found) }) };
    let limit = match params.int("MaxResults")? {
        None => most,
        Some(limit) if (least..=most).contains(&limit) => limit,
        Some(limit) => {
            let message = format!("Value ( {limit} ) for parameter maxResults is invalid. Expecting a value between {least} and {most}.");
            return Err(ApiError::new("InvalidParameterValue", message));
        }
    };
    let question = format!("{} {filters:?}", listing.operation);
    let Page { items, next } = page(found, limit as usize, params.str("NextToken"), &question)
        .ok_or_else(|| ApiError::new("InvalidNextToken", "The token is not valid for this request"))?;
    Ok(object! { listing.set => Value::list("item", items), "nextToken" => next })
}

/// A dry run says whether it would have worked, and does nothing.
fn check_dry_run(params: &Params<'_>) -> Result<(), ApiError> {
    if params.bool("DryRun")?.unwrap_or(false) {
        return Err(ApiError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with_status(412));
    }
    Ok(())
}

/// Filter values may have `*` for any text and `?` for any character.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => like(rest, text) || text.split_first().is_some_and(|(_, left)| like(pattern, left)),
        (Some((b'?', rest)), Some((_, left))) => like(rest, left),
        (Some((wanted, rest)), Some((found, left))) => wanted == found && like(rest, left),
        _ => false,
    }
}

/// One text as the values of a filter.
fn one(text: impl Into<String>) -> Vec<String> {
    vec![text.into()]
}
