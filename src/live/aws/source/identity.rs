//! STS GetCallerIdentity: the account and principal that the header shows. Needs no permission.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, SLOW};
use crate::aws::Clients;
use crate::aws::convert::text;
use crate::aws::error::{is_unknown_key, problem_of};
use crate::aws::op::{Op, Scope};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const GET: Op = Op::read("STS", "GetCallerIdentity", "sts:GetCallerIdentity").on(Scope::Any);

pub(super) struct IdentitySource;

impl super::Source for IdentitySource {
    type Out = Identity;
    const READS: &'static [Op] = &[GET];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<Identity, Problem> {
        who(&cx.clients).await
    }
}

/// Asks who we are; an error, too, where that is not the pinned account.
pub(super) async fn who(clients: &Clients) -> Result<Identity, Problem> {
    let out = match clients.sts.get_caller_identity().send().await {
        Ok(out) => out,
        Err(e) => {
            if is_unknown_key(&e) {
                // Whether the key is gone or the region is not enabled: what comes back is noted beneath, and read with the error.
                let _ = clients.sts_global.get_caller_identity().send().await;
            }
            return Err(problem_of(GET, &e));
        }
    };
    let identity = Identity { account: text(out.account()), arn: text(out.arn()) };
    clients.pin().look(&identity)?;
    Ok(identity)
}
