//! The texts of the log lines: gunicorn and Django, Next.js, Celery, and their troubles.
//! Not when they are written (see the parent).

use std::fmt::Write as _;

use chrono::DateTime;

use super::super::insight::STATEMENTS;
use super::super::names::{CONTROL, Ms, WEB};
use super::super::rng::Dice;

const API_PATHS: [(&str, &str, u32); 10] = [
    ("GET", "/api/policies/", 18_204),
    ("GET", "/api/documents/", 9_655),
    ("GET", "/api/documents/{id}/", 3_312),
    ("POST", "/api/chat/completions/", 2_210),
    ("GET", "/api/assessments/?page=1", 12_040),
    ("POST", "/api/documents/upload/", 412),
    ("GET", "/api/users/me/", 640),
    ("GET", "/api/notifications/?unread=true", 1_105),
    ("PATCH", "/api/assessments/{id}/", 980),
    ("GET", "/api/search/?q=retention", 7_420),
];
const WEB_PATHS: [&str; 8] =
    ["/", "/dashboard", "/documents", "/policies", "/assessments", "/reports/monthly", "/settings/profile", "/login"];
const JOBS: [(&str, f64); 5] = [
    ("documents.tasks.process_upload", 2.1),
    ("documents.tasks.embed_chunks", 1.2),
    ("reports.tasks.render_pdf", 3.4),
    ("notifications.tasks.send_digest", 0.3),
    ("policies.tasks.refresh_index", 0.9),
];

/// Why a request failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause {
    /// The database does not answer.
    Database,
    /// Nothing answers at the database's address.
    DatabaseUnreachable,
    /// The database takes no more connections.
    ConnectionsTaken,
    /// The database takes too long.
    StatementTimeout,
    /// The database's volume has no room.
    DiskFull,
    /// The cache has no memory left for writes.
    CacheFull,
    /// Nothing answers at the cache's address.
    CacheUnreachable,
    /// A cache shard does not answer.
    Cache,
    /// No way to the internet.
    Internet,
    /// An ordinary bug.
    Bug,
}

fn stamp(at: Ms) -> String {
    let (s, ms) = (at.div_euclid(1_000), at.rem_euclid(1_000));
    let (d, t) = (s.div_euclid(86_400), s.rem_euclid(86_400));
    // Written by hand: chrono's formatter costs more than the rest of the line.
    let date = DateTime::from_timestamp(d * 86_400, 0).map(|x| x.date_naive());
    let mut out = String::with_capacity(24);
    if let Some(date) = date {
        let _ = write!(out, "{date} {:02}:{:02}:{:02},{ms:03}", t / 3_600, t / 60 % 60, t % 60);
    }
    out
}

fn path(dice: &mut Dice, template: &str) -> String {
    template.replace("{id}", &dice.digits(5))
}

/// A gunicorn access line.
pub(super) fn api_line(dice: &mut Dice, at: Ms, latency: f64) -> String {
    let (method, template, size) = API_PATHS[dice.below(API_PATHS.len())];
    let status = match dice.unit() {
        p if p < 0.006 => 404,
        p if p < 0.012 => 401,
        p if p < 0.018 => 400,
        _ if method == "POST" => 201,
        _ => 200,
    };
    let size = if status >= 400 { 96 } else { size + dice.below(900) as u32 };
    format!(
        "{} INFO gunicorn.access 10.0.{}.{} \"{method} {} HTTP/1.1\" {status} {size} {}ms request_id={}",
        stamp(at),
        1 + dice.below(3),
        10 + dice.below(200),
        path(dice, template),
        (latency * 1_000.0).round().max(1.0),
        dice.hex(12)
    )
}

/// A Next.js access line.
pub(super) fn web_line(dice: &mut Dice, latency: f64) -> String {
    let page = WEB_PATHS[dice.below(WEB_PATHS.len())];
    let status = if dice.chance(0.006) { 404 } else { 200 };
    format!("GET {page} {status} in {}ms", (latency * 1_000.0).round().max(1.0))
}

pub(super) fn slow_query(dice: &mut Dice, at: Ms, latency: f64) -> String {
    let ms = (latency * 1_000.0 + 500.0 + dice.between(0.0, 700.0)).round();
    // The first three are those that get slow.
    let sql = STATEMENTS.get(dice.below(3)).map_or("", |statement| statement.sql);
    format!("{} WARNING nextcore.db slow query duration={ms}ms sql=\"{sql}\"", stamp(at))
}

/// The lines of a failed request.
pub(super) fn error_lines(dice: &mut Dice, service: &str, at: Ms, cause: Cause) -> Vec<String> {
    let why = match cause {
        Cause::Database => {
            "django.db.utils.OperationalError: connection to server at \
             \"production-nextcore-db.c4xk2m9q0abc.ap-southeast-2.rds.amazonaws.com\", port 5432 failed: Connection refused"
        }
        Cause::DatabaseUnreachable => {
            "django.db.utils.OperationalError: connection to server at \
             \"production-nextcore-db.c4xk2m9q0abc.ap-southeast-2.rds.amazonaws.com\", port 5432 failed: Connection timed out"
        }
        Cause::ConnectionsTaken => {
            "django.db.utils.OperationalError: connection to server at \
             \"production-nextcore-db.c4xk2m9q0abc.ap-southeast-2.rds.amazonaws.com\", port 5432 failed: \
             FATAL: sorry, too many clients already"
        }
        Cause::StatementTimeout => "django.db.utils.OperationalError: canceling statement due to statement timeout",
        Cause::DiskFull => {
            "django.db.utils.OperationalError: could not extend file \"base/16401/24681\": No space left on device HINT: Check free disk space."
        }
        Cause::CacheFull => "redis.exceptions.OutOfMemoryError: OOM command not allowed when used memory > 'maxmemory'.",
        Cause::CacheUnreachable => "redis.exceptions.TimeoutError: Timeout connecting to server",
        Cause::Cache => "redis.exceptions.ConnectionError: Error while reading from socket: (104, 'Connection reset by peer')",
        Cause::Internet => "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='hooks.nextcore.ai', port=443): timed out",
        Cause::Bug => "KeyError: 'embedding'",
    };
    if service == WEB {
        return vec![format!("ERROR unhandled error in {}: upstream /api responded 500", WEB_PATHS[dice.below(WEB_PATHS.len())])];
    }
    let (method, template, _) = API_PATHS[dice.below(API_PATHS.len())];
    let path = path(dice, template);
    vec![
        format!("{} ERROR django.request Internal Server Error: {path} {why}", stamp(at)),
        format!(
            "{} INFO gunicorn.access 10.0.{}.{} \"{method} {path} HTTP/1.1\" 500 145 {}ms request_id={}",
            stamp(at),
            1 + dice.below(3),
            10 + dice.below(200),
            40 + dice.below(900),
            dice.hex(12)
        ),
    ]
}

/// A finished job.
pub(super) fn job_line(dice: &mut Dice, at: Ms) -> String {
    let (name, seconds) = JOBS[dice.below(JOBS.len())];
    let took = seconds * dice.between(0.5, 1.7);
    let process = 1 + dice.below(4);
    let id = dice.uuid();
    if dice.chance(0.008) {
        return format!("[{}: WARNING/ForkPoolWorker-{process}] Task {name}[{id}] retry: Retry in 30s: ReadTimeoutError()", stamp(at));
    }
    format!("[{}: INFO/ForkPoolWorker-{process}] Task {name}[{id}] succeeded in {took:.3}s: None", stamp(at))
}

/// Jobs wait.
pub(super) fn long_queue(at: Ms, waiting: f64) -> String {
    format!("{} WARNING nextcore.jobs queue celery is long: waiting={waiting:.0}", stamp(at))
}

/// The broker went away.
pub(super) fn broker_lost(at: Ms) -> String {
    format!(
        "[{}: ERROR/MainProcess] consumer: Cannot connect to rediss://:**@clustercfg.production-nextcore-redis: \
         Connection reset by peer. Trying again in 2.00 seconds...",
        stamp(at)
    )
}

/// The first lines of a container, and its last if it is broken.
pub(super) fn boot_lines(service: &str, at: Ms, broken: bool) -> Vec<String> {
    let t = stamp(at);
    if broken {
        return vec![
            format!("{t} INFO nextcore.boot starting {service}"),
            format!("{t} ERROR nextcore.boot django.core.exceptions.ImproperlyConfigured: Set the FEATURE_FLAGS_URL environment variable"),
        ];
    }
    match service {
        CONTROL => vec![
            format!("{t} INFO gunicorn.error Starting gunicorn 22.0.0"),
            format!("{t} INFO gunicorn.error Listening at: http://0.0.0.0:8000 (1)"),
        ],
        WEB => vec!["   Next.js 14.2.5".into(), "   - Local: http://localhost:3000".into(), " Ready in 1204ms".into()],
        _ => vec![
            format!("[{t}: INFO/MainProcess] Connected to rediss://:**@clustercfg.production-nextcore-redis:6379//"),
            format!("[{t}: INFO/MainProcess] celery@worker ready."),
        ],
    }
}

/// The last lines of a container that dies of an error.
pub(super) fn exit_lines(service: &str, at: Ms) -> Vec<String> {
    let t = stamp(at);
    vec![
        format!("{t} CRITICAL nextcore.{service} unhandled exception in main loop"),
        "Traceback (most recent call last):".into(),
        "  File \"/app/nextcore/runtime.py\", line 88, in serve".into(),
        "RuntimeError: event loop stopped before Future completed.".into(),
    ]
}
