//! Roles, keys, secrets, and what rests on them.

use chrono::TimeDelta;

use crate::insight::fixture::{World, ago, look, now, run};
use crate::model::database::Database;
use crate::model::security::{Keys, Roles, Secrets};

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
