//! The pane of security: IAM roles, KMS keys, and the metadata of the secrets. Nothing here ever holds a secret's value.

use crate::model::system::System;
use ratatui::layout::Rect;

use super::detail::{Detail, over, selected};
use super::{List, Panels, beside, heading, spacious, text};
use crate::insight::NodeId;
use crate::model::Time;
use crate::model::section::Section;
use crate::model::security::{Key, KeyManager, KeyState, Keys, Role as IamRole, Roles, Secret, Secrets};
use crate::model::text::age;
use crate::session::Screen;
use crate::session::pane::security as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::ago;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let nodes = [System::Roles, System::Keys, System::Secrets].map(NodeId::of);
    let fresh = v.age(&[Roles::KEY, Keys::KEY, Secrets::KEY]);
    let inner = heading(v, &nodes, Phrase::of("IAM, KMS, Secrets Manager", Role::Title), &fresh, area, ink);
    if spacious(area) {
        // What is selected in each of the lists, beside it.
        let (left, right) = beside(inner, inner.width * 3 / 5);
        PANELS.draw(v, screen, left, ink);
        let mut y = right.y;
        for panel in 0..3 {
            if let Some(found) = detail(v, screen, panel) {
                y = found.draw(Rect { y, height: right.bottom().saturating_sub(y), ..right }, ink) + 1;
            }
        }
        return;
    }
    let beneath = over(v, screen, &PANELS, inner, ink);
    if let Some(found) = detail(v, screen, screen.panel) {
        found.draw(beneath, ink);
    }
}

const PANELS: Panels = Panels {
    fresh: |v, panel| match panel {
        0 => freshness::<Roles>(v),
        1 => freshness::<Keys>(v),
        _ => freshness::<Secrets>(v),
    },
    draw: |v, screen, index, area, ink| match index {
        0 => roles(v, screen, area, ink),
        1 => keys(v, screen, area, ink),
        _ => secrets(v, screen, area, ink),
    },
};

/// The selected row of a list.
fn detail<'a>(v: &View<'a>, screen: &Screen, panel: usize) -> Option<Detail<'a>> {
    let order = v.session.list(screen.pane, &screen.subject, panel);
    let at = selected(v, screen, panel);
    match panel {
        0 => rows::roles(v.store, &order).get(at).map(|r| role(v, r)),
        1 => rows::keys(v.store, &order).get(at).map(|k| key(v, k)),
        _ => rows::secrets(v.store, &order).get(at).map(|s| secret(v, s)),
    }
}

/// The glyph of a row: what is missing or unusable, what is overdue, what is well.
fn mark(broken: bool, late: bool) -> Phrase<'static> {
    match (broken, late) {
        (true, _) => Phrase::of("✖", Role::Crit),
        (_, true) => Phrase::of("▲", Role::Warn),
        _ => Phrase::of("●", Role::Ok),
    }
}

fn missing<'a>() -> Phrase<'a> {
    Phrase::of("missing", Role::Crit)
}

/// `3h12m ago`, or that it never happened.
fn since(at: Option<Time>, now: Time, never: &'static str) -> Phrase<'static> {
    at.map_or_else(|| Phrase::of(never, Role::Muted), |at| text(age(at, now)))
}

/// The moment in full.
fn moment(at: Time) -> String {
    at.format("%d %b %Y %H:%M:%SZ").to_string()
}

fn roles(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Roles>(v) {
        return explain(&lines, area, ink);
    }
    let order = v.session.list(screen.pane, &screen.subject, 0);
    let all = rows::roles(v.store, &order);
    let list = List { panel: 0, columns: rows::ROLES, rows: all.len(), empty: "no roles configured" };
    list.draw(v, screen, area, ink, |i| {
        let Some(r) = all.get(i) else { return Vec::new() };
        let mut row = vec![mark(!r.exists, !r.is_trusted()), text(v.short(&r.name)), text(r.role.title())];
        if r.exists {
            let services: Vec<&str> = r.trusts.iter().map(|t| t.split('.').next().unwrap_or(t)).collect();
            let policies = match v.store.unread::<Roles>(&r.name, "policies") {
                Some(_) => Phrase::of("?", Role::Unknown),
                None if r.policies.is_empty() => Phrase::of("none attached", Role::Warn),
                None => text(r.policies.join(" ")),
            };
            row.extend([
                Phrase::of(services.join(" "), if r.is_trusted() { Role::Text } else { Role::Warn }),
                policies,
                since(r.last_used, v.now, "never"),
            ]);
        } else {
            row.push(missing());
        }
        row
    });
}

/// The attached policies, or why they are not known.
fn policies<'a>(v: &View<'a>, role: &IamRole) -> Phrase<'a> {
    match v.store.unread::<Roles>(&role.name, "policies") {
        Some(why) => Phrase::of("? ", Role::Unknown).and(why, Role::Muted),
        None if role.policies.is_empty() => text("none attached"),
        None => text(role.policies.join("  ")),
    }
}

fn role<'a>(v: &View<'a>, found: &'a IamRole) -> Detail<'a> {
    let detail = Detail::new(found.name.as_str());
    if !found.exists {
        return detail.with("state", Phrase::of("no such IAM role", Role::Crit)).with("for", text(found.role.title()));
    }
    let distrust = if found.is_trusted() { Phrase::new() } else { Phrase::of("  not the service that needs it", Role::Warn) };
    detail
        .with("for", text(found.role.title()))
        .with("trusts", text(found.trusts.join(" ")).then(distrust))
        .with("policies", policies(v, found))
        .with(
            "last used",
            text(found.last_used.map_or_else(
                || "never, or too long ago for IAM to report".to_owned(),
                |at| format!("{} ago, {}", age(at, v.now), moment(at)),
            )),
        )
        .with("arn", Phrase::of(found.arn.as_str(), Role::Muted))
}

fn state(key: &Key) -> Phrase<'_> {
    let role = match key.state {
        KeyState::Enabled => Role::Text,
        KeyState::Unstated => Role::Unknown,
        KeyState::Disabled | KeyState::PendingDeletion | KeyState::Unavailable => Role::Crit,
        _ => Role::Warn,
    };
    Phrase::of(if key.state.is_empty() { "?" } else { key.state.as_str() }, role)
}

/// Keys that AWS manages rotate by themselves.
fn rotates(key: &Key) -> Phrase<'static> {
    match (key.rotation, &key.manager) {
        (_, KeyManager::Aws) => text("by AWS"),
        (Some(true), _) => text("yearly"),
        (Some(false), _) => Phrase::of("off", Role::Warn),
        (None, _) => Phrase::of("?", Role::Unknown),
    }
}

fn keys(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Keys>(v) {
        return explain(&lines, area, ink);
    }
    let order = v.session.list(screen.pane, &screen.subject, 1);
    let all = rows::keys(v.store, &order);
    let list = List { panel: 1, columns: rows::KEYS, rows: all.len(), empty: "no keys configured" };
    list.draw(v, screen, area, ink, |i| {
        let Some(k) = all.get(i) else { return Vec::new() };
        let broken = !k.exists || !matches!(k.state, KeyState::Enabled | KeyState::Unstated);
        let name = k.name.strip_prefix("alias/").unwrap_or(&k.name);
        let mut row =
            vec![mark(broken, k.rotation == Some(false) && k.manager != KeyManager::Aws), text(v.short(name)), text(k.role.title())];
        if k.exists {
            let gone = k.deletion_at.map_or_else(|| Phrase::of("—", Role::Muted), |at| Phrase::of(age(v.now, at), Role::Crit));
            row.extend([state(k), text(k.manager.as_str().to_lowercase()), rotates(k), gone]);
        } else {
            row.push(missing());
        }
        row
    });
}

fn key<'a>(v: &View<'a>, found: &'a Key) -> Detail<'a> {
    let detail = Detail::new(found.name.as_str());
    if !found.exists {
        return detail.with("state", Phrase::of("no such KMS key", Role::Crit)).with("encrypts", text(found.role.title()));
    }
    let gone = found
        .deletion_at
        .map(|at| Phrase::of(format!("in {}, at {}: the data it encrypts is lost then", age(v.now, at), moment(at)), Role::Crit));
    detail
        .with("encrypts", text(found.role.title()))
        .with("state", state(found))
        .maybe("deletion", gone)
        .with("manager", text(found.manager.as_str()))
        .with("rotation", rotates(found))
        .with("arn", Phrase::of(found.arn.as_str(), Role::Muted))
}

/// By how much a rotation is late.
fn overdue(secret: &Secret, now: Time) -> Option<Time> {
    secret.next_rotation.filter(|at| secret.rotation && *at < now)
}

fn next(secret: &Secret, now: Time) -> Phrase<'static> {
    match (overdue(secret, now), secret.next_rotation) {
        (Some(due), _) => Phrase::of(format!("overdue {}", age(due, now)), Role::Warn),
        (None, Some(at)) if secret.rotation => text(format!("in {}", age(now, at))),
        (None, None) if secret.rotation => Phrase::of("?", Role::Unknown),
        _ => Phrase::of("manual", Role::Muted),
    }
}

fn secrets(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Secrets>(v) {
        return explain(&lines, area, ink);
    }
    let order = v.session.list(screen.pane, &screen.subject, 2);
    let all = rows::secrets(v.store, &order);
    let list = List { panel: 2, columns: rows::SECRETS, rows: all.len(), empty: "no secrets configured" };
    list.draw(v, screen, area, ink, |i| {
        let Some(s) = all.get(i) else { return Vec::new() };
        let name = s.name.strip_prefix(v.session.stack.name.as_str()).and_then(|n| n.strip_prefix('/')).unwrap_or(&s.name);
        let mut row = vec![mark(!s.exists || s.deleted_at.is_some(), overdue(s, v.now).is_some()), text(name), text(s.role.title())];
        match s.deleted_at {
            _ if !s.exists => row.push(missing()),
            Some(at) => row.extend([
                Phrase::of("deleted", Role::Crit),
                text(ago(s.rotated_at, v.now)),
                Phrase::of(format!("{} ago", age(at, v.now)), Role::Crit),
            ]),
            None => row.extend([text(ago(s.changed_at, v.now)), since(s.rotated_at, v.now, "never"), next(s, v.now)]),
        }
        if s.exists {
            row.extend([since(s.accessed_at, v.now, "never"), Phrase::of(key_name(v, s.kms_key.as_deref()), Role::Muted)]);
        }
        row
    });
}

/// A key by the name that the configuration has for it.
fn key_name<'a>(v: &View<'a>, key: Option<&'a str>) -> &'a str {
    let Some(key) = key else { return "AWS managed" };
    let known = v.store.get::<Keys>().and_then(|k| k.keys.iter().find(|k| k.arn == key || k.name == key));
    match known {
        Some(known) => v.short(known.name.strip_prefix("alias/").unwrap_or(&known.name)),
        None => key.rsplit('/').next().unwrap_or(key),
    }
}

fn secret<'a>(v: &View<'a>, found: &'a Secret) -> Detail<'a> {
    let detail = Detail::new(found.name.as_str());
    if !found.exists {
        return detail.with("state", Phrase::of("no such secret", Role::Crit)).with("purpose", text(found.role.title()));
    }
    let at = |at: Option<Time>| at.map(|at| text(format!("{} ago, {}", age(at, v.now), moment(at))));
    let deleted = found
        .deleted_at
        .map(|at| Phrase::of(format!("{} ago, {}: it can be restored for a while", age(at, v.now), moment(at)), Role::Crit));
    let due = found.next_rotation.filter(|_| found.rotation).map(moment).unwrap_or_default();
    detail
        .maybe("deleted", deleted)
        .with("purpose", text(found.role.title()).and("  its value is never read", Role::Muted))
        .maybe("changed", at(found.changed_at))
        .with("rotated", at(found.rotated_at).unwrap_or_else(|| Phrase::of("never", Role::Muted)))
        .with("next", next(found, v.now).and("  ", Role::Text).and(due, Role::Muted))
        .maybe("last read", at(found.accessed_at))
        .with(
            "key",
            text(key_name(v, found.kms_key.as_deref()))
                .and("  ", Role::Text)
                .and(found.kms_key.as_deref().unwrap_or_default(), Role::Muted),
        )
        .with("arn", Phrase::of(found.arn.as_str(), Role::Muted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::SecretUse;

    fn at(seconds: i64) -> Time {
        chrono::DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_rotation_is_overdue_only_where_rotation_is_on() {
        let secret = |rotation, next| Secret {
            name: "s".into(),
            role: SecretUse::Redis,
            exists: true,
            arn: String::new(),
            kms_key: None,
            rotation,
            rotated_at: None,
            changed_at: None,
            accessed_at: None,
            next_rotation: next,
            deleted_at: None,
        };
        let said = |s: &Secret| next(s, at(10_000)).runs.iter().map(|(t, _)| t.to_string()).collect::<String>();
        assert_eq!(said(&secret(true, Some(at(2800)))), "overdue 2h00m");
        assert_eq!(said(&secret(true, Some(at(17_200)))), "in 2h00m");
        assert_eq!(said(&secret(false, Some(at(2800)))), "manual");
        assert_eq!(said(&secret(true, None)), "?");
    }
}
