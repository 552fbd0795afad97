//! Expressions: CEL over the state document, one vocabulary for conformance, rules of incidents, runbooks, `check` and `watch --until`.
//!
//! `Language` compiles, `Reading` is a state document with what it could not read, `Facts` are its names with their values, an
//! `Answer` is true, false or what is missing to tell. Pure: no clock, no I/O. `roots` lists the names, `shape` knows every field.

mod answer;
mod check;
mod compiled;
mod decide;
mod document;
mod facts;
mod figures;
mod functions;
mod lazy;
mod limits;
mod place;
mod roots;
mod run;
mod schema;
mod shape;
mod trace;
mod value;
mod words;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Missing, Why, Wrong};
pub use compiled::Expression;
pub use decide::Evidence;
pub use document::Reading;
pub use facts::Facts;
pub use functions::Language;
pub use limits::Limits;
pub use roots::{Root, is_name, roots, section};
pub use schema::{VERSION, schema};
pub use words::words;

pub(crate) use compiled::Trouble;
pub(crate) use facts::{Take, add_name, add_top, plain};
