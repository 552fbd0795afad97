//! Task sets: the tasks of one revision of a service that CodeDeploy or somebody else deploys, and not ECS. What they hold in target groups
//! is in `groups`. Sources fill them; rules, panes and actions read them.

use serde::{Deserialize, Serialize};

use crate::model::Time;

use super::{Deployment, RolloutState, Service, Stability, TaskSetStatus};

/// One set of tasks of a service that CodeDeploy or somebody else deploys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskSet {
    /// `ecs-svc/123`.
    pub id: String,
    /// `PRIMARY` serves, `ACTIVE` does not (yet), `DRAINING` goes.
    pub status: TaskSetStatus,
    /// `CODE_DEPLOY`, or who made it.
    pub started_by: String,
    /// The CodeDeploy deployment: `d-ABC`.
    pub external_id: String,
    /// Task definition ARN.
    pub task_definition: String,
    /// Desired tasks.
    pub desired: i32,
    /// Running tasks.
    pub running: i32,
    /// Pending tasks.
    pub pending: i32,
    /// `STEADY_STATE`, `STABILIZING`.
    pub stability: Stability,
    /// Begun.
    pub created_at: Option<Time>,
    /// Last change.
    pub updated_at: Option<Time>,
    /// Target group ARNs that it registers in.
    pub target_groups: Vec<String>,
    /// The capacity providers, in words.
    pub launch_type: String,
}

impl TaskSet {
    /// The same in the shape of a deployment of ECS. It has no rollout of ECS's to tell of: its state is that of its tasks.
    pub fn as_deployment(&self) -> Deployment {
        let (status, rollout) = (self.status.as_str(), &self.stability);
        Deployment {
            id: self.id.clone(),
            status: status.into(),
            rollout_state: match rollout {
                Stability::SteadyState => RolloutState::Completed,
                Stability::Stabilizing => RolloutState::InProgress,
                _ => RolloutState::Unstated,
            },
            rollout_reason: String::new(),
            task_definition: self.task_definition.clone(),
            desired: self.desired,
            running: self.running,
            pending: self.pending,
            failed: 0,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Service {
    /// The task set that is to take the place of the one that serves.
    pub fn next_set(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|s| s.status == TaskSetStatus::Active)
    }

    /// The task set that serves, where others than ECS deploy.
    pub fn primary_set(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|s| s.status == TaskSetStatus::Primary)
    }
}
