//! Whose credentials: the providers of a place in the order of the AWS CLI. A profile that was named to this program is asked alone, before
//! what the machine itself offers; the environment's keys come first only where none was named. Remembers which one answered. It decides
//! and asks nobody: `lookup` does, and knows how.

use std::sync::{Arc, Mutex, PoisonError};

use nextcore_core::model::place::Place;

/// Which provider answered last; shared by all clones.
#[derive(Debug, Clone, Default)]
pub(super) struct Won(Arc<Mutex<Option<String>>>);

impl Won {
    /// In words; `None` = nobody has answered yet.
    pub(super) fn words(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, name: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_owned());
    }
}

/// Somebody who may have credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Provider {
    /// The keys of the environment.
    Environment,
    /// A profile, with everything that it builds on.
    Profile(String),
    /// The token file of the environment.
    WebIdentity,
    /// The container's endpoint.
    Container,
    /// The instance metadata service.
    Instance,
}

/// A provider and what it is called when it was the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// In words.
    pub(super) name: String,
    /// Who.
    pub(super) provider: Provider,
}

/// The providers of a place: asked one after the other until one has credentials.
pub(super) fn of(place: &Place) -> Vec<Link> {
    let expected = place.credentials.from.as_str();
    let link = |name: &str, provider: Provider| Link { name: name.to_owned(), provider };
    let profile = Provider::Profile(place.profile.as_ref().map_or("default", |p| p.value.as_str()).to_owned());
    let mut links = if place.profile_decides {
        vec![link(expected, profile)]
    } else {
        vec![
            link("AWS_ACCESS_KEY_ID of the environment", Provider::Environment),
            link(if expected.starts_with("profile") { expected } else { "a profile" }, profile),
            link("AWS_WEB_IDENTITY_TOKEN_FILE of the environment", Provider::WebIdentity),
        ]
    };
    links.push(link("the container's role", Provider::Container));
    links.push(link("the instance's role (instance metadata)", Provider::Instance));
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use nextcore_core::model::place::{Chosen, CredentialSource};

    #[test]
    fn a_named_profile_is_asked_before_everything_but_what_the_machine_is() {
        let from = "profile 'oncall' (--profile): access key ...ALL1".to_owned();
        let credentials = CredentialSource { from: from.clone(), passed_over: Vec::new() };
        let profile = Some(Chosen::new("oncall", "--profile"));
        let mut place = Place { profile, profile_decides: true, credentials, ..Place::default() };
        let asked = |place: &Place| of(place).into_iter().map(|l| l.provider).collect::<Vec<_>>();
        let oncall = || Provider::Profile("oncall".to_owned());
        assert_eq!(asked(&place), [oncall(), Provider::Container, Provider::Instance]);
        assert_eq!(of(&place)[0].name, from);
        place.profile_decides = false;
        let usual = [Provider::Environment, oncall(), Provider::WebIdentity, Provider::Container, Provider::Instance];
        assert_eq!(asked(&place), usual);
        assert_eq!(asked(&Place::default())[1], Provider::Profile("default".to_owned()));
    }
}
