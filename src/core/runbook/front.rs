//! The front matter: what a runbook is about, whose it is and what it asks for. The part of YAML that GitHub shows as a table, `key: value`
//! between two lines `---`; TOML would be shown there as an error. Called by the parser.

use serde::Serialize;
use serde_json::Value as Json;

use super::fault::Fault;
use crate::model::action::bounds;
use crate::model::action::names::nearest;
use crate::model::system::{NodeId, System};

/// What stands above a runbook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Front {
    /// `The database failed over`.
    pub title: String,
    /// When to take it, in a sentence.
    pub when: String,
    /// The ids of the incidents that it is for.
    pub incidents: Vec<String>,
    /// Who keeps it.
    pub owner: String,
    /// What it asks for before it starts.
    pub values: Vec<Asked>,
}

/// A value that a runbook asks for: `service: choice of services`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// `{{name}}` in the text.
    pub name: String,
    pub kind: Kind,
    /// What it is when nothing is said: `number, default 4`.
    pub default: Option<String>,
}

/// What a value may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `choice of services`: what there is, when it is asked.
    Choice(Source),
    /// `one of yes, no`.
    OneOf(Vec<String>),
    /// A whole number.
    Number,
    /// `min-max`: bounds, such as 3-6.
    Bounds,
    /// One word.
    Text,
}

/// Where choices come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Services,
    Zones,
    NodeGroups,
    Alarms,
    Projects,
    Buckets,
    Tasks,
}

/// The words of the sources.
const SOURCES: &[(&str, Source)] = &[
    ("services", Source::Services),
    ("zones", Source::Zones),
    ("node-groups", Source::NodeGroups),
    ("alarms", Source::Alarms),
    ("projects", Source::Projects),
    ("buckets", Source::Buckets),
    ("tasks", Source::Tasks),
];

const KEYS: &[&str] = &["title", "when", "incidents", "owner", "values"];

impl Asked {
    /// What can be chosen now, by the state document; empty where anything of the kind may be said.
    pub fn choices(&self, document: &Json) -> Vec<String> {
        match &self.kind {
            Kind::OneOf(words) => words.clone(),
            Kind::Choice(source) => source.choices(document),
            Kind::Number | Kind::Bounds | Kind::Text => Vec::new(),
        }
    }

    /// The value that an incident on these boxes stands for: the service of `svc/web`, the zone of `nat/a`.
    pub fn known(&self, nodes: &[NodeId]) -> Option<String> {
        let system = match self.kind {
            Kind::Choice(Source::Services) => System::Service,
            Kind::Choice(Source::Zones) => System::Nat,
            Kind::Choice(Source::Buckets) => System::Buckets,
            _ => return None,
        };
        let mut named = nodes.iter().filter(|node| node.system() == system && !node.name().is_empty());
        // Two of them are a choice, and that is a person's.
        let one = named.next().filter(|_| named.next().is_none())?;
        Some(one.name().to_owned())
    }

    /// A value of its form, for who checks the text before anybody is asked.
    pub(super) fn sample(&self) -> String {
        match &self.kind {
            Kind::OneOf(words) => words.first().cloned().unwrap_or_default(),
            Kind::Number => "1".to_owned(),
            Kind::Bounds => "1-2".to_owned(),
            Kind::Choice(Source::Zones) => "a".to_owned(),
            Kind::Choice(_) | Kind::Text => "sample".to_owned(),
        }
    }

    /// Why a value is not of its form.
    pub(super) fn refuses(&self, value: &str) -> Option<String> {
        match &self.kind {
            Kind::OneOf(words) if !words.iter().any(|w| w == value) => Some(format!("is one of {}", words.join(", "))),
            Kind::Number if value.is_empty() || value.len() > 9 || !value.bytes().all(|b| b.is_ascii_digit()) => {
                Some("is a whole number".to_owned())
            }
            Kind::Bounds if bounds(value).is_none() => Some("is min-max, such as 3-6".to_owned()),
            _ => None,
        }
    }
}

impl Source {
    fn choices(self, document: &Json) -> Vec<String> {
        let list = |pointer: &str, key: &str| -> Vec<String> {
            let items = document.pointer(pointer).and_then(Json::as_array).into_iter().flatten();
            items.filter_map(|i| i.as_str().or_else(|| i.get(key)?.as_str())).map(ToOwned::to_owned).collect()
        };
        let last = |arn: String| arn.rsplit('/').next().unwrap_or_default().to_owned();
        match self {
            Self::Services => list("/stack/services", "name"),
            Self::Zones => list("/sections/zones/data/zones", "name"),
            Self::NodeGroups => list("/sections/cache/data/node_groups", "id"),
            Self::Alarms => list("/sections/alarms/data/alarms", "name"),
            Self::Projects => list("/stack/projects", "name"),
            Self::Buckets => list("/stack/buckets", "name"),
            Self::Tasks => list("/sections/tasks/data/tasks", "arn").into_iter().map(last).collect(),
        }
    }
}

/// Reads the lines between the `---`; the first of them is line 2 of the file.
pub(super) fn read(file: &str, lines: &[&str]) -> Result<Front, Vec<Fault>> {
    let mut front = Front::default();
    let mut faults = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut inside = false;
    for (line, text) in lines.iter().enumerate().map(|(i, text)| (i + 2, *text)) {
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let mut fault = |column: usize, message: String| faults.push(Fault::new(file, line, column, message));
        let Some((key, written)) = text.split_once(':') else {
            fault(1, format!("'{}' is not `key: value`", short(text)));
            continue;
        };
        let value = bare(written);
        if value == written.trim() && (value.contains(": ") || value.contains(" #")) {
            fault(key.len() + 2, "a text with ': ' or ' #' stands in double quotes: GitHub cannot show it otherwise".to_owned());
        }
        if inside && text.starts_with("  ") {
            match asked(key.trim(), value) {
                Ok(asked) if front.values.iter().any(|a| a.name == asked.name) => {
                    fault(3, format!("value '{}' is asked for twice", asked.name));
                }
                Ok(asked) => front.values.push(asked),
                Err(message) => fault(3, message),
            }
            continue;
        }
        let Some(known) = KEYS.iter().find(|k| **k == key) else {
            let meant = nearest(key.trim(), KEYS).map_or_else(String::new, |k| format!(": did you mean {k}?"));
            fault(1, format!("unknown key '{}'{meant} (keys: {})", short(key), KEYS.join(", ")));
            continue;
        };
        if seen.contains(known) {
            fault(1, format!("key '{known}' is there twice"));
        }
        seen.push(known);
        inside = *known == "values";
        match *known {
            "title" => value.clone_into(&mut front.title),
            "when" => value.clone_into(&mut front.when),
            "owner" => value.clone_into(&mut front.owner),
            "incidents" => front.incidents = words(value),
            _ if value.is_empty() => {}
            _ => fault(1, "the values stand below `values:`, one a line: `  service: choice of services`".to_owned()),
        }
    }
    for (key, value) in [("title", &front.title), ("when", &front.when)] {
        if value.is_empty() {
            faults.push(Fault::new(file, 1, 1, format!("front matter without '{key}'")));
        }
    }
    if faults.is_empty() { Ok(front) } else { Err(faults) }
}

/// A value without its quotes.
fn bare(value: &str) -> &str {
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

/// `[a, b]`, or `a, b`.
fn words(list: &str) -> Vec<String> {
    let list = list.trim().trim_start_matches('[').trim_end_matches(']');
    list.split(',').map(|word| bare(word).to_owned()).filter(|word| !word.is_empty()).collect()
}

fn asked(name: &str, value: &str) -> Result<Asked, String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err(format!("'{}' cannot be the name of a value: small letters, digits and _", short(name)));
    }
    let (kind, default) = match value.split_once(", default ") {
        Some((kind, default)) => (kind.trim(), Some(default.trim().to_owned())),
        None => (value, None),
    };
    let kind = match (kind.strip_prefix("choice of "), kind.strip_prefix("one of ")) {
        (Some(source), _) => {
            let found = SOURCES.iter().find(|(word, _)| *word == source.trim());
            let known: Vec<&str> = SOURCES.iter().map(|(word, _)| *word).collect();
            Kind::Choice(found.ok_or_else(|| format!("'{}' cannot be chosen of: {}", short(source), known.join(", ")))?.1)
        }
        (_, Some(list)) => Kind::OneOf(words(list)),
        _ if kind == "number" => Kind::Number,
        _ if kind == "min-max" => Kind::Bounds,
        _ if kind == "text" => Kind::Text,
        _ => {
            return Err(format!(
                "value '{name}' is `choice of services`, `one of a, b`, `number`, `min-max` or `text`, not '{}'",
                short(kind)
            ));
        }
    };
    let asked = Asked { name: name.to_owned(), kind, default };
    let wrong = asked.default.as_deref().and_then(|d| super::fill::refused(&asked, d));
    wrong.map_or(Ok(asked), Err)
}

/// Enough of a text to find it again.
fn short(text: &str) -> String {
    text.trim().chars().take(40).collect()
}
