//! What a state document can hold: every field of every section, found by letting the types that read documents say what they ask for. So a
//! field that is misspelt is told before anything is read, and the schema cannot drift from the program.
//! Read by `check` and `schema`.

use crate::model::health::{EventKind, Verdict};
use crate::model::kinds::{Visit, each};
use crate::model::section::{Problem, Section};
use crate::model::stack::Stack;
use crate::model::store::Usage;

use super::roots::{View, roots as names, view};
use super::trace::trace;

/// The shape of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Shape {
    /// Nothing is known of it.
    #[default]
    Any,
    Bool,
    Int,
    Float,
    Text,
    /// One of these words, or an object with one of them as its only field.
    Choice(Vec<(&'static str, Option<Shape>)>),
    Nullable(Box<Shape>),
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    /// Any keys.
    Map(Box<Shape>),
    Fields(Vec<(&'static str, Shape)>),
}

impl Shape {
    /// A field; the error lists the fields that there are.
    pub(super) fn field(&self, name: &str) -> Result<Option<&Shape>, Vec<&'static str>> {
        match self {
            Self::Nullable(of) => of.field(name),
            Self::Map(of) => Ok(Some(of)),
            Self::Fields(fields) => match fields.iter().find(|(n, _)| *n == name) {
                Some((_, shape)) => Ok(Some(shape)),
                None => Err(fields.iter().map(|(n, _)| *n).collect()),
            },
            Self::Choice(words) if words.iter().any(|(_, shape)| shape.is_some()) => match words.iter().find(|(n, _)| *n == name) {
                Some((_, shape)) => Ok(shape.as_ref()),
                None => Err(words.iter().map(|(n, _)| *n).collect()),
            },
            Self::Bool | Self::Int | Self::Float | Self::Text | Self::Choice(_) => Err(Vec::new()),
            Self::Any | Self::List(_) | Self::Tuple(_) => Ok(None),
        }
    }

    /// An element by its place.
    pub(super) fn at(&self, at: usize) -> Option<&Shape> {
        match self {
            Self::Nullable(of) => of.at(at),
            Self::Tuple(items) => items.get(at),
            Self::List(of) => Some(of),
            _ => None,
        }
    }

    /// Any element, or any value of a map.
    pub(super) fn element(&self) -> Option<&Shape> {
        match self {
            Self::Nullable(of) => of.element(),
            Self::List(of) | Self::Map(of) => Some(of),
            _ => None,
        }
    }

    /// What a loop over it binds: elements of a list; of a map the keys, of which nothing is known.
    pub(super) fn walked(&self) -> Option<&Shape> {
        match self {
            Self::Nullable(of) => of.walked(),
            Self::List(of) => Some(of),
            _ => None,
        }
    }
}

struct Sections(Vec<(&'static str, Shape)>);

impl Visit for Sections {
    fn section<T: Section>(&mut self) {
        self.0.push((T::KEY.0, trace::<T>()));
    }
}

/// Every section by its key.
pub(super) fn sections() -> Vec<(&'static str, Shape)> {
    let mut all = Sections(Vec::new());
    each(&mut all);
    all.0
}

fn list(of: Shape) -> Shape {
    Shape::List(Box::new(of))
}

fn map(of: Shape) -> Shape {
    Shape::Map(Box::new(of))
}

/// The members of the document beside the sections. What the program only writes has no type that reads it, and is said here.
pub(super) fn top() -> Vec<(&'static str, Shape)> {
    let node = trace::<Verdict>();
    let level = node.field("level").ok().flatten().cloned().unwrap_or_default();
    let (text, int) = (Shape::Text, Shape::Int);
    let count = |name| (name, int.clone());
    let event = vec![
        ("at", text.clone()),
        ("node", text.clone()),
        ("level", level.clone()),
        ("text", text.clone()),
        ("kind", trace::<EventKind>()),
    ];
    let inventory = vec![
        ("total", int.clone()),
        ("by_type", map(int.clone())),
        ("not_seen", list(Shape::Fields(vec![("type", text.clone()), ("why", text.clone())]))),
    ];
    vec![
        ("stack", trace::<Stack>()),
        ("as_of", text),
        ("worst", level),
        (
            "sections",
            map(Shape::Fields(vec![
                ("state", Shape::Text),
                ("at", Shape::Nullable(Box::new(Shape::Text))),
                ("age_s", Shape::Nullable(Box::new(Shape::Int))),
                ("interval_s", Shape::Int),
                ("problem", Shape::Nullable(Box::new(trace::<Problem>()))),
            ])),
        ),
        ("counts", Shape::Fields(["down", "degraded", "unknown", "info", "healthy", "absent"].map(count).into())),
        ("nodes", map(node)),
        ("timeline", list(Shape::Fields(event))),
        ("inventory", Shape::Fields(inventory)),
        ("usage", trace::<Usage>()),
    ]
}

/// Every name of the vocabulary with its shape.
pub(super) fn roots() -> Vec<(&'static str, Shape)> {
    let sections = sections();
    let shape = |name: &'static str| {
        let (key, view) = view(name)?;
        let (_, own) = sections.iter().find(|(k, _)| *k == key)?;
        Some((
            name,
            match view {
                View::Plain => own.clone(),
                View::By(field, _) => map(own.field(field).ok()??.element()?.clone()),
                View::Figures => map(Shape::Float),
            },
        ))
    };
    names().filter_map(|root| shape(root.name)).chain(top()).collect()
}
