//! The state document as CEL values that cost nothing until they are looked at: an object or a list is turned into CEL's own kind of value
//! one level deep, when something walks over it. A field or an element is found in the document itself.
//! Called by `evaluate`; knows nothing of statements.

use std::collections::HashMap;
use std::sync::OnceLock;

use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator as CelIterator, Sizer, Zeroer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, LIST_TYPE, MAP_TYPE, Type};
use cel::common::value::{Builtin, BuiltinRef, CowVal, Val};
use cel::{ExecutionError, Value};
use serde_json::Value as Json;

/// A JSON value as a CEL value. Whole numbers are `int`, so that they can be compared and subtracted without thinking.
pub(super) fn from_json(json: &Json) -> Box<dyn Val + '_> {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(b) => Box::new(CelBool::from(*b)),
        Json::Number(n) => match n.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(n.as_f64().unwrap_or(f64::NAN))),
        },
        Json::String(s) => Box::new(CelString::from(s.as_str())),
        Json::Array(_) | Json::Object(_) => Box::new(Lazy { json, built: OnceLock::new() }),
    }
}

/// An object or a list of the document.
#[derive(Debug)]
struct Lazy<'v> {
    json: &'v Json,
    built: OnceLock<Box<dyn Val + 'v>>,
}

fn build(json: &Json) -> Box<dyn Val + '_> {
    match json {
        Json::Array(items) => Box::new(CelList::from(items.iter().map(from_json).collect::<Vec<_>>())),
        Json::Object(fields) => {
            let entries: HashMap<CelMapKey, Box<dyn Val + '_>> =
                fields.iter().map(|(key, value)| (CelMapKey::from(key.as_str()), from_json(value))).collect();
            Box::new(CelMap::from(entries))
        }
        scalar => from_json(scalar),
    }
}

impl<'v> Lazy<'v> {
    fn built(&self) -> &(dyn Val + 'v) {
        self.built.get_or_init(|| build(self.json)).as_ref()
    }

    fn child(&self, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        match (self.json, index.downcast_ref::<CelString>(), index.downcast_ref::<CelInt>()) {
            (Json::Object(fields), Some(key), _) => {
                fields.get(key.inner()).map(from_json).ok_or_else(|| ExecutionError::no_such_key(key.inner()))
            }
            (Json::Array(items), _, Some(at)) => {
                let item = usize::try_from(*at.inner()).ok().and_then(|at| items.get(at));
                item.map(from_json).ok_or(ExecutionError::IndexOutOfBounds(Value::Int(*at.inner())))
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
        self.built().equals(other)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Lazy { json: self.json, built: OnceLock::new() })
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
        let Self { json, built } = *self;
        built.into_inner().unwrap_or_else(|| build(json)).into_builtin()
    }
}

impl Container for Lazy<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        match (self.json, value.downcast_ref::<CelString>()) {
            (Json::Object(fields), Some(key)) => Ok(fields.contains_key(key.inner())),
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
        match self.built().as_iterable() {
            Some(iterable) => iterable.iter(),
            None => Box::new(Nothing),
        }
    }
}

/// What a scalar would yield; there is none in a `Lazy`.
struct Nothing;

impl<'b, 'w> CelIterator<'b, 'w> for Nothing {
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        None
    }
}

impl Sizer for Lazy<'_> {
    fn size(&self) -> CelInt {
        let size = self.json.as_array().map(Vec::len).or_else(|| self.json.as_object().map(serde_json::Map::len));
        CelInt::from(size.and_then(|n| i64::try_from(n).ok()).unwrap_or_default())
    }
}
