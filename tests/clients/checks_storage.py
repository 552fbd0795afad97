"""S3 of the embedded cloud: the buckets' configuration, told and changed, and their figures."""

import datetime

from harness import NOW, both, has, some

BUCKETS = ["nextcore-documents", "nextcore-reports", "nextcore-static"]
KEY = "arn:aws:kms:ap-southeast-2:111122223333:key/2c8e7a1d-5f4b-4b19-8e6a-9d0f3c62e1bb"


def run(h):
    for bucket in BUCKETS:
        told(h, bucket)
    lifecycle_and_cors(h)
    writes(h, "nextcore-reports")
    virtual_hosts(h)
    figures(h)
    cli(h)


def told(h, bucket):
    b = {"Bucket": bucket}
    h.call("s3", "HeadBucket", lambda a: None if a["BucketRegion"] == "ap-southeast-2" else str(a), **b)
    h.call("s3", "GetBucketLocation", lambda a: None if a["LocationConstraint"] == "ap-southeast-2" else str(a), **b)
    h.call("s3", "GetBucketVersioning", lambda a: None if a["Status"] == "Enabled" else str(a), **b)
    h.call("s3", "GetBucketEncryption", lambda a: None if a["ServerSideEncryptionConfiguration"]["Rules"][0][
        "ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY} else str(a), **b)
    h.call("s3", "GetPublicAccessBlock", lambda a: None if list(a["PublicAccessBlockConfiguration"].values()) == [True] * 4 else str(a), **b)
    h.call("s3", "GetBucketReplication", "ReplicationConfigurationNotFoundError", **b)
    h.call("s3", "GetBucketTagging", has("TagSet[].Key"), **b)


def lifecycle_and_cors(h):
    h.call("s3", "ListBuckets", lambda a: None if [b["Name"] for b in a["Buckets"]] == BUCKETS else str(a))
    h.pages("s3", "ListBuckets", "Buckets", 2)
    rule = lambda a: a["Rules"][0]  # noqa: E731
    h.call("s3", "GetBucketLifecycleConfiguration", both(has("Rules[].Transitions[].StorageClass"), lambda a: None if rule(a)["Status"]
           == "Enabled" and rule(a)["NoncurrentVersionExpiration"]["NoncurrentDays"] else str(a)), Bucket="nextcore-documents")
    h.call("s3", "GetBucketLifecycleConfiguration", lambda a: None if rule(a)["Expiration"]["Days"] == 365 and rule(a)["Filter"] == {
        "Prefix": ""} and rule(a)["NoncurrentVersionExpiration"] else str(a), Bucket="nextcore-reports")
    h.call("s3", "GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", Bucket="nextcore-static")
    h.call("s3", "GetBucketCors", lambda a: None if (r := a["CORSRules"][0])["AllowedMethods"] == ["GET", "HEAD"] and len(
        r["AllowedOrigins"]) == 2 else str(a), Bucket="nextcore-static")
    h.call("s3", "GetBucketCors", "NoSuchCORSConfiguration", Bucket="nextcore-documents")
    h.call("s3", "HeadBucket", "404", Bucket="nope")
    h.call("s3", "GetBucketVersioning", "NoSuchBucket", Bucket="nope")
    h.call("s3", "GetBucketLogging", "NotImplemented", Bucket="nextcore-static")


def writes(h, bucket):
    b = {"Bucket": bucket}
    for status in ("Suspended", "Enabled"):
        h.call("s3", "PutBucketVersioning", None, VersioningConfiguration={"Status": status}, **b)
        h.call("s3", "GetBucketVersioning", lambda a: None if a["Status"] == status else str(a), **b)
    h.call("s3", "PutBucketVersioning", "NoSuchBucket", Bucket="nope", VersioningConfiguration={"Status": "Enabled"})
    h.call("s3", "PutBucketVersioning", "MalformedXML", VersioningConfiguration={"Status": "Sometimes"}, **b)
    encryption = lambda **default: {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}  # noqa: E731
    algorithm = lambda want: lambda a: None if a["ServerSideEncryptionConfiguration"]["Rules"][0][  # noqa: E731
        "ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == want else str(a)
    h.call("s3", "PutBucketEncryption", None, ServerSideEncryptionConfiguration=encryption(SSEAlgorithm="AES256"), **b)
    h.call("s3", "GetBucketEncryption", algorithm("AES256"), **b)
    h.call("s3", "DeleteBucketEncryption", None, **b)
    h.call("s3", "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", **b)
    h.call("s3", "PutBucketEncryption", None, ServerSideEncryptionConfiguration=encryption(SSEAlgorithm="aws:kms", KMSMasterKeyID=KEY), **b)
    h.call("s3", "GetBucketEncryption", algorithm("aws:kms"), **b)
    h.call("s3", "DeleteBucketLifecycle", lambda a: None if a["ResponseMetadata"]["HTTPStatusCode"] == 204 else str(a), **b)
    h.call("s3", "GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", **b)
    h.call("s3", "DeletePublicAccessBlock", None, **b)
    h.call("s3", "GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", **b)
    h.call("s3", "DeleteBucketCors", None, Bucket="nextcore-static")
    h.call("s3", "GetBucketCors", "NoSuchCORSConfiguration", Bucket="nextcore-static")


def virtual_hosts(h):
    import urllib.error
    import urllib.request

    host = "nextcore-documents.s3.ap-southeast-2.amazonaws.com"
    for path, expect in (("/?versioning", b"<Status>Enabled</Status>"), ("/?location", b">ap-southeast-2</LocationConstraint>"),
                         ("/?cors", b"<Code>NoSuchCORSConfiguration</Code>")):
        try:
            body = urllib.request.urlopen(urllib.request.Request(h.endpoint + path, headers={"host": host})).read()
        except urllib.error.HTTPError as error:
            body = error.read()
        h.report(f"GET {path} of host {host}", None if expect in body else body.decode())


def figures(h):
    name = lambda metric, **dims: {"Namespace": "AWS/S3", "MetricName": metric, "Dimensions": [  # noqa: E731
        {"Name": k, "Value": v} for k, v in dims.items()]}
    days = {"StartTime": NOW - datetime.timedelta(days=4), "EndTime": NOW, "Period": 86400, "Statistics": ["Average"]}
    for metric, kind in (("BucketSizeBytes", "StandardStorage"), ("NumberOfObjects", "AllStorageTypes")):
        h.call("cloudwatch", "GetMetricStatistics", lambda a: None if len(a["Datapoints"]) >= 2 and all(
            d["Timestamp"].hour == 0 and d["Average"] > 1000 for d in a["Datapoints"]) else str(a),
               **name(metric, BucketName="nextcore-documents", StorageType=kind), **days)
    hour = {"StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW, "Period": 300}
    for metric, stat in (("AllRequests", "Sum"), ("4xxErrors", "Average"), ("5xxErrors", "Average"), ("FirstByteLatency", "Average")):
        for bucket in BUCKETS:
            h.call("cloudwatch", "GetMetricStatistics", has(f"Datapoints[].{stat}"), Statistics=[stat],
                   **name(metric, BucketName=bucket, FilterId="EntireBucket"), **hour)


def cli(h):
    h.aws("s3api", "list-buckets", expect=some("Buckets"))
    h.aws("s3api", "get-bucket-versioning", "--bucket", "nextcore-documents", expect=some("Status"))
    h.aws("s3api", "get-bucket-cors", "--bucket", "nextcore-reports", expect="NoSuchCORSConfiguration")
