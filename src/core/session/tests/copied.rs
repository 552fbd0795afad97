//! What `y`, `Y` and `u` copy of boxes and rows: the name that the AWS CLI takes, the ARN, the page in the console.

use super::*;
use crate::model::alarm::Alarms;
use crate::model::place::{Chosen, Place};

/// The healthy stack in its region, with the panel of a pane open at its first row, or a box selected.
fn looking_at(place: &str) -> Session {
    let mut world = World::healthy();
    world.edit::<Alarms>(|a| a.alarms.retain(|alarm| alarm.name.ends_with("rds-cpu-high")));
    world.store.place = Arc::new(Place { region: Some(Chosen::new("ap-southeast-2", "--region")), ..(*world.store.place).clone() });
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (120, 40), now: world.now };
    let mut session = Session::new(options);
    let judgement = world.judge();
    update(&mut session, Msg::Observed(Arc::new(world.store), judgement));
    let (node, keys) = place.split_once(' ').unwrap_or((place, ""));
    session.selected = node.parse().unwrap();
    press(&mut session, keys);
    session
}

/// What a key copies, or the words of why it copies nothing.
fn copied(session: &mut Session, key: &str) -> String {
    match press(session, key).pop() {
        Some(Effect::Copy(text)) => text,
        _ => session.flash.as_ref().map(|f| f.text.clone()).unwrap_or_default(),
    }
}

const REGION: &str = "ap-southeast-2:111122223333";

#[test]
fn y_copies_the_name_and_the_other_key_the_arn_of_every_box() {
    for (node, name, arn) in [
        ("svc/web", "web", format!("arn:aws:ecs:{REGION}:service/production-nextcore/web")),
        ("db", "production-nextcore-db", format!("arn:aws:rds:{REGION}:db:production-nextcore-db")),
        ("redis", "production-nextcore-redis", format!("arn:aws:elasticache:{REGION}:replicationgroup:production-nextcore-redis")),
        ("logs", "/ecs/production-nextcore", format!("arn:aws:logs:{REGION}:log-group:/ecs/production-nextcore")),
        ("pipeline", "production-nextcore", format!("arn:aws:codepipeline:{REGION}:production-nextcore")),
        ("cdn", "E2NEXTCOREAI0T", "arn:aws:cloudfront::111122223333:distribution/E2NEXTCOREAI0T".to_owned()),
        ("vpc", "vpc-0a6c2f81d94be3057", "no ARN is known of vpc-0a6c2f81d94be3057".to_owned()),
        ("s3", "nothing to copy here", "no ARN is known of S3".to_owned()),
        ("iam", "nothing to copy here", "no ARN is known of IAM".to_owned()),
    ] {
        let mut session = looking_at(node);
        assert_eq!((copied(&mut session, "y"), copied(&mut session, "Y")), (name.to_owned(), arn), "{node}");
    }
    let mut session = looking_at("alb");
    assert_eq!(copied(&mut session, "y"), "production-nextcore");
    assert!(
        copied(&mut session, "Y")
            .starts_with("arn:aws:elasticloadbalancing:ap-southeast-2:111122223333:loadbalancer/app/production-nextcore/")
    );
}

#[test]
fn y_copies_the_name_and_the_other_key_the_arn_of_every_row() {
    for (place, name, arn) in [
        ("svc/web enter", "", format!("arn:aws:ecs:{REGION}:task/production-nextcore/")),
        ("alb enter 3", "production-nextcore-", format!("arn:aws:elasticloadbalancing:{REGION}:targetgroup/")),
        ("alb enter", "10.0.", "no ARN is known of 10.0.".to_owned()),
        ("alarms enter", "production-nextcore-", format!("arn:aws:cloudwatch:{REGION}:alarm:production-nextcore-")),
        ("s3 enter", "nextcore-documents", "arn:aws:s3:::nextcore-documents".to_owned()),
        ("s3 enter 2", "nextcore-documents", "arn:aws:s3:::nextcore-documents".to_owned()),
        ("iam enter", "production-nextcore-ecs-task", "arn:aws:iam::111122223333:role/".to_owned()),
        ("kms enter", "alias/production-nextcore-rds", format!("arn:aws:kms:{REGION}:key/")),
        ("secrets enter", "production-nextcore/", format!("arn:aws:secretsmanager:{REGION}:secret:")),
        ("build enter", "production-nextcore-", format!("arn:aws:codebuild:{REGION}:build/production-nextcore-")),
        ("nat enter", "nat-", format!("arn:aws:ec2:{REGION}:natgateway/nat-")),
        ("vpc enter", "subnet-", "no ARN is known of subnet-".to_owned()),
        ("vpc enter 5", "203.0.113.21", format!("arn:aws:ec2:{REGION}:elastic-ip/eipalloc-")),
        ("dns enter", "_dmarc.nextcore.ai.", "no ARN is known of _dmarc.nextcore.ai.".to_owned()),
        ("redis enter", "production-nextcore-redis-", format!("arn:aws:elasticache:{REGION}:cluster:production-nextcore-redis-")),
        ("db c", "production-nextcore-db", format!("arn:aws:rds:{REGION}:db:production-nextcore-db")),
    ] {
        let mut session = looking_at(place);
        let (y, arn_of) = (copied(&mut session, "y"), copied(&mut session, "Y"));
        assert!(y.starts_with(name) && !y.starts_with("nothing") && arn_of.starts_with(&arn), "{place}: {y} {arn_of}");
    }
}

/// What a line says is copied as it stands; its ARN and its page are those of the box that it is about.
#[test]
fn of_prose_the_line_is_copied_and_the_arn_of_what_it_is_about() {
    let mut session = looking_at("db enter 2");
    let line = copied(&mut session, "y");
    assert!(line.contains(' '), "a statement: {line}");
    assert_eq!(copied(&mut session, "Y"), format!("arn:aws:rds:{REGION}:db:production-nextcore-db"));
    let mut session = looking_at("svc/web e");
    assert!(copied(&mut session, "u").starts_with("https://console.aws.amazon.com/"), "the box of the event");
}

#[test]
fn u_copies_the_page_of_the_selection() {
    for (place, page) in [
        ("svc/web", "/ecs/v2/clusters/production-nextcore/services/web/health?region=ap-southeast-2"),
        ("logs", "/cloudwatch/home?region=ap-southeast-2#logsV2:log-groups/log-group/$252Fecs$252Fproduction-nextcore"),
        ("db", "/rds/home?region=ap-southeast-2#database:id=production-nextcore-db;is-cluster=false"),
        ("s3", "/s3/buckets?region=ap-southeast-2"),
        ("s3 enter", "/s3/buckets/nextcore-documents?region=ap-southeast-2"),
        ("logs enter", "/cloudwatch/home?region=ap-southeast-2#logsV2:log-groups/log-group/$252Fecs$252Fproduction-nextcore"),
    ] {
        assert_eq!(copied(&mut looking_at(place), "u"), format!("https://console.aws.amazon.com{page}"), "{place}");
    }
    assert_eq!(copied(&mut looking_at("timeline"), "u"), "no console page is known of timeline");
}

#[test]
fn of_another_resource_of_a_kind_its_own_name_is_copied() {
    let mut session = looking_at("db");
    session.stack.other_databases = vec!["reporting".into()];
    let (store, judgement) = (Arc::clone(&session.store), session.judgement.clone());
    update(&mut session, Msg::Observed(store, judgement));
    session.selected = "db/reporting".parse().unwrap();
    assert_eq!(copied(&mut session, "y"), "reporting");
    assert_eq!(copied(&mut session, "Y"), "no ARN is known of reporting", "whether it is an instance or a cluster was not read");
}
