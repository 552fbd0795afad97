//! Name resolution, the health check, the distribution and the buckets.

use super::*;

const CHECK: [(&str, &str); 1] = [("HealthCheckId", HEALTH_CHECK)];
const CDN: [(&str, &str); 2] = [("DistributionId", DISTRIBUTION), ("Region", "Global")];

fn seen(w: &World) -> Vec<&str> {
    w.dns.check.checkers.iter().map(|c| c.status.as_str()).collect()
}

fn cdn(w: &World, name: &str, since: Ms) -> Vec<f64> {
    series(w, "AWS/CloudFront", name, &CDN, "Average", since).into_iter().map(|p| p.1).collect()
}

#[test]
fn checkers_see_what_the_load_balancer_answers() {
    let mut w = quiet();
    assert!(seen(&w).iter().all(|s| s.starts_with("Success: HTTP Status Code 200")));
    assert!(w.dns.check.checkers.iter().all(|c| w.now - c.checked_at <= 30 * SEC));
    let from = w.now;
    w.reboot_db(DB, true).unwrap();
    until(&mut w, 2 * MIN, "a checker sees the API fail", |w| seen(w).iter().any(|s| s.starts_with("Failure: HTTP Status Code 500")));
    until(&mut w, 6 * MIN, "all see it back", |w| seen(w).iter().all(|s| s.starts_with("Success")));
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(0), ..Default::default() }).unwrap();
    until(&mut w, 6 * MIN, "the check fails", |w| w.dns.check.checkers.iter().all(|c| !c.healthy));
    assert!(seen(&w).iter().all(|s| s.starts_with("Failure: HTTP Status Code 50")), "{:?}", seen(&w));
    run(&mut w, 4 * MIN);
    let status = series(&w, "AWS/Route53", "HealthCheckStatus", &CHECK, "Minimum", from);
    let healthy = series(&w, "AWS/Route53", "HealthCheckPercentageHealthy", &CHECK, "Average", from);
    assert!(status.last().unwrap().1 < 0.5 && healthy.last().unwrap().1 < 1.0);
    assert!(status[0].1 > 0.5 && healthy[0].1 > 99.0);
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(2), ..Default::default() }).unwrap();
    until(&mut w, 6 * MIN, "the check passes", |w| w.dns.check.checkers.iter().all(|c| c.healthy));
}

#[test]
fn a_lost_zone_shows_to_some_checkers_only() {
    let mut w = quiet();
    w.inject(Scenario::AzFailure { az: Az::C });
    run(&mut w, 40 * SEC);
    let failing = seen(&w).iter().filter(|s| s.starts_with("Failure")).count();
    assert!((1..12).contains(&failing), "{:?}", seen(&w));
    assert_eq!(w.resolve("nextcore.ai", "A").1.len(), 3);
    run(&mut w, 70 * SEC);
    assert_eq!(w.resolve("nextcore.ai", "A").1.len(), 2, "its node is out of the DNS");
}

#[test]
fn names_resolve_by_their_records() {
    let mut w = world();
    assert_eq!(w.resolve("nextcore.ai.", "A"), ("NOERROR", vec!["203.0.113.201".into(), "203.0.113.202".into(), "203.0.113.203".into()]));
    assert_eq!(w.resolve("Static.NextCore.ai", "A").1.len(), 4);
    assert_eq!(w.resolve("static.nextcore.ai", "AAAA"), ("NOERROR", vec![]));
    assert_eq!(w.resolve("nope.nextcore.ai", "A"), ("NXDOMAIN", vec![]));
    assert_eq!(w.resolve("nextcore.ai", "NS").1.len(), 4);
    let from = w.now;
    w.change_alias(
        "nextcore.ai.",
        Some(AliasTarget { zone: "Z1".into(), dns_name: "dualstack.other.elb.amazonaws.com.".into(), evaluate_health: false }),
    );
    run(&mut w, 4 * MIN);
    let requests = series(&w, "AWS/ApplicationELB", "RequestCount", &LB, "Sum", from + MIN);
    assert!(requests.is_empty(), "visitors go where the name leads: {requests:?}");
    assert!(seen(&w).iter().all(|s| s.starts_with("Failure")));
    w.change_alias("nextcore.ai.", None);
    assert_eq!(w.resolve("nextcore.ai", "A"), ("NOERROR", vec![]));
}

#[test]
fn a_release_of_the_portal_reaches_the_edge() {
    let mut w = world();
    let (from, files) = (w.now, w.bucket(STATIC_BUCKET).unwrap().objects);
    until(&mut w, 15 * MIN, "an invalidation", |w| w.cdn.in_progress().count() == 1);
    assert!(w.ecs.services[WEB].deployments.iter().any(|d| d.created_at > from));
    assert!(w.bucket(STATIC_BUCKET).unwrap().objects > files + 400.0, "its files are in the bucket");
    let began = w.now;
    until(&mut w, 6 * MIN, "completed", |w| w.cdn.in_progress().count() == 0);
    assert!(w.now - began >= MIN);
    run(&mut w, 5 * MIN);
    let rates = cdn(&w, "CacheHitRate", from - 10 * MIN);
    let (best, worst) = (rates.iter().fold(0.0_f64, |a, b| a.max(*b)), rates.iter().fold(100.0_f64, |a, b| a.min(*b)));
    assert!(best > 90.0 && worst < 80.0, "the caches were cold for a while: {rates:?}");
}

#[test]
fn invalidations_are_bounded_and_repeatable() {
    let mut w = world();
    let paths = |n: usize| vec![format!("/{n}/*")];
    let first = w.create_invalidation(paths(0), "one".into()).unwrap();
    assert_eq!(w.create_invalidation(paths(0), "one".into()).unwrap().id, first.id, "the same batch is the same invalidation");
    assert_eq!(w.create_invalidation(paths(1), "one".into()).unwrap_err().code, "InvalidArgument");
    for n in 1..15 {
        w.create_invalidation(paths(n), format!("more-{n}")).unwrap();
    }
    assert_eq!(w.create_invalidation(paths(15), "too many".into()).unwrap_err().code, "TooManyInvalidationsInProgress");
    let plain = |n: usize| (0..n).map(|k| format!("/{n}/{k}")).collect::<Vec<_>>();
    w.create_invalidation(plain(2_900), "plain".into()).unwrap();
    assert_eq!(w.create_invalidation(plain(100), "plain too".into()).unwrap_err().code, "TooManyInvalidationsInProgress");
    run(&mut w, 6 * MIN);
    assert_eq!(w.cdn.in_progress().filter(|i| i.caller_reference != "plain" && !i.caller_reference.starts_with("release")).count(), 0);
    w.create_invalidation(paths(16), "again".into()).unwrap();
}

#[test]
fn the_edge_follows_the_portal() {
    let mut w = quiet();
    let from = w.now;
    let calm = cdn(&w, "5xxErrorRate", from - 5 * MIN);
    assert!(calm.iter().all(|rate| *rate < 0.1), "{calm:?}");
    w.update_service(CLUSTER, WEB, UpdateService { desired_count: Some(0), ..Default::default() }).unwrap();
    run(&mut w, 6 * MIN);
    let (requests, errors) = (cdn(&w, "Requests", from - 3 * MIN), cdn(&w, "5xxErrorRate", from));
    assert!(requests.last().unwrap() < &(requests[0] * 0.3), "{requests:?}");
    assert!(errors.last().unwrap() > &0.8, "its own paths fail: {errors:?}");
    w.enable_distribution(false);
    assert_eq!(w.cdn.status(), "InProgress");
    until(&mut w, 7 * MIN, "deployed", |w| w.cdn.status() == "Deployed");
    run(&mut w, 4 * MIN);
    assert!(cdn(&w, "4xxErrorRate", from).last().unwrap() > &99.0, "nothing is served any more");
}

#[test]
fn buckets_grow_with_the_work_and_are_told_daily() {
    let mut w = quiet();
    let size = |w: &World, name: &str| w.bucket(name).unwrap().bytes;
    let (from, documents, reports) = (w.now, size(&w, DOCUMENTS_BUCKET), size(&w, REPORTS_BUCKET));
    run(&mut w, 60 * MIN);
    assert!(size(&w, DOCUMENTS_BUCKET) > documents + 20e6 && size(&w, REPORTS_BUCKET) > reports + 1e6);
    let daily = |w: &World, name: &str, kind: &str| {
        let d = dims(&[("BucketName", DOCUMENTS_BUCKET), ("StorageType", kind)]);
        w.metric_query("AWS/S3", name, &d, "Average", 86_400, w.now - 10 * DAY, w.now)
    };
    let sizes = daily(&w, "BucketSizeBytes", "StandardStorage");
    assert!(sizes.len() >= 2 && sizes.windows(2).all(|p| p[1].1 > p[0].1 && p[1].0 - p[0].0 == DAY), "{sizes:?}");
    assert!(sizes.iter().all(|p| p.0 % DAY == 0));
    run(&mut w, 25 * HOUR);
    assert_eq!(daily(&w, "BucketSizeBytes", "StandardStorage").len(), sizes.len() + 1);
    assert_eq!(daily(&w, "NumberOfObjects", "AllStorageTypes").len(), sizes.len() + 1);
    let d = [("BucketName", DOCUMENTS_BUCKET), ("FilterId", "EntireBucket")];
    let requests = series(&w, "AWS/S3", "AllRequests", &d, "Sum", from);
    assert!(requests.len() > 60 && requests.iter().all(|p| p.1 > 50.0));
    let rate = series(&w, "AWS/S3", "4xxErrors", &d, "Average", w.now - HOUR);
    assert!(rate.iter().all(|p| p.1 < 0.1), "an average of errors is a rate: {rate:?}");
}

#[test]
fn tasks_that_are_cut_off_do_not_reach_the_buckets() {
    let mut w = quiet();
    let from = w.now;
    for az in Az::ALL {
        w.blackhole_route(az);
    }
    run(&mut w, 5 * MIN);
    let d = [("BucketName", DOCUMENTS_BUCKET), ("FilterId", "EntireBucket")];
    assert!(series(&w, "AWS/S3", "AllRequests", &d, "Sum", from + MIN).is_empty());
}

#[test]
fn a_key_that_is_off_locks_the_buckets() {
    let mut w = quiet();
    let (from, held) = (w.now, w.bucket(DOCUMENTS_BUCKET).unwrap().bytes);
    w.set_key_enabled(KMS_S3, false).unwrap();
    run(&mut w, 5 * MIN);
    assert!((w.bucket(DOCUMENTS_BUCKET).unwrap().bytes - held).abs() < 1.0);
    let d = [("BucketName", DOCUMENTS_BUCKET), ("FilterId", "EntireBucket")];
    let refused = series(&w, "AWS/S3", "4xxErrors", &d, "Average", from + MIN);
    assert!(refused.iter().all(|p| p.1 > 0.99), "{refused:?}");
    assert!(cdn(&w, "4xxErrorRate", from + MIN).iter().all(|rate| *rate > 3.0));
}
