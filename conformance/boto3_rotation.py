"""Makes a rotation function of a zip with boto3 and starts a rotation: ZIP ROLE SECRET TOKEN. Prints what it made."""

import json
import os
import sys
import urllib.parse

import boto3

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
if urllib.parse.urlsplit(ENDPOINT).hostname != "127.0.0.1":
    sys.exit(f"conformance speaks to loopback only, and {ENDPOINT} is not")

zip_file, role, secret, token = sys.argv[1:]
functions = boto3.client("lambda")
with open(zip_file, "rb") as code:
    made = functions.create_function(
        FunctionName="python",
        Runtime="python3.12",
        Role=role,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": code.read()},
        Timeout=60,
        MemorySize=512,
    )
functions.get_waiter("function_active_v2").wait(FunctionName="python")
functions.add_permission(
    FunctionName="python",
    StatementId="rotation",
    Action="lambda:InvokeFunction",
    Principal="secretsmanager.amazonaws.com",
)
started = boto3.client("secretsmanager").rotate_secret(
    SecretId=secret,
    ClientRequestToken=token,
    RotationLambdaARN=made["FunctionArn"],
    RotationRules={"AutomaticallyAfterDays": 30},
)
print(json.dumps({"function": made["FunctionArn"], "version": started["VersionId"]}))
