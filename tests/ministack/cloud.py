"""What every part of the provisioning shares: the names of the stack, the clients, and steps that are reported by name."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION = "ap-southeast-2"
NAME = "production-nextcore"
LOG_GROUP = f"/ecs/{NAME}"
DB = f"{NAME}-db"
REDIS = f"{NAME}-redis"
AZS = [REGION + z for z in "abc"]
# name, desired, min, max, cpu, memory, port, health path
SERVICES = [
    ("control-plane", 2, 2, 6, 1024, 2048, 8000, "/api/health/"),
    ("web", 2, 2, 6, 512, 1024, 3000, "/health"),
    ("celery-worker", 3, 3, 9, 1024, 2048, None, None),
]
TG_OF = {"control-plane": f"{NAME}-api", "web": f"{NAME}-web"}
# The seed has one address plan, one repository, bucket, role, key and secret per use.
REPOSITORIES = {"control-plane": "nextcore/control", "web": "nextcore/web", "celery-worker": "nextcore/worker"}
BUCKETS = ("nextcore-documents", "nextcore-static", "nextcore-reports")
ROLES = {f"{NAME}-ecs-task": "ecs-tasks", f"{NAME}-ecs-execution": "ecs-tasks", f"{NAME}-codebuild": "codebuild"}
KEYS = ("rds", "s3", "secrets")
SECRETS = ("database_url", "django_secret_key", "redis_url")
PROJECTS = ("control", "web", "worker")
ZONE = "nextcore.ai"
EXISTS = (
    "AlreadyExists", "Duplicate", "InvalidPermission.Duplicate", "InvalidSubnet.Conflict", "ResourceInUse",
    "not idempotent", "PriorityInUse", "Resource.AlreadyAssociated", "RouteAlreadyExists", "AlreadyOwnedByYou",
    "ResourceExists", "EntityAlreadyExists", "already exists",
)


class Steps:
    """Run steps, count them, and report each by name."""

    def __init__(self, verbose):
        self.verbose, self.done, self.found, self.refused, self.changed = verbose, 0, 0, [], []

    def run(self, name, call, quiet=False):
        try:
            value = call()
        except ClientError as error:
            code, text = error.response["Error"].get("Code", "?"), error.response["Error"].get("Message", "")
            if any(word in code or word in text for word in EXISTS):
                self.found += 1
                self.say("exists ", name)
                return None
            if not text:  # what ministack answers for a service that it does not have at all
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", code)
                return self.refuse(name, f"HTTP {status} without an AWS error: no such service here?")
            return self.refuse(name, f"{code}: {text}")
        except (BotoCoreError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            return self.refuse(name, f"{type(error).__name__}: {error}")
        if not quiet:
            self.done += 1
            self.say("ok     ", name)
        return value

    def refuse(self, name, why):
        self.refused.append((name, why))
        print(f"REFUSED {name}: {why}", flush=True)

    def substitute(self, name, what):
        self.changed.append((name, what))
        print(f"INSTEAD {name}: {what}", flush=True)

    def already(self, name):
        self.found += 1
        self.say("exists ", name)

    def say(self, word, name):
        if self.verbose:
            print(word, name, flush=True)


class Cloud:
    """The boto3 clients, made on demand."""

    def __init__(self, endpoint, region):
        self.session = boto3.session.Session("test", "test", None, region)
        self.endpoint = endpoint
        self.config = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=30)
        self.made = {}

    def __getattr__(self, name):
        # The metrics of CloudFront and Route 53 are kept in us-east-1, wherever the stack is.
        service, region = {"aas": ("application-autoscaling", None), "metrics_of_edge": ("cloudwatch", "us-east-1")}.get(
            name, (name, None))
        if name not in self.made:
            self.made[name] = self.session.client(
                service, region_name=region, endpoint_url=self.endpoint, config=self.config)
        return self.made[name]


def tag(name):
    return [{"Key": "Name", "Value": name}, {"Key": "Project", "Value": "nextcore"}]


def spec(kind, name):
    return [{"ResourceType": kind, "Tags": tag(name)}]


def by_tag(items, key):
    return {t["Value"]: i[key] for i in items for t in i.get("Tags", []) if t["Key"] == "Name"}
