//! The first followed group and its streams, as DescribeLogGroups and DescribeLogStreams tell. Called by the engine.

use std::sync::Arc;
use std::time::Duration;

use super::{GROUPS, STREAMS};
use crate::aws::convert::{millis, text, text_opt};
use crate::aws::error::problem_of;
use crate::aws::op::Op;
use crate::aws::page::sent;
use crate::aws::source::{Context, Part, Source, TWO_MINUTES};
use nextcore_core::model::log::{LogGroup, LogStream};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

pub(in crate::aws::source) struct GroupSource;

impl Source for GroupSource {
    type Out = LogGroup;
    const READS: &'static [Op] = &[GROUPS, STREAMS];

    fn every(_: &Store) -> Duration {
        TWO_MINUTES
    }

    async fn poll(cx: Arc<Context>) -> Result<LogGroup, Problem> {
        let logs = &cx.clients.logs;
        let name = cx.stack.first_log_group();
        let out = logs.describe_log_groups().log_group_name_prefix(name).send().await.map_err(|e| problem_of(GROUPS, &e))?;
        let Some(group) = sent(GROUPS, "log groups", out.log_groups.as_ref())?.iter().find(|g| g.log_group_name() == Some(name)) else {
            return Err(Problem {
                kind: ProblemKind::NotFound,
                headline: format!("{}: no log group '{name}'", GROUPS.label()),
                hint: "check stack.log_group in the configuration".to_owned(),
                permission: None,
            });
        };
        let request = logs.describe_log_streams().log_group_name(name).descending(true).limit(50);
        let request = request.order_by(aws_sdk_cloudwatchlogs::types::OrderBy::LastEventTime);
        let streams = cx.part(Part::judged("streams", "", "streams"), request.send().await.map_err(|e| problem_of(STREAMS, &e)))?;
        Ok(LogGroup {
            name: text(group.log_group_name()),
            arn: text(group.log_group_arn().or(group.arn()).map(|a| a.trim_end_matches(":*"))),
            kms_key: text_opt(group.kms_key_id()),
            retention_days: group.retention_in_days(),
            stored_bytes: group.stored_bytes().unwrap_or_default(),
            streams: streams
                .iter()
                .flat_map(aws_sdk_cloudwatchlogs::operation::describe_log_streams::DescribeLogStreamsOutput::log_streams)
                .map(|s| LogStream {
                    name: text(s.log_stream_name()),
                    last_ingestion: millis(s.last_ingestion_time()),
                    last_event: millis(s.last_event_timestamp()),
                })
                .collect(),
        })
    }
}
