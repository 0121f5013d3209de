"""Fault 5, API Gateway returns 500, 502, 504 or 429: a permission lost, bad releases, a limit too small."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.doctor.findings import Fault, Finding
from scripts.lab import kept
from scripts.lab.bench import Bench
from scripts.lab.course import ASK, Cure, Variant
from scripts.lab.cures import input_of, proposed
from scripts.lab.functions import ALIAS
from scripts.policies import document

PATH = "/requests/{request_id}"
SUBJECT = f"approval-workflow GET {PATH}"
LIMIT_MS = 1000  # in place of 29 s, so that nobody has to wait for them
THROTTLES = {"rateLimit": "throttlingRateLimit", "burstLimit": "throttlingBurstLimit"}

RAISES = """
def handler(event, context):
    return {"statusCode": 200, "body": event["body"]["request_id"]}
"""
MALFORMED = """
def handler(event, context):
    return {"request_id": event["pathParameters"]["request_id"], "status": "PENDING"}
"""
SLOW = """
import time
_soon = handler

def handler(event, context):
    time.sleep(2)
    return _soon(event, context)
"""


@contextmanager
def _released(bench: Bench, change: str) -> Iterator[Cure]:
    function = bench.shown
    with function.kept():
        sound = function.package()
        function.release(change)

        def cure(_: Finding) -> str:
            function.release(package=sound)
            return "a release without the mistake"

        yield cure


@contextmanager
def _raises(bench: Bench) -> Iterator[Cure]:
    with _released(bench, RAISES) as cure:
        yield cure


@contextmanager
def _malformed(bench: Bench) -> Iterator[Cure]:
    with _released(bench, MALFORMED) as cure:
        yield cure


@contextmanager
def _too_slow(bench: Bench) -> Iterator[Cure]:
    with _integration_limit(bench, LIMIT_MS), _released(bench, SLOW) as cure:
        yield cure


@contextmanager
def _integration_limit(bench: Bench, milliseconds: int) -> Iterator[None]:
    """Let the route's integration wait no longer than that, by a deployment of its own."""
    gateway, api = bench.deployment.client("apigateway"), _api(bench)
    resources = gateway.get_resources(restApiId=api["restApiId"], embed=["methods"], limit=500)["items"]
    [resource] = [each["id"] for each in resources if each["path"] == PATH]
    method = {"restApiId": api["restApiId"], "resourceId": resource, "httpMethod": "GET"}

    def patch(path: str, value: str) -> list[dict[str, str]]:
        return [{"op": "replace", "path": path, "value": value}]

    def read() -> dict[str, Any]:
        deployed = gateway.get_stage(**api)["deploymentId"]
        return {"limit": gateway.get_integration(**method)["timeoutInMillis"], "deployment": deployed}

    def write(before: dict[str, Any]) -> None:
        ours = read()["deployment"]
        gateway.update_integration(**method, patchOperations=patch("/timeoutInMillis", str(before["limit"])))
        gateway.update_stage(**api, patchOperations=patch("/deploymentId", before["deployment"]))
        gateway.delete_deployment(restApiId=api["restApiId"], deploymentId=ours)

    with kept(f"the integration of GET {PATH}", read, write):
        gateway.update_integration(**method, patchOperations=patch("/timeoutInMillis", str(milliseconds)))
        gateway.create_deployment(**api)
        yield


@contextmanager
def _permission_taken(bench: Bench) -> Iterator[Cure]:
    functions, named = bench.deployment.client("lambda"), {"FunctionName": bench.shown.name, "Qualifier": ALIAS}

    def read() -> list[dict[str, Any]]:
        try:
            return list(document(functions.get_policy(**named)["Policy"])["Statement"])
        except functions.exceptions.ResourceNotFoundException:
            return []

    def add(statement: dict[str, Any]) -> None:
        [source] = [value for test in statement["Condition"].values() for value in test.values()]
        granted = {"Action": statement["Action"], "Principal": statement["Principal"]["Service"], "SourceArn": source}
        functions.add_permission(**named, StatementId=statement["Sid"], **granted)

    def write(before: list[dict[str, Any]]) -> None:
        for statement in read():
            functions.remove_permission(**named, StatementId=statement["Sid"])
        for statement in before:
            add(statement)

    with kept(f"the permissions of {bench.shown.name}", read, write):
        write([])

        def cure(finding: Finding) -> str:
            add(proposed(finding))
            return "API Gateway may invoke the function for this route"

        yield cure


@contextmanager
def _stage_throttled(bench: Bench) -> Iterator[Cure]:
    gateway, api = bench.deployment.client("apigateway"), _api(bench)

    def read() -> dict[str, float]:
        found = gateway.get_stage(**api)["methodSettings"]["*/*"]
        return {name: found[key] for name, key in THROTTLES.items()}

    def write(limits: dict[str, float]) -> None:
        patches = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)} for name, value in limits.items()
        ]
        gateway.update_stage(**api, patchOperations=patches)

    with kept("the throttling of the stage", read, write):
        write({"rateLimit": 0.01, "burstLimit": 1})

        def cure(finding: Finding) -> str:
            rate, burst = input_of(finding, "requests_per_second"), input_of(finding, "burst")
            write({"rateLimit": rate, "burstLimit": burst})
            return f"the stage takes {rate} calls a second, and {burst} at once"

        yield cure


@contextmanager
def _function_throttled(bench: Bench) -> Iterator[Cure]:
    function = bench.shown
    with function.reserving(0):

        def cure(finding: Finding) -> str:
            wanted = input_of(finding, "reserved")
            function.reserve(wanted)
            return f"{wanted} executions are reserved for the function"

        yield cure


def _api(bench: Bench) -> dict[str, str]:
    outputs = bench.deployment.outputs["approval_workflow"]
    return {"restApiId": outputs["api_id"], "stageName": outputs["stage"]}


VARIANTS = (
    Variant(
        Fault.API_ERROR,
        "permission_missing",
        SUBJECT,
        "the permission of API Gateway to invoke the function is taken from its alias",
        ASK,
        "500 500",
        _permission_taken,
    ),
    Variant(
        Fault.API_ERROR,
        "unhandled_exception",
        SUBJECT,
        "a release reads a body that a GET does not have, and nothing makes an answer of the exception",
        ASK,
        "502 502",
        _raises,
    ),
    Variant(
        Fault.API_ERROR,
        "malformed_response",
        SUBJECT,
        "a release returns its result, and not the answer with a status that API Gateway takes",
        ASK,
        "502 502",
        _malformed,
    ),
    Variant(
        Fault.API_ERROR,
        "over_limit",
        SUBJECT,
        f"a release takes 2 s, and the integration waits {LIMIT_MS / 1000:g} s",
        ASK,
        "504 504",
        _too_slow,
    ),
    Variant(
        Fault.API_ERROR,
        "function_throttled",
        SUBJECT,
        "somebody reserves no concurrency for the function, to stop it for a moment, and forgets it",
        ASK,
        "500 500",
        _function_throttled,
    ),
    Variant(
        Fault.API_ERROR,
        "stage_throttled",
        "approval-workflow",
        "the stage takes one call and hardly any more, a value that was meant for another stage",
        ASK,
        "404 429",
        _stage_throttled,
    ),
)
