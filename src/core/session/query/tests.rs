//! Queries by keys alone: what is asked of the engine, and when.

use super::super::tests::{press, session};
use super::*;
use crate::model::query::Estimate;
use crate::model::section::{Problem, ProblemKind};
use crate::session::Msg;

fn effects_of(session: &mut Session, keys: &str) -> Vec<Ask> {
    let of = |effect| if let Effect::Query(ask) = effect { Some(ask) } else { None };
    press(session, keys).into_iter().filter_map(of).collect()
}

fn told(session: &mut Session, news: News) {
    update(session, Msg::Queried(news));
}

fn started() -> (Session, Asked) {
    let mut s = session((120, 40)).querying(BTreeMap::new(), true);
    let asks = effects_of(&mut s, "Q enter");
    let [Ask::Estimate(asked)] = asks.as_slice() else { panic!("{asks:?}") };
    let asked = asked.clone();
    (s, asked)
}

fn rows(n: usize) -> Answer {
    let row = |i: usize| vec![("service".to_owned(), format!("s{i}")), ("lines".to_owned(), (i * 7 % 10).to_string())];
    Answer { status: Status::Complete, rows: (0..n).map(row).collect(), matched: 3.0, scanned: 9.0, bytes: 100.0 }
}

#[test]
fn nothing_is_run_before_its_cost_was_shown_and_agreed_to() {
    let (mut s, asked) = started();
    assert_eq!(effects_of(&mut s, "enter enter"), [], "the estimate has not come");
    told(&mut s, News::Estimated(asked.clone(), Ok(Estimate::default())));
    let wider = effects_of(&mut s, "w");
    let [Ask::Estimate(wide)] = wider.as_slice() else { panic!("{wider:?}") };
    assert_eq!((wide.until - wide.from, asked.until - asked.from), (TimeDelta::hours(3), TimeDelta::hours(1)));
    told(&mut s, News::Estimated(asked, Ok(Estimate::default())));
    assert_eq!(effects_of(&mut s, "enter"), [], "that was the estimate of the smaller window");
    told(&mut s, News::Estimated(wide.clone(), Ok(Estimate::default())));
    assert_eq!(effects_of(&mut s, "enter"), [Ask::Run(wide.clone())]);
    assert_eq!(effects_of(&mut s, "esc esc"), [Ask::Stop], "once; the second Esc goes back");
}

#[test]
fn who_may_not_spend_is_told_so_and_nothing_is_asked() {
    let mut s = session((120, 40)).querying(BTreeMap::new(), false);
    assert_eq!(effects_of(&mut s, "Q enter"), []);
    assert!(s.flash.as_ref().is_some_and(|f| f.text.contains("insights = true")), "{:?}", s.flash);
}

#[test]
fn a_result_is_sorted_by_value_and_its_selection_saved_and_copied_as_shown() {
    let (mut s, asked) = started();
    told(&mut s, News::Estimated(asked, Ok(Estimate::default())));
    press(&mut s, "enter");
    told(&mut s, News::Ended(End::Over(rows(4))));
    let shown = |s: &Session| {
        queries::shown(s, &crate::session::filter::Filter::default()).iter().map(|(_, row)| row[1].clone()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&s), ["0", "7", "4", "1"], "as AWS gives them");
    press(&mut s, "o o");
    assert_eq!(shown(&s), ["7", "4", "1", "0"], "numbers begin with the largest");
    press(&mut s, "O");
    assert_eq!(shown(&s), ["0", "1", "4", "7"]);
    press(&mut s, "down");
    let copied = press(&mut s, "y").into_iter().find_map(|e| if let Effect::Copy(text) = e { Some(text) } else { None });
    let copied: serde_json::Value = serde_json::from_str(&copied.unwrap()).unwrap();
    assert_eq!(copied, serde_json::json!({ "service": "s3", "lines": 1 }));
    let saved = press(&mut s, "s").into_iter().find_map(|e| if let Effect::Save { text, .. } = e { Some(text) } else { None });
    assert_eq!(saved.as_deref(), Some("service,lines\ns0,0\ns3,1\ns2,4\ns1,7\n"));
    press(&mut s, "o");
    assert_eq!(shown(&s), ["0", "7", "4", "1"], "after the last column AWS's order comes back");
}

#[test]
fn each_end_of_a_query_is_told_for_what_it_is() {
    let problem = || Problem { kind: ProblemKind::Denied, headline: "denied".to_owned(), hint: "ask for it".to_owned(), permission: None };
    for (end, words) in [
        (End::Malformed(problem()), "nothing was scanned"),
        (End::Failed(problem()), "ask for it"),
        (End::Stopped(None), "stopped at AWS"),
        (End::Over(Answer { status: Status::Timeout, ..rows(0) }), "timed out"),
        (End::GoesOn { id: "q-1".to_owned(), why: problem() }, "stop-query --query-id q-1"),
    ] {
        let (mut s, asked) = started();
        told(&mut s, News::Estimated(asked, Ok(Estimate::default())));
        press(&mut s, "enter");
        told(&mut s, News::Ended(end.clone()));
        let Stage::Failed { headline, hint, .. } = &s.queries.stage else { panic!("{end:?}") };
        assert!(format!("{headline} {hint}").contains(words), "{end:?}: {headline} {hint}");
    }
}
