//! What a runbook asks for before it begins: the fields of the form of actions, with what is known filled in. Nothing is sent by it.

use std::collections::BTreeMap;

use super::form::change;
use super::{Act, Field, Session, choice};
use crate::input::{Code, Key};
use crate::model::action::Subject;
use crate::runbook::{Asked, Kind, Runbook, Source};

/// The questions of one runbook.
#[derive(Debug, Clone)]
pub struct Values {
    /// Its name.
    pub name: String,
    pub title: String,
    /// When to take it.
    pub when: String,
    /// A question each; what was given already stands in them.
    pub fields: Vec<Field>,
    /// The one with the focus.
    pub at: usize,
    /// What is wrong with the answers.
    pub wrong: Option<String>,
    incident: Option<String>,
}

impl Values {
    pub(in crate::session) fn begin(session: &Session, book: &Runbook, given: &BTreeMap<String, String>, incident: Option<&str>) -> Self {
        let fields: Vec<Field> = book.front.values.iter().map(|asked| field(session, asked, given)).collect();
        // What is known is filled in: the first question is the first that is not.
        let at = book.front.values.iter().position(|asked| !given.contains_key(&asked.name)).unwrap_or_default();
        Self {
            name: book.name.clone(),
            title: book.front.title.clone(),
            when: book.front.when.clone(),
            fields,
            at,
            wrong: None,
            incident: incident.map(ToOwned::to_owned),
        }
    }

    fn given(&self) -> BTreeMap<String, String> {
        self.fields.iter().map(|field| (field.label.clone(), field.value.trim().to_owned())).collect()
    }
}

fn field(session: &Session, asked: &Asked, given: &BTreeMap<String, String>) -> Field {
    let choices = choices(session, asked);
    let known = || asked.known(std::slice::from_ref(&session.selected)).filter(|known| choices.contains(known));
    let value = given.get(&asked.name).cloned().or_else(|| asked.default.clone()).or_else(known).or_else(|| choices.first().cloned());
    let is_choice = !choices.is_empty() && !matches!(asked.kind, Kind::Choice(Source::Tasks));
    Field {
        name: None,
        label: asked.name.clone(),
        doc: match asked.kind {
            Kind::Number => "a whole number",
            Kind::Bounds => "min-max, such as 3-6",
            _ => "",
        },
        value: value.unwrap_or_default(),
        choices,
        flag: false,
        fixed: is_choice,
        ours: true,
    }
}

/// What there is now.
fn choices(session: &Session, asked: &Asked) -> Vec<String> {
    let of = |subject| choice::targets(session, subject, None);
    match &asked.kind {
        Kind::OneOf(words) => words.clone(),
        Kind::Choice(Source::Services) => of(Subject::Service),
        Kind::Choice(Source::Zones) => of(Subject::Zone),
        Kind::Choice(Source::NodeGroups) => of(Subject::NodeGroup),
        Kind::Choice(Source::Alarms) => of(Subject::Alarm),
        Kind::Choice(Source::Projects) => of(Subject::Project),
        Kind::Choice(Source::Tasks) => of(Subject::Task),
        Kind::Choice(Source::Buckets) => session.stack.buckets.iter().map(|b| b.name.clone()).collect(),
        Kind::Number | Kind::Bounds | Kind::Text => Vec::new(),
    }
}

pub(super) fn on_key(session: &mut Session, mut values: Values, key: Key) -> Option<Act> {
    let n = values.fields.len().max(1);
    values.wrong = None;
    match key.code {
        Code::Esc => return None,
        Code::Enter => {
            let incident = values.incident.clone();
            return match session.open_runbook(&values.name, &values.given(), incident.as_deref()) {
                Ok(()) => None,
                Err(wrong) => Some(Act::Values(Values { wrong: Some(wrong), ..values })),
            };
        }
        Code::Down | Code::Tab => values.at = (values.at + 1) % n,
        Code::Up | Code::BackTab => values.at = (values.at + n - 1) % n,
        _ => {
            if let Some(field) = values.fields.get_mut(values.at) {
                change(field, key);
            }
        }
    }
    Some(Act::Values(values))
}
