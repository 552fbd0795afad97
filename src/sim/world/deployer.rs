//! Stacks that are not the seed's: a service that ECS deploys blue/green, or that CodeDeploy deploys. Set up at once, as if it had been made
//! so; the deployment itself is a swap, without the time that AWS takes. Called by tests.

use super::World;
use super::state::{BlueGreen, RuleAction, TargetGroup, TaskSet};

impl World {
    /// A second target group of the service, with everything like its own and no targets; its ARN.
    fn second_group(&mut self, service: &str) -> Option<(String, String)> {
        let own = self.alb.target_groups.iter().find(|group| group.service == service)?.clone();
        let turned = |text: &str| text.replacen(&own.name, &format!("{}-green", own.name), 1);
        let green = TargetGroup {
            arn: turned(&own.arn),
            name: turned(&own.name),
            dimension: turned(&own.dimension),
            service: String::new(),
            targets: Vec::new(),
            ..own.clone()
        };
        let arns = (own.arn, green.arn.clone());
        self.alb.target_groups.push(green);
        Some(arns)
    }

    /// Has a service deployed blue/green by ECS: a second target group, both in the rules, all weight on the first.
    pub fn make_blue_green(&mut self, service: &str) {
        let Some((blue, green)) = self.second_group(service) else { return };
        let forwards = RuleAction::Forward(blue.clone());
        let mut rule_arn = String::new();
        for listener in &mut self.alb.listeners {
            let weighted = RuleAction::Weighted(vec![(blue.clone(), 100), (green.clone(), 0)]);
            for rule in listener.rules.iter_mut().filter(|rule| rule.action == forwards) {
                rule.action = weighted.clone();
                rule_arn.clone_from(&rule.arn);
            }
            if listener.default_action == forwards {
                listener.default_action = weighted;
            }
        }
        let Some(found) = self.ecs.services.get_mut(service) else { return };
        found.deployer.strategy = "BLUE_GREEN";
        if let Some(registered) = &mut found.load_balancer {
            registered.blue_green = Some(BlueGreen {
                alternate_target_group_arn: green,
                production_listener_rule: rule_arn,
                role_arn: super::names::arn("iam", "role/ecsInfrastructureRole"),
            });
        }
        self.reroute();
    }

    /// Ends a blue/green deployment: tasks, targets and all weight are on the other target group.
    pub fn turn_over(&mut self, service: &str) {
        let groups = &mut self.alb.target_groups;
        let registered = self.ecs.services.get(service).and_then(|s| s.load_balancer.as_ref());
        let Some(pair) = registered.and_then(|r| Some([r.target_group_arn.clone(), r.blue_green.clone()?.alternate_target_group_arn]))
        else {
            return;
        };
        let [Some(a), Some(b)] = pair.map(|arn| groups.iter().position(|group| group.arn == arn)) else { return };
        let names = |group: &TargetGroup| (group.arn.clone(), group.name.clone(), group.dimension.clone());
        let (of_a, of_b) = (groups.get(a).map(names), groups.get(b).map(names));
        for (place, other) in [(a, of_b), (b, of_a)] {
            if let (Some(group), Some((arn, name, dimension))) = (groups.get_mut(place), other) {
                (group.arn, group.name, group.dimension) = (arn, name, dimension);
            }
        }
        self.weigh(|weights| {
            if let [(_, first), (_, second)] = weights {
                std::mem::swap(first, second);
            }
        });
    }

    /// Changes the weights of every rule that has some.
    pub fn weigh(&mut self, change: impl Fn(&mut [(String, u32)])) {
        for listener in &mut self.alb.listeners {
            let rules = listener.rules.iter_mut().map(|rule| &mut rule.action);
            for action in rules.chain([&mut listener.default_action]) {
                if let RuleAction::Weighted(weights) = action {
                    change(weights);
                }
            }
        }
        self.reroute();
    }

    /// Has a service deployed by CodeDeploy: its tasks are of the primary task set.
    pub fn make_code_deploy(&mut self, service: &str) {
        let now = self.now;
        let Some(found) = self.ecs.services.get_mut(service) else { return };
        found.deployer.controller = "CODE_DEPLOY";
        found.deployer.task_sets = vec![TaskSet {
            id: "ecs-svc/7712893401258846221".to_owned(),
            status: "PRIMARY",
            external_id: "d-1A2B3C4D5".to_owned(),
            task_definition: found.task_definition.clone(),
            desired_count: found.desired_count,
            running_count: found.running_count,
            target_group_arn: found.load_balancer.as_ref().map(|r| r.target_group_arn.clone()).unwrap_or_default(),
            created_at: now,
        }];
    }
}
