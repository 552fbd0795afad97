//! Placement: the making of a new task, in the zone with the fewest tasks of its service.
//! Not when to make one (see `scheduler`).

use super::super::World;
use super::super::names::{Az, Ms, task_arn};
use super::super::state::{ContainerState, Task, TaskDefinition, TaskHealth, TaskStatus};

/// Baseline memory of a service's tasks in percent of the reservation, lowest and highest.
fn memory_range(service: &str) -> (f64, f64) {
    match service {
        super::super::names::CONTROL => (50.0, 57.0),
        super::super::names::WEB => (42.0, 50.0),
        _ => (46.0, 55.0),
    }
}

impl World {
    /// The zone for the next task of `service`: fewest wanted tasks, first zone on a tie, lost zones avoided.
    pub(in super::super) fn place(&self, service: &str) -> Az {
        let mut counts = [0_u32; 3];
        for task in self.ecs.tasks.values().filter(|t| t.service == service && t.is_wanted()) {
            counts[task.az.index()] += 1;
        }
        let asked = self.ecs.services.get(service).map_or(&[][..], |s| &s.subnets);
        let zones: Vec<Az> = self.network.subnets.iter().filter(|subnet| asked.contains(&subnet.id)).map(|subnet| subnet.az).collect();
        let open = Az::ALL.into_iter().filter(|az| zones.contains(az) && !self.zone_down(az.index()));
        open.min_by_key(|az| counts[az.index()]).unwrap_or(Az::A)
    }

    /// Makes a task of `deployment`, in state PROVISIONING, and returns its id.
    pub(in super::super) fn launch(&mut self, service: &str, deployment: &str, task_definition: &str) -> String {
        let az = self.place(service);
        let now = self.now;
        let id = self.rng.ids.hex(32);
        let delay = self.rng.life.seconds(5, 20);
        let mut task = self.blank_task(service, &id, az, now);
        deployment.clone_into(&mut task.deployment);
        task_definition.clone_into(&mut task.task_definition);
        if let Some(definition) = self.definition(task_definition) {
            (task.cpu, task.memory) = (definition.cpu, definition.memory);
            task.container.image.clone_from(&definition.image);
        }
        task.next_at = now + delay;
        self.ecs.tasks.insert(id.clone(), task);
        id
    }

    /// The task definition with this ARN.
    pub(in super::super) fn definition(&self, arn: &str) -> Option<&TaskDefinition> {
        let (family, revision) = arn.rsplit('/').next()?.split_once(':')?;
        self.ecs.task_definitions.get(&(family.to_owned(), revision.parse().ok()?))
    }

    fn blank_task(&mut self, service: &str, id: &str, az: Az, now: Ms) -> Task {
        let asked = self.ecs.services.get(service).map_or(&[][..], |s| &s.subnets);
        let found = self.network.subnets.iter().find(|subnet| subnet.az == az && asked.contains(&subnet.id));
        let subnet = found.map_or_else(|| self.network.private.of(az).to_owned(), |subnet| subnet.id.clone());
        let third = found.and_then(|subnet| subnet.cidr.split('.').nth(2)?.parse().ok()).unwrap_or(11 + az.index());
        let ids = &mut self.rng.ids;
        let (low, high) = memory_range(service);
        let used: Vec<&str> = self.ecs.tasks.values().map(|t| t.private_ip.as_str()).collect();
        let mut host = 16 + ids.below(230);
        let mut private_ip = format!("10.0.{third}.{host}");
        while used.contains(&private_ip.as_str()) {
            host = 16 + (host - 15) % 230;
            private_ip = format!("10.0.{third}.{host}");
        }
        let mac = ids.hex(8);
        let pair = |i: usize| mac.get(i..i + 2).unwrap_or("00").to_owned();
        Task {
            id: id.to_owned(),
            arn: task_arn(id),
            service: service.to_owned(),
            deployment: String::new(),
            task_definition: String::new(),
            last_status: TaskStatus::Provisioning,
            stopping: false,
            az,
            subnet,
            private_ip,
            eni: format!("eni-{}", ids.hex(17)),
            attachment_id: ids.uuid(),
            mac: format!("02:{:02x}:{}:{}:{}:{}", az.index() * 4 + 2, pair(0), pair(2), pair(4), pair(6)),
            cpu: 0,
            memory: 0,
            created_at: now,
            pull_started_at: None,
            pull_stopped_at: None,
            connectivity_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            connected: false,
            container: ContainerState {
                name: service.to_owned(),
                runtime_id: String::new(),
                image: String::new(),
                image_digest: String::new(),
                last_status: "PENDING",
                exit_code: None,
                reason: None,
                health: TaskHealth::Unknown,
                exec_agent: "PENDING",
            },
            version: 1,
            next_at: Ms::MAX,
            boot_until: Ms::MAX,
            cpu_percent: 0.0,
            memory_percent: 8.0,
            memory_base: ids.between(low, high),
            leaked_memory: 0.0,
            leaked_connections: 0.0,
            crash_at: None,
            was_healthy: false,
            unhealthy_since: None,
        }
    }
}
