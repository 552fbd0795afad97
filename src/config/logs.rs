//! The command line of `logs` and `events`, as clap reads it. Decides nothing: times become `Moment`s, which are of a now that clap does not
//! know.

use chrono::{DateTime, NaiveTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

use super::args::Observe;
use nextcore_core::log::level::Level;
use nextcore_core::model::Time;
use nextcore_core::model::health;
use nextcore_core::model::system::{SYSTEMS, System};
use nextcore_core::model::text;

/// A time as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So many seconds ago.
    Ago(i64),
    At(Time),
    /// Of today, or of yesterday where it has not come yet.
    Clock(NaiveTime),
}

/// Output of `logs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Time, service, message
    #[default]
    Text,
    /// One object per line
    Json,
    /// The message alone
    Raw,
}

/// Output of `logs patterns` and `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TableFormat {
    /// For people
    #[default]
    Table,
    /// One object per line
    Json,
}

/// Which lines are meant.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Only this service, or `db` for the database's exports; repeat for several
    #[arg(long = "service", value_name = "NAME")]
    pub services: Vec<String>,
    /// Only this log group, configured or not
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Only streams whose name begins with this
    #[arg(long, value_name = "PREFIX")]
    pub stream: Option<String>,
    /// Only lines that this finds: words, "phrases", !not, /regex/, level:warn, status>=500, OR; repeat: all must match
    #[arg(long = "grep", value_name = "QUERY")]
    pub greps: Vec<String>,
    /// Not lines with this text; repeat for several
    #[arg(long = "not", value_name = "TEXT")]
    pub nots: Vec<String>,
    /// Only lines of this level or worse: debug, info, warn, error, critical
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<Level>,
    /// From when: 15m, 2h, 14:02 (UTC; of here with --local), 2026-11-30T14:02:00Z
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = moment)]
    pub since: Moment,
    /// Until when, written the same way [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Moment>,
    /// Read and show times of this machine's zone, with their offset
    #[arg(long)]
    pub local: bool,
    /// What it looks at.
    #[command(flatten)]
    pub observe: Observe,
}

/// `logs`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct LogsArgs {
    #[command(subcommand)]
    pub command: Option<LogsCommand>,
    #[command(flatten)]
    pub selection: Selection,
    /// Go on: print new lines as they come, until Ctrl-C
    #[arg(long, short = 'f', conflicts_with_all = ["until", "task"])]
    pub follow: bool,
    /// Print so many lines before and after each match, too
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=1000))]
    pub context: u16,
    /// Of JSON lines print these fields in place of the line: status,request_id
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: LogFormat,
    /// No colours on a terminal
    #[arg(long)]
    pub no_color: bool,
    /// Leave secrets in the lines as they are
    #[arg(long)]
    pub no_redact: bool,
    /// Stop after so many lines
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// The last lines (200, or --limit) of this task, running or stopped, by its id or how it begins
    #[arg(long, value_name = "ID", conflicts_with_all = ["since", "until", "stream"], value_parser = task)]
    pub task: Option<String>,
}

impl LogsArgs {
    /// Whether it asks AWS about one of several stacks.
    pub fn asks_aws(&self) -> bool {
        !self.observe().demo && !matches!(&self.command, Some(LogsCommand::Query(query)) if query.list)
    }

    /// What it looks at, whichever way it was asked.
    fn observe(&self) -> &Observe {
        match &self.command {
            Some(LogsCommand::Patterns { selection, .. }) => &selection.observe,
            Some(LogsCommand::Query(query)) => &query.observe,
            None => &self.selection.observe,
        }
    }
}

/// What else there is to ask of the logs.
#[derive(Debug, Clone, Subcommand)]
pub enum LogsCommand {
    /// Ask AWS with a Logs Insights query: saved, built-in or typed. AWS bills what it scans; the cost is shown before and after
    Query(QueryArgs),
    /// Group the lines by what they have in common: how many, growing or not, of which services
    Patterns {
        #[command(flatten)]
        selection: Selection,
        /// Output format; JSON: one line per pattern
        #[arg(long, value_enum, default_value_t)]
        format: TableFormat,
        /// Print so many patterns
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
    },
}

/// Output of `logs query`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum QueryFormat {
    /// For people
    #[default]
    Table,
    /// One object per line
    Json,
    /// With a header
    Csv,
}

/// `logs query`.
#[derive(Debug, Clone, Args)]
pub struct QueryArgs {
    /// A name that --list shows, or a whole query
    #[arg(value_name = "NAME|QUERY", required_unless_present = "list")]
    pub query: Option<String>,
    /// What a named query is about, where it is about one thing: a request id
    #[arg(value_name = "VALUE")]
    pub value: Option<String>,
    /// Show the queries that have a name
    #[arg(long, conflicts_with_all = ["query", "yes"])]
    pub list: bool,
    /// Only this log group, configured or not; repeat for several
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// From when: 15m, 2h, 14:02 (UTC; of here with --local), 2026-11-30T14:02:00Z
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = moment)]
    pub since: Moment,
    /// Until when, written the same way [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Moment>,
    /// Read times as of this machine's zone
    #[arg(long)]
    pub local: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: QueryFormat,
    /// Leave secrets in the results as they are
    #[arg(long)]
    pub no_redact: bool,
    /// Run it without asking: it costs what it scans
    #[arg(long)]
    pub yes: bool,
    /// What it looks at.
    #[command(flatten)]
    pub observe: Observe,
}

/// `events`.
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// From when: 1h, 2d, 14:02 (UTC), 2026-11-30T14:02:00Z
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = moment)]
    pub since: Moment,
    /// Only this system, or one node of it: db, svc, svc/web, alarms; repeat for several
    #[arg(long = "system", value_name = "NAME", value_parser = system)]
    pub systems: Vec<String>,
    /// Only events of this severity or worse: changing, degraded, down
    #[arg(long, value_name = "LEVEL", value_parser = severity)]
    pub severity: Option<health::Level>,
    /// Only events with this text, in any case
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// Output format; JSON: one line per event
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
    /// What it looks at.
    #[command(flatten)]
    pub observe: Observe,
}

/// A year: no group keeps lines that somebody reads one by one for longer.
const LONGEST: i64 = 366 * 86_400;

fn moment(text: &str) -> Result<Moment, String> {
    let wanted = "a span (15m, 2h, 1d), a time of day (14:02) or a time with its zone (2026-11-30T14:02:00Z)";
    if let Some(seconds) = text::parse_span(text) {
        return if seconds <= LONGEST { Ok(Moment::Ago(seconds)) } else { Err("at most 366d back".to_owned()) };
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Moment::At(at.with_timezone(&Utc)));
    }
    let clock = NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
    clock.map(Moment::Clock).ok().ok_or_else(|| wanted.to_owned())
}

fn level(text: &str) -> Result<Level, String> {
    let words: Vec<&str> = Level::ALL.iter().map(|l| l.word()).collect();
    Level::named(text).filter(|l| *l != Level::None).ok_or_else(|| format!("one of {}", words.join(", ")))
}

fn task(text: &str) -> Result<String, String> {
    // A whole ARN is what people have at hand.
    let id = text.rsplit('/').next().unwrap_or_default();
    let is_id = id.len() >= 8 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_id { Ok(id.to_owned()) } else { Err("a task id, or its first 8 characters or more".to_owned()) }
}

fn severity(text: &str) -> Result<health::Level, String> {
    use health::Level::{Degraded, Down, Healthy, Info, Unknown};
    let all = [Healthy, Info, Unknown, Degraded, Down];
    let words: Vec<&str> = all.iter().map(|l| l.word()).collect();
    all.into_iter().find(|l| l.word() == text).ok_or_else(|| format!("one of {}", words.join(", ")))
}

fn system(text: &str) -> Result<String, String> {
    let head = text.split('/').next().unwrap_or_default();
    let words: Vec<&str> = SYSTEMS.iter().map(|s: &System| s.spec().word).collect();
    if words.contains(&head) { Ok(text.to_owned()) } else { Err(format!("one of {}", words.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spans_times_of_day_or_times_with_a_zone() {
        let at = |text: &str| Moment::At(DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc));
        for (text, meant) in [
            ("15m", Moment::Ago(900)),
            ("14:02", Moment::Clock(NaiveTime::from_hms_opt(14, 2, 0).unwrap())),
            ("14:02:09", Moment::Clock(NaiveTime::from_hms_opt(14, 2, 9).unwrap())),
            ("2026-11-30T14:02:00+10:00", at("2026-11-30T04:02:00Z")),
        ] {
            assert_eq!(moment(text), Ok(meant), "{text}");
        }
        for text in ["", "yesterday", "25:00", "2026-11-30", "15", "-5m", "400d"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_task_is_named_by_its_id_or_its_arn() {
        assert_eq!(task("arn:aws:ecs:eu-west-1:1:task/shop/0123456789abcdef").unwrap(), "0123456789abcdef");
        assert!(task("0123").is_err() && task("../..").is_err());
    }
}
