//! A rule as TOML, compiled: what opens an incident, for how long it must hold, what closes it, what it explains. Errors name file and line.
//! It decides nothing: `scene` runs it. Read once, by who makes a `Detector`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::record::{Confidence, Severity};
use super::said::Logged;
use super::window::Window;
use crate::expression::{Expression, Language};
use crate::log::query::Query;
use crate::model::system::{SYSTEMS, System};
use crate::model::text;

/// Why a rule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct BadRule {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// The subject of a rule with `each`.
pub(super) const IT: &str = "it";
/// The windows of a rule by name.
pub(super) const WINDOW: &str = "window";
/// What the database takes of connections: `limit.db_connections`, null where nobody knows.
pub(super) const LIMIT: &str = "limit";
/// Nodes that are not well and that no incident explains.
pub(super) const UNEXPLAINED: &str = "unexplained";
/// A rule longer than this is not one that somebody wrote.
const LONGEST: usize = 64 * 1024;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: Spanned<String>,
    name: Spanned<String>,
    severity: Severity,
    systems: Vec<Spanned<String>>,
    #[serde(default)]
    runbook: String,
    #[serde(default)]
    aws: String,
    each: Option<Spanned<String>>,
    #[serde(default)]
    windows: BTreeMap<Spanned<String>, RawWindow>,
    #[serde(default, rename = "let")]
    names: BTreeMap<Spanned<String>, Spanned<String>>,
    opens: Spanned<String>,
    holds: Option<Spanned<String>>,
    since: Option<Spanned<String>>,
    closes: Spanned<String>,
    closes_after: Option<Spanned<String>>,
    zone: Option<Spanned<String>>,
    #[serde(default)]
    evidence: Vec<Spanned<String>>,
    logged: Option<RawLogged>,
    #[serde(default)]
    cause: Vec<RawCause>,
    #[serde(default)]
    values: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    explains: Vec<String>,
    #[serde(default)]
    folds: Vec<String>,
    #[serde(default)]
    folds_same: Vec<String>,
    #[serde(default)]
    takes_over: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWindow {
    /// The id of a metric series; `{it}` is the subject.
    pub series: Option<String>,
    /// An expression: a list of events with `at` and `message`.
    pub events: Option<Spanned<String>>,
    /// A regular expression that their messages match.
    pub matching: Option<Spanned<String>>,
    /// An expression whose changes are told.
    pub value: Option<Spanned<String>>,
    pub over: Spanned<String>,
}

/// Lines of the log that are told beside the evidence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLogged {
    /// The service; `{it}` is the subject. Missing: all.
    #[serde(default)]
    of: String,
    /// As it is typed in the log: `level:error`.
    query: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCause {
    when: Option<Spanned<String>>,
    text: String,
    confidence: Confidence,
}

/// A cause that a rule can name.
#[derive(Debug)]
pub(super) struct Cause {
    pub when: Option<Expression>,
    pub text: String,
    pub confidence: Confidence,
}

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    pub id: String,
    /// `{it}` is the subject.
    pub name: String,
    pub severity: Severity,
    pub systems: Vec<System>,
    /// The runbook that fits; empty: none.
    pub runbook: String,
    pub aws: String,
    pub(super) each: Option<Expression>,
    pub(super) windows: Vec<(String, Window)>,
    pub(super) names: Vec<(String, Expression)>,
    pub(super) opens: Expression,
    /// Seconds for which `opens` must hold.
    pub(super) holds: i64,
    pub(super) since: Option<Expression>,
    pub(super) closes: Expression,
    /// Seconds for which `closes` must hold.
    pub(super) closes_after: i64,
    pub(super) zone: Option<Expression>,
    pub(super) evidence: Vec<Expression>,
    pub(super) logged: Option<Logged>,
    pub(super) causes: Vec<Cause>,
    pub(super) values: Vec<(String, Expression)>,
    /// Nodes that follow from it: `svc/*`, `tg/{it}`, `nat/{zone}`, `uses db`.
    pub(super) explains: Vec<String>,
    /// Rules whose incidents are part of this one; of the same zone, where both have one.
    pub(super) folds: Vec<String>,
    /// The same, of the same subject.
    pub(super) folds_same: Vec<String>,
    /// Rules whose incident of the same subject becomes this one: it was seen less of.
    pub(super) takes_over: Vec<String>,
    /// What it reads of the state document.
    pub(super) sections: BTreeSet<&'static str>,
    /// It reads what is judged of nodes, or how sections stand.
    pub(super) reads_health: bool,
}

impl Rule {
    /// Whether it is about what the other rules leave over.
    pub(super) fn is_of_the_rest(&self) -> bool {
        let each = self.each.iter().any(|e| e.names().any(|n| n == UNEXPLAINED));
        each || self.opens.names().any(|n| n == UNEXPLAINED)
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let own = [&self.opens, &self.closes].into_iter();
        let maybe = [&self.each, &self.since, &self.zone].into_iter().flatten();
        let named = self.names.iter().chain(&self.values).map(|(_, e)| e);
        let windows = self.windows.iter().filter_map(|(_, w)| w.expression());
        own.chain(maybe).chain(named).chain(windows).chain(&self.evidence).chain(self.causes.iter().filter_map(|c| c.when.as_ref()))
    }
}

/// All rules, with the language that they are compiled in.
#[derive(Debug)]
pub struct Rules {
    pub(super) language: Language,
    rows: Vec<Rule>,
}

impl Rules {
    /// Reads rules: (name of the file, its text).
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, BadRule> {
        let whole = |message: String| BadRule { file: "rules".to_owned(), line: 1, message };
        let language = Language::new().map_err(|e| whole(e.to_string()))?;
        let mut rows: Vec<Rule> = Vec::new();
        for (file, text) in files {
            let rule = Reader { language: &language, file, text }.read()?;
            if rows.iter().any(|other| other.id == rule.id) {
                return Err(BadRule { file: file.to_owned(), line: 1, message: format!("there is a rule `{}` already", rule.id) });
            }
            rows.push(rule);
        }
        for rule in &rows {
            let known = |id: &&String| rows.iter().any(|other| other.id == **id);
            if let Some(unknown) = rule.folds.iter().chain(&rule.folds_same).chain(&rule.takes_over).find(|id| !known(id)) {
                return Err(whole(format!("{}: folds `{unknown}`, which is no rule", rule.id)));
            }
        }
        Ok(Self { language, rows })
    }

    /// The rules in their order: the first one that explains something keeps it.
    pub fn rows(&self) -> &[Rule] {
        &self.rows
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rows.iter().find(|r| r.id == id)
    }

    /// Every section that a rule reads.
    pub fn sections(&self) -> BTreeSet<&'static str> {
        self.rows.iter().flat_map(|r| r.sections.iter().copied()).collect()
    }
}

/// Reads one file.
struct Reader<'f> {
    language: &'f Language,
    file: &'f str,
    text: &'f str,
}

impl Reader<'_> {
    fn bad(&self, at: usize, message: impl Into<String>) -> BadRule {
        let before = self.text.get(..at).unwrap_or_default();
        BadRule { file: self.file.to_owned(), line: before.matches('\n').count() + 1, message: message.into() }
    }

    fn read(&self) -> Result<Rule, BadRule> {
        if self.text.len() > LONGEST {
            return Err(self.bad(0, format!("the file is longer than {LONGEST} bytes")));
        }
        let at = |span: Option<Range<usize>>| span.map_or(0, |s| s.start);
        let file: File = toml::from_str(self.text).map_err(|e| self.bad(at(e.span()), e.message().trim().to_owned()))?;
        let mut named = Self::ordered(file.names);
        let names: Vec<String> = named.iter().map(|(name, _)| name.get_ref().clone()).collect();
        let mut known = vec![IT, WINDOW, LIMIT, UNEXPLAINED];
        known.extend(names.iter().map(String::as_str));
        let compile = |key: &str, text: &Spanned<String>| self.compile(key, text, &known);
        let maybe = |key: &str, text: Option<&Spanned<String>>| text.map(|t| compile(key, t)).transpose();
        let seconds = |key: &str, text: Option<&Spanned<String>>| text.map_or(Ok(0), |t| self.span(key, t));
        let mut windows = Self::ordered(file.windows);
        let windows = windows.drain(..).map(|(name, raw)| Ok((name.get_ref().clone(), self.window(name.get_ref(), raw, &known)?)));
        let causes = file.cause.into_iter().map(|raw| {
            let when = maybe("cause.when", raw.when.as_ref())?;
            Ok(Cause { when, text: raw.text, confidence: raw.confidence })
        });
        let mut rule = Rule {
            systems: file.systems.iter().map(|word| self.system(word)).collect::<Result<_, _>>()?,
            each: maybe("each", file.each.as_ref())?,
            windows: windows.collect::<Result<_, BadRule>>()?,
            names: named.drain(..).map(|(n, e)| Ok((n.get_ref().clone(), compile(n.get_ref(), &e)?))).collect::<Result<_, BadRule>>()?,
            opens: compile("opens", &file.opens)?,
            holds: seconds("holds", file.holds.as_ref())?,
            since: maybe("since", file.since.as_ref())?,
            closes: compile("closes", &file.closes)?,
            closes_after: seconds("closes_after", file.closes_after.as_ref())?,
            zone: maybe("zone", file.zone.as_ref())?,
            evidence: file.evidence.iter().map(|text| compile("evidence", text)).collect::<Result<_, _>>()?,
            logged: file.logged.map(|raw| self.logged(raw)).transpose()?,
            causes: causes.collect::<Result<_, BadRule>>()?,
            values: file.values.iter().map(|(k, e)| Ok((k.clone(), compile(k, e)?))).collect::<Result<_, BadRule>>()?,
            explains: file.explains,
            folds: file.folds,
            folds_same: file.folds_same,
            takes_over: file.takes_over,
            sections: BTreeSet::new(),
            reads_health: false,
            id: file.id.into_inner(),
            name: file.name.into_inner(),
            severity: file.severity,
            runbook: file.runbook,
            aws: file.aws,
        };
        let health = rule.expressions().any(|e| e.names().any(|n| ["nodes", "counts", "worst", "sections"].contains(&n)));
        rule.reads_health = health;
        let windows = rule.windows.iter().any(|(_, w)| w.is_series()).then_some("metrics");
        rule.sections = rule.expressions().flat_map(Expression::sections).chain(windows).collect();
        Ok(rule)
    }

    /// The entries of a table in the order of the file: later ones may use earlier ones.
    fn ordered<V>(table: BTreeMap<Spanned<String>, V>) -> Vec<(Spanned<String>, V)> {
        let mut rows: Vec<(Spanned<String>, V)> = table.into_iter().collect();
        rows.sort_by_key(|(name, _)| name.span().start);
        rows
    }

    fn compile(&self, key: &str, text: &Spanned<String>, known: &[&str]) -> Result<Expression, BadRule> {
        let wrong = |message: String| self.bad(text.span().start, format!("{key}: {message}"));
        let expression = self.language.compile_with(text.get_ref(), known).map_err(|e| wrong(e.to_string()))?;
        if let Some(unknown) = expression.unknown_fields().next() {
            return Err(wrong(unknown.to_string()));
        }
        if let Some(name) = expression.names().find(|n| NOT_KEPT.contains(n)) {
            return Err(wrong(format!("`{name}` cannot be read by a rule: it is made anew for every document")));
        }
        Ok(expression)
    }

    fn logged(&self, raw: RawLogged) -> Result<Logged, BadRule> {
        let query = Query::parse(raw.query.get_ref()).map_err(|e| self.bad(raw.query.span().start, format!("logged.query: {e}")))?;
        Ok(Logged { of: raw.of, query })
    }

    fn span(&self, key: &str, written: &Spanned<String>) -> Result<i64, BadRule> {
        text::parse_span(written.get_ref()).ok_or_else(|| {
            self.bad(written.span().start, format!("{key}: `{}` is no span of time, as in 90s, 5m or 1h", written.get_ref()))
        })
    }

    fn system(&self, word: &Spanned<String>) -> Result<System, BadRule> {
        let found = SYSTEMS.iter().copied().find(|s| s.spec().word == word.get_ref());
        found.ok_or_else(|| self.bad(word.span().start, format!("systems: there is no system `{}`", word.get_ref())))
    }

    fn window(&self, name: &str, raw: RawWindow, known: &[&str]) -> Result<Window, BadRule> {
        let key = format!("windows.{name}");
        let over = self.span(&key, &raw.over)?;
        let compile = |text: &Spanned<String>| self.compile(&key, text, known);
        match (raw.series, raw.events, raw.value) {
            (Some(id), None, None) => Ok(Window::Series { id, over }),
            (None, Some(events), None) => {
                let regex = |t: &Spanned<String>| {
                    let built = regex::RegexBuilder::new(t.get_ref()).case_insensitive(true).size_limit(1 << 18).build();
                    built.map_err(|e| self.bad(t.span().start, format!("{key}: matching: {e}")))
                };
                Ok(Window::Events { of: compile(&events)?, matching: raw.matching.as_ref().map(regex).transpose()?, over })
            }
            (None, None, Some(value)) => Ok(Window::Value { of: compile(&value)?, over }),
            _ => Err(self.bad(raw.over.span().start, format!("{key}: one of series, events and value is needed"))),
        }
    }
}

/// Members of the document that are made of everything: rules are asked at every answer and cannot pay for them.
const NOT_KEPT: &[&str] = &["timeline", "inventory", "usage", "logs"];
