//! The names of the vocabulary with their values at one moment. What is not current has no value, so that nothing is decided by it.
//! Made once per document, read by any number of expressions; `verify` makes the same with older values to tell what was seen last.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::types::{CelMap, CelMapKey, CelTimestamp};
use cel::common::value::Val;
use cel::{Context, Env};
use chrono::DateTime;
use serde_json::Value as Json;

use super::compiled::{Expression, Trouble};
use super::document::Reading;
use super::figures::Figures;
use super::functions::Language;
use super::lazy::{Scope, from_json};
use super::roots::{TOP, View, roots, view};

/// Every name of the vocabulary that has a value.
pub struct Facts<'d> {
    pub(super) reading: &'d Reading<'d>,
    pub(super) cx: Context<'d, 'd>,
}

impl std::fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts").field("as_of", &self.reading.moment()).finish_non_exhaustive()
    }
}

impl<'d> Facts<'d> {
    /// Of one document.
    pub fn of(language: &Language, reading: &'d Reading<'d>) -> Self {
        Self::over(language.env(), reading)
    }

    pub(super) fn over(env: &Arc<Env>, reading: &'d Reading<'d>) -> Self {
        let mut cx = Context::with_env(Arc::clone(env));
        for root in roots().filter(|root| root.section.is_some()) {
            add_name(&mut cx, reading, root.name, Reading::current);
        }
        add_top(&mut cx, reading);
        Self { reading, cx }
    }

    /// The same with a further value, of a name that was given to `Language::compile_with`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &'d Json) -> Self {
        self.cx.add_variable_as_val(name, from_json(value, Scope::plain(&self.reading.run)));
        self
    }

    /// The same names, to which others can be added.
    #[must_use]
    pub(crate) fn scope(&self) -> Facts<'_> {
        Facts { reading: self.reading, cx: self.cx.new_inner_scope() }
    }

    /// Adds a value, of a name that was given to `Language::compile_with`.
    pub(crate) fn bind(&mut self, name: &str, value: &'d Json) {
        self.cx.add_variable_as_val(name, from_json(value, Scope::plain(&self.reading.run)));
    }

    /// Adds what an expression yields under a name; without a value the name stays unknown.
    pub(crate) fn define(&mut self, name: &str, expression: &Expression) -> Result<(), Trouble> {
        expression.begin(self.reading);
        let value = expression.val(&self.cx)?;
        self.cx.add_variable_as_val(name, value);
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.cx.get_variable(name).is_some()
    }
}

/// How a section's data is taken: only while it is current, or however old it is.
pub(crate) type Take<'d> = fn(&Reading<'d>, &str) -> Option<&'d Json>;

/// Adds a name that reads a section, if the section has data.
pub(crate) fn add_name<'d>(cx: &mut Context<'d, 'd>, reading: &'d Reading<'d>, name: &'static str, take: Take<'d>) {
    let Some((section, view)) = view(name) else { return };
    let Some(data) = take(reading, section) else { return };
    let scope = Scope::section(reading.unread(section), &reading.run);
    match view {
        View::Plain => cx.add_variable_as_val(name, from_json(data, scope)),
        View::By(list, key) => {
            let items = data.get(list).and_then(Json::as_array).into_iter().flatten();
            let named = items.filter_map(|item| Some((item.get(key)?.as_str()?, item)));
            let entries: HashMap<CelMapKey, Box<dyn Val + '_>> =
                named.map(|(key, item)| (CelMapKey::from(key), from_json(item, scope.item()))).collect();
            cx.add_variable_as_val(name, Box::new(CelMap::from(entries)));
        }
        View::Figures => {
            if let Some(now) = reading.moment() {
                cx.add_variable_as_val(name, Box::new(Figures::of(data, now)));
            }
        }
    }
}

/// Adds the members of the document beside the sections.
pub(crate) fn add_top<'d>(cx: &mut Context<'d, 'd>, reading: &'d Reading<'d>) {
    for (name, _) in TOP {
        match reading.top(name) {
            Some(at) if *name == "as_of" => {
                if let Some(at) = at.as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok()) {
                    cx.add_variable_as_val(*name, Box::new(CelTimestamp::from(at)));
                }
            }
            Some(value) => {
                let scope = if *name == "nodes" { Scope::nodes(&reading.run) } else { Scope::plain(&reading.run) };
                cx.add_variable_as_val(*name, from_json(value, scope));
            }
            None => {}
        }
    }
}

/// A value that stands in no section: an entry of `each`.
pub(crate) fn plain<'d>(reading: &'d Reading<'d>, value: &'d Json) -> Box<dyn Val + 'd> {
    from_json(value, Scope::plain(&reading.run))
}
