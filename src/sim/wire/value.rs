//! The protocol-neutral tree that every operation reads and answers with, and the `object!` shorthand to build it.
//! It knows no protocol: `json`, `query` and `cbor` turn it into bytes. The handlers in `service` build it.

use std::borrow::Cow;

/// One value of a request or a response.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Absent: members that are null are left out of the response, as AWS does.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of any width, and the epoch milliseconds of CloudWatch Logs.
    Int(i64),
    /// A double. Kept apart from `Int` because CBOR clients refuse an integer where the model says double.
    Float(f64),
    /// Text.
    Str(Cow<'static, str>),
    /// A point in time, epoch milliseconds; each protocol has its own form for it.
    Time(i64),
    /// A list. `item` is the element name that the awsQuery services put around each entry.
    List {
        /// XML element name of an entry (`member`, `DBInstance`, ...).
        item: &'static str,
        /// The entries.
        items: Vec<Value>,
    },
    /// A list without an element around it: in XML every entry is an element called like the member.
    Flat(Vec<Value>),
    /// A structure or a map, in the order in which it was built.
    Map(Vec<(Cow<'static, str>, Value)>),
}

impl Value {
    /// An empty structure.
    pub const EMPTY: Value = Value::Map(Vec::new());

    /// A list whose entries are called `item` in XML.
    pub fn list<T: Into<Value>>(item: &'static str, items: impl IntoIterator<Item = T>) -> Value {
        Value::List { item, items: items.into_iter().map(Into::into).collect() }
    }

    /// A list under the usual XML entry name, `member`.
    pub fn members<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::list("member", items)
    }

    /// A list without an element around it in XML.
    pub fn flat<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::Flat(items.into_iter().map(Into::into).collect())
    }

    /// A point in time, from epoch milliseconds.
    pub fn time(epoch_ms: impl Into<Option<i64>>) -> Value {
        epoch_ms.into().map_or(Value::Null, Value::Time)
    }

    /// The member of a structure, if it is there and not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(members) => members.iter().find(|(key, value)| key == name && *value != Value::Null).map(|(_, value)| value),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(Cow::Owned(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Str(Cow::Owned(text.clone()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(Cow::Owned(text))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Bool(flag)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

macro_rules! from_integer {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Value {
            fn from(number: $kind) -> Value {
                Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
            }
        })+
    };
}
from_integer!(i32, u8, u16, u32, u64, usize, i64);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Builds a structure: `object! { "name" => value, .. }`, where every value is anything that becomes a [`Value`].
macro_rules! object {
    ($($name:expr => $value:expr),* $(,)?) => {
        $crate::wire::Value::Map(vec![
            $((::std::borrow::Cow::from($name), $crate::wire::Value::from($value))),*
        ])
    };
}
pub(crate) use object;
