//! Paging: the one way to read a list that comes in parts, and how many parts are read. A list without end is a problem that is said, never
//! a poll without end. Called by sources and actions; how large one part may be is the budget's.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::error::problem_of;
use super::op::Op;
use nextcore_core::model::section::{Problem, ProblemKind};

/// Pages of one list. ECS and CloudWatch give 100 things a page: 12,000 tasks or alarms.
const MOST: usize = 120;

/// Where the reading of a list stands.
#[derive(Debug)]
pub(super) struct Pages {
    op: Op,
    read: usize,
    seen: BTreeSet<String>,
}

impl Pages {
    /// The pages of this operation, from the first one.
    pub(super) fn of(op: Op) -> Self {
        Self { op, read: 0, seen: BTreeSet::new() }
    }

    /// A page was read that names this one as the next; `None` was the last.
    pub(super) fn after(&mut self, next: Option<String>) -> Result<Option<String>, Problem> {
        self.read += 1;
        let Some(next) = next.filter(|n| !n.is_empty()) else { return Ok(None) };
        if !self.seen.insert(next.clone()) {
            return Err(self.cut_off(&format!("the list does not end: it repeats after {} pages", self.read)));
        }
        if self.read >= MOST {
            return Err(self.cut_off(&format!("cut off: more than {MOST} pages")));
        }
        Ok(Some(next))
    }

    fn cut_off(&self, what: &str) -> Problem {
        Problem {
            kind: ProblemKind::CutOff,
            headline: format!("{}: {what}", self.op.label()),
            hint: "no partial data is shown; retried at a slower pace".to_owned(),
            permission: None,
        }
    }
}

/// What the answer of an operation always has: AWS sends an empty list as an empty list. Without it the answer is not one, and says nothing.
pub(super) fn sent<T>(op: Op, what: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem {
        kind: ProblemKind::Malformed,
        headline: format!("{}: malformed answer: no {what}", op.label()),
        hint: "something between this machine and AWS may have changed it: check the endpoint and the proxy".to_owned(),
        permission: None,
    })
}

/// Everything in a list: `ask` sends for a page, `take` gives what is in it and the next one's token.
pub(super) async fn all<P, E, T, F, I>(
    op: Op,
    mut ask: impl FnMut(Option<String>) -> F,
    take: impl Fn(P) -> (Option<I>, Option<String>),
) -> Result<Vec<T>, Problem>
where
    F: Future<Output = Result<P, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    I: IntoIterator<Item = T>,
{
    let (mut pages, mut found, mut token) = (Pages::of(op), Vec::new(), None);
    loop {
        let page = ask(token.take()).await.map_err(|e| problem_of(op, &e))?;
        let (items, next) = take(page);
        found.extend(sent(op, "list", items)?);
        token = pages.after(next)?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Op = Op::read("ECS", "ListTasks", "ecs:ListTasks").on(crate::aws::op::Scope::Any);

    #[test]
    fn a_list_ends_where_it_says_so_and_where_it_does_not() {
        let mut pages = Pages::of(LIST);
        assert_eq!(pages.after(Some("a".into())).unwrap().as_deref(), Some("a"));
        assert_eq!(pages.after(None).unwrap(), None);
        assert_eq!(Pages::of(LIST).after(Some(String::new())).unwrap(), None, "an empty token is none");

        let mut pages = Pages::of(LIST);
        let mut tokens = (0..10 * MOST).map(|n| pages.after(Some(n.to_string())));
        let refused = tokens.find_map(Result::err).unwrap();
        assert_eq!(refused.kind, ProblemKind::CutOff);
        assert!(refused.headline.contains("120 pages"), "{}", refused.headline);
    }

    #[test]
    fn a_list_that_goes_round_in_a_circle_is_left_at_once() {
        for circle in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
            let mut pages = Pages::of(LIST);
            let tokens = circle.iter().cycle().take(10 * MOST);
            let read = tokens.map(|t| pages.after(Some((*t).to_owned()))).take_while(Result::is_ok).count();
            assert_eq!(read, circle.len(), "{circle:?}");
        }
    }
}
