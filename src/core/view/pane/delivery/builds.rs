//! Builds with their phases as a bar, and the selected one phase by phase, with what the failing phase said.

use ratatui::layout::Rect;

use crate::model::delivery::{Build, BuildPhase, BuildStatus, Builds, PhaseType};
use crate::model::text::{age, duration};
use crate::session::Screen;
use crate::session::pane::delivery as rows;
use crate::session::pane::delivery::BAR;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, clock};
use crate::view::pane::detail::Detail;
use crate::view::pane::{List, text};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::chart::bar as bar_of;
use crate::view::widget::{Ink, Phrase};

/// From here on each phase has a row of its own.
const TALL: u16 = 45;

/// Glyph and role of a build.
fn state(build: &Build) -> (&'static str, Role) {
    match build.status {
        BuildStatus::Succeeded => ("●", Role::Ok),
        BuildStatus::InProgress => ("◐", Role::Info),
        BuildStatus::Stopped => ("○", Role::Muted),
        _ => ("▲", Role::Warn),
    }
}

fn words(status: &str) -> String {
    status.to_lowercase().replace('_', " ")
}

/// How long it took, or has taken.
fn took(v: &View<'_>, build: &Build) -> String {
    let running = build.status == BuildStatus::InProgress;
    let end = build.ended_at.or(running.then_some(v.now));
    build.started_at.zip(end).map_or_else(|| "?".to_owned(), |(from, to)| age(from, to))
}

pub(super) fn list(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let known = match ready::<Builds>(v) {
        Ok(known) => known,
        Err(lines) => return explain(&lines, area, ink),
    };
    let order = v.session.list(screen.pane, &screen.subject, super::BUILDS);
    let all = rows::builds(v.store, &order);
    let gone = (!known.missing.is_empty()).then(|| format!("no CodeBuild project {}", known.missing.join(", ")));
    let table = Rect { height: area.height.saturating_sub(u16::from(gone.is_some() && !all.is_empty())), ..area };
    let list = List { panel: super::BUILDS, columns: rows::BUILDS, rows: all.len(), empty: gone.as_deref().unwrap_or("no builds yet") };
    list.draw(v, screen, table, ink, |i| {
        let Some(build) = all.get(i) else { return Vec::new() };
        let (mark, role) = state(build);
        let phase = build.failed_phase().map_or(&build.phase, |p| &p.kind);
        vec![
            Phrase::of(mark, role),
            text(v.short(&build.project)),
            Phrase::of(words(build.status.as_str()), if matches!(role, Role::Warn | Role::Info) { role } else { Role::Text }),
            Phrase::of(words(phase.as_str()), if build.failed_phase().is_some() { Role::Warn } else { Role::Muted }),
            text(took(v, build)),
            text(ago(build.started_at, v.now)),
            Phrase::of(build.version.get(..7).unwrap_or(&build.version), Role::Muted),
            bar(&build.phases, BAR),
        ]
    });
    if let Some(gone) = gone.filter(|_| !all.is_empty()) {
        ink.put(area.x, area.bottom().saturating_sub(1), area.right(), &format!("✖ {gone}"), Role::Crit);
    }
}

/// The phases as lengths of one bar; neighbours differ, what failed and what runs is told by its own glyph.
fn bar(phases: &[BuildPhase], cells: usize) -> Phrase<'static> {
    let timed: Vec<&BuildPhase> = phases
        .iter()
        .filter(|p| p.seconds.is_some_and(|s| s > 0) || matches!(p.status, BuildStatus::Unstated | BuildStatus::InProgress))
        .collect();
    let total: i64 = timed.iter().filter_map(|p| p.seconds).sum();
    let mut line = Phrase::new();
    let mut left = cells;
    for (i, phase) in timed.iter().enumerate() {
        let share = phase.seconds.unwrap_or(0) as f64 / total.max(1) as f64;
        let behind = timed.len() - i - 1;
        let width = ((share * cells as f64).round() as usize).clamp(1, left.saturating_sub(behind).max(1)).min(left);
        let (block, role) = match phase.status {
            BuildStatus::Succeeded if i % 2 == 0 => ("━", Role::Series1),
            BuildStatus::Succeeded => ("─", Role::Series1),
            BuildStatus::Unstated | BuildStatus::InProgress => ("░", Role::Info),
            _ => ("×", Role::Warn),
        };
        line = line.and(block.repeat(width), role);
        left -= width;
    }
    line
}

/// A phase as people call it.
fn label(kind: &PhaseType) -> &'static str {
    match kind {
        PhaseType::Submitted => "submitted",
        PhaseType::Queued => "queued",
        PhaseType::Provisioning => "provisioning",
        PhaseType::DownloadSource => "source",
        PhaseType::Install => "install",
        PhaseType::PreBuild => "pre-build",
        PhaseType::Build => "build",
        PhaseType::PostBuild => "post-build",
        PhaseType::UploadArtifacts => "artifacts",
        PhaseType::Finalizing => "finalizing",
        PhaseType::Completed | PhaseType::Unstated | PhaseType::Other(_) => "other",
    }
}

pub(super) fn detail<'a>(v: &View<'a>, build: &'a Build) -> Detail<'a> {
    let (_, role) = state(build);
    let role = if matches!(role, Role::Warn | Role::Info) { role } else { Role::Text };
    let begun = format!("  started {} ({} ago), took {}", clock(build.started_at, v.now), ago(build.started_at, v.now), took(v, build));
    let mut detail = Detail::new(build.id.as_str()).with("status", Phrase::of(words(build.status.as_str()), role).and(begun, Role::Muted));
    if let Some(phase) = build.failed_phase() {
        let said = if phase.message.is_empty() { "no message" } else { phase.message.as_str() };
        detail = detail.with("failed in", Phrase::of(format!("{}: {said}", words(phase.kind.as_str())), Role::Warn));
    }
    let longest = build.phases.iter().filter_map(|p| p.seconds).max().unwrap_or(0).max(1);
    let phases =
        || build.phases.iter().filter(|p| p.kind != PhaseType::Completed && (p.seconds != Some(0) || p.status != BuildStatus::Succeeded));
    if v.session.size.1 < TALL {
        let each = phases().map(|p| {
            let took = p.seconds.map_or_else(|| "runs".to_owned(), duration);
            let how = if p.has_failed() { format!(" {}", words(p.status.as_str())) } else { String::new() };
            format!("{} {took}{how}", label(&p.kind))
        });
        detail = detail.with("phases", text(each.collect::<Vec<_>>().join(" · ")));
    } else {
        detail = phases().fold(detail, |detail, phase| detail.with(label(&phase.kind), phase_line(phase, longest)));
    }
    let reports = (!build.reports.is_empty())
        .then(|| text(build.reports.iter().map(|r| r.rsplit('/').next().unwrap_or(r)).collect::<Vec<_>>().join("  ")));
    let log = build.logs.as_ref().map(|(group, stream)| Phrase::of(format!("{group}  {stream}"), Role::Muted));
    let commit = text(build.version.as_str()).and(format!("  by {}", build.initiator), Role::Muted);
    detail.with("commit", commit).maybe("reports", reports).maybe("log", log)
}

/// `  3m08s ████████████`.
fn phase_line(phase: &BuildPhase, longest: i64) -> Phrase<'static> {
    let took = phase.seconds.map_or_else(|| "…".to_owned(), duration);
    let length = bar_of(phase.seconds.unwrap_or(0) as f64, longest as f64, BAR);
    let line = text(format!("{took:>7} "));
    match &phase.status {
        BuildStatus::Succeeded => line.and(length, Role::Series1),
        BuildStatus::Unstated | BuildStatus::InProgress => line.and(length, Role::Info).and(" running", Role::Info),
        status => line.and(length, Role::Warn).and(format!(" {}", words(status.as_str())), Role::Warn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(status: &str, seconds: Option<i64>) -> BuildPhase {
        BuildPhase { kind: "BUILD".into(), status: status.into(), seconds, message: String::new() }
    }

    #[test]
    fn a_bar_has_its_width_and_every_phase_a_cell() {
        let phases = [phase("SUCCEEDED", Some(9)), phase("SUCCEEDED", Some(4)), phase("SUCCEEDED", Some(900)), phase("FAILED", Some(2))];
        let bar = bar(&phases, 24);
        assert_eq!(bar.width(), 24);
        assert_eq!(bar.runs.len(), 4);
        assert_eq!(bar.runs.last().map(|r| r.0.as_ref()), Some("×"));
        for n in 1..40 {
            let many: Vec<BuildPhase> = (0..n).map(|i| phase("SUCCEEDED", Some(i * i + 1))).collect();
            assert!(super::bar(&many, 24).width() <= 24, "{n}");
        }
    }

    #[test]
    fn a_phase_that_runs_is_told_without_a_length() {
        let told: String = phase_line(&phase("", None), 100).runs.iter().map(|(t, _)| t.as_ref()).collect();
        assert_eq!(told, "      …  running");
    }
}
