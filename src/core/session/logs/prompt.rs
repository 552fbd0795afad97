//! What is typed in the log pane: a search or a filter. It is in force at once, as far as it can be read; what was typed before
//! is recalled with the arrows. Called by `update` with every key while something is typed.

use super::{LogView, Pin};
use crate::input::{Code, Key};
use crate::log::query::Query;
use crate::model::Time;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Search,
    Filter,
    /// A time to go to.
    Time,
}

impl Ask {
    /// What stands before it.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Search => "/",
            Self::Filter => "&",
            Self::Time => "go to ",
        }
    }

    /// What may be typed.
    /// The larger its number, the earlier a term gives way.
    pub(crate) fn terms(self) -> [(u8, &'static str); 4] {
        match self {
            Self::Search => [(0, "text or /regex/"), (1, "Enter keep"), (1, "Esc cancel"), (2, "↑ earlier")],
            Self::Time => [(0, "14:02 14:02:10 -10m"), (1, "Enter go"), (1, "Esc cancel"), (2, "↑ earlier")],
            Self::Filter => [(0, "word !not"), (1, "level:warn"), (2, "service:x field:value OR"), (3, "↑ earlier")],
        }
    }
}

/// Something is being typed.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    pub(crate) ask: Ask,
    pub(crate) text: String,
    /// Why it cannot be read yet, and where.
    pub(crate) wrong: Option<String>,
    /// What was in force before.
    before: Query,
    pin: Option<Pin>,
    /// Which line of the history stands there, counted from the newest, and what had been typed.
    recalled: Option<(usize, String)>,
}

/// What was typed before, the newest last.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    searches: Vec<String>,
    filters: Vec<String>,
    times: Vec<String>,
}

/// Longer texts are cut: a paste must not fill memory.
const LONGEST: usize = 500;
/// More is forgotten.
const MOST: usize = 100;

impl History {
    fn of(&mut self, ask: Ask) -> &mut Vec<String> {
        match ask {
            Ask::Search => &mut self.searches,
            Ask::Filter => &mut self.filters,
            Ask::Time => &mut self.times,
        }
    }

    fn keep(&mut self, ask: Ask, text: &str) {
        let list = self.of(ask);
        if text.trim().is_empty() {
            return;
        }
        list.retain(|t| t != text);
        list.push(text.to_owned());
        if list.len() > MOST {
            list.remove(0);
        }
    }
}

impl LogView {
    /// Begins to type; a filter goes on from what is in force, a search begins anew.
    pub(crate) fn start(&mut self, ask: Ask) {
        let (before, text) = match ask {
            Ask::Search => (self.search().clone(), String::new()),
            Ask::Filter => (self.filter().clone(), self.filter().text().to_owned()),
            Ask::Time => (Query::default(), String::new()),
        };
        self.prompt = Some(Prompt { ask, text, wrong: None, before, pin: self.pin, recalled: None });
    }

    /// One key of what is typed; words, where there is something to say.
    pub(crate) fn type_key(&mut self, key: Key, now: Time) -> Option<String> {
        let mut prompt = self.prompt.take()?;
        match key.code {
            Code::Esc => {
                self.cancel(prompt);
                return None;
            }
            Code::Enter => return self.enter(prompt, now),
            Code::Up => self.recall(&mut prompt, true),
            Code::Down => self.recall(&mut prompt, false),
            Code::Backspace => {
                prompt.text.pop();
            }
            Code::Char('u') if key.ctrl => prompt.text.clear(),
            Code::Char('w') if key.ctrl => {
                let end = prompt.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                prompt.text.truncate(end);
            }
            Code::Char(c) if !key.ctrl && !key.alt && prompt.text.len() < LONGEST => prompt.text.push(c),
            _ => {}
        }
        self.read(&mut prompt);
        self.prompt = Some(prompt);
        None
    }

    /// Pasted text goes where typed text goes.
    pub(crate) fn paste(&mut self, pasted: &str) -> bool {
        let Some(mut prompt) = self.prompt.take() else { return false };
        prompt.text.extend(pasted.chars().filter(|c| !c.is_control()).take(LONGEST.saturating_sub(prompt.text.len())));
        self.read(&mut prompt);
        self.prompt = Some(prompt);
        true
    }

    /// Puts what is typed in force; what cannot be read leaves what was.
    fn read(&mut self, prompt: &mut Prompt) {
        let query = match prompt.ask {
            // A time is read when all of it stands there.
            Ask::Time => {
                prompt.wrong = None;
                return;
            }
            Ask::Search => Query::literal(&prompt.text),
            Ask::Filter => Query::parse(&prompt.text),
        };
        match query {
            Err(why) => prompt.wrong = Some(format!("at {}: {}", why.at + 1, why.what)),
            Ok(query) => {
                prompt.wrong = None;
                match prompt.ask {
                    Ask::Filter | Ask::Time => self.set_filter(query),
                    Ask::Search => {
                        self.set_search(query);
                        self.pin = prompt.pin;
                        self.go_to_nearest_hit();
                    }
                }
            }
        }
    }

    /// To the match at the cursor or the last above it, so that what was just seen is found first.
    fn go_to_nearest_hit(&mut self) {
        let at = self.position();
        let above = self.hits().partition_point(|h| *h <= at).checked_sub(1);
        let hit = above.and_then(|i| self.hits().get(i)).or(self.hits().first()).copied();
        if let Some(hit) = hit {
            self.put(hit);
        }
    }

    fn recall(&mut self, prompt: &mut Prompt, older: bool) {
        let list = self.history.of(prompt.ask);
        let at = prompt.recalled.as_ref().map(|(at, _)| *at);
        let to = match (at, older) {
            (None, true) => Some(0),
            (Some(at), true) => Some((at + 1).min(list.len().saturating_sub(1))),
            (Some(at), false) => at.checked_sub(1),
            (None, false) => return,
        };
        let typed = prompt.recalled.take().map_or_else(|| prompt.text.clone(), |(_, typed)| typed);
        match to.map(|to| (to, list.iter().rev().nth(to))) {
            Some((to, Some(text))) => {
                prompt.text.clone_from(text);
                prompt.recalled = Some((to, typed));
            }
            _ => prompt.text = typed,
        }
    }

    /// What was in force before is again.
    fn cancel(&mut self, prompt: Prompt) {
        match prompt.ask {
            Ask::Search => {
                self.set_search(prompt.before);
                self.pin = prompt.pin;
            }
            Ask::Filter => self.set_filter(prompt.before),
            Ask::Time => {}
        }
    }

    /// Keeps what was typed, if it can be read.
    fn enter(&mut self, mut prompt: Prompt, now: Time) -> Option<String> {
        let at = (prompt.ask == Ask::Time && !prompt.text.trim().is_empty()).then(|| self.times.read(&prompt.text, &self.zone, now));
        if let Some(Err(why)) = &at {
            prompt.wrong = Some(why.clone());
        }
        if prompt.wrong.is_some() {
            self.prompt = Some(prompt);
            return None;
        }
        self.history.keep(prompt.ask, &prompt.text);
        // Nothing typed searches for the same again.
        if prompt.ask == Ask::Search && prompt.text.is_empty() {
            self.set_search(prompt.before);
        }
        at.and_then(Result::ok).and_then(|at| self.go_to(at, now))
    }
}
