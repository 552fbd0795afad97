//! What a mistake takes away and healing gives back: rules of security groups, images of a repository.
//! Whether traffic still passes and tasks still start is the business of `network` and of `ecs::life`.

use super::super::World;
use super::super::names::{Az, SEC, WEB, WORKER};
use super::super::state::{GroupRule, ServiceDeploymentStatus};
use super::Planned;

/// Until the host of a task is taken out of service after its image is gone.
const RETIRED_AFTER: i64 = 20 * SEC;

/// What a rule of a security group lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedPath {
    /// Visitors to the load balancer without TLS: only its redirect is lost.
    Alb80,
    /// Visitors to the load balancer.
    Alb443,
    /// The load balancer to the tasks.
    Ecs,
    /// The tasks to the internet.
    Egress,
    /// The tasks to the database.
    Rds,
    /// The tasks to the cache.
    Redis,
}

impl ClosedPath {
    /// All names, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &["alb-80", "alb-443", "ecs", "egress", "rds", "redis"];
    const ALL: [ClosedPath; 6] = [Self::Alb80, Self::Alb443, Self::Ecs, Self::Egress, Self::Rds, Self::Redis];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alb80 => "alb-80",
            Self::Alb443 => "alb-443",
            Self::Ecs => "ecs",
            Self::Egress => "egress",
            Self::Rds => "rds",
            Self::Redis => "redis",
        }
    }

    /// The path of this name.
    pub fn parse(name: &str) -> Option<ClosedPath> {
        Self::ALL.into_iter().find(|path| path.name() == name)
    }

    const fn is_egress(self) -> bool {
        matches!(self, Self::Egress)
    }

    /// Whether a rule of its group is one of those that let it through. Tasks talk to each other under another rule.
    fn is_let_by(self, rule: &GroupRule) -> bool {
        let (first, last) = rule.permission.ports;
        let ports: &[i32] = match self {
            Self::Alb80 => &[80],
            Self::Alb443 | Self::Egress => &[443],
            Self::Ecs => &[8000, 3000],
            Self::Rds => &[5432],
            Self::Redis => &[6379],
        };
        rule.egress == self.is_egress() && rule.permission.protocol == "tcp" && ports.iter().any(|port| (first..=last).contains(port))
    }
}

impl World {
    fn group_of(&self, path: ClosedPath) -> String {
        let net = &self.network;
        let group = match path {
            ClosedPath::Alb80 | ClosedPath::Alb443 => &net.alb_sg,
            ClosedPath::Ecs | ClosedPath::Egress => &net.ecs_sg,
            ClosedPath::Rds => &net.rds_sg,
            ClosedPath::Redis => &net.redis_sg,
        };
        group.clone()
    }

    /// Takes the rules of a path away; false when there are none.
    pub(super) fn close_path(&mut self, path: ClosedPath) -> bool {
        let id = self.group_of(path);
        let Some(group) = self.network.group(&id) else { return false };
        let rules: Vec<GroupRule> = group.rules.iter().filter(|rule| path.is_let_by(rule)).cloned().collect();
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        if ids.is_empty() || self.close_security_group_rules(&id, path.is_egress(), &ids).is_err() {
            return false;
        }
        // Connections that are open are tracked: they live on until somebody closes them.
        match path {
            ClosedPath::Rds => self.strain.kept_database = 1.0,
            ClosedPath::Redis => self.strain.kept_cache = 1.0,
            ClosedPath::Egress => {
                // As without a NAT gateway, but in every zone: what gives up is not replaced.
                self.plan(self.now + 75 * SEC, Planned::Exit { service: WORKER.into(), az: Az::A });
                self.plan(self.now + 110 * SEC, Planned::Exit { service: WEB.into(), az: Az::B });
            }
            _ => {}
        }
        self.strain.closed.push((path, rules));
        true
    }

    /// Whether somebody has opened what was closed.
    pub(super) fn path_is_open(&self, path: ClosedPath) -> bool {
        let there = self.network.group(&self.group_of(path)).map(|group| group.rules.as_slice()).unwrap_or_default();
        let closed = self.strain.closed.iter().filter(|(known, _)| *known == path).flat_map(|(_, rules)| rules);
        closed.into_iter().all(|rule| there.iter().any(|r| r.egress == rule.egress && r.permission == rule.permission))
    }

    /// Authorizes again what was taken away, as far as nobody has yet.
    pub(super) fn open_path(&mut self, path: ClosedPath) {
        let id = self.group_of(path);
        let (mine, others) = std::mem::take(&mut self.strain.closed).into_iter().partition(|(known, _)| *known == path);
        self.strain.closed = others;
        let mine: Vec<(ClosedPath, Vec<GroupRule>)> = mine;
        for rule in mine.into_iter().flat_map(|(_, rules)| rules) {
            // Refused only when the rule is there already.
            let _ = self.open_security_group(&id, rule.egress, vec![(rule.permission, rule.description)]);
        }
    }

    fn running_digest(&self, service: &str) -> Option<(String, String)> {
        let deployment = self.ecs.services.get(service)?.primary()?;
        let revision = self.ecs.service_revisions.iter().rfind(|r| r.arn == deployment.service_revision)?;
        let (path, _) = revision.image.rsplit_once(':')?;
        Some((path.split_once('/')?.1.to_owned(), revision.image_digest.clone()))
    }

    /// Takes the image that a service runs out of its repository; false when it is not there.
    pub(super) fn lose_image(&mut self, service: &str) -> bool {
        let Some((repository, digest)) = self.running_digest(service) else { return false };
        let images = &mut self.ecr.images;
        let Some(index) = images.iter().rposition(|i| i.repository == repository && i.digest == digest) else { return false };
        let image = images.remove(index);
        self.strain.images.push((service.to_owned(), image));
        self.plan(self.now + RETIRED_AFTER, Planned::Maintenance { service: service.to_owned() });
        true
    }

    /// Whether new tasks of a service can pull what they are to run.
    pub(super) fn has_image(&self, service: &str) -> bool {
        self.running_digest(service).is_none_or(|(repository, digest)| self.ecr.by_digest(&repository, &digest).is_some())
    }

    /// Pushes the lost image of a service again; the tags that another push has taken stay there.
    pub(super) fn restore_image(&mut self, service: &str) {
        let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.strain.images).into_iter().partition(|(known, _)| known == service);
        self.strain.images = others;
        for (_, mut image) in mine {
            let taken = |tag: &String| self.ecr.images.iter().any(|i| i.repository == image.repository && i.tags.contains(tag));
            image.tags = image.tags.iter().filter(|tag| !taken(tag)).cloned().collect();
            if self.ecr.by_digest(&image.repository, &image.digest).is_none() {
                self.ecr.images.push(image);
            }
        }
    }

    /// Fargate stops the oldest task of a service because its host is retired.
    pub(super) fn retire_host(&mut self, service: &str) {
        let running = self.ecs.tasks.values().filter(|t| t.service == service && t.is_running());
        let Some(id) = running.min_by_key(|t| (t.started_at, t.id.clone())).map(|t| t.id.clone()) else { return };
        let reason = "ECS is performing maintenance on the underlying infrastructure hosting the task.";
        self.stop_group(service, &[id], reason);
    }

    /// Stops the deployment in progress of a service and rolls it back, as a person would.
    pub(super) fn call_rollback(&mut self, service: &str) {
        let arn = self.ecs.services.get(service).filter(|_| self.is_rolling(service)).and_then(|s| s.current_service_deployment.clone());
        let open = |arn: &String| {
            let record = self.ecs.service_deployments.iter().rfind(|d| d.arn == *arn);
            record.is_some_and(|d| matches!(d.status, ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress))
        };
        if let Some(arn) = arn.filter(open) {
            // Refused only when it has ended meanwhile.
            let _ = self.stop_service_deployment(&arn, "ROLLBACK");
        }
    }
}
