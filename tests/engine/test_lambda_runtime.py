"""Lambda's managed Python runtime: isolation, environment, errors, layers and time limits."""

from collections.abc import Callable
from typing import Any

from tests.engine.functions import Functions

REPORT = """
import os, sys
def handler(event, context):
    return {"environment": dict(os.environ), "path": sys.path, "cwd": os.getcwd(),
            "arn": context.invoked_function_arn, "group": context.log_group_name, "stream": context.log_stream_name,
            "remaining": context.get_remaining_time_in_millis(), "files": sorted(os.listdir("."))}
"""


def test_the_environment_is_what_aws_documents_and_nothing_of_the_hosts(functions: Functions) -> None:
    name = functions.make(REPORT, variables={"MINE": "1"}, LoggingConfig={"LogFormat": "JSON"})
    answer = functions.invoke(name)
    environment = answer["environment"]
    assert environment["MINE"] == "1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == answer["group"] == f"/aws/lambda/{name}"
    assert environment["AWS_LAMBDA_LOG_STREAM_NAME"] == answer["stream"]
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["TZ"] == ":UTC"
    assert environment["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert environment["_X_AMZN_TRACE_ID"].endswith("Sampled=0")
    assert not set(environment) & {"HOME", "ENGINE_DIRECTORY", "GATEWAY_PORT", "VIRTUAL_ENV", "_ENGINE_SEARCH_PATH"}
    assert answer["files"] == ["function.py"]
    assert 0 < answer["remaining"] <= 10_000


def test_active_tracing_samples(functions: Functions) -> None:
    name = functions.make(REPORT, TracingConfig={"Mode": "Active"})
    assert functions.invoke(name)["environment"]["_X_AMZN_TRACE_ID"].endswith("Sampled=1")


def test_a_package_that_was_not_deployed_is_missing(functions: Functions) -> None:
    name = functions.make("import boto3\ndef handler(event, context): pass")
    assert functions.fails(name) == {
        "errorMessage": "Unable to import module 'function': No module named 'boto3'",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": [],
    }
    assert functions.fails(name)["errorType"] == "Runtime.ImportModuleError"  # and again, on a fresh environment


def test_a_missing_handler_is_named(functions: Functions) -> None:
    name = functions.make("x = 1")
    failure = functions.fails(name)
    assert failure["errorType"] == "Runtime.HandlerNotFound"
    assert failure["errorMessage"] == "Handler 'handler' missing on module 'function'"


def test_an_exception_keeps_its_class_name(functions: Functions) -> None:
    name = functions.make("class Broken(Exception): pass\ndef handler(event, context): raise Broken('so')")
    failure = functions.fails(name)
    assert (failure["errorType"], failure["errorMessage"]) == ("Broken", "so")
    assert "handler" in failure["stackTrace"][0]


def test_a_layer_is_importable_and_comes_after_the_function(functions: Functions) -> None:
    layer = functions.layer({"python/helper.py": "VALUE = 'layer'", "python/function.py": "raise SystemExit"})
    name = functions.make("import helper\ndef handler(event, context): return helper.VALUE", Layers=[layer])
    assert functions.invoke(name) == "layer"


def test_a_function_that_takes_too_long_is_killed_and_its_log_says_so(functions: Functions) -> None:
    name = functions.make("import time\ndef handler(event, context): print('begun'); time.sleep(9)", Timeout=1)
    failure = functions.fails(name)
    assert failure["errorType"] == "Sandbox.Timedout"
    assert failure["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    lines = functions.log(name)
    assert "begun" in lines
    assert any(line.endswith("Task timed out after 1.00 seconds") for line in lines)


def test_a_runtime_that_exits_is_reported(functions: Functions) -> None:
    name = functions.make("import os\ndef handler(event, context): os._exit(3)")
    failure = functions.fails(name)
    assert failure["errorType"] == "Runtime.ExitError"
    assert failure["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_environments_are_reused(functions: Functions) -> None:
    name = functions.make("count = 0\ndef handler(event, context):\n global count\n count += 1\n return count")
    assert [functions.invoke(name) for _ in range(3)] == [1, 2, 3]


def test_reserved_concurrency_also_limits_an_alias(functions: Functions, client: Callable[[str], Any]) -> None:
    name = functions.make("def handler(event, context): return 1")
    functions.alias(name)
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    error = functions.refused(name, Qualifier="live")
    assert error["Code"] == "TooManyRequestsException"
