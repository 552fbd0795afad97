//! One CEL expression: compiled once, with the names that it reads and the places in its text that errors are about.
//! Knows nothing of who wrote it. Made by `Language`; run over `Facts`, or over a context of conformance.

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::common::value::{CowVal, Val};
use cel::{Context, Env, ExecutionError, Program, Value};

use super::answer::{Missing, Wrong};
use super::document::Reading;
use super::functions::{CANNOT_TELL, Language};
use super::limits::{Limits, empty_is_null};
use super::place::{find, free_names, path, place};
use super::roots::section;
use super::run::{STEPS, STEPS_SQUARED};
use super::words::words;

/// Names that are values of the language itself: its types, and the namespaces of its function libraries.
const LANGUAGE: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "optional_type",
    "string",
    "timestamp",
    "type",
    "uint",
    "base64",
    "lists",
    "math",
    "optional",
    "strings",
];

/// Names of what is made of all sections.
const EVERYTHING: &[&str] = &["nodes", "worst", "counts", "timeline", "inventory"];

/// What was written when a level's word is asked for by name.
const UNKNOWN: &str = "unknown";

/// A compiled expression.
pub struct Expression {
    pub(super) program: Program,
    /// The tree that is run: the program's with `empty_is_null`.
    pub(super) root: IdedExpr,
    pub(super) names: BTreeSet<String>,
    pub(super) env: Arc<Env>,
    /// Fields that no document has.
    pub(super) unknown: Vec<(Missing, Option<(usize, usize)>)>,
    /// How many elements it may walk over.
    pub(super) steps: u64,
    /// It asks for the level `unknown` itself.
    pub(super) plain: bool,
}

/// Why an expression could not be compiled or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It reads a variable that is not there (yet).
    Absent(String),
    /// It says itself that it cannot tell.
    Untold(String),
    /// It reads a field that is not there: which, and the same in words with the place.
    Lacks(String, String),
    /// It computes with a null.
    Null(String),
    /// Anything else, in words with the place.
    Wrong(String),
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text()).finish()
    }
}

impl Expression {
    /// Compiles a text by itself. Who compiles several keeps a `Language`.
    pub fn compile(text: &str) -> Result<Self, Wrong> {
        Language::new()?.compile(text)
    }

    /// Compiles; nothing is known of its names yet.
    pub(super) fn build(env: &Arc<Env>, text: &str, limits: &Limits) -> Result<Self, Wrong> {
        if text.len() > limits.text {
            return Err(Wrong::at(None, format!("the expression is longer than {} bytes", limits.text)));
        }
        let program = env.compile(text).map_err(|errors| match errors.errors.first() {
            Some(e) => {
                let at = |n: isize| usize::try_from(n).unwrap_or(1).max(1);
                let message = plain(&e.msg);
                Wrong { message, line: at(e.pos.0), column: at(e.pos.1) }
            }
            None => Wrong::at(None, errors.to_string()),
        })?;
        let mut root = program.expression().clone();
        limits.check(&root).map_err(|(node, message)| Wrong::at(place(program.source_info(), node.id), message))?;
        empty_is_null(&mut root);
        let mut names = BTreeSet::new();
        free_names(&root, &mut Vec::new(), &mut names);
        names.retain(|n| !LANGUAGE.contains(&n.as_str()));
        let has = |fits: &dyn Fn(&Expr) -> bool| find(&root, fits).is_some();
        let steps = if has(&|e| calls(e, "distinct")) { STEPS_SQUARED } else { STEPS };
        let plain = has(&|e| matches!(e, Expr::Literal(LiteralValue::String(s)) if s.inner() == UNKNOWN));
        Ok(Self { program, root, names, env: Arc::clone(env), unknown: Vec::new(), steps, plain })
    }

    /// What was written.
    pub fn text(&self) -> &str {
        self.info().source.trim()
    }

    /// The variables that it reads.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The sections that it reads: what has to be fetched before it can be decided.
    pub fn sections(&self) -> BTreeSet<&'static str> {
        self.names().filter_map(section).collect()
    }

    /// Whether it reads what is made of everything (health, changes, the inventory): then every section has to be fetched.
    pub fn reads_everything(&self) -> bool {
        self.names().any(|name| EVERYTHING.contains(&name))
    }

    /// The fields that no state document has, and what was probably meant: for who checks a text before anything is read.
    pub fn unknown_fields(&self) -> impl Iterator<Item = Wrong> {
        self.unknown.iter().map(|(missing, at)| Wrong::at(*at, missing.to_string()))
    }

    pub(super) fn info(&self) -> &SourceInfo {
        self.program.source_info()
    }

    /// Before each evaluation: it may walk over so many elements of the document.
    pub(crate) fn begin(&self, reading: &Reading) {
        reading.run.begin(self.steps, self.plain);
    }

    pub(crate) fn value(&self, cx: &Context) -> Result<Value, Trouble> {
        Value::resolve(&self.root, cx).map_err(|e| self.trouble(&e))
    }

    /// Its value, as another expression can use it.
    pub(crate) fn val<'v>(&self, cx: &Context<'_, 'v>) -> Result<Box<dyn Val + 'v>, Trouble> {
        Value::resolve_val(&self.root, cx).map(CowVal::into_owned).map_err(|e| self.trouble(&e))
    }

    /// Its value, which has to be true or false.
    pub(crate) fn holds(&self, cx: &Context) -> Result<bool, Trouble> {
        match self.value(cx)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(Trouble::Wrong(format!("returns type {}, not bool", other.type_of()))),
        }
    }

    pub(super) fn trouble(&self, error: &ExecutionError) -> Trouble {
        match error {
            ExecutionError::UndeclaredReference(name) if self.names.contains(name.as_str()) => Trouble::Absent(name.to_string()),
            ExecutionError::UndeclaredReference(name) => {
                Trouble::Wrong(format!("unknown function `{name}`{}", self.place(&|e| calls(e, name))))
            }
            ExecutionError::NoSuchKey(key) => {
                Trouble::Lacks(key.to_string(), format!("no field `{key}`{}", self.place(&|e| selects(e, key))))
            }
            ExecutionError::FunctionError { function, message } if function == CANNOT_TELL => Trouble::Untold(message.clone()),
            ExecutionError::NoSuchOverload(overload) => {
                let place = self.place(&|e| calls(e, overload.function()));
                let null = overload.argument_types().iter().any(|t| t == "null_type");
                let words = format!("{overload}{place}");
                if null { Trouble::Null(words) } else { Trouble::Wrong(words) }
            }
            ExecutionError::IndexOutOfBounds(at) => Trouble::Untold(format!("the list has no element {}", words(at))),
            // The rest may print whole values: short enough for a line.
            other => Trouble::Wrong(other.to_string().chars().take(160).collect()),
        }
    }

    /// ` (line 1, column 9)` of the first node that fits; empty if none does.
    fn place(&self, fits: &dyn Fn(&Expr) -> bool) -> String {
        let at = find(&self.root, fits).and_then(|node| place(self.info(), node.id));
        at.map_or_else(String::new, |(line, column)| format!(" (line {line}, column {column})"))
    }

    /// Where a name is read, as in `place`.
    pub(crate) fn place_of(&self, name: &str) -> String {
        self.place(&|e| matches!(e, Expr::Ident(n) if n == name))
    }

    /// The node that asks for a field or a key, and how it is written.
    pub(super) fn asks_for(&self, key: &str) -> Option<(&IdedExpr, String)> {
        let node = find(&self.root, &|e| selects(e, key) || indexes(e, key))?;
        Some((node, path(node).unwrap_or_else(|| key.to_owned())))
    }
}

/// The parser's error without what is only of use to who wrote the parser.
fn plain(message: &str) -> String {
    if message.contains("Recursion limit") {
        return "nested too deeply".to_owned();
    }
    let short = message.split(" expecting ").next().unwrap_or_default().trim();
    let short = short.strip_prefix("Syntax error: ").unwrap_or(short);
    if short.ends_with("input '<EOF>'") { "it ends too early".to_owned() } else { short.to_owned() }
}

fn calls(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Call(call) if call.func_name == name)
}

fn selects(expr: &Expr, field: &str) -> bool {
    matches!(expr, Expr::Select(select) if select.field == field)
}

fn indexes(expr: &Expr, key: &str) -> bool {
    let Expr::Call(call) = expr else { return false };
    call.func_name == operators::INDEX
        && call.args.get(1).is_some_and(|at| matches!(&at.expr, Expr::Literal(LiteralValue::String(s)) if s.inner() == key))
}
