//! Events of the database and of Redis (30 s, the last day): the two services answer in the same shape but share no types.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, HALF_MINUTE};
use crate::aws::convert::{sdk_time, text, texts, time};
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::cache::{CacheEvents, DataEvent};
use nextcore_core::model::database::DatabaseEvents;
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const RDS: Op = Op::read("RDS", "DescribeEvents", "rds:DescribeEvents").on(Scope::Any);
const CACHE: Op = Op::read("ElastiCache", "DescribeEvents", "elasticache:DescribeEvents").on(Scope::Any);
const LOOK_BACK: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// Newest events kept.
const KEEP: usize = 200;

fn newest_first(mut events: Vec<DataEvent>) -> Vec<DataEvent> {
    events.sort_by_key(|e| std::cmp::Reverse(e.at));
    events.truncate(KEEP);
    events
}

pub(super) struct DatabaseSource;

impl super::Source for DatabaseSource {
    type Out = DatabaseEvents;
    const READS: &'static [Op] = &[RDS];

    fn every(_: &Store) -> Duration {
        HALF_MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<DatabaseEvents, Problem> {
        let request = cx.clients.rds.describe_events().source_identifier(&cx.stack.database);
        let request = request.source_type(aws_sdk_rds::types::SourceType::DbInstance).start_time(sdk_time(cx.now - LOOK_BACK));
        let all = page::all(RDS, |token| request.clone().set_marker(token).send(), |out| (out.events, out.marker)).await?;
        let event = |e: &aws_sdk_rds::types::Event| DataEvent {
            source: text(e.source_identifier()),
            at: time(e.date()),
            message: text(e.message()),
            categories: texts(e.event_categories()),
        };
        Ok(DatabaseEvents { events: newest_first(all.iter().map(event).collect()) })
    }
}

pub(super) struct CacheSource;

impl super::Source for CacheSource {
    type Out = CacheEvents;
    const READS: &'static [Op] = &[CACHE];

    fn every(_: &Store) -> Duration {
        HALF_MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<CacheEvents, Problem> {
        // No source type: events of the group and of its nodes come together.
        let request = cx.clients.cache.describe_events().start_time(sdk_time(cx.now - LOOK_BACK));
        let mut events = Vec::new();
        for e in page::all(CACHE, |token| request.clone().set_marker(token).send(), |out| (out.events, out.marker)).await? {
            if e.source_identifier().is_some_and(|s| s.starts_with(cx.stack.cache.as_str())) {
                events.push(DataEvent {
                    source: text(e.source_identifier()),
                    at: time(e.date()),
                    message: text(e.message()),
                    categories: Vec::new(),
                });
            }
        }
        Ok(CacheEvents { events: newest_first(events) })
    }
}
