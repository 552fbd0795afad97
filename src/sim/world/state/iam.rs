//! IAM as data: the roles of the stack, what they trust and what is attached to them.
//! No policy evaluation beyond a list of refused actions per role. Read by the IAM handler.

use super::super::names::{ACCOUNT, Ms};

#[derive(Debug, Clone)]
pub struct Iam {
    /// Roles, sorted by name.
    pub roles: Vec<Role>,
}

impl Iam {
    /// The role called `name`.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }
}

#[derive(Debug, Clone)]
pub struct Role {
    pub name: String,
    /// `/` or `/aws-service-role/<service>/`.
    pub path: String,
    /// `AROA...`.
    pub id: String,
    pub description: String,
    /// Who may assume it: `ecs-tasks.amazonaws.com` (`Service`), an account (`AWS`).
    pub trust: (&'static str, String),
    /// Attached managed policies as ARNs.
    pub attached: Vec<String>,
    /// Names of inline policies.
    pub inline: Vec<String>,
    /// Longest session, seconds.
    pub max_session: u32,
    /// Creation time.
    pub created_at: Ms,
    /// When it was last used.
    pub last_used: Option<Ms>,
    /// Actions its policies do not allow (`ecs:UpdateService`); everything else is allowed.
    pub refused: Vec<String>,
}

impl Role {
    /// Full ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role{}{}", self.path, self.name)
    }

    /// The trust policy as JSON.
    pub fn trust_policy(&self) -> String {
        let (kind, principal) = &self.trust;
        format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"{kind}\":\"{principal}\"}},\
             \"Action\":\"sts:AssumeRole\"}}]}}"
        )
    }
}
