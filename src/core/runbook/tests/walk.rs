//! A walk through a runbook: states, reasons, notes, and what is told of it afterwards.

use chrono::{DateTime, TimeDelta};

use super::super::{Outcome, Progress, State, transcript};
use super::{FRONT, parse, values};
use crate::model::Time;

fn at(second: i64) -> Time {
    DateTime::parse_from_rfc3339("2026-11-22T03:00:00Z").unwrap().to_utc() + TimeDelta::seconds(second)
}

#[test]
fn a_walk_is_kept_and_told() {
    let book = parse(&format!("{FRONT}## Look\n\nx\n\n## Act on {{{{service}}}}\n\n## Tell {{{{count}}}}\n"));
    let book = book.fill(&values(&[("service", "web")])).unwrap();
    let mut walk = Progress::start(&book, "alice", at(0));
    assert_eq!((walk.next(), walk.outcome()), (Some(0), Outcome::Open));
    walk.begin(0, at(1)).unwrap();
    walk.say(0, "check counts.down > 0", "true: counts.down 1", at(2)).unwrap();
    walk.done(0, "alice", at(3)).unwrap();
    walk.fail(1, "no answer", at(9)).unwrap();
    assert_eq!((walk.next(), walk.outcome()), (Some(1), Outcome::Stopped(1)));
    assert_eq!(walk.skip(1, "bob", "  ", at(10)).unwrap_err().to_string(), "skipping a step needs a reason");
    walk.skip(1, "bob", "done by hand", at(11)).unwrap();
    walk.note(Some(1), "bob", "called the `owner`\nof <web>", at(12)).unwrap();
    walk.note(None, "bob", "coffee", at(13)).unwrap();
    walk.done(2, "bob", at(20)).unwrap();
    assert_eq!((walk.next(), walk.outcome()), (None, Outcome::Finished));
    assert_eq!(walk.done(3, "bob", at(20)).unwrap_err().to_string(), "there is no step 4");

    let kept: Progress = serde_json::from_str(&serde_json::to_string(&walk).unwrap()).unwrap();
    assert_eq!(kept, walk);
    assert!(kept.fits(&book));
    assert!(!kept.fits(&parse(&format!("{FRONT}## Look\n\n{{{{service}}}} {{{{count}}}}\n"))));
    let text = transcript(&book, &walk);
    assert_eq!(
        text,
        "# The web is slow\n\nRunbook `web`, started 2026-11-22 03:00:00 UTC by alice.\nResult: every step is done or skipped.\n- count: 4\n- service: web\n\n## 1. Look\n\nDone 2026-11-22 03:00:03 UTC by alice.\n- 2026-11-22 03:00:02 UTC `check counts.down > 0` → true: counts.down 1\n\n## 2. Act on web\n\nSkipped 2026-11-22 03:00:11 UTC by bob: done by hand\n- 2026-11-22 03:00:12 UTC bob: called the \\`owner\\` of \\<web>\n\n## 3. Tell 4\n\nDone 2026-11-22 03:00:20 UTC by bob.\n\n## Notes\n\n- 2026-11-22 03:00:13 UTC bob: coffee\n"
    );
    walk.from(1, at(30)).unwrap();
    assert_eq!((walk.next(), &walk.steps[2].state), (Some(1), &State::ToDo));
}
