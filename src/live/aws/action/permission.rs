//! Whether the caller may send what a plan says: IAM's own simulation of the caller's policies (`iam:SimulatePrincipalPolicy`). An answer
//! that cannot be had is a check that could not be made, never a refusal.

use aws_sdk_iam::types as sdk;

use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Call, Check, Verdict};
use nextcore_core::model::section::ProblemKind;

use super::Desk;

const SIMULATE: Op = Op::read("IAM", "SimulatePrincipalPolicy", "iam:SimulatePrincipalPolicy").on(Scope::Any);

/// The reads of every plan.
pub(super) const READS: &[Op] = &[SIMULATE];

/// Asks for all calls of a plan at once.
pub async fn may(desk: &Desk, calls: &[Call], resources: &[String]) -> Check {
    let mut actions: Vec<String> = calls.iter().map(|c| c.iam.clone()).collect();
    actions.dedup();
    let unknown =
        |why: &str| Check { verdict: Verdict::Unknown, text: format!("permission for {} not checked: {why}", actions.join(", ")) };
    let Some(identity) = desk.store.get::<Identity>() else { return unknown("caller identity unknown") };
    let Some(source) = principal(identity) else { return unknown("the root user has no policies to simulate") };
    let call = desk.clients.iam.simulate_principal_policy().policy_source_arn(source).set_action_names(Some(actions.clone()));
    let resources = Some(resources.to_vec()).filter(|r| !r.is_empty());
    let answer = match call.set_resource_arns(resources).send().await {
        Ok(answer) => answer,
        Err(e) => {
            let problem = problem_of(SIMULATE, &e);
            let why = if problem.kind == ProblemKind::Denied && problem.permission.is_some() {
                "iam:SimulatePrincipalPolicy is not allowed"
            } else {
                &problem.headline
            };
            return unknown(why);
        }
    };
    let refused = answer.evaluation_results().iter().filter(|r| *r.eval_decision() != sdk::PolicyEvaluationDecisionType::Allowed);
    // A policy with a condition on the resource's tags, such as the one for route tables: the simulation does not know them.
    let (undecided, denied): (Vec<_>, Vec<_>) = refused.partition(|r| !r.missing_context_values().is_empty());
    let denied: Vec<&str> = denied.into_iter().map(sdk::EvaluationResult::eval_action_name).collect();
    if let Some(result) = undecided.first().filter(|_| denied.is_empty()) {
        return unknown(&format!("depends on {}", result.missing_context_values().join(", ")));
    }
    if denied.is_empty() {
        Check { verdict: Verdict::Pass, text: format!("allowed: {}", actions.join(", ")) }
    } else {
        Check { verdict: Verdict::Fail, text: format!("not allowed: {}", denied.join(", ")) }
    }
}

/// The principal whose policies are simulated: of a session, the role behind it.
fn principal(identity: &Identity) -> Option<String> {
    let Some(role) = identity.role() else { return Some(identity.arn.clone()).filter(|arn| !arn.ends_with(":root")) };
    let partition = identity.arn.split(':').nth(1).unwrap_or("aws");
    Some(format!("arn:{partition}:iam::{}:role/{role}", identity.account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_of_a_session_are_those_of_its_role() {
        for (arn, principal) in [
            ("arn:aws:sts::111122223333:assumed-role/OnCall/ops", Some("arn:aws:iam::111122223333:role/OnCall")),
            ("arn:aws:iam::111122223333:user/maya", Some("arn:aws:iam::111122223333:user/maya")),
            ("arn:aws:iam::111122223333:root", None),
        ] {
            let identity = Identity { account: "111122223333".into(), arn: arn.into() };
            assert_eq!(super::principal(&identity).as_deref(), principal);
        }
    }
}
