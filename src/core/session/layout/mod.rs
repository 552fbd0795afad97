//! Where the boxes of the stack view stand. `boxes` says which there are, `form` which bands; `plan` is pure, and drawing
//! and moving by place both read its answer. A tier without boxes is not drawn.

mod boxes;
mod fill;
mod form;
mod grant;

pub use boxes::{BoxSpec, boxes, spec};
pub use form::Look;

use super::SMALLEST;
use crate::insight::{Judgement, NodeId};
use crate::model::health::Level;
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::system::{System, Tier};
use form::{BOXED, BOXED_SIDE, Band, LINES, LINES_FULL, LINES_SIDE};

/// A rectangle of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub w: u16,
    /// Rows.
    pub h: u16,
}

/// From here on there is a right column.
const SIDE_FROM: u16 = 160;
/// Boxes need this much.
const BOXED_FROM: (u16, u16) = (100, 32);
/// Lists that have few rows leave the rest to the log; in steps, so that one row more does not move what is below.
const STEP: u16 = 4;

/// What one box asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub tier: Tier,
    /// What it is about.
    pub node: NodeId,
    /// Lines that it needs where no boxes are drawn.
    pub lines: u16,
    /// The same in a column of its own.
    pub column: u16,
    /// Cells that it needs and can use where it shares a line; 0 = it never does.
    pub cells: (u16, u16),
    /// It takes what is left over in a column.
    pub stretches: bool,
    /// The cells that its reasons take on one line; 0 = it has none to tell.
    pub reason: u16,
    /// How bad they are.
    pub level: Level,
    /// A list has this many rows to show; `None` = as many as there is room for.
    pub rows: Option<u16>,
}

/// A box and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What it is about.
    pub node: NodeId,
    /// Where.
    pub place: Area,
    /// How it looks there.
    pub look: Look,
    /// Its lines below the first may use the width of the whole band.
    pub band: Area,
    /// Rows granted for its reasons.
    pub told: Area,
}

/// The rule above a band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The tiers that it heads.
    pub tiers: Vec<Tier>,
    /// One row.
    pub place: Area,
    /// How many of its first cells are taken by boxes that stand on it.
    pub taken: u16,
}

/// The answer of `plan`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Services stand in boxes (else on lines).
    pub boxed: bool,
    /// Everything between header and hints.
    pub body: Area,
    /// Rules of the bands and columns that do not draw their own.
    pub rules: Vec<Rule>,
    /// In reading order, band by band.
    pub boxes: Vec<Placed>,
    /// (first, shown, total) services when not all have room.
    pub window: Option<(usize, usize, usize)>,
}

impl Layout {
    /// Where a node stands.
    pub fn place(&self, node: &NodeId) -> Option<Area> {
        self.boxes.iter().find(|b| b.node == *node).map(|b| b.place)
    }
}

/// The nodes that have a box of their own in this stack, in reading order.
pub fn nodes(stack: &Stack) -> Vec<NodeId> {
    let here = boxes().into_iter().filter(|(system, _)| stack.has(*system));
    here.flat_map(|(system, spec)| nodes_of(stack, system, spec)).collect()
}

fn nodes_of(stack: &Stack, system: System, spec: &BoxSpec) -> Vec<NodeId> {
    spec.nodes.map_or_else(|| vec![NodeId::of(system)], |nodes| nodes(stack))
}

/// The boxes of this stack and what each asks for.
pub fn wishes(stack: &Stack, store: &Store, judgement: &Judgement) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for (system, spec) in boxes().into_iter().filter(|(system, _)| stack.has(*system)) {
        let rows = (spec.rows)(store, judgement);
        // What has further lines under it, and a twin, shares its line with neither.
        let cells = if stack.others(system).is_empty() { spec.cells } else { (0, 0) };
        for node in nodes_of(stack, system, spec) {
            let (level, reason) = if spec.tells { told(judgement, &node) } else { (Level::Absent, 0) };
            let lines = match stack.of_member(&node) {
                Some(own) => (spec.lines)(&own, &store.of_member(&node)),
                None => (spec.lines)(stack, store),
            };
            wishes.push(Wish {
                tier: system.spec().tier,
                node,
                lines,
                column: spec.column,
                cells,
                stretches: spec.stretches,
                reason,
                level,
                rows,
            });
        }
    }
    give_way(&mut wishes);
    wishes
}

/// What stands on a rule has no row beneath it to say why it is not well: those beside it give way to the words.
fn give_way(wishes: &mut [Wish]) {
    const WORDS: u16 = 30;
    let on_rule = |w: &&mut Wish| w.tier == Tier::Vpc;
    if wishes.iter_mut().filter(on_rule).all(|w| w.level < Level::Degraded) {
        return;
    }
    for wish in wishes.iter_mut().filter(on_rule) {
        let words = if wish.level >= Level::Degraded { wish.reason.min(WORDS) } else { 0 };
        wish.cells.1 = wish.cells.0 + words;
    }
}

/// The nodes that a digit jumps to, in their order.
pub fn numbered(wishes: &[Wish]) -> impl Iterator<Item = &NodeId> {
    wishes.iter().filter(|w| spec(w.node.system()).digit).map(|w| &w.node)
}

/// How bad a node is and how many cells its reasons take on one line.
fn told(judgement: &Judgement, node: &NodeId) -> (Level, u16) {
    const BETWEEN: usize = 3;
    let Some(verdict) = judgement.of(node).filter(|v| v.level >= Level::Degraded) else { return (Level::Absent, 0) };
    let cells: usize = verdict.reasons.iter().map(|r| r.text.chars().count() + BETWEEN).sum();
    (verdict.level, cells.saturating_sub(BETWEEN).min(usize::from(u16::MAX)) as u16)
}

/// Places everything for a screen of this size.
pub fn plan(size: (u16, u16), banner: bool, wishes: &[Wish], selected: &NodeId) -> Layout {
    let (w, h) = size;
    if w < SMALLEST.0 || h < SMALLEST.1 {
        return Layout::default();
    }
    let top = 1 + u16::from(banner);
    let body = Area { x: 0, y: top, w, h: h - 1 - top };
    let side = if w >= SIDE_FROM { (w * 36 / 100).min(80) } else { 0 };
    let main = Area { w: w - side - u16::from(side > 0), ..body };
    let right = Area { x: main.w + 1, w: side, ..body };
    let form = if side > 0 { BOXED_SIDE } else { BOXED };
    let boxed = w >= BOXED_FROM.0 && body.h >= BOXED_FROM.1 && fits(main, form, wishes);
    let form = match (boxed, side > 0) {
        (true, _) => form,
        (false, false) => LINES,
        (false, true) if wishes.iter().filter(|w| w.node.system() == System::Service).count() > usize::from(body.h / 2) => LINES_FULL,
        (false, true) => LINES_SIDE,
    };
    let mut layout = Layout { boxed, body, ..Layout::default() };
    column(&mut layout, form, main, false, wishes, selected);
    if side > 0 {
        column(&mut layout, form, right, true, wishes, selected);
    }
    layout
}

fn fits(main: Area, form: &[Band], wishes: &[Wish]) -> bool {
    let needed: u16 = form.iter().filter(|b| !b.side && main.h >= b.from).map(|b| fill::least(b, main, wishes)).sum();
    needed <= main.h
}

fn column(layout: &mut Layout, form: &[Band], area: Area, side: bool, wishes: &[Wish], selected: &NodeId) {
    let here = |b: &&Band| b.side == side && area.h >= b.from && b.columns.iter().any(|c| fill::of(c, wishes).next().is_some());
    let bands: Vec<&Band> = form.iter().filter(here).collect();
    let mut heights: Vec<u16> = bands.iter().map(|b| fill::least(b, area, wishes)).collect();
    shrink(&mut heights, &bands, area.h);
    let grants = grant::reasons(&bands, &mut heights, area, wishes);
    spread(&mut heights, &bands, area.h, wishes);
    let mut y = area.y;
    for (band, h) in bands.into_iter().zip(heights) {
        fill::band(layout, band, Area { y, h, ..area }, area.h, &fill::Boxes { wishes, grants: &grants, selected });
        y += h;
    }
}

/// Too many lines for the screen: lists give way first, then the tallest band, which then shows a window.
fn shrink(heights: &mut [u16], bands: &[&Band], total: u16) {
    if heights.iter().sum::<u16>() <= total {
        return;
    }
    for (height, band) in heights.iter_mut().zip(bands) {
        if band.share > 0 && band.is_own() {
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

/// Hands the rows that are left over to the bands by their shares, the one with the largest taking the remainder.
fn spread(heights: &mut [u16], bands: &[&Band], total: u16, wishes: &[Wish]) {
    let spare = total.saturating_sub(heights.iter().sum());
    let shares: u16 = bands.iter().map(|b| b.share).sum();
    if shares == 0 {
        return;
    }
    let mut left = spare;
    let greedy = bands.iter().enumerate().max_by_key(|(i, b)| (b.share, *i)).map(|(i, _)| i);
    // What a short list cannot use goes to the greedy one.
    let useful = |band: &Band, h: u16| {
        let rows = band.columns.iter().flat_map(|c| fill::of(c, wishes)).filter_map(|w| w.rows).max()?;
        Some((1 + rows.div_ceil(STEP) * STEP).saturating_sub(h))
    };
    let order = (0..bands.len()).filter(|i| Some(*i) != greedy).chain(greedy);
    for i in order {
        let (Some(band), Some(height)) = (bands.get(i), heights.get_mut(i)) else { continue };
        let share = spare * band.share / shares;
        let given = if Some(i) == greedy { left } else { useful(band, *height).map_or(share, |u| share.min(u)) };
        *height += given;
        left -= given;
    }
}
