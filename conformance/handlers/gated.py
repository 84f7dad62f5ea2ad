"""The same as gated.mjs with boto3: asks the test in SITE before and after each step's work."""

import json
import os
import signal
import time
import urllib.parse
import urllib.request

import boto3

MIB = 1024 * 1024
secrets = boto3.client("secretsmanager")


def ask(what, event):
    query = {"step": event["Step"], "secret": event["SecretId"], "token": event["ClientRequestToken"]}
    with urllib.request.urlopen(f"{os.environ['SITE']}/{what}?{urllib.parse.urlencode(query)}") as answer:
        return json.load(answer)


def throw():
    raise TypeError("asked to")


def hang():
    while True:
        time.sleep(1)


def leave():
    os._exit(3)


def leak():
    kept = []
    while True:
        kept.append(b"\1" * 8 * MIB)
        time.sleep(0.02)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


FAULTS = {"throw": throw, "hang": hang, "exit": leave, "leak": leak, "kill": kill}


def value_of(arn, **where):
    return json.loads(secrets.get_secret_value(SecretId=arn, **where)["SecretString"])


def create_secret(arn, token):
    count = value_of(arn, VersionStage="AWSCURRENT")["count"]
    try:
        value_of(arn, VersionId=token)
    except secrets.exceptions.ResourceNotFoundException:
        value = json.dumps({"count": count + 1}, separators=(",", ":"))
        secrets.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )


def read_pending(arn, token):
    value_of(arn, VersionId=token)


def finish_secret(arn, token):
    versions = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    if current != token:
        secrets.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


STEPS = {
    "createSecret": create_secret,
    "setSecret": read_pending,
    "testSecret": read_pending,
    "finishSecret": finish_secret,
}


def handler(event, context):
    fault = ask("begin", event).get("fault")
    if fault:
        FAULTS[fault]()
    STEPS[event["Step"]](event["SecretId"], event["ClientRequestToken"])
    fault = ask("done", event).get("fault")
    if fault:
        FAULTS[fault]()
