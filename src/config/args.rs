//! The command line, as clap reads it. Flags mean the same for every command; unknown ones are errors (exit 2). Decides nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::incident::IncidentCommand;
use super::logs::{EventsArgs, LogsArgs};
use super::program::{EXIT_CODES, ListArgs, ProgramCommand, VERSION};
use super::runbook::{CheckArgs, RunbookCommand, WatchArgs};
use nextcore_core::model::partition::Partition;
use nextcore_core::model::text;
use nextcore_sim::world::Scenario;

/// The live operations dashboard of the NextCore AI Cloud stack on AWS.
#[derive(Debug, Clone, Parser)]
#[command(name = "nextcore-top", version = VERSION, about, long_about = None, after_help = EXIT_CODES)]
#[command(disable_help_subcommand = true, args_conflicts_with_subcommands = false)]
pub struct Cli {
    /// Flags that every command knows.
    #[command(flatten)]
    pub global: Global,
    /// Command; without one: the live dashboard on AWS.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command knows.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Talk to this endpoint instead of AWS (an emulator, or `nextcore-top cloud`)
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// AWS profile (~/.aws/config)
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// AWS region
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Stack of the configuration ([stacks.NAME])
    #[arg(long, global = true, value_name = "NAME")]
    pub stack: Option<String>,
    /// Configuration file (default: nextcore-top/config.toml in the XDG config directory)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read-only (VIEWER): this process can never write
    #[arg(long, visible_alias = "readonly", global = true)]
    pub read_only: bool,
    /// Start ARMED: confirmed actions are run (unless this machine or --read-only locks it)
    #[arg(long, global = true, conflicts_with = "read_only")]
    pub write: bool,
    /// Colours: a theme of 'nextcore-top themes', or a theme file
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Log the program's own activity to a file under XDG_STATE_HOME ('info' shows the path)
    #[arg(long, global = true, value_name = "LEVEL", value_enum)]
    pub log_level: Option<LogLevel>,
}

/// Level of the program's own log; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogLevel {
    /// No log file
    #[default]
    Off,
    /// Failures to record
    Error,
    /// Failed requests, requests blocked by the gate, polls that back off
    Warn,
    /// Actions, step by step
    Info,
    /// Every request and every poll
    Debug,
}

impl LogLevel {
    /// As it is written in a flag and in the environment.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// The dashboard on the embedded cloud: the whole stack, no AWS account needed
    Demo(Rehearsal),
    /// Serve the embedded cloud over HTTP, for aws --endpoint-url, boto3 and other dashboards
    Cloud(CloudArgs),
    /// Poll once and print the state; exit 0 healthy, 1 degraded, 2 down, 3 cannot tell
    Snapshot(SnapshotArgs),
    /// Decide an expression over the state; exit 0 true, 1 false, 3 cannot tell
    Check(CheckArgs),
    /// No screen: one line per change of health, and per incident that opens, changes or closes
    Watch(WatchArgs),
    /// Log lines of the stack: a window, --follow, or what they have in common; exit 0 lines, 1 none, 3 not readable
    Logs(Box<LogsArgs>),
    /// The timeline: what changed, oldest first; exit 0 events, 1 none, 3 cannot tell
    Events(EventsArgs),
    /// Incident runbooks: list, show, lint, run
    #[command(subcommand)]
    Runbook(RunbookCommand),
    /// Incidents that are kept: list, show, and a post-mortem draft
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Verify the live stack against the documented architecture; exit 0 all pass, 1 any fails, 3 cannot tell
    Verify(VerifyArgs),
    /// Print the minimal IAM policy for this program
    IamPolicy(PolicyArgs),
    /// List the audit log: actions and their outcomes
    Audit(AuditArgs),
    /// List what has to be restored: alarm actions off, suspended autoscaling, rerouted zones
    Obligations(ObligationsArgs),
    /// Find a stack with read-only calls and write its configuration
    Init(InitArgs),
    /// Show the identity, files, and settings with their origin
    Info(ListArgs),
    /// Render the demo at a fixed seed and time to SVG files
    Screenshot(ScreenshotArgs),
    /// What is about the program itself.
    #[command(flatten)]
    Program(ProgramCommand),
}

/// The world of the demo, as every command shows it.
pub const DEMO_SEED: u64 = 7;

/// `demo`.
#[derive(Debug, Clone, Args)]
pub struct Rehearsal {
    #[command(flatten)]
    pub world: World,
    /// An incident that nobody knows, within ten minutes; when you leave, the truth and how long everything took
    #[arg(long, conflicts_with = "scenario")]
    pub game_day: bool,
}

/// The embedded cloud's world.
#[derive(Debug, Clone, Args)]
pub struct World {
    /// Random seed: the same seed gives the same world, and the same game day [default: 7; of a game day any]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Virtual seconds per second
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Incident to begin with: nat, rds-primary, bad-deploy:web, ...; a wrong name lists them all
    #[arg(long, value_name = "NAME[:ARG]", value_parser = scenario)]
    pub scenario: Option<Scenario>,
}

impl World {
    /// The seed that it is made of.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(DEMO_SEED)
    }

    /// A calm one of this seed.
    pub fn calm(seed: u64) -> Self {
        Self { seed: Some(seed), speed: 1.0, scenario: None }
    }
}

fn scenario(text: &str) -> Result<Scenario, String> {
    Scenario::parse(text).map_err(|e| e.to_string())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(s) if s.is_finite() && (0.1..=1000.0).contains(&s) => Ok(s),
        _ => Err("a number from 0.1 to 1000".to_owned()),
    }
}

/// `cloud`.
#[derive(Debug, Clone, Args)]
pub struct CloudArgs {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:4566", value_name = "ADDR:PORT")]
    pub listen: std::net::SocketAddr,
    /// The world that it serves.
    #[command(flatten)]
    pub world: World,
}

/// Output of `snapshot`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// The state document
    Json,
    /// For a ticket
    Markdown,
}

/// What a report looks at.
#[derive(Debug, Clone, Args)]
pub struct Observe {
    /// Seconds to wait for sources that do not respond
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub timeout: u64,
    /// Use the embedded cloud instead of AWS
    #[arg(long)]
    pub demo: bool,
}

/// `snapshot`.
#[derive(Debug, Clone, Args)]
pub struct SnapshotArgs {
    /// Print the JSON Schema of the state document instead
    #[arg(long, exclusive = true)]
    pub schema: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// What it looks at.
    #[command(flatten)]
    pub observe: Observe,
}

/// `verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Only these statements or groups: D, S or D14,V21
    #[arg(long, value_name = "IDS")]
    pub only: Option<String>,
    /// Your own statements: a TOML file; its rows are added, or replace those with the same id
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print an example of such a file and the syntax of its expressions
    #[arg(long, exclusive = true)]
    pub example: bool,
    /// What it looks at.
    #[command(flatten)]
    pub observe: Observe,
}

/// `iam-policy`.
#[derive(Debug, Clone, Args)]
pub struct PolicyArgs {
    /// Include the permissions for actions
    #[arg(long)]
    pub operator: bool,
    /// Account number for the ARNs
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// Partition of the ARNs (default: the region's)
    #[arg(long, value_name = "ID", value_parser = partition)]
    pub partition: Option<Partition>,
}

fn partition(text: &str) -> Result<Partition, String> {
    let ids: Vec<&str> = Partition::ALL.into_iter().map(Partition::id).collect();
    Partition::ALL.into_iter().find(|p| p.id() == text).ok_or_else(|| format!("one of {}", ids.join(", ")))
}

fn account(text: &str) -> Result<String, String> {
    nextcore_core::model::identity::account_number(text).ok_or_else(|| "twelve digits".to_owned())
}

/// `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// ECS cluster of the stack
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Only clusters that carry this tag, or have a service that does
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    pub tag: Option<(String, String)>,
    /// Load balancer in front of the stack's services
    #[arg(long, value_name = "NAME")]
    pub from_alb: Option<String>,
    /// Ask nothing: take the best where several could be meant
    #[arg(long)]
    pub yes: bool,
    /// File to write (default: the configuration file, if there is none yet)
    #[arg(long, value_name = "FILE", conflicts_with = "print")]
    pub out: Option<PathBuf>,
    /// Print the configuration to stdout and write nothing
    #[arg(long)]
    pub print: bool,
    /// Use the embedded cloud instead of AWS
    #[arg(long)]
    pub demo: bool,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// `audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// Output format; JSON: one line per entry
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Only the last 90m, 24h, 7d, ...
    #[arg(long, value_name = "SPAN", value_parser = minutes)]
    pub since: Option<i64>,
    /// Only actions whose name starts with this: scale, failover
    #[arg(long, value_name = "NAME")]
    pub action: Option<String>,
    /// Only this resource
    #[arg(long, value_name = "NAME")]
    pub resource: Option<String>,
    /// Only this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Only intents without an outcome
    #[arg(long)]
    pub open: bool,
    /// The demo's log
    #[arg(long)]
    pub demo: bool,
}

/// `obligations`.
#[derive(Debug, Clone, Args)]
pub struct ObligationsArgs {
    /// Restore what no running process owns, and wait until AWS shows it; for cron or a boot unit
    #[arg(long)]
    pub settle: bool,
    /// Seconds to try for
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Output format; JSON: one line per obligation
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// The demo's obligations
    #[arg(long, conflicts_with = "settle")]
    pub demo: bool,
}

/// A century: further back nobody has acted.
const LONGEST: i64 = 36_525 * 86_400;

fn minutes(text: &str) -> Result<i64, String> {
    let seconds = text::parse_span(text).filter(|s| *s <= LONGEST).ok_or("a span such as 90m, 24h or 7d")?;
    // An entry of a minute that has begun is of that minute.
    Ok((seconds + 59) / 60)
}

/// `screenshot`.
#[derive(Debug, Clone, Args)]
pub struct ScreenshotArgs {
    /// Only these, by file name, such as 'stack-120x40.svg' [default: all]
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Directory for the pictures
    #[arg(long, default_value = "screenshots", value_name = "DIR")]
    pub out: PathBuf,
    /// Write nothing; exit 1 and list stale pictures
    #[arg(long)]
    pub check: bool,
    /// Instead of pictures: the state documents that the tests of the view read
    #[arg(long, hide = true)]
    pub documents: bool,
    /// Random seed: the same seed gives the same picture
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}
