//! Which systems a stack has: an empty name, or none, is "not used". What is not used is neither asked for nor missed, and has no box.
//! Called by the engine (what to poll), by judgement and by the layout.

use super::Stack;
use crate::model::kinds::Kind;
use crate::model::section::SectionKey;
use crate::model::system::System;

impl Stack {
    /// Whether it has a system at all.
    pub fn has(&self, system: System) -> bool {
        let named = |name: &String| !name.is_empty();
        match system {
            System::Balancer | System::TargetGroup => named(&self.balancer),
            System::Service => !self.services.is_empty(),
            System::Cache => named(&self.cache),
            System::Database => named(&self.database),
            System::Dns => named(&self.zone),
            // It may be found by a name of the zone, or by the bucket that it serves.
            System::Cdn => named(&self.distribution) || named(&self.zone) || self.assets().is_some(),
            // They stand in a VPC.
            System::Vpc | System::Nat | System::SecurityGroups => self.has(System::Balancer) || self.has(System::Service),
            System::Buckets => !self.buckets.is_empty(),
            System::Roles => !self.roles.is_empty(),
            System::Keys => !self.keys.is_empty(),
            System::Secrets => !self.secrets.is_empty(),
            System::Repositories => !self.repositories.is_empty(),
            System::Builds => !self.projects.is_empty(),
            System::Pipeline => named(&self.pipeline),
            System::Dashboards => named(&self.dashboard_prefix),
            System::Logs => !self.first_log_group().is_empty(),
            // Without a prefix they are all alarms of the account.
            System::Alarms | System::Timeline => true,
        }
    }

    /// Whether a section tells of something that the stack has.
    pub fn reads(&self, key: SectionKey) -> bool {
        Kind::named(key.0).and_then(|kind| kind.of).is_none_or(|system| self.has(system))
    }
}
