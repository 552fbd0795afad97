//! Lines grouped by template, by the way of Drain (He et al., 2017): lines of as many words with the same first one are one group where half
//! of their words agree, and what differs becomes `<*>`. No crate does it within a bound of memory. Bounded: what was not seen for longest
//! gives way, and how many did is told. Called by the log pane for each event.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::level::Level;
use super::template;
use crate::model::Time;

/// What stands for a word that differs.
pub const ANY: &str = "<*>";
/// More services are not listed.
const MOST_SERVICES: usize = 16;
/// The steps in which lines are counted, in seconds, and how many are kept: two hours and a step.
const STEP: i64 = 60;
const STEPS: usize = 121;
/// Of this many patterns that gave way it is remembered that they are not new.
const REMEMBERED: usize = 20_000;
const SAMPLE: usize = 2000;

/// Lines of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Stays the same while it is known, whatever its template becomes.
    pub id: u64,
    /// What most of its lines have.
    pub level: Level,
    pub count: u64,
    pub first: Time,
    pub last: Time,
    /// Which services write it, and how often; the first that were seen.
    pub services: Vec<(String, u64)>,
    /// The newest line of it.
    pub sample: String,
    words: Vec<String>,
    key: Key,
    /// How many lines have each level.
    levels: Vec<(Level, u64)>,
    /// Lines in each step of time, oldest first.
    steps: VecDeque<(i64, u64)>,
}

/// How often a pattern came in the last hour, and in the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trend {
    pub hour: u64,
    pub before: u64,
}

impl Pattern {
    /// The words that lines of this kind share, with signs for what differs.
    pub fn template(&self) -> String {
        self.words.join(" ")
    }

    /// Against the hour before, to a minute.
    pub fn trend(&self, now: Time) -> Trend {
        let step = now.timestamp().div_euclid(STEP);
        let hour = 3600 / STEP;
        let sum = |from: i64, to: i64| self.steps.iter().filter(|(s, _)| *s > from && *s <= to).map(|(_, n)| n).sum();
        Trend { hour: sum(step - hour, step), before: sum(step - 2 * hour, step - hour) }
    }

    /// How many lines came in the last quarter of an hour, and in the hour before that, to a minute.
    pub fn of_late(&self, now: Time) -> (u64, u64) {
        let step = now.timestamp().div_euclid(STEP);
        let (quarter, hour) = (900 / STEP, 3600 / STEP);
        let sum = |from: i64, to: i64| self.steps.iter().filter(|(s, _)| *s > from && *s <= to).map(|(_, n)| n).sum();
        (sum(step - quarter, step), sum(step - quarter - hour, step - quarter))
    }

    fn count_at(&mut self, at: Time) {
        let step = at.timestamp().div_euclid(STEP);
        // Late lines belong to a step that is there already.
        let place = self.steps.partition_point(|(s, _)| *s < step);
        match self.steps.get_mut(place).filter(|(s, _)| *s == step) {
            Some((_, n)) => *n += 1,
            None => self.steps.insert(place, (step, 1)),
        }
        while self.steps.len() > STEPS {
            self.steps.pop_front();
        }
    }
}

type Key = (usize, u64);

/// All patterns that were seen and found room.
#[derive(Debug, Clone)]
pub struct Patterns {
    most: usize,
    list: HashMap<u64, Pattern>,
    /// Which there are of a length and a first word.
    groups: HashMap<Key, Vec<u64>>,
    /// Templates that are known as they stand.
    exact: HashMap<u64, u64>,
    next: u64,
    dropped: u64,
    gone: VecDeque<u64>,
    gone_set: HashSet<u64>,
    /// Since when lines are seen.
    since: Option<Time>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self::new(1000)
    }
}

impl Patterns {
    /// Room for so many patterns.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            list: HashMap::new(),
            groups: HashMap::new(),
            exact: HashMap::new(),
            next: 0,
            dropped: 0,
            gone: VecDeque::new(),
            gone_set: HashSet::new(),
            since: None,
        }
    }

    /// Takes a line in and tells of which pattern it is.
    pub fn add(&mut self, text: &str, at: Time, service: &str, level: Level) -> u64 {
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
        let words = template::words(text);
        let id = self.place(&words, at);
        if let Some(pattern) = self.list.get_mut(&id) {
            pattern.count += 1;
            match pattern.levels.iter_mut().find(|(l, _)| *l == level) {
                Some((_, n)) => *n += 1,
                None => pattern.levels.push((level, 1)),
            }
            pattern.level = pattern.levels.iter().max_by_key(|(l, n)| (*n, *l)).map_or(level, |(l, _)| *l);
            pattern.first = pattern.first.min(at);
            if at >= pattern.last || pattern.sample.is_empty() {
                pattern.last = at;
                text.get(..text.floor_char_boundary(SAMPLE)).unwrap_or_default().clone_into(&mut pattern.sample);
            }
            if let Some((_, n)) = pattern.services.iter_mut().find(|(name, _)| name == service) {
                *n += 1;
            } else if pattern.services.len() < MOST_SERVICES {
                pattern.services.push((service.to_owned(), 1));
            }
            pattern.count_at(at);
        }
        id
    }

    /// The pattern of a line, if it is of one that is known.
    pub fn find(&self, text: &str) -> Option<u64> {
        let words = template::words(text);
        self.exact.get(&hash(&words)).copied().or_else(|| self.similar(key(&words), &words))
    }

    pub fn get(&self, id: u64) -> Option<&Pattern> {
        self.list.get(&id)
    }

    /// Most frequent first.
    pub fn top(&self) -> Vec<&Pattern> {
        let mut top: Vec<&Pattern> = self.list.values().collect();
        top.sort_by_key(|p| (std::cmp::Reverse(p.count), p.id));
        top
    }

    /// How many patterns found no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether a pattern was not there before that time; `None` where nothing was seen before it, or it may have been forgotten.
    pub fn is_new(&self, pattern: &Pattern, since: Time) -> Option<bool> {
        if pattern.first < since {
            return Some(false);
        }
        let was_here = self.since.is_some_and(|start| start < since);
        let may_be_forgotten = self.gone_set.contains(&hash(&pattern.words)) || self.dropped as usize > REMEMBERED;
        (was_here && !may_be_forgotten).then_some(true)
    }

    fn place(&mut self, words: &[String], at: Time) -> u64 {
        let exact = hash(words);
        if let Some(id) = self.exact.get(&exact) {
            return *id;
        }
        let key = key(words);
        if let Some(id) = self.similar(key, words) {
            if let Some(pattern) = self.list.get_mut(&id) {
                self.exact.remove(&hash(&pattern.words));
                merge(&mut pattern.words, words);
                self.exact.insert(hash(&pattern.words), id);
            }
            return id;
        }
        if self.list.len() >= self.most {
            self.drop_oldest();
        }
        let id = self.next;
        self.next += 1;
        let pattern = Pattern {
            id,
            level: Level::None,
            count: 0,
            first: at,
            last: at,
            services: Vec::new(),
            sample: String::new(),
            words: words.to_vec(),
            key,
            levels: Vec::new(),
            steps: VecDeque::new(),
        };
        self.list.insert(id, pattern);
        self.groups.entry(key).or_default().push(id);
        self.exact.insert(exact, id);
        id
    }

    /// The pattern that shares most words, if it shares half of them.
    fn similar(&self, key: Key, words: &[String]) -> Option<u64> {
        let ids = self.groups.get(&key)?;
        let shared = |p: &Pattern| p.words.iter().zip(words).filter(|(a, b)| a == b && *a != ANY).count();
        let fixed = |p: &Pattern| p.words.iter().filter(|w| *w != ANY).count();
        let (id, _) = ids
            .iter()
            .filter_map(|id| self.list.get(id).map(|p| (*id, shared(p), fixed(p))))
            // Half of all, and nearly all of what is fixed already: or a pattern would become anything.
            .filter(|(_, same, fixed)| same * 2 >= words.len() && same * 3 >= fixed * 2 && *same > 0)
            .map(|(id, same, _)| (id, same))
            .max_by_key(|(id, same)| (*same, std::cmp::Reverse(*id)))?;
        Some(id)
    }

    fn drop_oldest(&mut self) {
        let Some(id) = self.list.values().min_by_key(|p| (p.last, p.id)).map(|p| p.id) else { return };
        let Some(pattern) = self.list.remove(&id) else { return };
        self.dropped += 1;
        let exact = hash(&pattern.words);
        self.exact.remove(&exact);
        if let Some(ids) = self.groups.get_mut(&pattern.key) {
            ids.retain(|i| *i != id);
            if ids.is_empty() {
                self.groups.remove(&pattern.key);
            }
        }
        if self.gone_set.insert(exact) {
            self.gone.push_back(exact);
        }
        if self.gone.len() > REMEMBERED
            && let Some(oldest) = self.gone.pop_front()
        {
            self.gone_set.remove(&oldest);
        }
    }
}

fn merge(words: &mut [String], with: &[String]) {
    for (word, other) in words.iter_mut().zip(with) {
        if word != other {
            ANY.clone_into(word);
        }
    }
}

fn hash(words: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

/// How many words there are, and the first of them that says something.
fn key(words: &[String]) -> Key {
    let first = words.iter().find(|w| !w.contains('<')).map(String::as_str).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    first.hash(&mut hasher);
    (words.len(), hasher.finish())
}
