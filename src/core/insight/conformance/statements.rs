//! All statements, ready to be evaluated: the built-in ones, and a user's that are added or take the place of one with the same id.
//! Every expression is compiled once, here, and every name in it is known. Called by `verify`'s front ends; `evaluate` runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;
use toml::Spanned;

use super::catalogue::BUILTIN;
use super::file::{File, Raw, StatementError, Text};
use super::outcome::About;
use super::select::Only;
use crate::expression::{Expression, Language, is_name, roots, section};
use crate::model::stack::Stack;

/// The variable that holds an entry of `each`.
pub(super) const IT: &str = "it";

/// One statement with its rule.
#[derive(Clone)]
pub struct Statement {
    about: Arc<About>,
    /// Why it is `n/a` when `when` is false.
    pub(super) na: Option<String>,
    /// The entry of `each`; null without one.
    pub(super) it: Json,
    pub(super) when: Option<Arc<Expression>>,
    pub(super) pass: Option<Arc<Expression>>,
    pub(super) warn: Option<Arc<Expression>>,
    pub(super) found: Option<Arc<Expression>>,
}

impl Statement {
    /// Its words.
    pub fn about(&self) -> &Arc<About> {
        &self.about
    }

    /// Its expressions as they are written, by key: `when`, `pass`, `warn`.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let rules = [("when", &self.when), ("pass", &self.pass), ("warn", &self.warn)];
        rules.into_iter().filter_map(|(key, rule)| Some((key, rule.as_ref()?.text())))
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        [&self.when, &self.pass, &self.warn, &self.found].into_iter().flatten().map(Arc::as_ref)
    }
}

/// An expression that has a name.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) expression: Arc<Expression>,
    file: String,
}

#[derive(Clone)]
pub struct Statements {
    pub(super) language: Language,
    /// What a name needs comes before it.
    pub(super) names: Vec<Named>,
    rows: Vec<Statement>,
}

impl std::fmt::Debug for Statements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.rows.iter().map(|s| &s.about.id)).finish()
    }
}

impl Statements {
    /// The statements of the written architecture.
    pub fn builtin() -> Result<Self, StatementError> {
        let language = Language::new().map_err(|e| StatementError { file: "functions".to_owned(), line: None, message: e.to_string() })?;
        let mut all = Self { language, names: Vec::new(), rows: Vec::new() };
        let files = BUILTIN.iter().map(|text| Ok((*text, text.parse()?))).collect::<Result<Vec<_>, StatementError>>()?;
        all.add(files, false)?;
        Ok(all)
    }

    /// What is written down about a stack: of another than the written architecture's nothing, before somebody writes it.
    pub fn of(stack: &Stack) -> Result<Self, StatementError> {
        let mut all = Self::builtin()?;
        if !stack.is_the_seeds() {
            all.rows.clear();
        }
        Ok(all)
    }

    /// These, and those of a user's file: a new id is added at the end, a known one takes the built-in statement's place.
    pub fn with_user(mut self, text: &str, file_name: &str) -> Result<Self, StatementError> {
        let text = Text { file: file_name, text };
        self.add(vec![(text, text.parse()?)], true)?;
        Ok(self)
    }

    /// In the order of the report.
    pub fn rows(&self) -> &[Statement] {
        &self.rows
    }

    /// The sections that the chosen statements read, `found` included: what has to be fetched before they can be decided.
    pub fn needs(&self, only: &Only) -> BTreeSet<&'static str> {
        self.sections(self.rows.iter().filter(|s| only.includes(&s.about.id)))
    }

    /// The sections that one statement reads, `found` included.
    pub(super) fn reads<'s>(&'s self, statement: &'s Statement) -> BTreeSet<&'static str> {
        self.sections([statement])
    }

    fn sections<'s>(&'s self, rows: impl IntoIterator<Item = &'s Statement>) -> BTreeSet<&'static str> {
        let mut names: BTreeSet<&str> = rows.into_iter().flat_map(Statement::expressions).flat_map(Expression::names).collect();
        // Backwards: a name is listed after those that it needs.
        for named in self.names.iter().rev() {
            if names.contains(named.name.as_str()) {
                names.extend(named.expression.names());
            }
        }
        names.into_iter().filter_map(section).collect()
    }

    fn add(&mut self, files: Vec<(Text, File)>, replace: bool) -> Result<(), StatementError> {
        self.add_names(&files)?;
        for (text, file) in files {
            let group = file.group.unwrap_or_else(|| "Your statements".to_owned());
            let mut fresh: Vec<Statement> = Vec::new();
            for raw in file.statement {
                let span = raw.span();
                for statement in self.statements(text, &group, raw)? {
                    let id = &statement.about.id;
                    if fresh.iter().any(|s| s.about.id == *id) || (!replace && self.rows.iter().any(|s| s.about.id == *id)) {
                        return Err(text.error(&span, format!("{id}: duplicate statement id")));
                    }
                    fresh.push(statement);
                }
            }
            fresh.sort_by_cached_key(|s| order(&s.about.id));
            for statement in fresh {
                self.put(statement);
            }
        }
        Ok(())
    }

    fn put(&mut self, statement: Statement) {
        match self.rows.iter_mut().find(|s| s.about.id == statement.about.id) {
            Some(old) => {
                let group = old.about.group.clone();
                *old = Statement { about: Arc::new(About { group, ..About::clone(&statement.about) }), ..statement };
            }
            None => self.rows.push(statement),
        }
    }

    /// Compiles the `[let]`s of some files and appends them in an order in which each comes after what it needs.
    fn add_names(&mut self, files: &[(Text, File)]) -> Result<(), StatementError> {
        let mut waiting = Vec::new();
        for (text, file) in files {
            for (name, expression) in &file.names {
                let refuse = |message: String| text.error(&name.span(), format!("[let] {}: {message}", name.get_ref()));
                let known = self.names.iter().chain(waiting.iter().map(|(named, _)| named)).find(|n| n.name == *name.get_ref());
                if let Some(other) = known {
                    return Err(refuse(format!("already a name, in {}", other.file)));
                }
                if is_name(name.get_ref()) || name.get_ref() == IT {
                    return Err(refuse("a name in the state document".to_owned()));
                }
                let compiled = self.language.statement(expression.get_ref()).map_err(|e| refuse(e.to_string()))?;
                let named = Named { name: name.get_ref().clone(), expression: Arc::new(compiled), file: text.file.to_owned() };
                waiting.push((named, text.error(&name.span(), "")));
            }
        }
        let declared: BTreeSet<String> = self.names.iter().chain(waiting.iter().map(|w| &w.0)).map(|n| n.name.clone()).collect();
        for (named, at) in &waiting {
            let known = |n: &str| is_name(n) || declared.contains(n);
            if let Some(unknown) = unknown_name(&named.expression, known) {
                return Err(StatementError { message: format!("[let] {}: {unknown}", named.name), ..at.clone() });
            }
        }
        self.order_names(waiting)
    }

    fn order_names(&mut self, mut waiting: Vec<(Named, StatementError)>) -> Result<(), StatementError> {
        while !waiting.is_empty() {
            let placed: BTreeSet<String> = self.names.iter().map(|n| n.name.clone()).collect();
            let (ready, rest): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|(named, _)| named.expression.names().all(|n| is_name(n) || placed.contains(n)));
            if let (true, Some((named, at))) = (ready.is_empty(), rest.first()) {
                return Err(StatementError { message: format!("[let] {}: refers to itself", named.name), ..at.clone() });
            }
            self.names.extend(ready.into_iter().map(|(named, _)| named));
            waiting = rest;
        }
        Ok(())
    }

    /// The statements of one `[[statement]]`: one, or one for each entry of `each`.
    fn statements(&self, text: Text, group: &str, raw: Spanned<Raw>) -> Result<Vec<Statement>, StatementError> {
        let span = raw.span();
        let raw = raw.into_inner();
        let entries = entries(text, &span, &raw)?;
        let who = entries.first().map_or("", |e| e.id.as_str()).to_owned();
        if raw.pass.is_none() && raw.manual.is_none() {
            return Err(text.error(&span, format!("{who}: needs `pass` (an expression) or `manual` (what to do by hand)")));
        }
        if raw.when.is_some() && raw.na.is_none() && raw.optional.is_none() {
            return Err(text.error(&span, format!("{who}: `when` needs `optional` or `na` to say why it does not apply")));
        }
        let compile = |key: &str, expression: Option<Spanned<String>>| {
            let Some(expression) = expression else { return Ok(None) };
            let refuse = |message: String| text.error(&expression.span(), format!("{who}: {key}: {message}"));
            let compiled = self.language.statement(expression.get_ref()).map_err(|e| refuse(e.to_string()))?;
            let known = |n: &str| is_name(n) || (n == IT && !raw.each.is_empty()) || self.names.iter().any(|x| x.name == n);
            match unknown_name(&compiled, known) {
                Some(unknown) => Err(refuse(unknown)),
                None => Ok(Some(Arc::new(compiled))),
            }
        };
        let [when, pass, warn, found] =
            [compile("when", raw.when)?, compile("pass", raw.pass)?, compile("warn", raw.warn)?, compile("found", raw.found)?];
        let why = raw.optional.as_ref().map(|system| format!("{system} is optional, not used in this stack"));
        let na = raw.na.or(why);
        let mut statements = Vec::new();
        for entry in entries {
            let fill = |words: &str| fill(words, &entry.it).map_err(|e| text.error(&span, format!("{}: {e}", entry.id)));
            let about = About {
                id: entry.id.clone(),
                group: group.to_owned(),
                title: fill(&raw.title)?,
                source: raw.source.clone(),
                explain: raw.explain.clone(),
                manual: raw.manual.clone(),
                optional: raw.optional.clone(),
                inferred: raw.inferred,
                file: text.file.to_owned(),
            };
            let (when, pass, warn, found) = (when.clone(), pass.clone(), warn.clone(), found.clone());
            statements.push(Statement { about: Arc::new(about), na: na.clone(), it: entry.it, when, pass, warn, found });
        }
        Ok(statements)
    }
}

/// An id with the values that belong to it.
struct NamedValue {
    id: String,
    it: Json,
}

fn entries(text: Text, span: &std::ops::Range<usize>, raw: &Raw) -> Result<Vec<NamedValue>, StatementError> {
    let checked = |id: &str, span: &std::ops::Range<usize>| match id {
        "" => Err(text.error(span, "statement without an id")),
        id if id.contains([',', ' ']) => Err(text.error(span, format!("{id}: an id has no spaces and no commas"))),
        id => Ok(id.to_owned()),
    };
    if let Some(id) = &raw.id {
        if !raw.each.is_empty() {
            return Err(text.error(span, format!("{id}: use either `id` or `each`")));
        }
        return Ok(vec![NamedValue { id: checked(id, span)?, it: Json::Null }]);
    }
    if raw.each.is_empty() {
        return Err(text.error(span, "statement without an id"));
    }
    let entry = |table: &Spanned<toml::Table>| {
        let it = serde_json::to_value(table.get_ref()).map_err(|e| text.error(&table.span(), e.to_string()))?;
        let id = it.get("id").and_then(Json::as_str).unwrap_or_default();
        Ok(NamedValue { id: checked(id, &table.span())?, it })
    };
    raw.each.iter().map(entry).collect()
}

/// Puts the entry's values where the text says `{name}`.
fn fill(text: &str, it: &Json) -> Result<String, String> {
    if it.is_null() {
        return Ok(text.to_owned());
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return Err("title: `{` without `}`".to_owned()) };
        let value = it.get(name).ok_or_else(|| format!("title: no `{name}` in this entry of `each`"))?;
        out.push_str(before);
        out.push_str(&value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn unknown_name(expression: &Expression, known: impl Fn(&str) -> bool) -> Option<String> {
    let name = expression.names().find(|n| !known(n))?;
    let place = expression.place_of(name);
    let top: Vec<&str> = roots().filter(|root| root.section.is_none()).map(|root| root.name).collect();
    Some(format!("`{name}` is not a section, a [let] name or one of {}{place}", top.join(", ")))
}

/// Letters, then numbers by value: `S2` before `S10`.
fn order(id: &str) -> (String, u64, String) {
    let digits = id.find(|c: char| c.is_ascii_digit()).unwrap_or(id.len());
    let (letters, rest) = id.split_at(digits);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, tail) = rest.split_at(end);
    (letters.to_owned(), number.parse().unwrap_or(0), tail.to_owned())
}

/// Statements by id, for the front ends that open one.
impl Statements {
    /// By id, in any case of letters.
    pub fn get(&self, id: &str) -> Option<&Statement> {
        self.rows.iter().find(|s| s.about.id.eq_ignore_ascii_case(id))
    }

    /// How many statements each group of ids has.
    pub fn groups(&self) -> BTreeMap<&str, usize> {
        let mut groups = BTreeMap::new();
        for statement in &self.rows {
            *groups.entry(statement.about.group.as_str()).or_default() += 1;
        }
        groups
    }
}
