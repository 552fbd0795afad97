//! What expressions can call beside CEL's standard library: its string, list and number extensions, and three functions of ours.
//! Called once, when the statements are read.

use cel::common::types::{CelDuration, CelString, DURATION_TYPE, MAP_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, extensions};

use crate::model::text;

/// `cannot_tell("why")`: the statement is unknown, for this reason.
pub(super) const CANNOT_TELL: &str = "cannot_tell";

/// Fields whose aspect is called otherwise in `Bucket::unread`.
const ASPECTS: &[(&str, &str)] = &[("exists", "bucket"), ("region", "bucket"), ("public_access_blocked", "public access")];

/// The environment that every expression is compiled and run in.
///
/// - `read(bucket, "versioning")`: the field; or, when the bucket's `unread` says that this aspect could not be read, `cannot_tell` with
///   the reason that is written there.
/// - `cannot_tell("why")`: gives up.
/// - `words(duration)`: `3m20s`.
pub(super) fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    env.add_overload("read", "read_map_string", vec![MAP_TYPE, STRING_TYPE], read)?;
    env.add_overload(CANNOT_TELL, "cannot_tell_string", vec![STRING_TYPE], cannot_tell)?;
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

#[expect(clippy::unnecessary_wraps, reason = "the signature of CEL's functions")]
fn words<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let span = args.first().and_then(|a| a.downcast_ref::<CelDuration>()).map_or(0, |d| d.inner().num_seconds());
    Ok(CowVal::owned(CelString::from(text::duration(span.abs()))))
}
