//! One rule run over the document for one subject: its windows, its names, and what its expressions answer. Called by `detector`.

use serde_json::{Map, Value as Json, json};

use super::rule::{IT, Rule, WINDOW};
use super::track::Track;
use crate::expression::{Answer, Expression, Facts, Missing, Why};
use crate::model::Time;
use crate::model::metric::Metrics;

/// The moment at which rules are asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'m> {
    pub(super) metrics: Option<&'m Metrics>,
    pub(super) now: Time,
}

/// The subjects of a rule: one without a name where it has no `each`.
pub(super) fn subjects(rule: &Rule, facts: &Facts) -> Option<Vec<String>> {
    let Some(each) = &rule.each else { return Some(vec![String::new()]) };
    let all = each.json(facts)?;
    let all = all.as_array()?.iter();
    Some(all.filter_map(Json::as_str).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// The values of a rule's own names: they live as long as a scene.
#[derive(Debug)]
pub(super) struct Values {
    it: Json,
    windows: Json,
}

impl Values {
    pub(super) fn of(rule: &Rule, facts: &Facts, it: &str, track: &mut Track, moment: Moment) -> Self {
        let subject = json!(it);
        let mut windows = Map::new();
        {
            let mut scene = facts.scope();
            scene.bind(IT, &subject);
            for (name, window) in &rule.windows {
                let past = track.past.entry(name.clone()).or_default();
                windows.insert(name.clone(), window.look(&scene, it, past, moment, track.closed_at));
            }
        }
        Self { it: subject, windows: Json::Object(windows) }
    }

    /// The facts with them, and with what the rule calls by a name.
    pub(super) fn scene<'s>(&'s self, rule: &Rule, facts: &'s Facts) -> Facts<'s> {
        let mut scene = facts.scope();
        scene.bind(IT, &self.it);
        scene.bind(WINDOW, &self.windows);
        for (name, expression) in &rule.names {
            // One without a value is told by what reads it.
            let _ = scene.define(name, expression);
        }
        scene
    }
}

/// What an expression answers; one that cannot be run cannot tell.
pub(super) fn ask(expression: &Expression, scene: &Facts) -> Answer {
    let untold = |why: String| Answer::CannotTell(vec![Missing { what: String::new(), why: Why::Said(why) }]);
    expression.decide_in(scene).unwrap_or_else(|wrong| untold(wrong.to_string()))
}
