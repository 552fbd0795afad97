//! The grammar both ways, and what holds the table together.

use super::grammar::{Count, count, span};
use super::*;

#[test]
fn words_become_requests_and_requests_words() {
    for line in [
        "scale web 4",
        "scale web +1 --hold",
        "scale celery-worker -1",
        "bounds web 3-6",
        "autoscaling suspend web",
        "rollback web --to web:57",
        "rollback web",
        "stop-task 0123abcd",
        "failover db",
        "failover cache 0001",
        "reroute a --via b",
        "alarm-actions off production-nextcore-high-cpu --for 15m",
        "pipeline stop --abandon",
        "invalidate /static/* /media/*",
    ] {
        let request = parse(&words(line)).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(request.to_string(), line);
    }
    assert_eq!(parse(&words("rollback web")).unwrap().arg("to"), Some("last-successful"));
    assert_eq!(parse(&words("scale web --hold 4")).unwrap(), parse(&words("scale web 4 --hold")).unwrap());
    assert_eq!(parse(&words("rollback web --to=57")).unwrap().arg("to"), Some("57"));
    assert_eq!(words(r#"exec t --command "ls -l /tmp""#), ["exec", "t", "--command", "ls -l /tmp"]);
}

#[test]
fn what_is_no_request_says_what_would_be_one() {
    for (line, said) in [
        ("", "unknown action"),
        ("scael web 4", "'scael web'"),
        ("scale", "SERVICE is missing: scale SERVICE COUNT [--hold]"),
        ("scale web", "COUNT is missing"),
        ("scale web 4 5", "unexpected '5'"),
        ("scale web many", "count 'many': a count such as 4"),
        ("scale web 99999", "count"),
        ("scale web 4 --hold=yes", "unexpected '--hold=yes'"),
        ("scale web 4 --wait", "unexpected '--wait'"),
        ("bounds web 6-3", "min-max such as 3-6"),
        ("rollback web --to", "the value of --to is missing"),
        ("failover", "unknown action 'failover'"),
        ("failover db now", "unexpected 'now'"),
        ("alarm-actions off x --for 3d", "a span from 1m to 24h"),
        ("invalidate static", "paths that begin with /"),
    ] {
        let error = parse(&words(line)).unwrap_err().to_string();
        assert!(error.contains(said), "{line:?}: {error}");
    }
}

#[test]
fn values_have_one_form() {
    for (text, value) in [
        ("4", Some(Count::To(4))),
        ("0", Some(Count::To(0))),
        ("+2", Some(Count::By(2))),
        ("-1", Some(Count::By(-1))),
        ("+-1", None),
        ("1.5", None),
        ("", None),
    ] {
        assert_eq!(count(text), value, "{text}");
    }
    for (text, minutes) in [
        ("30m", Some(30)),
        ("2h", Some(120)),
        ("1d", Some(1440)),
        ("120s", Some(2)),
        ("90s", None),
        ("0m", None),
        ("25h", None),
        ("m", None),
        ("30", None),
        ("30é", None),
    ] {
        assert_eq!(span(text), minutes, "{text}");
    }
}

#[test]
fn names_and_keys_of_one_subject_are_told_apart() {
    for (i, a) in ACTIONS.iter().enumerate() {
        for b in ACTIONS.get(i + 1..).unwrap_or_default() {
            assert_ne!(a.name, b.name);
            assert!(a.subject != b.subject || a.key != b.key, "{} and {} share {}", a.name, b.name, a.key);
        }
        assert!(!a.doc.is_empty() && !a.title.is_empty(), "{}", a.name);
        // The list of paths swallows whatever follows.
        assert!(a.params.iter().rev().skip(1).all(|p| p.takes != Takes::Paths), "{}", a.name);
    }
}
