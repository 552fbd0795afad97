//! What the parts of a stack are for, in words: the written architecture's as presets, any other as the configuration writes it.
//! Words and no behaviour: what a service needs stands in `stack`, what AWS says of it in the sections.

/// Makes an enum of words of the configuration. `Other` is a word that is no preset: it is shown as it is written.
macro_rules! roles {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal, $title:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name {
            $($(#[$of])* $variant,)+
            /// A word of the configuration.
            Other(Box<str>),
        }

        impl $name {
            /// The word as the configuration has it.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }

            /// How it is called on the screen.
            pub fn title(&self) -> &str {
                match self {
                    $(Self::$variant => $title,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAWord;

            fn try_from(word: String) -> Result<Self, NotAWord> {
                match word.as_str() {
                    $($word => Ok(Self::$variant),)+
                    other if is_word(other) => Ok(Self::Other(other.into())),
                    _ => Err(NotAWord(word, &[$($word),+])),
                }
            }
        }

        impl From<$name> for String {
            fn from(role: $name) -> Self {
                role.word().to_owned()
            }
        }
    };
}

/// A text that cannot be a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("role {0:?} is no word: one of {list}, or a word of your own of letters, digits and '-', at most {LONGEST} long", list = .1.join(", "))]
pub struct NotAWord(String, &'static [&'static str]);

/// What fits into a column.
const LONGEST: usize = 24;

fn is_word(text: &str) -> bool {
    let sign = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.chars().count() <= LONGEST && text.chars().all(sign)
}

roles! {
    /// What a service is for.
    pub enum ServiceRole {
        /// The API behind `/api/*`.
        ControlPlane = "control-plane", "Control plane";
        /// The web portal behind the default rule.
        Web = "web", "Web portal";
        /// Background workers, not behind the balancer.
        Worker = "worker", "Celery workers";
    }
}

roles! {
    /// What a bucket holds.
    pub enum BucketRole {
        /// Policies and PDFs.
        Documents = "documents", "documents";
        /// Static assets and media.
        Static = "static", "static";
        /// Generated reports.
        Reports = "reports", "reports";
    }
}

roles! {
    /// What an IAM role is for.
    pub enum RoleUse {
        /// What the tasks may do.
        EcsTask = "ecs-task", "the tasks";
        /// What ECS needs to start a task.
        EcsExecution = "ecs-execution", "starting tasks";
        /// What builds may do.
        CodeBuild = "code-build", "builds";
    }
}

impl RoleUse {
    /// The service that has to assume it; a role of the configuration's own word may be anybody's.
    pub(crate) fn assumed_by(&self) -> Option<&'static str> {
        match self {
            Self::EcsTask | Self::EcsExecution => Some("ecs-tasks.amazonaws.com"),
            Self::CodeBuild => Some("codebuild.amazonaws.com"),
            Self::Other(_) => None,
        }
    }
}

roles! {
    /// What a KMS key encrypts.
    pub enum KeyUse {
        /// The database.
        Rds = "rds", "database";
        /// The buckets.
        S3 = "s3", "buckets";
        Secrets = "secrets", "secrets";
    }
}

roles! {
    /// What a secret holds.
    pub enum SecretUse {
        /// Database credentials.
        Database = "database", "database login";
        /// Django's secret key.
        Django = "django", "Django key";
        /// The Redis auth token.
        Redis = "redis", "Redis token";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_a_preset_or_the_word_that_is_written_and_nothing_else() {
        let role = |word: &str| ServiceRole::try_from(word.to_owned());
        assert_eq!(role("web"), Ok(ServiceRole::Web));
        assert_eq!(role("celery-beat"), Ok(ServiceRole::Other("celery-beat".into())));
        assert_eq!(role("celery-beat").unwrap().title(), "celery-beat");
        for bad in ["", "two words", "\u{1b}[31m", "a-word-that-is-longer-than-any-column"] {
            let said = role(bad).unwrap_err().to_string();
            assert!(said.contains("control-plane, web, worker"), "{bad:?}: {said}");
        }
        let json = serde_json::to_string(&BucketRole::Other("logs".into())).unwrap();
        assert_eq!((json.as_str(), serde_json::from_str::<BucketRole>(&json).unwrap()), ("\"logs\"", BucketRole::Other("logs".into())));
    }
}
