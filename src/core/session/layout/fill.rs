//! Filling one band: rules, boxes in a grid, lines that share rows, lists, and a window over what does not fit.
//! Called by `plan`; it knows no form.

use super::form::{Band, Column, Look};
use super::grant::{self, Grants};
use super::{Area, Layout, Placed, Rule, Wish};
use crate::insight::NodeId;
use crate::model::system::{System, Tier};

/// The narrowest box that still says all that matters.
const BOX_WIDTH: u16 = 27;
/// Between what shares a line.
const GAP: u16 = 1;

/// What stands in the bands.
pub(super) struct Boxes<'a> {
    pub(super) wishes: &'a [Wish],
    pub(super) grants: &'a Grants<'a>,
    pub(super) selected: &'a NodeId,
}

/// Boxes that share a line, each with its cells.
pub(super) struct Group<'a> {
    pub(super) members: Vec<(&'a Wish, u16)>,
    pub(super) lines: u16,
}

/// The boxes of a column, in its order of tiers.
pub(super) fn of<'a>(column: &'a Column, wishes: &'a [Wish]) -> impl Iterator<Item = &'a Wish> {
    column.parts.iter().flat_map(|tier| of_tier(*tier, wishes))
}

fn of_tier(tier: Tier, wishes: &[Wish]) -> impl Iterator<Item = &Wish> {
    wishes.iter().filter(move |w| w.tier == tier)
}

/// The columns of a band that have boxes, and their places, a blank column between them.
pub(super) fn columns(band: &Band, area: Area, wishes: &[Wish]) -> Vec<(&'static Column, Area)> {
    let used: Vec<&'static Column> = band.columns.iter().filter(|c| of(c, wishes).next().is_some()).collect();
    let gaps = used.len().saturating_sub(1) as u16;
    let shares: u16 = used.iter().map(|c| c.share).sum();
    let mut x = area.x;
    let mut places = Vec::new();
    for (i, column) in used.into_iter().enumerate() {
        let w = if i as u16 == gaps { area.x + area.w - x } else { (area.w - gaps) * column.share / shares.max(1) };
        places.push((column, Area { x, w, ..area }));
        x += w + 1;
    }
    places
}

/// (boxes beside each other, rows of boxes) of a column.
fn grid(width: u16, boxes: usize) -> (u16, u16) {
    let across = ((width + 1) / (BOX_WIDTH + 1)).clamp(1, boxes.max(1) as u16);
    let rows = (boxes as u16).div_ceil(across).max(1);
    // As even as it gets: four and three rather than six and one.
    ((boxes as u16).div_ceil(rows).max(1), rows)
}

/// The rows that a band needs at least, its rule included.
pub(super) fn least(band: &Band, area: Area, wishes: &[Wish]) -> u16 {
    let rule = u16::from(band.has_rule(area.h));
    let of_column = |(column, place): &(&Column, Area)| match column.look {
        Look::Lines => rule + lines(column, place.w, band, wishes),
        Look::Boxed => {
            // The balancer's box grows with its rules, and keeps a row free for a reason.
            let rules = of(column, wishes).filter(|w| w.node.system() == System::Balancer).map(|w| w.lines + 4).max().unwrap_or(0);
            (rule + (band.min - rule) * grid(place.w, of(column, wishes).count()).1).max(rules)
        }
        Look::Own | Look::Chip => band.min,
    };
    let tallest = columns(band, area, wishes).iter().map(of_column).max().unwrap_or(0);
    tallest.max(band.min)
}

/// The rows that the lines of a column take.
pub(super) fn lines(column: &Column, width: u16, band: &Band, wishes: &[Wish]) -> u16 {
    groups(of(column, wishes), width, band.columns.len() > 1).iter().map(|g| g.lines).sum()
}

/// Which boxes share a line: as many as have room beside each other.
fn groups<'a>(boxes: impl Iterator<Item = &'a Wish>, width: u16, narrow: bool) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut used = 0;
    for wish in boxes {
        let (own, lines) = (wish.cells.0, if narrow { wish.column } else { wish.lines });
        let shares = !narrow && own > 0 && used > 0 && used + GAP + own <= width;
        if let Some(group) = groups.last_mut().filter(|_| shares) {
            used += GAP + own;
            group.members.push((wish, own));
            group.lines = group.lines.max(lines);
        } else {
            // One that never shares leaves no room beside it.
            used = if own > 0 && !narrow { own } else { 0 };
            groups.push(Group { members: vec![(wish, own)], lines });
        }
    }
    for group in &mut groups {
        widen(group, width);
    }
    groups
}

/// Hands out the cells of a line beyond what each box needs: whole steps to those that ask for least, then the rest evenly.
/// One that is alone takes all.
fn widen(group: &mut Group<'_>, width: u16) {
    if let [(_, cells)] = group.members.as_mut_slice() {
        *cells = width;
        return;
    }
    // The last one keeps a blank to the edge.
    let gaps = GAP * (group.members.len() as u16 - 1) + 1;
    let mut spare = width.saturating_sub(gaps + group.members.iter().map(|(_, cells)| *cells).sum::<u16>());
    let mut steps: Vec<(u16, usize)> = group.members.iter().enumerate().map(|(i, (w, cells))| (w.cells.1 - cells, i)).collect();
    steps.sort_unstable();
    let mut hungry: Vec<usize> = Vec::new();
    for (step, i) in steps {
        match group.members.get_mut(i) {
            Some((_, cells)) if step <= spare => {
                *cells += step;
                spare -= step;
            }
            _ => hungry.push(i),
        }
    }
    if hungry.is_empty() {
        hungry = (0..group.members.len()).collect();
    }
    let each = spare / hungry.len() as u16;
    for i in hungry {
        if let Some((_, cells)) = group.members.get_mut(i) {
            *cells += each;
        }
    }
}

/// Places one band of so many rows in a body of `body` rows.
pub(super) fn band(layout: &mut Layout, band: &Band, place: Area, body: u16, boxes: &Boxes<'_>) {
    let rule = u16::from(band.has_rule(body));
    if rule > 0 {
        rules(layout, band, place, boxes);
    }
    for (column, area) in columns(band, place, boxes.wishes) {
        let area = Area { y: area.y + rule, h: area.h.saturating_sub(rule), ..area };
        match column.look {
            Look::Boxed => of_boxes(layout, column, area, boxes),
            Look::Lines => of_lines(layout, column, area, band, boxes),
            Look::Own | Look::Chip => {
                for wish in of(column, boxes.wishes) {
                    layout.boxes.push(placed(wish, area, column.look));
                }
            }
        }
    }
}

fn placed(wish: &Wish, place: Area, look: Look) -> Placed {
    Placed { node: wish.node.clone(), place, look, band: place, told: Area::default() }
}

/// The rule of a band, with what stands on it; a rule for each column when there are several.
fn rules(layout: &mut Layout, band: &Band, place: Area, boxes: &Boxes<'_>) {
    let row = Area { h: 1, ..place };
    if band.heads.is_none() && band.columns.len() > 1 {
        for (column, area) in columns(band, row, boxes.wishes) {
            layout.rules.push(Rule { tiers: column.parts.to_vec(), place: area, taken: 0 });
        }
        return;
    }
    let mut x = row.x;
    let heads: Vec<&Wish> = band.heads.into_iter().flat_map(|t| of_tier(t, boxes.wishes)).collect();
    // The heading to their right keeps half of the rule.
    for group in groups(heads.into_iter(), row.w * 3 / 5, false).iter().take(1) {
        for (wish, w) in &group.members {
            layout.boxes.push(placed(wish, Area { x: x + 1, w: *w, ..row }, Look::Chip));
            x += w + GAP;
        }
    }
    let mut tiers: Vec<Tier> = band.columns.iter().flat_map(|c| c.parts).copied().collect();
    if band.bottom {
        tiers.extend([Tier::Delivery, Tier::Monitoring]);
    }
    tiers.retain(|tier| of_tier(*tier, boxes.wishes).next().is_some());
    let taken = if x > row.x { x + 1 - row.x } else { 0 };
    layout.rules.push(Rule { tiers, place: row, taken });
}

fn of_boxes(layout: &mut Layout, column: &Column, area: Area, boxes: &Boxes<'_>) {
    let here: Vec<&Wish> = of(column, boxes.wishes).collect();
    let (across, rows) = grid(area.w, here.len());
    for (i, wish) in here.iter().enumerate() {
        let (column, row) = (i as u16 % across, i as u16 / across);
        let in_row = across.min(here.len() as u16 - row * across);
        let (bx, bw) = slice(area.w + 1, in_row, column);
        let (by, bh) = slice(area.h, rows, row);
        layout.boxes.push(placed(wish, Area { x: area.x + bx, y: area.y + by, w: bw - 1, h: bh }, Look::Boxed));
    }
}

/// The `i`th of `n` even parts of `total`: (start, length).
fn slice(total: u16, n: u16, i: u16) -> (u16, u16) {
    let at = |i: u32| (u32::from(total) * i / u32::from(n.max(1))) as u16;
    (at(u32::from(i)), at(u32::from(i) + 1) - at(u32::from(i)))
}

fn of_lines(layout: &mut Layout, column: &Column, area: Area, band: &Band, boxes: &Boxes<'_>) {
    let narrow = band.columns.len() > 1;
    let all = groups(of(column, boxes.wishes), area.w, narrow);
    let mut sizes: Vec<u16> = all.iter().map(|g| g.lines + grant::of(g, boxes.grants)).collect();
    let total: u16 = sizes.iter().sum();
    let stretching = all.iter().position(|g| narrow && g.members.iter().any(|(w, _)| w.stretches));
    if let Some(size) = stretching.and_then(|i| sizes.get_mut(i)) {
        *size += area.h.saturating_sub(total);
    }
    let mut shown: Vec<usize> = (0..all.len()).collect();
    if total > area.h {
        shown = window(&all, &sizes, area.h, boxes.selected);
        let is_service = |g: &Group<'_>| g.members.iter().any(|(w, _)| w.node.system() == System::Service);
        let services = shown.iter().filter(|i| all.get(**i).is_some_and(is_service)).count();
        let of = all.iter().filter(|g| is_service(g)).count();
        let before = shown
            .iter()
            .find(|i| all.get(**i).is_some_and(is_service))
            .map_or(0, |i| all.iter().take(*i).filter(|g| is_service(g)).count());
        layout.window = (of > 0).then_some((before, services, of));
    }
    let mut y = area.y;
    for i in shown {
        let (Some(group), Some(size)) = (all.get(i), sizes.get(i)) else { continue };
        if y + group.lines > area.y + area.h {
            break;
        }
        place_group(layout, group, Area { y, h: *size, ..area }, boxes);
        y += size;
    }
}

/// Places a group: its boxes beside each other, and under them the rows granted for their reasons.
fn place_group(layout: &mut Layout, group: &Group<'_>, area: Area, boxes: &Boxes<'_>) {
    let grants = grant::of(group, boxes.grants);
    let own = area.h.saturating_sub(grants);
    let (mut x, mut y) = (area.x, area.y + own);
    for (i, (wish, w)) in group.members.iter().enumerate() {
        let h = if i == 0 { own } else { wish.lines.min(own) };
        let rows = boxes.grants.get(&wish.node).copied().unwrap_or(0);
        let look = if group.members.len() > 1 && wish.lines == 1 { Look::Chip } else { Look::Lines };
        let place = Area { x, w: *w, h, ..area };
        layout.boxes.push(Placed { look, band: Area { h: own, ..area }, told: Area { y, h: rows, ..area }, ..placed(wish, place, look) });
        x += w + GAP;
        y += rows;
    }
}

/// The groups to show when not all fit: what is not a service always, and the services round the selected one.
fn window(groups: &[Group<'_>], sizes: &[u16], room: u16, selected: &NodeId) -> Vec<usize> {
    let size = |i: usize| sizes.get(i).copied().unwrap_or(1);
    let has = |i: usize, test: &dyn Fn(&Wish) -> bool| groups.get(i).is_some_and(|g| g.members.iter().any(|(w, _)| test(w)));
    let is_service = |i: usize| has(i, &|w| w.node.system() == System::Service);
    let fixed: u16 = (0..groups.len()).filter(|i| !is_service(*i)).map(size).sum();
    let room = room.saturating_sub(fixed);
    let services: Vec<usize> = (0..groups.len()).filter(|i| is_service(*i)).collect();
    let at = services.iter().position(|i| has(*i, &|w| w.node == *selected)).unwrap_or(0);
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
    (0..groups.len()).filter(|i| !is_service(*i) || kept.contains(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Judgement;
    use crate::model::stack::Stack;
    use crate::model::store::Store;

    #[test]
    fn what_shares_a_line_never_gets_less_than_it_needs_nor_more_than_there_is() {
        let wishes = super::super::wishes(&Stack::default(), &Store::default(), &Judgement::default());
        for width in 60..=250 {
            for group in groups(wishes.iter(), width, false) {
                let total: u16 = group.members.iter().map(|(_, cells)| cells).sum::<u16>() + GAP * (group.members.len() as u16 - 1);
                assert!(total <= width, "{width}: {total}");
                for (wish, cells) in &group.members {
                    assert!(*cells >= wish.cells.0, "{width}: {} has {cells}", wish.node);
                }
            }
        }
    }

    #[test]
    fn columns_fill_their_band_with_one_blank_between() {
        let wishes = super::super::wishes(&Stack::default(), &Store::default(), &Judgement::default());
        for width in 60..=250 {
            for band in super::super::BOXED.iter().chain(super::super::LINES) {
                let places = columns(band, Area { x: 0, y: 0, w: width, h: 9 }, &wishes);
                let used: u16 = places.iter().map(|(_, p)| p.w).sum();
                assert_eq!(used + places.len() as u16 - 1, width, "{band:?}");
            }
        }
    }
}
