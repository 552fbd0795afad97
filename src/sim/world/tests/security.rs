//! Keys, secrets and images that go missing: what stops working, and that it comes back.

use super::*;

/// Forces a new task of a service and waits until one cannot start; why.
fn failing_start(w: &mut World, service: &str) -> String {
    w.update_service(CLUSTER, service, UpdateService { force: true, ..Default::default() }).unwrap();
    let failed = |w: &World| {
        let mut tasks = w.ecs.tasks.values().filter(|t| t.service == service && t.stop_code == Some(StopCode::TaskFailedToStart));
        tasks.find_map(|t| t.stopped_reason.clone())
    };
    until(w, 3 * MIN, "a start fails", |w| failed(w).is_some());
    failed(w).unwrap()
}

#[test]
fn without_the_secrets_key_no_task_that_has_secrets_starts() {
    let mut w = quiet();
    w.set_key_enabled(KMS_SECRETS, false).unwrap();
    let why = failing_start(&mut w, CONTROL);
    assert!(why.starts_with("ResourceInitializationError: unable to pull secrets") && why.contains("is Disabled"), "{why}");
    w.update_service(CLUSTER, WEB, UpdateService { force: true, ..Default::default() }).unwrap();
    until(&mut w, 6 * MIN, "the portal has no secrets", |w| steady(w, WEB));
    assert!(w.ecs.services[CONTROL].running_count >= 2, "what runs goes on");
    w.set_key_enabled("alias/production-nextcore-secrets", true).unwrap();
    until(&mut w, 15 * MIN, "back", |w| steady(w, CONTROL));
}

#[test]
fn a_deleted_secret_stops_new_tasks_until_it_is_restored() {
    let mut w = quiet();
    let name = "production-nextcore/redis_url";
    let arn = w.secrets.secrets[name].arn.clone();
    let partial = arn.rsplit_once('-').unwrap().0.to_owned();
    assert_eq!(w.delete_secret(&partial, Some(7)).unwrap().gone_at(), Some(w.now + 7 * DAY));
    assert_eq!(w.delete_secret(name, Some(7)).unwrap_err().code, "InvalidRequestException");
    assert_eq!(w.rotate_secret(name, None, None, true).unwrap_err().code, "InvalidRequestException");
    let why = failing_start(&mut w, WORKER);
    assert!(why.contains(&arn) && why.contains("marked for deletion"), "{why}");
    w.restore_secret(&arn).unwrap();
    until(&mut w, 15 * MIN, "back", |w| steady(w, WORKER));
    let read = w.secrets.secrets[name].accessed_at.unwrap();
    assert!(w.now - read < 15 * MIN, "starting tasks read it");
    w.delete_secret(name, Some(7)).unwrap();
    w.secrets.find_mut(name).unwrap().deleted_at = Some(w.now - 7 * DAY);
    run(&mut w, 2 * MIN);
    assert!(w.secrets.find(name).is_none());
    assert_eq!(w.restore_secret(name).unwrap_err().code, "ResourceNotFoundException");
}

#[test]
fn an_image_that_is_deleted_cannot_be_pulled() {
    let mut w = quiet();
    let digest = w.ecs.tasks.values().find(|t| t.service == WEB && t.is_running()).unwrap().container.image_digest.clone();
    assert_eq!(w.delete_image("nextcore/web", Some(&digest), None).unwrap().len(), 1);
    assert_eq!(w.delete_image("nextcore/web", Some(&digest), None).unwrap_err().code, "ImageNotFound");
    let id = w.ecs.tasks.values().find(|t| t.service == WEB && t.is_running()).unwrap().id.clone();
    w.stop_task(CLUSTER, &id, None).unwrap();
    until(&mut w, 3 * MIN, "the replacement fails", |w| {
        let reasons = w.ecs.tasks.values().filter(|t| t.service == WEB).filter_map(|t| t.stopped_reason.as_deref());
        reasons.filter(|r| r.starts_with("CannotPullContainerError") && r.contains(&digest)).count() == 1
    });
    // The next build makes it good.
    let running = w.start_pipeline(STACK, None, None, "test").unwrap();
    until(&mut w, 20 * MIN, "released", |w| !w.codepipeline.execution(&running).unwrap().status.is_open());
    until(&mut w, 10 * MIN, "steady", |w| steady(w, WEB));
}

#[test]
fn the_database_lives_and_dies_with_its_key() {
    let mut w = quiet();
    w.set_key_enabled(KMS_KEY, false).unwrap();
    run(&mut w, 20 * SEC);
    assert_eq!(w.rds.instance.status, DbStatus::Available, "RDS takes a while to notice");
    until(&mut w, MIN, "locked", |w| w.rds.instance.status == DbStatus::InaccessibleKey);
    assert_eq!(w.rds.instance.status.as_str(), "inaccessible-encryption-credentials-recoverable");
    run(&mut w, 2 * MIN);
    assert!(!w.rds.instance.accepting && w.rds.instance.connections < 1.0);
    assert_eq!(w.reboot_db(DB, true).unwrap_err().code, "InvalidDBInstanceState");
    let from = w.now;
    w.set_key_enabled(KMS_KEY, true).unwrap();
    until(&mut w, 4 * MIN, "back", |w| w.rds.instance.status == DbStatus::Available);
    assert!(rds_said(&w, from, "DB instance started").is_some());
    run(&mut w, 10 * MIN);
    assert!(w.rds.instance.accepting && w.rds.instance.connections > 20.0);
    assert!(SERVICES.iter().all(|s| w.ecs.services[*s].running_count == w.ecs.services[*s].desired_count));
}

#[test]
fn keys_have_the_states_of_kms() {
    let mut w = quiet();
    assert_eq!(w.set_key_enabled("nope", false).unwrap_err().code, "NotFoundException");
    assert_eq!(w.set_key_enabled("alias/aws/ecr", false).unwrap_err().code, "AccessDeniedException");
    assert_eq!(w.cancel_key_deletion(KMS_S3).unwrap_err().code, "KMSInvalidStateException");
    let deletion = w.schedule_key_deletion(KMS_S3, 7).unwrap().deletion;
    assert_eq!((deletion, w.kms.find(KMS_S3).unwrap().state()), (Some(w.now + 7 * DAY), "PendingDeletion"));
    assert_eq!(w.set_key_enabled(KMS_S3, true).unwrap_err().code, "KMSInvalidStateException");
    assert_eq!(w.set_key_rotation(KMS_S3, None).unwrap_err().code, "KMSInvalidStateException");
    assert_eq!(w.cancel_key_deletion(KMS_S3).unwrap().state(), "Disabled");
    assert_eq!(w.set_key_rotation(KMS_S3, None).unwrap_err().code, "DisabledException");
    w.set_key_enabled(KMS_S3, true).unwrap();
    w.set_key_rotation(KMS_S3, None).unwrap();
    assert_eq!(w.kms.find(KMS_S3).unwrap().next_rotation(), None);
    w.set_key_rotation(KMS_S3, Some(90)).unwrap();
    assert_eq!(w.kms.find(KMS_S3).unwrap().next_rotation(), Some(w.now + 90 * DAY));
    assert!(w.kms.usable("alias/production-nextcore-s3"));
}

#[test]
fn rotation_follows_its_calendar() {
    let mut w = quiet();
    let secret = |w: &World, name: &str| w.secrets.secrets[name].clone();
    let due = secret(&w, "production-nextcore/database_url").next_rotation().unwrap();
    assert!((w.now..w.now + 30 * DAY).contains(&due));
    assert!(secret(&w, "production-nextcore/redis_url").next_rotation().is_none());
    let before = secret(&w, "production-nextcore/database_url");
    let name = w.rotate_secret("production-nextcore/database_url", Some(10), None, true).unwrap().name.clone();
    let after = secret(&w, &name);
    assert_eq!((after.previous, after.rotated_at), (Some(before.version), Some(w.now)));
    let error = w.rotate_secret("production-nextcore/redis_url", None, None, true).unwrap_err();
    assert_eq!(error.code, "InvalidRequestException", "there is no function that could rotate it");
    w.secrets.find_mut(&name).unwrap().rotated_at = Some(w.now - 10 * DAY);
    run(&mut w, MIN);
    assert!(secret(&w, &name).rotated_at.unwrap() > w.now - 2 * MIN, "the calendar rotates it again");
}

#[test]
fn roles_are_used_by_those_who_have_them() {
    let mut w = quiet();
    let used = |w: &World, name: &str| w.iam.role(&format!("production-nextcore-{name}")).unwrap().last_used.unwrap();
    let idle = [used(&w, "codebuild"), used(&w, "codepipeline")];
    run(&mut w, 10 * MIN);
    for name in ["ecs-task", "ecs-execution", "rds-monitoring"] {
        assert!(w.now - used(&w, name) <= MIN, "{name}");
    }
    assert_eq!([used(&w, "codebuild"), used(&w, "codepipeline")], idle, "nobody builds");
    w.start_pipeline(STACK, None, None, "test").unwrap();
    run(&mut w, 3 * MIN);
    assert!(used(&w, "codebuild") > idle[0] && used(&w, "codepipeline") > idle[1]);
}
