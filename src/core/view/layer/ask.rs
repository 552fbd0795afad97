//! Asking what to do: the menu of actions with their keys and reasons why not, the form with its fields, and the palette with its
//! suggestions, all from the table of actions.

use ratatui::layout::Rect;

use super::panel::{Panel, marked};
use crate::session::act::{Field, Form, Menu, MenuItem, Palette, RUNBOOKS, Values, Words, WordsFor};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

pub(super) fn menu(menu: &Menu, body: Rect, ink: &mut Ink<'_>) {
    let title = if menu.title.is_empty() { "Actions".to_owned() } else { format!("Actions on {}", menu.title) };
    let keys: &[(&str, &str)] = &[("Enter", "or its key: plan"), ("Esc", "cancel")];
    let mut panel = Panel::new(Phrase::of(title, Role::Title), keys);
    panel.width = 92;
    let widest = menu.entries.iter().map(|e| e.spec.name.len()).max().unwrap_or(0);
    panel.lines = menu.entries.iter().enumerate().map(|(i, e)| entry(e, i == menu.index, widest)).collect();
    if menu.runbooks > 0 {
        panel.lines.push(books(menu, widest));
    }
    panel.scroll = menu.index.saturating_sub(usize::from(body.height.saturating_sub(6)));
    panel.lines.push(Phrase::new());
    panel.lines.push(Phrase::of("Each action shows a plan first. Nothing is sent until you confirm.", Role::Muted));
    panel.draw(body, ink);
}

fn books(menu: &Menu, widest: usize) -> Phrase<'static> {
    let how_many = if menu.runbooks == 1 { "one is".to_owned() } else { format!("{} are", menu.runbooks) };
    let (key, name) = if menu.index == menu.entries.len() { (Role::Selection, Role::Selection) } else { (Role::Key, Role::Text) };
    Phrase::of(RUNBOOKS.to_string(), key)
        .and(format!("  {:<widest$}", "runbooks"), name)
        .and(format!("  {how_many} about it: step by step"), Role::Muted)
}

fn entry(entry: &MenuItem, selected: bool, widest: usize) -> Phrase<'_> {
    let (key, name, doc) = match (selected, &entry.why_not) {
        (true, _) => (Role::Selection, Role::Selection, Role::Text),
        (false, None) => (Role::Key, Role::Text, Role::Muted),
        (false, Some(_)) => (Role::Faint, Role::Faint, Role::Faint),
    };
    let head = Phrase::of(format!("{}  {:<widest$}", entry.spec.key, entry.spec.name), name);
    let head =
        if selected { head } else { Phrase::of(entry.spec.key.to_string(), key).and(format!("  {:<widest$}", entry.spec.name), name) };
    match &entry.why_not {
        Some(why) => head.and(format!("  not now: {why}"), if selected { Role::Warn } else { Role::Faint }),
        None => head.and(format!("  {}", entry.spec.doc), doc),
    }
}

pub(super) fn form(form: &Form, body: Rect, ink: &mut Ink<'_>) {
    let title = match &form.target {
        Some(target) => format!("{} {target}", form.spec.title),
        None => form.spec.title.to_owned(),
    };
    let keys: &[(&str, &str)] = &[("Enter", "show the plan"), ("Tab", "next field"), ("Esc", "cancel")];
    let mut panel = Panel::new(Phrase::of(title, Role::Title), keys);
    panel.width = 78;
    let room = panel.room(body);
    if !form.about.is_empty() {
        panel.lines.push(Phrase::of(form.about.as_str(), Role::Muted));
        panel.lines.push(Phrase::new());
    }
    let widest = form.fields.iter().map(|f| f.label.chars().count()).max().unwrap_or(0);
    for (i, f) in form.fields.iter().enumerate() {
        panel.lines.extend(field(f, i == form.at, widest));
    }
    if let Some(wrong) = &form.wrong {
        panel.lines.push(Phrase::new());
        panel.lines.extend(marked("▲", Role::Warn, wrong, Role::Text, room));
    }
    panel.draw(body, ink);
}

/// What a runbook asks for.
pub(super) fn values(values: &Values, body: Rect, ink: &mut Ink<'_>) {
    let keys: &[(&str, &str)] = &[("Enter", "open the runbook"), ("Tab", "next field"), ("Esc", "cancel")];
    let mut panel = Panel::new(Phrase::of(values.title.as_str(), Role::Title), keys);
    panel.width = 78;
    let room = panel.room(body);
    panel.lines.extend(wrap(&values.when, room).into_iter().map(|line| Phrase::of(line, Role::Muted)));
    panel.lines.push(Phrase::new());
    let widest = values.fields.iter().map(|f| f.label.chars().count()).max().unwrap_or(0);
    for (i, f) in values.fields.iter().enumerate() {
        panel.lines.extend(field(f, i == values.at, widest));
    }
    if let Some(wrong) = &values.wrong {
        panel.lines.push(Phrase::new());
        panel.lines.extend(marked("▲", Role::Warn, wrong, Role::Text, room));
    }
    panel.draw(body, ink);
}

/// Why a step is skipped, or a note.
pub(super) fn words(words: &Words, body: Rect, ink: &mut Ink<'_>) {
    let (what, label, enter) = match words.of {
        WordsFor::Skip => ("Skip", "why", "skip it"),
        WordsFor::Note => ("Note on", "note", "write it down"),
    };
    let keys: &[(&str, &str)] = &[("Enter", enter), ("Esc", "cancel")];
    let mut panel = Panel::new(Phrase::of(format!("{what} step {}: {}", words.step + 1, words.title), Role::Title), keys);
    panel.width = 78;
    let room = panel.room(body);
    // What is typed goes on in the next line: nothing of it is out of sight.
    let typed = wrap(&format!("{}█", words.typed), room.saturating_sub(label.len() + 2));
    for (i, line) in typed.into_iter().enumerate() {
        let head = if i == 0 { format!("{label}  ") } else { " ".repeat(label.len() + 2) };
        panel.lines.push(Phrase::of(head, Role::Muted).and(line, Role::Title));
    }
    if let Some(wrong) = &words.wrong {
        panel.lines.push(Phrase::new());
        panel.lines.extend(marked("▲", Role::Warn, wrong, Role::Text, room));
    }
    panel.draw(body, ink);
}

fn field(field: &Field, focus: bool, widest: usize) -> Vec<Phrase<'_>> {
    let label =
        Phrase::of(format!("{} {:<widest$}  ", if focus { "›" } else { " " }, field.label), if focus { Role::Title } else { Role::Muted });
    let value = if field.flag {
        let (on, off) = if field.value == "true" { ("[x] yes", "") } else { ("", "[ ] no") };
        Phrase::of(on, Role::Title).and(off, Role::Text)
    } else {
        Phrase::of(field.value.as_str(), Role::Title)
    };
    let cursor = if focus && !field.flag && !field.fixed { Phrase::of("█", Role::Accent) } else { Phrase::new() };
    let how = match (focus, field.flag, field.choices.len()) {
        (true, true, _) => "   Space toggles".to_owned(),
        (true, false, 2..) => format!("   ←→ {} choices", field.choices.len()),
        _ => String::new(),
    };
    let mut lines = vec![label.then(value).then(cursor).and(how, Role::Muted)];
    if !field.doc.is_empty() {
        lines.push(Phrase::of(" ".repeat(widest + 4), Role::Text).and(field.doc, Role::Muted));
    }
    lines
}

pub(super) fn palette(v: &View<'_>, palette: &Palette, body: Rect, ink: &mut Ink<'_>) {
    let keys: &[(&str, &str)] = &[("Tab", "complete"), ("Enter", "run"), ("↑↓", "select"), ("Esc", "cancel")];
    let mut panel = Panel::new(Phrase::of("Command", Role::Title), keys);
    panel.width = 84;
    let room = panel.room(body);
    panel.lines.push(super::panel::typed(":", &palette.text));
    if let Some(wrong) = &palette.wrong {
        panel.lines.extend(marked("▲", Role::Warn, wrong, Role::Text, room));
    }
    let suggestions = palette.suggestions(v.session);
    let widest = suggestions.iter().map(|s| s.text.len()).max().unwrap_or(0);
    for (i, s) in suggestions.into_iter().enumerate() {
        let selected = palette.index == Some(i);
        let line = Phrase::of(format!("  {:<widest$}", s.text), if selected { Role::Selection } else { Role::Text });
        panel.lines.push(line.and(format!(" {}", s.doc), Role::Muted));
    }
    panel.draw(body, ink);
}
