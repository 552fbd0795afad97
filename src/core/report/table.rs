//! The state as a table for a terminal or a ticket: one row per node, then one line per section that is not as it should be.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::insight::health::standing::explain;
use crate::insight::{Judgement, NodeId};
use crate::model::Time;
use crate::model::health::{Level, Reason, ReasonKind, Verdict};
use crate::model::section::SectionKey;
use crate::model::stack::Stack;
use crate::model::standing::Standing;
use crate::model::store::{SectionState, Store};
use crate::model::text;

use super::figures::figures;
use crate::insight::topology::inventory::{Inventory, inventory};

/// Stands for a space at which no line is broken, while the table is laid out.
const FIRM: &str = "\u{1}";

/// Columns of what is filled into lines where nobody says how wide the terminal is.
const WIDE: u16 = 120;

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Seven-bit characters only.
    pub ascii: bool,
    /// Columns to wrap at; `None` = as wide as it needs.
    pub width: Option<u16>,
}

pub fn table(store: &Store, judgement: &Judgement, stack: &Stack, now: Time, look: Look) -> String {
    let mut table = Table::new();
    // No lines: what `grep` and `awk` cut out of it stays readable.
    table.load_style(NOTHING);
    if let Some(width) = look.width {
        table.set_width(width);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(["STATE", "NODE", "FIGURES", "REASON", "SINCE", "AGE"]);
    let troubles = troubles(store, now);
    let plain = |text: String| if look.ascii { to_ascii(&text) } else { text };
    for (id, verdict) in ordered(judgement, stack) {
        // Before it is laid out: an arrow takes more room in ASCII.
        table.add_row(row(store, id, verdict, now, look.ascii, &troubles).map(plain));
    }
    let mut out = vec![plain(headline(judgement, stack, now))];
    out.extend(elsewhere(store).map(plain));
    out.push(table.trim_fmt().replace(FIRM, " "));
    out.extend(troubles.into_iter().map(|t| plain(format!("{}: {}, {}", t.name(), t.state, t.why))));
    out.extend(counted(&inventory(store, stack, now), look.width).into_iter().map(plain));
    out.join("\n") + "\n"
}

/// What was counted, several types on a line, and what could not be.
fn counted(inventory: &Inventory, width: Option<u16>) -> Vec<String> {
    let mut lines = vec![format!("inventory: {}", inventory.summary())];
    let mut words = Vec::new();
    for (service, types) in inventory.by_service() {
        let last = types.len().saturating_sub(1);
        words.extend(types.into_iter().enumerate().map(|(i, (name, count))| {
            let before = if i == 0 { format!("{service}: ") } else { String::new() };
            format!("{before}{name} {count}{}", if i == last { ";" } else { "," })
        }));
    }
    if let Some(last) = words.last_mut() {
        last.pop();
    }
    fill(&words, usize::from(width.unwrap_or(WIDE)), &mut lines);
    let unseen = inventory.unseen();
    lines.extend(unseen.into_iter().map(|(section, types, why)| format!("  not loaded: {section}: {} ({why})", types.join(", "))));
    lines
}

/// Words on lines of at most so many columns, each of them indented; a word is never broken.
fn fill(words: &[String], width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(if line.is_empty() { "  " } else { " " });
        line.push_str(word);
    }
    lines.extend(Some(line).filter(|line| !line.is_empty()));
}

fn row(store: &Store, id: &NodeId, verdict: &Verdict, now: Time, ascii: bool, troubles: &[Trouble]) -> [String; 6] {
    let shown: Vec<String> = figures(store, id, now).iter().map(|f| f.to_string().replace(' ', FIRM)).collect();
    [
        format!("{} {}", glyph(verdict.level, ascii), verdict.level.word()),
        id.to_string(),
        shown.join("  "),
        reasons(verdict, troubles).join("\n"),
        verdict.since.map_or_else(String::new, |at| text::age(at, now)),
        verdict.as_of.map_or_else(|| "-".to_owned(), |at| text::age(at, now)),
    ]
}

/// `production-nextcore ap-southeast-2: degraded (1 of 9 degraded) at 2026-01-01T00:00:00Z`.
pub(super) fn headline(judgement: &Judgement, stack: &Stack, now: Time) -> String {
    let c = judgement.counts;
    let parts = [(c.down, "down"), (c.degraded, "degraded"), (c.unknown, "unknown"), (c.info, "changing")];
    let odd: Vec<String> = parts.iter().filter(|p| p.0 > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let odd = if odd.is_empty() { String::new() } else { format!(": {}", odd.join(", ")) };
    let cause = judgement.cause().map_or_else(String::new, |c| format!("  {}", c.words()));
    let at = now.format("%Y-%m-%dT%H:%M:%SZ");
    format!("{} {}  {}{cause}  {} nodes{odd}  {at}", stack.name, stack.region, judgement.worst.word(), c.total())
}

/// That this is not AWS, and what it is.
pub(super) fn elsewhere(store: &Store) -> Option<String> {
    store.place.elsewhere().map(|where_| format!("custom endpoint (not AWS): {where_}"))
}

/// The nodes in the order of the diagram: requests enter at the top and fall to the data.
pub(super) fn ordered<'a>(judgement: &'a Judgement, stack: &Stack) -> Vec<(&'a NodeId, &'a Verdict)> {
    let place = |id: &NodeId| {
        let service = id.as_service().map(|name| stack.services.iter().position(|s| s.name == name).unwrap_or(usize::MAX));
        (id.system(), service)
    };
    let mut all: Vec<_> = judgement.nodes.iter().collect();
    all.sort_by_key(|(id, _)| place(id));
    all
}

/// At most three reasons, then how many more there are; notes about sections that have a line of their own are left to that line.
pub(super) fn reasons(verdict: &Verdict, troubles: &[Trouble]) -> Vec<String> {
    const SHOWN: usize = 3;
    let told =
        |r: &Reason| r.level == Level::Healthy && troubles.iter().any(|t| t.member.is_none() && r.kind == ReasonKind::Unread(t.section));
    let mut lines: Vec<String> = verdict.reasons.iter().filter(|r| !told(r)).map(|r| r.text.clone()).collect();
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// A section that was asked and is not as it should be.
pub(super) struct Trouble {
    /// Its key.
    pub section: SectionKey,
    /// Of which resource, where it is not the first of its kind.
    pub member: Option<NodeId>,
    /// Its state in a word.
    pub state: &'static str,
    /// The reason, and what to do about it.
    pub why: String,
}

impl Trouble {
    /// `database`, `database of db/reporting`.
    pub(super) fn name(&self) -> String {
        self.member.as_ref().map_or_else(|| self.section.to_string(), |node| format!("{} of {node}", self.section))
    }
}

/// All of them, by key.
pub(super) fn troubles(store: &Store, now: Time) -> Vec<Trouble> {
    let own = store.entries().map(|(key, entry)| (None, key, entry));
    let others = store.members().flat_map(|(node, entries)| entries.map(move |(key, entry)| (Some(node.clone()), key, entry)));
    let all = own.chain(others).filter_map(|(member, key, entry)| {
        let standing = Standing::of(Some(entry), now);
        // A ready section whose last poll failed is still current: its problem is worth a line, too.
        let why = explain(Some(entry), now).or_else(|| entry.problem.as_ref().map(|p| p.headline.clone()))?;
        // `missing, missing (...)`, `denied, access denied: ...`: the state is said once.
        let denied = entry.problem.as_ref().and_then(|p| p.permission.clone()).filter(|_| standing == Standing::Denied);
        let why = denied.unwrap_or_else(|| why.strip_prefix(standing.word()).map_or(why.as_str(), str::trim_start).to_owned());
        Some(Trouble { section: key, member, state: standing.word(), why: hinted(why, entry) })
    });
    all.collect()
}

fn hinted(why: String, entry: &SectionState) -> String {
    match entry.problem.as_ref().map(|p| p.hint.as_str()).filter(|h| !h.is_empty()) {
        Some(hint) => format!("{why}; {hint}"),
        None => why,
    }
}

pub(super) fn glyph(level: Level, ascii: bool) -> &'static str {
    if ascii { level.ascii_sign() } else { level.sign() }
}

/// The signs that our own texts use; anything else from the cloud becomes a question mark.
pub(super) fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '⇄' => out.push_str("<->"),
            '→' => out.push_str("->"),
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '…' => out.push_str("..."),
            c if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}
