//! Invalidate paths of the distribution: CloudFront fetches them from the origin again. Watched by the id that the answer gives; the list
//! of a distribution's invalidations does not say whose they are, so without the id nothing is guessed.

use std::time::Duration;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params;
use nextcore_core::model::cdn::{Cdn, Distribution, DistributionStatus, InvalidationStatus};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::text;

use super::common::{clock, quoted, since, waited};
use super::{Action, Draft, Facts, Receipt, SendError, Sender, Sight};

const CREATE: Op = Op::write("CloudFront", "CreateInvalidation", "cloudfront:CreateInvalidation").on(Scope::Distribution);

/// What CloudFront takes at a time: paths in one batch, and paths with a wildcard in progress.
const PATHS: usize = 3000;
const WILDCARDS: usize = 15;
/// More batches than this in progress: AWS may refuse the next.
const BUSY: i32 = 3;
/// Paths of a month that cost nothing.
const FREE: usize = 1000;

pub(super) struct Invalidate;

impl Action for Invalidate {
    type Params = params::Invalidate;
    const NAME: &'static str = "invalidate";
    const WRITES: &'static [Op] = &[CREATE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Cdn::KEY];
    const WATCHES: &'static [SectionKey] = &[Cdn::KEY];
    const EVERY: Duration = Duration::from_secs(10);

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::Invalidate), Refusal> {
        let Some(distribution) = &facts.need::<Cdn>()?.distribution else {
            let what = "no distribution for this stack";
            return Err(Refusal::Check(format!("{what}\n  next: set stack.distribution in the configuration, if you have one")));
        };
        let paths: Vec<&str> = paths(request);
        let Some(list) = (!paths.is_empty()).then(|| paths.iter().map(|p| quoted(p)).collect::<Vec<_>>().join(" ")) else {
            return Err(Refusal::Usage("paths: one or more paths that begin with /, such as /static/*".to_owned()));
        };
        let count = paths.len();
        let wildcards = paths.iter().filter(|p| p.ends_with('*')).count();
        let literal: Vec<&str> = paths.iter().filter(|p| p.trim_end_matches('*').contains('*')).copied().collect();
        let everything = paths.contains(&"/*");
        let id = &distribution.id;
        let plan = Draft::of("CloudFront distribution", id, &distribution.arn)
            .detail(distribution.aliases.first().unwrap_or(&distribution.domain))
            .change("cached copies", &list, "fetched from the origin again")
            .must(distribution.enabled, "enabled", format!("{id} is disabled"))
            .must(
                count <= PATHS,
                format!("{count} of {FREE} free paths a month"),
                format!("{count} paths: CloudFront allows {PATHS} at a time"),
            )
            .must(
                wildcards <= WILDCARDS,
                format!("{wildcards} with a wildcard"),
                format!("{wildcards} paths with a wildcard: CloudFront allows {WILDCARDS} at a time"),
            )
            .should(
                distribution.status == DistributionStatus::Deployed,
                "Deployed",
                format!("configuration change: {}", distribution.status),
            )
            .should(
                distribution.invalidating < BUSY,
                format!("{} invalidations in progress", distribution.invalidating),
                format!("{} invalidations in progress already: AWS may refuse one more", distribution.invalidating),
            )
            .should(
                literal.is_empty(),
                "every * is at the end",
                format!("a * that is not at the end is taken literally: {}", literal.join(", ")),
            )
            .should(!everything, "not the whole cache", "/* clears the whole cache: all files are fetched from the origin at once");
        let params = params::Invalidate { distribution: id.clone(), paths: paths.iter().map(|p| (*p).to_owned()).collect() };
        let plan = plan
            .reach(
                "users see new content within minutes; requests for these paths are slower until they are cached again",
                "load on the origin while the cache fills",
            )
            .undo("none needed: the cache refills", None)
            .call(&CREATE, format!("aws cloudfront create-invalidation --distribution-id {id} --paths {list}"))
            .takes(60, 300, 1200);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::Invalidate) -> Result<Receipt, SendError> {
        use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
        let items = params.paths;
        let incomplete = |e: aws_sdk_cloudfront::error::BuildError| SendError::No(format!("cannot record the invalidation: {e}"));
        let paths = Paths::builder().quantity(items.len() as i32).set_items(Some(items)).build().map_err(incomplete)?;
        let batch = InvalidationBatch::builder().paths(paths).caller_reference(&sender.token).build().map_err(incomplete)?;
        let call = sender.clients.cdn.create_invalidation().distribution_id(&params.distribution).invalidation_batch(batch);
        let call = call.customize().interceptor(sender.warrant(&CREATE)?);
        let answer = call.send().await.map_err(|e| SendError::of(CREATE, &e))?;
        Ok(Receipt::of(&answer).made(answer.invalidation().map(aws_sdk_cloudfront::types::Invalidation::id)))
    }

    fn sight(facts: &Facts<'_>, run: &Run, _: &params::Invalidate) -> Sight {
        let Some(distribution) = facts.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()) else { return Sight::default() };
        let Some(id) = run.made.as_deref() else { return without_answer(distribution, run) };
        let Some(found) = distribution.invalidations.iter().find(|i| i.id == id) else {
            let text = format!("{id} is not in the {} listed invalidations", distribution.invalidations.len());
            return Sight { steps: vec![Step::new(text, false, true)], applied: None, end: None };
        };
        let completed = found.status == InvalidationStatus::Completed;
        let steps = vec![
            Step::new(format!("invalidation {id}"), true, true),
            Step::new(if completed { "completed" } else { "in progress at the edge locations" }, completed, true),
        ];
        let took = text::duration(waited(facts, run));
        let end = completed.then(|| (Outcome::Done, format!("invalidation {id} of {} completed: {took}", distribution.id)));
        Sight { steps, applied: Some(true), end }
    }
}

/// No answer came back: one that is newer may be ours or somebody else's.
fn without_answer(distribution: &Distribution, run: &Run) -> Sight {
    let newer = distribution.invalidations.iter().find(|i| since(i.at, run));
    let (text, applied) = match newer.and_then(|i| Some((i, i.at?))) {
        Some((i, at)) => (format!("possibly {} of {}: CloudFront does not list who created them", i.id, clock(at)), None),
        None => ("no newer invalidation".to_owned(), Some(false)),
    };
    Sight { steps: vec![Step::new(text, false, true)], applied, end: None }
}

fn paths(request: &Request) -> Vec<&str> {
    request.arg("paths").unwrap_or_default().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::super::common::bench::{Bench, at, refusal, texts};
    use super::*;
    use nextcore_core::model::cdn::Invalidation;
    use nextcore_core::model::plan::Verdict;

    fn cdn(invalidations: &[(&str, &str, i64)]) -> Cdn {
        let one = |(id, status, s): &(&str, &str, i64)| Invalidation { id: (*id).into(), status: (*status).into(), at: Some(at(*s)) };
        let distribution = Distribution {
            id: "E1".into(),
            arn: "arn:aws:cloudfront::111122223333:distribution/E1".into(),
            status: "Deployed".into(),
            enabled: true,
            aliases: vec!["static.nextcore.ai".into()],
            invalidations: invalidations.iter().map(one).collect(),
            ..Distribution::default()
        };
        Cdn { distribution: Some(distribution) }
    }

    fn request(paths: &str) -> Request {
        Request::new("invalidate", "").with("paths", paths)
    }

    #[test]
    fn the_plan_names_paths_and_distribution() {
        let bench = Bench::new().with(cdn(&[("I0", "Completed", -900)]));
        let draft = bench.draft::<Invalidate>(&request("/static/* /logo.svg")).unwrap();
        assert!(draft.checks.iter().all(|c| c.verdict == Verdict::Pass), "{:?}", draft.checks);
        assert_eq!(draft.calls[0].cli, "aws cloudfront create-invalidation --distribution-id E1 --paths '/static/*' /logo.svg");
        assert_eq!((draft.resource.detail.as_str(), draft.resource.name.as_str()), ("static.nextcore.ai", "E1"));
        assert_eq!(draft.permission_on, ["arn:aws:cloudfront::111122223333:distribution/E1"]);
    }

    #[test]
    fn what_forbids_it_and_what_it_warns_of() {
        let refused = Bench::new().with(Cdn::default()).draft::<Invalidate>(&request("/a")).unwrap_err();
        assert!(refused.text().contains("no distribution"));
        let bench = Bench::new().with(cdn(&[]));
        assert!(matches!(bench.draft::<Invalidate>(&Request::new("invalidate", "")), Err(Refusal::Usage(_))));
        let many = "/a/* ".repeat(16);
        assert_eq!(
            refusal(&bench.draft::<Invalidate>(&request(&many)).unwrap()),
            "16 paths with a wildcard: CloudFront allows 15 at a time"
        );
        let many = "/a ".repeat(3001);
        assert_eq!(refusal(&bench.draft::<Invalidate>(&request(&many)).unwrap()), "3001 paths: CloudFront allows 3000 at a time");
        let mut busy = cdn(&[]);
        let distribution = busy.distribution.as_mut().unwrap();
        (distribution.status, distribution.invalidating) = ("InProgress".into(), 5);
        let draft = Bench::new().with(busy.clone()).draft::<Invalidate>(&request("/* /a*b")).unwrap();
        assert_eq!(texts(&draft, Verdict::Warn).len(), 4, "{:?}", draft.checks);
        busy.distribution.as_mut().unwrap().enabled = false;
        assert_eq!(refusal(&Bench::new().with(busy).draft::<Invalidate>(&request("/a")).unwrap()), "E1 is disabled");
    }

    #[test]
    fn it_is_watched_by_its_id() {
        let mut bench = Bench::new().with(cdn(&[("I0", "Completed", -900)]));
        let mut run = bench.sent::<Invalidate>(&request("/a"), Some("I1"));
        assert_eq!(bench.look::<Invalidate>(&mut run), (None, None));
        assert_eq!(run.steps[0].text, "I1 is not in the 1 listed invalidations");
        bench.later(30);
        bench.put(cdn(&[("I1", "InProgress", 1), ("I0", "Completed", -900)]));
        assert_eq!(bench.look::<Invalidate>(&mut run), (Some(true), None));
        bench.later(95);
        bench.put(cdn(&[("I1", "Completed", 1), ("I0", "Completed", -900)]));
        let text = "invalidation I1 of E1 completed: 1m35s".to_owned();
        assert_eq!(bench.look::<Invalidate>(&mut run), (Some(true), Some((Outcome::Done, text))));
    }

    #[test]
    fn without_an_answer_nothing_is_guessed() {
        let mut bench = Bench::new().with(cdn(&[("I0", "Completed", -900)]));
        let mut run = bench.sent::<Invalidate>(&request("/a"), None);
        assert_eq!(bench.look::<Invalidate>(&mut run), (Some(false), None));
        bench.put(cdn(&[("I1", "Completed", 2)]));
        assert_eq!(bench.look::<Invalidate>(&mut run), (None, None));
    }
}
