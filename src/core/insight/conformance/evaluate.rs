//! Holds a state document against the statements. An expression decides as far as it can: what it did not need may be missing; what it
//! needed and could not have makes its statement unknown, with the reason. Called by the front ends of `verify`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cel::{Context, Value};
use serde_json::Value as Json;

use super::document::{Verdict, lack};
use super::outcome::{Counts, Outcome, Report, StatementResult};
use super::select::Only;
use super::statements::{IT, Statement, Statements};
use crate::expression::{Expression, Reading, Take, Trouble, add_name, add_top, plain, roots, section, words};

/// The verification of one moment; the document is what `report::json` writes.
pub fn verify(statements: &Statements, document: &Json, only: &Only) -> Report {
    let reading = Reading::of(document);
    let document = &reading;
    let chosen: Vec<&Statement> = statements.rows().iter().filter(|s| only.includes(&s.about().id)).collect();
    let needs = statements.needs(only);
    let current = Scene::new(statements, document, &needs, Reading::current);
    let too_old = |key: &str| document.current(key).is_none() && document.last(key).is_some();
    let last = needs.iter().any(|key| too_old(key)).then(|| Scene::new(statements, document, &needs, Reading::last));
    let rows: Vec<StatementResult> = chosen
        .into_iter()
        .map(|statement| {
            let (outcome, why) = current.judge(statement);
            let found = match outcome {
                // A field that could not be read is empty, which is not a finding: only what was seen before is told, as what it is.
                Outcome::Unknown => {
                    last.as_ref().filter(|_| statements.reads(statement).iter().any(|key| too_old(key))).and_then(|old| old.seen(statement))
                }
                _ => current.found(statement),
            };
            StatementResult { about: Arc::clone(statement.about()), outcome, found, why }
        })
        .collect();
    let (stack, region) = (document.string("/stack/name"), document.string("/stack/region"));
    Report { stack, region, elsewhere: None, as_of: document.string("/as_of"), counts: Counts::of(&rows), rows }
}

/// The variables of one moment.
struct Scene<'d> {
    document: &'d Reading<'d>,
    cx: Context<'d, 'd>,
    /// Names of `[let]`s that have no value, and why.
    broken: BTreeMap<&'d str, Verdict>,
}

impl<'d> Scene<'d> {
    fn new(statements: &'d Statements, document: &'d Reading<'d>, needs: &BTreeSet<&'static str>, take: Take<'d>) -> Self {
        let mut scene = Self { document, cx: Context::with_env(Arc::clone(statements.language.env())), broken: BTreeMap::new() };
        for root in roots().filter(|root| root.section.is_some_and(|key| needs.contains(key))) {
            add_name(&mut scene.cx, document, root.name, take);
        }
        add_top(&mut scene.cx, document);
        for named in &statements.names {
            match scene.begin(&named.expression).val(&scene.cx) {
                Ok(value) => scene.cx.add_variable_as_val(named.name.as_str(), value),
                Err(trouble) => {
                    let verdict = scene.verdict(trouble, &named.name);
                    scene.broken.insert(&named.name, verdict);
                }
            }
        }
        scene
    }

    /// The scene of one statement: with its entry of `each`.
    fn of<'s>(&'s self, statement: &'d Statement) -> Context<'s, 'd> {
        let mut cx = self.cx.new_inner_scope();
        if !statement.it.is_null() {
            cx.add_variable_as_val(IT, plain(self.document, &statement.it));
        }
        cx
    }

    /// Every evaluation has its own bounds.
    fn begin<'e>(&self, expression: &'e Expression) -> &'e Expression {
        expression.begin(self.document);
        expression
    }

    fn judge(&self, statement: &'d Statement) -> (Outcome, Option<String>) {
        self.decide(statement).unwrap_or_else(|(outcome, why)| (outcome, Some(why)))
    }

    fn decide(&self, statement: &'d Statement) -> Result<(Outcome, Option<String>), Verdict> {
        let cx = self.of(statement);
        let holds = |key: &str, expression: &Option<Arc<Expression>>| match expression {
            Some(expression) => self.begin(expression).holds(&cx).map(Some).map_err(|trouble| self.verdict(trouble, key)),
            None => Ok(None),
        };
        if holds("when", &statement.when)? == Some(false) {
            return Ok((Outcome::NotApplicable, statement.na.clone()));
        }
        if holds("pass", &statement.pass)? == Some(true) {
            return Ok((Outcome::Pass, None));
        }
        if holds("warn", &statement.warn)? == Some(true) {
            return Ok((Outcome::Warn, None));
        }
        match &statement.about().manual {
            Some(manual) => Ok((Outcome::Manual, Some(manual.clone()))),
            None => Ok((Outcome::Fail, None)),
        }
    }

    fn found(&self, statement: &'d Statement) -> Option<String> {
        let value: Value = self.begin(statement.found.as_ref()?).value(&self.of(statement)).ok()?;
        Some(words(&value))
    }

    /// What was found when there was still an answer.
    fn seen(&self, statement: &'d Statement) -> Option<String> {
        self.found(statement).map(|found| format!("last seen: {found}"))
    }

    /// What an expression that could not be decided means for the statement.
    fn verdict(&self, trouble: Trouble, what: &str) -> Verdict {
        match trouble {
            Trouble::Absent(name) => match self.broken.get(name.as_str()) {
                Some(verdict) => verdict.clone(),
                None if let Some(key) = section(&name) => lack(&self.document.lack(key)),
                None => (Outcome::Unknown, format!("no `{name}` in the state document")),
            },
            Trouble::Untold(why) => (Outcome::Unknown, why),
            Trouble::Lacks(_, why) | Trouble::Null(why) | Trouble::Wrong(why) => (Outcome::Unknown, format!("{what}: {why}")),
        }
    }
}
