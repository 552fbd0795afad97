"""What the checks of the embedded cloud share: the report, AWS's own clients, and the models their answers are held to.

A file `checks_<topic>.py` beside this one has a function `run(h)` and one line in `check_clients.py`; `h` is a `Harness`:
`h.call`, `h.pages`, `h.aws` and `h.report` make and count checks, `h.at(region)` is the same for another region. Beyond
"it parses", boto3's raw answers are held against botocore's models: no unknown member, no wrong type.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

VENV = os.path.expanduser("~/.cache/nextcore-top/venv")
if not sys.prefix.startswith(VENV) and os.path.exists(f"{VENV}/bin/python"):
    os.execv(f"{VENV}/bin/python", [f"{VENV}/bin/python", *sys.argv])

import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
import cbor2  # noqa: E402

REGION = "ap-southeast-2"
ACCOUNT = "111122223333"
NOW = datetime.datetime.now(datetime.timezone.utc)
MS = lambda t: int(t.timestamp() * 1000)  # noqa: E731
AWS = shutil.which("aws", path=f"{VENV}/bin") or "aws"

# What AWS sends although its own model does not list it.
BEYOND_THE_MODEL = {("AttachmentStatus", "available")}


# --- raw answers against the models -----------------------------------------------------------------------------


def check(shape, raw, path, problems):
    """`raw` is decoded JSON or CBOR; `shape` is botocore's."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(raw, dict):
            problems.append(f"{path}: not a structure")
            return
        for name, value in raw.items():
            if name not in shape.members:
                problems.append(f"{path}.{name}: unknown member")
            else:
                check(shape.members[name], value, f"{path}.{name}", problems)
    elif kind == "list":
        if not isinstance(raw, list):
            problems.append(f"{path}: not a list")
            return
        for value in raw[:50]:
            check(shape.member, value, f"{path}[]", problems)
    elif kind == "map":
        for value in raw.values():
            check(shape.value, value, f"{path}{{}}", problems)
    else:
        wanted = {
            "string": str,
            "character": str,
            "integer": int,
            "long": int,
            "boolean": bool,
            "double": float,
            "float": float,
            "timestamp": (int, float, datetime.datetime),
        }[kind]
        if kind in ("double", "float") and isinstance(raw, int) and not isinstance(raw, bool):
            if "cbor" in path:
                problems.append(f"{path}: integer {raw!r} for a double")
        elif not isinstance(raw, wanted) or (isinstance(raw, bool) and kind != "boolean"):
            problems.append(f"{path}: {raw!r} is not a {kind}")
        elif kind == "string" and shape.metadata.get("enum") and raw not in shape.metadata["enum"]:
            problems.append(f"{path}: {raw!r} is not in the enumeration")


def tag(node):
    return node.tag.split("}")[-1]


def xml_name(name, shape):
    """What a member is called on the wire; a flattened list has the name of its entries."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return shape.member.serialization.get("name") or shape.serialization.get("name", name)
    return shape.serialization.get("name", name)


def check_xml(shape, node, path, problems):
    kind = shape.type_name
    if kind == "structure":
        known = {xml_name(n, m): m for n, m in shape.members.items() if "location" not in m.serialization}
        for child in node:
            member = known.get(tag(child))
            if member is None:
                problems.append(f"{path}.{tag(child)}: unknown member")
            elif member.type_name == "list" and member.serialization.get("flattened"):
                check_xml(member.member, child, f"{path}.{tag(child)}", problems)
            else:
                check_xml(member, child, f"{path}.{tag(child)}", problems)
    elif kind == "list":
        item = shape.member.serialization.get("name", "member")
        for child in node:
            if tag(child) != item:
                problems.append(f"{path}: entry {tag(child)}, not {item}")
            else:
                check_xml(shape.member, child, f"{path}[]", problems)
    elif kind == "map":
        return
    else:
        text = node.text or ""
        try:
            if kind in ("integer", "long"):
                int(text)
            elif kind in ("double", "float"):
                float(text)
            elif kind == "boolean":
                assert text in ("true", "false")
            elif kind == "timestamp":
                datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            elif shape.metadata.get("enum"):
                assert text in shape.metadata["enum"] or (shape.name, text) in BEYOND_THE_MODEL
        except (ValueError, AssertionError):
            problems.append(f"{path}: {text!r} is not a {kind} {shape.metadata.get('enum', '')}")


def check_raw(operation_model, response):
    shape, problems = operation_model.output_shape, []
    if shape is None or response.status_code >= 300:
        return problems
    headers = {k.lower(): v for k, v in response.headers.items()}
    body, content = response.content, headers.get("content-type", "")
    protocol = operation_model.service_model.protocol
    s3 = operation_model.service_model.service_name == "s3"
    if ("x-amz-request-id" if s3 else "x-amzn-requestid") not in headers:
        problems.append("no request id")
    if response.status_code != 204 and operation_model.http.get("method") != "HEAD" and headers.get("content-length") != str(len(body)):
        problems.append("content-length is wrong")
    payload = shape.serialization.get("payload")
    if protocol == "rest-xml":
        wanted = [m.serialization.get("name", n).lower() for n, m in shape.members.items() if m.serialization.get("location") == "header"]
        problems.extend(f"header {n} is empty" for n in wanted if headers.get(n) == "")
        if body:
            root = ElementTree.fromstring(body)
            check_xml(shape.members[payload] if payload else shape, root, "xml", problems)
        elif any("location" not in m.serialization for m in shape.members.values()):
            problems.append("no body")
    elif "json" in content:
        check(shape, json.loads(body), "json", problems)
    elif "cbor" in content:
        check(shape, cbor2.loads(body), "cbor", problems)
    elif "xml" in content:
        root = ElementTree.fromstring(body)
        if tag(root) != f"{operation_model.name}Response":
            problems.append(f"root is {tag(root)}")
        if protocol == "ec2":
            for own in [c for c in root if tag(c) == "requestId"]:
                root.remove(own)
        wrapper = shape.serialization.get("resultWrapper")
        check_xml(shape, root.find(f"{{*}}{wrapper}") if wrapper else root, "xml", problems)
    else:
        problems.append(f"unexpected content type {content}")
    return sorted(set(problems))


# --- what an answer must hold -----------------------------------------------------------------------------------


def has(*paths):
    """Each path must lead to something: `a.b[].c`."""

    def walk(value, parts):
        if not parts:
            return value is not None
        head, rest = parts[0], parts[1:]
        many = head.endswith("[]")
        value = value.get(head.removesuffix("[]")) if isinstance(value, dict) else None
        if many:
            return bool(value) and any(walk(item, rest) for item in value)
        return walk(value, rest)

    return lambda answer: next((f"nothing at {p}" for p in paths if not walk(answer, p.split("."))), None)


def aware(*paths):
    """Timestamps are recent and time-zone aware datetimes."""

    def look(answer):
        for path in paths:
            value = answer
            for part in path.split("."):
                value = value[int(part)] if part.isdigit() else value[part]
            if not isinstance(value, datetime.datetime) or value.tzinfo is None:
                return f"{path} is {value!r}"
            if abs((NOW - value).days) > 2000:
                return f"{path} is {value}"
        return None

    return look


def both(*checks):
    return lambda answer: next((p for p in (c(answer) for c in checks) if p), None)


def some(member):
    return lambda answer: None if answer and answer.get(member) else f"no {member}"


# --- the clients ------------------------------------------------------------------------------------------------


class Count:
    """How the checks went so far."""

    def __init__(self):
        self.passed, self.failed = 0, 0


class Harness:
    """AWS's own clients, pointed at one endpoint and signing for one region."""

    def __init__(self, endpoint, region=REGION, count=None):
        self.endpoint, self.region, self.count = endpoint, region, count or Count()
        self.session = boto3.Session("AKIAEXAMPLE", "secret", region_name=region)
        self.clients, self.raw_problems = {}, []
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
        }

    def at(self, region):
        """The same endpoint and count, with requests signed for `region`."""
        return Harness(self.endpoint, region, self.count)

    def report(self, name, problem=None):
        where = "" if self.region == REGION else f" ({self.region})"
        if problem:
            self.count.failed += 1
            print(f"FAIL  {name}{where}: {problem}", flush=True)
        else:
            self.count.passed += 1
            print(f"ok    {name}{where}", flush=True)

    def client(self, service):
        if service not in self.clients:
            config = botocore.config.Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, read_timeout=20)
            made = self.session.client(service, endpoint_url=self.endpoint, config=config)
            made.meta.events.register("after-call.*.*", self.after)
            self.clients[service] = made
        return self.clients[service]

    def after(self, http_response, model, **_):
        if not model.has_event_stream_output:
            self.raw_problems.extend(check_raw(model, http_response))

    def call(self, service, operation, expect=None, /, **params):
        """Calls; `expect` is an error code, or a function that returns a problem (or nothing) for the answer."""
        made = self.client(service)
        python = botocore.xform_name(operation)
        name = f"boto3 {service} {operation}" + (f" -> {expect}" if isinstance(expect, str) else "")
        self.raw_problems.clear()
        try:
            answer = getattr(made, python)(**params)
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            self.report(name, None if code == expect else f"{code}: {error.response['Error'].get('Message')}")
            return None
        except Exception as error:  # noqa: BLE001
            self.report(name, repr(error))
            return None
        if isinstance(expect, str):
            self.report(name, f"no error, expected {expect}")
            return None
        problem = None
        try:
            problem = expect(answer) if expect else None
        except Exception as error:  # noqa: BLE001
            problem = repr(error)
        self.report(name, problem or "; ".join(self.raw_problems[:5]) or None)
        return answer

    def pages(self, service, operation, member, size, /, **params):
        """All pages through botocore's paginator hold what one big page holds, each entry once."""
        name = f"boto3 {service} {operation} by pages of {size}"

        def entries(page):
            for part in member.split("."):
                page = page[part]
            return page

        try:
            paginator = self.client(service).get_paginator(botocore.xform_name(operation))
            whole = [x for p in paginator.paginate(**params) for x in entries(p)]
            parts = [entries(p) for p in paginator.paginate(PaginationConfig={"PageSize": size}, **params)]
            flat = [x for part in parts for x in part]
            problem = None
            if [json.dumps(x, default=str) for x in flat] != [json.dumps(x, default=str) for x in whole[: len(flat)]]:
                problem = "pages differ from the whole"
            elif len(flat) < len(whole):
                problem = f"{len(flat)} of {len(whole)} entries"
            elif any(len(part) > size for part in parts):
                problem = "a page is too long"
            elif len(whole) > size and len(parts) < 2:
                problem = "one page only"
            self.report(name, problem)
        except Exception as error:  # noqa: BLE001
            self.report(name, repr(error))

    def aws(self, *args, expect=None):
        """Runs awscli; `expect` is an error code, or a function that returns a problem (or nothing) for the answer."""
        name = "aws " + " ".join(a if len(a) < 60 else a[:57] + "..." for a in args)
        ran = subprocess.run([AWS, "--endpoint-url", self.endpoint, "--output", "json", *args], capture_output=True, text=True, env=self.env)
        if isinstance(expect, str):
            self.report(f"{name} -> {expect}", None if f"({expect})" in ran.stderr else ran.stderr.strip() or "no error")
            return None
        if ran.returncode:
            self.report(name, ran.stderr.strip()[:300])
            return None
        answer = json.loads(ran.stdout) if ran.stdout.strip() else None
        self.report(name, expect(answer) if expect else None)
        return answer
