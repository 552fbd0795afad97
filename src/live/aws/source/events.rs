//! Events of the database and of Redis (30 s, the last day): the two services answer in the same shape but share no types.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::types::{Event, SourceType};

use super::{Context, TWENTY};
use crate::aws::convert::{sdk_time, text, texts, time};
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::cache::{CacheEvents, DataEvent, ReplicationGroup};
use nextcore_core::model::database::{Database, DatabaseEvents};
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const RDS: Op = Op::read("RDS", "DescribeEvents", "rds:DescribeEvents").on(Scope::Any);
const CACHE: Op = Op::read("ElastiCache", "DescribeEvents", "elasticache:DescribeEvents").on(Scope::Any);
const LOOK_BACK: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// Newest events kept.
const KEEP: usize = 200;
/// How often they are asked for while something is wrong.
const WHILE_UNWELL: Duration = Duration::from_secs(8);

fn newest_first(mut events: Vec<DataEvent>) -> Vec<DataEvent> {
    events.sort_by_key(|e| std::cmp::Reverse(e.at));
    events.truncate(KEEP);
    events
}

pub(super) struct DatabaseSource;

impl super::Source for DatabaseSource {
    type Out = DatabaseEvents;
    const READS: &'static [Op] = &[RDS];

    /// They say when a failover began and when it is over, and while a host is lost nothing else does.
    const UNWELL: Option<Duration> = Some(WHILE_UNWELL);

    fn every(_: &Store) -> Duration {
        TWENTY
    }

    async fn poll(cx: Arc<Context>) -> Result<DatabaseEvents, Problem> {
        let database = cx.store.get::<Database>();
        let all = match database.and_then(|db| db.cluster.as_ref()) {
            // A cluster tells of its failovers, its members of their restarts.
            Some(cluster) => {
                let mut all = rds(&cx, Some(&cluster.id), SourceType::DbCluster).await?;
                let members = rds(&cx, None, SourceType::DbInstance).await?;
                let ours = |e: &Event| cluster.members.iter().any(|m| e.source_identifier() == Some(&m.id));
                all.extend(members.into_iter().filter(ours));
                all
            }
            None => rds(&cx, Some(database.map_or(&cx.stack.database, |db| &db.id)), SourceType::DbInstance).await?,
        };
        let event = |e: &Event| DataEvent {
            source: text(e.source_identifier()),
            at: time(e.date()),
            message: text(e.message()),
            categories: texts(e.event_categories()),
        };
        Ok(DatabaseEvents { events: newest_first(all.iter().map(event).collect()) })
    }
}

/// Events of one source, or of all of a kind.
async fn rds(cx: &Context, id: Option<&str>, kind: SourceType) -> Result<Vec<Event>, Problem> {
    let request = cx.clients.rds.describe_events().set_source_identifier(id.map(str::to_owned)).source_type(kind);
    let request = request.start_time(sdk_time(cx.now - LOOK_BACK));
    page::all(RDS, |token| request.clone().set_marker(token).send(), |out| (out.events, out.marker)).await
}

pub(super) struct CacheSource;

impl super::Source for CacheSource {
    type Out = CacheEvents;
    const READS: &'static [Op] = &[CACHE];

    /// They say when a failover began and when it is over, and while a host is lost nothing else does.
    const UNWELL: Option<Duration> = Some(WHILE_UNWELL);

    fn every(_: &Store) -> Duration {
        TWENTY
    }

    async fn poll(cx: Arc<Context>) -> Result<CacheEvents, Problem> {
        // The name may be that of a node: events are of its group.
        let group = cx.store.get::<ReplicationGroup>().map_or(&cx.stack.cache, |g| &g.id);
        // No source type: events of the group and of its nodes come together.
        let request = cx.clients.cache.describe_events().start_time(sdk_time(cx.now - LOOK_BACK));
        let mut events = Vec::new();
        for e in page::all(CACHE, |token| request.clone().set_marker(token).send(), |out| (out.events, out.marker)).await? {
            if e.source_identifier().is_some_and(|s| s.starts_with(group.as_str())) {
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
