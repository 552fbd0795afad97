//! What would fail at three in the morning: commands and expressions that are wrong, actions that nobody checks, links that lead nowhere, values
//! that nobody is asked for. Called by `runbook lint`, and by a test for what is built in.

use std::collections::BTreeMap;

use super::command::Command;
use super::fault::Fault;
use super::fill::places;
use super::parse::{Block, Line, Runbook};
use crate::expression::{Language, Wrong};

/// Everything that is wrong. `leads` says whether a relative link leads somewhere: to a file, and to a heading of it.
pub fn lint(runbook: &Runbook, language: &Language, leads: &dyn Fn(&str, Option<&str>) -> bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    unasked(runbook, &mut faults);
    links(runbook, leads, &mut faults);
    faults.extend(unreadable(runbook, language));
    faults.extend(unchecked_actions(runbook));
    faults.sort();
    faults
}

/// The runbook with a value of its form in each place.
pub(super) fn sample(runbook: &Runbook) -> Runbook {
    let samples: BTreeMap<String, String> = runbook.front.values.iter().map(|asked| (asked.name.clone(), asked.sample())).collect();
    runbook.with(&samples)
}

/// Commands that nobody could run and expressions that nobody could decide: with one of them nothing of a runbook is run.
pub fn unreadable(runbook: &Runbook, language: &Language) -> Vec<Fault> {
    let mut faults = Vec::new();
    let sample = sample(runbook);
    for (written, filled) in runbook.steps.iter().zip(&sample.steps).flat_map(|(written, filled)| written.commands().zip(filled.commands()))
    {
        let mut fault = |inside: usize, message: String| {
            faults.push(Fault::new(&runbook.file, written.line, written.column + inside, message));
        };
        match Command::read(&filled.text) {
            Err((inside, message)) => fault(inside, message),
            Ok(command) => {
                let Some(text) = command.expression() else { continue };
                // Wrong places are counted in the text with samples: beside a value they are a little off.
                let before = filled.text.find(text).map_or(0, |at| filled.text.get(..at).unwrap_or_default().chars().count());
                for wrong in wrongs(language, text) {
                    fault(before + wrong.column - 1, wrong.message);
                }
            }
        }
    }
    faults
}

/// Actions after which nothing looks whether they have helped.
fn unchecked_actions(runbook: &Runbook) -> Vec<Fault> {
    let (mut faults, mut waiting) = (Vec::new(), None);
    let sample = sample(runbook);
    for (written, filled) in runbook.steps.iter().zip(&sample.steps).flat_map(|(written, filled)| written.commands().zip(filled.commands()))
    {
        let Ok(command) = Command::read(&filled.text) else { continue };
        if command.expression().is_some() {
            waiting = None;
        }
        if command.acts()
            && let Some(action) = waiting.replace(written)
        {
            faults.push(unchecked(runbook, action));
        }
    }
    faults.extend(waiting.map(|action| unchecked(runbook, action)));
    faults
}

fn unchecked(runbook: &Runbook, action: &Line) -> Fault {
    let message = format!("nothing checks or waits after '{}' before the next action or the end", action.text);
    Fault::new(&runbook.file, action.line, action.column, message)
}

fn wrongs(language: &Language, text: &str) -> Vec<Wrong> {
    match language.compile(text) {
        Ok(expression) => expression.unknown_fields().map(|w| Wrong { column: if w.line > 1 { 1 } else { w.column }, ..w }).collect(),
        Err(wrong) => vec![wrong],
    }
}

/// Values that are used and not asked for; and those that are asked for and used nowhere.
fn unasked(runbook: &Runbook, faults: &mut Vec<Fault>) {
    let mut used: Vec<String> = Vec::new();
    let mut look = |text: &str, line: usize, column: usize| {
        for (at, _, name) in places(text) {
            used.push(name.to_owned());
            if !runbook.front.values.iter().any(|asked| asked.name == name) {
                let before = text.get(..at).unwrap_or_default();
                let line = line + before.matches('\n').count();
                let column = if before.contains('\n') { 1 } else { column + before.chars().count() };
                faults.push(Fault::new(&runbook.file, line, column, format!("value '{name}' is used and not asked for")));
            }
        }
    };
    look(&runbook.front.title, 1, 1);
    look(&runbook.front.when, 1, 1);
    for step in &runbook.steps {
        look(&step.title, step.line, 4);
    }
    for block in runbook.intro.iter().chain(runbook.steps.iter().flat_map(|step| &step.blocks)) {
        match block {
            Block::Prose { text, line } => look(text, *line, 1),
            Block::Shell { text, line } => look(text, line + 1, 1),
            Block::Commands(lines) => lines.iter().for_each(|line| look(&line.text, line.line, line.column)),
        }
    }
    let idle = runbook.front.values.iter().filter(|asked| !used.contains(&asked.name));
    faults.extend(idle.map(|asked| Fault::new(&runbook.file, 1, 1, format!("value '{}' is asked for and used nowhere", asked.name))));
}

fn links(runbook: &Runbook, leads: &dyn Fn(&str, Option<&str>) -> bool, faults: &mut Vec<Fault>) {
    for link in &runbook.links {
        let (path, anchor) = link.to.split_once('#').map_or((link.to.as_str(), None), |(path, anchor)| (path, Some(anchor)));
        let elsewhere = path.contains("://") || path.starts_with("mailto:");
        let leads = match anchor {
            _ if elsewhere => true,
            Some(anchor) if path.is_empty() => runbook.anchors.iter().any(|a| a == anchor),
            _ if path.is_empty() => false,
            anchor => leads(path, anchor),
        };
        if !leads {
            faults.push(Fault::new(&runbook.file, link.line, link.column, format!("the link '{}' leads nowhere", link.to)));
        }
    }
}
