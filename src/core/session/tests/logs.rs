//! The log: what is shown, what is found, and that the place in it is never lost.

use super::*;

fn tail_of(session: &Session) -> LogTail {
    session.store.get::<LogTail>().cloned().unwrap()
}

fn put(session: &mut Session, tail: LogTail) {
    observe(session, |store| store.put(tail, at(0), Duration::from_secs(2)));
}

/// The numbers of the events that are shown.
fn shown(session: &Session) -> Vec<u64> {
    session.logs.shown().iter().map(|i| i.place.seq).collect()
}

/// The number of the event under the cursor, while paused.
fn cursor(session: &Session) -> Option<u64> {
    session.logs.pin()?;
    shown(session).get(session.logs.position()).copied()
}

fn type_text(session: &mut Session, text: &str) {
    for c in text.chars() {
        update(session, Msg::Key(Key::char(c)));
    }
}

fn event(seq: u64, second: i64, stream: &str, message: &str) -> LogEvent {
    LogEvent { id: format!("{seq}"), seq, at: at(second), stream: stream.into(), message: message.into(), ..LogEvent::default() }
}

/// A tail of these events, in their order, as the source makes it.
fn tail(events: Vec<LogEvent>) -> LogTail {
    let total = events.iter().map(|e| e.seq + 1).max().unwrap_or_default();
    let mut events: Vec<Arc<LogEvent>> = events.into_iter().map(Arc::new).collect();
    events.sort_by_key(|e| (e.arrived(), e.seq));
    let dropped = total - events.len() as u64;
    LogTail { events: events.into(), total, dropped, ..LogTail::default() }
}

fn plain(messages: &[&str]) -> LogTail {
    tail(messages.iter().enumerate().map(|(i, m)| event(i as u64, 60 * i as i64, "web/app/1", m)).collect())
}

#[test]
fn it_pauses_counts_and_follows_again() {
    let mut s = session((80, 24));
    put(&mut s, log(50, 50));
    press(&mut s, "L up up");
    assert_eq!(cursor(&s), Some(47));
    let bottom = s.logs.bottom(20);
    put(&mut s, log(50, 57));
    assert_eq!(s.logs.behind(), 7);
    assert_eq!(shown(&s)[s.logs.bottom(20)], bottom as u64, "what arrives moves nothing");
    press(&mut s, "f");
    assert_eq!((cursor(&s), s.logs.behind()), (None, 0));
    press(&mut s, "f");
    assert_eq!(cursor(&s), Some(56));
    press(&mut s, "down");
    assert_eq!(cursor(&s), None, "past the end it follows");
    press(&mut s, "g");
    assert_eq!(cursor(&s), Some(7));
    assert_eq!(s.logs.lost(), None);
    put(&mut s, log(50, 157));
    assert_eq!(cursor(&s), Some(107), "the line under the cursor was dropped: the oldest takes its place");
    assert_eq!(s.logs.lost(), Some(100));
    press(&mut s, "down");
    assert_eq!((cursor(&s), s.logs.lost()), (Some(108), None), "said until the cursor stands on a line again");
}

#[test]
fn a_filter_grows_with_the_tail_and_survives_its_rewriting() {
    let mut s = session((80, 24));
    put(&mut s, log(50, 50));
    press(&mut s, "L & @ w e b enter");
    assert_eq!(shown(&s).len(), 25);
    put(&mut s, log(50, 60));
    assert_eq!(shown(&s).len(), 25);
    let mut rewritten = log(50, 60);
    for event in rewritten.events.iter_mut().map(Arc::make_mut) {
        event.id.push('x');
        event.stream = "web/y".into();
    }
    put(&mut s, rewritten);
    assert_eq!(shown(&s).len(), 50);
    press(&mut s, "esc");
    assert_eq!(s.logs.filter().text(), "");
}

#[test]
fn what_is_late_is_put_into_its_place_and_nothing_is_asked_again() {
    let mut s = session((80, 24));
    put(&mut s, tail((0..40).map(|i| event(i, 10 * i as i64, "web/app/1", "get /")).collect()));
    press(&mut s, "L & g e t enter up up up");
    assert_eq!(cursor(&s), Some(36));
    let mut events: Vec<LogEvent> = tail_of(&s).events.iter().map(|e| LogEvent::clone(e)).collect();
    events.push(LogEvent { late: true, ..event(40, 55, "api/app/1", "get late") });
    events.push(event(41, 500, "api/app/1", "post"));
    put(&mut s, tail(events.clone()));
    assert_eq!(shown(&s)[..8], [0, 1, 2, 3, 4, 5, 40, 6]);
    assert_eq!((cursor(&s), shown(&s).len()), (Some(36), 41));
    assert_eq!(s.logs.lines().end(), 42, "each event was indexed once");
    // The filter asks the index from the new lines on: what it found before stands.
    events.push(event(42, 501, "api/app/1", "get"));
    put(&mut s, tail(events));
    assert_eq!((s.logs.lines().end(), shown(&s).last().copied(), cursor(&s)), (43, Some(42), Some(36)));
}

#[test]
fn what_cannot_be_read_yet_leaves_the_last_good_filter() {
    let mut s = session((80, 24));
    put(&mut s, plain(&["ERROR it broke", "INFO fine", "INFO it is done"]));
    press(&mut s, "L &");
    type_text(&mut s, "it");
    assert_eq!(shown(&s), [0, 2]);
    update(&mut s, Msg::Paste(" level:nonsense".into()));
    assert_eq!(shown(&s), [0, 2]);
    let wrong = s.logs.prompt.as_ref().and_then(|p| p.wrong.clone()).unwrap();
    assert!(wrong.starts_with("at 10: no level: nonsense"), "{wrong}");
    press(&mut s, "enter");
    assert!(s.logs.prompt.is_some(), "it is not kept until it can be read");
    press(&mut s, "esc");
    assert_eq!((shown(&s), s.logs.filter().text()), (vec![0, 1, 2], ""), "Esc takes back what was typed");
}

#[test]
fn a_search_hides_nothing_and_goes_round() {
    let mut s = session((80, 24));
    put(&mut s, plain(&["a needle", "b", "c needle", "d", "e needle", "f"]));
    press(&mut s, "L /");
    type_text(&mut s, "needle");
    assert_eq!((shown(&s).len(), s.logs.hits()), (6, &[0, 2, 4][..]));
    assert_eq!(cursor(&s), Some(4), "the last match above the end is found first");
    press(&mut s, "enter n");
    let said = |s: &Session| s.flash.as_ref().map(|f| f.text.clone()).unwrap_or_default();
    assert_eq!((cursor(&s), said(&s).as_str()), (Some(0), "past the last match: on from the first"));
    press(&mut s, "n N N");
    assert_eq!((cursor(&s), said(&s).as_str()), (Some(4), "past the first match: on from the last"));
    put(&mut s, plain(&["a needle", "b", "c needle", "d", "e needle", "f", "g needle"]));
    assert_eq!((cursor(&s), s.logs.hits()), (Some(4), &[0, 2, 4, 6][..]), "kept over a refresh");
    press(&mut s, "/");
    type_text(&mut s, "b");
    assert_eq!(cursor(&s), Some(1));
    press(&mut s, "esc");
    assert_eq!((cursor(&s), s.logs.search().text()), (Some(4), "needle"), "Esc goes back to where it was");
    press(&mut s, "/");
    type_text(&mut s, "nothing such");
    press(&mut s, "enter n");
    assert_eq!(said(&s), "no line has “nothing such”");
}

#[test]
fn what_was_typed_is_recalled() {
    let mut s = session((80, 24));
    put(&mut s, plain(&["a", "b"]));
    press(&mut s, "L & a enter & ctrl-u b enter & ctrl-u");
    let typed = |s: &Session| s.logs.prompt.as_ref().map(|p| p.text.clone()).unwrap();
    type_text(&mut s, "new");
    press(&mut s, "up");
    assert_eq!((typed(&s), shown(&s)), ("b".into(), vec![1]), "in force at once");
    press(&mut s, "up up");
    assert_eq!(typed(&s), "a", "the oldest stays");
    press(&mut s, "down down");
    assert_eq!(typed(&s), "new");
    press(&mut s, "esc / up");
    assert_eq!(typed(&s), "", "searches have a history of their own");
}

#[test]
fn esc_takes_back_one_thing_at_a_time() {
    let mut s = session((120, 40));
    put(&mut s, plain(&["a", "b"]));
    press(&mut s, "2 L & a enter / a enter & b");
    assert_eq!((s.logs.service(), s.logs.filter().text()), (Some("control-plane"), "ab"), "the service is no part of what is typed");
    press(&mut s, "esc");
    assert_eq!((s.logs.filter().text(), s.logs.search().text()), ("a", "a"));
    press(&mut s, "esc");
    assert_eq!((s.logs.filter().text(), s.logs.search().text()), ("a", ""));
    press(&mut s, "esc");
    assert_eq!((s.logs.filter().text(), s.logs.service()), ("", Some("control-plane")));
    press(&mut s, "esc");
    assert_eq!((s.logs.service(), s.screen().map(|s| s.pane)), (None, Some(PaneId::Logs)));
    press(&mut s, "esc");
    assert_eq!(s.screen(), None);
}

#[test]
fn lines_round_matches_are_shown_beside_them() {
    let mut s = session((80, 24));
    put(&mut s, plain(&["0", "1", "2", "x 3", "4", "x 5", "6", "7", "8", "9", "x 10"]));
    press(&mut s, "L & x enter +");
    assert_eq!(shown(&s), [2, 3, 4, 5, 6, 9, 10]);
    let context: Vec<u64> = s.logs.shown().iter().filter(|i| i.is_context).map(|i| i.place.seq).collect();
    let apart: Vec<u64> = s.logs.shown().iter().filter(|i| i.is_apart).map(|i| i.place.seq).collect();
    assert_eq!((context, apart), (vec![2, 4, 6, 9], vec![9]));
    press(&mut s, "+");
    assert!(s.logs.shown().iter().all(|i| !i.is_apart), "groups that touch are one");
    press(&mut s, "0");
    assert_eq!(shown(&s), [3, 5, 10]);
    press(&mut s, "-");
    assert_eq!(s.logs.context(), 0);
}

#[test]
fn problems_are_what_is_a_warning_or_worse_as_a_whole() {
    let mut s = session((80, 24));
    let lines = [
        event(0, 0, "web/a/1", "INFO fine"),
        event(1, 1, "web/a/1", "WARNING slow"),
        event(2, 2, "api/a/1", "Traceback (most recent call last):"),
        event(3, 2, "web/a/1", "INFO between them"),
        event(4, 2, "api/a/1", "  File \"a.py\", line 1, in f"),
        event(5, 2, "api/a/1", "ValueError: no"),
    ];
    put(&mut s, tail(lines[..3].to_vec()));
    press(&mut s, "L");
    put(&mut s, tail(lines.to_vec()));
    assert_eq!(shown(&s), [0, 1, 2, 3], "what belongs to the trace is folded into its first line");
    press(&mut s, "!");
    assert_eq!(shown(&s), [1, 2]);
    // What says nothing of its level is an error once a trace belongs to it.
    let died = [event(6, 9, "web/a/9", "worker died"), event(7, 9, "web/a/9", "Traceback (most recent call last):")];
    put(&mut s, tail(lines.iter().chain(&died).cloned().collect()));
    assert_eq!(shown(&s), [1, 2, 6]);
    press(&mut s, "tab");
    assert_eq!(s.logs.kinds().iter().map(|k| k.recent).sum::<u64>(), 5, "what is folded is no line of its own");
    press(&mut s, "tab g down ! & V a l u e E enter");
    assert_eq!(shown(&s), [2], "what is folded is found");
    assert_eq!(
        press(&mut s, "y")[..],
        [Effect::Copy("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: no".into())]
    );
}

#[test]
fn enter_opens_an_event_and_y_copies_what_is_selected_of_it() {
    let mut s = session((80, 24));
    let json = r#"{"msg":"saved","user":{"id":42,"name":"Ann"}}"#;
    put(&mut s, plain(&["a", json, "b"]));
    press(&mut s, "L up enter");
    assert_eq!(press(&mut s, "y"), [Effect::Copy(json.into())], "the bracket stands for all of it");
    press(&mut s, "down down down down");
    assert_eq!(press(&mut s, "y"), [Effect::Copy("Ann".into())]);
    put(&mut s, plain(&["a", json, "b", "c"]));
    assert_eq!(press(&mut s, "y"), [Effect::Copy("Ann".into())], "what arrives closes nothing");
    press(&mut s, "esc");
    assert_eq!((cursor(&s), s.screen().map(|s| s.pane)), (Some(1), Some(PaneId::Logs)), "the line is still under the cursor");
    press(&mut s, "up enter down down y");
    assert_eq!(press(&mut s, "y"), [Effect::Copy("a".into())]);
}

#[test]
fn a_time_is_gone_to_by_the_clock_that_is_shown() {
    let mut s = session((80, 24));
    // 12:00:00 UTC and a line each minute; it is 13:00.
    put(&mut s, plain(&["x"; 50]));
    update(&mut s, Msg::Tick(at(3600)));
    s.set_zone(Arc::new(|_| chrono::FixedOffset::east_opt(11 * 3600).unwrap()));
    let go = |s: &mut Session, text: &str| {
        press(s, "t");
        type_text(s, text);
        press(s, "enter");
        cursor(s)
    };
    press(&mut s, "L");
    assert_eq!(go(&mut s, "12:20"), Some(20));
    assert_eq!(go(&mut s, "12:20:01"), Some(21));
    assert_eq!(go(&mut s, "-15m"), Some(45));
    press(&mut s, "T");
    assert_eq!(go(&mut s, "23:30"), Some(30), "local");
    let said = |s: &Session| s.flash.as_ref().map(|f| f.text.clone()).unwrap_or_default();
    assert_eq!((go(&mut s, "23:59"), said(&s).as_str()), (Some(49), "nothing after that: the newest line is of 23:49:00 UTC+11:00"));
    assert_eq!(go(&mut s, "00:05"), Some(0), "what has not come today was yesterday");
    press(&mut s, "t");
    type_text(&mut s, "noon");
    press(&mut s, "enter");
    assert_eq!(s.logs.prompt.as_ref().and_then(|p| p.wrong.as_deref()), Some("no time: noon (14:02, 14:02:10 or -10m)"));
}

#[test]
fn an_hour_of_summer_time_is_asked_for_each_moment() {
    use crate::session::logs::Times;
    let mut s = session((80, 24));
    // Clocks went back an hour at second 0.
    s.set_zone(Arc::new(|t| chrono::FixedOffset::east_opt(if t < at(0) { 11 * 3600 } else { 10 * 3600 }).unwrap()));
    let clock = |t| Times::Local.clock(&s.logs.zone, t, at(10));
    assert_eq!((clock(at(-1)).as_str(), clock(at(0)).as_str()), ("22:59:59", "22:00:00"));
    assert_eq!(Times::Local.label(&s.logs.zone, at(10)), "UTC+10:00");
    assert_eq!(Times::Local.read("22:00:00", &s.logs.zone, at(10)), Ok(at(0)), "the later of two");
    assert_eq!(Times::Local.read("21:59:59", &s.logs.zone, at(10)), Ok(at(-3601)));
    assert_eq!(Times::Ago.clock(&s.logs.zone, at(-65), at(10)), "   1m15s");
}

#[test]
fn marks_are_kept_and_gone_to_in_turn() {
    let mut s = session((80, 24));
    put(&mut s, log(50, 50));
    press(&mut s, "L up up m up up up m f '");
    assert_eq!(cursor(&s), Some(44));
    press(&mut s, "'");
    assert_eq!(cursor(&s), Some(47));
    press(&mut s, "'");
    assert_eq!(cursor(&s), Some(44));
    press(&mut s, "m '");
    assert_eq!(cursor(&s), Some(47), "the other one has been taken away");
    put(&mut s, log(50, 200));
    press(&mut s, "'");
    assert_eq!(s.flash.as_ref().map(|f| f.text.as_str()), Some("no marked line is shown: m marks one"), "dropped with its line");
}

#[test]
fn what_is_shown_is_saved_with_its_times() {
    let mut s = session((80, 24));
    put(&mut s, plain(&["a", "x\n  y", "b"]));
    press(&mut s, "L & x enter");
    let saved =
        Effect::Save { name: "logs-2025-11-26T12-00-00Z.log".into(), text: "2025-11-26T12:01:00.000Z web web/app/1 x\n  y\n".into() };
    assert_eq!(press(&mut s, "s"), [saved]);
}

#[test]
fn kinds_of_lines_lead_to_their_lines() {
    let mut s = session((80, 24));
    let lines = |n: u64| {
        let text =
            |i: u64| if i.is_multiple_of(3) { format!("ERROR job {i} failed: timed out") } else { format!("INFO GET /x/{i} in {i}ms") };
        tail((0..n).map(|i| event(i, i as i64, "web/app/1", &text(i))).collect())
    };
    put(&mut s, lines(30));
    press(&mut s, "L tab");
    let kinds = |s: &Session| s.logs.kinds().iter().map(|k| (k.template.clone(), k.recent)).collect::<Vec<_>>();
    assert_eq!(kinds(&s), [("INFO GET /x/<n> in <n>ms".into(), 20), ("ERROR job <n> failed: timed out".into(), 10)]);
    put(&mut s, lines(60));
    assert_eq!(kinds(&s).iter().map(|k| k.1).collect::<Vec<_>>(), [40, 20], "counted once each");
    press(&mut s, "down enter");
    assert_eq!((s.screen().map(|s| s.panel), s.logs.filter().text()), (Some(0), r#""failed: timed out" "ERROR job""#));
    assert_eq!(shown(&s).len(), 20);
}

#[test]
fn kinds_say_what_is_new_and_what_grows() {
    use crate::model::service::{Deployment, DeploymentStatus, Service, Services};
    let mut s = session((120, 40));
    let two_hours = 7200;
    let mut lines: Vec<(i64, &str)> = (0..120).map(|minute| (minute * 60, "INFO GET / ok")).collect();
    lines.extend((0..20).map(|i| (1800 + i * 60, "WARNING cache slow")));
    lines.extend((0..30).map(|i| (two_hours - 600 + i, "ERROR cannot reach the queue")));
    lines.sort_unstable();
    lines.extend((0..9).map(|i| (two_hours - 60 + i, "WARNING cache slow")));
    put(&mut s, tail(lines.iter().enumerate().map(|(i, (second, text))| event(i as u64, *second, "web/a/1", text)).collect()));
    let made = Deployment { status: DeploymentStatus::Primary, created_at: Some(at(two_hours - 900)), ..Deployment::default() };
    let services =
        Services { services: vec![Service { name: "web".into(), deployments: vec![made], ..Service::default() }], ..Services::default() };
    observe(&mut s, |store| store.put(services, at(0), Duration::from_secs(5)));
    update(&mut s, Msg::Tick(at(two_hours)));
    press(&mut s, "L tab");
    let kinds: Vec<_> = s.logs.kinds().iter().map(|k| (k.template.as_str(), k.trend.as_str(), k.is_new)).collect();
    let want = [
        ("ERROR cannot reach the queue", "↑ from none", true),
        ("INFO GET / ok", "= as before", false),
        ("WARNING cache slow", "↑ x9", false),
    ];
    assert_eq!(kinds, want);
}

#[test]
fn what_belongs_to_a_line_that_has_just_left_is_shown_by_itself() {
    let mut s = session((80, 24));
    let trace = "Traceback (most recent call last):";
    put(&mut s, tail(vec![event(0, 1, "api/a/1", trace)]));
    press(&mut s, "L");
    // The first line leaves with the same tail in which the second one comes.
    put(&mut s, tail(vec![event(1, 1, "api/a/1", "  File \"x.py\""), event(2, 1, "web/a/1", "INFO")]));
    assert_eq!(shown(&s), [1, 2]);
}

#[test]
fn a_filter_that_hides_the_place_shows_what_is_nearest_in_time_and_gives_it_back() {
    let mut s = session((80, 24));
    let lines = [(0, "a"), (50, "b"), (60, "c"), (120, "a")];
    put(&mut s, tail(lines.iter().enumerate().map(|(i, (at, text))| event(i as u64, *at, "web/a/1", text)).collect()));
    press(&mut s, "L up up & a enter");
    assert_eq!(cursor(&s), Some(0), "fifty seconds before and not seventy after");
    press(&mut s, "& ctrl-u c enter");
    assert_eq!(cursor(&s), Some(2));
    press(&mut s, "esc");
    assert_eq!(cursor(&s), Some(1));
}

mod arrivals {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Late lines, equal times, drops, lines that belong to others: what is held is shown once each, in order; and what a filter, its
        /// context and a search show after many tails is what they show when they are asked anew.
        #[test]
        fn every_event_is_shown_once_in_order(
            polls in prop::collection::vec(prop::collection::vec((0i64..30, 0usize..6, 0usize..3), 0..8), 1..12),
            most in 3usize..40,
        ) {
            const TEXTS: [&str; 6] = ["INFO a", "ERROR b", "Traceback (most recent call last):", "  File \"x.py\", line 1", "ValueError: c", "plain"];
            let mut s = session((80, 24));
            press(&mut s, "L");
            press(&mut s, "& a enter + / e enter");
            let (mut held, mut total, mut dropped) = (Vec::<LogEvent>::new(), 0u64, 0u64);
            for (i, poll) in polls.iter().enumerate() {
                for (second, text, stream) in poll {
                    let mut new = event(total, 10 * i as i64 + second, ["web/a/1", "web/a/2", "api/a/1"][*stream], TEXTS[*text]);
                    new.id = format!("{total}");
                    held.push(new);
                    total += 1;
                }
                held.sort_by_key(|e| (e.arrived(), e.seq));
                let over = held.len().saturating_sub(most);
                held.drain(..over);
                dropped += over as u64;
                let events: std::collections::VecDeque<_> = held.iter().cloned().map(Arc::new).collect();
                put(&mut s, LogTail { events, total, dropped, ..LogTail::default() });
                let lines = s.logs.lines();
                let heads: Vec<_> = lines.order().iter().map(|u| u.place).collect();
                prop_assert!(heads.is_sorted());
                let mut all: Vec<_> = heads.iter().flat_map(|h| lines.rest(*h).iter().copied().chain([*h])).collect();
                all.sort();
                let want: Vec<_> = held.iter().map(crate::session::logs::place::Place::of).collect();
                prop_assert_eq!(&all, &want);
                let now = (s.logs.shown().to_vec(), s.logs.hits().to_vec());
                let query = s.logs.filter().clone();
                s.logs.set_filter(query);
                let search = s.logs.search().clone();
                s.logs.set_search(search);
                prop_assert_eq!(now, (s.logs.shown().to_vec(), s.logs.hits().to_vec()));
            }
        }
    }
}
