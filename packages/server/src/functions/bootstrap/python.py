"""Runs one invocation of a Python handler: asks the Runtime API for it, calls the handler, answers.

It runs in a process that lives for this invocation alone.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

import http.client
import importlib
import json
import os
import sys
import time
import traceback

RUNTIME = "/2018-06-01/runtime/"


def call(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, RUNTIME + path, body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer.headers, answer.read()


def report(path, described):
    text = json.dumps(described)
    print("[ERROR] " + text, file=sys.stderr, flush=True)
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-Error-Type": described["errorType"],
    }
    call("POST", path, text, headers)


def described(kind, message, trace=(), request_id=""):
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": list(trace),
    }


class InitError(Exception):
    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.described = described(kind, message, trace)


def load_handler():
    full = os.environ.get("_HANDLER", "")
    module_name, dot, name = full.rpartition(".")
    if not dot:
        raise InitError(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % full,
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise InitError(
            "Runtime.ImportModuleError",
            "Unable to import module '%s': %s" % (module_name, error),
        )
    except SyntaxError as error:
        raise InitError(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (module_name, error),
        )
    except Exception as error:
        raise InitError(type(error).__name__, str(error), traceback.format_tb(error.__traceback__))
    handler = getattr(module, name, None)
    if handler is None:
        raise InitError(
            "Runtime.HandlerNotFound",
            "Handler '%s' missing on module '%s'" % (name, module_name),
        )
    return handler


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))


def invoke(handler, headers, body):
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    trace_id = headers.get("Lambda-Runtime-Trace-Id")
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    failed = "invocation/%s/error" % request_id
    try:
        result = handler(json.loads(body), Context(headers))
    except Exception as error:
        trace = traceback.format_tb(error.__traceback__)[1:]
        report(failed, described(type(error).__name__, str(error), trace, request_id))
        return
    try:
        text = json.dumps(result, ensure_ascii=False).encode("utf-8")
    except Exception as error:
        message = "Unable to marshal response: %s" % error
        report(failed, described("Runtime.MarshalError", message, (), request_id))
        return
    sys.stdout.flush()
    call("POST", "invocation/%s/response" % request_id, text, {"Content-Type": "application/json"})


def main():
    # The script's own directory is not the function's.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    try:
        handler = load_handler()
    except InitError as error:
        report("init/error", error.described)
        sys.exit(1)
    headers, body = call("GET", "invocation/next")
    invoke(handler, headers, body)


main()
