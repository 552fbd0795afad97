//! The pane of IAM, KMS and Secrets Manager: its row, and the rows of its lists.

use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::security::{Key, Keys, Role, Roles, Secret, Secrets};
use crate::model::store::Store;
use crate::session::filter::Filter;
use crate::session::rows::borrowed;

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Security,
    place: None,
    needs: &[Roles::KEY, Keys::KEY, Secrets::KEY],
    panels: &[
        list("Roles", |s, q| borrowed(roles(&s.store, q.filter), |r| &r.name))
            .is(|s, q, i| roles(&s.store, q.filter).get(i).map(|r| Resource::new(Kind::Role, &r.name).told(&r.arn))),
        list("Keys", |s, q| borrowed(keys(&s.store, q.filter), |k| &k.name))
            .is(|s, q, i| keys(&s.store, q.filter).get(i).map(|k| Resource::new(Kind::Key, &k.name).told(&k.arn))),
        list("Secrets", |s, q| borrowed(secrets(&s.store, q.filter), |x| &x.name))
            .is(|s, q, i| secrets(&s.store, q.filter).get(i).map(|x| Resource::new(Kind::Secret, &x.name).told(&x.arn))),
    ],
};

/// IAM roles in the configured order.
pub(crate) fn roles<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Role> {
    let all = store.get::<Roles>().map(|r| r.roles.as_slice()).unwrap_or_default();
    all.iter().filter(|r| filter.is_empty() || filter.matches_fields(&[&r.name, &r.arn, &r.policies.join(" ")])).collect()
}

/// KMS keys in the configured order.
pub(crate) fn keys<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Key> {
    let all = store.get::<Keys>().map(|k| k.keys.as_slice()).unwrap_or_default();
    all.iter().filter(|k| filter.matches_fields(&[&k.name, &k.arn, k.state.as_str()])).collect()
}

/// Secrets in the configured order.
pub(crate) fn secrets<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Secret> {
    let all = store.get::<Secrets>().map(|s| s.secrets.as_slice()).unwrap_or_default();
    all.iter().filter(|s| filter.matches_fields(&[&s.name, &s.arn])).collect()
}
