//! One CEL expression: compiled once, with the names that it reads and the places in its text that errors are about.
//! Knows nothing of statements. Called by the file reader (to compile) and by `evaluate` (to run).

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::common::value::{CowVal, Val};
use cel::{Context, Env, ExecutionError, Program, Value};

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

/// A compiled expression.
pub(super) struct Expression {
    program: Program,
    names: BTreeSet<String>,
}

/// Why an expression could not be compiled or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It reads a variable that is not there (yet).
    Absent(String),
    /// It says itself that it cannot tell.
    Untold(String),
    /// It reads a field that is not there: which, and the same in words with the place.
    Lacks(String, String),
    /// Anything else, in words with the place.
    Wrong(String),
}

impl Expression {
    /// Compiles; the error is in words with line and column.
    pub(super) fn compile(env: &Env, text: &str) -> Result<Self, String> {
        let program = env.compile(text).map_err(|errors| match errors.errors.first() {
            Some(e) => format!("{} (line {}, column {})", e.msg.trim(), e.pos.0.max(1), e.pos.1.max(1)),
            None => errors.to_string(),
        })?;
        let mut names = BTreeSet::new();
        free_names(program.expression(), &mut Vec::new(), &mut names);
        names.retain(|n| !LANGUAGE.contains(&n.as_str()));
        Ok(Self { program, names })
    }

    /// What was written.
    pub(super) fn text(&self) -> &str {
        self.program.source_info().source.trim()
    }

    /// The variables that it reads.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn value(&self, cx: &Context) -> Result<Value, Trouble> {
        self.program.execute(cx).map_err(|e| self.trouble(&e))
    }

    /// Its value, as another expression can use it.
    pub(super) fn val<'v>(&self, cx: &Context<'_, 'v>) -> Result<Box<dyn Val + 'v>, Trouble> {
        Value::resolve_val(self.program.expression(), cx).map(CowVal::into_owned).map_err(|e| self.trouble(&e))
    }

    /// Its value, which has to be true or false.
    pub(super) fn holds(&self, cx: &Context) -> Result<bool, Trouble> {
        match self.value(cx)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(Trouble::Wrong(format!("returns type {}, not bool", other.type_of()))),
        }
    }

    fn trouble(&self, error: &ExecutionError) -> Trouble {
        match error {
            ExecutionError::UndeclaredReference(name) if self.names.contains(name.as_str()) => Trouble::Absent(name.to_string()),
            ExecutionError::UndeclaredReference(name) => {
                Trouble::Wrong(format!("unknown function `{name}`{}", self.place(&|e| calls(e, name))))
            }
            ExecutionError::NoSuchKey(key) => {
                Trouble::Lacks(key.to_string(), format!("no field `{key}`{}", self.place(&|e| selects(e, key))))
            }
            ExecutionError::FunctionError { function, message } if function == super::functions::CANNOT_TELL => {
                Trouble::Untold(message.clone())
            }
            ExecutionError::NoSuchOverload(overload) => {
                Trouble::Wrong(format!("{overload}{}", self.place(&|e| calls(e, overload.function()))))
            }
            // The rest may print whole values: short enough for a line.
            other => Trouble::Wrong(other.to_string().chars().take(160).collect()),
        }
    }

    /// ` (line 1, column 9)` of the first node that fits; empty if none does.
    fn place(&self, fits: &dyn Fn(&Expr) -> bool) -> String {
        let info = self.program.source_info();
        let offset = find(self.program.expression(), fits).and_then(|id| info.offset_for(id));
        offset.map_or_else(String::new, |(start, _)| {
            let before: Vec<char> = info.source.chars().take(start as usize).collect();
            let line = before.iter().filter(|c| **c == '\n').count() + 1;
            let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
            format!(" (line {line}, column {column})")
        })
    }

    /// Where a name is read, as in `place`.
    pub(super) fn place_of(&self, name: &str) -> String {
        self.place(&|e| matches!(e, Expr::Ident(n) if n == name))
    }
}

fn calls(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Call(call) if call.func_name == name)
}

fn selects(expr: &Expr, field: &str) -> bool {
    matches!(expr, Expr::Select(select) if select.field == field)
}

/// The parts of an expression, in the order of its text.
fn parts(expr: &Expr) -> Vec<&IdedExpr> {
    match expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Struct(object) => object.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Comprehension(c) => vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result],
    }
}

fn entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

fn find(node: &IdedExpr, fits: &dyn Fn(&Expr) -> bool) -> Option<u64> {
    // Inner nodes first: `a.b.b` is written from the left.
    parts(&node.expr).into_iter().find_map(|part| find(part, fits)).or_else(|| fits(&node.expr).then_some(node.id))
}

/// Names that no macro around them binds.
fn free_names(node: &IdedExpr, bound: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match &node.expr {
        Expr::Ident(name) => {
            let name = name.trim_start_matches('.');
            if !bound.iter().any(|b| b == name) {
                found.insert(name.to_owned());
            }
        }
        Expr::Comprehension(c) => {
            free_names(&c.iter_range, bound, found);
            free_names(&c.accu_init, bound, found);
            let outside = bound.len();
            bound.extend([c.iter_var.clone(), c.accu_var.clone()].into_iter().chain(c.iter_var2.clone()));
            for part in [&c.loop_cond, &c.loop_step, &c.result] {
                free_names(part, bound, found);
            }
            bound.truncate(outside);
        }
        expr => parts(expr).into_iter().for_each(|part| free_names(part, bound, found)),
    }
}
