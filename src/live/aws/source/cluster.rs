//! ECS DescribeClusters: status, counts and the Container Insights setting of the one cluster (5 min).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types as sdk;

use super::{Context, SLOW};
use crate::aws::convert::{text, text_opt};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::sent;
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::service::Cluster;
use nextcore_core::model::store::Store;

const DESCRIBE: Op = Op::read("ECS", "DescribeClusters", "ecs:DescribeClusters").on(Scope::Cluster);

pub(super) struct ClusterSource;

impl super::Source for ClusterSource {
    type Out = Cluster;
    const READS: &'static [Op] = &[DESCRIBE];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<Cluster, Problem> {
        let request = cx.clients.ecs.describe_clusters().clusters(&cx.stack.cluster);
        let request = request.include(sdk::ClusterField::Settings).include(sdk::ClusterField::Statistics);
        let out = request.send().await.map_err(|e| problem_of(DESCRIBE, &e))?;
        let Some(c) = sent(DESCRIBE, "clusters", out.clusters.as_ref())?.first() else {
            let reason = out.failures().first().and_then(|f| text_opt(f.reason())).unwrap_or_else(|| "not listed".to_owned());
            return Err(Problem {
                kind: ProblemKind::NotFound,
                headline: format!("{}: cluster '{}': {reason}", DESCRIBE.label(), cx.stack.cluster),
                hint: "check stack.cluster in the configuration, the account and the region".to_owned(),
                permission: None,
            });
        };
        Ok(Cluster {
            name: text(c.cluster_name()),
            status: text(c.status()),
            running: c.running_tasks_count(),
            pending: c.pending_tasks_count(),
            services: c.active_services_count(),
            settings: c.settings().iter().map(|s| (text(s.name().map(sdk::ClusterSettingName::as_str)), text(s.value()).into())).collect(),
        })
    }
}
