"""Functions: settings, policies of their aliases, invocations, and where the time of those that timed out went."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from scripts.doctor.adapters import logs
from scripts.doctor.adapters.reading import Reader
from scripts.doctor.facts import Call, Caller, Denial, Function, Invocation
from scripts.policies import VIA_SERVICE, Policy, document

TRACES = 25  # looked up at most, five in a request: https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html
AT_A_TIME = 5
INSIGHTS = "/aws/lambda-insights"  # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-insights.html
REFUSALS = ("is not authorized to perform", "AccessDenied", "Access Denied", "(403)")

type Decisions = Callable[[], list[dict[str, Any]]]


def functions(reader: Reader, decisions: Decisions | None = None) -> Iterator[Function]:
    """Yield the environment's functions; `decisions` reads the local engine's log, where it takes the traces' place."""
    for listed in reader.pages("lambda", "list_functions", "Functions"):
        if listed["FunctionName"].startswith(reader.prefix):
            yield _function(reader, listed, decisions)


def alias_policies(reader: Reader, function: Function) -> dict[str, Policy]:
    """Return the resource policies of a function and of its aliases, by the ARN that each is asked for."""
    client = reader.client("lambda")
    aliases = reader.pages("lambda", "list_aliases", "Aliases", FunctionName=function.name)
    found: dict[str, Policy] = {}
    for arn, qualifier in [(function.arn, ""), *((alias["AliasArn"], alias["Name"]) for alias in aliases)]:
        named = {"FunctionName": function.name} | ({"Qualifier": qualifier} if qualifier else {})
        text = reader.get(f"policy of {arn}", {"Policy": ""}, client.get_policy, **named)["Policy"]
        found[arn] = Policy(f"resource policy of {arn}", document(text))
    return found


def denials(function: Function) -> Iterator[Denial]:
    """Yield what a function's lines tell of refusals, each sentence once an invocation."""
    for invocation in function.invocations:
        for line in invocation.lines:
            if any(part in line.text for part in REFUSALS):
                yield Denial(line.text, line.where, invocation.request_id, function.role_arn)
                break  # the lines after it repeat what failed by it


def called_by(function: Function, callers: tuple[Caller, ...]) -> Function:
    """Return the function with those who wait for it."""
    return replace(function, callers=function.callers + callers)


def throttles(reader: Reader, function: Function) -> Function:
    """Return the function with how often Lambda refused to run it in the window."""
    window = reader.window
    answer = reader.get(
        f"throttles of {function.name}",
        {"Datapoints": []},
        reader.client("cloudwatch").get_metric_statistics,
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        Dimensions=[{"Name": "FunctionName", "Value": function.name}],
        StartTime=window.since,
        EndTime=window.until,
        Period=max(60, int(window.until - window.since) // 60 * 60),
        Statistics=["Sum"],
    )
    return replace(function, throttles=int(sum(point["Sum"] for point in answer["Datapoints"])))


def _function(reader: Reader, listed: dict[str, Any], decisions: Decisions | None) -> Function:
    name = listed["FunctionName"]
    group = listed.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    concurrency = reader.client("lambda").get_function_concurrency
    reserved = reader.get(f"concurrency of {name}", {}, concurrency, FunctionName=name)
    function = Function(
        name,
        listed["FunctionArn"],
        listed["Role"],
        listed.get("Timeout", 3),
        listed.get("MemorySize", 128),
        in_network=bool(listed.get("VpcConfig", {}).get("SubnetIds")),
        updated=datetime.fromisoformat(listed["LastModified"]).timestamp(),
        reserved_concurrency=reserved.get("ReservedConcurrentExecutions"),
        invocations=logs.invocations(logs.lines(logs.events(reader, group), group)),
    )
    late = [each for each in function.invocations if each.status == "timeout"]
    return _with_time(reader, function, late, decisions) if late else function


def _with_time(reader: Reader, function: Function, late: list[Invocation], decisions: Decisions | None) -> Function:
    """Return the function with what is recorded about where the time of its late invocations went."""
    if decisions:
        calls = {each.request_id: decided(function, each, decisions()) for each in late}
    else:
        calls = _traced(reader, late)
    known = tuple(replace(each, calls=calls.get(each.request_id, each.calls)) for each in function.invocations)
    return replace(function, invocations=logs.with_cpu(known, _computed(reader, function)))


def _traced(reader: Reader, late: list[Invocation]) -> dict[str, tuple[Call, ...]]:
    """Return the calls in the traces of invocations, by request id, where code or a layer recorded any."""
    by_trace = {each.trace_id: each for each in late[-TRACES:] if each.trace_id}
    ids = list(by_trace)
    found: dict[str, tuple[Call, ...]] = {}
    for start in range(0, len(ids), AT_A_TIME):
        batch = ids[start : start + AT_A_TIME]
        answer = reader.get("traces", {"Traces": []}, reader.client("xray").batch_get_traces, TraceIds=batch)
        for trace in answer["Traces"]:
            invocation = by_trace[trace["Id"]]
            documents = [json.loads(segment["Document"]) for segment in trace["Segments"]]
            calls = tuple(call for each in documents for call in calls_in(each, f"trace {trace['Id']}"))
            if calls:
                found[invocation.request_id] = calls
    return found


def calls_in(segment: dict[str, Any], where: str) -> Iterator[Call]:
    """Yield the calls to others in a segment: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html."""
    for part in segment.get("subsegments", []):
        if part.get("namespace") in ("aws", "remote"):
            operation = part.get("aws", {}).get("operation", "")
            ended = None if part.get("in_progress") else (part["end_time"] - part["start_time"]) * 1000
            name = f"{part['name'].lower()}:{operation}" if operation else part["name"]
            yield Call(name, part["start_time"], ended, where)
        yield from calls_in(part, where)


def decided(function: Function, invocation: Invocation, decisions: list[dict[str, Any]]) -> tuple[Call, ...]:
    """Return the calls that the local engine decided on during an invocation: it notes when one came, not its end.

    The last is taken as unfinished if the function wrote nothing after it. What a service asks for in the function's
    name, as for a table's key, is no call of the function's.
    """
    role = function.role_arn.rsplit("/", 1)[-1]
    end = invocation.at + invocation.duration_ms / 1000
    asked = [each for each in decisions if each["principal"].rsplit("/", 1)[-1] == role and each["via"] != "lambda"]
    mine = [each for each in asked if VIA_SERVICE not in {key.lower() for key in each["context"]}]
    during = [each for each in mine if invocation.at <= each["time"] <= end]
    calls = [Call(each["action"], each["time"], 0.0, "the engine's log of decisions", inferred=True) for each in during]
    if calls and all(line.at < calls[-1].started for line in invocation.lines):
        calls[-1] = replace(calls[-1], duration_ms=None)
    return tuple(calls)


def _computed(reader: Reader, function: Function) -> dict[str, float]:
    """Return the milliseconds of the processor by request id, where Lambda Insights records them."""
    pattern = f'{{ $.function_name = "{function.name}" }}'
    found: dict[str, float] = {}
    for event in logs.events(reader, INSIGHTS, pattern):
        record = json.loads(event["message"])
        if "request_id" in record and "cpu_total_time" in record:
            found[record["request_id"]] = float(record["cpu_total_time"])
    return found
