//! Where the boxes of the stack view stand. `table` says which boxes and bands there are; `plan` is pure, and drawing
//! and moving by place both read its answer. A tier without boxes is not drawn.

mod table;

pub use table::{BOXES, BoxSpec, Kind, Tier};

use std::collections::BTreeMap;

use super::SMALLEST;
use crate::insight::{Judgement, NodeId};
use crate::model::alarm::Alarms;
use crate::model::balancer::Routing;
use crate::model::health::Level;
use crate::model::stack::{ServiceRole, Stack};
use crate::model::store::Store;
use table::{BOXED, BOXED_SIDE, Band, LINES, LINES_FULL, LINES_SIDE, STEP};

/// A rectangle of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub w: u16,
    /// Rows.
    pub h: u16,
}

/// The narrowest box that still says all that matters.
const BOX_WIDTH: u16 = 27;
/// From here on there is a right column.
const SIDE_FROM: u16 = 160;
/// Boxes need this much.
const BOXED_FROM: (u16, u16) = (100, 32);

/// What stands beside a reason on its line.
const REASON_MARGIN: u16 = 6;
/// A box without a border tells its reasons in this many rows at most.
const REASON_ROWS: u16 = 2;

/// What one box asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its row of the table.
    pub kind: Kind,
    /// Its tier.
    pub tier: Tier,
    /// What it is about.
    pub node: NodeId,
    /// Lines that it needs where no boxes are drawn.
    pub lines: u16,
    /// The cells that its reasons take on one line; 0 = it has none to tell.
    pub reason: u16,
    /// A list has this many rows to show; `None` = as many as there is room for.
    pub rows: Option<u16>,
}

/// A box and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What it shows.
    pub kind: Kind,
    /// What it is about.
    pub node: NodeId,
    /// Where.
    pub place: Place,
    /// It has a border of its own.
    pub bordered: bool,
}

/// The rule above a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The tier that it heads.
    pub tier: Tier,
    /// One row.
    pub place: Place,
}

/// The answer of `plan`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Services stand in boxes (else on lines).
    pub boxed: bool,
    /// Everything between header and hints.
    pub body: Place,
    /// Rules of the tiers that do not draw their own.
    pub rules: Vec<Rule>,
    /// In reading order.
    pub boxes: Vec<Placed>,
    /// (first, shown, total) services when not all have room.
    pub window: Option<(usize, usize, usize)>,
}

impl Layout {
    /// Where a node stands.
    pub fn place(&self, node: &NodeId) -> Option<Place> {
        self.boxes.iter().find(|b| b.node == *node).map(|b| b.place)
    }
}

/// The boxes of this stack and what each asks for.
pub fn wishes(stack: &Stack, store: &Store, judgement: &Judgement) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for spec in BOXES {
        let nodes = match spec.kind {
            Kind::Balancer => vec![NodeId::balancer()],
            Kind::Service => stack.services.iter().map(|s| NodeId::service(&s.name)).collect(),
            Kind::Cache => vec![NodeId::cache()],
            Kind::Database => vec![NodeId::database()],
            Kind::Alarms => vec![NodeId::alarms()],
            Kind::Timeline => vec![NodeId("timeline".to_owned())],
            Kind::Logs => vec![NodeId::logs()],
        };
        for node in nodes {
            let told = matches!(spec.kind, Kind::Balancer | Kind::Service | Kind::Cache | Kind::Database);
            let reason = if told { reason_width(judgement, &node) } else { 0 };
            let rows = match spec.kind {
                Kind::Alarms => Some(store.get::<Alarms>().map_or(4, |a| a.for_people().count().min(12) as u16)),
                Kind::Timeline => Some(judgement.timeline.len().clamp(4, 40) as u16),
                _ => None,
            };
            wishes.push(Wish { rows, kind: spec.kind, tier: spec.tier, lines: lines(spec.kind, stack, store), reason, node });
        }
    }
    wishes
}

fn reason_width(judgement: &Judgement, node: &NodeId) -> u16 {
    const BETWEEN: usize = 3;
    let Some(verdict) = judgement.of(node).filter(|v| v.level > Level::Info) else { return 0 };
    let cells: usize = verdict.reasons.iter().map(|r| r.text.chars().count() + BETWEEN).sum();
    cells.saturating_sub(BETWEEN).min(usize::from(u16::MAX)) as u16
}

/// How many forwarding rules the balancer's box lists.
pub fn rule_lines(stack: &Stack, store: &Store) -> u16 {
    let served = stack.services.iter().filter(|s| s.role != ServiceRole::Worker).count();
    let rules = store.get::<Routing>().map_or(served, |r| {
        let forwarding = |l: &crate::model::balancer::Listener| l.rules.iter().filter(|r| !r.target_groups.is_empty()).count();
        r.listeners.iter().map(forwarding).max().unwrap_or(0)
    });
    rules.clamp(1, 4) as u16
}

fn lines(kind: Kind, stack: &Stack, store: &Store) -> u16 {
    match kind {
        Kind::Balancer => 1 + rule_lines(stack, store),
        Kind::Alarms => {
            let firing = store.get::<Alarms>().map_or(0, |a| a.for_people().filter(|a| a.state == "ALARM").count());
            firing.min(2) as u16
        }
        Kind::Timeline | Kind::Logs => 0,
        _ => 1,
    }
}

/// Places everything for a screen of this size.
pub fn plan(size: (u16, u16), banner: bool, wishes: &[Wish], selected: &NodeId) -> Layout {
    let (w, h) = size;
    if w < SMALLEST.0 || h < SMALLEST.1 {
        return Layout::default();
    }
    let top = 1 + u16::from(banner);
    let body = Place { x: 0, y: top, w, h: h - 1 - top };
    let side = if w >= SIDE_FROM { (w * 36 / 100).min(80) } else { 0 };
    let main = Place { w: w - side - u16::from(side > 0), ..body };
    let right = Place { x: w - side, w: side, ..body };
    let boxed = main.w >= BOXED_FROM.0 && body.h >= BOXED_FROM.1 && fits(main, if side > 0 { BOXED_SIDE } else { BOXED }, wishes);
    let form = match (boxed, side > 0) {
        (false, false) => LINES,
        (false, true) if wishes.iter().filter(|w| w.kind == Kind::Service).count() > usize::from(body.h / 2) => LINES_FULL,
        (false, true) => LINES_SIDE,
        (true, false) => BOXED,
        (true, true) => BOXED_SIDE,
    };
    let mut layout = Layout { boxed, body, ..Layout::default() };
    column(&mut layout, form, main, false, wishes, selected);
    if side > 0 {
        column(&mut layout, form, right, true, wishes, selected);
    }
    layout
}

fn of_band<'a>(band: &Band, wishes: &'a [Wish]) -> Vec<&'a Wish> {
    wishes.iter().filter(|w| band.tiers.iter().any(|(t, _)| *t == w.tier)).collect()
}

/// (boxes beside each other, rows of boxes) of a band.
fn grid(width: u16, boxes: usize) -> (u16, u16) {
    let across = ((width + 1) / (BOX_WIDTH + 1)).clamp(1, boxes.max(1) as u16);
    let rows = (boxes as u16).div_ceil(across).max(1);
    // As even as it gets: four and three rather than six and one.
    ((boxes as u16).div_ceil(rows).max(1), rows)
}

fn fits(main: Place, form: &[Band], wishes: &[Wish]) -> bool {
    let needed: u16 = form.iter().filter(|b| !b.side && main.h >= b.from).map(|b| boxed_min(b, main.w, wishes)).sum();
    needed <= main.h
}

fn boxed_min(band: &Band, width: u16, wishes: &[Wish]) -> u16 {
    let boxes = of_band(band, wishes).len();
    // The balancer's box grows with its rules, and keeps a row free for a reason.
    let rules = of_band(band, wishes).iter().filter(|w| w.kind == Kind::Balancer).map(|w| w.lines + 4).max().unwrap_or(0);
    if band.tiers.len() > 1 || rules > 0 { band.min.max(rules) } else { 1 + (band.min - 1) * grid(width, boxes).1 }
}

fn column(layout: &mut Layout, form: &[Band], area: Place, side: bool, wishes: &[Wish], selected: &NodeId) {
    let bands: Vec<(&Band, Vec<&Wish>)> = form
        .iter()
        .filter(|b| b.side == side && area.h >= b.from)
        .map(|b| (b, of_band(b, wishes)))
        .filter(|(_, w)| !w.is_empty())
        .collect();
    let mut heights: Vec<u16> = bands
        .iter()
        .map(
            |(b, boxes)| {
                if layout.boxed || b.share > 0 { boxed_min(b, area.w, wishes) } else { 1 + boxes.iter().map(|w| w.lines).sum::<u16>() }
            },
        )
        .collect();
    shrink(&mut heights, &bands, area.h);
    let reasons = if layout.boxed { Grants::new() } else { grant_reasons(&bands, &mut heights, area) };
    spread(&mut heights, &bands, area.h);
    let mut y = area.y;
    for ((band, boxes), h) in bands.iter().zip(heights) {
        let place = Place { y, h, ..area };
        if layout.boxed || band.tiers.iter().all(|(t, _)| t.titles_itself()) {
            band_of_boxes(layout, band, boxes, place);
        } else {
            band_of_lines(layout, boxes, place, &reasons, selected);
        }
        y += h;
    }
}

/// Too many lines for the screen: lists give way first, then the tallest band, which then shows a window.
fn shrink(heights: &mut [u16], bands: &[(&Band, Vec<&Wish>)], total: u16) {
    if heights.iter().sum::<u16>() <= total {
        return;
    }
    for (height, (band, _)) in heights.iter_mut().zip(bands) {
        if band.share > 0 {
            *height = (*height).min(2);
        }
    }
    while heights.iter().sum::<u16>() > total {
        let Some(tallest) = heights.iter_mut().max() else { return };
        if *tallest <= 2 {
            return;
        }
        *tallest -= 1;
    }
}

/// Rows granted for the reasons of a box.
type Grants<'a> = BTreeMap<&'a NodeId, u16>;

/// Gives each box that has a reason to tell a line more, as long as there are rows to spare; then another one to those
/// whose reasons need it.
fn grant_reasons<'a>(bands: &[(&Band, Vec<&'a Wish>)], heights: &mut [u16], area: Place) -> Grants<'a> {
    // Words do not break where a line ends: a few cells of each are lost.
    let width = area.w.saturating_sub(REASON_MARGIN + 6).max(1);
    let mut spare = area.h.saturating_sub(heights.iter().sum());
    let mut grants = Grants::new();
    for row in 1..=REASON_ROWS {
        for ((_, boxes), h) in bands.iter().zip(heights.iter_mut()) {
            for wish in boxes.iter().filter(|w| w.reason > (row - 1) * width) {
                if spare > 0 {
                    *grants.entry(&wish.node).or_insert(0) += 1;
                    *h += 1;
                    spare -= 1;
                }
            }
        }
    }
    grants
}

/// Hands the rows that are left over to the bands by their shares, the last one taking the remainder.
fn spread(heights: &mut [u16], bands: &[(&Band, Vec<&Wish>)], total: u16) {
    let spare = total.saturating_sub(heights.iter().sum());
    let shares: u16 = bands.iter().map(|(b, _)| b.share).sum();
    if shares == 0 {
        return;
    }
    let mut left = spare;
    // What a short list cannot use goes to the last band.
    let useful = |boxes: &[&Wish], h: u16| {
        let rows = boxes.iter().filter_map(|w| w.rows).max()?;
        Some((1 + rows.div_ceil(STEP) * STEP).saturating_sub(h))
    };
    let last = bands.iter().rposition(|(b, _)| b.share > 0);
    for (i, ((band, boxes), h)) in bands.iter().zip(heights).enumerate() {
        let share = spare * band.share / shares;
        let given = if Some(i) == last { left } else { useful(boxes, *h).map_or(share, |u| share.min(u)) };
        *h += given;
        left -= given;
    }
}

fn band_of_boxes(layout: &mut Layout, band: &Band, boxes: &[&Wish], place: Place) {
    let gaps = band.tiers.len() as u16 - 1;
    let shares: u16 = band.tiers.iter().map(|(_, s)| s).sum();
    let mut x = place.x;
    for (i, (tier, share)) in band.tiers.iter().enumerate() {
        let w = if i as u16 == gaps { place.x + place.w - x } else { (place.w - gaps) * share / shares };
        let here: Vec<&&Wish> = boxes.iter().filter(|b| b.tier == *tier).collect();
        let area = Place { x, w, ..place };
        x += w + 1;
        if tier.titles_itself() {
            for wish in here {
                layout.boxes.push(Placed { kind: wish.kind, node: wish.node.clone(), place: area, bordered: false });
            }
            continue;
        }
        layout.rules.push(Rule { tier: *tier, place: Place { h: 1, ..area } });
        let (across, rows) = grid(w, here.len());
        for (i, wish) in here.iter().enumerate() {
            let (column, row) = (i as u16 % across, i as u16 / across);
            let in_row = across.min(here.len() as u16 - row * across);
            let (bx, bw) = slice(area.w + 1, in_row, column);
            let (by, bh) = slice(area.h - 1, rows, row);
            let place = Place { x: area.x + bx, y: area.y + 1 + by, w: bw - 1, h: bh };
            layout.boxes.push(Placed { kind: wish.kind, node: wish.node.clone(), place, bordered: true });
        }
    }
}

/// The `i`th of `n` even parts of `total`: (start, length).
fn slice(total: u16, n: u16, i: u16) -> (u16, u16) {
    let at = |i: u32| (u32::from(total) * i / u32::from(n.max(1))) as u16;
    (at(u32::from(i)), at(u32::from(i) + 1) - at(u32::from(i)))
}

fn band_of_lines(layout: &mut Layout, boxes: &[&Wish], place: Place, reasons: &Grants<'_>, selected: &NodeId) {
    let tier = boxes.first().map_or(Tier::Public, |b| b.tier);
    layout.rules.push(Rule { tier, place: Place { h: 1, ..place } });
    let sizes: Vec<u16> = boxes.iter().map(|w| w.lines + reasons.get(&w.node).copied().unwrap_or(0)).collect();
    let room = place.h.saturating_sub(1);
    let mut shown: Vec<usize> = (0..boxes.len()).collect();
    if sizes.iter().sum::<u16>() > room {
        shown = window(boxes, &sizes, room, selected);
        let services: Vec<usize> = shown.iter().copied().filter(|i| boxes.get(*i).is_some_and(|b| b.kind == Kind::Service)).collect();
        let total = boxes.iter().filter(|b| b.kind == Kind::Service).count();
        layout.window = Some((services.first().copied().unwrap_or(0), services.len(), total));
    }
    let mut y = place.y + 1;
    for i in shown {
        let (Some(wish), Some(h)) = (boxes.get(i), sizes.get(i)) else { continue };
        layout.boxes.push(Placed { kind: wish.kind, node: wish.node.clone(), place: Place { y, h: *h, ..place }, bordered: false });
        y += h;
    }
}

/// The boxes to show when not all fit: what is not a service always, and the services round the selected one.
fn window(boxes: &[&Wish], sizes: &[u16], room: u16, selected: &NodeId) -> Vec<usize> {
    let size = |i: usize| sizes.get(i).copied().unwrap_or(1);
    let is_service = |i: usize| boxes.get(i).is_some_and(|b| b.kind == Kind::Service);
    let fixed: u16 = (0..boxes.len()).filter(|i| !is_service(*i)).map(size).sum();
    let room = room.saturating_sub(fixed);
    let services: Vec<usize> = (0..boxes.len()).filter(|i| is_service(*i)).collect();
    let at = services.iter().position(|i| boxes.get(*i).is_some_and(|b| b.node == *selected)).unwrap_or(0);
    let (mut from, mut to, mut used) = (at, at, 0);
    loop {
        let before = used;
        if let Some(i) = services.get(to)
            && used + size(*i) <= room
        {
            used += size(*i);
            to += 1;
        }
        if let Some(i) = from.checked_sub(1).and_then(|p| services.get(p))
            && used + size(*i) <= room
        {
            used += size(*i);
            from -= 1;
        }
        if used == before {
            break;
        }
    }
    let kept = services.get(from..to).unwrap_or_default();
    (0..boxes.len()).filter(|i| !is_service(*i) || kept.contains(i)).collect()
}
