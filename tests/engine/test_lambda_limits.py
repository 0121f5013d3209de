"""Lambda's limits: memory, payloads, responses and environments."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.functions import Functions

MEBIBYTE = 1 << 20


def test_a_function_that_uses_more_than_its_memory_is_killed(functions: Functions) -> None:
    name = functions.make("def handler(event, context):\n return len(bytearray(event << 20))", MemorySize=128)
    assert functions.invoke(name, 40) == 40 * MEBIBYTE
    failure = functions.fails(name, Payload=b"300")
    assert failure["errorType"] == "Runtime.ExitError"
    assert failure["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert functions.invoke(name, 1) == MEBIBYTE


def test_a_payload_that_is_too_large_is_refused(functions: Functions) -> None:
    name = functions.make("def handler(event, context): return len(event)", MemorySize=512)
    assert functions.invoke(name, "x" * 5 * MEBIBYTE) == 5 * MEBIBYTE
    assert functions.refused(name, Payload=b'"' + b"x" * 6 * MEBIBYTE + b'"')["Code"] == "RequestTooLargeException"
    assert (
        functions.refused(name, Payload=b'"' + b"x" * MEBIBYTE + b'"', InvocationType="Event")["Code"]
        == "RequestTooLargeException"
    )


def test_a_response_that_is_too_large_fails_the_invocation(functions: Functions) -> None:
    name = functions.make("def handler(event, context): return 'x' * (7 << 20)", MemorySize=512)
    assert functions.fails(name)["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_environment_of_more_than_4_kb_is_refused(functions: Functions, client: Callable[[str], Any]) -> None:
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        functions.make("", variables={"A": "x" * 4096})
    name = functions.make("")
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"A": "x" * 4096}})
