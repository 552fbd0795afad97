//! The boxes of security: IAM roles, KMS keys, and how old the secrets are and when they change next.

use super::small::{Small, counted, fact, no_charts, no_more};
use crate::model::security::{KeyManager, KeyState, Keys, Roles, Secret, Secrets};
use crate::model::text;
use crate::theme::Role;
use crate::view::View;
use crate::view::state::{Missing, known};
use crate::view::widget::phrase::fit;
use crate::view::widget::{Fact, Phrase};

pub(super) const ROLES: Small = Small { name: "IAM", short: ("IAM", 0), framed: true, facts: roles, more: no_more, charts: no_charts };

pub(super) const KEYS: Small = Small { name: "KMS", short: ("KMS", 0), framed: true, facts: keys, more: no_more, charts: no_charts };

pub(super) const SECRETS: Small =
    Small { name: "Secrets", short: ("Secrets", 0), framed: true, facts: secrets, more: each, charts: no_charts };

/// Whole days of an age: secrets and images are old by days.
pub(super) fn days(seconds: i64) -> String {
    if seconds < 2 * 86_400 { text::duration(seconds) } else { format!("{}d", seconds / 86_400) }
}

fn roles<'a>(v: &View<'a>, _: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let roles = &known::<Roles>(v)?.roles;
    let there = roles.iter().filter(|r| r.exists).count();
    let used = roles.iter().filter_map(|r| r.last_used).max().map(|at| text::age(at, v.now));
    let mut facts = vec![Fact::new(0, counted(there, roles.len(), "roles"))];
    facts.extend(used.map(|u| Fact::new(2, Phrase::of("used ", Role::Muted).and(u, Role::Text))));
    Ok(facts)
}

fn keys<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let keys = &known::<Keys>(v)?.keys;
    let there = keys.iter().filter(|k| k.exists).count();
    let mut facts = Vec::new();
    let dying = keys.iter().filter(|k| k.exists && k.state == KeyState::PendingDeletion).count();
    let is_off = |state: &KeyState| !matches!(state, KeyState::Enabled | KeyState::PendingDeletion | KeyState::Unstated);
    let off = keys.iter().filter(|k| k.exists && is_off(&k.state)).count();
    if room < 15 {
        return Ok(vec![Fact::new(0, counted(there - dying - off, keys.len(), "keys"))]);
    }
    if dying > 0 {
        facts.push(fact(0, format!("{dying} to be deleted"), Role::Crit));
    }
    if off > 0 {
        facts.push(fact(0, format!("{off} disabled"), Role::Crit));
    }
    // What is wrong is said first, how many there are where there is room.
    facts.push(Fact::new(if facts.is_empty() { 0 } else { 2 }, counted(there, keys.len(), "keys")));
    let unsure = keys.iter().any(|k| k.exists && v.store.unread::<Keys>(&k.name, "rotation").is_some());
    let still = keys.iter().filter(|k| k.exists && k.manager == KeyManager::Customer && k.rotation == Some(false)).count();
    facts.push(match still {
        _ if unsure => fact(3, "rotation ?", Role::Unknown),
        0 => Fact::new(3, Phrase::of("rotate", Role::Muted)),
        n => Fact::new(3, Phrase::of(format!("{n} without rotation"), Role::Muted)),
    });
    Ok(facts)
}

fn secrets<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let secrets = &known::<Secrets>(v)?.secrets;
    let there = secrets.iter().filter(|s| s.exists && s.deleted_at.is_none()).count();
    let mut facts = vec![Fact::new(0, counted(there, secrets.len(), ""))];
    let oldest = secrets.iter().filter_map(|s| s.changed_at).min().map(|at| days((v.now - at).num_seconds()));
    let next = secrets.iter().filter_map(|s| s.next_rotation).min().map(|at| (at - v.now).num_seconds());
    facts.extend(oldest.map(|o| Fact::new(1, Phrase::of("oldest ", Role::Muted).and(o, Role::Text))));
    let label = if room > 30 { "next rotation " } else { "next " };
    facts.extend(next.map(|s| match s {
        0.. => Fact::new(2, Phrase::of(label, Role::Muted).and(days(s), Role::Text)),
        late => fact(0, format!("rotation {} late", days(-late)), Role::Warn),
    }));
    Ok(facts)
}

/// One line per secret: how old it is, or that it is gone.
fn each<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let secrets = v.store.get::<Secrets>().map(|s| s.secrets.as_slice()).unwrap_or_default();
    let mut all: Vec<&Secret> = secrets.iter().collect();
    all.sort_by_key(|s| (s.deleted_at.is_none(), s.changed_at));
    all.into_iter().map(|s| line(v, s, width)).collect()
}

fn line<'a>(v: &View<'a>, secret: &'a Secret, width: usize) -> Phrase<'a> {
    let name = Fact::new(0, Phrase::of(secret.role.word(), Role::Text).padded(8));
    let age = |at| text::age(at, v.now);
    let rest = match (secret.deleted_at, secret.changed_at) {
        _ if !secret.exists => fact(0, "missing", Role::Crit),
        (Some(at), _) => fact(0, format!("deleted {}", age(at)), Role::Crit),
        (None, Some(at)) => {
            Fact::new(0, Phrase::of(format!("{:>5}", days((v.now - at).num_seconds())), Role::Text).and(" old", Role::Muted))
        }
        (None, None) => fact(0, "never changed", Role::Muted),
    };
    let rotation = if secret.rotation { Phrase::of("rotates", Role::Muted) } else { Phrase::new() };
    fit(vec![name, rest, Fact::new(1, rotation)], width, 1)
}
