"""A rotation function as it is written for AWS with boto3: a secret that is one password, the four steps.

Says each step that it is asked for.
"""

import json

import boto3

secrets = boto3.client("secretsmanager")


def pending_value(arn, token):
    answer = secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    return answer["SecretString"]


def create_secret(arn, token):
    secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
    try:
        pending_value(arn, token)
    except secrets.exceptions.ResourceNotFoundException:
        password = secrets.get_random_password(PasswordLength=24)["RandomPassword"]
        secrets.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
        )


def set_secret(arn, token):
    pending_value(arn, token)


def test_secret(arn, token):
    if len(pending_value(arn, token)) != 24:
        raise ValueError("not the value of createSecret")


def finish_secret(arn, token):
    versions = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    if current == token:
        return
    secrets.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


STEPS = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    has_token = len(event.get("RotationToken", "")) >= 32
    print(json.dumps({"step": step, "secret": arn, "token": token, "rotationToken": has_token}))
    metadata = secrets.describe_secret(SecretId=arn)
    if not metadata["RotationEnabled"]:
        raise ValueError("the secret is not enabled for rotation")
    stages = metadata["VersionIdsToStages"].get(token)
    if stages is None:
        raise ValueError("the version has no stage for rotation")
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise ValueError("the version is not AWSPENDING")
    STEPS[step](arn, token)
