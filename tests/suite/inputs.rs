//! Every read of the program, faulted alone: what the boxes say then. The table is for people (`-- --ignored --nocapture`); what it must never
//! show is asserted on the way: a read that fails makes nothing healthier, and whatever it hides is named.

use std::collections::BTreeMap;
use std::time::Duration;

use nextcore_core::insight;
use nextcore_core::model::health::Level;
use nextcore_core::model::stack::Stack;
use nextcore_live::engine::settled;
use nextcore_sim::{ApiFault, FaultKind};
use tokio::time::sleep;

use super::support::watched;

const SEED: u64 = 7;
/// Two polls of the slowest source.
const LONG: Duration = Duration::from_secs(620);

const FAULTS: [(&str, FaultKind); 5] = [
    ("denied", FaultKind::AccessDenied),
    ("throttled", FaultKind::Throttle),
    ("empty", FaultKind::Empty),
    ("malformed", FaultKind::Truncated),
    ("stale", FaultKind::Timeout),
];

/// Level and words of each box; cold, or after the fault came into a settled dashboard.
async fn boxes(fault: Option<(&str, &str, FaultKind)>, is_late: bool) -> BTreeMap<String, (Level, String)> {
    let (embedded, mut feed, _engine) = watched(SEED);
    let add = || {
        if let Some((service, operation, kind)) = fault {
            embedded.cloud.faults(|f| f.add(ApiFault::always(service, operation, kind)));
        }
    };
    if is_late {
        settled(&mut feed, &Stack::default(), Duration::from_secs(30)).await;
        add();
    } else {
        add();
        settled(&mut feed, &Stack::default(), Duration::from_secs(30)).await;
    }
    sleep(if is_late { LONG } else { Duration::from_secs(30) }).await;
    let store = feed.store.borrow_and_update().clone();
    let judgement = insight::judge(&store, &Stack::default(), embedded.clock.now());
    judgement.nodes.iter().map(|(id, v)| (id.to_string(), (v.level, v.headline().to_owned()))).collect()
}

async fn operations() -> Vec<(String, String)> {
    let (embedded, mut feed, _engine) = watched(SEED);
    settled(&mut feed, &Stack::default(), Duration::from_secs(30)).await;
    sleep(LONG).await;
    embedded.cloud.requests().into_iter().map(|r| (r.service.to_string(), r.operation.to_string())).collect()
}

#[ignore = "a table for people, of five times fifty worlds"]
#[tokio::test(start_paused = true)]
async fn what_each_box_says_when_one_read_fails() {
    let quiet = [boxes(None, false).await, boxes(None, true).await];
    println!("| read | how it fails | boxes that change |\n|---|---|---|");
    for (service, operation) in operations().await {
        for (word, kind) in FAULTS {
            let is_late = kind == FaultKind::Timeout;
            let before = &quiet[usize::from(is_late)];
            let after = boxes(Some((&service, &operation, kind)), is_late).await;
            let mut changed: BTreeMap<(Level, &str), Vec<&str>> = BTreeMap::new();
            for (node, (level, words)) in &after {
                let was = before.get(node);
                assert!(
                    was.is_none_or(|(was, _)| *level != Level::Healthy || *was == Level::Healthy || *was == Level::Info),
                    "{operation} {word} makes {node} healthy: {was:?}"
                );
                if was.is_none_or(|was| *was != (*level, words.clone())) {
                    changed.entry((*level, words)).or_default().push(node);
                }
            }
            let told = changed.iter().map(|((level, words), nodes)| match nodes.as_slice() {
                [some @ .., _] if some.len() > 3 => format!("{} and {} more: {level:?}, {words}", some[0], some.len()),
                all => format!("{}: {level:?}, {words}", all.join(" ")),
            });
            let told = told.collect::<Vec<_>>().join("; ");
            println!("| {service}:{operation} | {word} | {} |", if told.is_empty() { "none" } else { &told });
        }
    }
}
