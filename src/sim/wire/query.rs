//! awsQuery and ec2Query: form parameters in (`Filters.Filter.1.Name`), XML out (`<OpResponse><OpResult>`).
//! Lists come as numbered members and are recognised here; the wrapper name around them is undone by `Params::list`.
//! ec2Query has no Result wrapper and an error body of its own; its lowerCamel names are its handlers'.

use std::collections::BTreeMap;

use super::xml::Xml;
use super::{ApiError, MAX_DEPTH, Value};

/// Parses a form body into a tree.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    let mut root = Node::default();
    for (name, value) in form_urlencoded::parse(body) {
        let path: Vec<&str> = name.split('.').collect();
        if path.len() > MAX_DEPTH {
            return Err("nested too deep".to_owned());
        }
        root.insert(&path, value.into_owned());
    }
    Ok(root.into_value())
}

/// Renders a successful response. `namespace` may be empty.
pub(super) fn encode(operation: &str, namespace: &str, request_id: &str, result: &Value) -> Vec<u8> {
    let mut xml = Xml::default();
    let root = format!("{operation}Response");
    xml.open(&root, namespace);
    xml.element(&format!("{operation}Result"), result);
    xml.element("ResponseMetadata", &super::object! { "RequestId" => request_id });
    xml.close(&root);
    xml.bytes()
}

/// Renders an error.
pub(super) fn encode_error(error: &ApiError, namespace: &str, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::default();
    xml.open("ErrorResponse", namespace);
    xml.element("Error", &super::object! { "Type" => error.fault(), "Code" => error.query_code(), "Message" => &error.message });
    xml.element("RequestId", &Value::from(request_id));
    xml.close("ErrorResponse");
    xml.bytes()
}

/// Renders a successful response of ec2Query.
pub(super) fn encode_ec2(operation: &str, namespace: &str, request_id: &str, result: &Value) -> Vec<u8> {
    let mut xml = Xml::default();
    let root = format!("{operation}Response");
    xml.open(&root, namespace);
    xml.element("requestId", &Value::from(request_id));
    xml.content(result);
    xml.close(&root);
    xml.bytes()
}

/// Renders an error of ec2Query.
pub(super) fn encode_ec2_error(error: &ApiError, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::default();
    let found = super::object! { "Code" => error.query_code(), "Message" => &error.message };
    xml.element("Response", &super::object! { "Errors" => Value::list("Error", [found]), "RequestID" => request_id });
    xml.bytes()
}

#[derive(Default)]
struct Node {
    value: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn insert(&mut self, path: &[&str], value: String) {
        match path {
            [] => self.value = Some(value),
            [first, rest @ ..] => self.children.entry((*first).to_owned()).or_default().insert(rest, value),
        }
    }

    fn into_value(self) -> Value {
        if self.children.is_empty() {
            return self.value.map_or(Value::EMPTY, Value::from);
        }
        let numbers: Option<Vec<u32>> = self.children.keys().map(|name| name.parse().ok()).collect();
        match numbers {
            Some(numbers) => {
                let mut items: Vec<_> = numbers.into_iter().zip(self.children.into_values()).collect();
                items.sort_by_key(|(number, _)| *number);
                Value::members(items.into_iter().map(|(_, node)| node.into_value()))
            }
            None => Value::Map(self.children.into_iter().map(|(name, node)| (name.into(), node.into_value())).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn numbered_members_become_lists() {
        for (body, expected) in [
            ("a=1&b=x%20y", object! { "a" => "1", "b" => "x y" }),
            ("N.member.2=b&N.member.1=a&N.member.10=j", object! { "N" => object! { "member" => Value::members(["a", "b", "j"]) } }),
            (
                "F.Filter.1.Name=n&F.Filter.1.Values.Value.1=v",
                object! { "F" => object! { "Filter" => Value::members([
                    object! { "Name" => "n", "Values" => object! { "Value" => Value::members(["v"]) } }
                ]) } },
            ),
            ("", Value::EMPTY),
        ] {
            assert_eq!(decode(body.as_bytes()).unwrap(), expected, "{body}");
        }
        assert!(decode("a.".repeat(500).as_bytes()).is_err());
    }

    #[test]
    fn responses_carry_the_wrappers_that_clients_check() {
        let result = object! {
            "DBInstances" => Value::list("DBInstance", [object! { "MultiAZ" => true, "At" => Value::Time(0), "No" => Value::Null }]),
            "Text" => "a<b\u{1}",
        };
        assert_eq!(
            String::from_utf8(encode("Describe", "urn:x", "id-1", &result)).unwrap(),
            "<DescribeResponse xmlns=\"urn:x\"><DescribeResult><DBInstances><DBInstance><MultiAZ>true</MultiAZ>\
             <At>1970-01-01T00:00:00.000Z</At></DBInstance></DBInstances><Text>a&lt;b\u{fffd}</Text></DescribeResult>\
             <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DescribeResponse>"
        );
    }

    #[test]
    fn ec2_has_no_result_wrapper_and_its_own_errors() {
        let result = object! { "vpcSet" => Value::list("item", [object! { "vpcId" => "vpc-1" }]), "nextToken" => Value::Null };
        assert_eq!(
            String::from_utf8(encode_ec2("DescribeVpcs", "urn:e", "id-3", &result)).unwrap(),
            "<DescribeVpcsResponse xmlns=\"urn:e\"><requestId>id-3</requestId><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet>\
             </DescribeVpcsResponse>"
        );
        assert_eq!(
            String::from_utf8(encode_ec2_error(&ApiError::new("InvalidRoute.NotFound", "gone"), "id-4")).unwrap(),
            "<Response><Errors><Error><Code>InvalidRoute.NotFound</Code><Message>gone</Message></Error></Errors>\
             <RequestID>id-4</RequestID></Response>"
        );
        let sent = decode(b"Filter.1.Name=vpc-id&Filter.1.Value.1=v&NatGatewayId.1=nat-1").unwrap();
        let filters = object! { "Name" => "vpc-id", "Value" => Value::members(["v"]) };
        assert_eq!(sent, object! { "Filter" => Value::members([filters]), "NatGatewayId" => Value::members(["nat-1"]) });
    }

    #[test]
    fn errors_name_the_sender() {
        let body = encode_error(&ApiError::new("DBInstanceNotFound", "gone").with_status(404), "", "id-2");
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "<ErrorResponse><Error><Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>gone</Message></Error>\
             <RequestId>id-2</RequestId></ErrorResponse>"
        );
    }
}
