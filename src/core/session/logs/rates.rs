//! How many errors each service wrote in each of the last minutes. Counted as lines are taken; called by `lines`, read by the pane's head.

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::log::level::Level;
use crate::model::Time;

/// The minutes that are kept.
pub(crate) const MINUTES: usize = 60;
/// More services are not counted.
const MOST: usize = 200;

/// Errors by service and minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    /// Oldest first.
    services: BTreeMap<String, VecDeque<(i64, u32)>>,
    /// Events that were counted as errors already, of the last ones that had lines added.
    counted: HashSet<u64>,
}

impl Rates {
    /// Counts an event once, when it is known to be an error.
    pub(crate) fn count(&mut self, service: &str, at: Time, level: Level, seq: u64) {
        if level < Level::Error || self.counted.contains(&seq) {
            return;
        }
        if self.counted.len() > 10_000 {
            self.counted.clear();
        }
        self.counted.insert(seq);
        if !self.services.contains_key(service) {
            if self.services.len() >= MOST {
                return;
            }
            self.services.insert(service.to_owned(), VecDeque::new());
        }
        let Some(minutes) = self.services.get_mut(service) else { return };
        let minute = at.timestamp().div_euclid(60);
        let place = minutes.partition_point(|(m, _)| *m < minute);
        match minutes.get_mut(place).filter(|(m, _)| *m == minute) {
            Some((_, n)) => *n += 1,
            None => minutes.insert(place, (minute, 1)),
        }
        while minutes.len() > MINUTES {
            minutes.pop_front();
        }
    }

    /// The services with errors in the last `width` minutes, most of them first: how many in each minute, oldest first.
    pub(crate) fn of(&self, now: Time, width: usize) -> Vec<(&str, Vec<u32>)> {
        let end = now.timestamp().div_euclid(60);
        let start = end - width as i64;
        let row = |minutes: &VecDeque<(i64, u32)>| -> Vec<u32> {
            let at = |minute: i64| minutes.iter().find(|(m, _)| *m == minute).map_or(0, |(_, n)| *n);
            (start + 1..=end).map(at).collect()
        };
        let mut rows: Vec<(&str, Vec<u32>)> = self.services.iter().map(|(name, m)| (name.as_str(), row(m))).collect();
        rows.retain(|(_, counts)| counts.iter().any(|n| *n > 0));
        rows.sort_by_key(|(name, counts)| (std::cmp::Reverse(counts.iter().map(|n| u64::from(*n)).sum::<u64>()), *name));
        rows
    }
}
