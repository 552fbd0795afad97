//! Images by repository: tags, age, what the scan found, and which services run which digest. A digest that runs and is
//! not in ECR stands first: the next task of its service cannot start.

use ratatui::layout::Rect;

use crate::insight::topology::images::short_digest;
use crate::model::delivery::{Image, Repositories, ScanStatus, Severity};
use crate::model::health::Level;
use crate::model::text::bytes;
use crate::session::Screen;
use crate::session::pane::delivery as rows;
use crate::session::pane::delivery::ImageRow;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, glyph};
use crate::view::pane::detail::Detail;
use crate::view::pane::{List, text};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::{Ink, Phrase};

/// Severities from the worst on, with what they are called on a line.
const SEVERITIES: [(Severity, &str, Role); 4] = [
    (Severity::Critical, "crit", Role::Warn),
    (Severity::High, "high", Role::Warn),
    (Severity::Medium, "med", Role::Text),
    (Severity::Low, "low", Role::Muted),
];

/// How bad it is that this runs, or that it does not.
fn level(row: &ImageRow<'_>) -> Level {
    let Some(image) = row.image else { return Level::Down };
    let found = |severity: Severity| image.count(&severity) > 0;
    match &image.scan_status {
        _ if row.runs.is_empty() => Level::Absent,
        ScanStatus::InProgress | ScanStatus::Pending => Level::Info,
        ScanStatus::Complete | ScanStatus::Active if !found(Severity::Critical) && !found(Severity::High) => Level::Healthy,
        _ => Level::Degraded,
    }
}

/// `2 crit 5 high 4 med`; `clean`, or why nothing is known.
fn findings(image: &Image) -> Phrase<'static> {
    let mut line = Phrase::new();
    for (severity, word, role) in SEVERITIES {
        if let Some(n) = image.findings.get(&severity).filter(|n| **n > 0) {
            let gap = if line.is_empty() { "" } else { " " };
            line = line.and(format!("{gap}{n} {word}"), role);
        }
    }
    let others: i32 = image.findings.iter().filter(|(s, _)| !SEVERITIES.iter().any(|k| k.0 == **s)).map(|f| *f.1).sum();
    match &image.scan_status {
        _ if others > 0 => line.and(format!(" {others} other"), Role::Muted),
        ScanStatus::Complete | ScanStatus::Active if line.is_empty() => text("clean"),
        _ if line.is_empty() => Phrase::of("?", Role::Unknown),
        _ => line,
    }
}

fn scan(image: &Image) -> Phrase<'static> {
    match &image.scan_status {
        ScanStatus::Complete => Phrase::of("done", Role::Muted),
        ScanStatus::Active => Phrase::of("ongoing", Role::Muted),
        ScanStatus::InProgress | ScanStatus::Pending => Phrase::of("scanning", Role::Info),
        ScanStatus::Unstated => Phrase::of("never", Role::Warn),
        other => Phrase::of(other.as_str().to_lowercase(), Role::Warn),
    }
}

/// `web (2 tasks)`.
fn users(row: &ImageRow<'_>) -> String {
    let one = |(service, tasks): &(&str, usize)| format!("{service} ({tasks} task{})", if *tasks == 1 { "" } else { "s" });
    row.runs.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `web ×2`, for a line among others.
fn short_users(row: &ImageRow<'_>) -> Phrase<'static> {
    let words = row.runs.iter().map(|(service, tasks)| format!("{service} ×{tasks}")).collect::<Vec<_>>().join(", ");
    match (row.runs.is_empty(), row.image) {
        (true, _) => Phrase::of("—", Role::Muted),
        (false, Some(_)) => text(words),
        (false, None) => Phrase::of(words, Role::Crit),
    }
}

pub(super) fn list(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let known = match ready::<Repositories>(v) {
        Ok(known) => known,
        Err(lines) => return explain(&lines, area, ink),
    };
    let order = v.session.list(screen.pane, &screen.subject, super::IMAGES);
    let all = rows::images(v.session, &order);
    let gone: Vec<&str> = known.repositories.iter().filter(|r| !r.exists).map(|r| r.name.as_str()).collect();
    let gone = (!gone.is_empty()).then(|| format!("no ECR repository {}", gone.join(", ")));
    let table = Rect { height: area.height.saturating_sub(u16::from(gone.is_some() && !all.is_empty())), ..area };
    let list = List { panel: super::IMAGES, columns: rows::IMAGES, rows: all.len(), empty: gone.as_deref().unwrap_or("no images") };
    list.draw(v, screen, table, ink, |i| {
        let Some(row) = all.get(i) else { return Vec::new() };
        let same = i > 0 && all.get(i - 1).is_some_and(|r| r.repository.name == row.repository.name);
        let (mark, role) = glyph(level(row));
        let mut cells = vec![
            Phrase::of(mark, role),
            Phrase::of(row.repository.name.rsplit('/').next().unwrap_or_default().to_owned(), if same { Role::Faint } else { Role::Text }),
        ];
        match row.image {
            Some(image) => cells.extend([
                text(if image.tags.is_empty() { "untagged".to_owned() } else { image.tags.join(" ") }),
                Phrase::of(short_digest(row.digest).to_owned(), Role::Muted),
                text(ago(image.pushed_at, v.now)),
                text(bytes(image.bytes as f64)),
                scan(image),
                findings(image),
            ]),
            None => cells.extend([
                Phrase::of("not in ECR", Role::Crit),
                Phrase::of(short_digest(row.digest).to_owned(), Role::Crit),
                text("—"),
                text("—"),
                text("—"),
                text("—"),
            ]),
        }
        cells.push(short_users(row));
        cells
    });
    if let Some(gone) = gone.filter(|_| !all.is_empty()) {
        ink.put(area.x, area.bottom().saturating_sub(1), area.right(), &format!("✖ {gone}"), Role::Crit);
    }
}

pub(super) fn detail<'a>(v: &View<'a>, row: &ImageRow<'a>) -> Detail<'a> {
    let repository = row.repository;
    let detail = Detail::new(format!("{}@{}", repository.name, short_digest(row.digest))).maybe(
        "running in",
        (!row.runs.is_empty()).then(|| Phrase::of(users(row), if row.image.is_some() { Role::Text } else { Role::Crit })),
    );
    let detail = match row.image {
        None => {
            detail.with("in ECR", Phrase::of("no: running tasks continue, new tasks cannot start (CannotPullContainerError)", Role::Crit))
        }
        Some(image) => detail
            .with("tags", text(if image.tags.is_empty() { "untagged".to_owned() } else { image.tags.join("  ") }))
            .with(
                "pushed",
                text(format!("{} ago", ago(image.pushed_at, v.now)))
                    .and(format!("  last pulled {} ago, {}", ago(image.pulled_at, v.now), bytes(image.bytes as f64)), Role::Muted),
            )
            .with("findings", findings(image).and("  scan ", Role::Muted).then(scan(image))),
    };
    let replicates = v.store.get::<Repositories>().map(|r| r.replicates_to.join(" ")).filter(|r| !r.is_empty());
    let scans = match v.store.unread::<Repositories>(&repository.name, "scan_frequency") {
        Some(why) => format!(", scanning ? ({why})"),
        None if repository.scan_frequency.is_empty() => String::new(),
        None => format!(", {}", repository.scan_frequency.to_lowercase().replace('_', " ")),
    };
    detail
        .with("digest", Phrase::of(row.digest, Role::Muted))
        .with("repository", text(repository.uri.as_str()))
        .with(
            "settings",
            Phrase::of(
                format!(
                    "{} images, tags {}, {}{scans}",
                    repository.image_count,
                    repository.tag_mutability.to_lowercase(),
                    repository.encryption
                ),
                Role::Muted,
            ),
        )
        .maybe("copied to", replicates.map(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(findings: &[(&str, i32)], status: &str) -> String {
        let image =
            Image { findings: findings.iter().map(|(s, n)| ((*s).into(), *n)).collect(), scan_status: status.into(), ..Image::default() };
        super::findings(&image).runs.iter().map(|(t, _)| t.as_ref()).collect()
    }

    #[test]
    fn findings_are_told_worst_first_and_silence_is_not_cleanliness() {
        assert_eq!(said(&[("LOW", 11), ("CRITICAL", 2), ("HIGH", 5)], "COMPLETE"), "2 crit 5 high 11 low");
        assert_eq!(said(&[("UNTRIAGED", 3)], "COMPLETE"), " 3 other");
        assert_eq!(said(&[], "COMPLETE"), "clean");
        assert_eq!(said(&[], ""), "?");
    }
}
