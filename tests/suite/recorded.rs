//! What is said when an action was carried out and the log could not take it; and that nothing is sent that the log did not take first.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nextcore_core::model::action::{parse, words};
use nextcore_core::model::audit::AuditEntry;
use nextcore_core::model::mode::Mode;
use nextcore_core::model::plan::{Outcome, Refusal};
use nextcore_core::model::stack::Stack;
use nextcore_core::report;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::audit::{Audit, Sink};
use nextcore_live::engine::action::{Acts, Carried, Report, Runner, Tools};
use nextcore_live::engine::clock::Clock;
use nextcore_top::shell::Embedded;
use tokio::sync::{mpsc, watch};

use super::process::Machine;
use super::support::start;

/// A disk that takes so many lines and is full then, until room is made.
struct Disk {
    lines: Arc<Mutex<Vec<AuditEntry>>>,
    is_full: Arc<AtomicBool>,
    audit: Audit,
}

fn disk(room: usize) -> Disk {
    let (lines, is_full) = (Arc::<Mutex<Vec<AuditEntry>>>::default(), Arc::new(AtomicBool::new(true)));
    let (kept, full) = (Arc::clone(&lines), Arc::clone(&is_full));
    let sink: Sink = Arc::new(move |entry| {
        let mut kept = kept.lock().unwrap();
        if kept.len() >= room && full.load(Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        kept.push(entry.clone());
        Ok(())
    });
    Disk { lines, is_full, audit: Audit::sink(sink, Duration::from_secs(5)) }
}

impl Disk {
    fn words(&self) -> Vec<&'static str> {
        self.lines.lock().unwrap().iter().map(|e| e.told.word()).collect()
    }
}

async fn scale_web(disk: &Disk) -> (Embedded, Carried) {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    let acts = Acts { authority: Authority::new(Mode::Armed), audit: disk.audit.clone(), ..Acts::none() };
    let setup = embedded.setup_with(&Stack::default(), acts);
    let store = watch::channel(Arc::default()).1;
    let tools = Tools { clients: setup.clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store };
    let runner = Runner::new(tools);
    let plan = Arc::new(runner.plan(&parse(&words("scale web +1")).unwrap()).await.unwrap());
    let (reports, mut inbox) = mpsc::channel::<Report>(64);
    let reading = tokio::spawn(async move { while inbox.recv().await.is_some() {} });
    let carried = runner.carry_out(plan, "", &reports).await;
    drop(reports);
    reading.await.unwrap();
    (embedded, carried)
}

fn writes(embedded: &Embedded) -> u64 {
    embedded.cloud.requests().into_iter().filter(|r| r.is_write).map(|r| r.count).sum()
}

#[tokio::test(start_paused = true)]
async fn done_but_not_recorded_is_said_and_made_good_when_there_is_room() {
    let disk = disk(1);
    let (embedded, carried) = scale_web(&disk).await;
    let Carried::Ended(run) = carried else { panic!("{carried:?}") };
    assert_eq!(writes(&embedded), 1);
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "the outcome is what it is: {run:?}");
    assert!(run.unrecorded.as_ref().is_some_and(|why| why.contains("no space left")), "{:?}", run.unrecorded);
    let said = report::action::ended(&run, report::Look::default());
    assert!(said.contains("done, but not recorded") && said.contains(&run.id), "{said}");
    let json = serde_json::to_value(&*run).unwrap();
    assert!(json["unrecorded"].as_str().is_some_and(|why| why.contains("no space left")), "{json}");
    assert_eq!(disk.words(), ["intent"]);
    disk.is_full.store(false, Ordering::SeqCst);
    assert_eq!(disk.audit.settle().await, None);
    assert_eq!(disk.words(), ["intent", "outcome", "end"], "each once, in order");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_the_log_did_not_take() {
    let disk = disk(0);
    let (embedded, carried) = scale_web(&disk).await;
    let Carried::Refused(Refusal::CannotTell(why)) = carried else { panic!("{carried:?}") };
    assert!(why.contains("no space left") && why.contains("nothing was sent") && why.contains("next:"), "{why}");
    assert_eq!((writes(&embedded), disk.words().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_recorded_says_nothing_of_it() {
    let disk = disk(100);
    let (_, carried) = scale_web(&disk).await;
    let Carried::Ended(run) = carried else { panic!("{carried:?}") };
    assert_eq!(run.unrecorded, None);
    assert!(!report::action::ended(&run, report::Look::default()).contains("recorded"));
    assert_eq!(disk.words(), ["intent", "outcome", "end"]);
}

const INTENT: &str = r#"{"at":"2026-11-23T01:00:00Z","id":"a-1","kind":"refused","who":{"user":"maya","arn":""},"request":{"action":"scale","target":"web","args":{}},"text":"\u001b]0;x\u0007no"}"#;

/// A home with a day of audit: these bytes.
fn with_log(bytes: &[u8]) -> (Machine, PathBuf) {
    let machine = Machine::new();
    let path = machine.file(".local/state/nextcore-top/audit/2026-11-23.jsonl", "");
    std::fs::write(&path, bytes).unwrap();
    (machine, path)
}

#[test]
fn audit_lists_the_good_lines_names_the_others_and_ends_with_3() {
    let (machine, _) = with_log(format!("{INTENT}\n").as_bytes());
    let good = machine.run(&["audit"], &[]);
    good.ends(0, &[]);
    assert!(good.out.contains("maya") && !good.out.contains('\u{1b}'), "{good:#?}");
    let (machine, path) = with_log(&[INTENT.as_bytes(), b"\n\xff\xfe\n", INTENT.as_bytes(), b"\n{\"at\":"].concat());
    let damaged = machine.run(&["audit"], &[]);
    let named = |line: u32| format!("{}:{line}: ", path.display());
    damaged.ends(3, &[&named(2), &named(4), "2 places", "next:"]);
    assert_eq!(damaged.out.lines().count(), 2, "{damaged:#?}");
    machine.run(&["audit", "--format", "json"], &[]).ends(3, &[&named(2)]);
}

#[test]
fn audit_does_not_wait_for_a_pipe_in_the_place_of_a_day() {
    let (machine, path) = with_log(b"");
    std::fs::remove_file(&path).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    machine.run(&["audit"], &[]).ends(3, &["named pipe", "2026-11-23.jsonl"]).within(Duration::from_secs(5)).silent();
}
