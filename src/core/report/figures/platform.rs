//! Figures of the edge, the network, storage, security and delivery. It judges nothing.

use super::{Figure, Figures, figure, percent};
use crate::insight::topology::egress::{self, Egress};
use crate::model::Time;
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::Dns;
use crate::model::metric;
use crate::model::network::{NatGateways, NatState, Network, SecurityGroups, zone_letter};
use crate::model::security::{KeyState, Keys, Roles, Secrets};
use crate::model::service::Services;
use crate::model::storage::{Bucket, Buckets, Versioning};
use crate::model::text;

/// `1 bucket`, `3 buckets`.
fn counted(n: usize, one: &str, many: &str) -> Figure {
    figure("", format!("{n} {}", if n == 1 { one } else { many }))
}

fn rate(value: f64) -> String {
    format!("{}/s", text::bytes(value))
}

impl Figures<'_> {
    pub(super) fn dns(&self) -> Vec<Figure> {
        let Some((dns, zone)) = self.store.get::<Dns>().and_then(|d| Some((d, d.zone.as_ref()?))) else { return Vec::new() };
        let name = dns.door().map_or(zone.name.trim_end_matches('.'), |r| r.host());
        let target = dns.door().map(|r| match &r.alias {
            Some(alias) if alias.target().contains(".elb.") => "ALB".to_owned(),
            Some(alias) if alias.target().ends_with(".cloudfront.net") => "CloudFront".to_owned(),
            Some(alias) => alias.target(),
            None => r.values.join(" "),
        });
        let mut all = vec![figure("", target.map_or_else(|| name.to_owned(), |t| format!("{name} → {t}")))];
        if !dns.health_checks.is_empty() {
            all.push(counted(dns.health_checks.len(), "health check", "health checks"));
        }
        all
    }

    pub(super) fn cdn(&self) -> Vec<Figure> {
        let Some(distribution) = self.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()) else { return Vec::new() };
        let ids = [metric::Cdn::Requests.id(), metric::CdnRealtime::Hit.id(), metric::Cdn::Errors4xx.id(), metric::Cdn::Errors5xx.id()];
        let mut all = self.line(ids).metrics(&[
            ("", metric::Cdn::Requests.id(), Self::per_second),
            ("hit", metric::CdnRealtime::Hit.id(), percent),
            ("4xx", metric::Cdn::Errors4xx.id(), |v| format!("{v:.1} %")),
            ("5xx", metric::Cdn::Errors5xx.id(), |v| format!("{v:.1} %")),
        ]);
        if all.is_empty() {
            all.push(figure("", distribution.id.clone()));
        }
        all
    }

    pub(super) fn vpc(&self) -> Vec<Figure> {
        let Some(network) = self.store.get::<Network>() else { return Vec::new() };
        let mut all = vec![figure("", network.cidr.clone()), counted(network.subnets.len(), "subnet", "subnets")];
        // Each task takes one: of the subnets that tasks are put in, where it is known which.
        let used: Vec<&str> =
            self.store.get::<Services>().into_iter().flat_map(|s| &s.services).flat_map(|s| &s.subnets).map(String::as_str).collect();
        let least = |tasks: bool| {
            let of = network.subnets.iter().filter(|s| !tasks || used.contains(&s.id.as_str()));
            of.map(|s| s.free_addresses).min()
        };
        all.extend(match least(true) {
            Some(n) => Some(figure("free for tasks", format!("≥ {n}"))),
            None => least(false).map(|n| figure("free addresses", format!("≥ {n}"))),
        });
        all
    }

    /// Bytes per second through a gateway, in and out as far as they are known.
    fn through(&self, gateway: &str) -> Option<f64> {
        self.metric.sum([metric::Nat::BytesIn, metric::Nat::BytesOut].map(|m| m.of(gateway))).map(|v| v / 60.0)
    }

    pub(super) fn nat(&self) -> Vec<Figure> {
        let Some(nat) = self.store.get::<NatGateways>() else { return Vec::new() };
        let up: Vec<&str> = nat.gateways.iter().filter(|g| g.state == NatState::Available).map(|g| g.id.as_str()).collect();
        let mut all = vec![counted(up.len(), "gateway", "gateways")];
        let total = up.iter().filter_map(|id| self.through(id)).reduce(|a, b| a + b);
        all.extend(total.map(|v| figure("", rate(v))));
        all
    }

    pub(super) fn nat_of(&self, letter: &str) -> Vec<Figure> {
        let Some(zone) = egress::zones(self.store).into_iter().find(|z| zone_letter(z) == letter) else { return Vec::new() };
        let mut all = Vec::new();
        if let Some(gateway) = egress::own_gateway(self.store, &zone) {
            all.push(figure("", gateway.id.clone()));
            all.extend(self.through(&gateway.id).map(|v| figure("", rate(v))));
        }
        if let Egress::Rerouted { via, .. } = egress::seen(self.store, &zone) {
            all.push(figure("", format!("via {via}")));
        }
        all
    }

    pub(super) fn security_groups(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<SecurityGroups>() else { return Vec::new() };
        vec![counted(all.groups.len(), "group", "groups"), counted(all.groups.iter().map(|g| g.rules.len()).sum(), "rule", "rules")]
    }

    fn sizes<'a>(buckets: impl Iterator<Item = &'a Bucket> + Clone) -> Vec<Figure> {
        let bytes = buckets.clone().filter_map(|b| b.bytes).reduce(|a, b| a + b);
        let objects = buckets.filter_map(|b| b.objects).reduce(|a, b| a + b);
        let mut all = Vec::new();
        all.extend(bytes.map(|v| figure("", text::bytes(v))));
        all.extend(objects.map(|v| figure("", format!("{} objects", text::count(v)))));
        all
    }

    pub(super) fn buckets(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Buckets>() else { return Vec::new() };
        let there = all.buckets.iter().filter(|b| b.exists);
        let mut figures = vec![counted(there.clone().count(), "bucket", "buckets")];
        figures.extend(Self::sizes(there));
        figures
    }

    pub(super) fn bucket(&self, name: &str) -> Vec<Figure> {
        let found = self.store.get::<Buckets>().and_then(|b| b.buckets.iter().find(|b| b.name == name && b.exists));
        let Some(bucket) = found else { return Vec::new() };
        let mut all = Self::sizes(std::iter::once(bucket));
        if bucket.versioning == Versioning::Enabled {
            all.push(figure("", "versioned".to_owned()));
        }
        all.extend(self.metrics(&[("", metric::S3::Requests.of(name), Self::per_second)]));
        all
    }

    pub(super) fn iam(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Roles>() else { return Vec::new() };
        vec![counted(all.roles.iter().filter(|r| r.exists).count(), "role", "roles")]
    }

    pub(super) fn kms(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Keys>() else { return Vec::new() };
        let enabled = all.keys.iter().filter(|k| k.exists && k.state == KeyState::Enabled).count();
        vec![figure("", format!("{enabled}/{} enabled", all.keys.len()))]
    }

    pub(super) fn secrets(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Secrets>() else { return Vec::new() };
        let there = all.secrets.iter().filter(|s| s.exists && s.deleted_at.is_none());
        let next = there.clone().filter_map(|s| s.next_rotation).filter(|at| *at > self.now).min();
        let mut figures = vec![counted(there.count(), "secret", "secrets")];
        figures.extend(next.map(|at| figure("rotation in", text::age(self.now, at))));
        figures
    }

    pub(super) fn ecr(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Repositories>() else { return Vec::new() };
        let there = all.repositories.iter().filter(|r| r.exists);
        let mut figures = vec![
            counted(there.clone().count(), "repository", "repositories"),
            counted(there.clone().map(|r| r.image_count).sum(), "image", "images"),
        ];
        let pushed = there.flat_map(|r| &r.images).filter_map(|i| i.pushed_at).max();
        figures.extend(self.ago("pushed", pushed));
        figures
    }

    fn ago(&self, label: &'static str, at: Option<Time>) -> Option<Figure> {
        at.map(|at| figure(label, text::ago(at, self.now)))
    }

    pub(super) fn build(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Builds>() else { return Vec::new() };
        let mut figures = vec![counted(all.projects.len(), "project", "projects")];
        if let Some(last) = all.builds.first() {
            figures.push(figure("last", last.status.to_string()));
            figures.extend(self.ago("", last.ended_at.or(last.started_at)));
        }
        figures
    }

    pub(super) fn pipeline(&self) -> Vec<Figure> {
        let Some(pipeline) = self.store.get::<Pipeline>().filter(|p| p.exists) else { return Vec::new() };
        let Some(last) = pipeline.executions.first() else { return vec![figure("", "never ran".to_owned())] };
        let mut figures = vec![figure("last", last.status.to_string())];
        figures.extend(self.ago("", last.updated_at.or(last.started_at)));
        figures
    }

    pub(super) fn dashboards(&self) -> Vec<Figure> {
        let Some(all) = self.store.get::<Dashboards>() else { return Vec::new() };
        vec![counted(all.dashboards.len(), "dashboard", "dashboards")]
    }
}
