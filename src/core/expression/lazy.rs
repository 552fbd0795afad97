//! The state document as CEL values that cost nothing until they are looked at: an object or a list is turned into CEL's own kind of value
//! one level deep, when something walks over it. A field or an element is found in the document itself.
//! What could not be read is an error instead of a value. Called by `facts`.

use std::collections::HashMap;
use std::sync::OnceLock;

use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator as CelIterator, Sizer, Zeroer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, LIST_TYPE, MAP_TYPE, Type};
use cel::common::value::{Builtin, BuiltinRef, CowVal, Val};
use cel::{ExecutionError, Value};
use serde_json::Value as Json;

use super::functions::CANNOT_TELL;
use super::run::Run;
use crate::model::section::Unread;

/// Where in the document a value stands: what could not be read there, and what the evaluation may still cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'v> {
    /// What could not be read of its section.
    unread: &'v [Unread],
    level: Level,
    run: &'v Run,
}

/// How far below the name that an expression begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// A section's data.
    Section,
    /// A list of it.
    List,
    /// An element of that.
    Item,
    /// The health of all nodes, of one, its reasons, and one of these.
    Nodes,
    Node,
    Reasons,
    Reason,
    Deep,
}

impl<'v> Scope<'v> {
    /// Of a section's data.
    pub(super) fn section(unread: &'v [Unread], run: &'v Run) -> Self {
        Self { unread, level: Level::Section, run }
    }

    /// Of the health of the nodes.
    pub(super) fn nodes(run: &'v Run) -> Self {
        Self { unread: &[], level: Level::Nodes, run }
    }

    /// Of a value that nothing is known of.
    pub(super) fn plain(run: &'v Run) -> Self {
        Self { unread: &[], level: Level::Deep, run }
    }

    fn below(self) -> Self {
        let level = match self.level {
            Level::Section => Level::List,
            Level::List => Level::Item,
            Level::Nodes => Level::Node,
            // The only list of a node.
            Level::Node => Level::Reasons,
            Level::Reasons => Level::Reason,
            Level::Item | Level::Reason | Level::Deep => Level::Deep,
        };
        Self { level, ..self }
    }

    /// An element of the list that a section has under this field.
    pub(super) fn item(self) -> Self {
        Self { level: Level::Item, ..self }
    }

    /// Takes the steps of walking over a list; one that lacks what could not be read is noted.
    fn walk(self, len: u64) -> bool {
        if self.level == Level::List && self.unread.iter().any(|u| !u.item.is_empty() && u.field.is_empty()) {
            self.run.walks_partial();
        }
        self.run.take(len)
    }

    /// Why a field of an object is not known, although something may stand there.
    fn hides(self, json: &Json, field: &str) -> Option<String> {
        let named = |item: &str| ["name", "id", "arn"].iter().any(|key| json.get(key).and_then(Json::as_str) == Some(item));
        let part = match self.level {
            Level::Section => self.unread.iter().find(|u| u.item.is_empty() && u.field == field),
            Level::Item => self.unread.iter().find(|u| !u.item.is_empty() && u.field == field && named(&u.item)),
            Level::Node | Level::Reason if self.run.is_plain() => None,
            // The reasons of what is not known are not all there are.
            Level::Node if field == "level" || field == "reasons" => return not_known(json, "/reasons/0/text"),
            // A node that is degraded may rest on something that is not known, too: that may be what is asked for.
            Level::Reason => return not_known(json, "/text"),
            _ => None,
        };
        part.map(|part| format!("{}: {}", part.part, part.why))
    }
}

/// Why the health of a node is not known, or what a reason is about, if it is not: where its text stands.
fn not_known(json: &Json, text: &str) -> Option<String> {
    let is_unknown = json.get("level").and_then(Json::as_str) == Some("unknown");
    let why = json.pointer(text).and_then(Json::as_str).unwrap_or("not judged yet");
    is_unknown.then(|| format!("health not known: {why}"))
}

/// A JSON value as a CEL value. Whole numbers are `int`, so that they can be compared and subtracted without thinking.
pub(super) fn from_json<'v>(json: &'v Json, scope: Scope<'v>) -> Box<dyn Val + 'v> {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(b) => Box::new(CelBool::from(*b)),
        Json::Number(n) => match n.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(n.as_f64().unwrap_or(f64::NAN))),
        },
        Json::String(s) => Box::new(CelString::from(s.as_str())),
        Json::Array(_) | Json::Object(_) => Box::new(Lazy { json, scope, built: OnceLock::new() }),
    }
}

/// An object or a list of the document.
#[derive(Debug)]
struct Lazy<'v> {
    json: &'v Json,
    scope: Scope<'v>,
    built: OnceLock<Box<dyn Val + 'v>>,
}

fn build<'v>(json: &'v Json, scope: Scope<'v>) -> Box<dyn Val + 'v> {
    let below = scope.below();
    match json {
        Json::Array(items) => Box::new(CelList::from(items.iter().map(|item| from_json(item, below)).collect::<Vec<_>>())),
        Json::Object(fields) => {
            let known = fields.iter().filter(|(key, _)| scope.unread.is_empty() || scope.hides(json, key).is_none());
            let entries: HashMap<CelMapKey, Box<dyn Val + '_>> =
                known.map(|(key, value)| (CelMapKey::from(key.as_str()), from_json(value, below))).collect();
            Box::new(CelMap::from(entries))
        }
        scalar => from_json(scalar, below),
    }
}

impl<'v> Lazy<'v> {
    fn len(&self) -> u64 {
        self.json.as_array().map(Vec::len).or_else(|| self.json.as_object().map(serde_json::Map::len)).unwrap_or(0) as u64
    }

    fn built(&self) -> &(dyn Val + 'v) {
        self.built.get_or_init(|| build(self.json, self.scope)).as_ref()
    }

    fn child(&self, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let below = self.scope.below();
        match (self.json, index.downcast_ref::<CelString>(), index.downcast_ref::<CelInt>()) {
            (Json::Object(fields), Some(key), _) => {
                if let Some(why) = self.scope.hides(self.json, key.inner()) {
                    return Err(ExecutionError::function_error(CANNOT_TELL, why));
                }
                fields.get(key.inner()).map(|at| from_json(at, below)).ok_or_else(|| ExecutionError::no_such_key(key.inner()))
            }
            (Json::Array(items), _, Some(at)) => {
                let item = usize::try_from(*at.inner()).ok().and_then(|at| items.get(at));
                item.map(|at| from_json(at, below)).ok_or(ExecutionError::IndexOutOfBounds(Value::Int(*at.inner())))
            }
            _ => Err(ExecutionError::no_such_overload("_[_]", vec![self.get_type().name().to_owned(), index.get_type().name().to_owned()])),
        }
    }
}

impl Val for Lazy<'_> {
    fn get_type(&self) -> &Type {
        if self.json.is_array() { &LIST_TYPE } else { &MAP_TYPE }
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_adder<'b, 'w>(&'b self) -> Option<&'b (dyn Adder + 'w)>
    where
        Self: 'w,
    {
        self.built().as_adder()
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn into_indexer<'w>(self: Box<Self>) -> Option<Box<dyn Indexer + 'w>>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        self.built().as_zeroer()
    }

    fn equals(&self, other: &dyn Val) -> bool {
        self.scope.walk(self.len()) && self.built().equals(other)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Lazy { json: self.json, scope: self.scope, built: OnceLock::new() })
    }

    fn as_builtin<'b, 'w>(&'b self) -> BuiltinRef<'b, 'w>
    where
        Self: 'w,
    {
        self.built().as_builtin()
    }

    fn into_builtin<'w>(self: Box<Self>) -> Option<Builtin<'w>>
    where
        Self: 'w,
    {
        let Self { json, scope, built } = *self;
        built.into_inner().unwrap_or_else(|| build(json, scope)).into_builtin()
    }
}

impl Container for Lazy<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        match (self.json, value.downcast_ref::<CelString>()) {
            (Json::Object(fields), Some(key)) => Ok(fields.contains_key(key.inner())),
            _ if !self.scope.walk(self.len()) => Ok(false),
            _ => self.built().as_container().map_or(Ok(false), |c| c.contains(value)),
        }
    }
}

impl Indexer for Lazy<'_> {
    fn get<'b, 'w>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.child(index).map(CowVal::Owned)
    }

    fn steal<'w>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.child(index)
    }
}

impl Iterable for Lazy<'_> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn CelIterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        if !self.scope.walk(self.len()) {
            return Box::new(Nothing);
        }
        match self.built().as_iterable() {
            Some(iterable) => iterable.iter(),
            None => Box::new(Nothing),
        }
    }
}

/// What is walked over when no steps are left.
struct Nothing;

impl<'b, 'w> CelIterator<'b, 'w> for Nothing {
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        None
    }
}

impl Sizer for Lazy<'_> {
    fn size(&self) -> CelInt {
        self.scope.walk(0);
        CelInt::from(i64::try_from(self.len()).unwrap_or_default())
    }
}
