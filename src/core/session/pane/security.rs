//! The pane of IAM, KMS and Secrets Manager: its row, and the rows of its lists.

use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::security::{Key, KeyManager, KeyState, Keys, Role, Roles, Secret, Secrets};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::borrowed;

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Security,
    place: None,
    needs: &[Roles::KEY, Keys::KEY, Secrets::KEY],
    panels: &[
        list("Roles", |s, q| borrowed(roles(&s.store, q.list), |r| &r.name))
            .is(|s, q, i| roles(&s.store, q.list).get(i).map(|r| Resource::new(Kind::Role, &r.name).told(&r.arn)))
            .columns(ROLES),
        list("Keys", |s, q| borrowed(keys(&s.store, q.list), |k| &k.name))
            .is(|s, q, i| keys(&s.store, q.list).get(i).map(|k| Resource::new(Kind::Key, &k.name).told(&k.arn)))
            .columns(KEYS),
        list("Secrets", |s, q| borrowed(secrets(&s.store, q.list), |x| &x.name))
            .is(|s, q, i| secrets(&s.store, q.list).get(i).map(|x| Resource::new(Kind::Secret, &x.name).told(&x.arn)))
            .columns(SECRETS),
    ],
};

pub(crate) const ROLES: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("role", 22, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("for", 14, 0).by(SortKey::Text),
    Column::of("trusts", 14, 1, Fill::Left, 1).by(SortKey::Text),
    Column::of("policies", 18, 2, Fill::Left, 0).by(SortKey::Text),
    Column::right("used", 7, 0).by(SortKey::Time),
];

pub(crate) const KEYS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("key", 22, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("encrypts", 10, 0).by(SortKey::Text),
    Column::left("state", 15, 0).by(SortKey::State),
    Column::left("manager", 8, 1).by(SortKey::Text),
    Column::left("rotation", 8, 0).by(SortKey::State),
    Column::left("deletes", 7, 0).by(SortKey::Time),
];

pub(crate) const SECRETS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("secret", 18, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("purpose", 15, 2).by(SortKey::Text),
    Column::right("changed", 7, 0).by(SortKey::Time),
    Column::right("rotated", 7, 0).by(SortKey::Time),
    Column::left("next rotation", 14, 0).by(SortKey::Time),
    Column::right("read", 7, 0).by(SortKey::Time),
    Column::left("key", 11, 1).by(SortKey::Text),
];

/// IAM roles in the configured order.
pub(crate) fn roles<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Role> {
    let all = store.get::<Roles>().map(|r| r.roles.as_slice()).unwrap_or_default();
    let shown = |r: &&Role| list.filter.is_empty() || list.filter.matches_fields(&[&r.name, &r.arn, &r.policies.join(" ")]);
    list.sorted(all.iter().filter(shown).collect(), ROLES, |role, column| match column {
        "role" => Value::text(&role.name),
        "for" => Value::text(role.role.title()),
        "trusts" => Value::text(role.trusts.join(" ")),
        "policies" => Value::text(role.policies.join(" ")),
        "used" => Value::time(role.last_used),
        _ => Value::Unknown,
    })
}

/// KMS keys in the configured order.
pub(crate) fn keys<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Key> {
    let all = store.get::<Keys>().map(|k| k.keys.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|k| list.filter.matches_fields(&[&k.name, &k.arn, k.state.as_str()])).collect();
    list.sorted(rows, KEYS, |key, column| match column {
        "key" => Value::text(&key.name),
        "encrypts" => Value::text(key.role.title()),
        "state" => match key.state {
            _ if !key.exists => Value::State(3),
            KeyState::Enabled => Value::State(0),
            KeyState::Unstated => Value::Unknown,
            KeyState::Disabled | KeyState::PendingDeletion | KeyState::Unavailable => Value::State(2),
            _ => Value::State(1),
        },
        "manager" => Value::text(key.manager.as_str()),
        "rotation" => match key.rotation {
            _ if key.manager == KeyManager::Aws => Value::State(0),
            Some(on) => Value::State(u8::from(!on)),
            None => Value::Unknown,
        },
        "deletes" => Value::time(key.deletion_at),
        _ => Value::Unknown,
    })
}

/// Secrets in the configured order.
pub(crate) fn secrets<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Secret> {
    let all = store.get::<Secrets>().map(|s| s.secrets.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|s| list.filter.matches_fields(&[&s.name, &s.arn])).collect();
    list.sorted(rows, SECRETS, |secret, column| match column {
        "secret" => Value::text(&secret.name),
        "purpose" => Value::text(secret.role.title()),
        "changed" => Value::time(secret.changed_at),
        "rotated" => Value::time(secret.rotated_at),
        "next rotation" => Value::time(secret.next_rotation.filter(|_| secret.rotation)),
        "read" => Value::time(secret.accessed_at),
        "key" => Value::text(secret.kms_key.as_deref().unwrap_or_default()),
        _ => Value::Unknown,
    })
}
