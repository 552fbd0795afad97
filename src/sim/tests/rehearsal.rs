//! Rehearsal over the wire: the scenarios of the API itself, the admin door, the game day.

use serde_json::{Value as Json, json as object};

use super::*;
use crate::world::SCENARIOS;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap()
}

/// One call in each protocol: JSON, query, EC2, S3, CBOR, STS.
fn calls() -> [Request<Bytes>; 6] {
    [
        ecs("ListClusters", "{}"),
        query("rds", "Action=DescribeDBInstances&Version=2014-10-31"),
        query("ec2", "Action=DescribeVpcs&Version=2016-11-15"),
        rest("s3", "GET", "/nextcore-documents?versioning", ""),
        metrics("DescribeAlarms", &[0xa0]),
        query("sts", "Action=GetCallerIdentity&Version=2011-06-15"),
    ]
}

fn statuses(cloud: &Cloud) -> Vec<u16> {
    calls().into_iter().map(|call| cloud.handle(call).status().as_u16()).collect()
}

#[test]
fn expired_credentials_are_refused_by_every_service_in_its_own_words() {
    let (cloud, now) = cloud();
    assert_eq!(statuses(&cloud), [200; 6]);
    cloud.inject(&scenario("expired-credentials"));
    let words = "The security token included in the request is expired";
    for (call, (status, code, message)) in calls().into_iter().zip([
        (400, "ExpiredTokenException", words),
        (403, "<Code>ExpiredToken</Code>", words),
        (400, "<Code>RequestExpired</Code>", "Request has expired."),
        (400, "<Code>ExpiredToken</Code>", "The provided token has expired."),
        (400, "ExpiredTokenException", words),
        (403, "<Code>ExpiredToken</Code>", words),
    ]) {
        let response = cloud.handle(call);
        let said = text(&response);
        assert_eq!(response.status(), status, "{said}");
        assert!(said.contains(code) && said.contains(message), "{said}");
    }
    // The stack itself is well, and it lasts until somebody renews them.
    assert!(cloud.world(|w| w.database_is_well() && w.cache_is_well()));
    now.fetch_add(60 * MINUTE, Ordering::Relaxed);
    assert_eq!((statuses(&cloud)[0], cloud.in_force()[0].until), (400, None));
    cloud.heal();
    assert_eq!(statuses(&cloud), [200; 6]);
}

#[test]
fn a_throttling_storm_begins_with_one_api_and_passes() {
    let (cloud, now) = cloud();
    cloud.inject(&scenario("throttling"));
    let refused = |call: fn() -> Request<Bytes>| {
        let answers: Vec<_> = (0..200).map(|_| cloud.handle(call())).filter(|answer| answer.status() != 200).collect();
        (answers.len(), answers.first().map(text).unwrap_or_default())
    };
    let list: fn() -> Request<Bytes> = || ecs("ListClusters", "{}");
    let databases: fn() -> Request<Bytes> = || query("rds", "Action=DescribeDBInstances&Version=2014-10-31");
    let buckets: fn() -> Request<Bytes> = || rest("s3", "GET", "/nextcore-documents?versioning", "");
    let (hits, said) = refused(list);
    assert!((120..190).contains(&hits) && said.contains("ThrottlingException") && said.contains("Rate exceeded"), "{hits} {said}");
    assert_eq!(refused(databases).0, 0, "the others come later");
    now.fetch_add(40 * SECOND, Ordering::Relaxed);
    let (hits, said) = refused(databases);
    assert!((120..190).contains(&hits) && said.contains("<Code>Throttling</Code>"), "{hits} {said}");
    let (_, said) = refused(buckets);
    assert!(said.contains("<Code>SlowDown</Code>") && said.contains("Please reduce your request rate."), "{said}");
    now.fetch_add(2 * MINUTE, Ordering::Relaxed);
    let throttled = "(service web) operations are being throttled. Will try again later.";
    assert!(cloud.world(|w| w.ecs.services["web"].events.iter().any(|e| e.message == throttled)));
    assert_eq!(cloud.in_force()[0].until, Some(START + 15 * MINUTE));
    now.fetch_add(13 * MINUTE, Ordering::Relaxed);
    assert_eq!((refused(list).0, refused(databases).0, cloud.in_force().len()), (0, 0, 0));
}

#[test]
fn healing_leaves_the_faults_of_tests_alone() {
    let (cloud, now) = cloud();
    cloud.faults(|faults| faults.add(ApiFault::always("rds", "DescribeDBInstances", FaultKind::AccessDenied)));
    cloud.inject(&scenario("expired-credentials"));
    assert_eq!(statuses(&cloud), [400, 403, 400, 400, 400, 403]);
    cloud.heal();
    assert_eq!(statuses(&cloud), [200, 403, 200, 200, 200, 200]);
    cloud.inject(&scenario("throttling"));
    now.fetch_add(16 * MINUTE, Ordering::Relaxed);
    assert_eq!(statuses(&cloud), [200, 403, 200, 200, 200, 200]);
    assert_eq!(cloud.faults(|faults| faults.rules().len()), 1);
    cloud.faults(Faults::clear);
    assert_eq!(statuses(&cloud), [200; 6]);
}

#[test]
fn a_scenario_does_not_shift_the_luck_of_a_test() {
    let hits = |storm: bool| {
        let (cloud, _) = cloud();
        cloud.faults(|faults| {
            faults.add(ApiFault { probability: 0.4, ..ApiFault::always("ecs", "*", FaultKind::ServerError(500)) });
        });
        if storm {
            cloud.inject(&scenario("throttling"));
        }
        (0..100).map(|_| cloud.handle(ecs("ListClusters", "{}")).status() == 500).collect::<Vec<_>>()
    };
    assert_eq!(hits(false), hits(true));
}

#[test]
fn the_admin_door_lists_injects_and_heals() {
    let (cloud, now) = cloud();
    let (status, listed) = cloud.admin("GET", "/_nextcore-top/scenarios", b"");
    assert_eq!((status, listed["scenarios"].as_array().unwrap().len()), (200, SCENARIOS.len()));
    assert_eq!(listed["scenarios"][0]["argument"], object!({"kind": "zone", "choices": ["a", "b", "c"], "default": "a"}));
    assert_eq!((&listed["scenarios"][1]["name"], &listed["scenarios"][1]["argument"]), (&object!("rds-primary"), &Json::Null));
    assert_eq!(listed["inForce"], object!([]));

    let (status, done) = cloud.admin("POST", "/_nextcore-top/inject", br#"{"scenario":"nat"}"#);
    assert_eq!((status, &done["injected"], &done["at"]), (200, &object!("nat:a"), &object!(START)));
    let force = object!([{"scenario": "nat:a", "since": START, "until": START + 20 * MINUTE}]);
    assert_eq!(done["inForce"], force);
    assert_eq!(cloud.admin("GET", "/_nextcore-top/scenarios?x=1", b"").1["inForce"], force);
    now.fetch_add(3 * MINUTE, Ordering::Relaxed);
    let (status, healed) = cloud.admin("POST", "/_nextcore-top/heal", b"");
    assert_eq!((status, healed), (200, object!({"inForce": []})));
}

#[test]
fn the_admin_door_tells_the_truth() {
    let (cloud, now) = cloud();
    let truth = || cloud.admin("GET", "/_nextcore-top/truth", b"").1;
    let well = truth();
    assert_eq!((&well["recovered"], &well["now"], &well["inForce"]), (&object!(true), &object!(START), &object!([])));
    assert_eq!(well["services"]["web"]["targets"]["healthy"], well["services"]["web"]["desired"]);
    assert_eq!(well["services"]["celery-worker"]["targets"], Json::Null);
    assert_eq!((&well["database"]["status"], &well["database"]["answers"]), (&object!("available"), &object!(true)));
    assert_eq!(well["cache"]["nodes"].as_array().unwrap().len(), 4);
    assert!(well["database"]["freeStoragePercent"].as_f64().unwrap() > 50.0);
    assert!(well["users"]["api"]["answered"].as_u64().unwrap() > 5);

    cloud.admin("POST", "/_nextcore-top/inject", br#"{"scenario":"rds-primary"}"#);
    now.fetch_add(5 * SECOND, Ordering::Relaxed);
    let broken = truth();
    assert_eq!((&broken["recovered"], &broken["database"]["answers"]), (&object!(false), &object!(false)));
    assert_eq!(broken["database"]["status"], "available", "the truth is ahead of the APIs");
    assert_eq!(broken["inForce"][0], object!({"scenario": "rds-primary", "since": START, "until": null}));
    now.fetch_add(15 * MINUTE, Ordering::Relaxed);
    let after = truth();
    assert_eq!((&after["recovered"], &after["inForce"]), (&object!(true), &object!([])), "{after}");
}

#[test]
fn the_admin_door_says_what_is_wrong() {
    let (cloud, _) = cloud();
    let says = |method: &str, path: &str, body: &str| {
        let (status, answer) = cloud.admin(method, path, body.as_bytes());
        (status, answer["error"].as_str().unwrap_or_default().to_owned())
    };
    let inject = |body: &str| says("POST", "/_nextcore-top/inject", body);
    let (status, error) = inject(r#"{"scenario":"natt"}"#);
    assert!(status == 400 && error.contains("the nearest is \"nat\""), "{error}");
    for body in ["", "{", "[]", "null", r#"{"scenario":7}"#, r#"{"name":"nat"}"#] {
        assert_eq!(inject(body), (400, r#"the body has to be {"scenario":"NAME[:ARG]"}"#.to_owned()));
    }
    assert_eq!(says("GET", "/_nextcore-top/inject", "").0, 405);
    assert_eq!(says("POST", "/_nextcore-top/truth", "").0, 405);
    assert!(says("DELETE", "/_nextcore-top/heal", "").1.contains("is asked with POST, not with DELETE"));
    for path in ["/", "/_nextcore-top/", "/_nextcore-top/truth/", "/_nextcore-top", "/nextcore-documents", "/_nextcore-top/inject/nat"] {
        assert_eq!(says("GET", path, "").0, 404, "{path}");
    }
    assert!(Cloud::is_admin("/_nextcore-top/truth") && !Cloud::is_admin("/") && !Cloud::is_admin("/_nextcore"));
    assert!(cloud.in_force().is_empty());
}

#[test]
fn a_game_day_is_a_secret_of_its_seed() {
    let days: Vec<GameDay> = (0..400).map(GameDay::new).collect();
    let mut seen = std::collections::BTreeSet::new();
    for (seed, day) in days.iter().enumerate() {
        assert_eq!(*day, GameDay::new(seed as u64));
        assert!((2 * MINUTE..=10 * MINUTE).contains(&day.after()));
        let mut day = day.clone();
        assert_eq!(day.due(day.after() - 1), None);
        let due = day.due(day.after() + 7).unwrap();
        assert_eq!((&due, day.due(day.after() + 8)), (day.scenario(), None), "once");
        let row = SCENARIOS.iter().find(|row| row.name == due.name()).unwrap();
        assert!(row.playable && due.to_string() != "sg-closed:alb-80");
        seen.insert(due.name());
    }
    assert_eq!(seen.len(), SCENARIOS.iter().filter(|row| row.playable).count(), "{seen:?}");
    let times: std::collections::BTreeSet<_> = days.iter().map(GameDay::after).collect();
    assert!(times.len() > 200);
}
