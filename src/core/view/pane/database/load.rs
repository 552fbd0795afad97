//! What Performance Insights says: average active sessions against the CPUs, and which waits and statements they are.

use ratatui::layout::Rect;

use super::WAITS;
use crate::model::database::Database;
use crate::model::metric::{Reading, Series};
use crate::model::profile::{DatabaseHost, DatabaseLoad, LoadPart};
use crate::session::Screen;
use crate::session::filter::Filter;
use crate::session::pane::database as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::pane::detail::Detail;
use crate::view::pane::{List, text};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::chart::{bar, end};
use crate::view::widget::table::{Column, Fill};
use crate::view::widget::{Chart, Ink, Phrase, Unit};

/// Cells of the bars.
const BAR: usize = 16;

/// How many CPUs the instance has: what the host says, else what its class has.
fn cpus(v: &View<'_>) -> Option<i64> {
    let told = v.store.get::<DatabaseHost>().map(|h| h.cpus).filter(|n| *n > 0);
    told.or_else(|| class_cpus(&v.store.get::<Database>()?.class))
}

/// vCPUs of an instance class (of the t3, m and r families).
fn class_cpus(class: &str) -> Option<i64> {
    match class.rsplit('.').next()? {
        "micro" | "small" | "medium" | "large" => Some(2),
        "xlarge" => Some(4),
        size => size.strip_suffix("xlarge")?.parse::<i64>().ok().map(|n| n * 4),
    }
}

/// The load of the last hour with the line that it should stay under.
pub(super) fn chart(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    let found = match ready::<DatabaseLoad>(v) {
        Ok(found) => found,
        Err(lines) => return explain(&lines, area, ink),
    };
    let series = Series { points: found.load.clone(), zero_fill: false, every: 0 };
    let reading = Reading::alone(&series, v.now);
    let chart = Chart {
        label: "load, average active sessions".into(),
        series: Some(&series),
        end: end(&series, reading, v.now),
        until: end(&series, reading, v.now),
        missing: "no Performance Insights data for the last hour",
        value: reading.value(),
        unit: Unit::Count,
        role: Role::Series1,
        marks: Vec::new(),
        cursor: None,
        limit: cpus(v).map(|n| (n as f64, "vCPUs")),
    };
    chart.draw(area, ink);
}

const WAIT_COLUMNS: &[Column] = &columns("wait event");
const STATEMENT_COLUMNS: &[Column] = &columns("statement");

const fn columns(what: &'static str) -> [Column; 4] {
    [Column::right("sessions", 8, 0), Column::right("share", 5, 1), Column::left("", BAR as u16, 2), Column::of(what, 24, 1, Fill::Left, 0)]
}

/// The parts of a panel that are shown.
pub(super) fn rows_of<'a>(v: &View<'a>, panel: usize, filter: &Filter) -> Vec<&'a LoadPart> {
    if panel == WAITS { rows::waits(v.store, filter) } else { rows::statements(v.store, filter) }
}

/// All load that the parts of a panel make up.
fn whole(found: &DatabaseLoad, panel: usize) -> f64 {
    let all = if panel == WAITS { &found.waits } else { &found.statements };
    all.iter().map(|p| p.sessions).sum()
}

/// Waits or statements as bars, most first.
pub(super) fn parts(v: &View<'_>, screen: &Screen, panel: usize, area: Rect, ink: &mut Ink<'_>) {
    let found = match ready::<DatabaseLoad>(v) {
        Ok(found) => found,
        Err(lines) => return explain(&lines, area, ink),
    };
    let filter = v.session.list(screen.pane, &screen.subject, panel).filter;
    let all = rows_of(v, panel, &filter);
    let empty = if panel == WAITS { "no waits in the last minutes" } else { "no statements in the last minutes" };
    let (total, top) = (whole(found, panel), cpus(v).map_or(1.0, |n| n as f64));
    let list = List { panel, columns: if panel == WAITS { WAIT_COLUMNS } else { STATEMENT_COLUMNS }, rows: all.len(), empty };
    list.draw(v, screen, area, ink, |i| {
        all.get(i).map_or_else(Vec::new, |part| {
            let role = if panel == WAITS && part.name == "CPU" { Role::Series2 } else { Role::Series1 };
            vec![
                text(format!("{:.2}", part.sessions)),
                text(share(part.sessions, total)),
                Phrase::of(bar(part.sessions, top, BAR), role),
                text(part.name.as_str()),
            ]
        })
    });
}

fn share(part: f64, total: f64) -> String {
    if total > 0.0 { format!("{:.0} %", part / total * 100.0) } else { "—".to_owned() }
}

pub(super) fn detail<'a>(v: &View<'a>, panel: usize, part: &'a LoadPart) -> Detail<'a> {
    let found = v.store.get::<DatabaseLoad>();
    let total = found.map_or(0.0, |f| whole(f, panel));
    let span = found.map_or(0, |f| f.span) / 60;
    let (title, label) = if panel == WAITS { ("wait event", "waits on") } else { ("statement", "runs") };
    Detail::new(title).with(label, text(part.name.as_str())).with(
        "load",
        text(format!("{:.2} sessions, {} of all", part.sessions, share(part.sessions, total)))
            .and(format!("  mean of the last {span} min"), Role::Muted),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_tells_how_many_cpus_there_are() {
        for (class, cpus) in [("db.t3.large", Some(2)), ("db.r6g.xlarge", Some(4)), ("db.r6g.4xlarge", Some(16)), ("db.serverless", None)] {
            assert_eq!(class_cpus(class), cpus, "{class}");
        }
    }
}
