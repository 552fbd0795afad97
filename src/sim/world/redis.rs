//! Cache physics: memory, connections, hit rate, replication, and the failover timeline of a node group.
//! Not the commands that load it (see `load`). Stepped once a second.

use super::World;
use super::names::{DAY, MIN, SEC};
use super::state::{NodeRecovery, NodeStatus, RedisEvent, RedisNode, RedisSource};

/// Usable bytes of a cache.t3.medium.
const MAX_BYTES: f64 = 3.09 * 1_073_741_824.0;
/// Bytes of a key with what it holds, among those that fill it up.
const ITEM_BYTES: f64 = 40_000.0;

impl RedisNode {
    /// `DatabaseMemoryUsagePercentage`.
    pub fn memory_percent(&self) -> f64 {
        self.used_bytes / MAX_BYTES * 100.0
    }

    /// Whether there is no memory left.
    pub fn is_full(&self) -> bool {
        self.memory_percent() > 99.5
    }
}

impl World {
    /// Writes a cache event.
    pub(super) fn redis_event(&mut self, source: RedisSource, source_id: &str, message: String) {
        let event = RedisEvent { source_id: source_id.to_owned(), source, date: self.now, message };
        self.redis.events.push_back(event);
        let before = self.now - 14 * DAY;
        while self.redis.events.front().is_some_and(|e| e.date < before) {
            self.redis.events.pop_front();
        }
    }

    /// Node groups without a primary that answers.
    pub(super) fn shards_down(&self) -> usize {
        let served = |group: &str| self.redis.nodes.iter().any(|n| n.node_group == group && n.primary && n.up);
        self.redis.group.node_groups.iter().filter(|(id, _)| !served(id)).count()
    }

    /// Loses a node; if it was the primary, its replica is promoted after a while.
    pub(super) fn lose_node(&mut self, id: &str, test: bool) {
        let now = self.now;
        let Some(node) = self.redis.nodes.iter().find(|n| n.id == id && n.recovery.is_none()) else { return };
        let (was_primary, group) = (node.primary, node.node_group.clone());
        let heir = self.redis.nodes.iter().find(|n| n.node_group == group && n.id != id && n.up).map(|n| n.id.clone());
        let fails_over = was_primary && heir.is_some();
        let life = &mut self.rng.life;
        let promote = now + life.seconds(8, 22);
        let events = promote + life.seconds(6, 25);
        let recovering_at = events + life.seconds(25, 70);
        let finished_at = recovering_at + life.seconds(240, 420);
        if let Some(node) = self.redis.nodes.iter_mut().find(|n| n.id == id) {
            node.up = false;
            node.recovery = Some(NodeRecovery {
                began: now,
                test,
                promote_at: fails_over.then_some(promote),
                events_at: fails_over.then_some(events),
                recovering_at,
                finished_at,
                promoted: heir.filter(|_| fails_over),
                done: [false; 3],
            });
        }
    }

    /// One second of the cache.
    pub(super) fn step_redis(&mut self) {
        if let Some((az, since)) = self.zone_fault()
            && self.now - since == SEC
        {
            let lost: Vec<String> = self.redis.nodes.iter().filter(|n| n.az == az).map(|n| n.id.clone()).collect();
            for id in lost {
                self.lose_node(&id, false);
            }
        }
        // Without a way to it the cache has no clients.
        let clients = self.ecs.tasks.values().filter(|t| t.is_running()).count() as f64 * self.cache_reached();
        for i in 0..self.redis.nodes.len() {
            self.step_recovery(i);
            self.step_node(i, clients);
        }
        let trouble = self.redis.nodes.iter().filter_map(|n| n.recovery.as_ref());
        let modifying = trouble.into_iter().any(|r| self.now - r.began >= 8 * SEC);
        self.redis.group.status = if modifying { "modifying" } else { "available" };
    }

    fn step_recovery(&mut self, index: usize) {
        let now = self.now;
        let Some(node) = self.redis.nodes.get_mut(index) else { return };
        let Some(mut r) = node.recovery.take() else { return };
        let (id, group, az) = (node.id.clone(), node.node_group.clone(), node.az);
        let of = self.redis.group.id.clone();
        if !r.done[0] && r.promote_at.is_some_and(|at| at <= now) {
            r.done[0] = true;
            node.primary = false;
            if let Some(heir) = self.redis.nodes.iter_mut().find(|n| Some(&n.id) == r.promoted.as_ref()) {
                heir.primary = true;
            }
        }
        if !r.done[1] && r.events_at.is_some_and(|at| at <= now) {
            r.done[1] = true;
            if r.test {
                let text = format!("Test Failover API called for node group {group}");
                self.redis_event(RedisSource::ReplicationGroup, &of, text);
            }
            let to = r.promoted.clone().unwrap_or_default();
            let text = format!("Failover from primary node {id} to replica node {to} completed");
            self.redis_event(RedisSource::CacheCluster, &id, text.clone());
            self.redis_event(RedisSource::ReplicationGroup, &of, text);
        }
        let zone_lost = self.zone_down(az.index());
        if !r.done[2] && now >= r.recovering_at {
            r.done[2] = true;
            if let Some(node) = self.redis.nodes.get_mut(index) {
                node.status = NodeStatus::Recovering;
            }
            self.redis_event(RedisSource::CacheCluster, &id, "Recovering cache nodes 0001".into());
        }
        if zone_lost {
            r.finished_at = r.finished_at.max(now + 3 * MIN);
        } else if r.done[2] && now >= r.finished_at {
            if let Some(node) = self.redis.nodes.get_mut(index) {
                node.status = NodeStatus::Available;
                node.up = true;
                node.connections = 0.0;
            }
            self.redis_event(RedisSource::CacheCluster, &id, "Finished recovery for cache nodes 0001".into());
            return;
        }
        if let Some(node) = self.redis.nodes.get_mut(index) {
            node.recovery = Some(r);
        }
    }

    fn step_node(&mut self, index: usize, clients: f64) {
        let backlog = self.redis.backlog;
        let (filling, pressure) = (self.strain.cache_filling, self.strain.cache_pressure);
        let commands = self.load.commands;
        let noise = &mut self.rng.noise;
        let Some(node) = self.redis.nodes.get_mut(index) else { return };
        if !node.up {
            node.connections *= 0.2;
            node.new_connections = 0.0;
            return;
        }
        // The broker's queues live in the second node group: it works a little harder.
        let second = node.node_group == "0002";
        let share = if second { 0.55 } else { 0.45 };
        let (want, own) =
            if node.primary { (4.0 + clients * 9.0, commands * share) } else { (4.0 + clients * 3.0, commands * share * 0.35) };
        let opened = ((want - node.connections) * 0.2).max(0.0);
        node.connections += (want - node.connections) * 0.2;
        node.new_connections += opened + 0.12;
        let data = if second { 0.985e9 } else { 0.91e9 } + if second { backlog * 2_400.0 } else { 0.0 } + commands * 45_000.0;
        node.used_bytes += (data - node.used_bytes) * 0.002 + 20_000.0 * noise.normal() + filling;
        // What finds no room takes that of keys with a time to live.
        let evicted = (node.used_bytes - MAX_BYTES).max(0.0) / ITEM_BYTES;
        node.used_bytes = node.used_bytes.min(MAX_BYTES);
        node.lag = if node.primary { 0.0 } else { (0.2 + 0.12 * noise.normal()).max(0.01) };
        let engine = (1.2 + own * 0.035 + 0.25 * noise.normal()).clamp(0.3, 100.0);
        let cpu = (2.2 + engine * 0.55 + 0.2 * noise.normal()).clamp(0.5, 100.0);
        node.credits = (node.credits + (24.0 - 1.2 * cpu) / 3_600.0).clamp(0.0, 576.0);
        let gets = own * 0.7;
        let hit_rate = (0.945 + 0.01 * noise.normal() - 0.35 * pressure).clamp(0.5, 0.999);
        let Some(acc) = self.load.minute.nodes.get_mut(index) else { return };
        acc.cpu.add(cpu);
        acc.engine.add(engine);
        acc.connections.add(node.connections.round());
        acc.lag.add(node.lag);
        acc.gets += gets;
        acc.evictions += evicted;
        acc.sets += if node.primary { own * 0.3 } else { 0.0 };
        acc.hits += gets * hit_rate;
        acc.misses += gets * (1.0 - hit_rate);
    }
}
