//! Log lines through sanitise and filter. The bar is 200,000 lines a second. `cargo bench --bench logs`.

use divan::Bencher;
use divan::counter::ItemsCount;
use nextcore_core::model::text::sanitize;
use nextcore_core::session::filter::Filter;

const LINES: usize = 100_000;

fn main() {
    divan::main();
}

fn lines() -> Vec<String> {
    let line = |i: usize| {
        format!(
            "2026-11-23 01:00:00,{:03} INFO gunicorn.access 10.0.1.{} \"GET /api/documents/{i}/ HTTP/1.1\" 200 {} {}ms",
            i % 1000,
            i % 250,
            i * 7 % 20_000,
            i % 400
        )
    };
    (0..LINES).map(line).collect()
}

/// Sanitise every line.
#[divan::bench]
fn sanitise(bencher: Bencher) {
    let lines = lines();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| lines.iter().map(|l| sanitize(l).len()).sum::<usize>());
}

/// Sanitise and filter every line.
#[divan::bench]
fn sanitise_and_filter(bencher: Bencher) {
    let lines = lines();
    let filter = Filter::parse("documents !/api/documents/4");
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| lines.iter().filter(|l| filter.matches("web", &sanitize(l))).count());
}
