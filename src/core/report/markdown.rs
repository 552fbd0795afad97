//! The state as Markdown, for incident documents and chat: a heading, the nodes, what cannot be read, the last changes, what is
//! promised about loss and recovery, the inventory.

use crate::insight::Judgement;
use crate::model::Time;
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::text;

use super::figures::figures;
use super::table::{elsewhere, headline, ordered, reasons, troubles};
use crate::insight::objectives::{Objective, objectives};
use crate::insight::topology::inventory::{Inventory, inventory};

/// Lines of the timeline that are printed.
const CHANGES: usize = 20;

pub fn markdown(store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> String {
    let mut out = vec![format!("# {}", cell(&headline(judgement, stack, now))), String::new()];
    if let Some(elsewhere) = elsewhere(store) {
        out.extend([format!("**{}**", cell(&elsewhere)), String::new()]);
    }
    out.push("| State | Node | Figures | Reason | Since | Age |".to_owned());
    out.push("|---|---|---|---|---|---|".to_owned());
    let troubles = troubles(store, now);
    for (id, verdict) in ordered(judgement, stack) {
        let shown: Vec<String> = figures(store, id, now).iter().map(ToString::to_string).collect();
        let cells = [
            verdict.level.word().to_owned(),
            format!("`{id}`"),
            cell(&shown.join(", ")),
            reasons(verdict, &troubles).iter().map(|r| cell(r)).collect::<Vec<_>>().join("<br>"),
            verdict.since.map_or_else(String::new, |at| text::age(at, now)),
            verdict.as_of.map_or_else(|| "-".to_owned(), |at| text::age(at, now)),
        ];
        out.push(format!("| {} |", cells.join(" | ")));
    }
    if !troubles.is_empty() {
        out.extend([String::new(), "## Issues".to_owned(), String::new()]);
        out.extend(troubles.iter().map(|t| format!("- `{}` {}: {}", t.name(), t.state, cell(&t.why))));
    }
    if !judgement.timeline.is_empty() {
        out.extend([String::new(), "## Last changes".to_owned(), String::new()]);
        let line = |e: &crate::insight::Event| {
            format!("- {} `{}` {} ({})", e.at.format("%Y-%m-%d %H:%M:%SZ"), e.node, cell(&e.text), e.level.word())
        };
        out.extend(judgement.timeline.iter().take(CHANGES).map(line));
    }
    let objectives = objectives(store, stack, now);
    if !objectives.is_empty() {
        out.extend([String::new(), "## Objectives".to_owned(), String::new()]);
        out.extend(promised(&objectives));
    }
    out.extend(counted(&inventory(store, stack, now)));
    out.join("\n") + "\n"
}

/// What the written architecture promises about loss and recovery, and how it stands.
pub(super) fn promised(all: &[Objective]) -> Vec<String> {
    let mut out = ["| Objective | Wanted | Measured | Level | What AWS says |", "|---|---|---|---|---|"].map(str::to_owned).to_vec();
    out.extend(all.iter().map(|o| {
        let measured = o.measured.as_deref().unwrap_or("not known");
        format!("| {} | {} | {} | {} | {} |", o.name, o.wanted, cell(measured), o.level.word(), cell(&text::inert(&o.says)))
    }));
    out
}

/// What was counted, a row for each AWS service, and what could not be.
fn counted(inventory: &Inventory) -> Vec<String> {
    let mut out = ["", "## Inventory", ""].map(str::to_owned).to_vec();
    out.extend([format!("{}.", inventory.summary()), String::new(), "| Service | Resources |".to_owned(), "|---|---|".to_owned()]);
    for (service, types) in inventory.by_service() {
        let types: Vec<String> = types.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
        out.push(format!("| {service} | {} |", types.join(", ")));
    }
    let unseen = inventory.unseen();
    if !unseen.is_empty() {
        out.extend([String::new(), "Not loaded:".to_owned(), String::new()]);
        out.extend(unseen.into_iter().map(|(section, types, why)| format!("- {section}: {} ({})", types.join(", "), cell(why))));
    }
    out
}

/// The cloud's words inside a table: no cell may end early, no tag, link or code may begin.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
