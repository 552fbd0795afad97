//! Deciding: an expression over facts, to an answer; and the evidence that it rests on. What could not be read is never false, and what is
//! missing is told all at once. Called by `check`, runbooks, rules and `watch --until`.

use std::collections::BTreeSet;

use cel::Value;
use cel::common::ast::{Expr, IdedExpr, operators};
use serde::Serialize;
use serde_json::Value as Json;

use super::answer::{Answer, Missing, Why, Wrong};
use super::compiled::{Expression, Trouble};
use super::document::Reading;
use super::facts::Facts;
use super::place::{parts, path, paths};
use super::roots::{View, is_name, roots, section, view};
use super::words::words;
use crate::model::action::names::nearest;

/// One field that an expression looks at, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// `db.status`.
    pub what: String,
    /// `available`.
    pub value: String,
}

impl Expression {
    /// Over a state document. Who asks several keeps `Facts`.
    pub fn decide(&self, document: &Json) -> Result<Answer, Wrong> {
        let reading = Reading::of(document);
        self.decide_in(&Facts::over(&self.env, &reading))
    }

    /// Over the facts of a moment.
    pub fn decide_in(&self, facts: &Facts) -> Result<Answer, Wrong> {
        if !self.unknown.is_empty() {
            return Ok(Answer::CannotTell(self.unknown.iter().map(|(missing, _)| missing.clone()).collect()));
        }
        if let Some(missing) = self.worst_unknown(facts) {
            return Ok(Answer::CannotTell(vec![missing]));
        }
        let value = self.run(facts)?;
        if value.is_ok() && (facts.reading.run.is_partial() || self.walks_a_view(facts)) {
            return Ok(Answer::CannotTell(self.left_out(facts)));
        }
        match value {
            Ok(Value::Bool(true)) => Ok(Answer::True),
            Ok(Value::Bool(false)) => Ok(Answer::False),
            Ok(Value::Null) => Ok(Answer::CannotTell(self.empty(facts))),
            Ok(other) => Err(Wrong::at(None, format!("returns type {}, not true or false", other.type_of()))),
            Err(trouble) => self.missing(facts, trouble).map(Answer::CannotTell),
        }
    }

    /// Its value in words, whatever it is; what is missing, if it has none.
    pub fn show(&self, facts: &Facts) -> Result<Result<String, Vec<Missing>>, Wrong> {
        match self.run(facts)? {
            Ok(value) => Ok(Ok(words(&value))),
            Err(trouble) => self.missing(facts, trouble).map(Err),
        }
    }

    /// What it looks at and what is there, in the order of the text: the fields that it names in full, as far as they are known and short.
    pub fn evidence(&self, facts: &Facts) -> Vec<Evidence> {
        let told = |node: &IdedExpr| {
            let value = self.at(node, facts)?;
            let short = !matches!(&value, Value::List(items) if items.len() > 5) && !matches!(value, Value::Map(_));
            let value = short.then(|| words(&value)).filter(|w| w.chars().count() <= 160)?;
            Some(Evidence { what: path(node)?, value })
        };
        self.paths().into_iter().filter_map(told).collect()
    }

    fn paths(&self) -> Vec<&IdedExpr> {
        let mut found = Vec::new();
        paths(&self.root, &self.names, &mut Vec::new(), &mut found);
        found
    }

    fn at(&self, node: &IdedExpr, facts: &Facts) -> Option<Value> {
        facts.reading.run.begin(self.steps, true);
        Value::resolve(node, &facts.cx).ok()
    }

    fn run(&self, facts: &Facts) -> Result<Result<Value, Trouble>, Wrong> {
        facts.reading.run.begin(self.steps, self.plain);
        let value = self.value(&facts.cx);
        if facts.reading.run.is_over() {
            let what = "walks over too many elements of the state document: ask for less at a time";
            return Err(Wrong::at(None, what));
        }
        Ok(value)
    }

    /// What could not be read at all of the sections that it asks.
    fn left_out(&self, facts: &Facts) -> Vec<Missing> {
        let sections: BTreeSet<&str> = self.names.iter().filter_map(|name| section(name)).collect();
        let whole = sections.into_iter().flat_map(|key| facts.reading.unread(key)).filter(|u| !u.item.is_empty() && u.field.is_empty());
        whole.map(|u| Missing { what: u.part.clone(), why: Why::Failed(u.why.clone()) }).collect()
    }

    /// Whether it takes a view by name as a whole, in which something is missing that could not be read.
    fn walks_a_view(&self, facts: &Facts) -> bool {
        let partial = |name: &str| {
            let Some((key, View::By(..))) = view(name) else { return false };
            facts.reading.unread(key).iter().any(|u| !u.item.is_empty() && u.field.is_empty())
        };
        whole(&self.root, &partial)
    }

    /// `worst` is a level of everything, so what is not known of anything may be the worst.
    fn worst_unknown(&self, facts: &Facts) -> Option<Missing> {
        let asked = self.names.contains("worst") && !self.plain;
        let unknown = facts.reading.top("worst").and_then(Json::as_str) == Some("unknown");
        let why = "some health is not known".to_owned();
        (asked && unknown).then(|| Missing { what: "worst".to_owned(), why: Why::Said(why) })
    }

    /// Everything that is missing: what stopped it, and the other sections that it would have asked.
    fn missing(&self, facts: &Facts, trouble: Trouble) -> Result<Vec<Missing>, Wrong> {
        let mut all: Vec<Missing> = Vec::new();
        for key in self.names.iter().filter(|name| !facts.has(name)).filter_map(|name| section(name)) {
            let lack = facts.reading.lack(key);
            if !all.contains(&lack) {
                all.push(lack);
            }
        }
        match trouble {
            Trouble::Absent(name) if section(&name).is_some() => {}
            Trouble::Absent(name) => all.insert(0, Missing { what: name, why: Why::NotRead("not in the state document".to_owned()) }),
            Trouble::Untold(why) => all.insert(0, Missing { what: String::new(), why: Why::Said(why) }),
            Trouble::Lacks(key, _) => all.insert(0, self.lacks(facts, &key)),
            Trouble::Null(why) => {
                let empty = self.empty(facts);
                // Inside a loop nobody knows which element it was.
                let inside = Missing { what: String::new(), why: Why::Said(format!("computes with a null: {why}")) };
                all.splice(0..0, if empty.is_empty() { vec![inside] } else { empty });
            }
            Trouble::Wrong(why) => return Err(Wrong::at(None, why)),
        }
        Ok(all)
    }

    /// The fields that it reads and that are null.
    fn empty(&self, facts: &Facts) -> Vec<Missing> {
        let mut nulls = Vec::new();
        for node in self.paths() {
            // `a.b.c` over a null `a.b` is no value at all: the null is further in.
            let mut at = Some(node);
            while let Some(node) = at {
                if matches!(self.at(node, facts), Some(Value::Null)) {
                    nulls.extend(path(node).map(|what| Missing { what, why: Why::Empty }));
                }
                at = inner(node);
            }
        }
        nulls
    }

    /// A field or key that is not there, with the one that was probably meant.
    fn lacks(&self, facts: &Facts, key: &str) -> Missing {
        let Some((node, what)) = self.asks_for(key) else { return Missing { what: key.to_owned(), why: Why::NoField(None) } };
        let of = inner(node).and_then(|of| Some((path(of)?, self.at(of, facts)?)));
        let unread = || facts.reading.unread(section(of.as_ref()?.0.as_str())?).iter().find(|u| u.item == key && u.field.is_empty());
        if let Some(part) = unread() {
            return Missing { what, why: Why::Failed(part.why.clone()) };
        }
        let Some((before, Value::Map(map))) = of else { return Missing { what, why: Why::NoField(None) } };
        let known: Vec<String> = map.map.keys().map(ToString::to_string).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let meant = nearest(key, &known);
        let is_key = matches!(node.expr, Expr::Call(_));
        let meant = meant.map(|name| if is_key { format!("{before}[{name:?}]") } else { format!("{before}.{name}") });
        Missing { what, why: Why::NoField(meant) }
    }
}

/// Whether a name that fits is used other than to take one thing of it.
fn whole(node: &IdedExpr, fits: &dyn Fn(&str) -> bool) -> bool {
    let is_name = |e: &IdedExpr| matches!(&e.expr, Expr::Ident(_));
    match inner(node) {
        _ if let Expr::Ident(name) = &node.expr => fits(name),
        Some(of) if is_name(of) => parts(&node.expr).into_iter().filter(|part| !is_name(part)).any(|part| whole(part, fits)),
        _ => parts(&node.expr).into_iter().any(|part| whole(part, fits)),
    }
}

/// What a field or a key is asked of.
pub(super) fn inner(node: &IdedExpr) -> Option<&IdedExpr> {
    match &node.expr {
        Expr::Select(select) => Some(&select.operand),
        Expr::Call(call) if call.func_name == operators::INDEX => call.args.first(),
        _ => None,
    }
}

/// The name of the vocabulary that was probably meant.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let known: Vec<&'static str> = roots().map(|root| root.name).filter(|n| is_name(n)).collect();
    nearest(name, &known)
}
