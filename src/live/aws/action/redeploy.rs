//! Redeploy a service: the same task definition on new tasks (`forceNewDeployment`). The desired count is not sent.

use std::collections::BTreeSet;

use crate::aws::op::Op;
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params::{Deploys, Rollout};
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::delivery::Repositories;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::network::Network;
use nextcore_core::model::plan::{Refusal, Run, Verdict};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{Service, Services, TaskDefinition, TaskDefinitions, Tasks, short_revision};

use super::rollout::{self, Found, before, find_image, images, rolls, running_definition, short, short_digest};
use super::service::{UPDATE, addresses, all_healthy, by_ecs, draft, find, not_deploying, on, update_cli};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

/// Going back to an earlier revision is another thing: it would undo what nobody did here.
const UNDO: &str = "none: the revision is the same before and after (use rollback for another revision)";

pub(super) struct Redeploy;

impl Action for Redeploy {
    type Params = Rollout;
    const NAME: &'static str = "redeploy";
    const WRITES: &'static [Op] = &[UPDATE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Services::KEY];
    const WATCHES: &'static [SectionKey] = &[Services::KEY];
    const BESIDE: &'static [SectionKey] = &[Targets::KEY];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        // A definition that is known is not asked for again; one that cannot be read is a check that could not be made.
        desk.try_fetch(TaskDefinitions::KEY).await;
        for key in [Targets::KEY, Network::KEY, Tasks::KEY, Repositories::KEY] {
            desk.glance(key).await;
        }
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, Rollout), Refusal> {
        let service = find(facts, &request.target)?;
        by_ecs(service)?;
        let arn = running_definition(service);
        let revision = short_revision(arn);
        if service.desired == 0 {
            let what = format!("{} has a desired count of 0: no task to replace", service.name);
            return Err(Refusal::Check(format!("{what}\n  next: scale {} 1", service.name)));
        }
        let mut plan = not_deploying(draft(service), service);
        plan = all_healthy(plan, facts, service);
        plan = rolls(plan, service);
        let definition = facts.store.get::<TaskDefinitions>().and_then(|d| d.definitions.get(arn));
        plan = if let Some(definition) = definition {
            moved_tags(images(plan, facts, definition), facts, service, definition)
        } else {
            let what = format!("images of {revision} unknown, cannot check that they can be pulled");
            plan.unknown(facts, TaskDefinitions::KEY, &what)
        };
        // A rolling deployment may double the tasks for a while: each needs an address.
        let extra = service.desired * (service.maximum.unwrap_or(200) - 100).max(0) / 100;
        let params = Rollout { on: on(facts, service), deploys: Deploys::Same, before: before(service) };
        let plan = addresses(plan, facts, service, extra)
            .change("tasks", format!("of {revision}"), format!("new, of {revision}"))
            .note("the desired count does not change")
            .call(&UPDATE, format!("{} --force-new-deployment", update_cli(facts, &service.name)))
            .undo(UNDO, None)
            .rests("definition", arn);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: Rollout) -> Result<Receipt, SendError> {
        rollout::update(sender, params).await
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &Rollout) -> Sight {
        rollout::sight(facts, run, params)
    }
}

/// The same tag may be another image by now: then the new tasks run other code than the old ones.
fn moved_tags(mut plan: Draft, facts: &Facts<'_>, service: &Service, definition: &TaskDefinition) -> Draft {
    let Some(tasks) = facts.store.get::<Tasks>() else {
        return plan.unknown(facts, Tasks::KEY, "unknown whether the running tasks use the same image");
    };
    for (container, image) in &definition.images {
        let Found::Here(found) = find_image(facts, image) else { continue };
        let containers = tasks.of(&service.name).flat_map(|t| &t.containers).filter(|c| c.name == *container);
        let running: BTreeSet<&str> = containers.filter_map(|c| c.image_digest.as_deref()).collect();
        let others: Vec<String> = running.iter().filter(|d| **d != found.digest).map(|d| short_digest(d)).collect();
        if !others.is_empty() {
            let now = short_digest(&found.digest);
            let text = format!("{} now points to another image: new tasks run {now}, the old ones {}", short(image), others.join(", "));
            plan = plan.check(Verdict::Warn, text);
        }
    }
    plan
}

#[cfg(test)]
#[path = "tests/redeploy.rs"]
mod tests;
