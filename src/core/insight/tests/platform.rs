//! Storage and dashboards; what holds of everything that is optional.

use crate::insight::fixture::{World, look, run};
use crate::model::balancer::Targets;
use crate::model::dashboard::Dashboards;
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::metric;
use crate::model::section::{ProblemKind, Section, SectionKey, Unread};
use crate::model::security::{Keys, Roles};
use crate::model::storage::{Bucket, Buckets};

fn bucket(world: &mut World, name: &str, change: impl FnOnce(&mut Bucket)) {
    world.edit::<Buckets>(|b| change(b.buckets.iter_mut().find(|b| b.name == name).unwrap()));
}

#[test]
fn buckets() {
    const DOCS: &str = "s3/nextcore-documents";
    run(&[
        ("gone", |w| bucket(w, "nextcore-documents", |b| b.exists = false), DOCS, "down", "missing (no such bucket)"),
        (
            "gone, parent",
            |w| bucket(w, "nextcore-documents", |b| b.exists = false),
            "s3",
            "down",
            "nextcore-documents: missing (no such bucket)",
        ),
        (
            "403",
            |w| bucket(w, "nextcore-documents", |b| b.unread.push(("bucket".into(), "access denied: s3:ListBucket".into()))),
            DOCS,
            "unknown",
            "access denied: s3:ListBucket",
        ),
        ("suspended", |w| bucket(w, "nextcore-documents", |b| b.versioning = "Suspended".into()), DOCS, "degraded", "versioning suspended"),
        ("AES256", |w| bucket(w, "nextcore-documents", |b| b.encryption = "AES256".into()), DOCS, "degraded", "AES256 instead of KMS"),
        (
            "elsewhere",
            |w| bucket(w, "nextcore-documents", |b| b.region = "us-east-1".into()),
            DOCS,
            "degraded",
            "in us-east-1, not ap-southeast-2",
        ),
        ("no lifecycle", |w| bucket(w, "nextcore-documents", |b| b.lifecycle.clear()), DOCS, "degraded", "no lifecycle rule"),
        (
            "disabled lifecycle",
            |w| bucket(w, "nextcore-documents", |b| b.lifecycle[0].status = "Disabled".into()),
            DOCS,
            "degraded",
            "no lifecycle rule",
        ),
        (
            "reports expire too early",
            |w| bucket(w, "nextcore-reports", |b| b.lifecycle[0].expiration_days = Some(90)),
            "s3/nextcore-reports",
            "degraded",
            "no expiry after 365 days",
        ),
        (
            "only a part of the reports expires",
            |w| bucket(w, "nextcore-reports", |b| b.lifecycle[0].prefix = "tmp/".into()),
            "s3/nextcore-reports",
            "degraded",
            "no expiry after 365 days",
        ),
        ("no CORS", |w| bucket(w, "nextcore-static", |b| b.cors.clear()), "s3/nextcore-static", "degraded", "no CORS rule"),
        (
            "CORS not readable",
            |w| {
                bucket(w, "nextcore-static", |b| {
                    b.cors.clear();
                    b.unread.push(("cors".into(), "access denied: s3:GetBucketCORS".into()));
                });
            },
            "s3/nextcore-static",
            "unknown",
            "cors: access denied: s3:GetBucketCORS",
        ),
        (
            "5xx",
            |w| {
                w.counts(metric::S3::Requests.of("nextcore-static"), &[100.0; 5]);
                w.counts(metric::S3::Errors5xx.of("nextcore-static"), &[6.0; 5]);
            },
            "s3/nextcore-static",
            "down",
            "5xx 6.0 % of requests for 3 min",
        ),
    ]);
}

#[test]
fn dashboards_only_observe() {
    run(&[
        ("none", |w| w.put(Dashboards::default()), "dashboards", "n/a", "none named production-nextcore*"),
        (
            "none of the database",
            |w| w.edit::<Dashboards>(|d| drop(d.dashboards.remove(0))),
            "dashboards",
            "healthy",
            "no dashboard shows database performance",
        ),
    ]);
}

#[test]
fn what_is_optional_or_ci_is_never_down_because_it_is_missing() {
    use crate::model::cdn::Cdn;
    use crate::model::dns::Dns;
    for (key, node, level) in [
        (Dns::KEY, "dns", "n/a"),
        (Cdn::KEY, "cdn", "n/a"),
        (Pipeline::KEY, "pipeline", "n/a"),
        (Dashboards::KEY, "dashboards", "n/a"),
        (Builds::KEY, "build", "degraded"),
        (Keys::KEY, "kms", "down"),
    ] {
        let mut world = World::healthy();
        world.forget(key);
        world.fail(key, ProblemKind::NotFound, "x:Op: not there");
        assert_eq!(look(&world.judge(), node), (level, "missing (x:Op: not there)".into()), "{key}");
    }
}

#[test]
fn what_is_not_configured_is_not_used_and_what_is_missing_is_named() {
    type Clear = fn(&mut World);
    let unused: [(&str, Clear); 6] = [
        ("iam", |w| w.stack.roles.clear()),
        ("kms", |w| w.stack.keys.clear()),
        ("secrets", |w| w.stack.secrets.clear()),
        ("ecr", |w| w.stack.repositories.clear()),
        ("build", |w| w.stack.projects.clear()),
        ("s3", |w| w.stack.buckets.clear()),
    ];
    for (node, clear) in unused {
        let mut world = World::healthy();
        clear(&mut world);
        let (level, why) = look(&world.judge(), node);
        assert_eq!((level, why.as_str()), ("n/a", "not used"), "{node}");
    }
    run(&[
        (
            "a project that the answer leaves out",
            |w| w.edit::<Builds>(|b| drop(b.projects.remove(0))),
            "build",
            "degraded",
            "production-nextcore-control: missing",
        ),
        (
            "a role that the answer leaves out",
            |w| w.edit::<Roles>(|r| drop(r.roles.remove(0))),
            "iam",
            "unknown",
            "production-nextcore-ecs-task: not in the answer",
        ),
    ]);
}

#[test]
fn a_part_that_could_not_be_read_is_named_and_the_rest_stays() {
    let unread = |part: &str, item: &str, field: &str, judged: bool| Unread {
        part: part.into(),
        item: item.into(),
        field: field.into(),
        why: "access denied: x:Y".into(),
        judged,
    };
    let with = |key: SectionKey, part: Unread| {
        let mut world = World::healthy();
        world.store.entry_mut(key).unread = vec![part];
        world
    };
    let role = "production-nextcore-ecs-task";
    let world = with(Roles::KEY, unread("policies of it", role, "policies", false));
    assert_eq!(look(&world.judge(), "iam"), ("healthy", "policies of it: access denied: x:Y".into()), "no rule rests on it");
    let mut world = with(Roles::KEY, unread("role it", role, "", true));
    world.store.entry_mut(Roles::KEY).value = {
        let mut roles = World::healthy().store.get::<Roles>().unwrap().clone();
        roles.roles.retain(|r| r.name != role);
        Some(std::sync::Arc::new(roles))
    };
    assert_eq!(look(&world.judge(), "iam"), ("unknown", "role it: access denied: x:Y".into()));
    let mut images = World::healthy();
    images.edit::<Repositories>(|r| r.repositories.iter_mut().for_each(|r| r.images.clear()));
    let names: Vec<String> = images.stack.repositories.iter().map(|r| r.name.clone()).collect();
    images.store.entry_mut(Repositories::KEY).unread = names.iter().map(|n| unread("images", n, "images", true)).collect();
    assert_eq!(look(&images.judge(), "ecr"), ("unknown", "images: access denied: x:Y".into()), "none of them is called missing");
    let mut targets = World::healthy();
    let arn = targets.store.get::<Targets>().unwrap().groups.keys().find(|a| a.contains("-web/")).unwrap().clone();
    targets.edit::<Targets>(|t| drop(t.groups.remove(&arn)));
    targets.store.entry_mut(Targets::KEY).unread = vec![unread("target health of web", &arn, "", true)];
    let judgement = targets.judge();
    assert_eq!(look(&judgement, "tg/production-nextcore-web"), ("unknown", "target health: access denied: x:Y".into()));
    assert_eq!((look(&judgement, "tg/production-nextcore-api").0, look(&judgement, "svc/control-plane").0), ("healthy", "healthy"));
}
