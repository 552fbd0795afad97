//! What AWS states in words of a closed list that grows: `states!` makes an enum of them that loses no word.
//! The lists themselves stand with their systems; sources fill them, rules and panes match on them.

/// What a status says about whether the thing answers. Which word says what stands with the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// As it should.
    Fully,
    /// As it should, while something about it changes.
    Changing,
    /// Still, or in part: somebody has to look.
    Act,
    /// Not.
    No,
    /// AWS has not said, or in a word that the list does not have.
    Unknown,
}

impl Serving {
    /// Whether it answers.
    pub fn is_serving(self) -> bool {
        matches!(self, Self::Fully | Self::Changing)
    }
}

/// Makes an enum of the words of one field of an AWS API. `Unstated` is the empty text, `Other` a word that the list does not have:
/// it is shown and written back as AWS wrote it. Serde sees the plain word.
macro_rules! states {
    ($(#[$doc:meta])* pub enum $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            /// AWS has said nothing: an empty text.
            #[default]
            Unstated,
            $(#[doc = concat!("`", $word, "`.")] $variant,)+
            /// A word that this list does not have, as AWS wrote it.
            Other(Box<str>),
        }

        impl $name {
            /// The word as AWS wrote it; empty when it said nothing.
            pub fn as_str(&self) -> &str {
                match self {
                    Self::Unstated => "",
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }

            /// Whether AWS has said nothing.
            pub fn is_empty(&self) -> bool {
                *self == Self::Unstated
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    "" => Self::Unstated,
                    $($word => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(state: $name) -> Self {
                state.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(super) use states;

#[cfg(test)]
mod tests {
    states! {
        /// Words with the signs that AWS uses in them.
        pub enum Sample { InProgress = "IN_PROGRESS", BackingUp = "backing-up", Draining = "unhealthy.draining" }
    }

    #[test]
    fn no_word_is_lost_on_its_way_through_the_model() {
        for (word, state) in [
            ("", Sample::Unstated),
            ("IN_PROGRESS", Sample::InProgress),
            ("backing-up", Sample::BackingUp),
            ("unhealthy.draining", Sample::Draining),
            ("Backing-Up", Sample::Other("Backing-Up".into())),
            (" of \"tomorrow\"\n", Sample::Other(" of \"tomorrow\"\n".into())),
        ] {
            assert_eq!((Sample::from(word), state.as_str()), (state.clone(), word));
            assert_eq!((state.to_string(), String::from(state.clone())), (word.to_owned(), word.to_owned()));
            let json = serde_json::to_string(word).unwrap();
            assert_eq!(serde_json::to_string(&state).unwrap(), json, "a document has the plain word");
            assert_eq!(serde_json::from_str::<Sample>(&json).unwrap(), state);
            assert_eq!(serde_json::from_value::<Sample>(word.into()).unwrap(), state);
        }
        assert_eq!(format!("{:<12}|", Sample::BackingUp), "backing-up  |", "a width is kept");
    }
}
