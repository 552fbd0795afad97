//! Where the cells of the zones stand: a column per zone, a row per system, in three tiers. On small screens under rules that reach across,
//! else a frame per zone, and on large ones a frame per tier inside it, as the architecture draws it. It knows nothing of what a cell says.

use ratatui::layout::Rect;

use super::cells;
use crate::insight::panes::zones::{ZoneMap, ZoneState, ZoneSystem};
use crate::model::health::Level;
use crate::model::network::{AvailabilityZoneState, Network, SubnetTier};
use crate::model::system::System;
use crate::session::pane::zones::{Cell, systems};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::glyph;
use crate::view::widget::{Ink, Phrase};

/// How the zones are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Rules across.
    Rules,
    /// A frame per zone with rules inside.
    Frames,
    /// Frames in frames.
    Nested,
}

impl Style {
    /// What fits.
    pub(super) fn of(area: Rect) -> Self {
        match (area.width, area.height) {
            (150.., 44..) => Self::Nested,
            (100.., 30..) => Self::Frames,
            _ => Self::Rules,
        }
    }

    /// Rows that are no cells.
    fn overhead(self) -> u16 {
        match self {
            Self::Rules => 4,
            Self::Frames => 5,
            Self::Nested => 8,
        }
    }
}

/// A column narrower than this says nothing.
const NARROWEST: u16 = 24;

/// The tiers, as people call them.
const TIERS: &[(SubnetTier, &str)] =
    &[(SubnetTier::Public, "public"), (SubnetTier::Private, "private"), (SubnetTier::Database, "database")];

/// One system across the zones that are shown: its tier, and the lines of each zone.
struct ZoneRow<'a> {
    tier: SubnetTier,
    system: ZoneSystem,
    cells: Vec<Vec<Phrase<'a>>>,
}

impl ZoneRow<'_> {
    fn height(&self) -> u16 {
        self.cells.iter().map(Vec::len).max().unwrap_or(0).max(1) as u16
    }
}

/// What decides how the grid looks.
pub(super) struct Grid<'a> {
    pub(super) map: &'a ZoneMap,
    pub(super) style: Style,
    /// The selected cell.
    pub(super) selected: Option<Cell<'a>>,
    /// The panel has the focus.
    pub(super) focus: bool,
    /// What the filter lets through; the rest is dimmed. `None` = everything.
    pub(super) shown: Option<Vec<Cell<'a>>>,
}

fn tier_of(system: &ZoneSystem) -> SubnetTier {
    match system {
        ZoneSystem::Balancer | ZoneSystem::Nat => SubnetTier::Public,
        ZoneSystem::Database => SubnetTier::Database,
        ZoneSystem::Member(node) => match node.system() {
            System::Balancer => SubnetTier::Public,
            System::Database => SubnetTier::Database,
            _ => SubnetTier::Private,
        },
        _ => SubnetTier::Private,
    }
}

impl<'a> Grid<'a> {
    /// Draws into at most `area`; returns the row behind.
    pub(super) fn draw(&self, v: &View<'a>, area: Rect, ink: &mut Ink<'_>) -> u16 {
        let zones = self.window(area.width);
        let rows = self.rows(v, &zones, area.height.saturating_sub(self.style.overhead()));
        match self.style {
            Style::Rules => self.ruled(v, &zones, &rows, area, ink),
            Style::Frames | Style::Nested => self.framed(v, &zones, &rows, area, ink),
        }
    }

    /// The zones that have room, the selected one among them.
    fn window(&self, width: u16) -> Vec<&'a ZoneState> {
        let all = &self.map.zones;
        let fit = usize::from(width / NARROWEST).clamp(1, all.len().max(1));
        let at = self.selected.as_ref().and_then(|c| all.iter().position(|z| z.name == c.zone.name)).unwrap_or(0);
        all.iter().skip((at + 1).saturating_sub(fit)).take(fit).collect()
    }

    /// The rows that have room: services give way, and say how many of them are not shown.
    fn rows(&self, v: &View<'a>, zones: &[&'a ZoneState], room: u16) -> Vec<ZoneRow<'a>> {
        let Some(first) = self.map.zones.first() else { return Vec::new() };
        let full = self.style != Style::Rules;
        let row = |system: ZoneSystem| {
            let cells = zones.iter().map(|z| cells::lines(v, self.map, z, &system, full)).collect();
            ZoneRow { tier: tier_of(&system), system, cells }
        };
        let mut rows: Vec<ZoneRow<'a>> = systems(first).filter(|s| !matches!(s, ZoneSystem::Service(_))).map(row).collect();
        let others: u16 = rows.iter().map(ZoneRow::height).sum();
        let names: Vec<&str> = first.services.iter().map(|s| s.name.as_str()).collect();
        let shown = self.services(&names, usize::from(room.saturating_sub(others)).max(1));
        let hidden = names.len() - shown.len();
        let at = rows.iter().position(|r| r.tier == SubnetTier::Private).unwrap_or(rows.len());
        let mut services: Vec<ZoneRow<'a>> = shown.into_iter().map(|n| row(ZoneSystem::Service(n.to_owned()))).collect();
        if hidden > 0 {
            let more = |z: &&ZoneState| {
                let tasks: usize = z.services.iter().map(|s| s.running + s.starting).sum();
                vec![Phrase::of(format!("  {hidden} more, {tasks} tasks total"), Role::Muted)]
            };
            services.push(ZoneRow { tier: SubnetTier::Private, system: ZoneSystem::Zone, cells: zones.iter().map(more).collect() });
        }
        rows.splice(at..at, services);
        rows
    }

    /// As many services as there is room for: those with a finding and the selected one first, in their order.
    fn services<'n>(&self, names: &[&'n str], room: usize) -> Vec<&'n str> {
        if names.len() <= room {
            return names.to_vec();
        }
        let is = |system: &ZoneSystem, name: &str| matches!(system, ZoneSystem::Service(s) if s == name);
        let marked =
            |name: &str| self.selected.as_ref().is_some_and(|c| is(&c.system, name)) || self.map.marks.iter().any(|m| is(&m.system, name));
        let mut order: Vec<(bool, usize)> = names.iter().enumerate().map(|(i, n)| (!marked(n), i)).collect();
        order.sort_unstable();
        order.truncate(room.saturating_sub(1).max(1));
        order.sort_unstable_by_key(|o| o.1);
        order.into_iter().filter_map(|(_, i)| names.get(i).copied()).collect()
    }

    fn ruled(&self, v: &View<'a>, zones: &[&'a ZoneState], rows: &[ZoneRow<'a>], area: Rect, ink: &mut Ink<'_>) -> u16 {
        let columns = columns(area, zones.len());
        for (zone, place) in zones.iter().zip(&columns) {
            ink.phrase(place.x, area.y, place.right(), &zone_title(zone, None));
        }
        let mut y = area.y + 1;
        for (tier, name) in TIERS {
            if y >= area.bottom() {
                return y;
            }
            let rule = Rect { x: area.x.saturating_sub(1), y, width: area.width + 2, height: 1 };
            ink.rule(rule, &Phrase::of(*name, Role::Muted), &Phrase::new(), false);
            for (zone, place) in zones.iter().zip(&columns) {
                let cidr = cidr(v, zone, *tier);
                let x = if place.x == area.x { place.x + name.len() as u16 + 2 } else { place.x - 1 };
                if !cidr.is_empty() {
                    ink.put(x, y, place.right(), &format!(" {cidr} "), Role::Faint);
                }
            }
            y += 1;
            for row in rows.iter().filter(|r| r.tier == *tier) {
                let inside: Vec<Rect> = columns.iter().map(|c| Rect { y, height: area.bottom().saturating_sub(y), ..*c }).collect();
                self.row(row, zones, &inside, ink);
                y += row.height();
            }
        }
        y
    }

    fn framed(&self, v: &View<'a>, zones: &[&'a ZoneState], rows: &[ZoneRow<'a>], area: Rect, ink: &mut Ink<'_>) -> u16 {
        let cells: u16 = rows.iter().map(ZoneRow::height).sum();
        let height = (cells + self.style.overhead()).min(area.height);
        let columns = columns(area, zones.len());
        let mut insides = Vec::new();
        for (zone, place) in zones.iter().zip(&columns) {
            let focus = self.focus && self.selected.as_ref().is_some_and(|c| c.zone.name == zone.name);
            insides.push(ink.frame(Rect { height, ..*place }, &zone_title(zone, Some(place.width)), &Phrase::new(), focus));
        }
        let mut y = area.y + 1;
        for (tier, name) in TIERS {
            let own: Vec<&ZoneRow<'a>> = rows.iter().filter(|r| r.tier == *tier).collect();
            let tall: u16 = own.iter().map(|r| r.height()).sum();
            let mut inner = Vec::new();
            for (zone, place) in zones.iter().zip(&insides) {
                let title = Phrase::of(*name, Role::Muted).and(" ", Role::Text).and(cidr(v, zone, *tier), Role::Faint);
                let left = area.y + height - 1;
                inner.push(if self.style == Style::Nested {
                    let frame = Rect { y, height: (tall + 2).min(left.saturating_sub(y)), ..*place };
                    ink.frame(frame, &title, &Phrase::new(), false)
                } else {
                    ink.rule(
                        Rect { x: place.x - 1, y, width: place.width + 2, height: left.saturating_sub(y) },
                        &title,
                        &Phrase::new(),
                        false,
                    );
                    Rect { y: y + 1, height: left.saturating_sub(y + 1), ..*place }
                });
            }
            y += 1;
            for row in own {
                let here: Vec<Rect> = inner.iter().map(|r| Rect { y, height: r.bottom().saturating_sub(y), ..*r }).collect();
                self.row(row, zones, &here, ink);
                y += row.height();
            }
            y += u16::from(self.style == Style::Nested);
        }
        area.y + height
    }

    /// One row of cells.
    fn row(&self, row: &ZoneRow<'a>, zones: &[&'a ZoneState], places: &[Rect], ink: &mut Ink<'_>) {
        for ((lines, zone), place) in row.cells.iter().zip(zones).zip(places) {
            ink.lines(*place, lines);
            let cell = |c: &Cell<'_>| c.zone.name == zone.name && c.system == row.system;
            let bar = Rect { x: place.x.saturating_sub(1), width: place.width + 1, height: row.height().min(place.height), ..*place };
            if self.selected.as_ref().is_some_and(cell) {
                ink.wash(bar, if self.focus { Role::Selection } else { Role::SelectionInactive });
            } else if self.shown.as_ref().is_some_and(|s| !s.iter().any(cell)) {
                ink.wash(bar, Role::Faint);
            }
        }
    }
}

/// Even columns with two blank cells between.
fn columns(area: Rect, n: usize) -> Vec<Rect> {
    let n = (n as u16).max(1);
    let at = |i: u16| (u32::from(area.width + 2) * u32::from(i) / u32::from(n)) as u16;
    (0..n).map(|i| Rect { x: area.x + at(i), width: at(i + 1) - at(i) - 2, ..area }).collect()
}

/// In the edge of a frame of that width, or alone.
fn zone_title(zone: &ZoneState, frame: Option<u16>) -> Phrase<'_> {
    let (mark, role) = glyph(zone.level);
    let mut title = Phrase::of(mark, role).and(" ", Role::Text);
    let name = zone.name.as_str();
    title = match frame {
        Some(48..) => title.and(format!("Availability Zone {}  ", zone.letter.to_uppercase()), Role::Title).and(name, Role::Muted),
        Some(_) => title.and(format!("AZ {}  ", zone.letter.to_uppercase()), Role::Title).and(name, Role::Muted),
        None => title.and(name, Role::Title),
    };
    if zone.suspect {
        title = title.and(" suspect", Role::Crit);
    }
    match &zone.state {
        AvailabilityZoneState::Unstated | AvailabilityZoneState::Available => title,
        state => title.and(format!(" AWS: {state}"), if zone.level >= Level::Degraded { Role::Warn } else { Role::Muted }),
    }
}

fn cidr<'a>(v: &View<'a>, zone: &ZoneState, tier: SubnetTier) -> &'a str {
    let subnet = v.store.get::<Network>().and_then(|n| n.of(tier).find(|s| s.zone == zone.name));
    subnet.map_or("", |s| s.cidr.as_str())
}
