//! Storage, security, delivery, dashboards.

use chrono::TimeDelta;

use crate::insight::fixture::{World, ago, build, digest, failed_build, look, now, run};
use crate::model::balancer::Targets;
use crate::model::dashboard::Dashboards;
use crate::model::database::Database;
use crate::model::delivery::{Builds, Image, Pipeline, PipelineExecution, Repositories};
use crate::model::metric;
use crate::model::section::{ProblemKind, Section, SectionKey, Unread};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::Tasks;
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
            "healthy",
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
fn roles_keys_and_secrets() {
    run(&[
        ("task role", |w| w.edit::<Roles>(|r| r.roles[0].exists = false), "iam", "down", "production-nextcore-ecs-task: missing"),
        (
            "build role never pages",
            |w| w.edit::<Roles>(|r| r.roles[2].exists = false),
            "iam",
            "degraded",
            "production-nextcore-codebuild: missing",
        ),
        (
            "trust",
            |w| w.edit::<Roles>(|r| r.roles[1].trusts = vec!["ec2.amazonaws.com".into()]),
            "iam",
            "degraded",
            "production-nextcore-ecs-execution: ecs-tasks.amazonaws.com cannot assume it",
        ),
        ("key", |w| w.edit::<Keys>(|k| k.keys[1].exists = false), "kms", "down", "alias/production-nextcore-s3: missing"),
        ("disabled", |w| w.edit::<Keys>(|k| k.keys[0].state = "Disabled".into()), "kms", "down", "alias/production-nextcore-rds: Disabled"),
        (
            "pending deletion",
            |w| {
                w.edit::<Keys>(|k| {
                    k.keys[0].state = "PendingDeletion".into();
                    k.keys[0].deletion_at = Some(now() + TimeDelta::days(7));
                });
            },
            "kms",
            "down",
            "alias/production-nextcore-rds: PendingDeletion, deleted in 7d00h",
        ),
        (
            "secret",
            |w| w.edit::<Secrets>(|s| s.secrets[1].exists = false),
            "secrets",
            "down",
            "production-nextcore/django_secret_key: missing",
        ),
        (
            "deleted",
            |w| w.edit::<Secrets>(|s| s.secrets[1].deleted_at = Some(ago(60))),
            "secrets",
            "down",
            "production-nextcore/django_secret_key: deleted 1h00m ago",
        ),
        (
            "overdue",
            |w| w.edit::<Secrets>(|s| s.secrets[0].next_rotation = Some(ago(120))),
            "secrets",
            "degraded",
            "production-nextcore/database_url: rotation overdue for 2h00m",
        ),
        (
            "no rotation at all is not overdue",
            |w| {
                w.edit::<Secrets>(|s| {
                    s.secrets[0].rotation = false;
                    s.secrets[0].next_rotation = Some(ago(120));
                });
            },
            "secrets",
            "healthy",
            "",
        ),
    ]);
}

#[test]
fn what_a_key_encrypts_says_so() {
    let mut world = World::healthy();
    world.edit::<Keys>(|k| k.keys[0].state = "Disabled".into());
    let arn = world.store.get::<Keys>().unwrap().keys[0].arn.clone();
    world.edit::<Database>(|d| d.kms_key = Some(arn.clone()));
    world.edit::<crate::model::cache::ReplicationGroup>(|r| r.kms_key = Some(arn.clone()));
    for node in ["db", "redis"] {
        let note = "KMS key alias/production-nextcore-rds is Disabled";
        assert_eq!(look(&world.judge(), node), ("healthy", note.into()), "{node}");
    }
}

fn image(world: &mut World, change: impl FnOnce(&mut Image)) {
    world.edit::<Repositories>(|r| change(&mut r.repositories[1].images[0]));
}

#[test]
fn repositories() {
    let digest = digest("web");
    let short = crate::insight::topology::images::short_digest(&digest);
    for (name, change, level, text) in [
        ("HIGH", (|i| i.findings = [("HIGH".into(), 2)].into()) as fn(&mut Image), "degraded", "0 CRITICAL, 2 HIGH findings"),
        ("MEDIUM only", |i| i.findings = [("MEDIUM".into(), 9)].into(), "healthy", ""),
        ("failed", |i| i.scan_status = "FAILED".into(), "degraded", "FAILED"),
        ("never", |i| i.scan_status = "".into(), "degraded", "never scanned"),
        ("scanning", |i| i.scan_status = "IN_PROGRESS".into(), "healthy", "is being scanned"),
        ("gone", |i| i.digest = "sha256:0".into(), "down", "is not in the repository"),
    ] {
        let mut world = World::healthy();
        image(&mut world, change);
        let (seen, reason) = look(&world.judge(), "ecr");
        assert_eq!(seen, level, "{name}: {reason}");
        assert!(
            reason.ends_with(text) && (text.is_empty() || reason.starts_with("nextcore/web: ") && reason.contains(short)),
            "{name}: {reason}"
        );
    }
    run(&[(
        "repository",
        |w| {
            w.edit::<Repositories>(|r| {
                r.repositories[1].exists = false;
                r.repositories[1].images.clear();
            });
        },
        "ecr",
        "down",
        "nextcore/web: missing",
    )]);
}

#[test]
fn an_image_that_is_newer_than_the_answer_is_not_missing() {
    let mut world = World::healthy();
    // Repositories are read every 15 minutes; a deployment since runs an image that they cannot show.
    let at = world.now;
    world.now += TimeDelta::minutes(5);
    world.edit::<Tasks>(|t| {
        for task in t.tasks.iter_mut().filter(|t| t.service == "web") {
            task.created_at = Some(at + TimeDelta::minutes(3));
            task.containers[0].image_digest = Some("sha256:new".into());
        }
    });
    assert_eq!(look(&world.judge(), "ecr"), ("healthy", String::new()));
    world.now += TimeDelta::minutes(10);
    world.again::<Tasks>();
    world.again::<Repositories>();
    assert_eq!(look(&world.judge(), "ecr").0, "down", "now the answer is newer than the task");
}

#[test]
fn builds() {
    let failed = |w: &mut World| {
        w.edit::<Builds>(|b| {
            b.builds.insert(0, failed_build("production-nextcore-web", 20));
        });
    };
    let mut world = World::healthy();
    failed(&mut world);
    let text = "production-nextcore-web: last build FAILED in BUILD: COMMAND_EXECUTION_ERROR: npm test";
    assert_eq!(look(&world.judge(), "build"), ("degraded", text.into()));
    world.edit::<Builds>(|b| b.builds.insert(0, build("production-nextcore-web", 6, "STOPPED")));
    assert_eq!(look(&world.judge(), "build").0, "degraded", "a stopped build does not clear a failed one");
    world.edit::<Builds>(|b| b.builds.insert(0, build("production-nextcore-web", 5, "SUCCEEDED")));
    assert_eq!(look(&world.judge(), "build"), ("healthy", String::new()));
    run(&[
        (
            "in progress",
            |w| {
                w.edit::<Builds>(|b| {
                    let mut build = build("production-nextcore-web", 3, "IN_PROGRESS");
                    build.phase = "INSTALL".into();
                    b.builds.insert(0, build);
                });
            },
            "build",
            "changing",
            "production-nextcore-web: build INSTALL for 3m00s",
        ),
        (
            "missing project",
            |w| w.edit::<Builds>(|b| b.missing.push("production-nextcore-web".into())),
            "build",
            "degraded",
            "production-nextcore-web: missing",
        ),
    ]);
}

#[test]
fn pipeline() {
    let execution =
        |status: &str| PipelineExecution { id: "e2".into(), status: status.into(), started_at: Some(ago(8)), ..Default::default() };
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| {
        p.executions.insert(0, execution("Failed"));
        p.stages[1].status = "Failed".into();
        p.stages[1].execution = "e2".into();
        p.stages[1].actions[0].status = "Failed".into();
        p.stages[1].actions[0].summary = "Build terminated with state: FAILED".into();
    });
    let text = "last execution failed in Build: Build terminated with state: FAILED";
    assert_eq!(look(&world.judge(), "pipeline"), ("degraded", text.into()));
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| {
        p.executions.insert(0, execution("InProgress"));
        p.stages[2].status = "InProgress".into();
    });
    assert_eq!(look(&world.judge(), "pipeline"), ("changing", "execution in progress in Deploy for 8m00s".into()));
    run(&[
        ("none", |w| w.edit::<Pipeline>(|p| p.exists = false), "pipeline", "n/a", "no pipeline production-nextcore"),
        (
            "transition",
            |w| {
                w.edit::<Pipeline>(|p| {
                    p.stages[2].transition_enabled = false;
                    p.stages[2].disabled_reason = "freeze".into();
                });
            },
            "pipeline",
            "degraded",
            "Deploy: transition disabled: freeze",
        ),
        (
            "waits for a person",
            |w| {
                w.edit::<Pipeline>(|p| {
                    p.stages[2].actions[0].awaits_approval = true;
                    p.stages[2].actions[0].changed_at = Some(ago(30));
                });
            },
            "pipeline",
            "changing",
            "Deploy: DeployControl waits for approval for 30m00s",
        ),
        (
            "waits for a person since yesterday",
            |w| {
                w.edit::<Pipeline>(|p| {
                    p.stages[2].actions[0].awaits_approval = true;
                    p.stages[2].actions[0].changed_at = Some(ago(25 * 60));
                });
            },
            "pipeline",
            "degraded",
            "Deploy: DeployControl waits for approval for 1d01h",
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
