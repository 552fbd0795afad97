//! CloudFront: the distribution that belongs to the stack, with its invalidations (5 min, 30 s while one is in progress). Optional: an
//! account without one is an answer, not a failure.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudfront::operation::get_distribution::GetDistributionError;
use aws_sdk_cloudfront::types as sdk;

use super::{Context, HALF_MINUTE, Part, SLOW};
use crate::aws::convert::{text, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::Pages;
use crate::aws::page::sent;
use nextcore_core::model::cdn::{Cdn, Distribution, DistributionStatus, Invalidation};
use nextcore_core::model::section::Problem;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

const LIST: Op = Op::read("CloudFront", "ListDistributions", "cloudfront:ListDistributions").on(Scope::Any);
const GET: Op = Op::read("CloudFront", "GetDistribution", "cloudfront:GetDistribution").on(Scope::Distribution);
const INVALIDATIONS: Op = Op::read("CloudFront", "ListInvalidations", "cloudfront:ListInvalidations").on(Scope::Distribution);
const SUBSCRIPTION: Op =
    Op::read("CloudFront", "GetMonitoringSubscription", "cloudfront:GetMonitoringSubscription").on(Scope::Distribution);
/// Newest invalidations kept.
const KEEP: i32 = 20;

pub(super) struct CdnSource;

impl super::Source for CdnSource {
    type Out = Cdn;
    const READS: &'static [Op] = &[LIST, GET, INVALIDATIONS, SUBSCRIPTION];

    fn every(store: &Store) -> Duration {
        let distribution = store.get::<Cdn>().and_then(|c| c.distribution.as_ref());
        let moving = distribution.is_some_and(|d| d.status == DistributionStatus::InProgress || d.invalidating > 0);
        if moving { HALF_MINUTE } else { SLOW }
    }

    async fn poll(cx: Arc<Context>) -> Result<Cdn, Problem> {
        // There is nobody to ask; `Place::partition` says so on the screen.
        if !cx.clients.partition.has_cloudfront() {
            return Ok(Cdn::default());
        }
        let known = cx.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()).map(|d| d.id.clone());
        let configured = Some(cx.stack.distribution.clone()).filter(|id| !id.is_empty());
        let Some(id) = (match configured.or(known) {
            Some(id) => Some(id),
            None => find(&cx).await?,
        }) else {
            return Ok(Cdn::default());
        };
        let out = match cx.clients.cdn.get_distribution().id(&id).send().await {
            Ok(out) => out,
            // It was deleted since it was found: look again next time.
            Err(e) if e.as_service_error().is_some_and(GetDistributionError::is_no_such_distribution) => return Ok(Cdn::default()),
            Err(e) => return Err(problem_of(GET, &e)),
        };
        let found = sent(GET, "distribution", out.distribution())?;
        let mut distribution = distribution(found);
        let list = cx.clients.cdn.list_invalidations().distribution_id(&id).max_items(KEEP).send().await;
        let part = Part::shown("invalidations", "", "invalidations");
        let list = cx.side(part, list.map_err(|e| problem_of(INVALIDATIONS, &e)))?;
        let items = list.as_ref().and_then(|l| l.invalidation_list()).map(sdk::InvalidationList::items).unwrap_or_default();
        distribution.invalidations = items
            .iter()
            .map(|i| Invalidation { id: text(Some(i.id())), status: text(Some(i.status())).into(), at: time(Some(i.create_time())) })
            .collect();
        distribution.invalidations.sort_by_key(|i| std::cmp::Reverse(i.at));
        // Only says which (paid) metrics there are: without the answer there are none.
        let subscription = cx.clients.cdn.get_monitoring_subscription().distribution_id(&id).send().await;
        let part = Part::shown("metrics that are paid for", "", "realtime_metrics");
        let subscription = cx.part(part, subscription.map_err(|e| problem_of(SUBSCRIPTION, &e))).ok().flatten();
        let config = subscription.as_ref().and_then(|s| s.monitoring_subscription()?.realtime_metrics_subscription_config());
        distribution.realtime_metrics =
            config.is_some_and(|c| *c.realtime_metrics_subscription_status() == sdk::RealtimeMetricsSubscriptionStatus::Enabled);
        Ok(Cdn { distribution: Some(distribution) })
    }
}

/// The distribution that serves a name of the zone, or has the static bucket as an origin.
async fn find(cx: &Context) -> Result<Option<String>, Problem> {
    let (mut pages, mut marker) = (Pages::of(LIST), None);
    loop {
        let out = cx.clients.cdn.list_distributions().set_marker(marker.take()).send().await.map_err(|e| problem_of(LIST, &e))?;
        let Some(list) = out.distribution_list() else { return Ok(None) };
        if let Some(ours) = list.items().iter().find(|d| belongs(d, &cx.stack)) {
            return Ok(Some(ours.id().to_owned()));
        }
        marker = pages.after(list.next_marker().filter(|_| list.is_truncated()).map(ToOwned::to_owned))?;
        if marker.is_none() {
            return Ok(None);
        }
    }
}

fn belongs(d: &sdk::DistributionSummary, stack: &Stack) -> bool {
    let zone = stack.zone.trim_end_matches('.');
    let of_zone = |name: &String| name == zone || name.strip_suffix(zone).is_some_and(|head| head.ends_with('.'));
    let bucket = stack.assets();
    let from_bucket =
        |o: &sdk::Origin| bucket.is_some_and(|b| o.domain_name().strip_prefix(b.name.as_str()).is_some_and(|r| r.starts_with(".s3")));
    let aliases = d.aliases().map(sdk::Aliases::items).unwrap_or_default();
    let origins = d.origins().map(sdk::Origins::items).unwrap_or_default();
    aliases.iter().any(of_zone) || origins.iter().any(from_bucket)
}

fn distribution(d: &sdk::Distribution) -> Distribution {
    let config = d.distribution_config();
    let origins = config.and_then(|c| c.origins()).map(sdk::Origins::items).unwrap_or_default();
    Distribution {
        id: text(Some(d.id())),
        arn: text(Some(d.arn())),
        domain: text(Some(d.domain_name())),
        status: text(Some(d.status())).into(),
        enabled: config.is_some_and(sdk::DistributionConfig::enabled),
        modified_at: time(Some(d.last_modified_time())),
        invalidating: d.in_progress_invalidation_batches(),
        origins: origins.iter().map(|o| text(Some(o.domain_name()))).collect(),
        viewer_protocol: text(config.and_then(|c| c.default_cache_behavior()).map(|b| b.viewer_protocol_policy().as_str())).into(),
        aliases: config.and_then(|c| c.aliases()).map(|a| texts(a.items())).unwrap_or_default(),
        realtime_metrics: false,
        invalidations: Vec::new(),
    }
}
