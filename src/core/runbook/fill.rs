//! Puts values where a text says `{{name}}`. A value ends up in commands, in expressions and in lines that somebody pastes into a shell: what
//! means something there is refused by its name. Called by the parser's callers, before anything is shown as ready to run.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::front::Asked;
use super::parse::{Block, Runbook};

/// What a value may be made of, beside letters and digits: what names, paths and ARNs need.
const PLAIN: &str = "-_./:@+,";
const LONGEST: usize = 200;

impl Runbook {
    /// The runbook with these values in it. Every value that has no default has to be there, and no other.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut all = BTreeMap::new();
        for asked in &self.front.values {
            let Some(value) = values.get(&asked.name).or(asked.default.as_ref()) else {
                faults.push(Fault::new(&self.file, 1, 1, format!("value '{}' is missing", asked.name)));
                continue;
            };
            match refused(asked, value) {
                Some(why) => faults.push(Fault::new(&self.file, 1, 1, why)),
                None => {
                    all.insert(asked.name.clone(), value.clone());
                }
            }
        }
        let unasked = values.keys().filter(|name| !self.front.values.iter().any(|a| a.name == **name));
        faults.extend(unasked.map(|name| Fault::new(&self.file, 1, 1, format!("value '{name}' is not asked for"))));
        if faults.is_empty() { Ok(self.with(&all)) } else { Err(faults) }
    }

    /// The same without a look at the values.
    pub(super) fn with(&self, values: &BTreeMap<String, String>) -> Self {
        let mut filled = self.clone();
        let put = |text: &mut String| *text = put(text, values);
        put(&mut filled.front.title);
        put(&mut filled.front.when);
        for step in &mut filled.steps {
            put(&mut step.title);
        }
        for block in filled.intro.iter_mut().chain(filled.steps.iter_mut().flat_map(|s| &mut s.blocks)) {
            match block {
                Block::Prose { text, .. } | Block::Shell { text, .. } => put(text),
                Block::Commands(lines) => lines.iter_mut().for_each(|line| put(&mut line.text)),
            }
        }
        filled.values.clone_from(values);
        filled
    }
}

/// Why a value cannot be taken.
pub(super) fn refused(asked: &Asked, value: &str) -> Option<String> {
    let name = &asked.name;
    let strange = value.chars().find(|c| !c.is_ascii_alphanumeric() && !PLAIN.contains(*c));
    if value.is_empty() {
        Some(format!("value '{name}' is empty"))
    } else if value.len() > LONGEST {
        Some(format!("value '{name}' is longer than {LONGEST} characters"))
    } else if let Some(c) = strange {
        Some(format!("value '{name}' has {c:?} in it: only letters, digits and {PLAIN}"))
    } else if value.starts_with('-') {
        Some(format!("value '{name}' begins with '-': it would be read as an option"))
    } else {
        asked.refuses(value).map(|what| format!("value '{name}' {what}, not '{value}'"))
    }
}

/// The places of `{{name}}` in a text: where each begins, where it ends, and the name.
pub(super) fn places(text: &str) -> Vec<(usize, usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
        let Some(end) = text.get(start..).and_then(|rest| rest.find("}}")).map(|at| start + at + 2) else { break };
        let name = text.get(start + 2..end - 2).unwrap_or_default().trim();
        // `{{` of something else: a value's name is a plain word.
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_name {
            found.push((start, end, name));
            from = end;
        } else {
            from = start + 2;
        }
    }
    found
}

fn put(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut from = 0;
    for (start, end, name) in places(text) {
        let Some(value) = values.get(name) else { continue };
        out.push_str(text.get(from..start).unwrap_or_default());
        out.push_str(value);
        from = end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
