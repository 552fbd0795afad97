//! Writing log lines: which request, job or incident of the second becomes a line, in which stream.
//! Not the texts (see `text`). Stepped once a second, after the load is known.

mod text;

use std::sync::Arc;

use super::World;
use super::load::group_service;
use super::names::{CONTROL, DAY, HOUR, LOG_GROUP, MIN, Ms, OS_METRICS_GROUP, SEC, WORKER, arn};
use super::state::{LogEvent, LogStream};

/// Lines a group keeps.
const KEEP: usize = 20_000;
/// Of a hundred requests this many are written (API, web): access logs are sampled.
const SAMPLED: [f64; 2] = [0.045, 0.035];
/// Of a hundred jobs this many are written.
const JOBS_SAMPLED: f64 = 0.22;
/// Jobs waiting that are worth a warning.
const LONG_QUEUE: f64 = 2_500.0;
/// Bytes CloudWatch adds to each event.
const OVERHEAD: f64 = 26.0;

/// A line waiting for its place in the second.
struct PendingLine {
    at: Ms,
    task: String,
    text: String,
}

impl World {
    /// Lines of the last second.
    pub(super) fn step_logs(&mut self) {
        let mut lines = Vec::new();
        self.access_lines(0, &mut lines);
        self.access_lines(1, &mut lines);
        self.error_lines(&mut lines);
        self.job_lines(&mut lines);
        self.queue_lines(&mut lines);
        lines.sort_by_key(|l| l.at);
        for line in lines {
            self.write_line(line);
        }
        if self.now % (60 * SEC) == 0 {
            self.trim_logs();
        }
    }

    fn access_lines(&mut self, group: usize, lines: &mut Vec<PendingLine>) {
        let n = self.rng.log.binomial(self.load.served[group], SAMPLED[group]);
        for _ in 0..n {
            let samples = &self.load.samples[group];
            let tasks = &self.load.in_service[group];
            let Some(latency) = samples.get(self.rng.log.below(samples.len())).copied() else { return };
            let Some(task) = tasks.get(self.rng.log.below(tasks.len())).cloned() else { return };
            let at = self.now - 1_000 + (self.rng.log.unit() * 900.0) as Ms;
            let text = if group == 0 { text::api_line(&mut self.rng.log, at, latency) } else { text::web_line(&mut self.rng.log, latency) };
            lines.push(PendingLine { at, task: task.clone(), text });
            let cold = self.rds.instance.cold;
            if group == 0 && (latency > 0.6 || self.rng.log.chance(0.006 + 0.1 * cold)) {
                let text = text::slow_query(&mut self.rng.log, at, latency);
                lines.push(PendingLine { at: at + 1, task, text });
            }
        }
    }

    /// A 5xx of a target is always written, at most four a second.
    fn error_lines(&mut self, lines: &mut Vec<PendingLine>) {
        for group in 0..2 {
            for _ in 0..self.load.errors[group].min(4) {
                let tasks = &self.load.in_service[group];
                let Some(task) = tasks.get(self.rng.log.below(tasks.len())).cloned() else { break };
                let at = self.now - 1_000 + (self.rng.log.unit() * 900.0) as Ms;
                let cause = if !self.database_answers() {
                    // A host that is down refuses; packets that a security group drops are not answered at all.
                    if self.rds.instance.accepting { text::Cause::DatabaseUnreachable } else { text::Cause::Database }
                } else if let Some(cause) = self.database_trouble() {
                    cause
                } else if self.writes_refused() > 0.0 {
                    text::Cause::CacheFull
                } else if self.shards_lost() > 0 && !self.reach.cache {
                    text::Cause::CacheUnreachable
                } else if self.shards_lost() > 0 {
                    text::Cause::Cache
                } else if self.ecs.tasks.get(&task).is_some_and(|t| self.cut_off(t.az)) {
                    text::Cause::Internet
                } else {
                    text::Cause::Bug
                };
                for text in text::error_lines(&mut self.rng.log, group_service(group), at, cause) {
                    lines.push(PendingLine { at, task: task.clone(), text });
                }
            }
        }
    }

    /// Why a database that answers fails requests.
    fn database_trouble(&self) -> Option<text::Cause> {
        let db = &self.rds.instance;
        if db.has_no_room() {
            Some(text::Cause::DiskFull)
        } else if db.is_full() {
            Some(text::Cause::ConnectionsTaken)
        } else {
            (self.strain.db_work > 30.0).then_some(text::Cause::StatementTimeout)
        }
    }

    /// The API looks at the queue four times a minute and complains about a long one.
    fn queue_lines(&mut self, lines: &mut Vec<PendingLine>) {
        if self.redis.backlog < LONG_QUEUE || self.now % (15 * SEC) != 0 {
            return;
        }
        let running = self.ecs.tasks.values().filter(|t| t.service == CONTROL && t.is_running() && t.boot_until <= self.now);
        let Some(task) = running.map(|t| t.id.clone()).min() else { return };
        let at = self.now - 400;
        lines.push(PendingLine { at, task, text: text::long_queue(at, self.redis.backlog) });
    }

    fn job_lines(&mut self, lines: &mut Vec<PendingLine>) {
        self.load.job_debt += self.load.jobs * JOBS_SAMPLED * self.rng.log.between(0.6, 1.4);
        let down = self.shards_lost() > 0;
        if self.load.job_debt < 1.0 && !down {
            return;
        }
        let workers: Vec<String> = self
            .ecs
            .tasks
            .values()
            .filter(|t| t.service == WORKER && t.is_running() && t.boot_until <= self.now)
            .map(|t| t.id.clone())
            .collect();
        while self.load.job_debt >= 1.0 {
            self.load.job_debt -= 1.0;
            let Some(task) = workers.get(self.rng.log.below(workers.len())).cloned() else { return };
            let at = self.now - 1_000 + (self.rng.log.unit() * 900.0) as Ms;
            let text = text::job_line(&mut self.rng.log, at);
            lines.push(PendingLine { at, task, text });
        }
        if down && self.rng.log.chance(0.3) && !workers.is_empty() {
            let task = workers.get(self.rng.log.below(workers.len())).cloned().unwrap_or_default();
            lines.push(PendingLine { at: self.now - 500, task, text: text::broker_lost(self.now - 500) });
        }
    }

    /// What a container says when it starts.
    pub(super) fn log_boot(&mut self, task: &str, exits_with: Option<i32>) {
        let Some(service) = self.ecs.tasks.get(task).map(|t| t.service.clone()) else { return };
        let at = self.now;
        for text in text::boot_lines(&service, at, exits_with.is_some()) {
            self.write_line(PendingLine { at, task: task.to_owned(), text });
        }
    }

    /// What a container says when it dies.
    pub(super) fn log_exit(&mut self, task: &str) {
        let Some(t) = self.ecs.tasks.get(task) else { return };
        // Killed for memory: the kernel leaves no time to say anything.
        if t.container.exit_code == Some(137) || !t.was_healthy {
            return;
        }
        let (service, at) = (t.service.clone(), self.now);
        for text in text::exit_lines(&service, at) {
            self.write_line(PendingLine { at, task: task.to_owned(), text });
        }
    }

    fn write_line(&mut self, line: PendingLine) {
        let Some(task) = self.ecs.tasks.get(&line.task) else { return };
        // The awslogs driver needs a way out of the zone.
        if self.cut_off(task.az) || self.zone_down(task.az.index()) {
            return;
        }
        let name = task.log_stream();
        let bytes = line.text.len() as f64 + OVERHEAD;
        self.load.minute.log_events += 1.0;
        self.load.minute.log_bytes += bytes;
        self.append_log(LOG_GROUP, &name, line.at, line.text);
    }

    /// Appends a line to a stream of any group; the stream is made if it is new, and its time never goes back.
    pub(super) fn append_log(&mut self, group: &str, stream: &str, at: Ms, text: String) {
        let now = self.now;
        let Some(state) = self.logs.groups.get_mut(group) else { return };
        let entry = match state.streams.get_mut(stream) {
            Some(entry) => entry,
            None => state.streams.entry(stream.to_owned()).or_insert(LogStream {
                arn: arn("logs", format_args!("log-group:{group}:log-stream:{stream}")),
                name: Arc::from(stream),
                created_at: at,
                first_event: Some(at),
                last_event: None,
                last_ingestion: None,
            }),
        };
        let at = at.max(entry.last_event.unwrap_or(at));
        // Lines of a past that is told now arrived then.
        let ingested = if at < now - MIN { at + SEC } else { now };
        entry.last_event = Some(at);
        entry.last_ingestion = Some(ingested);
        state.stored_bytes += text.len() as u64 + OVERHEAD as u64;
        let id = state.next_id;
        state.next_id += 1;
        let stream = Arc::clone(&entry.name);
        state.events.push_back(LogEvent { id, timestamp: at, ingestion_time: ingested, stream, message: text });
        if state.events.len() > KEEP {
            state.events.pop_front();
        }
    }

    /// Drops lines older than an hour and streams that ended more than a day ago.
    fn trim_logs(&mut self) {
        let now = self.now;
        for group in self.logs.groups.values_mut() {
            // Builds write little, and people look at those of last week.
            let keep = match group.name.as_str() {
                OS_METRICS_GROUP => 3 * HOUR,
                name if name.starts_with("/aws/codebuild/") => 14 * DAY,
                _ => HOUR,
            };
            while group.events.front().is_some_and(|e| e.timestamp < now - keep) {
                group.events.pop_front();
            }
            group.streams.retain(|_, s| s.last_event.is_none_or(|at| at > now - keep.max(DAY)));
        }
    }
}
