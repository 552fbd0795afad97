//! Denials as AWS words them: which kind of policy denies, what it denies, and who can change that. AWS names one policy type even where
//! several deny, and writes its sentences in several styles: they are read with tolerance, and what is not said is not guessed.

use super::Words;
use crate::aws::op::Op;

/// The policy that denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Attached to the caller.
    Identity,
    /// Of the organization, for principals (SCP).
    ServiceControl,
    /// Of the organization, for resources (RCP).
    ResourceControl,
    /// The boundary of the caller.
    Boundary,
    /// Handed over when the session was made.
    Session,
    /// Attached to the resource.
    Resource,
    /// Of the VPC endpoint on the way.
    Endpoint,
    /// Of the role that was to be assumed.
    Trust,
    /// A KMS key: its policy, its grants, or its state.
    Key,
    /// AWS does not say.
    Unnamed,
}

/// As AWS spells them; "sessions policy" is its own spelling.
const NAMES: &[(&str, Policy)] = &[
    ("identity-based policy", Policy::Identity),
    ("service control policy", Policy::ServiceControl),
    ("resource control policy", Policy::ResourceControl),
    ("permissions boundary", Policy::Boundary),
    ("permission boundary", Policy::Boundary),
    ("sessions policy", Policy::Session),
    ("session policy", Policy::Session),
    ("resource-based policy", Policy::Resource),
    ("vpc endpoint policy", Policy::Endpoint),
    ("role trust policy", Policy::Trust),
    ("trust policy", Policy::Trust),
];

/// Sentences that mean a key, whatever operation was asked for.
const KEY: &[&str] = &["kms key", "access to kms", "customer master key", "kms:"];

impl Policy {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::Trust => "role trust policy",
            Self::Key | Self::Unnamed => "policy",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    /// What denies.
    pub(crate) policy: Policy,
    /// The action that was really denied; it need not be the one that was asked for.
    pub(crate) action: Option<String>,
    /// On what.
    pub(crate) resource: Option<String>,
    /// To whom.
    pub(crate) principal: Option<String>,
    /// Denied by name, not for want of an allow. For policies of the organization AWS always says so.
    pub(crate) explicit: bool,
    /// Which policy of its kind.
    pub(crate) id: Option<String>,
    /// The rest is encoded; only `sts:DecodeAuthorizationMessage` can read it.
    pub(crate) encoded: Option<String>,
    /// AWS's own sentence, where it says more than was understood.
    said: String,
}

impl Denial {
    /// Reads what AWS said.
    pub(crate) fn read(message: &str) -> Self {
        let (message, encoded) = match message.split_once("Encoded authorization failure message:") {
            Some((before, blob)) => (before.trim(), Some(blob.trim().trim_end_matches('.').to_owned())),
            None => (message.trim(), None),
        };
        let low = message.to_ascii_lowercase();
        // Names of resources come before the reason and could be called like a policy.
        let explicit_at = low.find("explicit deny");
        let reason_at = [explicit_at, low.rfind("because ")].into_iter().flatten().min();
        let reason = reason_at.and_then(|at| low.get(at..)).unwrap_or_default();
        let named = NAMES.iter().filter_map(|(name, policy)| Some((reason.find(name)?, *policy))).min_by_key(|(at, _)| *at);
        let action = after(message, "perform: ").or_else(|| after(message, "allows the ")).filter(|a| a.contains(':'));
        let is_key = |text: &str| KEY.iter().any(|k| text.contains(k));
        let policy = match named {
            Some((_, policy)) => policy,
            None if is_key(&low) => Policy::Key,
            None => Policy::Unnamed,
        };
        let id = reason_at.and_then(|at| message.get(at..)).and_then(|r| r.split_once(": arn:")).map(|(_, arn)| {
            let arn = arn.split_whitespace().next().unwrap_or(arn);
            arn.rsplit('/').next().unwrap_or(arn).trim_end_matches(['.', ',']).to_owned()
        });
        let principal = message.split_once("User: ").and_then(|(_, rest)| first_word(rest));
        let resource = after(message, "on resource: ").or_else(|| quoted(message)).filter(|r| r != "*");
        Self { policy, action, resource, principal, explicit: explicit_at.is_some(), id, encoded, said: message.to_owned() }
    }

    /// A denial by KMS, by its code: its text need not name the key.
    pub(crate) fn of_key(message: &str) -> Self {
        Self { policy: Policy::Key, ..Self::read(message) }
    }

    /// The permission that would mend it; none where no IAM policy of the account can.
    pub(crate) fn permission(&self, op: Op) -> Option<String> {
        let mends = match self.policy {
            Policy::Identity => !self.explicit,
            Policy::Unnamed => !self.explicit && self.encoded.is_none(),
            _ => false,
        };
        mends.then(|| self.action(op).to_owned())
    }

    fn action(&self, op: Op) -> &str {
        self.action.as_deref().unwrap_or(op.iam)
    }

    /// `role OnCall`, `user ops`.
    fn who(&self) -> String {
        let Some(arn) = &self.principal else { return "this identity".to_owned() };
        let tail = arn.rsplit(':').next().unwrap_or(arn);
        let mut parts = tail.split('/');
        match (parts.next(), parts.next()) {
            (Some("assumed-role"), Some(role)) => format!("role {role}"),
            (Some(kind @ ("user" | "role")), Some(_)) => format!("{kind} {}", tail.rsplit('/').next().unwrap_or(tail)),
            _ => "this identity".to_owned(),
        }
    }

    /// What is denied and by what, and who can change it.
    pub(crate) fn words(&self, op: Op) -> Words {
        let action = self.action(op);
        let on = self.resource.as_ref().map(|r| format!(" on {r}")).unwrap_or_default();
        let id = self.id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        let what = match (self.policy, self.explicit) {
            (Policy::Key, _) => self.key_words(op),
            (Policy::Unnamed, true) => format!("access denied: an explicit deny of {action}{on}, AWS does not say in which policy"),
            (Policy::Unnamed, false) if self.encoded.is_some() => format!("access denied: {action}; AWS returned an encoded reason"),
            (Policy::Unnamed, false) if self.action.is_none() && !self.said.is_empty() => {
                format!("access denied ({action}): {}", self.said)
            }
            (Policy::Unnamed, false) => format!("access denied: {action}{on}"),
            (Policy::Trust, false) => format!("access denied: the trust policy does not allow {action}{on}"),
            (policy @ (Policy::ServiceControl | Policy::ResourceControl), _) => {
                format!("access denied: {action}{on}, by {}{id}", policy.name())
            }
            (policy, true) => format!("access denied: explicit deny of {action}{on} in the {}{id}", policy.name()),
            (policy, false) => format!("access denied: no {} allows {action}{on}", policy.name()),
        };
        Words { what, next: self.next(op) }
    }

    fn next(&self, op: Op) -> String {
        let (action, who) = (self.action(op), self.who());
        let which = self.id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        let where_ = self.resource.as_deref().unwrap_or("the resource");
        match (self.policy, self.explicit) {
            (Policy::Identity, false) => format!("allow {action} to {who}"),
            (Policy::Identity, true) => {
                format!("remove the deny of {action} from the identity-based policy{which} of {who}; an extra allow does not help")
            }
            (Policy::ServiceControl, _) => {
                format!(
                    "an IAM policy in this account cannot fix it: ask your AWS Organizations administrator about service control policy{which}"
                )
            }
            (Policy::ResourceControl, _) => {
                format!(
                    "an IAM policy in this account cannot fix it: ask your AWS Organizations administrator about resource control policy{which}"
                )
            }
            (Policy::Boundary, false) => {
                format!("an IAM policy cannot fix it: have {action} added to the permissions boundary of {who}")
            }
            (Policy::Boundary, true) => {
                format!("an IAM policy cannot fix it: have the deny of {action} removed from the permissions boundary{which} of {who}")
            }
            (Policy::Session, _) => {
                format!("start the session with a session policy that allows {action}, or without one; an IAM policy does not help")
            }
            (Policy::Resource, false) => format!("ask the owner of {where_} to allow {action} to {who} in the resource policy"),
            (Policy::Resource, true) => format!("ask the owner of {where_} to remove the deny of {action} from the resource policy"),
            (Policy::Endpoint, _) => {
                format!(
                    "an IAM policy cannot fix it: ask your network administrator to allow {action} in the VPC endpoint policy, or use another route"
                )
            }
            (Policy::Trust, _) => format!("ask the owner of {where_} to allow {who} in the role's trust policy"),
            (Policy::Key, _) => self.key_next(),
            (Policy::Unnamed, true) => {
                format!("look for an explicit deny of {action}: identity-based policies, permissions boundary, service control policies")
            }
            (Policy::Unnamed, false) => match &self.encoded {
                Some(blob) => format!("decode the reason with 'aws sts decode-authorization-message --encoded-message {blob}'"),
                None if self.action.is_some() => format!("allow {action} to {who}"),
                None => format!("allow {action} to {who}; if it is allowed, a resource, VPC endpoint or organization policy denies it"),
            },
        }
    }

    fn key_words(&self, op: Op) -> String {
        match (&self.action, &self.resource) {
            (Some(action), Some(key)) => format!("access denied by KMS: {action} on {key}"),
            (Some(action), None) => format!("access denied by KMS: {action}"),
            (None, _) if self.said.is_empty() => format!("access denied by KMS on {}", op.iam),
            (None, _) => format!("access denied by KMS: {}", self.said),
        }
    }

    /// What was asked for is allowed; what it is encrypted with is not.
    fn key_next(&self) -> String {
        let action = self.action.as_deref().unwrap_or("kms:Decrypt");
        let key = self.resource.as_ref().filter(|r| r.contains(":kms:")).map_or_else(|| "the key".to_owned(), |key| format!("key {key}"));
        let user = self.resource.as_ref().filter(|r| !r.contains(":kms:"));
        let to = user.map_or_else(|| self.who(), |r| format!("the service for {r}"));
        format!("check that {key} is enabled, and allow {action} on it to {to} in the key policy")
    }
}

/// The word after the first occurrence of `mark`.
fn after(message: &str, mark: &str) -> Option<String> {
    message.split_once(mark).and_then(|(_, rest)| first_word(rest))
}

fn first_word(rest: &str) -> Option<String> {
    let word = rest.split_whitespace().next()?.trim_matches(['"', '\'', ',', '.', ';']);
    (!word.is_empty()).then(|| word.to_owned())
}

/// `Arn 'arn:aws:logs:…'`.
fn quoted(message: &str) -> Option<String> {
    let at = message.find("'arn:").or_else(|| message.find("\"arn:"))?;
    let rest = message.get(at + 1..)?;
    rest.split(['\'', '"']).next().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: Op = Op::read("ECS", "DescribeServices", "ecs:DescribeServices").on(crate::aws::op::Scope::Any);
    const USER: &str = "User: arn:aws:sts::111122223333:assumed-role/OnCall/maya is not authorized to perform: ecs:ListTasks";

    /// Each way in which AWS words a denial: the policy, whether it denies by name, and which words lead on.
    #[test]
    fn every_way_in_which_aws_words_a_denial_is_told_apart() {
        let on = "on resource: arn:aws:ecs:ap-southeast-2:111122223333:service/c/web";
        let scp = "arn:aws:organizations::999988887777:policy/o-abc/service_control_policy/p-1a2b3c4d";
        for (reason, policy, explicit, next) in [
            (
                "because no identity-based policy allows the ecs:ListTasks action",
                Policy::Identity,
                false,
                "allow ecs:ListTasks to role OnCall",
            ),
            ("with an explicit deny in an identity-based policy", Policy::Identity, true, "an extra allow does not help"),
            (
                "with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/Stop",
                Policy::Identity,
                true,
                "policy Stop of role",
            ),
            ("with an explicit deny in a service control policy", Policy::ServiceControl, true, "AWS Organizations"),
            (&format!("with an explicit deny in a service control policy: {scp}"), Policy::ServiceControl, true, "p-1a2b3c4d"),
            ("with an explicit deny in a resource control policy", Policy::ResourceControl, true, "resource control policy"),
            ("because no service control policy allows the ecs:ListTasks action", Policy::ServiceControl, false, "AWS Organizations"),
            (
                "because no permissions boundary allows the ecs:ListTasks action",
                Policy::Boundary,
                false,
                "added to the permissions boundary of role OnCall",
            ),
            ("with an explicit deny in a permissions boundary", Policy::Boundary, true, "have the deny of ecs:ListTasks removed"),
            ("because no session policy allows the ecs:ListTasks action", Policy::Session, false, "session policy"),
            ("with an explicit deny in a sessions policy", Policy::Session, true, "session policy"),
            ("because no resource-based policy allows the ecs:ListTasks action", Policy::Resource, false, "owner of arn:aws:ecs"),
            ("with an explicit deny in a resource-based policy", Policy::Resource, true, "owner of arn:aws:ecs"),
            ("because no VPC endpoint policy allows the ecs:ListTasks action", Policy::Endpoint, false, "VPC endpoint"),
            (
                "with an explicit deny in a VPC endpoint policy transitively through a service control policy",
                Policy::Endpoint,
                true,
                "network",
            ),
            ("because the role trust policy allows the sts:AssumeRole action", Policy::Trust, false, "trust policy"),
            ("with an explicit deny in the role trust policy", Policy::Trust, true, "trust policy"),
            ("with an explicit deny", Policy::Unnamed, true, "look for an explicit deny of ecs:ListTasks"),
            ("", Policy::Unnamed, false, "allow ecs:ListTasks to role OnCall"),
        ] {
            let denial = Denial::read(&format!("{USER} {on} {reason}"));
            let words = denial.words(OP);
            assert_eq!((denial.policy, denial.explicit), (policy, explicit), "{reason}");
            assert_eq!(denial.action.as_deref(), Some("ecs:ListTasks"), "{reason}");
            assert!(words.what.contains("ecs:ListTasks") && words.next.contains(next), "{reason}: {words:?}");
            let account_can = matches!(policy, Policy::Identity | Policy::Unnamed) && !explicit;
            assert_eq!(denial.permission(OP).is_some(), account_can, "{reason}");
            assert_eq!(words.next.starts_with("allow "), account_can, "{reason}: {words:?}");
        }
    }

    #[test]
    fn a_service_control_policy_is_named_where_aws_names_it() {
        let text = format!(
            "{USER} with an explicit deny in a service control policy: arn:aws:organizations::9:policy/o-x/service_control_policy/p-yz12"
        );
        assert_eq!(Denial::read(&text).id.as_deref(), Some("p-yz12"));
        assert!(Denial::read(&text).words(OP).what.contains("service control policy p-yz12"));
        assert_eq!(Denial::read(USER).id, None);
    }

    #[test]
    fn the_action_is_the_one_that_was_really_denied() {
        let text = "User: arn:aws:iam::1:user/ops is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/k-1 because no identity-based policy allows the kms:Decrypt action";
        let denial = Denial::read(text);
        assert_eq!((denial.policy, denial.permission(OP).as_deref()), (Policy::Identity, Some("kms:Decrypt")));
        let words = denial.words(OP);
        assert!(words.what.contains("key/k-1") && words.next == "allow kms:Decrypt to user ops", "{words:?}");
        // A resource that is called like a policy is no reason.
        let text = "User: x is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::session policy/x\" because no identity-based policy allows the s3:GetObject action";
        assert_eq!(Denial::read(text).policy, Policy::Identity);
    }

    #[test]
    fn what_ec2_encodes_names_the_command_that_decodes_it() {
        for text in [
            "You are not authorized to perform this operation. Encoded authorization failure message: AbC-dEf_123",
            "You are not authorized to perform this operation. User: arn:aws:iam::1:user/ops is not authorized to perform: ec2:DescribeVpcs. Encoded authorization failure message: AbC-dEf_123",
        ] {
            let denial = Denial::read(text);
            assert_eq!((denial.encoded.as_deref(), denial.permission(OP)), (Some("AbC-dEf_123"), None));
            let next = denial.words(OP).next;
            assert!(next.contains("aws sts decode-authorization-message --encoded-message AbC-dEf_123"), "{next}");
        }
        let both = "You are not authorized to perform this operation. User: arn:aws:iam::1:user/ops is not authorized to perform: ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action. Encoded authorization failure message: x";
        assert_eq!(Denial::read(both).words(OP).next, "allow ec2:DescribeVpcs to user ops");
    }

    #[test]
    fn a_key_is_named_with_what_to_allow_on_it() {
        let group =
            "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:eu-west-1:1:log-group:/ecs/x'";
        for (text, words) in [
            (group, &["log-group:/ecs/x", "key policy", "enabled"][..]),
            ("Access to KMS is not allowed", &["KMS", "kms:Decrypt", "key policy"]),
            (
                "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
                &["KMS", "kms:Decrypt"],
            ),
        ] {
            let denial = Denial::read(text);
            let said = denial.words(OP);
            assert_eq!((denial.policy, denial.permission(OP)), (Policy::Key, None), "{text}");
            for word in words {
                assert!(said.what.contains(word) || said.next.contains(word), "{word}: {said:?}");
            }
        }
        assert_eq!(Denial::of_key("").policy, Policy::Key);
    }

    #[test]
    fn a_bare_denial_of_s3_claims_no_more_than_it_says() {
        let denial = Denial::read("Access Denied");
        let words = denial.words(OP);
        assert_eq!((denial.policy, denial.permission(OP).as_deref()), (Policy::Unnamed, Some("ecs:DescribeServices")));
        assert!(words.next.contains("if it is allowed") && words.what.contains("Access Denied"), "{words:?}");
    }
}
