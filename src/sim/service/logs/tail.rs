//! The live tail: what a session asked for and what each of its updates holds. The stream itself is `sim::tail`'s.
//! Called through the table in `logs`.

use crate::wire::{ApiError, Params, Value, object, token};
use crate::world::World;
use crate::world::names::HOUR;

use super::pattern::Pattern;
use super::{find_group, invalid, not_found};

/// AWS sends at most this many lines an update and says that it sampled.
const LINES: usize = 500;
/// AWS ends a session after this long.
const SESSION: i64 = 3 * HOUR;

/// A live tail session.
#[derive(Debug)]
pub struct Tail {
    groups: Vec<Group>,
    streams: Vec<String>,
    prefixes: Vec<String>,
    text: String,
    pattern: Pattern,
    began: i64,
    /// Lines ingested up to here were sent.
    seen: i64,
    over: bool,
}

#[derive(Debug)]
struct Group {
    name: String,
    arn: String,
}

pub(super) fn start_live_tail(world: &mut World, params: &Params<'_>) -> Result<Tail, ApiError> {
    let asked = params.strings("logGroupIdentifiers");
    if asked.is_empty() {
        return Err(params.missing("logGroupIdentifiers"));
    }
    if asked.len() > 10 {
        return Err(invalid("A live tail session takes at most 10 log groups."));
    }
    let mut groups = Vec::new();
    for given in asked {
        if !given.starts_with("arn:") || given.ends_with(":*") {
            return Err(invalid("Specify log groups by ARN, without a trailing \":*\"."));
        }
        let group = find_group(world, given).ok_or_else(|| not_found("log group"))?;
        groups.push(Group { name: group.name.clone(), arn: group.log_group_arn.clone() });
    }
    let owned = |name: &str| params.strings(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (streams, prefixes) = (owned("logStreamNames"), owned("logStreamNamePrefixes"));
    if !streams.is_empty() && !prefixes.is_empty() {
        return Err(invalid("Specify logStreamNames or logStreamNamePrefixes, not both."));
    }
    if groups.len() > 1 && !(streams.is_empty() && prefixes.is_empty()) {
        return Err(invalid("Log streams can be given with one log group only."));
    }
    let text = params.str("logEventFilterPattern").unwrap_or_default().to_owned();
    let pattern = Pattern::parse(&text).map_err(invalid)?;
    Ok(Tail { groups, streams, prefixes, text, pattern, began: world.now, seen: world.now, over: false })
}

impl Tail {
    /// The first event of the session.
    pub(crate) fn session_start(&self) -> Value {
        let id = token(self.began as usize, "StartLiveTail");
        object! {
            "requestId" => &id,
            "sessionId" => &id,
            "logGroupIdentifiers" => Value::members(self.groups.iter().map(|group| group.arn.as_str())),
            "logStreamNames" => Value::members(&self.streams),
            "logStreamNamePrefixes" => Value::members(&self.prefixes),
            "logEventFilterPattern" => &self.text,
        }
    }

    /// What was ingested since the last update; `None` once the session has lasted too long.
    pub(crate) fn update(&mut self, world: &World) -> Option<Value> {
        if world.now - self.began > SESSION {
            self.over = true;
            return None;
        }
        let mut lines = Vec::new();
        for group in &self.groups {
            let Some(state) = world.logs.groups.get(&group.name) else { continue };
            let fresh = state.events.iter().filter(|event| event.ingestion_time > self.seen && event.ingestion_time <= world.now);
            lines.extend(fresh.filter(|event| self.wants(&event.stream) && self.pattern.matches(&event.message)).map(|event| {
                object! {
                    "logStreamName" => event.stream.as_ref(),
                    "logGroupIdentifier" => &group.arn,
                    "message" => &event.message,
                    "timestamp" => event.timestamp,
                    "ingestionTime" => event.ingestion_time,
                }
            }));
        }
        self.seen = world.now;
        let sampled = lines.len() > LINES;
        lines.truncate(LINES);
        Some(object! {
            "sessionMetadata" => object! { "sampled" => sampled },
            "sessionResults" => Value::members(lines),
        })
    }

    /// Whether the session has said its last word.
    pub(crate) fn finished(&self) -> bool {
        self.over
    }

    fn wants(&self, stream: &str) -> bool {
        let named = self.streams.is_empty() || self.streams.iter().any(|name| name == stream);
        named && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| stream.starts_with(prefix.as_str())))
    }
}
