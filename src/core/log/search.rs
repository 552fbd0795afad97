//! Many prepared lines in blocks of contiguous text, so that a word is looked for in a thousand of them at once. Lines are numbered for
//! ever; the oldest leave in whole blocks. Not what a filter means: `query`; a test holds that both agree. Called by the log pane.

use std::collections::{HashMap, VecDeque};

use memchr::memmem::Finder;

use super::level::Level;
use super::query::{Leaf, Line, Node, Query, fold};

/// Lines of a block.
const BLOCK: usize = 1024;
const WORDS: usize = BLOCK / 64;
/// Between two lines: cleaned text has none of it.
const END: char = '\0';

/// The lines that can be searched.
#[derive(Debug, Clone, Default)]
pub struct Index {
    blocks: VecDeque<Block>,
    /// The number of the first line of the first block.
    start: u64,
    /// The first line that is still there.
    first: u64,
    names: Names,
}

impl Index {
    /// The number of the oldest line.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next line will have.
    pub fn end(&self) -> u64 {
        let held: usize = self.blocks.iter().map(|b| b.levels.len()).sum();
        self.start + held as u64
    }

    /// Adds a line; what is folded is made here.
    pub fn push(&mut self, text: &str, level: Level, service: &str, stream: &str, is_json: bool) {
        if self.blocks.back().is_none_or(|b| b.levels.len() >= BLOCK) {
            self.blocks.push_back(Block::default());
        }
        let (service, stream) = (self.names.id(service), self.names.id(stream));
        if let Some(block) = self.blocks.back_mut() {
            block.push(text, level, [service, stream], is_json);
        }
    }

    /// Forgets the lines before that number.
    pub fn forget(&mut self, before: u64) {
        self.first = before.clamp(self.first, self.end());
        while self.blocks.front().is_some_and(|b| b.levels.len() == BLOCK && self.start + BLOCK as u64 <= self.first) {
            self.blocks.pop_front();
            self.start += BLOCK as u64;
        }
        if self.blocks.is_empty() {
            self.names = Names::default();
        }
    }

    /// The line of that number.
    pub fn line(&self, number: u64) -> Option<Line<'_>> {
        let at = number.checked_sub(self.start).filter(|_| number >= self.first)? as usize;
        self.blocks.get(at / BLOCK)?.line(at % BLOCK, &self.names)
    }

    /// The numbers of the lines from that number on that a filter lets through, in order.
    pub fn search(&self, query: &Query, from: u64) -> Vec<u64> {
        let from = from.max(self.first);
        let mut found = Vec::new();
        let mut start = self.start;
        for block in &self.blocks {
            let end = start + block.levels.len() as u64;
            if end > from {
                let all = Bits::all(block.levels.len());
                let bits = query.root.as_ref().map_or(all, |root| block.ask(root, &all, &self.names));
                bits.each(|i| {
                    let number = start + i as u64;
                    if number >= from {
                        found.push(number);
                    }
                });
            }
            start = end;
        }
        found
    }
}

/// Services and streams, by numbers.
#[derive(Debug, Clone, Default)]
struct Names {
    list: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Names {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.list.len() as u32;
        self.list.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn name(&self, id: u32) -> &str {
        self.list.get(id as usize).map(String::as_str).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Default)]
struct Block {
    text: Pile,
    folded: Pile,
    levels: Vec<Level>,
    services: Vec<u32>,
    streams: Vec<u32>,
    json: Vec<bool>,
}

impl Block {
    fn push(&mut self, text: &str, level: Level, [service, stream]: [u32; 2], is_json: bool) {
        self.text.push(text);
        self.folded.push(&fold(text));
        self.levels.push(level);
        self.services.push(service);
        self.streams.push(stream);
        self.json.push(is_json);
    }

    fn line<'a>(&'a self, at: usize, names: &'a Names) -> Option<Line<'a>> {
        Some(Line {
            text: self.text.get(at),
            folded: self.folded.get(at),
            level: *self.levels.get(at)?,
            service: names.name(*self.services.get(at)?),
            stream: names.name(*self.streams.get(at)?),
            is_json: *self.json.get(at)?,
        })
    }

    /// Which of these lines a part of a filter lets through.
    fn ask(&self, node: &Node, among: &Bits, names: &Names) -> Bits {
        match node {
            // Each is asked only of what those before it let through; the cheap ones come first.
            Node::All(nodes) => nodes.iter().fold(*among, |left, n| if left.is_empty() { left } else { self.ask(n, &left, names) }),
            Node::Any(nodes) => nodes.iter().fold(Bits::default(), |found, n| found.or(&self.ask(n, &among.without(&found), names))),
            Node::Not(node) => among.without(&self.ask(node, among, names)),
            Node::Leaf(Leaf::Text(needle)) => (if needle.by_case { &self.text } else { &self.folded }).find(&needle.finder).and(among),
            Node::Leaf(Leaf::Level(sign, level)) => among.filter(|i| self.levels.get(i).is_some_and(|l| sign.holds(*l, *level))),
            Node::Leaf(Leaf::Service(glob)) => Self::named(&self.services, among, |id| glob.matches(names.name(id))),
            Node::Leaf(Leaf::Stream(glob)) => Self::named(&self.streams, among, |id| glob.matches(names.name(id))),
            Node::Leaf(leaf) => among.filter(|i| self.line(i, names).is_some_and(|line| leaf.holds(&line))),
        }
    }

    /// Asks each name once for as long as it repeats.
    fn named(ids: &[u32], among: &Bits, matches: impl Fn(u32) -> bool) -> Bits {
        // A block has few names; those of one stack, few at all.
        let mut known: Vec<(u32, bool)> = Vec::new();
        among.filter(|i| {
            let Some(id) = ids.get(i) else { return false };
            if let Some((_, holds)) = known.iter().find(|(known, _)| known == id) {
                return *holds;
            }
            let holds = matches(*id);
            if known.len() < 64 {
                known.push((*id, holds));
            }
            holds
        })
    }
}

/// Texts one behind the other.
#[derive(Debug, Clone, Default)]
struct Pile {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Pile {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.text.push(END);
    }

    fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).and_then(|i| self.ends.get(i)).map_or(0, |end| end + 1);
        self.ends.get(at).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }

    /// The texts in which something occurs.
    fn find(&self, finder: &Finder<'_>) -> Bits {
        let mut bits = Bits::default();
        let mut line = 0;
        let mut from = 0;
        while let Some(hit) = self.text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + hit;
            line += self.ends.get(line..).unwrap_or_default().iter().take_while(|end| **end < at).count();
            let Some(end) = self.ends.get(line) else { break };
            bits.set(line);
            line += 1;
            from = end + 1;
        }
        bits
    }
}

/// A set of lines of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bits([u64; WORDS]);

impl Bits {
    fn all(n: usize) -> Self {
        let word = |i: usize| match n.saturating_sub(i * 64) {
            0 => 0,
            left @ 1..64 => (1 << left) - 1,
            _ => u64::MAX,
        };
        Self(std::array::from_fn(word))
    }

    fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|w| *w == 0)
    }

    fn zip(&self, other: &Self, with: impl Fn(u64, u64) -> u64) -> Self {
        let mut out = *self;
        out.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = with(*a, b));
        out
    }

    fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    fn without(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    fn each(&self, mut with: impl FnMut(usize)) {
        self.filter(|i| {
            with(i);
            true
        });
    }

    fn filter(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        let mut out = *self;
        for (word, bits) in out.0.iter_mut().enumerate() {
            let mut left = *bits;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                if !keep(word * 64 + bit) {
                    *bits &= !(1 << bit);
                }
            }
        }
        out
    }
}
