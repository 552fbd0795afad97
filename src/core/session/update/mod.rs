//! `update`: the one way into a session. This file only dispatches; what each intent does is beside it.

mod layer;
mod logs;
mod moment;
mod nav;
mod refresh;

use std::sync::Arc;

use super::act;
use super::derived::derive;
use super::diary;
use super::lens::lenses;
use super::{Effect, Flash, Msg, Screen, Session, Tone, help, query, runbook, trail};

use crate::input::{Code, Intent, Key, lookup, lookup_in};
use crate::insight::Judgement;
use crate::model::Time;
use crate::model::log::LogTail;
use crate::model::store::Store;
pub(super) use layer::{go, open_log, open_logs, open_node, push, wake_logs};

/// How long a message stays in the place of the hints.
const FLASH: chrono::TimeDelta = chrono::TimeDelta::seconds(4);

/// Takes one message in; returns what the loop must do. The first call announces what the screen needs.
pub fn update(session: &mut Session, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    let changes = matches!(msg, Msg::Observed(..) | Msg::Incidents(_) | Msg::Acted(_));
    match msg {
        Msg::Key(key) => on_key(session, key, &mut effects),
        Msg::Paste(text) => {
            if !act::paste(session, &text) && !layer::paste(session, &text) && !logs::paste(session, &text) {
                flash(session, "pasted text ignored".to_owned(), Tone::Done);
            }
        }
        Msg::Resize(w, h) => {
            session.dirty |= session.size != (w, h);
            session.size = (w, h);
        }
        Msg::Observed(store, judgement) => observe(session, store, judgement),
        Msg::Incidents(all) => {
            session.dirty |= session.incidents != all;
            session.incidents = all;
        }
        Msg::Tick(now) => tick(session, now),
        Msg::Focus(focused) => {
            session.dirty |= session.focused != focused;
            session.focused = focused;
        }
        Msg::Flash(text, tone) => flash(session, text, tone),
        Msg::Acted(news) => act::take_news(session, news, &mut effects),
        Msg::Mode(mode) => session.set_mode(mode),
        Msg::Runbooks(library, refused) => runbook::take_library(session, library, refused),
        Msg::Walks(walks) => runbook::take_walks(session, walks),
        Msg::Queried(news) => query::take(session, news),
        Msg::Glanced(name, glance) => {
            session.glances.insert(name, glance);
            session.dirty = true;
        }
    }
    session.trail.note(&session.screens);
    if changes {
        diary::gather(session);
    }
    derive(session);
    runbook::follow(session, &mut effects);
    logs::follow_older(session, &mut effects);
    let needs = (session.needs(), session.front(), session.screen().and_then(Screen::member));
    if needs != session.needs {
        session.needs.clone_from(&needs);
        let (all, front, member) = needs;
        effects.push(Effect::Needs { all, front, member });
    }
    let counts = session.judgement.counts;
    let closely = counts.degraded + counts.down > 0 || session.incidents.iter().any(|i| i.is_open());
    if closely != session.closely {
        session.closely = closely;
        effects.push(Effect::Closely(closely));
    }
    effects
}

/// Every figure and age on the screen is made of whole seconds: within one second nothing can change.
fn tick(session: &mut Session, now: Time) {
    session.dirty |= now.timestamp() != session.now.timestamp();
    session.now = now;
    if session.flash.as_ref().is_some_and(|f| f.tone == Tone::Done && now - f.since >= FLASH) {
        session.flash = None;
        session.dirty = true;
    }
}

fn observe(session: &mut Session, store: Arc<Store>, judgement: Judgement) {
    let news = store.version != session.store.version || judgement != session.judgement;
    session.dirty |= news;
    session.derived.news += u64::from(news);
    session.lenses = lenses(&session.stack, &store, &judgement);
    session.store = store;
    session.diary.observe(&judgement, session.now);
    session.judgement = judgement;
    let store = Arc::clone(&session.store);
    if let Some(tail) = store.get::<LogTail>() {
        session.logs.observe(tail);
    }
    derive(session);
    nav::hold_selection(session);
}

/// Puts a message in the place of the hints.
pub(super) fn flash(session: &mut Session, text: String, tone: Tone) {
    session.flash = Some(Flash { text, tone, since: session.now });
    session.dirty = true;
}

fn on_key(session: &mut Session, key: Key, effects: &mut Vec<Effect>) {
    session.dirty = true;
    if session.flash.as_ref().is_some_and(|f| f.tone == Tone::Error) {
        session.flash = None;
    }
    // What must always work, whatever is being typed.
    match lookup(key).map(|c| c.intent) {
        Some(Intent::Quit) if key.ctrl => return effects.push(Effect::Quit),
        Some(Intent::Suspend) => return stop(session, effects),
        _ => {}
    }
    session.stopping = false;
    if session.act.is_some() {
        return act::on_key(session, key, effects);
    }
    if session.typing.is_some() {
        return layer::type_filter(session, key);
    }
    if session.logs.prompt.is_some() {
        if let Some(words) = session.logs.type_key(key, session.now) {
            flash(session, words, Tone::Done);
        }
        return;
    }
    if session.help.is_some() && help::on_key(session, key) {
        return;
    }
    let situation = session.situation();
    let Some(command) = lookup_in(key, situation) else { return };
    if !(command.enabled)(situation) {
        let text = format!("{key} ({}) has no effect here", command.name);
        return flash(session, text, Tone::Done);
    }
    if command.intent != Intent::Quit {
        session.leaving = false;
    }
    carry(session, command.intent, key, effects);
}

pub(super) fn carry(session: &mut Session, intent: Intent, key: Key, effects: &mut Vec<Effect>) {
    match intent {
        Intent::Quit => leave(session, effects),
        Intent::Act => act::open_menu(session),
        Intent::Acknowledge => acknowledge(session, effects),
        Intent::Palette => act::open_palette(session),
        Intent::Suspend => stop(session, effects),
        Intent::Refresh => {
            effects.push(Effect::Refresh(session.needs()));
            flash(session, refresh::words(session), Tone::Done);
        }
        Intent::Json => layer::open_json(session),
        Intent::Theme => effects.push(Effect::Theme(None)),
        Intent::Sort if session.situation().queries => query::sort(session, key.code == Code::Char('O')),
        Intent::Sort => {
            if let Some(why) = nav::sort(session, key.code == Code::Char('O')) {
                flash(session, why.to_owned(), Tone::Done);
            }
        }
        Intent::Copy => copy(session, key, effects),
        Intent::Help => session.help = session.help.take().xor(Some(help::Help::default())),
        Intent::Back => layer::back(session, effects),
        Intent::Open => layer::open(session, effects),
        Intent::Backward => trail::walk(session, -1),
        Intent::Forward => trail::walk(session, 1),
        Intent::Go(place) => layer::go(session, place),
        Intent::Filter => layer::start_filter(session),
        Intent::Follow | Intent::Wrap | Intent::Search | Intent::Query | Intent::Match | Intent::Context | Intent::Problems => {
            logs::carry(session, intent, key, effects);
        }
        Intent::Save if session.situation().queries => query::save(session, effects),
        Intent::Times | Intent::GoTo | Intent::Mark | Intent::Save | Intent::Older => logs::carry(session, intent, key, effects),
        Intent::Window => session.window.widen(),
        Intent::Fold => session.unfolded = !session.unfolded,
        Intent::Step | Intent::Skip | Intent::Note | Intent::Again if !session.situation().walk => {
            flash(session, "that is done in a runbook: b lists them".to_owned(), Tone::Done);
        }
        Intent::Step => runbook::enter(session, effects),
        Intent::Skip => runbook::start_skip(session),
        Intent::Note => runbook::start_note(session),
        Intent::Again => runbook::again(session, effects),
        Intent::Move(dir) => nav::go(session, dir),
        Intent::Next => nav::step(session, 1),
        Intent::Previous => nav::step(session, -1),
        Intent::First | Intent::Last | Intent::PageUp | Intent::PageDown if session.situation().charts => moment::leap(session, intent),
        Intent::First => nav::scroll(session, isize::MIN / 2),
        Intent::Last => nav::scroll(session, isize::MAX / 2),
        Intent::PageUp | Intent::PageDown if session.situation().walk => runbook::scroll(session, intent == Intent::PageDown),
        Intent::PageUp => nav::scroll(session, -page(session)),
        Intent::PageDown => nav::scroll(session, page(session)),
        Intent::Digit => {
            if let Code::Char(c) = key.code {
                nav::jump(session, c.to_digit(10).unwrap_or(1) as usize - 1);
            }
        }
    }
}

/// The name, the ARN or the page of what is selected, by the key; or why there is none.
fn copy(session: &mut Session, key: Key, effects: &mut Vec<Effect>) {
    let none = || "nothing to copy here".to_owned();
    let walk = session.situation().walk;
    let asked = match key.code {
        Code::Char('Y' | 'u') if walk => Err(none()),
        Code::Char('Y') => layer::copied_arn(session),
        Code::Char('u') => layer::copied_page(session),
        _ => layer::copied(session).ok_or_else(none),
    };
    match asked {
        Ok(text) => {
            let words = match text.lines().count() {
                _ if walk => runbook::told(session, &text),
                2.. => format!("copied {} lines", text.lines().count()),
                _ => format!("copied {text}"),
            };
            flash(session, words, Tone::Done);
            effects.push(Effect::Copy(text));
        }
        Err(why) => flash(session, why, Tone::Done),
    }
}

/// The selected incident, or the one of the banner, is taken on.
fn acknowledge(session: &mut Session, effects: &mut Vec<Effect>) {
    let chosen = session.chosen_incident().filter(|i| i.is_open() && i.acknowledged.is_none());
    let Some(incident) = chosen.or_else(|| session.to_take_on()) else { return };
    let (id, name) = (incident.id.clone(), incident.name.clone());
    flash(session, format!("{name}: acknowledged"), Tone::Done);
    effects.push(Effect::Acknowledge(id));
}

/// What is under way goes on in AWS, but nobody here would see its end: that is said before leaving.
fn leave(session: &mut Session, effects: &mut Vec<Effect>) {
    if may_leave(session, "press q again to quit") {
        effects.push(Effect::Quit);
    }
}

/// Whether nothing is left behind, or that was said already.
pub(super) fn may_leave(session: &mut Session, again: &str) -> bool {
    let promised = session.promises().next().map(|s| format!("{}; restored on quit", s.obligation.owed.words()));
    let title = session.under_way().next().map(|r| format!("{} continues without this dashboard", r.plan.title));
    match promised.or(title).filter(|_| !session.leaving) {
        Some(what) => {
            session.leaving = true;
            flash(session, format!("{again}: {what}"), Tone::Error);
            false
        }
        None => true,
    }
}

/// A stopped process keeps no promise: that is said before it stops, and what it has promised is put right first.
fn stop(session: &mut Session, effects: &mut Vec<Effect>) {
    let promised = session.promises().next().map(|s| s.obligation.owed.words());
    match promised.filter(|_| !session.stopping) {
        Some(words) => {
            session.stopping = true;
            flash(session, format!("press Ctrl-Z again to restore now and suspend: {words}"), Tone::Error);
        }
        None => effects.push(Effect::Suspend),
    }
}

/// About as many rows as a list shows.
fn page(session: &Session) -> isize {
    (isize::try_from(session.size.1).unwrap_or(24) - 6).max(4)
}
