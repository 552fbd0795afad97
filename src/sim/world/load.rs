//! What the stack makes of the traffic in one second: routing, CPU, errors, latencies, jobs, queries.
//! Every figure published or logged comes from here, so that figures agree. No scheduling, no publishing.

use super::World;
use super::metrics::{Gauge, Histogram};
use super::names::{CONTROL, SEC, SERVICES, WEB, WORKER};
use super::state::{TargetState, TaskStatus};

/// Processes per worker and seconds per job: together the rate a worker can take.
const WORKER_RATE: f64 = 4.4;

/// The last second and the running minute.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// The running minute.
    pub minute: MinuteAcc,
    /// Latencies drawn in the last second, seconds: API, web. The log lines use the same draws.
    pub samples: [Vec<f64>; 2],
    /// Requests answered with a 5xx by targets in the last second: API, web.
    pub errors: [u32; 2],
    /// Requests that reached targets in the last second: API, web.
    pub served: [u32; 2],
    /// Tasks in service (ids): API, web.
    pub in_service: [Vec<String>; 2],
    /// Jobs finished in the last second.
    pub jobs: f64,
    /// Database queries in the last second.
    pub queries: f64,
    /// Those of them that the workers sent.
    pub job_queries: f64,
    /// Cache commands in the last second.
    pub commands: f64,
    /// Fraction of a job owed to the next second's log.
    pub job_debt: f64,
}

/// Sums of the running minute.
#[derive(Debug, Clone, Default)]
pub struct MinuteAcc {
    /// Requests received by the load balancer's node per zone.
    pub requests: [f64; 3],
    /// 502 made by the load balancer per zone.
    pub elb_502: [f64; 3],
    /// 503 made by the load balancer per zone.
    pub elb_503: [f64; 3],
    /// 504 made by the load balancer per zone.
    pub elb_504: [f64; 3],
    /// Connections open per second per zone.
    pub active: [f64; 3],
    /// Target groups: API, web.
    pub groups: [TargetGroupAcc; 2],
    /// CPU of the tasks per service.
    pub cpu: [Gauge; 3],
    /// Memory of the tasks per service.
    pub memory: [Gauge; 3],
    /// Database: CPU.
    pub db_cpu: Gauge,
    /// Database: connections.
    pub db_connections: Gauge,
    /// Database: read operations per second.
    pub db_read: Gauge,
    /// Database: write operations per second.
    pub db_write: Gauge,
    /// Database: read latency, seconds.
    pub db_read_latency: Gauge,
    /// Database: write latency, seconds.
    pub db_write_latency: Gauge,
    /// Database: sessions on CPU.
    pub db_load_cpu: Gauge,
    /// Database: sessions waiting.
    pub db_load_wait: Gauge,
    /// Cache nodes, in the order of `redis.nodes`.
    pub nodes: [NodeAcc; 4],
    /// Jobs finished.
    pub jobs: f64,
    /// Log events ingested.
    pub log_events: f64,
    /// Log bytes ingested.
    pub log_bytes: f64,
}

/// Sums of one target group.
#[derive(Debug, Clone, Default)]
pub struct TargetGroupAcc {
    /// Requests per zone of the target.
    pub requests: [f64; 3],
    /// 4xx per zone.
    pub c4xx: [f64; 3],
    /// 5xx per zone.
    pub c5xx: [f64; 3],
    /// Failed connections per zone.
    pub connection_errors: [f64; 3],
    /// Healthy targets per zone.
    pub healthy: [Gauge; 3],
    /// Unhealthy targets per zone.
    pub unhealthy: [Gauge; 3],
    /// Healthy targets.
    pub healthy_all: Gauge,
    /// Unhealthy targets.
    pub unhealthy_all: Gauge,
    /// Latencies per zone of the target.
    pub latencies: [Histogram; 3],
}

/// Sums of one cache node.
#[derive(Debug, Clone, Copy, Default)]
pub struct NodeAcc {
    /// Host CPU.
    pub cpu: Gauge,
    /// Engine thread CPU.
    pub engine: Gauge,
    /// Client connections.
    pub connections: Gauge,
    /// Replication lag.
    pub lag: Gauge,
    /// Read commands.
    pub gets: f64,
    /// Write commands.
    pub sets: f64,
    /// Keys found.
    pub hits: f64,
    /// Keys not found.
    pub misses: f64,
    /// Keys given up for want of memory.
    pub evictions: f64,
}

/// A target as routing sees it.
struct Route {
    task: String,
    zone: usize,
    /// Answers at all.
    answers: bool,
    /// Cannot reach the internet.
    cut_off: bool,
}

/// What one service's requests depend on this second.
struct Dependencies {
    error: f64,
    slow: f64,
}

impl World {
    /// One second of traffic through the stack.
    pub(super) fn step_load(&mut self) {
        self.load.queries = 0.0;
        self.load.commands = 0.0;
        let open = if self.reach.front { 1.0 } else { 0.0 };
        let rates = [self.traffic.api_rate * open, self.traffic.web_rate * open];
        for group in 0..2 {
            let own = rates[group] * self.alb.routes[group][group];
            let foreign = rates[1 - group] * self.alb.routes[1 - group][group];
            self.serve(group, own + foreign, foreign / (own + foreign).max(1e-9));
        }
        self.run_jobs();
        self.drop_blocked();
        self.settle_tasks();
    }

    /// Requests of one target group: `rate` per second offered. `foreign` is the share of them that a rule sends to the
    /// wrong service, which knows no such page: they cost it little and end in a 404.
    fn serve(&mut self, group: usize, rate: f64, foreign: f64) {
        let routes = self.routes(group);
        let depends = self.dependencies(group);
        let mut reached = 0;
        self.load.errors[group] = 0;
        self.load.samples[group].clear();
        let answering = routes.iter().filter(|r| r.answers).count();
        for zone in 0..3 {
            let n = self.rng.requests.poisson(rate * self.node_share(zone));
            if n == 0 {
                continue;
            }
            let minute = &mut self.load.minute;
            minute.requests[zone] += f64::from(n);
            minute.active[zone] += f64::from(n) * 0.9;
            if routes.is_empty() {
                minute.elb_503[zone] += f64::from(n);
                continue;
            }
            let lost = 1.0 - answering as f64 / routes.len() as f64;
            let dead = self.rng.requests.binomial(n, lost);
            self.lose(group, zone, dead, &routes);
            reached += n - dead;
        }
        self.load.served[group] = reached;
        let live: Vec<Route> = routes.into_iter().filter(|r| r.answers).collect();
        self.answer((group, foreign), reached, &live, &depends);
        self.load.in_service[group] = live.into_iter().map(|r| r.task).collect();
        if group == 0 {
            let known = f64::from(reached) * (1.0 - foreign);
            // What the cache does not hold any more is asked of the database.
            let (crowded, refused) = (self.strain.cache_pressure, self.writes_refused());
            self.load.queries += known * 6.0 * (1.0 + 0.6 * crowded);
            self.load.commands += known * 5.0;
            self.redis.backlog += f64::from(self.rng.requests.poisson(known * 0.15 * (1.0 - refused) + 0.3));
        } else {
            self.load.commands += f64::from(reached) * 2.0;
        }
    }

    /// Requests sent to targets that do not answer: connection errors and 502 (dead task) or 504 (dead zone).
    fn lose(&mut self, group: usize, zone: usize, dead: u32, routes: &[Route]) {
        if dead == 0 {
            return;
        }
        let timed_out = !self.reach.targets[group] || routes.iter().any(|r| !r.answers && self.zone_down(r.zone));
        let minute = &mut self.load.minute;
        if timed_out {
            minute.elb_504[zone] += f64::from(dead);
        } else {
            minute.elb_502[zone] += f64::from(dead);
        }
        if let Some(route) = routes.iter().find(|r| !r.answers) {
            minute.groups[group].connection_errors[route.zone] += f64::from(dead);
        }
    }

    /// Spreads `n` requests over the live targets: CPU, codes and latencies.
    fn answer(&mut self, (group, foreign): (usize, f64), n: u32, live: &[Route], depends: &Dependencies) {
        if live.is_empty() || n == 0 {
            return;
        }
        let share = f64::from(n) / live.len() as f64;
        let (cost, median, normal_4xx) = if group == 0 { (3.6, 0.046, 0.018) } else { (4.0, 0.021, 0.004) };
        let (cost, normal_4xx) = (cost * (1.0 - 0.8 * foreign), normal_4xx + (1.0 - normal_4xx) * foreign);
        let mut hottest: f64 = 0.0;
        for route in live {
            if let Some(task) = self.ecs.tasks.get_mut(&route.task) {
                let noise = 1.0 + 0.05 * self.rng.noise.normal();
                let warm_up = if self.now < task.boot_until + 30 * SEC { 18.0 } else { 0.0 };
                let want = 5.0 + warm_up + cost * share * noise;
                hottest = hottest.max(want / 100.0);
                task.cpu_percent += (want.min(100.0) - task.cpu_percent) * 0.25;
            }
            let errors = self.rng.requests.binomial(share.round() as u32, depends.error + if route.cut_off { 0.01 } else { 0.0 });
            let c4 = self.rng.requests.binomial(share.round() as u32, normal_4xx);
            let acc = &mut self.load.minute.groups[group];
            acc.requests[route.zone] += share;
            acc.c5xx[route.zone] += f64::from(errors);
            acc.c4xx[route.zone] += f64::from(c4);
            self.load.errors[group] += errors;
        }
        // Above saturation requests wait in the accept queue; the overload also shows in the tail.
        if hottest > 1.02 && self.traffic.extra.iter().any(|extra| *extra > 0.0) {
            self.overload(n, hottest);
        }
        let used = hottest.min(0.97);
        let queue = 1.0 + 0.55 * used * used / (1.0 - used) + 8.0 * (hottest - 1.0).max(0.0);
        let spread = 0.62 + 0.25 * used.powi(4);
        for _ in 0..n.min(4) {
            let route = &live[self.rng.requests.below(live.len())];
            let stuck = route.cut_off && self.rng.requests.chance(0.008);
            let wait = if stuck { 5.0 } else { depends.slow };
            let latency = (median * queue * (spread * self.rng.requests.gauss()).exp() + wait).min(30.0);
            self.load.samples[group].push(latency);
            self.load.minute.groups[group].latencies[route.zone].add(latency);
        }
    }

    /// Above what the tasks can take, some of the requests wait until the balancer gives up.
    fn overload(&mut self, n: u32, hottest: f64) {
        let lost = self.rng.scenes.binomial(n, 0.4 * (1.0 - 1.0 / hottest));
        for zone in &mut self.load.minute.elb_504 {
            *zone += f64::from(lost) / 3.0;
        }
    }

    /// Share of the writes to the cache that are refused: the keys with a time to live go first, the broker's lists have none.
    pub(super) fn writes_refused(&self) -> f64 {
        ((self.strain.cache_pressure - 0.3) / 0.7).max(0.0)
    }

    /// The targets a request can be sent to: the healthy ones, or all when none is (the ALB fails open).
    fn routes(&self, group: usize) -> Vec<Route> {
        let Some(tg) = self.alb.target_groups.get(group) else { return Vec::new() };
        let any_healthy = tg.targets.iter().any(|t| t.state == TargetState::Healthy);
        tg.targets
            .iter()
            .filter(|t| if any_healthy { t.state == TargetState::Healthy } else { t.state != TargetState::Draining })
            .map(|t| {
                let zone = t.az.index();
                let up = self.ecs.tasks.get(&t.task_id).is_some_and(|task| {
                    matches!(task.last_status, TaskStatus::Running | TaskStatus::Deactivating) && task.boot_until <= self.now
                });
                let cut_off = self.cut_off(t.az);
                Route { task: t.task_id.clone(), zone, answers: up && !self.zone_down(zone) && self.reach.targets[group], cut_off }
            })
            .collect()
    }

    /// How the database and the cache treat this service's requests now.
    fn dependencies(&self, group: usize) -> Dependencies {
        let mut error: f64 = if group == 0 { 0.0002 } else { 0.0001 };
        let mut slow = 0.0;
        let db = &self.rds.instance;
        let gone = 1.0 - self.database_share();
        // Of what the API asks: statements that take too long, connections that are refused, rows that find no room.
        let work = self.scan_percent() / 90.0;
        let crowded = if db.is_full() { 1.0 } else { 0.0 };
        let failing = 0.03 * work * work + 0.35 * crowded + if db.has_no_room() { 0.3 } else { 0.0 };
        if group == 0 {
            if self.database_answers() {
                slow += 0.12 * db.cold + 0.02 * (db.cpu / 100.0).powi(4) + 1.2 * work * work + 0.6 * crowded;
                error += failing + 0.08 * self.writes_refused();
            } else {
                error += 0.85 * gone;
                slow += 0.9 * gone;
            }
        } else if !self.database_answers() {
            // The portal renders what the API gives it: some of its pages fail with it.
            error += 0.12 * gone;
            slow += 0.4 * gone;
        } else {
            error += 0.12 * failing;
            slow += 0.5 * work * work;
        }
        let lost = self.cache_lost();
        slow += 0.04 * self.strain.cache_pressure;
        error += lost * if group == 0 { 0.35 } else { 0.05 };
        slow += lost * 0.3;
        Dependencies { error: error.min(0.95), slow }
    }

    /// Celery: what came in is worked off as far as workers, broker and database allow.
    fn run_jobs(&mut self) {
        let workers: Vec<String> = self
            .ecs
            .tasks
            .values()
            .filter(|t| t.service == WORKER && t.is_running() && t.boot_until <= self.now && !self.zone_down(t.az.index()))
            .map(|t| t.id.clone())
            .collect();
        let mut rate = workers.len() as f64 * WORKER_RATE;
        if !self.database_answers() {
            rate *= 0.1 + 0.9 * self.database_share();
        }
        rate *= (1.0 - self.cache_lost()) * (1.0 - 0.6 * self.scan_percent() / 90.0);
        self.redis.backlog += self.strain.jobs;
        let done = self.redis.backlog.min(rate);
        self.redis.backlog -= done;
        self.load.jobs = done;
        self.load.minute.jobs += done;
        self.load.job_queries = done * 10.0;
        self.load.queries += self.load.job_queries;
        self.load.commands += done * 8.0 + workers.len() as f64 * 2.0;
        let share = done / workers.len().max(1) as f64;
        for id in workers {
            if let Some(task) = self.ecs.tasks.get_mut(&id) {
                let noise = 1.0 + 0.06 * self.rng.noise.normal();
                let want: f64 = 8.0 + 22.5 * share * noise;
                task.cpu_percent += (want.min(100.0) - task.cpu_percent) * 0.08;
            }
        }
    }

    /// What no security group lets through arrives nowhere.
    fn drop_blocked(&mut self) {
        if !self.reach.database {
            let left = self.strain.kept_database;
            (self.load.queries, self.load.job_queries) = (self.load.queries * left, self.load.job_queries * left);
        }
        if !self.reach.cache {
            self.load.commands *= self.strain.kept_cache;
        }
    }

    /// CPU of idle tasks falls, memory drifts; the minute's gauges are fed.
    fn settle_tasks(&mut self) {
        let now = self.now;
        for task in self.ecs.tasks.values_mut() {
            let up = matches!(task.last_status, TaskStatus::Running | TaskStatus::Deactivating | TaskStatus::Stopping);
            let Some(started) = task.started_at.filter(|_| up) else { continue };
            let age = (now - started) as f64 / 3_600_000.0;
            // A young process fills its heap within minutes; an old one leaks a little.
            let filled = 1.0 - 0.45 * (-age * 25.0).exp();
            let level = task.memory_base * filled + 7.0 * (1.0 - (-age / 30.0).exp()) + 0.02 * task.cpu_percent + task.leaked_memory;
            task.memory_percent += (level - task.memory_percent) * 0.05 + 0.03 * self.rng.noise.normal();
            if task.boot_until > now {
                task.cpu_percent += (45.0 - task.cpu_percent) * 0.2;
            } else if task.stopping {
                task.cpu_percent += (4.0 - task.cpu_percent) * 0.2;
            }
            if task.last_status == TaskStatus::Running
                && let Some(i) = SERVICES.iter().position(|s| *s == task.service)
            {
                self.load.minute.cpu[i].add(task.cpu_percent.clamp(0.0, 100.0));
                self.load.minute.memory[i].add(task.memory_percent.clamp(0.0, 100.0));
            }
        }
    }
}

/// The service behind a target group index.
pub(super) const fn group_service(group: usize) -> &'static str {
    if group == 0 { CONTROL } else { WEB }
}
