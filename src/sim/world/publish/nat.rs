//! Metrics of the NAT gateways: each carries the traffic of the zones whose route names it.

use super::super::World;
use super::super::load::MinuteAcc;
use super::super::metrics::Stats;
use super::super::names::{Az, Ms};
use super::super::state::NatState;

const NAT: &str = "AWS/NATGateway";

impl World {
    /// The minute of the NAT gateways.
    pub(super) fn publish_nat(&mut self, t: Ms, minute: &MinuteAcc) {
        let work = minute.jobs * 1.0 + minute.groups.iter().flat_map(|g| g.requests).sum::<f64>() * 0.1;
        let all = self.ecs.tasks.values().filter(|x| x.is_running()).count().max(1) as f64;
        for index in 0..self.network.nats.len() {
            let noise = 1.0 + 0.05 * self.rng.noise.normal();
            let Some(nat) = self.network.nats.get(index) else { continue };
            if self.zone_down(nat.az.index()) || nat.state != NatState::Available {
                continue;
            }
            let broken = self.nat_broken(index);
            // What the tasks' own security group stops does not come this far.
            let sent = |az: Az| broken || !self.cut_off(az);
            let mine = |az: Az| self.reach.nat.get(az.index()) == Some(&Some(index)) && !self.zone_down(az.index()) && sent(az);
            let tasks = self.ecs.tasks.values().filter(|x| x.is_running() && mine(x.az)).count() as f64;
            let share = work * tasks / all * noise;
            let attempts = (share * 0.8 + tasks * 4.0).round() * if broken { 2.5 } else { 1.0 };
            let through = if broken { 0.0 } else { 1.0 };
            let id = nat.id.clone();
            let dims = [("NatGatewayId", id.as_str())];
            let values: [(&'static str, &'static str, f64); 8] = [
                ("ErrorPortAllocation", "Count", 0.0),
                ("PacketsDropCount", "Count", 0.0),
                ("ConnectionAttemptCount", "Count", attempts.round()),
                ("ConnectionEstablishedCount", "Count", attempts.round() * through),
                ("ActiveConnectionCount", "Count", (attempts * 0.4 * through).round()),
                ("BytesOutToDestination", "Bytes", share * 5_200.0 * through),
                ("BytesInFromDestination", "Bytes", share * 21_000.0 * through),
                ("BytesInFromSource", "Bytes", if broken { attempts * 60.0 } else { share * 5_200.0 }),
            ];
            for (name, unit, value) in values {
                self.put(NAT, name, &dims, unit, (t, Stats::one(value)));
            }
        }
    }
}
