"""CodeBuild and CodePipeline, with boto3 and awscli: history, a build and an execution that are really started, errors.

Called by `check_clients.py`. Nothing here waits for a delivery to end (that takes minutes); the physics has its own tests.
"""

import time

import cbor2
import urllib3

from harness import ACCOUNT, NOW, aware, both, has, some

PIPELINE = "production-nextcore"
PROJECTS = [f"{PIPELINE}-{n}" for n in ("control", "web", "worker")]


def codebuild(h):
    s, web = "codebuild", {"projectName": PROJECTS[1]}
    h.call(s, "ListProjects", lambda a: None if a["projects"] == PROJECTS else str(a))
    h.call(s, "ListProjects", lambda a: None if a["projects"] == PROJECTS[::-1] else str(a), sortBy="NAME", sortOrder="DESCENDING")
    h.call(s, "ListProjects", "InvalidInputException", nextToken="rubbish")
    h.call(s, "BatchGetProjects", both(
        has("projects[].source.buildspec", "projects[].logsConfig.cloudWatchLogs.groupName", "projects[].serviceRole"),
        aware("projects.0.created", "projects.0.lastModified"),
        lambda a: None if all(p["environment"]["privilegedMode"] and p["environment"]["type"] == "LINUX_CONTAINER" for p in a["projects"])
        and a["projectsNotFound"] == ["nope"] else str(a)), names=[*PROJECTS, "nope"])
    h.call(s, "BatchGetProjects", "InvalidInputException", names=["x"] * 101)
    ids = h.call(s, "ListBuildsForProject", lambda a: None if len(a["ids"]) > 9 else "few builds", **web)["ids"]
    h.call(s, "ListBuildsForProject", lambda a: None if a["ids"][: len(ids)] == ids[::-1][: len(a["ids"])] else "order",
           sortOrder="ASCENDING", **web)
    h.call(s, "ListBuildsForProject", "ResourceNotFoundException", projectName="nope")
    h.call(s, "ListBuildsForProject", "InvalidInputException", nextToken="rubbish", **web)

    def finished(a):
        for build in (b for b in a["builds"] if b["buildComplete"]):
            names = [p["phaseType"] for p in build["phases"]]
            if (names[0], names[-1], build["currentPhase"]) != ("SUBMITTED", "COMPLETED", "COMPLETED"):
                return f"phases {names}"
            if len(build["resolvedSourceVersion"]) != 40 or not build["reportArns"]:
                return f"commit or report of {build['id']}"
            took = (build["endTime"] - build["startTime"]).total_seconds()
            if abs(took - sum(p.get("durationInSeconds", 0) for p in build["phases"])) > 2:
                return f"{took} s, but the phases say otherwise"
        return None

    builds = h.call(s, "BatchGetBuilds", both(
        has("builds[].logs.deepLink", "builds[].logs.streamName", "builds[].exportedEnvironmentVariables[].value"),
        aware("builds.1.startTime", "builds.1.endTime"), finished,
        lambda a: None if a["buildsNotFound"] == ["nope:1"] else str(a["buildsNotFound"])), ids=[*ids[:20], "nope:1"])["builds"]
    statuses = {b["buildStatus"] for b in builds}
    h.report("codebuild has good and failed builds", None if {"SUCCEEDED", "FAILED"} <= statuses else str(statuses))
    h.report("codebuild builds for the pipeline", None if any(b["initiator"] == f"codepipeline/{PIPELINE}" for b in builds) else "none")
    h.call(s, "BatchGetBuilds", lambda a: None if a["builds"][0]["id"] == ids[0] else str(a),
           ids=[f"arn:aws:codebuild:ap-southeast-2:{ACCOUNT}:build/{ids[0]}"])
    build = h.call(s, "StartBuild", both(has("build.arn", "build.phases"), lambda a: None if a["build"]["buildStatus"] == "IN_PROGRESS"
                                         and a["build"]["initiator"] == "OnCall/ops" else str(a)), idempotencyToken="checks-1", **web)["build"]
    h.call(s, "StartBuild", lambda a: None if a["build"]["id"] == build["id"] else "another build", idempotencyToken="checks-1", **web)
    h.call(s, "StartBuild", "ResourceNotFoundException", projectName="nope")
    h.call(s, "RetryBuild", "InvalidInputException", id=build["id"])
    running_log(h, build)
    h.call(s, "StopBuild", lambda a: None if a["build"]["buildStatus"] == "STOPPED" else str(a), id=build["id"])
    h.call(s, "RetryBuild", lambda a: None if a["build"]["buildNumber"] > build["buildNumber"] else str(a), id=build["id"])
    h.call(s, "StopBuild", "ResourceNotFoundException", id=f"{PROJECTS[1]}:nope")
    h.call(s, "StopBuild", "InvalidInputException", id="nope")
    h.call("cloudwatch", "ListMetrics", has("Metrics[].MetricName"), Namespace="AWS/CodeBuild",
           Dimensions=[{"Name": "ProjectName", "Value": PROJECTS[0]}])
    h.aws("codebuild", "list-projects", expect=some("projects"))
    h.aws("codebuild", "batch-get-projects", "--names", *PROJECTS, expect=some("projects"))
    h.aws("codebuild", "list-builds-for-project", "--project-name", PROJECTS[0], "--max-items", "2", expect=some("ids"))
    h.aws("codebuild", "batch-get-builds", "--ids", ids[0], expect=some("builds"))
    h.aws("codebuild", "stop-build", "--id", build["id"], expect=some("build"))
    h.aws("codebuild", "start-build", "--project-name", "nope", expect="ResourceNotFoundException")


def running_log(h, build):
    """A build that runs writes to the log that it names."""
    for _ in range(30):
        logs = h.client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]["logs"]
        if logs.get("streamName"):
            events = h.client("logs").get_log_events(logGroupName=logs["groupName"], logStreamName=logs["streamName"])["events"]
            h.report("codebuild writes its log", None if any("DOWNLOAD_SOURCE" in e["message"] for e in events) else str(events))
            return
        time.sleep(1)
    h.report("codebuild writes its log", "no stream after 30 s")


def codepipeline(h):
    s, p = "codepipeline", {"pipelineName": PIPELINE}
    h.call(s, "ListPipelines", both(aware("pipelines.0.created"), lambda a: None if a["pipelines"][0]["pipelineType"] == "V2" else str(a)))
    wanted = [("Source", "CodeStarSourceConnection"), ("Build", "CodeBuild"), ("Deploy", "ECS")]
    h.call(s, "GetPipeline", both(
        has("metadata.pipelineArn", "pipeline.roleArn", "pipeline.stages[].actions[].configuration"), aware("metadata.updated"),
        lambda a: None if [(x["actionTypeId"]["category"], x["actionTypeId"]["provider"]) for st in a["pipeline"]["stages"]
                           for x in st["actions"][:1]] == wanted else str(a)), name=PIPELINE)
    h.call(s, "GetPipeline", "PipelineNotFoundException", name="nope")
    h.call(s, "GetPipeline", "PipelineVersionNotFoundException", name=PIPELINE, version=99)
    h.call(s, "GetPipelineState", both(
        has("stageStates[].latestExecution.pipelineExecutionId", "stageStates[].actionStates[].latestExecution.externalExecutionId",
            "stageStates[].actionStates[].currentRevision.revisionId"),
        aware("stageStates.0.actionStates.0.latestExecution.lastStatusChange"),
        lambda a: None if all(x["inboundTransitionState"]["enabled"] for x in a["stageStates"]) else "disabled"), name=PIPELINE)
    h.call(s, "GetPipelineState", "PipelineNotFoundException", name="nope")
    past = h.call(s, "ListPipelineExecutions", both(
        has("pipelineExecutionSummaries[].sourceRevisions[].revisionSummary", "pipelineExecutionSummaries[].trigger.triggerType"),
        aware("pipelineExecutionSummaries.0.startTime", "pipelineExecutionSummaries.0.lastUpdateTime"),
        lambda a: None if {"Succeeded", "Failed"} <= {x["status"] for x in a["pipelineExecutionSummaries"]} else "all alike"),
        **p)["pipelineExecutionSummaries"]
    h.pages(s, "ListPipelineExecutions", "pipelineExecutionSummaries", 4, **p)
    h.call(s, "ListPipelineExecutions", lambda a: None if a["pipelineExecutionSummaries"] and all(
        x["status"] == "Succeeded" for x in a["pipelineExecutionSummaries"]) else str(a),
        filter={"succeededInStage": {"stageName": "Deploy"}}, **p)
    h.call(s, "ListPipelineExecutions", "InvalidNextTokenException", nextToken="rubbish", **p)
    h.call(s, "ListPipelineExecutions", "ValidationException", maxResults=101, **p)
    done = next(x["pipelineExecutionId"] for x in past if x["status"] == "Succeeded")
    h.call(s, "GetPipelineExecution", has("pipelineExecution.artifactRevisions[].revisionId"), pipelineExecutionId=done, **p)
    h.call(s, "GetPipelineExecution", "PipelineExecutionNotFoundException", pipelineExecutionId="0" * 36, **p)
    h.call(s, "ListActionExecutions", both(
        has("actionExecutionDetails[].output.executionResult.externalExecutionId", "actionExecutionDetails[].input.actionTypeId.provider"),
        lambda a: None if len(a["actionExecutionDetails"]) == 7 else str(len(a["actionExecutionDetails"]))),
        filter={"pipelineExecutionId": done}, **p)
    h.pages(s, "ListActionExecutions", "actionExecutionDetails", 30, **p)
    pipeline_writes(h, done)
    h.aws("codepipeline", "list-pipelines", expect=some("pipelines"))
    h.aws("codepipeline", "get-pipeline", "--name", PIPELINE, expect=some("pipeline"))
    h.aws("codepipeline", "get-pipeline-state", "--name", PIPELINE, expect=some("stageStates"))
    h.aws("codepipeline", "list-pipeline-executions", "--pipeline-name", PIPELINE, "--max-items", "2", expect=some("NextToken"))
    h.aws("codepipeline", "get-pipeline-execution", "--pipeline-name", PIPELINE, "--pipeline-execution-id", done,
          expect=some("pipelineExecution"))
    h.aws("codepipeline", "start-pipeline-execution", "--name", "nope", expect="PipelineNotFoundException")


def pipeline_writes(h, done):
    s, p = "codepipeline", {"pipelineName": PIPELINE}
    transition = {"stageName": "Deploy", "transitionType": "Inbound", **p}
    h.call(s, "DisableStageTransition", None, reason="checks", **transition)
    h.call(s, "GetPipelineState", both(aware("stageStates.2.inboundTransitionState.lastChangedAt"), lambda a: None if (
        a["stageStates"][2]["inboundTransitionState"]["disabledReason"] == "checks") else str(a)), name=PIPELINE)
    h.call(s, "EnableStageTransition", None, **transition)
    h.call(s, "DisableStageTransition", "StageNotFoundException", reason="x", **{**transition, "stageName": "Nope"})
    started = h.call(s, "StartPipelineExecution", has("pipelineExecutionId"), name=PIPELINE, clientRequestToken="checks-1")
    started = started["pipelineExecutionId"]
    h.call(s, "StartPipelineExecution", lambda a: None if a["pipelineExecutionId"] == started else "another execution",
           name=PIPELINE, clientRequestToken="checks-1")
    h.call(s, "StartPipelineExecution", "PipelineNotFoundException", name="nope")
    h.call(s, "ListPipelineExecutions", lambda a: None if a["pipelineExecutionSummaries"][0]["pipelineExecutionId"] == started
           and a["pipelineExecutionSummaries"][0]["trigger"]["triggerType"] == "StartPipelineExecution" else str(a), maxResults=1, **p)
    h.call(s, "StopPipelineExecution", has("pipelineExecutionId"), pipelineExecutionId=started, reason="checks", **p)
    h.call(s, "GetPipelineExecution", lambda a: None if a["pipelineExecution"]["status"] in ("Stopping", "Stopped") else str(a),
           pipelineExecutionId=started, **p)
    h.call(s, "StopPipelineExecution", "PipelineExecutionNotStoppableException", pipelineExecutionId=done, **p)
    retry = {"stageName": "Build", "retryMode": "FAILED_ACTIONS", **p}
    h.call(s, "RetryStageExecution", "StageNotFoundException", pipelineExecutionId=done, **{**retry, "stageName": "Nope"})
    h.call(s, "RetryStageExecution", "NotLatestPipelineExecutionException", pipelineExecutionId=done, **retry)
    h.call(s, "RetryStageExecution", "StageNotRetryableException", pipelineExecutionId="0" * 36, **retry)
    back = {"stageName": "Deploy", **p}
    h.call(s, "RollbackStage", "PipelineExecutionNotFoundException", targetPipelineExecutionId="0" * 36, **back)
    h.call(s, "RollbackStage", "UnableToRollbackStageException", targetPipelineExecutionId=done, **{**back, "stageName": "Source"})


def cbor(h):
    """Newer clients speak smithy-rpc-v2-cbor to both services."""
    authorization = "AWS4-HMAC-SHA256 Credential=A/20261123/ap-southeast-2/{}/aws4_request, SignedHeaders=host, Signature=0"
    for service, target, operation, given, member in [
        ("codebuild", "CodeBuild_20161006", "BatchGetProjects", {"names": PROJECTS}, "projects"),
        ("codepipeline", "CodePipeline_20150709", "GetPipelineState", {"name": PIPELINE}, "stageStates"),
    ]:
        answer = urllib3.PoolManager().request(
            "POST", f"{h.endpoint}/service/{target}/operation/{operation}", body=cbor2.dumps(given),
            headers={"authorization": authorization.format(service), "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"})
        body = cbor2.loads(answer.data)
        good = answer.status == 200 and answer.headers["smithy-protocol"] == "rpc-v2-cbor" and body.get(member)
        made = body.get("created", body.get("projects", [{}])[0].get("created"))
        h.report(f"cbor {service} {operation}", None if good and abs((NOW - made).days) < 2000 else str(body)[:200])


def run(h):
    for part in (codebuild, codepipeline, cbor):
        try:
            part(h)
        except Exception as error:  # noqa: BLE001
            h.report(f"delivery {part.__name__}", repr(error))
