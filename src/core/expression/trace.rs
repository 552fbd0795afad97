//! Finds the shape of a type by reading it from nothing: whatever it asks for is written down and answered with a sample. An enum takes
//! another of its words each time, and a text that is refused another sample, so a type is read several times.
//! Called once per type, by `shape`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::shape::Shape;

/// What a text may have to be: a time, a node, an account, a word of nothing.
const SAMPLES: &[&str] = &["2026-01-01T00:00:00Z", "db", "111122223333", "10.0.0.0/16", "https://a.example", ""];

/// The shape of a type, as far as it can be found.
pub(super) fn trace<T: for<'de> Deserialize<'de>>() -> Shape {
    let mut shape = Shape::Any;
    let state = State::default();
    // As often as the longest of its enums has words.
    while state.turn.get() < state.words.get().max(1) {
        // A text that is refused ends a reading: the next has another sample for it.
        for _ in 0..SAMPLES.len() * 8 {
            let at = At { shape: &mut shape, state: &state, path: String::new(), depth: 0 };
            if T::deserialize(at).is_ok() {
                break;
            }
            let last = state.last.borrow().clone();
            *state.samples.borrow_mut().entry(last).or_default() += 1;
        }
        state.turn.set(state.turn.get() + 1);
    }
    shape
}

#[derive(Default)]
struct State {
    turn: Cell<usize>,
    /// How many words the longest enum has.
    words: Cell<usize>,
    /// The text that was read last.
    last: RefCell<String>,
    /// Which sample a text gets, by its path.
    samples: RefCell<BTreeMap<String, usize>>,
}

/// A place in the type that is read.
struct At<'s> {
    shape: &'s mut Shape,
    state: &'s State,
    path: String,
    depth: usize,
}

/// Types that hold themselves are not followed further.
const DEEPEST: usize = 12;

impl<'s> At<'s> {
    fn inside<'t>(shape: &'t mut Shape, state: &'t State, path: &str, name: &str, depth: usize) -> At<'t> {
        At { shape, state, path: format!("{path}/{name}"), depth: depth + 1 }
    }

    fn is(self, shape: Shape) -> (&'s State, String) {
        if *self.shape == Shape::Any {
            *self.shape = shape;
        }
        (self.state, self.path)
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (state, path) = self.is(Shape::Text);
        let sample = state.samples.borrow().get(&path).copied().unwrap_or_default();
        *state.last.borrow_mut() = path;
        visitor.visit_str(SAMPLES.get(sample % SAMPLES.len()).copied().unwrap_or_default())
    }
}

macro_rules! whole {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.is(Shape::Int);
            visitor.visit_u8(1)
        }
    )+};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Error;

    whole! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    /// It asks for shapes: who can be written in two ways is to name the one of documents.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.is(Shape::Bool);
        visitor.visit_bool(true)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.is(Shape::Float);
        visitor.visit_f64(1.0)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.is(Shape::Text);
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if *self.shape == Shape::Any {
            *self.shape = Shape::Nullable(Box::default());
        }
        match self.shape {
            Shape::Nullable(of) if self.depth < DEEPEST => visitor.visit_some(At::inside(of, self.state, &self.path, "?", self.depth)),
            _ => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if *self.shape == Shape::Any {
            *self.shape = Shape::List(Box::default());
        }
        match self.shape {
            Shape::List(of) => {
                let left = usize::from(self.depth < DEEPEST);
                visitor.visit_seq(Items {
                    shapes: std::slice::from_mut(of.as_mut()).iter_mut(),
                    state: self.state,
                    path: &self.path,
                    depth: self.depth,
                    left,
                })
            }
            _ => Err(Error::custom("a list and something else")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        if *self.shape == Shape::Any {
            *self.shape = Shape::Tuple(vec![Shape::Any; len]);
        }
        match self.shape {
            Shape::Tuple(of) => {
                visitor.visit_seq(Items { shapes: of.iter_mut(), state: self.state, path: &self.path, depth: self.depth, left: len })
            }
            _ => Err(Error::custom("a tuple and something else")),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if *self.shape == Shape::Any {
            *self.shape = Shape::Map(Box::default());
        }
        match self.shape {
            Shape::Map(of) => visitor.visit_map(Entry { of: Some(of), state: self.state, path: self.path, depth: self.depth }),
            _ => Err(Error::custom("a map and something else")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        if *self.shape == Shape::Any {
            *self.shape = Shape::Fields(names.iter().map(|name| (*name, Shape::Any)).collect());
        }
        match self.shape {
            Shape::Fields(fields) => {
                visitor.visit_map(Struct { fields: fields.iter_mut(), next: None, state: self.state, path: self.path, depth: self.depth })
            }
            _ => Err(Error::custom("an object and something else")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, words: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        if *self.shape == Shape::Any {
            *self.shape = Shape::Choice(words.iter().map(|word| (*word, None)).collect());
        }
        match self.shape {
            Shape::Choice(words) => {
                self.state.words.set(self.state.words.get().max(words.len()));
                let turn = self.state.turn.get() % words.len().max(1);
                match words.get_mut(turn) {
                    Some((word, of)) => visitor.visit_enum(Word { name: word, of, state: self.state, path: self.path, depth: self.depth }),
                    None => Err(Error::custom("an enum without words")),
                }
            }
            _ => Err(Error::custom("an enum and something else")),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// The elements of a list (one) or of a tuple (all).
struct Items<'s> {
    shapes: std::slice::IterMut<'s, Shape>,
    state: &'s State,
    path: &'s str,
    depth: usize,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(shape) = self.shapes.next().filter(|_| self.left > 0) else { return Ok(None) };
        self.left -= 1;
        seed.deserialize(At::inside(shape, self.state, self.path, &self.left.to_string(), self.depth)).map(Some)
    }
}

/// The one entry of a map.
struct Entry<'s> {
    of: Option<&'s mut Shape>,
    state: &'s State,
    path: String,
    depth: usize,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.of.is_none() || self.depth >= DEEPEST {
            return Ok(None);
        }
        let mut key = Shape::Any;
        seed.deserialize(At::inside(&mut key, self.state, &self.path, "key", self.depth)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let of = self.of.take().ok_or_else(|| Error::custom("a value without a key"))?;
        seed.deserialize(At::inside(of, self.state, &self.path, "value", self.depth))
    }
}

/// The fields of an object.
struct Struct<'s> {
    fields: std::slice::IterMut<'s, (&'static str, Shape)>,
    next: Option<&'s mut (&'static str, Shape)>,
    state: &'s State,
    path: String,
    depth: usize,
}

impl<'de> MapAccess<'de> for Struct<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next = self.fields.next();
        let Some((name, _)) = &self.next else { return Ok(None) };
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, shape) = self.next.take().ok_or_else(|| Error::custom("a value without a key"))?;
        seed.deserialize(At::inside(shape, self.state, &self.path, name, self.depth))
    }
}

/// One word of an enum, with what belongs to it.
struct Word<'s> {
    name: &'static str,
    of: &'s mut Option<Shape>,
    state: &'s State,
    path: String,
    depth: usize,
}

impl<'s> Word<'s> {
    fn inside(self) -> At<'s> {
        let path = format!("{}/{}", self.path, self.name);
        At { shape: self.of.get_or_insert(Shape::Any), state: self.state, path, depth: self.depth + 1 }
    }
}

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let word: StrDeserializer<'_, Error> = self.name.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        if self.depth >= DEEPEST {
            return Err(Error::invalid_type(Unexpected::Other("too deep"), &"less"));
        }
        seed.deserialize(self.inside())
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.inside().deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.inside().deserialize_struct("", fields, visitor)
    }
}
