//! Building blocks: text, rules and frames, tables, sparks and charts. They know roles and cells, nothing of the domain.

pub(crate) mod chart;
pub(crate) mod ink;
pub(crate) mod phrase;
pub(crate) mod table;

pub(crate) use chart::{Chart, Unit};
pub(crate) use ink::Ink;
pub(crate) use phrase::{Fact, Phrase};
