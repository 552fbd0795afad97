//! Route 53, CloudFront and S3 when history begins.
//! Not the load balancer that they lead to (see `platform`).

use std::collections::VecDeque;

use super::super::metrics::{MetricRef, Stats};
use super::super::names::{ACCOUNT, DAY, DISTRIBUTION, HEALTH_CHECK, HOSTED_ZONE, HOUR, KMS_S3, MIN, Ms, REGION, SEC, STATIC_BUCKET};
use super::super::state::{
    Alb, AliasTarget, Answer, Bucket, BucketMinute, Checker, Distribution, Dns, Encryption, HealthCheck, HostedZone, Invalidation,
    LifecycleRule, Origin, Record, Versioning,
};
use super::super::{World, edge};
use super::platform::AGE;

const DOMAIN: &str = "nextcore.ai.";
const CDN_DOMAIN: &str = "d1x7k2vq9nextc.cloudfront.net";
/// The regions that Route 53 checks from, with an address in each.
const CHECKERS: [(&str, &str); 16] = [
    ("us-east-1", "15.177.2.34"),
    ("us-east-1", "15.177.6.113"),
    ("us-west-1", "15.177.10.48"),
    ("us-west-1", "15.177.14.129"),
    ("us-west-2", "15.177.18.77"),
    ("us-west-2", "15.177.22.61"),
    ("eu-west-1", "15.177.26.93"),
    ("eu-west-1", "15.177.30.145"),
    ("ap-southeast-1", "15.177.34.82"),
    ("ap-southeast-1", "15.177.38.17"),
    ("ap-southeast-2", "15.177.42.126"),
    ("ap-southeast-2", "15.177.46.58"),
    ("ap-northeast-1", "15.177.50.141"),
    ("ap-northeast-1", "15.177.54.26"),
    ("sa-east-1", "15.177.58.109"),
    ("sa-east-1", "15.177.62.73"),
];

/// The zone, its records and the health check.
pub(super) fn dns(alb: &Alb, begin: Ms) -> Dns {
    let name_servers = [
        "ns-114.awsdns-14.com".to_owned(),
        "ns-887.awsdns-46.net".to_owned(),
        "ns-1303.awsdns-34.org".to_owned(),
        "ns-1897.awsdns-45.co.uk".to_owned(),
    ];
    let to_alb = || {
        Answer::Alias(AliasTarget {
            zone: alb.hosted_zone_id.clone(),
            dns_name: format!("dualstack.{}.", alb.dns_name),
            evaluate_health: true,
        })
    };
    let to_cdn =
        Answer::Alias(AliasTarget { zone: edge::CLOUDFRONT_ZONE.into(), dns_name: format!("{CDN_DOMAIN}."), evaluate_health: false });
    let values = |ttl, texts: &[&str]| Answer::Values(ttl, texts.iter().map(|text| (*text).to_owned()).collect());
    let record = |name: &str, kind, answer| Record { name: format!("{name}{DOMAIN}"), kind, answer };
    let soa = format!("{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", name_servers[0]);
    let delegation = Answer::Values(172_800, name_servers.iter().map(|name| format!("{name}.")).collect());
    Dns {
        records: vec![
            record("", "A", to_alb()),
            record("", "AAAA", to_alb()),
            record("", "MX", values(3_600, &["10 inbound-smtp.ap-southeast-2.amazonaws.com."])),
            record("", "NS", delegation),
            record("", "SOA", values(900, &[soa.as_str()])),
            record("", "TXT", values(300, &["\"v=spf1 include:amazonses.com -all\""])),
            record("_dmarc.", "TXT", values(300, &["\"v=DMARC1; p=quarantine; rua=mailto:dmarc@nextcore.ai\""])),
            record("static.", "A", to_cdn),
        ],
        zone: HostedZone {
            id: HOSTED_ZONE.into(),
            name: DOMAIN.into(),
            caller_reference: "terraform-20260425011203849500000001".into(),
            comment: "NextCore AI Cloud".into(),
            name_servers,
        },
        check: HealthCheck {
            id: HEALTH_CHECK.into(),
            caller_reference: "terraform-20260425011422118600000003".into(),
            domain: DOMAIN.trim_end_matches('.').into(),
            path: "/api/health/".into(),
            interval: 30,
            threshold: 3,
            checkers: CHECKERS.iter().enumerate().map(|(n, (region, ip))| checker(n, region, ip, begin)).collect(),
        },
    }
}

fn checker(n: usize, region: &'static str, ip: &str, begin: Ms) -> Checker {
    // They look at different moments, so that the site is seen every two seconds or so.
    let next_at = begin + (n as Ms * 30 * SEC) / CHECKERS.len() as Ms;
    Checker {
        region,
        ip: ip.into(),
        status: edge::SUCCESS.into(),
        checked_at: next_at - 30 * SEC,
        healthy: true,
        next_at: next_at - next_at.rem_euclid(SEC) + SEC,
        against: 0,
    }
}

/// The distribution.
pub(super) fn cdn(alb: &Alb, begin: Ms) -> Distribution {
    let past = |id: &str, ago: Ms, paths: &[&str]| Invalidation {
        id: id.into(),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        caller_reference: format!("release-{}", (begin - ago) / SEC),
        created_at: begin - ago,
        done: true,
        done_at: begin - ago + 140 * SEC,
    };
    Distribution {
        id: DISTRIBUTION.into(),
        arn: format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{DISTRIBUTION}"),
        domain: CDN_DOMAIN.into(),
        aliases: vec![format!("static.{}", DOMAIN.trim_end_matches('.'))],
        enabled: true,
        deploying_until: None,
        modified_at: begin - 63 * DAY,
        etag: "E2QWRUHAPOMQZL".into(),
        certificate: format!("arn:aws:acm:us-east-1:{ACCOUNT}:certificate/8f2b61d4-7c3e-4a95-b0d1-5e6f9a2c4b78"),
        origins: vec![
            Origin { id: "static".into(), domain: format!("{STATIC_BUCKET}.s3.{REGION}.amazonaws.com"), bucket: true },
            Origin { id: "app".into(), domain: alb.dns_name.clone(), bucket: false },
        ],
        behaviors: vec![(None, "static".into()), (Some("/app/*".into()), "app".into()), (Some("/media/*".into()), "app".into())],
        invalidations: VecDeque::from([
            past("I2J0V8KQ7MZ4XT1RB6D9WCEA5N", 21 * HOUR + 17 * MIN, &["/_next/*", "/static/*"]),
            past("I3T5Y1HN8LQW2ZC7KX4RVB0EMD", 68 * HOUR + 4 * MIN, &["/_next/*", "/static/*"]),
        ]),
        due: Vec::new(),
        cold: 0.0,
    }
}

/// The three buckets, and what CloudWatch knows of the days before.
pub(super) fn buckets(begin: Ms) -> Vec<Bucket> {
    let encryption = || Some(Encryption { algorithm: "aws:kms".into(), key: Some(KMS_S3.into()), bucket_key: true });
    let bucket = |name: &str, purpose, (bytes, objects), lifecycle, cors| Bucket {
        name: name.into(),
        created_at: begin - AGE,
        versioning: Some(Versioning::Enabled),
        lifecycle,
        cors,
        encryption: encryption(),
        public_access_block: true,
        purpose,
        bytes,
        objects,
        minute: BucketMinute::default(),
    };
    let rule = |id: &str, transition, expire_days, noncurrent| LifecycleRule {
        id: id.into(),
        transition,
        expire_days,
        noncurrent_days: Some(noncurrent),
    };
    vec![
        bucket(
            "nextcore-documents",
            "documents",
            (412.6e9, 586_214.0),
            vec![rule("archive-and-clean", Some((90, "STANDARD_IA")), None, 90)],
            false,
        ),
        bucket("nextcore-reports", "reports", (96.3e9, 241_907.0), vec![rule("expire-after-a-year", None, Some(365), 30)], false),
        bucket(STATIC_BUCKET, "static", (9.8e9, 64_380.0), Vec::new(), true),
    ]
}

impl World {
    /// Storage metrics of the days before history begins.
    pub(super) fn build_storage_past(&mut self) {
        let midnight = self.now - self.now.rem_euclid(DAY);
        for (name, bytes, objects, per_day) in
            self.buckets.iter().map(|b| (b.name.clone(), b.bytes, b.objects, b.bytes / 212.0)).collect::<Vec<_>>()
        {
            for days in (0..3).rev() {
                let t = midnight - days * DAY;
                let ago = (self.now - t) as f64 / DAY as f64;
                let share = 1.0 - per_day * ago / bytes;
                self.put_storage(&name, t, (bytes * share, objects * share));
            }
        }
    }

    /// The two daily points of a bucket.
    pub(in super::super) fn put_storage(&mut self, bucket: &str, t: Ms, (bytes, objects): (f64, f64)) {
        for (name, unit, kind, value) in
            [("BucketSizeBytes", "Bytes", "StandardStorage", bytes), ("NumberOfObjects", "Count", "AllStorageTypes", objects)]
        {
            let dims = [("BucketName", bucket), ("StorageType", kind)];
            self.metrics.put_daily(MetricRef { namespace: "AWS/S3", name, dims: &dims, unit }, t, Stats::one(value.round()));
        }
    }
}
