//! XML as the AWS protocols use it: a writer that walks a [`Value`], and a reader that makes one of a request body.
//! Which root and which namespace is for the protocols to say: `query` (awsQuery and ec2Query) and `rest` (restXml).

use std::borrow::Cow;

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

use super::{MAX_DEPTH, Value, time};

/// Writes to a `Vec`, which cannot fail: the results of the writer are dropped on purpose.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Default for Xml {
    fn default() -> Xml {
        Xml(Writer::new(Vec::new()))
    }
}

impl Xml {
    pub(super) fn open(&mut self, name: &str, namespace: &str) {
        let mut tag = BytesStart::new(name);
        if !namespace.is_empty() {
            tag.push_attribute(("xmlns", namespace));
        }
        let _ = self.0.write_event(Event::Start(tag));
    }

    pub(super) fn close(&mut self, name: &str) {
        let _ = self.0.write_event(Event::End(BytesEnd::new(name)));
    }

    /// An element and what it holds; a flattened list is as many elements as it has entries.
    pub(super) fn element(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Flat(entries) => entries.iter().for_each(|entry| self.element(name, entry)),
            _ => {
                self.open(name, "");
                self.content(value);
                self.close(name);
            }
        }
    }

    /// What stands between the tags.
    pub(super) fn content(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Flat(_) => {}
            Value::Bool(flag) => self.text(if *flag { "true" } else { "false" }),
            Value::Int(number) => self.text(&number.to_string()),
            Value::Float(number) => self.text(&number.to_string()),
            Value::Str(text) => self.text(text),
            Value::Time(epoch_ms) => self.text(&time::iso(*epoch_ms)),
            Value::List { item, items } => items.iter().for_each(|entry| self.element(item, entry)),
            Value::Map(members) => members.iter().for_each(|(name, member)| self.element(name, member)),
        }
    }

    fn text(&mut self, text: &str) {
        // XML 1.0 has no way to write most control characters, not even escaped.
        let printable: String = text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect();
        let _ = self.0.write_event(Event::Text(BytesText::new(&printable)));
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

type Members = Vec<(Cow<'static, str>, Value)>;

/// Reads a document into `(root name, content)`. Attributes are passed over; an element that repeats becomes a list.
pub(super) fn decode(body: &[u8]) -> Result<(String, Value), String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Members, String)> = vec![(String::new(), Vec::new(), String::new())];
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => open.push((local(&tag), Vec::new(), String::new())),
            Event::Empty(tag) => add(&mut open, local(&tag), Value::Str(Cow::Borrowed("")))?,
            Event::Text(part) => append(&mut open, &part.xml10_content()),
            Event::CData(part) => append(&mut open, &part.xml10_content()),
            Event::GeneralRef(name) => append(&mut open, &entity(&name.xml10_content())?),
            Event::End(_) => {
                let (name, members, text) = open.pop().ok_or("an element is closed that was not opened")?;
                add(&mut open, name, if members.is_empty() { Value::from(text) } else { Value::Map(members) })?;
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
        if open.len() > MAX_DEPTH {
            return Err("nested too deep".to_owned());
        }
    }
    let roots = open.pop().filter(|_| open.is_empty()).map(|(_, members, _)| members).unwrap_or_default();
    match <[_; 1]>::try_from(roots) {
        Ok([(root, content)]) => Ok((root.into_owned(), content)),
        Err(_) => Err("the request body is not one XML document".to_owned()),
    }
}

fn local(tag: &BytesStart<'_>) -> String {
    let name: &str = tag.local_name().into_inner();
    name.to_owned()
}

fn append(open: &mut [(String, Members, String)], part: &str) {
    if let Some((_, _, text)) = open.last_mut() {
        text.push_str(part);
    }
}

fn entity(name: &str) -> Result<String, String> {
    quick_xml::escape::unescape(&format!("&{name};")).map(Cow::into_owned).map_err(|error| error.to_string())
}

fn add(open: &mut [(String, Members, String)], name: String, value: Value) -> Result<(), String> {
    let (_, members, _) = open.last_mut().ok_or("an element is closed that was not opened")?;
    match members.iter_mut().find(|(known, _)| *known == name) {
        None => members.push((name.into(), value)),
        Some((_, Value::List { items, .. })) => items.push(value),
        Some((_, first)) => {
            let earlier = std::mem::replace(first, Value::Null);
            *first = Value::members([earlier, value]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn documents_become_trees() {
        for (text, root, expected) in [
            (
                "<?xml version=\"1.0\"?>\n<Batch xmlns=\"urn:x\"><Paths><Quantity>2</Quantity><Items><Path>/a&amp;b</Path><Path>/c</Path>\
                 </Items></Paths><Ref/></Batch>",
                "Batch",
                object! { "Paths" => object! { "Quantity" => "2", "Items" => object! { "Path" => Value::members(["/a&b", "/c"]) } }, "Ref" => "" },
            ),
            ("<a:B xmlns:a=\"urn:y\"><a:C><![CDATA[<x>]]></a:C></a:B>", "B", object! { "C" => "<x>" }),
            ("<V>Enabled</V>", "V", Value::from("Enabled")),
        ] {
            assert_eq!(decode(text.as_bytes()).unwrap(), (root.to_owned(), expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["", "x", "<a>", "<a></b>", "<a/><b/>", "</a>", "<a>&nope;</a>", &"<a>".repeat(50)] {
            assert!(decode(text.as_bytes()).is_err(), "{text}");
        }
        assert!(decode(&[b'<', 0xff]).is_err());
    }

    #[test]
    fn flattened_lists_have_no_element_of_their_own() {
        let mut xml = Xml::default();
        xml.element(
            "R",
            &object! { "Rule" => Value::flat([object! { "Id" => 1 }, object! { "Id" => 2 }]), "Empty" => Value::flat::<Value>([]) },
        );
        assert_eq!(String::from_utf8(xml.bytes()).unwrap(), "<R><Rule><Id>1</Id></Rule><Rule><Id>2</Id></Rule></R>");
    }
}
