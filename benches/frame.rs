//! What a frame costs at 200×60 with 50 services, 1,000 tasks and 100,000 log lines: update, draw, diff. `cargo bench --bench frame`.

#[path = "../src/core/tests/screens/fixture/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the fixtures of the pane snapshots; a benchmark needs few of them")]
mod fixture;

use std::sync::Arc;

use chrono::TimeDelta;
use divan::Bencher;
use nextcore_core::input::{Code, Key};
use nextcore_core::insight::Watch;
use nextcore_core::model::Time;
use nextcore_core::session::{Msg, Session, update};
use nextcore_core::theme::Theme;
use nextcore_core::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const SIZE: (u16, u16) = (200, 60);

fn main() {
    divan::main();
}

/// One screen and the frame before it.
struct Frame {
    session: Session,
    theme: Theme,
    before: Buffer,
    after: Buffer,
    start: Time,
    second: i64,
}

impl Frame {
    fn new(keys: &[Key]) -> Self {
        Self::of(fixture::huge(), keys)
    }

    fn of(world: fixture::World, keys: &[Key]) -> Self {
        let start = world.now;
        let mut session = world.session(SIZE);
        for key in keys {
            update(&mut session, Msg::Key(*key));
        }
        let area = Rect::new(0, 0, SIZE.0, SIZE.1);
        Self { session, theme: Theme::terminal(), before: Buffer::empty(area), after: Buffer::empty(area), start, second: 0 }
    }

    fn draw(&mut self, msg: Msg) -> usize {
        update(&mut self.session, msg);
        self.after.reset();
        view::draw(&self.session, &self.theme, self.after.area, &mut self.after);
        let changed = self.before.diff(&self.after).len();
        std::mem::swap(&mut self.before, &mut self.after);
        changed
    }

    fn tick(&mut self) -> usize {
        self.second += 1;
        self.draw(Msg::Tick(self.start + TimeDelta::seconds(self.second)))
    }
}

const SCREENS: [&str; 3] = ["stack", "service", "logs"];

/// The keys that lead to a screen.
fn keys(screen: &str) -> Vec<Key> {
    match screen {
        "service" => vec![Key::char('2'), Key::new(Code::Enter)],
        "logs" => vec![Key::char('L')],
        _ => Vec::new(),
    }
}

/// A second passes.
#[divan::bench(args = SCREENS, sample_count = 1000)]
fn a_second_passes(bencher: Bencher, screen: &str) {
    let mut frame = Frame::new(&keys(screen));
    bencher.bench_local(|| frame.tick());
}

/// A second passes over ten times as much: 500 services, 10,000 tasks.
#[divan::bench(args = SCREENS, sample_count = 1000)]
fn a_second_passes_over_500_services(bencher: Bencher, screen: &str) {
    let mut frame = Frame::of(fixture::states::sized(500, 10_000), &keys(screen));
    bencher.bench_local(|| frame.tick());
}

/// A key moves the selection.
#[divan::bench(args = SCREENS, sample_count = 1000)]
fn a_key_is_pressed(bencher: Bencher, screen: &str) {
    let mut frame = Frame::new(&keys(screen));
    let mut down = false;
    bencher.bench_local(|| {
        down = !down;
        frame.draw(Msg::Key(Key::new(if down { Code::Down } else { Code::Up })))
    });
}

/// A newer store arrives: judged, updated, drawn, diffed.
#[divan::bench(sample_count = 300)]
fn a_store_arrives(bencher: Bencher) {
    let mut frame = Frame::new(&keys("stack"));
    let world = fixture::huge();
    let mut watch = Watch::default();
    let mut store = world.store;
    let mut second = 0;
    bencher.bench_local(|| {
        second += 1;
        let now = world.now + TimeDelta::seconds(second);
        let services = store.get::<nextcore_core::model::service::Services>().cloned().unwrap_or_default();
        store.put(services, now, std::time::Duration::from_secs(5));
        let judgement = watch.observe(&store, &world.stack, now);
        frame.draw(Msg::Observed(Arc::new(store.clone()), judgement))
    });
}
