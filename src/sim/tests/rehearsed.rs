//! What rehearsed incidents look like over the wire: the answers that a client gets, not the world behind them.

use super::*;
use crate::world::names::{CONTROL, DB, WEB, WORKER};

const MINUTE: i64 = 60_000;

/// A cloud in which a scenario has been in force for so long.
fn after(scenario: &str, time: i64) -> Arc<Cloud> {
    let (cloud, now) = cloud();
    now.fetch_add(15 * MINUTE, Ordering::Relaxed);
    cloud.inject(&Scenario::parse(scenario).unwrap());
    now.fetch_add(time, Ordering::Relaxed);
    cloud
}

fn answer(cloud: &Cloud, request: Request<Bytes>) -> String {
    let response = cloud.handle(request);
    assert_eq!(response.status(), 200, "{}", text(&response));
    text(&response)
}

/// The stopped tasks of a service, described.
fn stopped(cloud: &Cloud, service: &str) -> serde_json::Value {
    let list = format!(r#"{{"cluster":"production-nextcore","serviceName":"{service}","desiredStatus":"STOPPED"}}"#);
    let listed: serde_json::Value = serde_json::from_str(&answer(cloud, ecs("ListTasks", &list))).unwrap();
    let ask = serde_json::json!({ "cluster": "production-nextcore", "tasks": listed["taskArns"] });
    serde_json::from_str(&answer(cloud, ecs("DescribeTasks", &ask.to_string()))).unwrap()
}

#[test]
fn a_full_volume_is_a_status_and_events() {
    let cloud = after("storage-filling", 15 * MINUTE);
    let database = answer(&cloud, query("rds", &format!("Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier={DB}")));
    assert!(database.contains("<DBInstanceStatus>storage-full</DBInstanceStatus>"), "{database}");
    let events = "Action=DescribeEvents&Version=2014-10-31&Duration=60&EventCategories.EventCategory.1=low+storage";
    let told = answer(&cloud, query("rds", events));
    let at = |part: &str| told.find(part).unwrap_or_else(|| panic!("{part}: {told}"));
    assert!(at("is low at 10% of the provisioned storage") < at("is low at 5% of the allocated storage"));
    assert!(
        at("is low at 5% of the allocated storage") < at("has reached the storage-full threshold, and the database has been shut down.")
    );
    let reboot = cloud.handle(query("rds", &format!("Action=RebootDBInstance&Version=2014-10-31&DBInstanceIdentifier={DB}")));
    assert!(text(&reboot).contains("InvalidDBInstanceState"));
    let grow = format!("Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier={DB}&AllocatedStorage=200&ApplyImmediately=true");
    assert!(answer(&cloud, query("rds", &grow)).contains("<AllocatedStorage>200</AllocatedStorage>"));
}

#[test]
fn a_spike_ends_in_an_activity_that_did_not_scale() {
    let cloud = after("traffic-spike", 16 * MINUTE);
    let ask = |all: bool| {
        let body =
            format!(r#"{{"ServiceNamespace":"ecs","ResourceId":"service/production-nextcore/{WEB}","IncludeNotScaledActivities":{all}}}"#);
        let request = json("application-autoscaling", "AnyScaleFrontendService.DescribeScalingActivities", &body);
        serde_json::from_str::<serde_json::Value>(&answer(&cloud, request)).unwrap()
    };
    let newest = ask(true)["ScalingActivities"][0].clone();
    let reason = serde_json::json!([{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 6, "CurrentCapacity": 6}]);
    assert_eq!(newest["NotScaledReasons"], reason, "{newest}");
    assert_eq!((&newest["StatusCode"], newest["EndTime"].is_null()), (&serde_json::json!("Failed"), false));
    assert!(newest["Cause"].as_str().unwrap().contains("AlarmHigh"));
    let shown = ask(false);
    assert!(!shown.to_string().contains("AlreadyAtMaxCapacity"), "only who asks for them sees them");
    assert!(shown["ScalingActivities"][0]["Description"].as_str().unwrap().starts_with("Setting desired count to 6."));
}

#[test]
fn dead_tasks_say_why_they_died() {
    let memory = stopped(&after("oom:celery-worker", 6 * MINUTE), WORKER);
    let container = &memory["tasks"][0]["containers"][0];
    assert_eq!(container["exitCode"], 137, "{memory}");
    assert_eq!(container["reason"], "OutOfMemoryError: Container killed due to memory usage");
    assert_eq!(memory["tasks"][0]["stopCode"], "EssentialContainerExited");

    let cloud = after("image-pull:control-plane", 3 * MINUTE);
    let tasks = stopped(&cloud, CONTROL);
    let failed: Vec<&serde_json::Value> =
        tasks["tasks"].as_array().unwrap().iter().filter(|task| task["stopCode"] == "TaskFailedToStart").collect();
    assert!(!failed.is_empty(), "{tasks}");
    for task in failed {
        assert!(task["stoppedReason"].as_str().unwrap().starts_with("CannotPullContainerError: "), "{task}");
        assert!(task["startedAt"].is_null() && !task["pullStartedAt"].is_null() && task["containers"][0]["exitCode"].is_null());
    }
    let ask = format!(r#"{{"cluster":"production-nextcore","services":["{CONTROL}"]}}"#);
    let service = answer(&cloud, ecs("DescribeServices", &ask));
    assert!(service.contains("was unable to place a task. Reason: CannotPullContainerError: "), "{service}");
    let digest: String = tasks.to_string().split("@sha256:").nth(1).unwrap().chars().take(64).collect();
    let image = format!(r#"{{"repositoryName":"nextcore/control","imageIds":[{{"imageDigest":"sha256:{digest}"}}]}}"#);
    let gone = cloud.handle(json("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeImages", &image));
    assert!(text(&gone).contains("ImageNotFoundException"));
    cloud.heal();
    assert!(answer(&cloud, json("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeImages", &image)).contains(&digest));
}

#[test]
fn a_closed_group_lacks_a_rule_and_gets_another() {
    let (cloud, _) = cloud();
    let group = cloud.world(|w| w.network.rds_sg.clone());
    let ask = format!("Action=DescribeSecurityGroupRules&Version=2016-11-15&Filter.1.Name=group-id&Filter.1.Value.1={group}");
    let ids = || {
        let told = answer(&cloud, query("ec2", &ask));
        told.split("<securityGroupRuleId>").skip(1).filter_map(|part| part.split('<').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    let before = ids();
    cloud.inject(&Scenario::parse("sg-closed:rds").unwrap());
    assert_eq!((before.len(), ids().len()), (1, 0));
    cloud.heal();
    let now = ids();
    assert!(now.len() == 1 && now != before, "{before:?} {now:?}");
}
