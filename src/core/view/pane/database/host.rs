//! What Enhanced Monitoring says of the database's host: CPU by kind, load, memory, disks, file systems, processes.

use ratatui::layout::Rect;

use crate::model::limits::Limit;
use crate::model::profile::{DatabaseHost, Process};
use crate::session::Screen;
use crate::session::pane::database as rows;
use crate::session::pane::database::BAR;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::ago;
use crate::view::pane::detail::{Detail, stacked};
use crate::view::pane::{List, text};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::chart::bar;
use crate::view::widget::{Ink, Phrase, Unit};

/// Rows of the figures.
pub(super) const HEIGHT: u16 = 7;

/// A named figure.
fn figure(all: &[(String, f64)], name: &str) -> Option<f64> {
    all.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
}

/// The figures of the host under each other.
pub(super) fn draw(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    let host = match ready::<DatabaseHost>(v) {
        Ok(host) => host,
        Err(lines) => return explain(&lines, area, ink),
    };
    if host.cpu.is_empty() && host.memory.is_empty() {
        ink.put(area.x, area.y, area.right(), "no Enhanced Monitoring data yet", Role::Muted);
        return;
    }
    let mut pairs = vec![
        ("cpu", cpu(v, host)),
        ("load", load(v, host)),
        ("memory", memory(v, host)),
        ("files", files(v, host)),
        ("disks", disks(v, host)),
    ];
    let tasks = host.tasks.iter().map(|(name, n)| format!("{n} {name}")).collect::<Vec<_>>().join("  ");
    pairs.push(("tasks", text(tasks)));
    pairs.push(("measured", Phrase::of(format!("{} ago, {} vCPUs, up {}", ago(host.at, v.now), host.cpus, host.uptime), Role::Muted)));
    stacked(&pairs, area, ink);
}

/// `31 % ██████  user 22  system 6  wait 2.4  steal 0.1`.
fn cpu(v: &View<'_>, host: &DatabaseHost) -> Phrase<'static> {
    let total = figure(&host.cpu, "total");
    let mut line =
        Phrase::of(total.map_or_else(|| "?".to_owned(), |t| format!("{:>5}", Unit::Percent.text(t))), v.graded(Limit::DatabaseCpu, total));
    line = line.and(format!(" {:<BAR$}", bar(total.unwrap_or(0.0), 100.0, BAR)), Role::Series1);
    for (name, value) in host.cpu.iter().filter(|(n, _)| n != "total" && n != "idle") {
        // Steal is CPU that the host gives to others; wait is time spent on disks.
        let role = if matches!(name.as_str(), "steal" | "wait") { v.graded(Limit::HostWait, Some(*value)) } else { Role::Text };
        line = line.and(format!(" {name} "), Role::Muted).and(format!("{value:.1}"), role);
    }
    line
}

fn load(v: &View<'_>, host: &DatabaseHost) -> Phrase<'static> {
    let cpus = host.cpus.max(1) as f64;
    let worst = host.load_average.iter().copied().reduce(f64::max);
    let all = host.load_average.iter().map(|l| format!("{l:.2}")).collect::<Vec<_>>().join("  ");
    Phrase::of(all, v.graded(Limit::HostLoad, worst.map(|w| w / cpus))).and("  over 1, 5, 15 minutes", Role::Muted)
}

fn memory(v: &View<'_>, host: &DatabaseHost) -> Phrase<'static> {
    let (total, free, cached) = (figure(&host.memory, "total"), figure(&host.memory, "free"), figure(&host.memory, "cached"));
    // What caches hold is given back when it is needed.
    let used = total.zip(free).filter(|(t, _)| *t > 0.0).map(|(t, f)| (t - f - cached.unwrap_or(0.0)).max(0.0) / t * 100.0);
    let text = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |b| Unit::Bytes.text(b));
    let line = Phrase::of(used.map_or_else(|| "?".to_owned(), |u| format!("{u:>3.0} %")), v.graded(Limit::HostMemory, used));
    let line = line.and(format!(" {:<BAR$}", bar(used.unwrap_or(0.0), 100.0, BAR)), Role::Series1);
    let line = line.and(" of ", Role::Muted).and(text(total), Role::Text).and(" free ", Role::Muted).and(text(free), Role::Text);
    let line = line.and(" cached ", Role::Muted).and(text(cached), Role::Text);
    let swap = host.swap_used.filter(|s| *s > 0.0);
    swap.map_or(line.clone(), |s| line.and(" swapped ", Role::Muted).and(Unit::Bytes.text(s), v.graded(Limit::DatabaseSwap, Some(s))))
}

fn files(v: &View<'_>, host: &DatabaseHost) -> Phrase<'static> {
    let mut line = Phrase::new();
    for (mount, used) in &host.file_systems {
        line = line
            .and(format!("{used:>3.0} %"), v.graded(Limit::HostFileSystem, Some(*used)))
            .and(format!(" {:<BAR$}", bar(*used, 100.0, BAR)), Role::Series1);
        line = line.and(format!(" {mount}  "), Role::Muted);
    }
    if line.is_empty() { Phrase::of("?", Role::Unknown) } else { line }
}

fn disks(v: &View<'_>, host: &DatabaseHost) -> Phrase<'static> {
    let mut line = Phrase::new();
    for (device, reads, writes, wait) in &host.disks {
        line = line.and(format!("{device} "), Role::Muted).and(format!("{reads:.0} reads/s {writes:.0} writes/s "), Role::Text);
        line = line.and(format!("{wait:.1} ms"), v.graded(Limit::DatabaseLatency, Some(*wait / 1000.0))).and("  ", Role::Text);
    }
    if line.is_empty() { Phrase::of("?", Role::Unknown) } else { line }
}

pub(super) fn processes(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<DatabaseHost>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, super::PROCESSES);
    let all = rows::processes(v.store, &state);
    let list = List { panel: super::PROCESSES, columns: rows::PROCESSES, rows: all.len(), empty: "no processes listed" };
    list.draw(v, screen, area, ink, |i| {
        all.get(i).map_or_else(Vec::new, |(_, p)| {
            vec![
                text(format!("{:.1} %", p.cpu)),
                Phrase::of(bar(p.cpu, 100.0, BAR), Role::Series1),
                text(format!("{:.1} %", p.memory)),
                text(p.name.as_str()),
            ]
        })
    });
}

pub(super) fn process(found: &Process) -> Detail<'_> {
    Detail::new("process")
        .with("name", text(found.name.as_str()))
        .with("uses", text(format!("{:.1} % of the CPU, {:.1} % of the memory", found.cpu, found.memory)))
}
