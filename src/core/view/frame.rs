//! What surrounds the body: the context bar in row 0, the banner when nothing can be trusted, hints or a message in the last row.

use ratatui::layout::Rect;

use super::View;
use super::figures::{coarse_age, counted, stack_role};
use super::widget::phrase::fit;
use super::widget::{Fact, Ink, Phrase};
use crate::incident::{Incident, Phase};
use crate::input::{COMMANDS, Command, Key};
use crate::model::Time;
use crate::model::health::Level;
use crate::model::identity::Identity;
use crate::model::mode::Mode;
use crate::model::obligation::Standing;
use crate::model::place::Endpoint;
use crate::model::text;
use crate::model::text::clip_middle;
use crate::session::LIVE;
use crate::session::Tone;
use crate::session::logs::Prompt;
use crate::theme::Role;

/// Cells of an endpoint's host.
const ENDPOINT_WIDTH: usize = 24;

/// The context bar: the most important from the left, what is least missed dropped first.
pub(crate) fn header(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    let session = v.session;
    let mode = match session.mode {
        Mode::Viewer => Role::BadgeViewer,
        Mode::Safe => Role::BadgeSafe,
        Mode::Armed => Role::BadgeArmed,
    };
    let mut badge = Phrase::of(session.mode.word(), mode);
    if session.simulated {
        badge = Phrase::of("SIM", Role::BadgeSim).and(" ", Role::Text).then(badge);
    }
    let usage = &v.store.usage;
    let facts = vec![
        Fact::new(7, Phrase::of("nextcore-top", Role::Title)),
        Fact::new(0, which(v)),
        Fact::new(0, badge),
        Fact::new(0, elsewhere(v)),
        Fact::new(3, identity(v)),
        Fact::new(6, role(v)),
        Fact::new(4, Phrase::of(session.stack.region.as_str(), Role::Text)),
        Fact::new(2, cause(v)),
        Fact::new(0, health(v)),
        Fact::new(1, freshness(v)),
        Fact::new(1, under_way(v)),
        Fact::new(0, owed(v)),
        Fact::new(5, Phrase::of(format!("{:>3.0}", usage.calls_per_min), Role::Text).and(" calls/min", Role::Muted)),
        Fact::new(5, price(usage.dollars_per_month)),
    ];
    let time = v.now.format("%H:%M:%SZ").to_string();
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let line = fit(facts, usize::from(inner.width).saturating_sub(time.len() + 2), 2);
    ink.phrase(inner.x, inner.y, inner.right(), &line);
    ink.put_right(inner.y, inner.right(), &time, Role::Text);
}

/// Which of several stacks it is, in its own colour.
fn which<'a>(v: &View<'a>) -> Phrase<'a> {
    let current = v.session.stacks.iter().find(|s| s.current);
    current.map(|s| Phrase::of(format!(" {} ", s.name), stack_role(s.color))).unwrap_or_default()
}

/// What was sent from here and has no end yet: it stays in sight when its layer is closed.
fn under_way<'a>(v: &View<'a>) -> Phrase<'a> {
    let mut runs = v.session.under_way();
    let Some(run) = runs.next() else { return Phrase::new() };
    let more = runs.count();
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    // The request is shorter than the title: at 80 columns it still has room.
    let request = &run.plan.request;
    let name = if request.target.len() > 14 { request.action.clone() } else { format!("{} {}", request.action, request.target) };
    Phrase::of("◐ ", Role::Info)
        .and(name.trim().to_owned(), Role::Info)
        .and(format!(" {}{more}", text::duration(run.elapsed(v.now))), Role::Text)
}

/// What is promised and what was left behind: it is never out of sight.
fn owed<'a>(v: &View<'a>) -> Phrase<'a> {
    let left = v.session.owed.iter().filter(|s| s.is_left_behind(v.now)).count();
    if left > 0 {
        return Phrase::of(format!("✖ {left} orphaned"), Role::Crit);
    }
    let promises: Vec<_> = v.session.promises().collect();
    let Some(next) = promises.iter().filter_map(|s| s.obligation.due).min() else { return Phrase::new() };
    let role = if next < v.now { Role::Warn } else { Role::Info };
    Phrase::of(format!("◔ {} owed", promises.len()), role).and(format!(" {}", next.format("%H:%MZ")), Role::Text)
}

/// The month's price; the first poll asks for everything at once and says nothing about it.
fn price<'a>(dollars: f64) -> Phrase<'a> {
    let shown = if dollars > 0.0 { format!("${dollars:.0}") } else { "$…".to_owned() };
    Phrase::of(shown, Role::Text).and("/month", Role::Muted)
}

fn identity<'a>(v: &View<'a>) -> Phrase<'a> {
    match v.store.get::<Identity>() {
        Some(id) => Phrase::of(id.user(), Role::Text).and(format!("@{}", id.account_grouped()), Role::Text),
        None => Phrase::of("identity …", Role::Muted),
    }
}

/// That this is not AWS, and what it is: a healthy picture of a laptop must not look like production.
fn elsewhere<'a>(v: &View<'a>) -> Phrase<'a> {
    let host = |e: &Endpoint| clip_middle(&e.url.host(), ENDPOINT_WIDTH).into_owned();
    match v.store.place.endpoints.as_slice() {
        [] => Phrase::new(),
        [one] if one.services.is_empty() => Phrase::of("endpoint ", Role::Warn).and(host(one), Role::Warn),
        [one] if one.services.len() == 1 => Phrase::of(format!("{} endpoint ", one.whose()), Role::Warn).and(host(one), Role::Warn),
        several => {
            let all = several.iter().any(|e| e.services.is_empty());
            let services: usize = several.iter().map(|e| e.services.len()).sum();
            let whose = if all { "all services".to_owned() } else { format!("{services} services") };
            Phrase::of(format!("custom endpoints: {whose}"), Role::Warn)
        }
    }
}

fn role<'a>(v: &View<'a>) -> Phrase<'a> {
    let role = v.store.get::<Identity>().and_then(Identity::role);
    role.map(|r| Phrase::labelled("role", r, Role::Text)).unwrap_or_default()
}

/// What failed first, before how many failed with it.
fn cause<'a>(v: &View<'a>) -> Phrase<'a> {
    let Some(cause) = v.judgement.cause() else { return Phrase::new() };
    let (mark, role) = v.badge(&cause.node);
    Phrase::of(mark, role).and(format!(" {}", cause.words().trim_start_matches("the ")), role)
}

/// The worst level and how many nodes are at it; both of the bad levels when there are two.
fn health(v: &View<'_>) -> Phrase<'static> {
    let counts = v.judgement.counts;
    if v.session.outage().is_some() || (counts.total() == counts.unknown && v.session.blocked().is_some()) {
        let seen = v.store.entries().any(|(_, e)| e.value.is_some());
        return Phrase::of(if seen { "? all stale" } else { "? no data" }, Role::Unknown);
    }
    let loading = v.judgement.nodes.values().filter(|n| n.is_loading()).count();
    if counts.total() == loading {
        return Phrase::of("◌ loading", Role::Muted);
    }
    counted(&counts, loading)
        .unwrap_or_else(|| Phrase::of(format!("◌ {} of {} loaded", counts.total() - loading, counts.total()), Role::Muted))
}

fn freshness(v: &View<'_>) -> Phrase<'static> {
    let needs = v.session.needs();
    let entries: Vec<_> = needs.iter().filter_map(|k| v.store.entry(*k).map(|e| (k, e))).collect();
    // Beside "all stale" no smaller number.
    if let Some(at) = v.session.outage().and_then(|_| entries.iter().filter_map(|(_, e)| e.at).max()) {
        return Phrase::of(format!("◌ no answer, {}", text::age(at, v.now)), Role::Stale);
    }
    let stale: Vec<_> = entries.iter().filter(|(_, e)| e.is_stale(v.now)).collect();
    if let Some((_, entry)) = stale.iter().min_by_key(|(_, e)| e.at)
        && let Some(at) = entry.at
    {
        return Phrase::of(format!("◌ {} stale, {}", stale.len(), text::age(at, v.now)), Role::Stale);
    }
    let live = entries.iter().filter(|(_, e)| e.interval <= LIVE).filter_map(|(_, e)| e.at).min();
    match live {
        Some(at) => Phrase::labelled("fresh", format!("{:>3}", coarse_age(at, v.now)), Role::Text),
        None if entries.iter().any(|(_, e)| e.is_failing()) => Phrase::of("◌ no answer", Role::Stale),
        None => Phrase::of("fresh   …", Role::Muted),
    }
}

/// One line about what keeps everything from being current, about what contradicts what, or about what waits for a person; returns the
/// body beneath.
pub(crate) fn banner(v: &View<'_>, body: Rect, ink: &mut Ink<'_>) -> Rect {
    if let (None, Some((incident, more))) = (v.session.banner(), v.session.worst_incident()) {
        return incident_line(v, incident, more, body, ink);
    }
    let notice = v.session.notice().map(|notice| (notice.into(), "Esc dismisses"));
    let line = match (v.session.banner().or(notice), v.session.reminder()) {
        (Some((headline, "")), _) => headline.into_owned(),
        (Some((headline, hint)), _) => format!("{headline} · {hint}"),
        (None, Some((oldest, more))) => reminder(oldest, more, v.now),
        (None, None) => return body,
    };
    let row = Rect { height: 1, ..body };
    ink.put(row.x + 1, row.y, row.right() - 1, &format!("▲ {line}"), Role::Banner);
    ink.wash(row, Role::Banner);
    Rect { y: body.y + 1, height: body.height - 1, ..body }
}

/// `✖ RDS failover  since 12:44:10 (1m12s)  RDS: failover started  +1   i open  b runbook`.
fn incident_line(v: &View<'_>, incident: &Incident, more: usize, body: Rect, ink: &mut Ink<'_>) -> Rect {
    let row = Rect { height: 1, ..body };
    let lasts = text::duration(incident.lasts(v.now).num_seconds().max(0));
    let since = incident.since.format("%H:%M:%S");
    let recovering = if incident.phase == Phase::Recovering { "recovering, " } else { "" };
    let evidence = incident.evidence.first().map_or("", |e| e.text.as_str());
    let felt = incident.consequences();
    let keys = if incident.runbook.is_empty() { "i open" } else { "i open  b runbook" };
    // The row of hints has it, too.
    let shown = incident.acknowledged.is_none() && row.width >= 100;
    let keys = if shown { format!("{keys}  A acknowledge") } else { keys.to_owned() };
    let width = usize::from(row.width).saturating_sub(2);
    let sign = if incident.phase == Phase::Recovering { Level::Info.sign() } else { incident.severity.level().sign() };
    let name = format!("{sign} {}", incident.name);
    // Since when is said in any case, as fully as there is room.
    let room = width.saturating_sub(text::cells(&name) + keys.len() + 4);
    let told = [format!("{recovering}since {since} ({lasts})"), format!("{recovering}since {since}"), since.to_string()];
    let told = told.iter().find(|t| text::cells(t) <= room).unwrap_or(&told[2]);
    let mut facts = vec![Fact::new(0, Phrase::of(name, Role::Banner)), Fact::new(1, Phrase::of(told.clone(), Role::Banner))];
    if more > 0 {
        facts.push(Fact::new(2, Phrase::of(format!("+{more} more"), Role::Banner)));
    }
    let used = |facts: &[Fact<'_>]| facts.iter().map(|f| f.phrase.width() + 2).sum::<usize>() + keys.len() + 2;
    // One line of evidence, and what is felt of it, as far as there is room.
    for said in [evidence, felt.as_str()] {
        let room = width.saturating_sub(used(&facts));
        if room > 12 && !said.is_empty() {
            facts.push(Fact::new(3, Phrase::of(text::clip(said, room - 2).into_owned(), Role::Banner)));
        }
    }
    let line = fit(facts, width.saturating_sub(keys.len() + 2), 2);
    ink.phrase(row.x + 1, row.y, row.right(), &line);
    ink.put_right(row.y, row.right() - 1, &keys, Role::Banner);
    ink.wash(row, Role::Banner);
    Rect { y: body.y + 1, height: body.height - 1, ..body }
}

/// `autoscaling of web is suspended for 2h10m · see :owed`.
fn reminder(oldest: &Standing, more: usize, now: Time) -> String {
    let more = if more > 0 { format!(" (+{more})") } else { String::new() };
    let left = if oldest.is_left_behind(now) { ", not being restored" } else { "" };
    let obligation = &oldest.obligation;
    format!("{} for {}{left}{more} · see :owed", obligation.owed.words(), text::age(obligation.since, now))
}

/// The last row: what is being typed, a message, or the keys that work here.
pub(crate) fn hints(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    let (mut x, end) = (area.x + 1, area.right().saturating_sub(1));
    if let Some(text) = &v.session.typing {
        let x = ink.put(x, area.y, end, "/", Role::Key);
        let x = ink.put(x, area.y, end, text, Role::Title);
        ink.dot(x, area.y, '█', Role::Accent);
        ink.put_right(area.y, end, "words  !without   Enter keep   Esc clear", Role::Muted);
        return;
    }
    if let Some(prompt) = &v.session.logs.prompt {
        return typed(prompt, x, area.y, end, ink);
    }
    if let Some(flash) = &v.session.flash {
        let (mark, role) = match flash.tone {
            Tone::Done => ("● ", Role::Ok),
            Tone::Error => ("✖ ", Role::Crit),
        };
        x = ink.put(x, area.y, end, mark, role);
        // A word that stays hides no key.
        x = ink.put(x, area.y, end, &flash.text, Role::Text) + 3;
    }
    // A layer of actions says in its own edge what its keys do.
    if v.session.act().is_some() {
        return;
    }
    let situation = v.session.situation();
    let mut shown: Vec<&Command> = COMMANDS.iter().filter(|c| c.is_hinted(situation)).collect();
    // In the order of the table, help and quit at the end.
    shown.sort_by_key(|c| c.group == "Program");
    let facts =
        shown.into_iter().map(|c| Fact::new(c.rank, Phrase::of(key_name(c), Role::Key).and(" ", Role::Text).and(c.hint, Role::Muted)));
    let line = fit(facts.collect(), usize::from(end.saturating_sub(x)), 3);
    if x < end {
        ink.phrase(x, area.y, end, &line);
    }
}

/// What is typed in the log, its end in sight; why it cannot be read, else what may be typed, as far as there is room.
fn typed(prompt: &Prompt, x: u16, y: u16, end: u16, ink: &mut Ink<'_>) {
    let wrong = prompt.wrong.as_ref().map(|why| Phrase::of(format!("▲ {why}"), Role::Warn));
    let help =
        || fit(prompt.ask.terms().map(|(rank, term)| Fact::new(rank, Phrase::of(term, Role::Muted))).to_vec(), usize::from(end - x) / 2, 3);
    let right = wrong.unwrap_or_else(help);
    let at = ink.put(x, y, end, prompt.ask.sign(), Role::Key);
    let room = usize::from(end - at).saturating_sub(right.width() + 4).max(12);
    let skipped = prompt.text.chars().count().saturating_sub(room);
    let text: String = prompt.text.chars().skip(skipped).collect();
    let at = ink.put(at, y, end, &text, Role::Title);
    ink.dot(at, y, '█', Role::Accent);
    if at + 2 < end {
        ink.phrase((at + 2).max(end.saturating_sub(right.width() as u16)), y, end, &right);
    }
}

fn key_name(command: &Command) -> String {
    command.keys.first().map(Key::to_string).unwrap_or_default()
}
