//! The boxes of delivery: ECR (newest images, findings), CodeBuild (last build or the running phase), CodePipeline (stages).

use super::security::days;
use super::small::{Small, counted, fact, no_charts, not_used};
use crate::model::delivery::{
    Build, BuildStatus, Builds, Image, Pipeline, PipelineStage, PipelineStatus, Repositories, Repository, ScanStatus, Severity,
};
use crate::model::text;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::ago;
use crate::view::state::{Missing, known};
use crate::view::widget::phrase::fit;
use crate::view::widget::{Fact, Phrase};

pub(super) const REPOSITORIES: Small =
    Small { name: "ECR", short: ("ECR", 0), framed: true, facts: repositories, more: each, charts: no_charts };

pub(super) const BUILDS: Small =
    Small { name: "CodeBuild", short: ("build", 20), framed: true, facts: builds, more: outcome, charts: no_charts };

pub(super) const PIPELINE: Small =
    Small { name: "CodePipeline", short: ("pipeline", 21), framed: true, facts: pipeline, more: stages, charts: no_charts };

/// The newest image of a repository.
pub(crate) fn newest(repository: &Repository) -> Option<&Image> {
    repository.images.iter().max_by_key(|i| i.pushed_at)
}

/// The worst findings of an image: `1 critical`, `2 high`.
fn findings(image: &Image) -> Option<Fact<'static>> {
    let count = |severity: Severity| Some(image.count(&severity)).filter(|n| *n > 0);
    count(Severity::Critical)
        .map(|n| fact(0, format!("{n} critical"), Role::Warn))
        .or_else(|| count(Severity::High).map(|n| fact(2, format!("{n} high"), Role::Text)))
}

fn repositories<'a>(v: &View<'a>, _: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let all = &known::<Repositories>(v)?.repositories;
    let there = all.iter().filter(|r| r.exists).count();
    let mut facts = vec![Fact::new(0, counted(there, all.len(), ""))];
    let images = || all.iter().filter_map(newest);
    let worst = images().filter_map(findings).min_by_key(|f| f.rank);
    facts.extend(worst);
    let newest = images().filter_map(|i| i.pushed_at).max().map(|at| days((v.now - at).num_seconds()));
    facts.extend(newest.map(|n| Fact::new(1, Phrase::of("newest ", Role::Muted).and(short_age(&n), Role::Text))));
    if images().any(|i| i.scan_status == ScanStatus::InProgress) {
        facts.push(fact(2, "scanning", Role::Info));
    }
    Ok(facts)
}

/// One line per repository: the newest tag, its age, what the scan found.
fn each<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let all = v.store.get::<Repositories>().map(|r| r.repositories.as_slice()).unwrap_or_default();
    let name = |r: &'a Repository| r.name.rsplit('/').next().unwrap_or(&r.name);
    let longest = all.iter().map(|r| name(r).len()).max().unwrap_or(0).min(12);
    let line = |r: &'a Repository| {
        let mut facts = vec![Fact::new(0, Phrase::of(name(r), Role::Text).padded(longest))];
        match newest(r) {
            Some(image) => {
                facts.push(Fact::new(
                    0,
                    Phrase::of(
                        format!("{:>6}", image.pushed_at.map_or_else(|| "?".to_owned(), |at| days((v.now - at).num_seconds()))),
                        Role::Text,
                    ),
                ));
                facts.push(Fact::new(3, Phrase::of(image.tags.first().map_or("untagged", String::as_str), Role::Muted)));
                facts.extend(findings(image));
            }
            None if v.store.unread::<Repositories>(&r.name, "images").is_some() => facts.push(fact(0, "images ?", Role::Unknown)),
            None if r.exists => facts.push(fact(0, "empty", Role::Muted)),
            None => facts.push(fact(0, "missing", Role::Crit)),
        }
        fit(facts, width, 1)
    };
    all.iter().map(line).collect()
}

/// A project without the stack's name and its own in front.
fn project<'a>(v: &View<'a>, build: &'a Build) -> &'a str {
    v.short(&build.project)
}

fn builds<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let all = known::<Builds>(v)?;
    let names = room > 12;
    let who = |b: &'a Build| if names { Phrase::of(project(v, b), Role::Text).and(" ", Role::Text) } else { Phrase::new() };
    if all.projects.is_empty() {
        return Ok(vec![fact(0, if names { "no projects" } else { "none" }, Role::Crit)]);
    }
    let latest: Vec<&Build> = v.session.stack.projects.iter().filter_map(|p| all.latest(p)).collect();
    let failed = latest.iter().find(|b| !matches!(b.status, BuildStatus::Succeeded | BuildStatus::InProgress | BuildStatus::Stopped));
    let running = all.builds.iter().find(|b| b.status == BuildStatus::InProgress);
    let newest = latest.iter().max_by_key(|b| b.started_at);
    let since = |b: &Build| Fact::new(2, Phrase::of(short_age(&ago(b.ended_at.or(b.started_at), v.now)), Role::Text));
    let mut facts = Vec::new();
    if let Some(build) = failed {
        facts.extend([Fact::new(0, who(build).and("failed", Role::Warn)), since(build)]);
    }
    if let Some(build) = running {
        let phase = if names { build.phase.as_str().to_lowercase().replace('_', " ") } else { "runs".to_owned() };
        let rank = u8::from(failed.is_some()) * 3;
        facts.push(Fact::new(rank, who(build).and(phase, Role::Info)));
        facts.push(Fact::new(4, Phrase::of(ago(build.started_at, v.now), Role::Muted)));
    }
    if let Some(build) = newest.filter(|_| facts.is_empty()) {
        facts.extend([Fact::new(u8::from(!names), who(build)), since(build)]);
    }
    if !all.missing.is_empty() {
        facts.push(fact(0, format!("{} missing", all.missing.len()), Role::Crit));
    }
    if facts.is_empty() {
        facts.push(fact(0, "none yet", Role::Muted));
    }
    Ok(facts)
}

/// What became of the build that matters most: why it failed, how far it is, or what it made.
fn outcome<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let Some(all) = v.store.get::<Builds>() else { return Vec::new() };
    let latest = || v.session.stack.projects.iter().filter_map(|p| all.latest(p));
    let Some(build) = latest().max_by_key(|b| (b.status != BuildStatus::Succeeded, b.started_at)) else { return Vec::new() };
    let mut facts = Vec::new();
    if let Some(phase) = build.failed_phase() {
        facts.push(fact(0, phase.kind.as_str().to_lowercase().replace('_', " "), Role::Warn));
        facts.push(Fact::new(1, Phrase::of(phase.message.rsplit("Reason: ").next().unwrap_or(""), Role::Text)));
    }
    facts.extend(build.version.get(..7).map(|commit| Fact::new(2, Phrase::of(commit, Role::Muted))));
    let took = build.started_at.map(|from| text::age(from, build.ended_at.unwrap_or(v.now)));
    facts.extend(
        took.map(|t| Fact::new(3, Phrase::of(if build.ended_at.is_some() { "took " } else { "for " }, Role::Muted).and(t, Role::Text))),
    );
    vec![fit(facts, width, 2)]
}

/// The larger unit of an age alone, as it stands on a short line.
fn short_age(age: &str) -> String {
    let end = age.char_indices().find(|(_, c)| c.is_alphabetic()).map(|(i, c)| i + c.len_utf8());
    end.and_then(|end| age.get(..end)).unwrap_or(age).to_owned()
}

/// The glyph of a stage.
pub(crate) fn stage_mark(stage: &PipelineStage) -> (&'static str, Role) {
    match stage.status {
        PipelineStatus::Succeeded => ("●", Role::Ok),
        PipelineStatus::InProgress | PipelineStatus::Stopping => ("◐", Role::Info),
        PipelineStatus::Failed | PipelineStatus::Stopped | PipelineStatus::Cancelled => ("▲", Role::Warn),
        _ => ("○", Role::Muted),
    }
}

fn pipeline<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let pipeline = known::<Pipeline>(v)?;
    if !pipeline.exists {
        return Ok(not_used(room));
    }
    let gap = if room >= pipeline.stages.len() * 2 { " " } else { "" };
    let mut marks = Phrase::new();
    for stage in &pipeline.stages {
        let (mark, role) = stage_mark(stage);
        marks = marks.and(mark, role).and(gap, Role::Text);
    }
    let mut facts = vec![Fact::new(1, marks)];
    let named = |test: fn(&PipelineStage) -> bool| pipeline.stages.iter().find(|s| test(s)).map(|s| s.name.as_str());
    if named(|s| !s.transition_enabled).is_some() {
        facts.push(fact(2, "blocked", Role::Warn));
    }
    if named(|s| s.actions.iter().any(|a| a.awaits_approval)).is_some() {
        facts.push(fact(2, "waits", Role::Info));
    }
    Ok(facts)
}

/// What it is doing, or did last.
fn stages<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let Some(pipeline) = v.store.get::<Pipeline>().filter(|p| p.exists) else { return Vec::new() };
    let Some(last) = pipeline.executions.first() else { return vec![Phrase::of("never ran", Role::Muted)] };
    let stage =
        pipeline.stages.iter().find(|s| matches!(s.status, PipelineStatus::InProgress | PipelineStatus::Failed | PipelineStatus::Stopped));
    let (what, role) = match stage {
        Some(s) if s.actions.iter().any(|a| a.awaits_approval) => (format!("{} needs approval", s.name), Role::Info),
        Some(s) if s.status == PipelineStatus::InProgress => (format!("{} runs", s.name), Role::Info),
        Some(s) => (format!("{} {}", s.name, s.status.as_str().to_lowercase()), Role::Warn),
        None => ("deployed".to_owned(), Role::Text),
    };
    let when = last.updated_at.or(last.started_at).map(|at| text::age(at, v.now)).unwrap_or_default();
    let facts = vec![
        fact(0, what, role),
        Fact::new(1, Phrase::of(when, Role::Muted)),
        Fact::new(2, Phrase::of(last.revision.as_str(), Role::Muted)),
    ];
    vec![fit(facts, width, 2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_age_is_its_larger_unit() {
        for (age, short) in [("9h12m", "9h"), ("3d04h", "3d"), ("59s", "59s"), ("—", "—"), ("", "")] {
            assert_eq!(short_age(age), short);
        }
    }
}
