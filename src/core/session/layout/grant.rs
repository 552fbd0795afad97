//! Rows for reasons: who gets lines more, the worst first, as long as there are rows to spare. Called by `plan`.

use std::collections::BTreeMap;

use super::fill::{self, Group};
use super::form::{Band, Look};
use super::{Area, Wish};
use crate::insight::NodeId;

/// What stands beside a reason on its line, and what words that do not break lose at its end.
const MARGIN: u16 = 12;
/// A box without a border tells its reasons in this many rows at most.
const ROWS: u16 = 2;

/// Rows granted for the reasons of a box.
pub(super) type Grants<'a> = BTreeMap<&'a NodeId, u16>;

/// A box that has something to tell.
struct Teller<'a> {
    wish: &'a Wish,
    band: usize,
    column: usize,
    width: u16,
}

/// Gives each box that has a reason to tell a line more, the worst first; then another one to those whose reasons need it.
pub(super) fn reasons<'a>(bands: &[&Band], heights: &mut [u16], area: Area, wishes: &'a [Wish]) -> Grants<'a> {
    let mut tellers = Vec::new();
    // Rows in use of every column of lines: a column may have some to spare when its band has none.
    let mut used: Vec<Vec<u16>> = Vec::new();
    for (b, band) in bands.iter().enumerate() {
        let places = fill::columns(band, area, wishes);
        let rule = u16::from(band.has_rule(area.h));
        used.push(places.iter().map(|(column, place)| rule + fill::lines(column, place.w, band, wishes)).collect());
        for (c, (column, place)) in places.iter().enumerate().filter(|(_, (column, _))| column.look == Look::Lines) {
            let width = place.w.saturating_sub(MARGIN).max(1);
            // What has further lines in a column of its own says there what is wrong.
            let told = |w: &&Wish| w.reason > 0 && (places.len() == 1 || w.column == 1);
            tellers.extend(fill::of(column, wishes).filter(told).map(|wish| Teller { wish, band: b, column: c, width }));
        }
    }
    tellers.sort_by_key(|t| std::cmp::Reverse(t.wish.level));
    let mut spare = area.h.saturating_sub(heights.iter().sum());
    let mut grants = Grants::new();
    for row in 1..=ROWS {
        for teller in tellers.iter().filter(|t| t.wish.reason > (row - 1) * t.width) {
            let (Some(rows), Some(height)) =
                (used.get_mut(teller.band).and_then(|u| u.get_mut(teller.column)), heights.get_mut(teller.band))
            else {
                continue;
            };
            if *rows >= *height {
                if spare == 0 {
                    continue;
                }
                spare -= 1;
                *height += 1;
            }
            *rows += 1;
            *grants.entry(&teller.wish.node).or_insert(0) += 1;
        }
    }
    grants
}

/// Rows granted to all boxes of a group.
pub(super) fn of(group: &Group<'_>, grants: &Grants<'_>) -> u16 {
    group.members.iter().map(|(wish, _)| grants.get(&wish.node).copied().unwrap_or(0)).sum()
}
