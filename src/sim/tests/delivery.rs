//! Delivery and security over the wire: their own errors, both protocols, documents as AWS writes them, no secret values.

use super::*;

fn kms(operation: &str, body: &str) -> Request<Bytes> {
    json("kms", &format!("TrentService.{operation}"), body)
}

fn ecr(operation: &str, body: &str) -> Request<Bytes> {
    json("ecr", &format!("AmazonEC2ContainerRegistry_V20150921.{operation}"), body)
}

fn builds(operation: &str, body: &str) -> Request<Bytes> {
    json("codebuild", &format!("CodeBuild_20161006.{operation}"), body)
}

fn pipeline(operation: &str, body: &str) -> Request<Bytes> {
    json("codepipeline", &format!("CodePipeline_20150709.{operation}"), body)
}

fn secrets(operation: &str, body: &str) -> Request<Bytes> {
    json("secretsmanager", &format!("secretsmanager.{operation}"), body)
}

/// The JSON of a good answer.
fn answer(cloud: &Cloud, request: Request<Bytes>) -> serde_json::Value {
    let response = cloud.handle(request);
    assert_eq!(response.status(), 200, "{}", text(&response));
    serde_json::from_str(&text(&response)).unwrap()
}

#[test]
fn errors_of_delivery_and_security_are_the_services_own() {
    let (cloud, _) = cloud();
    let stage = r#"{"pipelineName":"production-nextcore","stageName":"Nope","transitionType":"Inbound"}"#;
    for (request, status, expected) in [
        (query("iam", "Action=GetRole&RoleName=nope&Version=2010-05-08"), 404, "<Code>NoSuchEntity</Code>"),
        (query("iam", "Action=GetRole&Version=2010-05-08"), 400, "<Code>ValidationError</Code>"),
        (kms("DescribeKey", r#"{"KeyId":"alias/nope"}"#), 400, "NotFoundException"),
        (kms("DescribeKey", "{}"), 400, "ValidationException"),
        (secrets("DescribeSecret", r#"{"SecretId":"nope"}"#), 400, "ResourceNotFoundException"),
        (secrets("GetSecretValue", r#"{"SecretId":"production-nextcore/redis_url"}"#), 400, "UnknownOperationException"),
        (secrets("BatchGetSecretValue", r#"{"SecretIdList":["production-nextcore/redis_url"]}"#), 400, "UnknownOperationException"),
        (ecr("DescribeImages", r#"{"repositoryName":"nope"}"#), 400, "RepositoryNotFoundException"),
        (ecr("DescribeImages", r#"{"repositoryName":"nextcore/web","imageIds":[{"imageTag":"x"}]}"#), 400, "ImageNotFoundException"),
        (builds("StartBuild", r#"{"projectName":"nope"}"#), 400, "ResourceNotFoundException"),
        (builds("BatchGetBuilds", r#"{"ids":[]}"#), 400, "InvalidInputException"),
        (pipeline("GetPipeline", r#"{"name":"nope"}"#), 400, "PipelineNotFoundException"),
        (pipeline("EnableStageTransition", stage), 400, "StageNotFoundException"),
    ] {
        let name = format!("{request:?}");
        let response = cloud.handle(request);
        assert_eq!(response.status(), status, "{name}: {}", text(&response));
        assert!(text(&response).contains(expected), "{name}: {}", text(&response));
    }
}

#[test]
fn codebuild_and_codepipeline_answer_both_protocols() {
    let (cloud, _) = cloud();
    assert_eq!(answer(&cloud, builds("ListProjects", "{}"))["projects"][1], "production-nextcore-web");
    for (service, path) in
        [("codebuild", "CodeBuild_20161006/operation/ListProjects"), ("codepipeline", "CodePipeline_20150709/operation/ListPipelines")]
    {
        let request =
            Request::post(format!("/service/{path}")).header("authorization", authorization(service)).body(Bytes::from_static(&[0xa0]));
        let response = cloud.handle(request.unwrap());
        assert_eq!(
            (response.status().as_u16(), &response.headers()["smithy-protocol"]),
            (200, &http::HeaderValue::from_static("rpc-v2-cbor"))
        );
        assert!(text(&response).contains("production-nextcore"));
    }
}

#[test]
fn a_trust_policy_is_url_encoded() {
    let (cloud, _) = cloud();
    let role = "Action=GetRole&RoleName=production-nextcore-ecs-task&Version=2010-05-08";
    let body = text(&cloud.handle(query("iam", role)));
    let document = body.split("<AssumeRolePolicyDocument>").nth(1).unwrap().split('<').next().unwrap();
    assert!(document.starts_with("%7B%22Version%22%3A%222012-10-17%22"), "{document}");
    assert!(document.contains("%22Service%22%3A%22ecs-tasks.amazonaws.com%22"), "{document}");
}

#[test]
fn a_refused_action_is_refused_by_the_simulation() {
    let (cloud, _) = cloud();
    let ask = || {
        let source = "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FOnCall";
        let body =
            format!("Action=SimulatePrincipalPolicy&PolicySourceArn={source}&ActionNames.member.1=ecs%3AStopTask&Version=2010-05-08");
        text(&cloud.handle(query("iam", &body)))
    };
    assert!(ask().contains("<EvalDecision>allowed</EvalDecision>"));
    cloud.world(|world| world.refuse_action("OnCall", "ecs:StopTask", true));
    assert!(ask().contains("<EvalDecision>implicitDeny</EvalDecision>"));
    cloud.world(|world| world.refuse_action("OnCall", "ecs:StopTask", false));
    assert!(ask().contains("<EvalDecision>allowed</EvalDecision>"));
}

#[test]
fn a_started_execution_shows_in_every_place() {
    let (cloud, now) = cloud();
    let id = answer(&cloud, pipeline("StartPipelineExecution", r#"{"name":"production-nextcore"}"#))["pipelineExecutionId"].clone();
    // The release that a newcomer sees is under way: this one waits for the Build stage to be free.
    now.fetch_add(60_000, Ordering::Relaxed);
    let state = answer(&cloud, pipeline("GetPipelineState", r#"{"name":"production-nextcore"}"#));
    assert_eq!(state["stageStates"][1]["inboundExecution"]["pipelineExecutionId"], id, "{state:#}");
    assert_eq!(state["stageStates"][0]["latestExecution"]["status"], "Succeeded");
    now.fetch_add(20 * 60_000, Ordering::Relaxed);
    let state = answer(&cloud, pipeline("GetPipelineState", r#"{"name":"production-nextcore"}"#));
    let deploy = &state["stageStates"][2];
    assert_eq!((&deploy["latestExecution"]["pipelineExecutionId"], &deploy["latestExecution"]["status"]), (&id, &"Succeeded".into()));
    let build = state["stageStates"][1]["actionStates"][1]["latestExecution"]["externalExecutionId"].as_str().unwrap().to_owned();
    let build = answer(&cloud, builds("BatchGetBuilds", &format!(r#"{{"ids":["{build}"]}}"#)));
    let variables = build["builds"][0]["exportedEnvironmentVariables"].clone();
    let of = |name: &str| variables.as_array().unwrap().iter().find(|v| v["name"] == name).unwrap()["value"].as_str().unwrap().to_owned();
    let images = answer(
        &cloud,
        ecr("DescribeImages", &format!(r#"{{"repositoryName":"nextcore/web","imageIds":[{{"imageTag":"{}"}}]}}"#, of("IMAGE_TAG"))),
    );
    assert_eq!(images["imageDetails"][0]["imageDigest"], of("IMAGE_DIGEST"));
    assert_eq!(images["imageDetails"][0]["imageScanStatus"]["status"], "COMPLETE");
    let tasks = ecs("ListTasks", r#"{"cluster":"production-nextcore","serviceName":"web"}"#);
    let arns = answer(&cloud, tasks)["taskArns"].clone();
    let tasks = answer(&cloud, ecs("DescribeTasks", &format!(r#"{{"cluster":"production-nextcore","tasks":{arns}}}"#)));
    for task in tasks["tasks"].as_array().unwrap() {
        assert_eq!(task["containers"][0]["imageDigest"], of("IMAGE_DIGEST"));
    }
}
