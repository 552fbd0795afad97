//! The program's own log: what our crates say through `tracing`, one harmless line each, to a file. Only when it is asked for; without
//! that nothing listens. Lines go through a bounded channel to a thread, so that no disk holds up a frame. `run` starts it.

mod file;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use crate::config::args::LogLevel;
use file::Turning;
use nextcore_core::model::place::{Chosen, Place};
use nextcore_core::model::text::inert;

/// How large the file grows, and its predecessor is.
pub(super) const MOST_BYTES: u64 = 8 << 20;
/// Lines that may wait for the disk; a busy dashboard writes a dozen a second.
const WAITING: usize = 4096;
/// No line of ours is longer, unless what it repeats is.
const LONGEST: usize = 2000;
/// What a program that ends gives its disk.
const PATIENCE: Duration = Duration::from_secs(2);
/// Our crates: what others say (the SDK, its HTTP client) may quote bodies and credentials.
const OURS: &str = "nextcore_";

enum Parcel {
    Line(String),
    /// Nothing comes after it; answered once everything before it is written.
    End(SyncSender<()>),
}

/// The log of this process; written to its end when dropped.
#[derive(Debug)]
pub(super) struct Log(SyncSender<Parcel>);

impl Drop for Log {
    fn drop(&mut self) {
        let (done, wait) = sync_channel(1);
        // A disk that hangs has filled the channel: its lines are lost, and the program ends all the same.
        if self.0.try_send(Parcel::End(done)).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

/// Where AWS is looked at, and by whose credentials; passwords are masked.
pub(super) fn chosen(place: &Place) {
    let value = |chosen: Option<&Chosen>| chosen.map_or_else(|| "-".to_owned(), |c| c.value.clone());
    let endpoints: Vec<String> = place.endpoints.iter().map(|e| e.url.to_string()).collect();
    tracing::info!(
        profile = value(place.profile.as_ref()),
        region = value(place.region.as_ref()),
        account = value(place.account.as_ref()),
        partition = place.partition.id(),
        endpoints = endpoints.join(" "),
        credentials = place.credentials.from,
        "place"
    );
}

/// Begins to write what is asked for to this file; nothing if nothing is. Once in a process.
pub(super) fn start(level: LogLevel, path: Option<PathBuf>) -> io::Result<Option<Log>> {
    let Some(most) = most_of(level) else { return Ok(None) };
    let path = path.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "XDG_STATE_HOME and HOME are not set"))?;
    let (log, subscriber) = open(most, &path, MOST_BYTES)?;
    tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)?;
    Ok(Some(log))
}

fn most_of(level: LogLevel) -> Option<LevelFilter> {
    match level {
        LogLevel::Off => None,
        LogLevel::Error => Some(LevelFilter::ERROR),
        LogLevel::Warn => Some(LevelFilter::WARN),
        LogLevel::Info => Some(LevelFilter::INFO),
        LogLevel::Debug => Some(LevelFilter::DEBUG),
    }
}

fn open(most: LevelFilter, path: &Path, bytes: u64) -> io::Result<(Log, impl Subscriber + Send + Sync)> {
    let file = Turning::open(path, bytes)?;
    let (lines, waiting) = sync_channel(WAITING);
    let dropped = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&dropped);
    std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(file, &waiting, &told))?;
    let door = Door { lines: lines.clone(), dropped };
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).event_format(OneLine).with_writer(door);
    let subscriber = tracing_subscriber::registry().with(Targets::new().with_target(OURS, most)).with(layer);
    Ok((Log(lines), subscriber))
}

/// The thread: one line after the other, until the end.
fn write_all(mut file: Turning, waiting: &Receiver<Parcel>, dropped: &AtomicU64) {
    while let Ok(parcel) = waiting.recv() {
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 && file.write(&missing(lost)).is_err() {
            dropped.fetch_add(lost, Ordering::Relaxed);
        }
        match parcel {
            // A disk that is full may have room again: the log says then what is missing.
            Parcel::Line(line) => {
                if file.write(&line).is_err() {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Parcel::End(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

fn missing(lines: u64) -> String {
    format!("{} WARN {} lines dropped: the disk was too slow or not writable count={lines}\n", now(), pid())
}

fn now() -> String {
    let mut text = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

fn pid() -> u32 {
    std::process::id()
}

/// Where lines go in.
#[derive(Debug, Clone)]
struct Door {
    lines: SyncSender<Parcel>,
    dropped: Arc<AtomicU64>,
}

impl io::Write for Door {
    /// The layer hands over whole lines. Nobody is held up by one: what does not fit is counted.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = Parcel::Line(harmless(&String::from_utf8_lossy(bytes)));
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Door {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// One line that a terminal shows as it is, whatever is in it.
fn harmless(line: &str) -> String {
    let mut line = inert(line.trim_end()).into_owned();
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line.push('\n');
    line
}

/// When, how grave, which process, what.
struct OneLine;

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        SystemTime.format_time(&mut line)?;
        write!(line, " {} {} ", event.metadata().level(), pid())?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What stands in the file after something was done; the file grows to so many bytes.
    fn written(level: LogLevel, bytes: u64, act: impl FnOnce()) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("top.log");
        let (log, subscriber) = open(most_of(level).unwrap(), &path, bytes).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        drop(log);
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn a_line_tells_when_what_and_of_which_process_and_is_one_line_whatever_is_in_it() {
        let hostile = "a\nb\u{1b}[2J\u{202e}c";
        let text = written(LogLevel::Debug, MOST_BYTES, || tracing::info!(name = %hostile, "said"));
        let pid = std::process::id().to_string();
        assert!(text.contains(&format!("Z INFO {pid} said name=")) && text.ends_with('\n'), "{text:?}");
        assert!(text.lines().count() == 1 && !text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn nothing_but_our_crates_is_written_at_any_level() {
        let text = written(LogLevel::Debug, MOST_BYTES, || {
            tracing::error!(target: "aws_smithy_runtime::client", "hunter2");
            tracing::error!(target: "hyper_util::client", "hunter2");
            let span = tracing::info_span!(target: "aws_config::sts", "assume", secret = "hunter2");
            span.in_scope(|| tracing::info!("ours"));
        });
        assert!(text.contains("ours") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_level_has_those_before_it_and_not_those_after() {
        let text = written(LogLevel::Warn, MOST_BYTES, || {
            tracing::error!("one");
            tracing::warn!("two");
            tracing::info!("three");
        });
        assert!(text.contains("one") && text.contains("two") && !text.contains("three"), "{text}");
    }

    #[test]
    fn what_does_not_fit_in_the_channel_is_counted_and_said() {
        let (lines, waiting) = sync_channel(2);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut door = Door { lines: lines.clone(), dropped: Arc::clone(&dropped) };
        for number in 0..5 {
            io::Write::write(&mut door, format!("line {number}\n").as_bytes()).unwrap();
        }
        drop((door, lines));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("top.log");
        write_all(Turning::open(&path, MOST_BYTES).unwrap(), &waiting, &dropped);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("line 0") && text.contains("line 1") && text.contains("count=3"), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let text = written(LogLevel::Debug, MOST_BYTES, || tracing::info!(name = "é".repeat(10_000), "said"));
        assert!(text.chars().count() < LONGEST + 10 && text.ends_with("…\n"), "{}", text.len());
    }
}
