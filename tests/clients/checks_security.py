"""IAM, KMS, Secrets Manager and ECR, with boto3 and awscli: reads, the writes that make the stack drift, paging, errors.

Called by `check_clients.py`. What is switched off or deleted here is put back, so that other checks see a whole stack.
"""

import json
import urllib.parse

from harness import ACCOUNT, aware, both, has, some

REGION_ARN = f"ap-southeast-2:{ACCOUNT}"
STACK = "production-nextcore"
REPOSITORIES = ["nextcore/control", "nextcore/web", "nextcore/worker"]


def iam(h):
    s = "iam"

    def trusts(service):
        def look(a):
            # botocore decodes the document itself; awscli prints it decoded as well.
            document = a["Role"]["AssumeRolePolicyDocument"]
            document = document if isinstance(document, dict) else json.loads(urllib.parse.unquote(document))
            principal = document["Statement"][0]["Principal"].get("Service")
            return None if principal == service else f"trusts {principal}"

        return look

    for name, service in [("ecs-task", "ecs-tasks"), ("ecs-execution", "ecs-tasks"), ("codebuild", "codebuild"),
                          ("codepipeline", "codepipeline"), ("rds-monitoring", "monitoring.rds")]:
        h.call(s, "GetRole", both(has("Role.Arn", "Role.RoleId", "Role.Path"), trusts(f"{service}.amazonaws.com"),
                                  aware("Role.CreateDate", "Role.RoleLastUsed.LastUsedDate")), RoleName=f"{STACK}-{name}")
    h.call(s, "GetRole", "NoSuchEntity", RoleName="nope")
    h.call(s, "ListRoles", both(has("Roles[].Arn"), lambda a: None if len(a["Roles"]) >= 6 else "few roles"))
    h.call(s, "ListRoles", lambda a: None if all(r["Path"].startswith("/aws-service-role/") for r in a["Roles"]) and a["Roles"]
           else "prefix", PathPrefix="/aws-service-role/")
    h.pages(s, "ListRoles", "Roles", 4)
    h.call(s, "ListRoles", "ValidationError", Marker="rubbish")
    h.call(s, "ListRoles", "ValidationError", MaxItems=1, Marker="x")
    h.call(s, "ListAttachedRolePolicies", has("AttachedPolicies[].PolicyArn", "AttachedPolicies[].PolicyName"),
           RoleName=f"{STACK}-ecs-execution")
    h.pages(s, "ListAttachedRolePolicies", "AttachedPolicies", 1, RoleName="OnCall")
    h.call(s, "ListAttachedRolePolicies", "NoSuchEntity", RoleName="nope")
    h.call(s, "ListRolePolicies", lambda a: None if a["PolicyNames"] == ["read-secrets"] else str(a), RoleName=f"{STACK}-ecs-execution")
    h.call(s, "ListRolePolicies", "NoSuchEntity", RoleName="nope")
    source = f"arn:aws:iam::{ACCOUNT}:role/OnCall"
    actions = ["ecs:UpdateService", "rds:RebootDBInstance"]
    h.call(s, "SimulatePrincipalPolicy", both(has("EvaluationResults[].EvalResourceName"), lambda a: None if [
        (r["EvalActionName"], r["EvalDecision"]) for r in a["EvaluationResults"]] == [(x, "allowed") for x in actions] else str(a)),
        PolicySourceArn=source, ActionNames=actions)
    h.pages(s, "SimulatePrincipalPolicy", "EvaluationResults", 1, PolicySourceArn=source, ActionNames=actions, ResourceArns=["*"])
    h.call(s, "SimulatePrincipalPolicy", "NoSuchEntity", PolicySourceArn=f"{source}x", ActionNames=actions)
    h.call(s, "SimulatePrincipalPolicy", "InvalidInput", PolicySourceArn="arn:aws:sts::x:assumed-role/y/z", ActionNames=actions)
    h.aws("iam", "get-role", "--role-name", f"{STACK}-codebuild", expect=some("Role"))
    h.aws("iam", "get-role", "--role-name", "nope", expect="NoSuchEntity")
    h.aws("iam", "list-roles", "--max-items", "3", expect=some("NextToken"))
    h.aws("iam", "simulate-principal-policy", "--policy-source-arn", source, "--action-names", *actions, expect=some("EvaluationResults"))


def kms(h):
    s = "kms"
    ids = {"rds": "1b9f6f0e-6c3d-4f0a-9d3e-7a8c2f51d0aa", "s3": "2c8e7a1d-5f4b-4b19-8e6a-9d0f3c62e1bb",
           "secrets": "3d7f8b2e-4a5c-4c28-9f7b-8e1a4d73f2cc"}
    for name, key in ids.items():
        arn, alias = f"arn:aws:kms:{REGION_ARN}:key/{key}", f"alias/{STACK}-{name}"
        for given in (key, arn, alias, f"arn:aws:kms:{REGION_ARN}:{alias}"):
            h.call(s, "DescribeKey", both(aware("KeyMetadata.CreationDate"), lambda a, arn=arn: None if (
                a["KeyMetadata"]["Arn"], a["KeyMetadata"]["KeyState"], a["KeyMetadata"]["KeyManager"]) == (arn, "Enabled", "CUSTOMER")
                else str(a)), KeyId=given)
        h.call(s, "GetKeyRotationStatus", both(aware("NextRotationDate"), lambda a: None if a["KeyRotationEnabled"] else "off"), KeyId=arn)
    h.call(s, "DescribeKey", "NotFoundException", KeyId="alias/nope")
    h.call(s, "GetKeyRotationStatus", "NotFoundException", KeyId=f"alias/{STACK}-rds")
    h.call(s, "ListAliases", both(aware("Aliases.0.CreationDate"), lambda a: None if {f"alias/{STACK}-{n}" for n in ids} <= {
        x["AliasName"] for x in a["Aliases"]} else str(a)))
    h.call(s, "ListAliases", lambda a: None if [x["TargetKeyId"] for x in a["Aliases"]] == [ids["s3"]] else str(a), KeyId=ids["s3"])
    h.pages(s, "ListAliases", "Aliases", 1)
    h.pages(s, "ListKeys", "Keys", 3)
    h.call(s, "ListKeys", "InvalidMarkerException", Marker="rubbish")
    key = ids["s3"]
    state = lambda wanted: lambda a: None if a["KeyMetadata"]["KeyState"] == wanted else a["KeyMetadata"]["KeyState"]  # noqa: E731
    h.call(s, "DisableKey", None, KeyId=key)
    h.call(s, "DescribeKey", both(state("Disabled"), lambda a: None if a["KeyMetadata"]["Enabled"] is False else "enabled"), KeyId=key)
    h.call(s, "EnableKeyRotation", "DisabledException", KeyId=key)
    h.call(s, "EnableKey", None, KeyId=key)
    h.call(s, "DisableKeyRotation", None, KeyId=key)
    h.call(s, "GetKeyRotationStatus", lambda a: None if not a["KeyRotationEnabled"] and "NextRotationDate" not in a else str(a), KeyId=key)
    h.call(s, "EnableKeyRotation", None, KeyId=key, RotationPeriodInDays=180)
    h.call(s, "GetKeyRotationStatus", lambda a: None if a["RotationPeriodInDays"] == 180 else str(a), KeyId=key)
    h.call(s, "CancelKeyDeletion", "KMSInvalidStateException", KeyId=key)
    h.call(s, "ScheduleKeyDeletion", both(aware("DeletionDate"), lambda a: None if a["KeyState"] == "PendingDeletion" else str(a)),
           KeyId=key, PendingWindowInDays=7)
    h.call(s, "DescribeKey", both(state("PendingDeletion"), aware("KeyMetadata.DeletionDate")), KeyId=key)
    h.call(s, "EnableKey", "KMSInvalidStateException", KeyId=key)
    h.call(s, "ScheduleKeyDeletion", "ValidationException", KeyId=ids["rds"], PendingWindowInDays=3)
    h.call(s, "CancelKeyDeletion", has("KeyId"), KeyId=key)
    h.call(s, "EnableKey", None, KeyId=key)
    h.call(s, "DisableKey", "AccessDeniedException", KeyId="7a1e5c9d-3b2f-4d8a-b6e4-9c0f1d2e3a4b")
    h.aws("kms", "describe-key", "--key-id", f"alias/{STACK}-secrets", expect=some("KeyMetadata"))
    h.aws("kms", "list-aliases", "--max-items", "2", expect=some("NextToken"))
    h.aws("kms", "disable-key-rotation", "--key-id", key)
    h.aws("kms", "enable-key-rotation", "--key-id", key)
    h.aws("kms", "describe-key", "--key-id", "nope", expect="NotFoundException")


def secrets(h):
    s = "secretsmanager"
    names = [f"{STACK}/{n}" for n in ("database_url", "redis_url", "django_secret_key")]
    for name in names:
        arn = f"arn:aws:secretsmanager:{REGION_ARN}:secret:{name}"
        for given in (name, arn, f"{arn}-a1B2c3"):
            h.call(s, "DescribeSecret", both(has("KmsKeyId", "VersionIdsToStages"), aware("LastChangedDate", "LastAccessedDate", "CreatedDate"),
                   lambda a, name=name: None if a["Name"] == name and "DeletedDate" not in a else str(a)), SecretId=given)
    h.call(s, "DescribeSecret", both(has("RotationEnabled", "RotationLambdaARN"), aware("LastRotatedDate", "NextRotationDate"),
                                     lambda a: None if a["RotationRules"] == {"AutomaticallyAfterDays": 30} else str(a)), SecretId=names[0])
    h.call(s, "DescribeSecret", lambda a: None if not a.get("RotationEnabled") and "NextRotationDate" not in a else str(a), SecretId=names[1])
    h.call(s, "DescribeSecret", "ResourceNotFoundException", SecretId="nope")
    h.call(s, "GetSecretValue", "UnknownOperationException", SecretId=names[0])
    found = lambda *wanted: lambda a: None if {x["Name"] for x in a["SecretList"]} == set(wanted) else str(a)  # noqa: E731
    h.call(s, "ListSecrets", found(*names))
    h.call(s, "ListSecrets", found(names[1]), Filters=[{"Key": "name", "Values": [f"{STACK}/redis"]}])
    h.call(s, "ListSecrets", found(names[0]), Filters=[{"Key": "description", "Values": ["database"]}])
    h.call(s, "ListSecrets", found(names[0], names[2]), Filters=[{"Key": "name", "Values": [f"!{names[1]}"]}])
    h.pages(s, "ListSecrets", "SecretList", 1)
    h.call(s, "ListSecrets", "InvalidNextTokenException", NextToken="rubbish")
    h.call(s, "DeleteSecret", "InvalidParameterException", SecretId=names[1], RecoveryWindowInDays=3)
    h.call(s, "DeleteSecret", aware("DeletionDate"), SecretId=names[1], RecoveryWindowInDays=7)
    h.call(s, "DescribeSecret", aware("DeletedDate"), SecretId=names[1])
    h.call(s, "ListSecrets", found(names[0], names[2]))
    h.call(s, "ListSecrets", found(*names), IncludePlannedDeletion=True)
    h.call(s, "DeleteSecret", "InvalidRequestException", SecretId=names[1])
    h.call(s, "RotateSecret", "InvalidRequestException", SecretId=names[1])
    h.call(s, "RestoreSecret", has("ARN"), SecretId=names[1])
    h.call(s, "ListSecrets", found(*names))
    h.call(s, "RotateSecret", "InvalidRequestException", SecretId=names[2])
    h.call(s, "RotateSecret", has("VersionId"), SecretId=names[0], RotationRules={"AutomaticallyAfterDays": 30})
    h.call(s, "DescribeSecret", lambda a: None if sorted(v for x in a["VersionIdsToStages"].values() for v in x) == [
        "AWSCURRENT", "AWSPREVIOUS"] else str(a), SecretId=names[0])
    h.aws("secretsmanager", "describe-secret", "--secret-id", names[0], expect=some("ARN"))
    h.aws("secretsmanager", "list-secrets", "--max-items", "1", expect=some("NextToken"))
    h.aws("secretsmanager", "rotate-secret", "--secret-id", names[0], expect=some("VersionId"))
    h.aws("secretsmanager", "get-secret-value", "--secret-id", names[0], expect="UnknownOperationException")


def ecr(h):
    s, web = "ecr", {"repositoryName": "nextcore/web"}
    h.call(s, "DescribeRepositories", both(
        has("repositories[].repositoryArn", "repositories[].repositoryUri"), aware("repositories.0.createdAt"),
        lambda a: None if [r["repositoryName"] for r in a["repositories"]] == REPOSITORIES else str(a),
        lambda a: None if all(r["imageScanningConfiguration"]["scanOnPush"] and r["encryptionConfiguration"]["encryptionType"] == "KMS"
                              for r in a["repositories"]) else "scan or key"))
    h.pages(s, "DescribeRepositories", "repositories", 2)
    h.call(s, "DescribeRepositories", "RepositoryNotFoundException", repositoryNames=["nope"])
    h.call(s, "DescribeRepositories", "RepositoryNotFoundException", repositoryNames=["nextcore/web", "nope"])
    images = h.call(s, "DescribeImages", both(
        has("imageDetails[].imageSizeInBytes", "imageDetails[].imageScanFindingsSummary.findingSeverityCounts"),
        aware("imageDetails.0.imagePushedAt", "imageDetails.0.imageScanFindingsSummary.imageScanCompletedAt"),
        lambda a: None if all(len(i["imageDigest"]) == 71 for i in a["imageDetails"]) else "digest"), **web)["imageDetails"]
    h.pages(s, "DescribeImages", "imageDetails", 2, **web)
    h.pages(s, "ListImages", "imageIds", 2, **web)
    h.call(s, "ListImages", lambda a: None if all(i["imageTag"] for i in a["imageIds"]) else "tags", filter={"tagStatus": "TAGGED"}, **web)
    h.call(s, "ListImages", lambda a: None if not a["imageIds"] else str(a), filter={"tagStatus": "UNTAGGED"}, **web)
    digest, tag = images[-1]["imageDigest"], images[-1]["imageTags"][0]
    for one in ({"imageDigest": digest}, {"imageTag": tag}, {"imageDigest": digest, "imageTag": tag}):
        h.call(s, "DescribeImages", lambda a: None if [i["imageDigest"] for i in a["imageDetails"]] == [digest] else str(a),
               imageIds=[one], **web)
    h.call(s, "DescribeImages", "ImageNotFoundException", imageIds=[{"imageTag": "nope"}], **web)
    h.call(s, "DescribeImages", "InvalidParameterException", nextToken="rubbish", **web)
    h.call(s, "DescribeImages", "RepositoryNotFoundException", repositoryName="nope")
    first = {"imageDigest": images[0]["imageDigest"]}
    counts = images[0]["imageScanFindingsSummary"]["findingSeverityCounts"]
    h.call(s, "DescribeImageScanFindings", both(
        has("imageScanFindings.findings[].name", "imageScanFindings.findings[].attributes"),
        lambda a: None if a["imageScanStatus"]["status"] == "COMPLETE" and a["imageScanFindings"]["findingSeverityCounts"] == counts
        and len(a["imageScanFindings"]["findings"]) == sum(counts.values()) and "CRITICAL" not in counts else str(a)), imageId=first, **web)
    h.pages(s, "DescribeImageScanFindings", "imageScanFindings.findings", 3, imageId=first, **web)
    h.call(s, "DescribeImageScanFindings", "ImageNotFoundException", imageId={"imageTag": "nope"}, **web)
    h.call(s, "BatchGetRepositoryScanningConfiguration", lambda a: None if [c["scanFrequency"] for c in a["scanningConfigurations"]]
           == ["SCAN_ON_PUSH"] * 3 and a["failures"][0]["failureCode"] == "REPOSITORY_NOT_FOUND" else str(a),
           repositoryNames=[*REPOSITORIES, "nope"])
    h.call(s, "GetRegistryScanningConfiguration", lambda a: None if a["scanningConfiguration"]["scanType"] == "BASIC" else str(a))
    h.call(s, "DescribeRegistry", lambda a: None if a["registryId"] == ACCOUNT and a["replicationConfiguration"]["rules"] == [] else str(a))
    h.call(s, "PutImageScanningConfiguration", lambda a: None if a["imageScanningConfiguration"]["scanOnPush"] is False else str(a),
           imageScanningConfiguration={"scanOnPush": False}, **web)
    h.call(s, "BatchGetRepositoryScanningConfiguration", lambda a: None if a["scanningConfigurations"][0]["scanFrequency"] == "MANUAL"
           else str(a), repositoryNames=["nextcore/web"])
    h.call(s, "PutImageScanningConfiguration", None, imageScanningConfiguration={"scanOnPush": True}, **web)
    h.call(s, "BatchDeleteImage", lambda a: None if a["imageIds"][0]["imageDigest"] == first["imageDigest"] and [
        f["failureCode"] for f in a["failures"]] == ["ImageNotFound"] else str(a), imageIds=[first, {"imageTag": "nope"}], **web)
    h.call(s, "DescribeImages", "ImageNotFoundException", imageIds=[first], **web)
    h.aws("ecr", "describe-repositories", "--max-items", "1", expect=some("NextToken"))
    h.aws("ecr", "describe-images", "--repository-name", "nextcore/control", expect=some("imageDetails"))
    h.aws("ecr", "list-images", "--repository-name", "nope", expect="RepositoryNotFoundException")
    h.aws("ecr", "describe-image-scan-findings", "--repository-name", "nextcore/web", "--image-id", f"imageTag={tag}")


def run(h):
    for part in (iam, kms, secrets, ecr):
        try:
            part(h)
        except Exception as error:  # noqa: BLE001
            h.report(f"security {part.__name__}", repr(error))
