//! Security groups and the rules of the selected one in the notation of the written architecture: `[ECS SG] → 5432`, with every deviation.

use ratatui::layout::Rect;

use super::matrix::{of, short};
use super::unread;
use crate::insight::topology::paths::{Deviation, LineState, Paths, PortRange, RuleLine};
use crate::model::health::Level;
use crate::model::network::{GroupRole, GroupRule, Peer, SecurityGroup, SecurityGroups};
use crate::session::Screen;
use crate::session::pane::network as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{glyph, tone};
use crate::view::pane::{List, beside, text};
use crate::view::widget::{Ink, Phrase};

pub(super) fn list(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if unread::<SecurityGroups>(v, area, ink) {
        return;
    }
    let state = v.session.list(screen.pane, &screen.subject, super::GROUPS);
    let all = rows::groups(v.store, &state);
    let paths = of(v);
    let list = List { panel: super::GROUPS, columns: rows::GROUPS, rows: all.len(), empty: "no security groups" };
    list.draw(v, screen, area, ink, |i| {
        let Some(group) = all.get(i) else { return Vec::new() };
        let odd = || deviations(&paths, group).filter(|d| d.level > Level::Healthy);
        let worst = odd().map(|d| d.level).max().unwrap_or(Level::Healthy);
        let (mark, role) = glyph(worst);
        let said = match odd().count() {
            0 => Phrase::of("as expected", Role::Muted),
            1 => Phrase::of("1 deviation", tone(worst)),
            n => Phrase::of(format!("{n} deviations"), tone(worst)),
        };
        let titles = group.roles.iter().map(|r| r.title()).collect::<Vec<_>>().join(" ");
        let out = group.rules.iter().filter(|r| r.egress).count();
        vec![
            Phrase::of(mark, role),
            text(if titles.is_empty() { "—".to_owned() } else { titles }),
            text(v.short(&group.name).to_owned()),
            Phrase::of(group.id.clone(), Role::Muted),
            text((group.rules.len() - out).to_string()),
            text(out.to_string()),
            said,
        ]
    });
}

/// The deviations of the roles of a group.
fn deviations<'p>(paths: &'p Paths, group: &'p SecurityGroup) -> impl Iterator<Item = &'p Deviation> {
    paths.deviations.iter().filter(|d| group.roles.contains(&d.group))
}

/// Inbound on the left, outbound on the right, deviations beneath.
pub(super) fn rules(v: &View<'_>, group: &SecurityGroup, area: Rect, ink: &mut Ink<'_>) {
    if area.height < 3 {
        return;
    }
    let paths = of(v);
    let inner = super::widen(area);
    let title = Phrase::of(group.name.as_str(), Role::Title).and(format!("  {}", group.id), Role::Muted);
    let inner = Rect { x: area.x, width: area.width, ..ink.rule(inner, &title, &Phrase::new(), false) };
    let (left, right) = beside(inner, inner.width / 2 - 1);
    let mut behind = inner.y;
    for (area, title, egress) in [(left, "Inbound", false), (right, "Outbound", true)] {
        ink.put(area.x, area.y, area.right(), title, Role::Muted);
        let lines = written(&paths, group, egress);
        let none = [Phrase::of("  None", Role::Text)];
        let lines = if lines.is_empty() { &none[..] } else { &lines };
        let y = ink.lines(Rect { y: area.y + 1, height: area.height - 1, ..area }, lines);
        behind = behind.max(y);
    }
    let mut rest = Rect { y: behind, height: inner.bottom().saturating_sub(behind), ..inner };
    for deviation in deviations(&paths, group) {
        if rest.height == 0 {
            return;
        }
        let (mark, role) = glyph(deviation.level);
        let note = deviation.level <= Level::Healthy;
        ink.put(rest.x, rest.y, rest.right(), if note { "·" } else { mark }, if note { Role::Muted } else { role });
        let id = ink.put(rest.x + 2, rest.y, rest.right(), deviation.id, Role::Muted) + 1;
        let place = Rect { x: id, width: rest.right().saturating_sub(id), ..rest };
        let y = ink.prose(place, &deviation.text, if note { Role::Muted } else { tone(deviation.level) });
        rest = Rect { y, height: rest.bottom().saturating_sub(y), ..rest };
    }
}

/// The lines of one direction in the written architecture's notation; what the group's own rules say where it protects nothing of the stack.
fn written(paths: &Paths, group: &SecurityGroup, egress: bool) -> Vec<Phrase<'static>> {
    if group.roles.is_empty() {
        let own = group.rules.iter().filter(|r| r.egress == egress);
        return own.map(|r| Phrase::of(format!("  {} → {}", peer(r), short(&PortRange::of(r))), Role::Text)).collect();
    }
    let own = |l: &&RuleLine| match &l.rule {
        Some(id) => group.rules.iter().any(|r| r.id == *id),
        None => true,
    };
    let lines: Vec<&RuleLine> = paths.lines.iter().filter(|l| group.roles.contains(&l.group) && l.egress == egress).filter(own).collect();
    notation(&lines)
}

fn peer(rule: &GroupRule) -> String {
    match &rule.peer {
        Peer::Group(id) => format!("[{id}]"),
        Peer::Cidr(block) => block.clone(),
        Peer::PrefixList(id) => id.clone(),
    }
}

/// Lines with the same other end and the same state stand together: `[ECS SG] → 8000, 3000`.
fn notation(lines: &[&RuleLine]) -> Vec<Phrase<'static>> {
    let mut told: Vec<(String, LineState, Level, Vec<String>)> = Vec::new();
    for line in lines {
        let known = GroupRole::ALL.iter().any(|r| line.peer == format!("{} SG", r.title()));
        let peer = if known || line.peer == "Self" { format!("[{}]", line.peer) } else { line.peer.clone() };
        let ports = if line.ports == "all" { "All".to_owned() } else { line.ports.strip_prefix("tcp ").unwrap_or(&line.ports).to_owned() };
        match told.iter_mut().find(|t| (&t.0, t.1, t.2) == (&peer, line.state, line.level)) {
            Some(same) => same.3.push(ports),
            None => told.push((peer, line.state, line.level, vec![ports])),
        }
    }
    let phrase = |(peer, state, level, ports): (String, LineState, Level, Vec<String>)| {
        let (mark, role) = match state {
            LineState::Present | LineState::Covered => ("●", Role::Ok),
            _ if level == Level::Healthy => ("·", Role::Muted),
            _ => glyph(level),
        };
        let words = match state {
            LineState::Present => "",
            LineState::Covered => "  by a wider rule",
            LineState::Missing => "  missing",
            LineState::Extra if level == Level::Healthy => "  unexpected, harmless",
            LineState::Extra => "  unexpected",
            LineState::Unknown => "  unknown",
        };
        let line = Phrase::of(mark, role).and(" ", Role::Text).and(format!("{peer} → {}", ports.join(", ")), tone(level));
        line.and(words, if level == Level::Healthy { Role::Muted } else { tone(level) })
    };
    told.into_iter().map(phrase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(peer: &str, ports: &str, state: LineState, level: Level) -> RuleLine {
        RuleLine {
            id: None,
            group: GroupRole::Alb,
            egress: true,
            peer: peer.into(),
            ports: ports.into(),
            state,
            rule: None,
            description: String::new(),
            level,
        }
    }

    #[test]
    fn rules_are_written_as_in_the_seed() {
        let lines = [
            line("ECS SG", "tcp 8000", LineState::Present, Level::Healthy),
            line("ECS SG", "tcp 3000", LineState::Present, Level::Healthy),
            line("Self", "all", LineState::Missing, Level::Degraded),
            line("0.0.0.0/0", "tcp 22", LineState::Extra, Level::Degraded),
        ];
        let told: Vec<String> =
            notation(&lines.iter().collect::<Vec<_>>()).iter().map(|p| p.runs.iter().map(|(t, _)| t.as_ref()).collect()).collect();
        assert_eq!(told, ["● [ECS SG] → 8000, 3000", "▲ [Self] → All  missing", "▲ 0.0.0.0/0 → 22  unexpected"]);
    }
}
