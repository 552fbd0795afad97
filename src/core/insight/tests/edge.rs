//! Route 53 and CloudFront: both optional.

use crate::insight::fixture::{DISTRIBUTION, World, ago, run};
use crate::model::cdn::{Cdn, Distribution};
use crate::model::dns::{Dns, DnsRecord};
use crate::model::metric;

fn dns(world: &mut World, change: impl FnOnce(&mut Dns)) {
    world.edit::<Dns>(change);
}

fn cdn(world: &mut World, change: impl FnOnce(&mut Distribution)) {
    world.edit::<Cdn>(|c| change(c.distribution.as_mut().unwrap()));
}

fn alias(world: &mut World, name: &str, evaluate: bool) {
    world.apex(|r| {
        let alias = r.alias.as_mut().unwrap();
        (alias.dns_name, alias.evaluate_health) = (name.into(), evaluate);
    });
}

#[test]
fn route_53() {
    let alb = "dualstack.PRODUCTION-nextcore-1487593026.ap-southeast-2.elb.amazonaws.com.";
    run(&[
        ("no zone", |w| dns(w, |d| *d = Dns::default()), "dns", "n/a", "no zone nextcore.ai"),
        ("no record", |w| dns(w, |d| d.records.clear()), "dns", "down", "no A or AAAA record for nextcore.ai"),
        ("only a name below", |w| w.apex(|r| r.name = "www.nextcore.ai.".into()), "dns", "down", "no A or AAAA record for nextcore.ai"),
        (
            "no alias",
            |w| dns(w, |d| d.records = vec![DnsRecord { name: "nextcore.ai.".into(), kind: "A".into(), ..Default::default() }]),
            "dns",
            "degraded",
            "nextcore.ai is not an alias",
        ),
        (
            "another balancer",
            |w| alias(w, "old-1.ap-southeast-2.elb.amazonaws.com.", true),
            "dns",
            "degraded",
            "alias target old-1.ap-southeast-2.elb.amazonaws.com is not the load balancer or CloudFront",
        ),
        (
            "another distribution",
            |w| alias(w, "dother.cloudfront.net.", false),
            "dns",
            "degraded",
            "alias target dother.cloudfront.net is not the load balancer or CloudFront",
        ),
        ("CloudFront, which cannot be evaluated", |w| alias(w, &format!("{DISTRIBUTION}."), false), "dns", "healthy", ""),
        (
            "does not evaluate",
            |w| w.apex(|r| r.alias.as_mut().unwrap().evaluate_health = false),
            "dns",
            "degraded",
            "alias does not evaluate target health",
        ),
        ("NXDOMAIN", |w| dns(w, |d| d.answer = Some(("NXDOMAIN".into(), vec![]))), "dns", "down", "Route 53 returns NXDOMAIN"),
        ("SERVFAIL", |w| dns(w, |d| d.answer = Some(("SERVFAIL".into(), vec![]))), "dns", "degraded", "Route 53 returns SERVFAIL"),
        ("empty answer", |w| dns(w, |d| d.answer = Some(("NOERROR".into(), vec![]))), "dns", "down", "Route 53 returns no address"),
        (
            "one checker fails",
            |w| dns(w, |d| d.health_checks[0].observations[1].status = "Failure: Connection timed out".into()),
            "dns",
            "degraded",
            "health check of nextcore.ai: 1 of 16 checkers fail (us-east-1)",
        ),
        (
            "several checkers of two regions fail",
            |w| {
                dns(w, |d| {
                    let seen = d.health_checks[0].observations.iter_mut();
                    let failing = seen.filter(|o| matches!(o.region.as_str(), "eu-west-1" | "sa-east-1"));
                    failing.for_each(|o| o.status = "Failure: Connection timed out".into());
                });
            },
            "dns",
            "degraded",
            "health check of nextcore.ai: 4 of 16 checkers fail (2 of 8 regions)",
        ),
        (
            "the check itself fails",
            |w| w.series(metric::Dns::Status.of("b7e1c0de-4f7a-4f0e-9a53-2d8f6c1b9a40"), &[1.0, 0.0, 0.0]),
            "dns",
            "down",
            "nextcore.ai: health check status 0 for 2 min",
        ),
        (
            "failed for one minute",
            |w| w.series(metric::Dns::Status.of("b7e1c0de-4f7a-4f0e-9a53-2d8f6c1b9a40"), &[1.0, 1.0, 0.0]),
            "dns",
            "healthy",
            "",
        ),
    ]);
    let mut world = World::healthy();
    alias(&mut world, alb, true);
    assert_eq!(crate::insight::fixture::look(&world.judge(), "dns").0, "healthy", "names compare without case and dualstack");
}

#[test]
fn cloudfront() {
    run(&[
        ("none", |w| w.put(Cdn::default()), "cdn", "n/a", "no distribution for the stack"),
        ("disabled", |w| cdn(w, |d| d.enabled = false), "cdn", "down", "disabled"),
        (
            "deploying",
            |w| {
                cdn(w, |d| {
                    d.status = "InProgress".into();
                    d.modified_at = Some(ago(4));
                });
            },
            "cdn",
            "changing",
            "InProgress for 4m00s",
        ),
        (
            "deploying for too long",
            |w| {
                cdn(w, |d| {
                    d.status = "InProgress".into();
                    d.modified_at = Some(ago(31));
                });
            },
            "cdn",
            "degraded",
            "InProgress for 31m00s",
        ),
        ("invalidating", |w| cdn(w, |d| d.invalidating = 2), "cdn", "changing", "2 invalidations in progress"),
        ("some 5xx", |w| w.series(metric::Cdn::Errors5xx, &[2.0; 6]), "cdn", "degraded", "5xx 2 % for 5 min"),
        ("many 5xx", |w| w.series(metric::Cdn::Errors5xx, &[0.0, 0.0, 9.0, 9.0, 9.0]), "cdn", "down", "5xx 9 % for 3 min"),
        ("many 4xx", |w| w.series(metric::Cdn::Errors4xx, &[12.0; 6]), "cdn", "degraded", "4xx 12 % for 5 min"),
    ]);
}
