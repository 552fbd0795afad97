//! The pipeline: its stages from left to right where there is room, the list of its actions, and its executions.

use ratatui::layout::Rect;

use crate::model::Time;
use crate::model::delivery::{Pipeline, PipelineAction, PipelineExecution, PipelineStage, PipelineStatus};
use crate::model::text::age;
use crate::model::text::clip;
use crate::session::Screen;
use crate::session::pane::delivery as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, clock};
use crate::view::pane::detail::Detail;
use crate::view::pane::{List, text};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::{Ink, Phrase};

/// A stage that is narrower cannot name its actions.
const NARROWEST: u16 = 20;
/// More actions of a stage are left to the list.
const ACTIONS: usize = 4;

/// Glyph, role and word of a state, of stages, actions and executions alike.
pub(super) fn state(status: &PipelineStatus) -> (&'static str, Role, &str) {
    match status {
        PipelineStatus::Succeeded => ("●", Role::Ok, status.as_str()),
        PipelineStatus::InProgress => ("◐", Role::Info, "in progress"),
        PipelineStatus::Stopping => ("◐", Role::Info, status.as_str()),
        PipelineStatus::Unstated => ("○", Role::Muted, "never ran"),
        PipelineStatus::Superseded => ("○", Role::Muted, status.as_str()),
        other => ("▲", Role::Warn, other.as_str()),
    }
}

/// What an action waits for or says of itself.
fn action_state(action: &PipelineAction) -> (&'static str, Role, &str) {
    if action.awaits_approval { ("◐", Role::Info, "needs approval") } else { state(&action.status) }
}

/// The only words that are not calm are those of trouble and of what moves.
fn tone(role: Role) -> Role {
    if matches!(role, Role::Ok | Role::Muted) { Role::Text } else { role }
}

/// Rows of the stages in that area; 1 where they stand on a line.
pub(super) fn height(v: &View<'_>, area: Rect) -> u16 {
    let stages = v.store.get::<Pipeline>().map(|p| p.stages.as_slice()).unwrap_or_default();
    if stages.is_empty() {
        return 0;
    }
    if area.height < 26 || area.width / (stages.len() as u16) < NARROWEST {
        return 1;
    }
    let actions = stages.iter().map(|s| s.actions.len().min(ACTIONS)).max().unwrap_or(0) as u16;
    // A blank row, the name, when, and two rows for each action.
    3 + actions * 2
}

/// The stages from left to right.
pub(super) fn stages(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    let Some(pipeline) = v.store.get::<Pipeline>().filter(|_| area.height > 0) else { return };
    if area.height == 1 {
        ink.phrase(area.x, area.y, area.right(), &strip(pipeline));
        return;
    }
    let room = area.width / (pipeline.stages.len() as u16).max(1);
    for (i, stage) in pipeline.stages.iter().enumerate() {
        let x = area.x + i as u16 * room;
        let column = Rect { x, y: area.y + 1, width: room.saturating_sub(2), height: area.height - 1 };
        draw_stage(v, (pipeline, stage), i == 0, column, ink);
    }
}

/// How a stage stands, and since when: how long it has been at work, or how long ago it ended, which may be an earlier execution's end.
fn when<'a>(pipeline: &Pipeline, stage: &'a PipelineStage, now: Time) -> Phrase<'a> {
    let (_, role, words) = state(&stage.status);
    if stage.status == PipelineStatus::InProgress {
        let begun = stage.actions.iter().filter(|a| a.status == PipelineStatus::InProgress).filter_map(|a| a.changed_at).min();
        let since = begun.map(|at| format!(" for {}", age(at, now))).unwrap_or_default();
        return Phrase::of(words.to_lowercase(), tone(role)).and(since, Role::Muted);
    }
    let ended = stage.actions.iter().filter_map(|a| a.changed_at).max();
    let ago = ended.map(|at| format!("  {} ago", age(at, now))).unwrap_or_default();
    if pipeline.is_earlier(stage) {
        return Phrase::of(format!("earlier: {}{ago}", words.to_lowercase()), Role::Faint);
    }
    Phrase::of(words.to_lowercase(), tone(role)).and(ago, Role::Muted)
}

/// The mark of a stage or of an action in it; that of an earlier execution is no news.
fn marked(pipeline: &Pipeline, stage: &PipelineStage, role: Role) -> Role {
    if pipeline.is_earlier(stage) { Role::Faint } else { role }
}

/// One stage: its name with the transition that leads in, then its actions.
fn draw_stage(v: &View<'_>, (pipeline, stage): (&Pipeline, &PipelineStage), first: bool, area: Rect, ink: &mut Ink<'_>) {
    let (mark, role, _) = state(&stage.status);
    let end = area.right();
    let lead = match (first, stage.transition_enabled) {
        (true, true) => Phrase::new(),
        (_, true) => Phrase::of("→ ", Role::Muted),
        (_, false) => Phrase::of("╳ ", Role::Warn),
    };
    let mut x = ink.phrase(area.x, area.y, end, &lead);
    x = ink.put(x, area.y, end, mark, marked(pipeline, stage, role));
    x = ink.put(x + 1, area.y, end, &stage.name, Role::Title);
    for at in x + 1..end {
        ink.dot(at, area.y, '─', Role::Border);
    }
    let when = if stage.transition_enabled {
        when(pipeline, stage, v.now)
    } else {
        let why = if stage.disabled_reason.is_empty() { "no reason given" } else { stage.disabled_reason.as_str() };
        Phrase::of(format!("transition disabled: {why}"), Role::Warn)
    };
    ink.phrase(area.x, area.y + 1, end, &when);
    for (n, action) in stage.actions.iter().take(ACTIONS).enumerate() {
        let y = area.y + 2 + n as u16 * 2;
        let (mark, role, words) = action_state(action);
        let line = Phrase::of(mark, marked(pipeline, stage, role))
            .and(format!(" {}", action.name), Role::Text)
            .and(format!("  {}", action.provider), Role::Muted);
        ink.phrase(area.x, y, end, &line);
        let (says, tone) = (action.says(), marked(pipeline, stage, tone(role)));
        let said = match (action.awaits_approval, says.as_ref(), action.revision.as_str()) {
            (true, ..) => Phrase::of(waits(action, v.now), Role::Info),
            (_, "", "") => Phrase::of(words.to_lowercase(), Role::Muted),
            (_, "", revision) => Phrase::of(clip(revision, 12), Role::Muted),
            (_, says, "") => Phrase::of(says, tone),
            (_, says, revision) => Phrase::of(format!("{} ", revision.get(..7).unwrap_or(revision)), Role::Muted).and(says, tone),
        };
        ink.phrase(area.x + 2, y + 1, end, &said);
    }
}

fn waits(action: &PipelineAction, now: Time) -> String {
    let since = action.changed_at.map(|at| format!(" for {}", age(at, now))).unwrap_or_default();
    format!("needs approval{since}")
}

/// `● Source → ▲ Build ╳ ○ Deploy`.
fn strip(pipeline: &Pipeline) -> Phrase<'_> {
    let mut line = Phrase::new();
    for (i, stage) in pipeline.stages.iter().enumerate() {
        let (mark, role, _) = state(&stage.status);
        line = match (i, stage.transition_enabled) {
            (0, true) => line,
            (_, true) => line.and(" → ", Role::Muted),
            (_, false) => line.and(" ╳ ", Role::Warn),
        };
        let name = marked(pipeline, stage, tone(role));
        line = line.and(mark, marked(pipeline, stage, role)).and(" ", Role::Text).and(stage.name.as_str(), name);
    }
    line
}

pub(super) fn actions(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let pipeline = match ready::<Pipeline>(v) {
        Ok(pipeline) => pipeline,
        Err(lines) => return explain(&lines, area, ink),
    };
    let order = v.session.list(screen.pane, &screen.subject, super::ACTIONS);
    let all = rows::actions(v.store, &order);
    let empty = if pipeline.exists { "no actions" } else { "CodePipeline not used (optional)" };
    let list = List { panel: super::ACTIONS, columns: rows::ACTIONS, rows: all.len(), empty };
    list.draw(v, screen, area, ink, |i| {
        let Some((stage, action)) = all.get(i) else { return Vec::new() };
        let same = i > 0 && all.get(i - 1).is_some_and(|(s, _)| s.name == stage.name);
        let (mark, role, words) = action_state(action);
        let shut = if stage.transition_enabled || same { Phrase::new() } else { Phrase::of("transition disabled  ", Role::Warn) };
        let earlier = pipeline.is_earlier(stage);
        let says = if earlier { shut.and("earlier execution  ", Role::Muted) } else { shut };
        let calm = if earlier { Role::Faint } else { Role::Text };
        vec![
            Phrase::of(mark, marked(pipeline, stage, role)),
            Phrase::of(stage.name.as_str(), if same { Role::Faint } else { Role::Text }),
            text(action.name.as_str()),
            Phrase::of(action.provider.as_str(), Role::Muted),
            Phrase::of(words.to_lowercase(), marked(pipeline, stage, tone(role))),
            text(ago(action.changed_at, v.now)),
            Phrase::of(action.revision.get(..7).unwrap_or(&action.revision), Role::Muted),
            says.and(action.says(), if role == Role::Warn { Role::Warn } else { calm }),
        ]
    });
}

pub(super) fn detail<'a>(v: &View<'a>, stage: &'a PipelineStage, action: &'a PipelineAction) -> Detail<'a> {
    let (_, role, words) = action_state(action);
    let shut = (!stage.transition_enabled).then(|| {
        let why = if stage.disabled_reason.is_empty() { "no reason given" } else { stage.disabled_reason.as_str() };
        Phrase::of(format!("disabled: {why}"), Role::Warn)
    });
    let since = action.changed_at.map(|at| format!("  since {} ({})", clock(Some(at), v.now), age(at, v.now))).unwrap_or_default();
    Detail::new(format!("{}  {}", stage.name, action.name))
        .with("status", Phrase::of(words.to_lowercase(), tone(role)).and(since, Role::Muted))
        .maybe("approval", action.awaits_approval.then(|| Phrase::of(waits(action, v.now), Role::Info)))
        .maybe("message", (!action.summary.is_empty()).then(|| Phrase::of(action.says(), tone(role))))
        .maybe("transition", shut)
        .maybe("revision", (!action.revision.is_empty()).then(|| text(action.revision.as_str())))
        .with("action", text(format!("{} by {}", action.category, action.provider)))
        .maybe("execution", (!stage.execution.is_empty()).then(|| Phrase::of(stage.execution.as_str(), Role::Muted)))
}

/// How long an execution took, or has taken.
fn took(e: &PipelineExecution, now: Time) -> String {
    let running = e.status.is_open();
    let end = if running { Some(now) } else { e.updated_at };
    e.started_at.zip(end).map_or_else(|| "?".to_owned(), |(from, to)| age(from, to))
}

pub(super) fn executions(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let pipeline = match ready::<Pipeline>(v) {
        Ok(pipeline) => pipeline,
        Err(lines) => return explain(&lines, area, ink),
    };
    let order = v.session.list(screen.pane, &screen.subject, super::EXECUTIONS);
    let all = rows::executions(v.store, &order);
    let empty = if pipeline.exists { "no executions yet" } else { "CodePipeline not used (optional)" };
    let list = List { panel: super::EXECUTIONS, columns: rows::EXECUTIONS, rows: all.len(), empty };
    list.draw(v, screen, area, ink, |i| {
        let Some(e) = all.get(i) else { return Vec::new() };
        let (mark, role, words) = state(&e.status);
        vec![
            Phrase::of(mark, role),
            Phrase::of(words.to_lowercase(), tone(role)),
            Phrase::of(clock(e.started_at, v.now), Role::Muted),
            text(ago(e.started_at, v.now)),
            text(took(e, v.now)),
            Phrase::of(e.trigger.as_str(), Role::Muted),
            text(e.revision.as_str()),
        ]
    });
}

pub(super) fn execution<'a>(v: &View<'a>, e: &'a PipelineExecution) -> Detail<'a> {
    let (_, role, words) = state(&e.status);
    Detail::new(format!("execution {}", e.id))
        .with("status", Phrase::of(words.to_lowercase(), tone(role)))
        .with(
            "started",
            text(clock(e.started_at, v.now)).and(format!("  {} ago, took {}", ago(e.started_at, v.now), took(e, v.now)), Role::Muted),
        )
        .with("trigger", text(e.trigger.as_str()))
        .with("revision", text(e.revision.as_str()))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};

    use super::*;

    #[test]
    fn a_stage_says_how_long_it_has_been_at_work_or_whose_end_it_shows() {
        let now = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap();
        let ago = |seconds| Some(now - TimeDelta::seconds(seconds));
        let action = |status: &str, seconds| PipelineAction { status: status.into(), changed_at: ago(seconds), ..Default::default() };
        let stage = |name: &str, execution: &str, status: &str, actions| PipelineStage {
            name: name.into(),
            execution: execution.into(),
            status: status.into(),
            actions,
            ..Default::default()
        };
        let execution = |id: &str, seconds| PipelineExecution { id: id.into(), started_at: ago(seconds), ..Default::default() };
        let pipeline = Pipeline {
            stages: vec![
                stage("Source", "new", "Succeeded", vec![action("Succeeded", 140)]),
                stage("Build", "new", "InProgress", vec![action("InProgress", 134), action("Succeeded", 28)]),
                stage("Deploy", "old", "Succeeded", vec![action("Succeeded", 6600)]),
            ],
            executions: vec![execution("new", 160), execution("old", 7200)],
            ..Default::default()
        };
        let said = |n: usize| {
            let phrase = when(&pipeline, &pipeline.stages[n], now);
            let words: String = phrase.runs.iter().map(|(text, _)| text.as_ref()).collect();
            (words, phrase.runs[0].1)
        };
        assert_eq!(said(0).0, "succeeded  2m20s ago");
        assert_eq!(said(1).0, "in progress for 2m14s");
        assert_eq!(said(2), ("earlier: succeeded  1h50m ago".to_owned(), Role::Faint));
        assert_eq!(marked(&pipeline, &pipeline.stages[2], Role::Ok), Role::Faint);
        assert_eq!(marked(&pipeline, &pipeline.stages[0], Role::Ok), Role::Ok);
    }
}
