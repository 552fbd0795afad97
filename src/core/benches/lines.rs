//! What a log line costs on its way to the screen, and a keystroke in a filter over many. The bars: 200,000 lines a second through
//! sanitising, level, masking and filter; a search over 1,000,000 lines in 100 ms; a keystroke over 100,000 in 4 ms.
//! `cargo bench -p nextcore-core --bench lines`.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use nextcore_core::input::{Code, Key};
use nextcore_core::insight::Judgement;
use nextcore_core::log::event::{Folder, Part};
use nextcore_core::log::level::Level;
use nextcore_core::log::pattern::Patterns;
use nextcore_core::log::query::{Line, Query, fold};
use nextcore_core::log::ready::{Ready, ready};
use nextcore_core::log::search::Index;
use nextcore_core::log::{clean, mask};
use nextcore_core::model::Time;
use nextcore_core::model::log::{LogEvent, LogTail};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::session::{Msg, Session, SessionOptions, update};

const LINES: usize = 100_000;

fn main() {
    divan::main();
}

/// Eight kinds of lines as a stack of web servers and workers writes them, in turn.
fn line(i: usize) -> String {
    let (ms, host) = (i % 1000, i % 250);
    match i % 8 {
        0..=2 => format!(
            "2026-11-23 01:00:00,{ms:03} INFO gunicorn.access 10.0.1.{host} \"GET /api/documents/{i}/ HTTP/1.1\" {} {} {}ms",
            if i.is_multiple_of(97) { 500 } else { 200 },
            i * 7 % 20_000,
            i % 400
        ),
        3 => format!("[2026-11-23 01:00:00,{ms:03}: INFO/ForkPoolWorker-{}] Task app.tasks.index[{i:08x}] succeeded in 0.{ms}s", i % 8),
        4 => format!(
            "{{\"level\":\"info\",\"time\":17960{i:08},\"msg\":\"request completed\",\"req\":{{\"method\":\"GET\",\"url\":\"/x/{i}\"}},\"status\":200,\"duration_ms\":{ms}}}"
        ),
        5 => format!(
            "2026-11-23 01:00:00.{ms:03} UTC [{host}] LOG:  duration: {ms}.12 ms  statement: SELECT * FROM documents WHERE id = {i}"
        ),
        6 => format!("level=info ts=2026-11-23T01:00:00.{ms:03}Z caller=main.go:12 msg=\"übertragen\" token=abc{i}def bytes={i}"),
        _ => format!("\u{1b}[32mGET\u{1b}[0m /documents/{i} 200 in {ms}ms, connected to redis://:s3cr3t{i}@cache:6379/0"),
    }
}

fn lines() -> Vec<String> {
    (0..LINES).map(line).collect()
}

fn service(i: usize) -> (&'static str, &'static str) {
    if i.is_multiple_of(3) { ("worker", "worker/app/0a1b2c") } else { ("web", "web/app/3d4e5f") }
}

fn index(n: usize) -> Index {
    let mut index = Index::default();
    for i in 0..n {
        let Ready { text, level, is_json, .. } = ready(&line(i), false);
        let (service, stream) = service(i);
        index.push(&text, level, service, stream, is_json);
    }
    index
}

/// A line from the cloud to the screen: cleaned, masked, its level, and whether the filter shows it.
#[divan::bench(sample_count = 10)]
fn arrive(bencher: Bencher) {
    let lines = lines();
    let query = Query::parse("documents !/api/documents/4 level:info").unwrap_or_default();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        let shown = |(i, raw): &(usize, &String)| {
            let Ready { text, level, is_json, .. } = ready(raw, false);
            let (service, stream) = service(*i);
            query.matches(&Line { text: &text, folded: &fold(&text), level, service, stream, is_json })
        };
        lines.iter().enumerate().filter(shown).count()
    });
}

#[divan::bench(sample_count = 10)]
fn only_clean(bencher: Bencher) {
    let lines = lines();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| lines.iter().map(|l| clean::clean(l, 8192).text.len()).sum::<usize>());
}

#[divan::bench(sample_count = 10)]
fn only_level(bencher: Bencher) {
    let lines = lines();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| lines.iter().filter(|l| Level::of(l) >= Level::Warn).count());
}

#[divan::bench(sample_count = 10)]
fn only_mask(bencher: Bencher) {
    let lines = lines();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| lines.iter().map(|l| mask::mask(l).len()).sum::<usize>());
}

#[divan::bench(sample_count = 10)]
fn only_fold_events(bencher: Bencher) {
    let lines = lines();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        let mut folder = Folder::default();
        lines.iter().map(|l| black_box(folder.part("web/app/3d4e5f", Time::default(), l, Level::Info))).filter(|p| *p == Part::Head).count()
    });
}

#[divan::bench(sample_count = 10)]
fn only_patterns(bencher: Bencher) {
    let lines = lines();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        let mut patterns = Patterns::default();
        for line in &lines {
            patterns.add(line, Time::default(), "web", Level::Info);
        }
        patterns.top().len()
    });
}

/// One more letter of a filter over 100,000 lines.
#[divan::bench(sample_count = 20, args = ["d", "documents", "Documents", "nowhere", "documents !health level:info service:web", "redis OR fork",
    "level:error", "/GET .* 500/", "status:500", "duration_ms>990"])]
fn keystroke(bencher: Bencher, typed: &str) {
    let index = index(LINES);
    bencher.bench_local(|| Query::parse(black_box(typed)).map(|q| index.search(&q, 0).len()));
}

/// A search over 1,000,000 lines.
#[divan::bench(sample_count = 5, args = ["documents", "nowhere", "level:error", "/GET .* 500/", "status:500"])]
fn search(bencher: Bencher, typed: &str) {
    let index = index(LINES * 10);
    bencher.bench_local(|| Query::parse(black_box(typed)).map(|q| index.search(&q, 0).len()));
}

/// Events as a source takes them.
fn events(n: usize) -> LogTail {
    let event = |i: usize| {
        let Ready { text, .. } = ready(&line(i), false);
        let at = Time::from_timestamp(1_795_400_000 + i as i64 / 40, 0).unwrap_or_default();
        LogEvent { id: i.to_string(), seq: i as u64, at, stream: service(i).1.to_owned(), message: text, ..LogEvent::default() }
    };
    LogTail { events: (0..n).map(|i| Arc::new(event(i))).collect(), total: n as u64, ..LogTail::default() }
}

fn open_log(tail: LogTail) -> Session {
    let now = tail.events.back().map(|e| e.at).unwrap_or_default();
    let mut session = Session::new(SessionOptions { stack: Stack::default(), mode: Mode::Safe, simulated: true, size: (120, 40), now });
    observe(&mut session, tail);
    session
}

fn observe(session: &mut Session, tail: LogTail) {
    let mut store = Store::default();
    store.put(tail, Time::default(), std::time::Duration::from_secs(2));
    update(session, Msg::Observed(Arc::new(store), Judgement::default()));
}

fn press(session: &mut Session, keys: &str) {
    for c in keys.chars() {
        let key = match c {
            '\n' => Key::new(Code::Enter),
            '\t' => Key::new(Code::Tab),
            c => Key::char(c),
        };
        update(session, Msg::Key(key));
    }
}

/// The log pane is opened for the first time over 100,000 lines.
#[divan::bench(sample_count = 5)]
fn pane_opens(bencher: Bencher) {
    let tail = events(LINES);
    bencher.with_inputs(|| open_log(tail.clone())).bench_local_values(|mut session| {
        press(&mut session, "aL");
        session
    });
}

/// The last letter of what is typed in the log pane over 100,000 lines, with all that is worked out for the screen.
#[divan::bench(sample_count = 20, args = ["/d", "/documents", "&d", "&documents", "&nowhere", "&level:error", "&documents !health level:info", "&status:500"])]
fn pane_keystroke(bencher: Bencher, typed: &str) {
    let mut session = open_log(events(LINES));
    press(&mut session, "aL");
    press(&mut session, typed.get(..typed.len() - 1).unwrap_or_default());
    bencher.bench_local(|| {
        press(&mut session, typed.get(typed.len() - 1..).unwrap_or_default());
        update(&mut session, Msg::Key(Key::new(Code::Backspace)));
    });
}

/// A hundred new lines come to 100,000 under a filter with context.
#[divan::bench(sample_count = 20)]
fn pane_takes_new_lines(bencher: Bencher) {
    let all = events(LINES + 100_000);
    let mut end = LINES;
    let at = |end: usize| LogTail {
        events: all.events.iter().skip(end - LINES).take(LINES).cloned().collect(),
        total: end as u64,
        dropped: (end - LINES) as u64,
        ..LogTail::default()
    };
    let mut session = open_log(at(end));
    press(&mut session, "aL&documents\n++");
    bencher
        .with_inputs(|| {
            end += 100;
            at(end)
        })
        .bench_local_values(|tail| observe(&mut session, tail));
}

/// The panel of patterns is opened for the first time.
#[divan::bench(sample_count = 5)]
fn pane_patterns(bencher: Bencher) {
    let tail = events(LINES);
    bencher
        .with_inputs(|| {
            let mut session = open_log(tail.clone());
            press(&mut session, "aL");
            session
        })
        .bench_local_values(|mut session| {
            press(&mut session, "\t");
            session
        });
}
