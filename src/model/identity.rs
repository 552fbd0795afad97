//! Who we are to AWS: STS GetCallerIdentity.

use serde::{Deserialize, Serialize};

use super::section::{Section, SectionKey};

/// The caller's account and principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

impl Section for Identity {
    const KEY: SectionKey = SectionKey("identity");
    const TITLE: &'static str = "identity";
}

impl Identity {
    /// The user or session name: the last part of the ARN.
    pub fn user(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    /// The role of an assumed-role ARN.
    pub fn role(&self) -> Option<&str> {
        let (_, rest) = self.arn.split_once(":assumed-role/")?;
        rest.split('/').next()
    }

    /// The account in groups of four digits, as operators read it.
    pub fn account_grouped(&self) -> String {
        grouped(&self.account)
    }
}

/// An account number in groups of four digits.
pub fn grouped(account: &str) -> String {
    let digits: Vec<char> = account.chars().collect();
    digits.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
