//! The pane of alarms: those for people first, worst first; the scaling alarms folded; and the history.

use crate::model::system::System;
use ratatui::layout::Rect;

use super::{List, Panels, beside, panel, spacious, split, text, widen};
use crate::insight::NodeId;
use crate::model::alarm::{Alarm, AlarmHistory, AlarmState, Alarms, Comparison};
use crate::model::text::{cells, clip};
use crate::session::ListState;
use crate::session::pane::alarms as alarms_rows;
use crate::session::{Screen, rows};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, clock};
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::{Ink, Phrase};

/// From here on alarms and history stand beside each other without cutting names.
const BESIDE: u16 = 190;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let title = Phrase::of("Alarms", Role::Title);
    let title = v.store.get::<Alarms>().map_or_else(|| title.clone(), |a| title.clone().then(summary(a)));
    let (mark, role) = v.badge(&NodeId::of(System::Alarms));
    let inner = ink.rule(area, &Phrase::of(mark, role).and(" ", Role::Text).then(title), &freshness::<Alarms>(v), false);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if spacious(area) && area.width >= BESIDE {
        let lists = super::wants(v, screen).into_iter().max().unwrap_or(0).clamp(12, inner.height - 8);
        let (lists, below) = split(inner, lists);
        let (left, right) = beside(lists, lists.width * 3 / 5);
        detail(v, screen, widen(below), ink);
        let inner = panel(v, screen, 0, Phrase::new(), widen(left), ink);
        alarms(v, screen, inner, ink);
        let inner = panel(v, screen, 1, freshness::<AlarmHistory>(v), widen(right), ink);
        history(v, screen, inner, ink);
        return;
    }
    let y = PANELS.draw(v, screen, inner, ink);
    detail(v, screen, widen(Rect { y, height: inner.bottom().saturating_sub(y), ..inner }), ink);
}

/// The selected alarm in full, where the lists leave room for it.
fn detail(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = alarms_rows::alarms(v.store, v.session.unfolded, &state);
    let position = state.position(&rows::ids(v.session, screen.pane, &screen.subject, 0));
    let Some(alarm) = all.get(position).filter(|_| area.height >= 5) else { return };
    let inner = ink.rule(area, &Phrase::of(v.alarm_name(&alarm.name), Role::Muted), &Phrase::new(), false);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let tells = match alarm.actions.as_slice() {
        _ if alarm.is_muted() => "nobody: actions disabled".to_owned(),
        _ if alarm.actions_enabled.is_none() => "not known whether its actions are enabled".to_owned(),
        [] => "nobody: no actions".to_owned(),
        actions => actions.join(" "),
    };
    let mut y = inner.y;
    let tells = match &alarm.suppressed {
        Some(by) => format!("nobody: suppressed ({by})"),
        None => tells,
    };
    let missing = alarm.missing_data.as_ref().map_or("missing", |policy| policy.as_str()).to_owned();
    let missing = if alarm.composite { "—".to_owned() } else { missing };
    let facts =
        [("condition", condition(alarm, usize::MAX)), ("notify", tells), ("missing data", missing), ("reason", alarm.reason.clone())];
    for (label, value) in facts {
        if y < inner.bottom() {
            ink.put(inner.x, y, inner.right(), label, Role::Muted);
            y = ink.prose(
                Rect { x: inner.x + 15, y, width: inner.width.saturating_sub(15), height: inner.bottom() - y },
                &value,
                Role::Text,
            );
        }
    }
}

const PANELS: Panels = Panels {
    fresh: |v, i| if i == 0 { Phrase::new() } else { freshness::<AlarmHistory>(v) },
    draw: |v, screen, i, area, ink| if i == 0 { alarms(v, screen, area, ink) } else { history(v, screen, area, ink) },
};

/// `  1 of 9 in alarm`, or that all is well.
pub(crate) fn summary<'a>(alarms: &Alarms) -> Phrase<'a> {
    let (mut firing, mut unsure, mut muted, mut well, mut total) = (0, 0, 0, 0, 0);
    for alarm in alarms.for_people() {
        total += 1;
        firing += usize::from(alarm.state == AlarmState::Alarm);
        unsure += usize::from(alarm.state == AlarmState::InsufficientData);
        muted += usize::from(alarm.is_muted());
        well += usize::from(is_well(alarm));
    }
    let gap = Phrase::of(" ", Role::Text);
    if total == 0 {
        return gap.and("none", Role::Muted);
    }
    let line = if firing > 0 {
        gap.and(format!("{firing} of {total} in alarm"), Role::Warn)
    } else {
        gap.and(format!("{well} of {total} ok"), Role::Text)
    };
    let line = if unsure > 0 { line.and(format!("  {unsure} without data"), Role::Muted) } else { line };
    if muted > 0 { line.and(format!("  {muted} muted"), Role::Warn) } else { line }
}

/// An alarm that tells nobody is not well, whatever its state: the mark of the box says so, too.
pub(crate) fn is_well(alarm: &Alarm) -> bool {
    alarm.actions_enabled == Some(true) && !matches!(alarm.state, AlarmState::Alarm | AlarmState::InsufficientData)
}

fn mark(alarm: &Alarm) -> (&'static str, Role) {
    match alarm.state {
        AlarmState::Ok => ("●", Role::Ok),
        // A scaling alarm in ALARM is the normal state at the minimum.
        AlarmState::Alarm if alarm.is_scaling() => ("○", Role::Muted),
        AlarmState::Alarm => ("▲", Role::Warn),
        _ => ("?", Role::Unknown),
    }
}

/// Glyph, name and age of one alarm in so many cells.
pub(crate) fn short_row<'a>(v: &View<'a>, alarm: &'a Alarm, width: usize) -> Phrase<'a> {
    let (glyph, role) = mark(alarm);
    let age = ago(alarm.since, v.now);
    let room = width.saturating_sub(cells(&age) + 3);
    let name = clip(v.short(&alarm.name), room).into_owned();
    let tone = if alarm.state == AlarmState::Alarm { Role::Warn } else { Role::Text };
    Phrase::of(glyph, role).and(" ", Role::Text).then(Phrase::of(name, tone).padded(room + 1)).and(age, Role::Muted)
}

/// One row each, worst first, for the stack view.
pub(crate) fn brief(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    let all = alarms_rows::alarms(v.store, false, &ListState::default());
    let longest = all.iter().map(|a| cells(v.short(&a.name)) as u16).max().unwrap_or(0);
    let name = longest.clamp(16, (area.width / 2).max(16)).max(area.width.saturating_sub(12).min(longest));
    for (i, alarm) in all.iter().take(usize::from(area.height)).enumerate() {
        let y = area.y + i as u16;
        let (glyph, role) = mark(alarm);
        let firing = alarm.state == AlarmState::Alarm;
        ink.put(area.x, y, area.right(), glyph, role);
        ink.put(area.x + 2, y, area.x + 2 + name, v.short(&alarm.name), if firing { Role::Warn } else { Role::Text });
        let x = area.x + 2 + name + 1;
        ink.put_right(y, x + 7, &ago(alarm.since, v.now), Role::Muted);
        if area.width > name + 26 {
            ink.put(
                x + 9,
                y,
                area.right(),
                &condition(alarm, usize::from(area.right().saturating_sub(x + 9))),
                if firing { Role::Text } else { Role::Muted },
            );
        }
    }
}

/// `> 80 for 3×60 s`.
fn limit(alarm: &Alarm) -> String {
    if alarm.composite {
        return "—".to_owned();
    }
    let threshold = || alarm.threshold.map_or_else(|| "?".to_owned(), |t| format!("{t}"));
    let limit = match (&alarm.comparison, alarm.comparison.sign()) {
        (_, Some(sign)) => format!("{sign} {}", threshold()),
        (Comparison::GreaterThanUpperThreshold, _) => "above its band".to_owned(),
        (Comparison::LessThanLowerThreshold, _) => "below its band".to_owned(),
        (Comparison::LessThanLowerOrGreaterThanUpperThreshold, _) => "outside its band".to_owned(),
        (other, _) => format!("{other} {}", threshold()),
    };
    let of = |n| alarm.datapoints.map_or_else(|| format!("{n}"), |m| format!("{m}/{n}"));
    let window = alarm.period.zip(alarm.periods).map(|(p, n)| format!(" for {}×{p} s", of(n))).unwrap_or_default();
    format!("{limit}{window}")
}

fn metric(alarm: &Alarm) -> &str {
    if alarm.subject().is_empty() { "?" } else { alarm.subject() }
}

/// `CPUUtilization > 80 for 3×60 s` in so many cells: the metric gives way, not the limit.
fn condition(alarm: &Alarm, width: usize) -> String {
    let limit = limit(alarm);
    let room = width.saturating_sub(cells(&limit) + 1);
    format!("{} {limit}", clip(metric(alarm), room))
}

fn alarms(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let known = match ready::<Alarms>(v) {
        Ok(known) => known,
        Err(lines) => return explain(&lines, area, ink),
    };
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = alarms_rows::alarms(v.store, v.session.unfolded, &state);
    let scaling = known.alarms.iter().filter(|a| a.is_scaling()).count();
    let folded = scaling > 0 && !v.session.unfolded;
    let table = Rect { height: area.height.saturating_sub(u16::from(folded)), ..area };
    let list = List {
        panel: 0,
        columns: alarms_rows::ALARMS,
        rows: all.len(),
        empty: "no alarms except for scaling; each box still has its own rules",
    };
    list.draw(v, screen, table, ink, |i| {
        let Some(alarm) = all.get(i) else { return Vec::new() };
        let (glyph, role) = mark(alarm);
        let firing = alarm.state == AlarmState::Alarm && !alarm.is_scaling();
        vec![
            Phrase::of(glyph, role),
            Phrase::of(v.alarm_name(&alarm.name), if alarm.is_scaling() { Role::Muted } else { Role::Text }),
            Phrase::of(
                alarm.state.as_str().to_lowercase().replace("insufficient_data", "no data"),
                if firing { Role::Warn } else { Role::Text },
            ),
            text(ago(alarm.since, v.now)),
            text(metric(alarm)),
            text(limit(alarm)),
            match alarm.actions_enabled {
                Some(true) if !alarm.actions.is_empty() => text("yes"),
                None if !alarm.actions.is_empty() => Phrase::of("?", Role::Unknown),
                _ => Phrase::of("no", Role::Muted),
            },
            Phrase::of(alarm.reason.as_str(), Role::Muted),
        ]
    });
    if folded {
        let y = (area.y + 1 + all.len() as u16).min(area.bottom().saturating_sub(1));
        let firing = known.alarms.iter().filter(|a| a.is_scaling() && a.state == AlarmState::Alarm).count();
        let line = format!("○ {scaling} scaling alarms hidden, {firing} in alarm (normal at minimum); s to show");
        ink.put(area.x, y, area.right(), &line, Role::Muted);
    }
}

/// `ok → alarm` of a change of state; the other changes in their own words.
fn change(summary: &str) -> std::borrow::Cow<'_, str> {
    let states = summary.strip_prefix("Alarm updated from ").and_then(|s| s.split_once(" to "));
    let word = |state: &str| state.to_lowercase().replace("insufficient_data", "no data");
    states.map_or(summary.into(), |(from, to)| format!("{} → {}", word(from), word(to)).into())
}

fn history(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<AlarmHistory>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let all = alarms_rows::alarm_history(v.store, &state);
    let list = List { panel: 1, columns: alarms_rows::HISTORY, rows: all.len(), empty: "no alarm state changes in the last day" };
    list.draw(v, screen, area, ink, |i| {
        all.get(i).map_or_else(Vec::new, |c| {
            vec![Phrase::of(clock(c.at, v.now), Role::Muted), text(v.alarm_name(&c.name)), text(change(&c.summary))]
        })
    });
}
