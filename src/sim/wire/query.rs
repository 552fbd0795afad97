//! awsQuery: form parameters in (`Filters.Filter.1.Name`), XML out (`<OpResponse><OpResult>`).
//! Lists come as numbered members and are recognised here; the wrapper name around them is undone by `Params::list`.
//! ec2Query differs in three ways (no Result wrapper, lowerCamel names, flat lists) and would sit beside `encode`.

use std::collections::BTreeMap;

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use super::{ApiError, MAX_DEPTH, Value, time};

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

/// Writes to a `Vec`, which cannot fail: the results of the writer are dropped on purpose.
struct Xml(Writer<Vec<u8>>);

impl Default for Xml {
    fn default() -> Xml {
        Xml(Writer::new(Vec::new()))
    }
}

impl Xml {
    fn open(&mut self, name: &str, namespace: &str) {
        let mut tag = BytesStart::new(name);
        if !namespace.is_empty() {
            tag.push_attribute(("xmlns", namespace));
        }
        let _ = self.0.write_event(Event::Start(tag));
    }

    fn close(&mut self, name: &str) {
        let _ = self.0.write_event(Event::End(BytesEnd::new(name)));
    }

    fn element(&mut self, name: &str, value: &Value) {
        if *value == Value::Null {
            return;
        }
        self.open(name, "");
        match value {
            Value::Null => {}
            Value::Bool(flag) => self.text(if *flag { "true" } else { "false" }),
            Value::Int(number) => self.text(&number.to_string()),
            Value::Float(number) => self.text(&number.to_string()),
            Value::Str(text) => self.text(text),
            Value::Time(epoch_ms) => self.text(&time::iso(*epoch_ms)),
            Value::List { item, items } => {
                for entry in items {
                    self.element(item, entry);
                }
            }
            Value::Map(members) => {
                for (name, member) in members {
                    self.element(name, member);
                }
            }
        }
        self.close(name);
    }

    fn text(&mut self, text: &str) {
        // XML 1.0 has no way to write most control characters, not even escaped.
        let printable: String = text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect();
        let _ = self.0.write_event(Event::Text(BytesText::new(&printable)));
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner()
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
    fn errors_name_the_sender() {
        let body = encode_error(&ApiError::new("DBInstanceNotFound", "gone").with_status(404), "", "id-2");
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "<ErrorResponse><Error><Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>gone</Message></Error>\
             <RequestId>id-2</RequestId></ErrorResponse>"
        );
    }
}
