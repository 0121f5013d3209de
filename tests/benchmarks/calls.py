"""The AWS calls of a handler: counted, or recorded once and then made by a bare boto3 program, nothing else."""

import importlib
import json
from collections import Counter
from typing import Any

type Call = dict[str, Any]


def count(event: dict[str, Any], context: object) -> dict[str, int]:
    """Run `event["program"]` with each of `event["events"]` and return how often it calls each operation."""
    from botocore.client import BaseClient  # noqa: PLC0415  # as below

    found: Counter[str] = Counter()
    call = BaseClient._make_api_call  # noqa: SLF001  # the one place that all clients' calls go through

    def note(client: Any, operation: str, params: Call) -> Any:
        found[operation] += 1
        return call(client, operation, params)

    BaseClient._make_api_call = note  # noqa: SLF001  # see above
    program = _function(event["program"])
    for one in event["events"]:
        program(one, context)
    return found


def record(event: dict[str, Any], context: object) -> list[Call]:
    """Run `event["program"]` with `event["event"]` and return the calls it makes."""
    from shared.clients import _session  # noqa: PLC0415  # the replay must not pay for it

    calls: list[Call] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        rendered = params.get("RenderedBody")
        sent = json.loads(rendered) if rendered else {name: _text(value) for name, value in params.items()}
        calls.append({"service": model.service_model.service_name, "operation": model.name, "params": sent})

    _session().register("provide-client-params", note)
    _function(event["program"])(event["event"], context)
    return calls


def replay(event: dict[str, Any], _context: object) -> int:
    """Make the recorded calls with plain boto3 clients; return how many there were."""
    import boto3  # noqa: PLC0415  # recording does without it
    from botocore import xform_name  # noqa: PLC0415
    from botocore.exceptions import ClientError  # noqa: PLC0415

    clients: dict[str, Any] = {}
    for call in event["calls"]:
        service = call["service"]
        client = clients.setdefault(service, clients.get(service) or boto3.client(service))
        try:
            answer = getattr(client, xform_name(call["operation"]))(**call["params"])
        except ClientError:
            continue  # the handler meets it as well
        if "Body" in answer:
            answer["Body"].read()
    return len(event["calls"])


def _function(program: str) -> Any:
    module, _, name = program.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _text(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes | bytearray) else value
