//! The language: what expressions can call beside CEL's standard library (its string, list and number extensions, and three functions of
//! ours), and the compiler. Made once by who reads rules, statements or runbooks.

use std::sync::{Arc, OnceLock};

use cel::common::types::{CelBool, CelDuration, CelString, CelTimestamp, DURATION_TYPE, DYN_TYPE, MAP_TYPE, STRING_TYPE, TIMESTAMP_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, extensions};
use chrono::DateTime;

use super::answer::Wrong;
use super::check;
use super::compiled::Expression;
use super::limits::Limits;
use super::roots;
use super::shape::{self, Shape};
use crate::model::text;

/// `cannot_tell("why")`: the answer is not known, for this reason.
pub(super) const CANNOT_TELL: &str = "cannot_tell";

/// Fields whose aspect is called otherwise in `Bucket::unread`.
const ASPECTS: &[(&str, &str)] = &[("exists", "bucket"), ("region", "bucket"), ("public_access_blocked", "public access")];

/// The compiler of expressions.
#[derive(Clone)]
pub struct Language {
    env: Arc<Env>,
    /// Every field that a document can have.
    shapes: Arc<OnceLock<Vec<(&'static str, Shape)>>>,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Language")
    }
}

impl Language {
    /// The one that there is.
    pub fn new() -> Result<Self, Wrong> {
        let env = environment().map_err(|e| Wrong::at(None, e.to_string()))?;
        Ok(Self { env: Arc::new(env), shapes: Arc::default() })
    }

    /// Compiles what anybody wrote: names have to be of the vocabulary, and it has to end soon. Fields that no document has are in
    /// `unknown_fields`, for a document may still be asked for the rest.
    pub fn compile(&self, text: &str) -> Result<Expression, Wrong> {
        let mut expression = Expression::build(&self.env, text, &Limits::USUAL)?;
        check::names(&expression, roots::is_name)?;
        check::functions(&expression)?;
        expression.unknown = check::fields(&expression, self.shapes());
        Ok(expression)
    }

    /// The same with further names, that `Facts::with` gives values.
    pub fn compile_with(&self, text: &str, names: &[&str]) -> Result<Expression, Wrong> {
        let mut expression = Expression::build(&self.env, text, &Limits::USUAL)?;
        check::names(&expression, |name| names.contains(&name) || roots::is_name(name))?;
        check::functions(&expression)?;
        expression.unknown = check::fields(&expression, self.shapes());
        Ok(expression)
    }

    /// Compiles a statement: longer, and its names are looked at by who reads it.
    pub(crate) fn statement(&self, text: &str) -> Result<Expression, Wrong> {
        Expression::build(&self.env, text, &Limits::WIDE)
    }

    pub(crate) fn env(&self) -> &Arc<Env> {
        &self.env
    }

    pub(super) fn shapes(&self) -> &[(&'static str, Shape)] {
        self.shapes.get_or_init(shape::roots)
    }
}

/// The environment that every expression is compiled and run in.
///
/// - `read(bucket, "versioning")`: the field; or, when the bucket's `unread` says that this aspect could not be read, `cannot_tell` with
///   the reason that is written there.
/// - `cannot_tell("why")`: gives up.
/// - `words(duration)`: `3m20s`.
/// - `recent(as_of, at, "10m")`: whether that was in the last ten minutes; a moment that is not there was not.
fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    env.add_overload("read", "read_map_string", vec![MAP_TYPE, STRING_TYPE], read)?;
    env.add_overload(CANNOT_TELL, "cannot_tell_string", vec![STRING_TYPE], cannot_tell)?;
    env.add_overload("recent", "recent_timestamp_dyn_string", vec![TIMESTAMP_TYPE, DYN_TYPE, STRING_TYPE], recent)?;
    env.add_overload("words", "words_duration", vec![DURATION_TYPE], words)?;
    Ok(env)
}

fn string<'a>(args: &'a [CowVal], at: usize) -> &'a str {
    args.get(at).and_then(|a| a.downcast_ref::<CelString>()).map_or("", CelString::inner)
}

fn read<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let field = string(&args, 1);
    let aspect = ASPECTS.iter().find(|(of, _)| *of == field).map_or(field, |(_, aspect)| aspect);
    let object = args.first().and_then(|a| a.as_indexer()).ok_or_else(ExecutionError::missing_argument_or_target)?;
    if let Some(why) = unread(object.get(&CelString::from("unread"))?.as_ref(), aspect) {
        return Err(ExecutionError::function_error(CANNOT_TELL, format!("{aspect}: {why}")));
    }
    Ok(object.get(&CelString::from(field))?.into_owned().into())
}

/// The reason in `[[aspect, reason], ...]`.
fn unread(list: &dyn Val, aspect: &str) -> Option<String> {
    let mut pairs = list.as_iterable()?.iter();
    while let Some(pair) = pairs.next() {
        let mut pair = pair.as_iterable()?.iter();
        let mut next = || pair.next().and_then(<dyn Val>::downcast_ref::<CelString>).map(|s| s.inner().to_owned());
        if next().as_deref() == Some(aspect) {
            return Some(next().unwrap_or_default());
        }
    }
    None
}

fn cannot_tell<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    Err(ExecutionError::function_error(CANNOT_TELL, string(&args, 0)))
}

fn recent<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let now = args.first().and_then(|a| a.downcast_ref::<CelTimestamp>()).map(|t| t.inner().to_utc());
    let wrong = |why: &str| ExecutionError::function_error("recent", why.to_owned());
    let span = text::parse_span(string(&args, 2)).ok_or_else(|| wrong("the span is to be written as in 90s, 5m or 1h"))?;
    let at = match args.get(1) {
        Some(at) if at.downcast_ref::<CelString>().is_some() => {
            Some(DateTime::parse_from_rfc3339(string(&args, 1)).map_err(|e| wrong(&e.to_string()))?.to_utc())
        }
        Some(at) => at.downcast_ref::<CelTimestamp>().map(|t| t.inner().to_utc()),
        None => None,
    };
    let is_recent = now.zip(at).is_some_and(|(now, at)| (now - at).num_seconds() < span);
    Ok(CowVal::owned(CelBool::from(is_recent)))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of CEL's functions")]
fn words<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let span = args.first().and_then(|a| a.downcast_ref::<CelDuration>()).map_or(0, |d| d.inner().num_seconds());
    Ok(CowVal::owned(CelString::from(text::duration(span.abs()))))
}
