//! What a query costs, in words: before it runs a rough estimate of what is stored, afterwards what AWS says that it has scanned. The price
//! is that of one region, so every sum is about right and says so.

use crate::model::query::{Answer, Estimate};
use crate::model::text;

/// Dollars for a GB that is scanned, in us-east-1; other regions ask up to half as much more.
const PRICE: f64 = 0.005;
const GB: f64 = 1e9;
/// What a person thinks about.
const CENT: f64 = 0.01;

/// Dollars for so many bytes scanned.
pub fn dollars(bytes: f64) -> f64 {
    bytes / GB * PRICE
}

/// `about $0.42`, or that it is less than a cent.
pub fn money(bytes: f64) -> String {
    match dollars(bytes) {
        little if little < CENT => "less than $0.01".to_owned(),
        much => format!("about ${much:.2}"),
    }
}

/// Before it runs. What is stored is compressed and its time is not known: both is said, for the sum is no more than a hint.
pub fn before(estimate: &Estimate) -> String {
    let size = text::bytes(estimate.bytes);
    let unknown = if estimate.unknown.is_empty() { String::new() } else { format!("; size not known of {}", estimate.unknown.join(", ")) };
    format!(
        "rough estimate: {size} stored in this window, {} at about $0.005/GB; stored bytes are compressed, scanned ones are not and may be several times as many{unknown}",
        money(estimate.bytes)
    )
}

/// Afterwards, or meanwhile.
pub fn after(answer: &Answer) -> String {
    let (size, n) = (text::bytes(answer.bytes), text::count(answer.scanned));
    format!("scanned {size} in {n} lines, {} matched: {} at about $0.005/GB", text::count(answer.matched), money(answer.bytes))
}
