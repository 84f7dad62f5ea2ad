"""A session of real boto3 against the server in AWS_ENDPOINT_URL: one JSON line per check on standard output.

boto3.conformance.ts starts it and turns each line into a test. A check is a function named check_*; its
docstring is the test's name. Checks share the account and nothing else.
"""

import json
import os
import sys
import traceback
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
if urllib.parse.urlsplit(ENDPOINT).hostname != "127.0.0.1":
    sys.exit(f"conformance speaks to loopback only, and {ENDPOINT} is not")

ONCE = botocore.config.Config(retries={"total_max_attempts": 1})
session = boto3.session.Session()
secrets = session.client("secretsmanager", config=ONCE)
kms = session.client("kms", config=ONCE)
iam = session.client("iam", config=ONCE)
sts = session.client("sts", config=ONCE)
cloudtrail = session.client("cloudtrail", config=ONCE)
sns = session.client("sns", config=ONCE)
events = session.client("events", config=ONCE)
ec2 = session.client("ec2", config=ONCE)
ACCOUNT = sts.get_caller_identity()["Account"]


class Wrong(Exception):
    pass


def equal(actual, expected):
    if actual != expected:
        raise Wrong(f"{actual!r} is not {expected!r}")


def raises(kind, call, **arguments):
    """The error that `call` has to end with, of the class that boto3 made for it."""
    try:
        call(**arguments)
    except kind as error:
        return error
    raise Wrong(f"no {kind.__name__}")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def session_of(name, *statements):
    """boto3 with the credentials of a new role's session."""
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
    made = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="boto3")["Credentials"]
    return boto3.session.Session(
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )


def check_versions():
    """a secret's versions and stages come back as boto3's own types"""
    made = secrets.create_secret(Name="boto3/versions", SecretString="one", Tags=[{"Key": "k", "Value": "v"}])
    put = secrets.put_secret_value(SecretId="boto3/versions", SecretString="two")
    equal(put["VersionStages"], ["AWSCURRENT"])
    value = secrets.get_secret_value(SecretId=made["ARN"])
    equal((value["SecretString"], value["VersionId"]), ("two", put["VersionId"]))
    equal(value["CreatedDate"].tzinfo is not None, True)
    previous = secrets.get_secret_value(SecretId="boto3/versions", VersionStage="AWSPREVIOUS")
    equal((previous["SecretString"], previous["VersionId"]), ("one", made["VersionId"]))
    told = secrets.describe_secret(SecretId="boto3/versions")
    equal(told["VersionIdsToStages"], {made["VersionId"]: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]})
    equal(told["Tags"], [{"Key": "k", "Value": "v"}])


def check_binary():
    """binary secrets come back byte for byte"""
    content = bytes(range(256)) * 16
    secrets.create_secret(Name="boto3/binary", SecretBinary=content)
    value = secrets.get_secret_value(SecretId="boto3/binary")
    equal(value["SecretBinary"], content)
    equal("SecretString" in value, False)


def check_unicode():
    """a value of any language and of 65,536 bytes comes back as it was; one byte more is refused"""
    for value in ("zażółć gęślą jaźń \u2028 🔑 \"\\/\x01", "ü" * 32_768):
        name = f"boto3/unicode-{len(value)}"
        secrets.create_secret(Name=name, SecretString=value)
        equal(secrets.get_secret_value(SecretId=name)["SecretString"], value)
    refused = raises(
        botocore.exceptions.ClientError, secrets.create_secret, Name="boto3/long", SecretString="x" * 65_537
    )
    equal(refused.response["Error"]["Code"], "ValidationException")


def check_pagination():
    """paginators walk past 100 secrets, and one page at a time in either order"""
    names = [f"boto3-pages/{index:03}" for index in range(105)]
    for name in names:
        secrets.create_secret(Name=name, SecretString="x")
    prefix = [{"Key": "name", "Values": ["boto3-pages/"]}]
    pages = list(secrets.get_paginator("list_secrets").paginate(Filters=prefix))
    equal([len(page["SecretList"]) for page in pages], [100, 5])
    equal(sorted(secret["Name"] for page in pages for secret in page["SecretList"]), names)
    paginate = secrets.get_paginator("list_secrets").paginate
    upwards = paginate(Filters=prefix, SortBy="name", SortOrder="asc", PaginationConfig={"PageSize": 40})
    equal([secret["Name"] for page in upwards for secret in page["SecretList"]], names)
    raises(secrets.exceptions.InvalidNextTokenException, secrets.list_secrets, NextToken="made-up")
    events = cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateSecret"}]
    )
    equal(sum(len(page["Events"]) for page in events) >= 105, True)


def check_exceptions():
    """errors arrive as the classes that boto3 made for them"""
    secrets.create_secret(Name="boto3/errors", SecretString="x")
    of = secrets.exceptions
    missing = raises(of.ResourceNotFoundException, secrets.get_secret_value, SecretId="boto3/none")
    equal(missing.response["Error"]["Message"], "Secrets Manager can't find the specified secret.")
    equal(missing.response["ResponseMetadata"]["HTTPStatusCode"], 400)
    equal(len(missing.response["ResponseMetadata"]["RequestId"]), 36)
    raises(of.ResourceExistsException, secrets.create_secret, Name="boto3/errors", SecretString="y")
    raises(of.InvalidParameterException, secrets.put_secret_value, SecretId="boto3/errors", SecretString="a", SecretBinary=b"b")
    secrets.delete_secret(SecretId="boto3/errors")
    raises(of.InvalidRequestException, secrets.get_secret_value, SecretId="boto3/errors")
    raises(kms.exceptions.NotFoundException, kms.describe_key, KeyId="alias/boto3-none")
    user = raises(iam.exceptions.NoSuchEntityException, iam.get_user, UserName="boto3-nobody")
    equal(user.response["Error"]["Code"], "NoSuchEntity")
    equal(user.response["ResponseMetadata"]["HTTPStatusCode"], 404)
    iam.create_user(UserName="boto3-twice")
    raises(iam.exceptions.EntityAlreadyExistsException, iam.create_user, UserName="boto3-twice")
    raises(iam.exceptions.MalformedPolicyDocumentException, iam.create_policy, PolicyName="bad", PolicyDocument="{")


def check_kms():
    """data round-trips through kms under its encryption context, and under no other"""
    key = kms.create_key(Description="boto3")["KeyMetadata"]
    context = {"purpose": "boto3"}
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext=context)
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    equal(opened["Plaintext"], made["Plaintext"])
    raises(kms.exceptions.InvalidCiphertextException, kms.decrypt, CiphertextBlob=made["CiphertextBlob"])
    changed = bytearray(made["CiphertextBlob"])
    changed[-1] ^= 1
    raises(
        kms.exceptions.InvalidCiphertextException,
        kms.decrypt,
        CiphertextBlob=bytes(changed),
        EncryptionContext=context,
    )


def check_session():
    """session credentials work, name their session, and reach no further than their policies"""
    secrets.create_secret(Name="boto3/session", SecretString="for the role")
    secrets.create_secret(Name="boto3/elsewhere", SecretString="x")
    allow = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:boto3/session-*",
    }
    as_role = session_of("boto3-role", allow)
    who = as_role.client("sts").get_caller_identity()
    equal(who["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/boto3-role/boto3")
    reader = as_role.client("secretsmanager", config=ONCE)
    equal(reader.get_secret_value(SecretId="boto3/session")["SecretString"], "for the role")
    denied = raises(
        botocore.exceptions.ClientError, reader.get_secret_value, SecretId="boto3/elsewhere"
    )
    equal(denied.response["Error"]["Code"], "AccessDeniedException")


def check_batch():
    """batch_get_secret_value answers what it can and says what it cannot"""
    secrets.create_secret(Name="boto3/batch-a", SecretString="a")
    secrets.create_secret(Name="boto3/batch-b", SecretBinary=b"b")
    answer = secrets.batch_get_secret_value(SecretIdList=["boto3/batch-a", "boto3/batch-b", "boto3/batch-c"])
    values = {one["Name"]: one.get("SecretString") or one.get("SecretBinary") for one in answer["SecretValues"]}
    equal(values, {"boto3/batch-a": "a", "boto3/batch-b": b"b"})
    equal([(one["SecretId"], one["ErrorCode"]) for one in answer["Errors"]], [("boto3/batch-c", "ResourceNotFoundException")])


def fetch(url, method):
    request = urllib.request.Request(url, method=method)
    if method == "POST":
        request.data = b""
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def check_presigned():
    """a presigned GetCallerIdentity is fetched by GET and POST, and only as it was signed"""
    for method in ("GET", "POST"):
        url = sts.generate_presigned_url("get_caller_identity", HttpMethod=method, ExpiresIn=60)
        status, body = fetch(url, method)
        equal((status, f":{ACCOUNT}:" in body or f"<Account>{ACCOUNT}</Account>" in body), (200, True))
        other = "POST" if method == "GET" else "GET"
        status, body = fetch(url, other)
        equal((status, "SignatureDoesNotMatch" in body), (403, True))
        status, body = fetch(url.replace("Action=GetCallerIdentity", "Action=GetSessionToken"), method)
        equal((status, "SignatureDoesNotMatch" in body or "InvalidAction" in body), (403, True))
        status, body = fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), method)
        equal((status, "SignatureDoesNotMatch" in body), (403, True))


def check_iam():
    """users, groups and policies page and come back as they were written"""
    for index in range(12):
        iam.create_user(UserName=f"boto3-page-{index:02}", Path="/boto3/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/boto3/", PaginationConfig={"PageSize": 5}))
    equal([len(page["Users"]) for page in pages], [5, 5, 2])
    statement = {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*"}
    made = iam.create_policy(PolicyName="boto3-policy", PolicyDocument=document(statement))["Policy"]
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    equal(version["Document"], json.loads(document(statement)))


def check_topics():
    """topics and their subscriptions page, and their errors are boto3's own classes"""
    topic = sns.create_topic(Name="alerts", Tags=[{"Key": "team", "Value": "blue"}])["TopicArn"]
    equal(sns.create_topic(Name="alerts")["TopicArn"], topic)
    functions = {f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f-{i}" for i in range(101)}
    for function in functions:
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    pages = list(sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic))
    equal([len(page["Subscriptions"]) for page in pages], [100, 1])
    equal({one["Endpoint"] for page in pages for one in page["Subscriptions"]}, functions)
    equal(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"], "101")
    raises(sns.exceptions.NotFoundException, sns.publish, TopicArn=topic + "-not", Message="m")
    for endpoint in ["http://10.0.0.1/", "http://169.254.169.254/latest"]:
        raises(
            sns.exceptions.InvalidParameterException,
            sns.subscribe,
            TopicArn=topic,
            Protocol="http",
            Endpoint=endpoint,
        )
    sns.delete_topic(TopicArn=topic)
    equal(sns.list_subscriptions()["Subscriptions"], [])


def check_rules():
    """rules and their targets page, patterns are tried out, and errors are boto3's own classes"""
    pattern = json.dumps({"source": ["aws.secretsmanager"], "detail": {"eventName": ["DeleteSecret"]}})
    names = [f"rule-{i:02}" for i in range(12)]
    target = {"Id": "one", "Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"}
    for name in names:
        events.put_rule(Name=name, EventPattern=pattern, State="DISABLED")
        equal(events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"], 0)
    paginate = events.get_paginator("list_rules").paginate
    pages = list(paginate(NamePrefix="rule-", PaginationConfig={"PageSize": 5}))
    equal([len(page["Rules"]) for page in pages], [5, 5, 2])
    equal([rule["Name"] for page in pages for rule in page["Rules"]], names)
    by_target = events.get_paginator("list_rule_names_by_target").paginate(TargetArn=target["Arn"])
    equal([name for page in by_target for name in page["RuleNames"]], names)
    event = {"id": "1", "account": ACCOUNT, "source": "aws.secretsmanager", "time": "2026-01-01T00:00:00Z"}
    event |= {"region": "us-east-1", "resources": [], "detail-type": "AWS API Call via CloudTrail"}
    for name, matches in [("DeleteSecret", True), ("GetSecretValue", False)]:
        told = json.dumps(event | {"detail": {"eventName": name}})
        equal(events.test_event_pattern(EventPattern=pattern, Event=told)["Result"], matches)
    broken = {"Name": "broken", "EventPattern": '{"source": "no list"}'}
    raises(events.exceptions.InvalidEventPatternException, events.put_rule, **broken)
    raises(events.exceptions.ResourceNotFoundException, events.describe_rule, Name="broken")
def check_instances():
    """the fleet's nodes are instances of ec2, by paginator, waiter and resource, and its refusals have its codes"""
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    found = [one["InstanceId"] for page in pages for each in page["Reservations"] for one in each["Instances"]]
    equal(len(found), 7)
    ec2.get_waiter("instance_running").wait(InstanceIds=found[:1])
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=found[:2])
    instance = session.resource("ec2", config=ONCE).Instance(found[0])
    instance.create_tags(Tags=[{"Key": "role", "Value": "<b>&\u00e9"}])
    instance.reload()
    tags = {tag["Key"]: tag["Value"] for tag in instance.tags}
    equal((tags["role"], tags["lockstep:ssh-port"]), ("<b>&\u00e9", "22"))
    equal((instance.state["Name"], instance.private_ip_address), ("running", "192.0.2.1"))
    error = raises(botocore.exceptions.ClientError, ec2.describe_instances, InstanceIds=["i-0123456789abcdeff"])
    equal(error.response["Error"]["Code"], "InvalidInstanceID.NotFound")
    equal(len(error.response["ResponseMetadata"]["RequestId"]), 36)
    error = raises(botocore.exceptions.ClientError, ec2.describe_tags, DryRun=True)
    equal(error.response["ResponseMetadata"]["HTTPStatusCode"], 412)


def run(check):
    try:
        check()
        return {"name": check.__doc__, "ok": True}
    except Exception:  # noqa: BLE001 - whatever it is, it is the check's result
        return {"name": check.__doc__, "ok": False, "error": traceback.format_exc()}


if __name__ == "__main__":
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            print(json.dumps(run(check)), flush=True)
