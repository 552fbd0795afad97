//! Who we are to AWS: STS GetCallerIdentity.

use serde::{Deserialize, Deserializer, Serialize};

use super::section::{Section, SectionKey};
use super::system::System;

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
    const OF: Option<System> = None;
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

    /// Whether this is the same principal of the same account. The SDK and the AWS CLI name a session of a role by the moment: a renewal
    /// counts on in its name, and the principal stays.
    pub fn is_same(&self, other: &Self) -> bool {
        let person = |id: &Self| match id.role() {
            Some(role) => (role.to_owned(), id.user().chars().filter(|c| !c.is_ascii_digit()).collect()),
            None => (String::new(), id.arn.clone()),
        };
        self.account == other.account && person(self) == person(other)
    }

    /// The account in groups of four digits, as operators read it.
    pub(crate) fn account_grouped(&self) -> String {
        grouped(&self.account)
    }
}

/// An account number, written with or without dashes: twelve digits.
pub fn account_number(text: &str) -> Option<String> {
    let digits = text.replace('-', "");
    (digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// An account number in a file. Only as text: a number would lose the zeros that it begins with.
pub fn deserialize_account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Number;
    impl serde::de::Visitor<'_> for Number {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an account number of twelve digits, in quotes")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            account_number(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_str(Number)
}

/// An account number in groups of four digits.
pub fn grouped(account: &str) -> String {
    let digits: Vec<char> = account.chars().collect();
    digits.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_session_is_the_same_principal_and_another_role_is_not() {
        let identity = |arn: &str| Identity { account: arn.split(':').nth(4).unwrap().into(), arn: arn.into() };
        let ops = identity("arn:aws:sts::111122223333:assumed-role/OnCall/assume-role-from-profile-1780000000000");
        for (arn, same) in [
            ("arn:aws:sts::111122223333:assumed-role/OnCall/assume-role-from-profile-1780003600000", true),
            ("arn:aws:sts::111122223333:assumed-role/OnCall/maya", false),
            ("arn:aws:sts::111122223333:assumed-role/Admin/assume-role-from-profile-1780000000000", false),
            ("arn:aws:sts::444455556666:assumed-role/OnCall/assume-role-from-profile-1780000000000", false),
            ("arn:aws:iam::111122223333:user/maya", false),
        ] {
            assert_eq!(ops.is_same(&identity(arn)), same, "{arn}");
        }
        let user = identity("arn:aws:iam::111122223333:user/maya1");
        assert!(user.is_same(&user) && !user.is_same(&identity("arn:aws:iam::111122223333:user/maya2")));
    }
}
