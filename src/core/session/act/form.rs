//! The parameters of an action, field by field. What has only one answer is not asked; an action without questions goes straight to its plan.

use super::{Act, Session, ask, choice, edit};
use crate::input::{Code, Key};
use crate::model::action::{Request, Spec, Subject, Takes, check, is_optional};
use crate::model::scaling::Scaling;
use crate::model::service::Services;
use crate::session::Effect;

/// One question.
#[derive(Debug, Clone)]
pub struct Field {
    /// The parameter's name; `None` = what the action is done to.
    pub name: Option<&'static str>,
    /// How it is called.
    pub label: String,
    /// What it does.
    pub doc: &'static str,
    /// What is typed or chosen.
    pub value: String,
    /// What it can be, where that is known.
    pub choices: Vec<String>,
    /// Yes or no.
    pub flag: bool,
    /// It can only be chosen, not typed.
    pub fixed: bool,
    /// Filled in by us: the first letter that is typed takes its place.
    pub ours: bool,
}

/// The questions of one action.
#[derive(Debug, Clone)]
pub struct Form {
    /// The action.
    pub spec: &'static Spec,
    /// What it is done to, if that is no question.
    pub target: Option<String>,
    /// The questions.
    pub fields: Vec<Field>,
    /// The one with the focus.
    pub at: usize,
    /// What is wrong with the answers.
    pub wrong: Option<String>,
    /// What is known that helps to answer.
    pub about: String,
}

impl Form {
    /// Asks what has to be asked; without a question, for the plan at once.
    pub(super) fn begin(session: &Session, spec: &'static Spec, target: Option<String>, effects: &mut Vec<Effect>) -> Act {
        let mut fields = Vec::new();
        if target.is_none() && !spec.subject.placeholder().is_empty() {
            let service = session.selected.as_service().or_else(|| session.screen().map(|s| s.subject.as_str())).filter(|s| !s.is_empty());
            let choices = choice::targets(session, spec.subject, service);
            fields.push(Field {
                name: None,
                label: spec.subject.placeholder().to_lowercase().replace('-', " "),
                doc: "",
                value: choices.first().cloned().unwrap_or_default(),
                fixed: spec.subject != Subject::Task && !choices.is_empty(),
                choices,
                flag: false,
                ours: true,
            });
        }
        for param in spec.params {
            let choices = choice::values(session, spec, param.takes, target.as_deref().unwrap_or_default());
            // Without a cluster there is no reader to ask for, and of one database it is not asked which.
            if matches!(param.takes, Takes::Reader | Takes::Resource) && choices.is_empty() {
                continue;
            }
            fields.push(Field {
                name: Some(param.name),
                label: param.name.to_owned(),
                doc: param.doc,
                value: match param.takes {
                    Takes::Resource => {
                        session.member().map(|node| node.name().to_owned()).or_else(|| choices.first().cloned()).unwrap_or_default()
                    }
                    _ => param.default.map_or_else(|| suggestion(session, spec, param.name, target.as_deref()), ToOwned::to_owned),
                },
                fixed: matches!(param.takes, Takes::Zone | Takes::Stage | Takes::Reader | Takes::Resource),
                choices,
                flag: param.takes == Takes::Flag,
                ours: true,
            });
        }
        let about = about(session, spec, target.as_deref());
        let form = Self { spec, target, fields, at: 0, wrong: None, about };
        if form.fields.is_empty() { ask(session, form.request(), effects) } else { Act::Form(form) }
    }

    /// The answers as a request.
    pub fn request(&self) -> Request {
        let mut request = Request::new(self.spec.name, self.target.as_deref().unwrap_or_default());
        for field in &self.fields {
            match field.name {
                None => request.target.clone_from(&field.value),
                Some(name) if field.flag => {
                    if field.value == "true" {
                        request.args.insert(name.to_owned(), field.value.clone());
                    }
                }
                Some(name) => {
                    let default = self.spec.param(name).and_then(|p| p.default);
                    let optional = self.spec.param(name).is_some_and(is_optional);
                    let value = field.value.trim();
                    if !(optional && (value.is_empty() || Some(value) == default)) {
                        request.args.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
        }
        request
    }
}

pub(super) fn on_key(session: &mut Session, mut form: Form, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let n = form.fields.len();
    form.wrong = None;
    match key.code {
        Code::Esc => return None,
        Code::Enter => {
            let request = form.request();
            return Some(match check(form.spec, &request) {
                Ok(()) => ask(session, request, effects),
                Err(e) => Act::Form(Form { wrong: Some(e.to_string()), ..form }),
            });
        }
        Code::Down | Code::Tab => form.at = (form.at + 1) % n.max(1),
        Code::Up | Code::BackTab => form.at = (form.at + n.saturating_sub(1)) % n.max(1),
        _ => {
            if let Some(field) = form.fields.get_mut(form.at) {
                change(field, key);
            }
        }
    }
    Some(Act::Form(form))
}

pub(super) fn change(field: &mut Field, key: Key) {
    let turn = |by: isize| {
        let n = field.choices.len();
        let at = field.choices.iter().position(|c| *c == field.value);
        let next = at.map_or(0, |at| (at + n).saturating_add_signed(by) % n.max(1));
        field.choices.get(next).cloned()
    };
    match key.code {
        Code::Left | Code::Right | Code::Char(' ') if field.flag => {
            field.value = if field.value == "true" { String::new() } else { "true".to_owned() };
        }
        _ if field.flag => {}
        Code::Right if !field.choices.is_empty() => field.value = turn(1).unwrap_or_default(),
        Code::Left if !field.choices.is_empty() => field.value = turn(-1).unwrap_or_default(),
        Code::Char(c) if field.fixed => {
            // The first letters of a choice lead to it.
            if let Some(found) = field.choices.iter().find(|v| v.starts_with(c)) {
                field.value.clone_from(found);
            }
        }
        _ if field.fixed => {}
        _ => {
            if field.ours && matches!(key.code, Code::Char(_)) && !key.ctrl {
                field.value.clear();
            }
            field.ours = false;
            edit(&mut field.value, key);
        }
    }
}

/// What a field begins with when the action has no default.
fn suggestion(session: &Session, spec: &Spec, param: &str, target: Option<&str>) -> String {
    let Some(name) = target else { return String::new() };
    match (spec.name, param) {
        ("scale", "count") => session.store.get::<Services>().and_then(|s| s.get(name)).map(|s| s.desired.to_string()),
        ("bounds", "bounds") => session.store.get::<Scaling>().and_then(|s| s.get(name)).map(|t| format!("{}-{}", t.min, t.max)),
        _ => None,
    }
    .unwrap_or_default()
}

/// What is known of a service that helps to choose a count.
fn about(session: &Session, spec: &Spec, target: Option<&str>) -> String {
    let Some(service) = target.filter(|_| spec.subject == Subject::Service).and_then(|n| session.store.get::<Services>()?.get(n)) else {
        return String::new();
    };
    let scaling = session.store.get::<Scaling>().and_then(|s| s.get(&service.name));
    let bounds = scaling.map_or_else(|| "no autoscaling".to_owned(), |t| format!("autoscaling {}-{}", t.min, t.max));
    format!("now {}/{} running   {bounds}", service.running, service.desired)
}
