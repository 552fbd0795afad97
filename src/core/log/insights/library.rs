//! The queries that have a name: what is built in, and what the configuration saves, which wins by name. A new built-in query is a file and
//! a row here.

use std::collections::BTreeMap;

/// Stands in a query for what is typed after its name.
const VALUE: &str = "{value}";

/// A query with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    /// What it finds.
    pub about: String,
    pub text: String,
}

impl Named {
    /// Whether something is to be typed after its name.
    pub fn wants_value(&self) -> bool {
        self.text.contains(VALUE)
    }
}

macro_rules! builtin {
    ($($name:literal: $about:literal,)+) => {
        /// (name, what it finds, text).
        const BUILTIN: &[(&str, &str, &str)] = &[$(($name, $about, include_str!(concat!("queries/", $name, ".cwli")))),+];
    };
}

builtin! {
    "errors": "lines that are errors, by service",
    "slow-requests": "the slowest requests",
    "5xx": "requests answered with 5xx, by path",
    "celery": "Celery tasks that failed or were tried again",
    "slow-queries": "slow database queries, by statement",
    "request": "one request id across services: request ID",
}

/// What is meant by what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// None where the query itself was typed.
    pub name: Option<String>,
    pub text: String,
}

/// Why nothing is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unchosen {
    #[error("no query '{0}': a name of the list, or a whole query such as 'filter @message like /timeout/'")]
    Unknown(String),
    #[error("{0} is about one value: type it after the name")]
    NoValue(String),
    #[error("{0} takes no value")]
    Value(String),
    #[error("'{0}' is no value: letters, digits and _ . : / = @ - only, so that it stays one word of the query")]
    BadValue(String),
}

/// All that have a name; those of the configuration stand in the place of built-in ones of the same name.
pub fn listed(saved: &BTreeMap<String, String>) -> Vec<Named> {
    let text = |text: &str| text.trim().to_owned();
    let builtin = BUILTIN.iter().filter(|(name, ..)| !saved.contains_key(*name));
    let builtin = builtin.map(|(name, about, query)| Named { name: (*name).to_owned(), about: (*about).to_owned(), text: text(query) });
    let own =
        saved.iter().map(|(name, query)| Named { name: name.clone(), about: "saved in the configuration".to_owned(), text: text(query) });
    builtin.chain(own).collect()
}

/// A name, a name and its value, or a query: one word that is no name is a slip of the pen and no query.
///
/// # Errors
/// When it is none of them.
pub fn choose(saved: &BTreeMap<String, String>, typed: &str) -> Result<Chosen, Unchosen> {
    let typed = typed.trim();
    let (first, rest) = typed.split_once(char::is_whitespace).map_or((typed, ""), |(first, rest)| (first, rest.trim()));
    let Some(named) = listed(saved).into_iter().find(|n| n.name == first) else {
        return if rest.is_empty() { Err(Unchosen::Unknown(typed.to_owned())) } else { Ok(Chosen { name: None, text: typed.to_owned() }) };
    };
    let is_value = |c: char| c.is_ascii_alphanumeric() || "_.:/=@-".contains(c);
    match (named.wants_value(), rest) {
        (true, "") => Err(Unchosen::NoValue(named.name)),
        (false, "") => Ok(Chosen { name: Some(named.name), text: named.text }),
        (false, _) => Err(Unchosen::Value(named.name)),
        (true, value) if !value.chars().all(is_value) => Err(Unchosen::BadValue(value.to_owned())),
        (true, value) => Ok(Chosen { name: Some(format!("{} {value}", named.name)), text: named.text.replace(VALUE, value) }),
    }
}
