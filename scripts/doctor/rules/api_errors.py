"""Fault 5, an API answers 500, 502, 503, 504 or 429: which of its parts failed, with the log of the request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.doctor.facts import Access, Api, ApiCall, Environment, Function, Invocation, Line, Route
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix
from scripts.policies import Answer, Policy, Request, decide

SERVICE = "apigateway.amazonaws.com"
TOO_MANY, SERVER_ERROR, BAD_GATEWAY, UNAVAILABLE, TIMED_OUT = 429, 500, 502, 503, 504
STATUSES = (TOO_MANY, SERVER_ERROR, BAD_GATEWAY, UNAVAILABLE, TIMED_OUT)
NOT_INVOKED = "API_CONFIGURATION_ERROR"  # the function is not there, or does not let API Gateway in
THROTTLING = ("THROTTLED", "QUOTA_EXCEEDED")
NEARLY = 0.97  # of the time limit: the latency in the log leaves out a little
SHOWN = 3
SLACK_SECONDS = 0.1  # between the clocks of an access log and of a function's log


@dataclass(frozen=True)
class _Case:
    """One failed call with all that belongs to it."""

    api: Api
    call: ApiCall
    route: Route | None
    function: Function | None
    invocation: Invocation | None
    access: Access

    @property
    def symptom(self) -> str:
        """The id that deeper rules know the failure by: the invocation's, if there was one."""
        return self.invocation.request_id if self.invocation else f"api:{self.call.request_id}"

    @property
    def error_line(self) -> Line | None:
        """The line in which the function told of an error, if it did."""
        lines = self.invocation.lines if self.invocation else ()
        return next((line for line in reversed(lines) if _tells_of_error(line.text)), None)


@dataclass(frozen=True)
class _Cause:
    name: str
    sentence: str
    fix: Fix
    confidence: Confidence
    evidence: tuple[Evidence, ...] = ()


def findings(environment: Environment) -> Iterator[Finding]:
    """Yield one finding for each route and reason of failed calls."""
    functions = {function.name: function for function in environment.functions}
    for api in environment.apis:
        groups: dict[tuple[str, str, str], list[tuple[_Case, _Cause]]] = {}
        for call in api.calls:
            if call.status in STATUSES:
                case = _case(api, call, functions, environment.access)
                if cause := _cause(case):
                    route = "" if cause.name == "stage_throttled" else f"{call.method} {call.route}"
                    groups.setdefault((route, cause.name, str(call.status)), []).append((case, cause))
        for (route, name, status), group in groups.items():
            yield _finding(api, route or "all routes", name, status, group)


def _finding(api: Api, route: str, name: str, status: str, group: list[tuple[_Case, _Cause]]) -> Finding:
    cause = group[0][1]
    called = [Evidence(case.call.line.where, case.call.line.text) for case, _ in group[:SHOWN]]
    told = [evidence for _, each in group[:SHOWN] for evidence in each.evidence]
    return Finding(
        Fault.API_ERROR,
        name,
        f"{api.name} {route}",
        f"{route} of {api.name} answered {status} {len(group)} times: {cause.sentence}",
        tuple(dict.fromkeys(called + told)),
        cause.fix,
        cause.confidence,
        frozenset(case.symptom for case, _ in group),
    )


def _case(api: Api, call: ApiCall, functions: dict[str, Function], access: Access) -> _Case:
    route = next((each for each in api.routes if (each.method, each.path) == (call.method, call.route)), None)
    function = functions.get(route.function_arn.split(":")[6]) if route else None
    return _Case(api, call, route, function, _invocation(call, function), access)


def _invocation(call: ApiCall, function: Function | None) -> Invocation | None:
    """Return the invocation that a call led to: of its trace, or else the only one within its time."""
    invocations = function.invocations if function and call.error != NOT_INVOKED else ()
    if call.trace_id and (same := [each for each in invocations if each.trace_id == call.trace_id]):
        return same[0]
    until = call.at + (call.latency_ms or 0.0) / 1000 + SLACK_SECONDS
    during = [each for each in invocations if not each.trace_id and call.at - SLACK_SECONDS <= each.at <= until]
    return during[0] if len(during) == 1 else None


def _cause(case: _Case) -> _Cause | None:
    """Return the one reason of a failed call, from the outside inwards."""
    return next(filter(None, (judge(case) for judge in _JUDGES)), None)


def _stage_throttled(case: _Case) -> _Cause | None:
    call = case.call
    if call.status != TOO_MANY or call.integration_status:
        return None
    if call.error == "QUOTA_EXCEEDED":
        fix = Fix("Raise the quota of the caller's usage plan, or let the caller wait for the next period.")
        return _Cause("quota_exceeded", "the caller's usage plan has no calls left", fix, Confidence.CERTAIN)
    peak = max(Counter(int(each.at) for each in case.api.calls).values())
    rate = math.ceil(max(peak, case.api.requests_per_second or 0) * 1.5)
    limits = f"{case.api.requests_per_second or 0:g} calls a second and bursts of {case.api.burst or 0}"
    fix = Fix(
        f"If these calls are wanted (up to {peak} in a second), let the stage take {rate} a second.",
        terraform=f"throttling = {{ requests_per_second = {rate}, burst = {2 * rate} }}",
        wrong_cure="More memory or time for the function changes nothing: it was never asked.",
    )
    sure = Confidence.CERTAIN if call.error in THROTTLING else Confidence.LIKELY
    evidence = (Evidence(case.api.where, f"the stage takes {limits}"),)
    return _Cause("stage_throttled", f"the stage takes {limits}", fix, sure, evidence)


def _function_missing(case: _Case) -> _Cause | None:
    if case.invocation or not case.route or case.route.function_exists is not False:
        return None
    evidence = (Evidence(case.api.where, f"{case.route.method} {case.route.path} -> {case.route.function_arn}"),)
    fix = Fix("Pass the ARN of the alias that is there, then `make apply`: the API needs a new deployment.")
    return _Cause("function_missing", f"{case.route.function_arn} does not exist", fix, Confidence.CERTAIN, evidence)


def _permission_missing(case: _Case) -> _Cause | None:
    """Judge the policy of the function's alias: without API Gateway in it, nothing is invoked."""
    route = case.route
    if case.invocation or not route or case.call.integration_status or case.call.status != SERVER_ERROR:
        return None
    policy = case.access.resources.get(route.function_arn, Policy(f"policy of {route.function_arn}", {}))
    context = {"aws:sourcearn": route.source_arn, "aws:sourceaccount": route.source_arn.split(":")[4]}
    verdict = decide([policy], Request("lambda:InvokeFunction", route.function_arn, context, (SERVICE,)))
    if verdict.answer in (Answer.ALLOWED, Answer.DEPENDS):
        return None
    function, qualifier = route.function_arn.split(":")[6], ":".join(route.function_arn.split(":")[7:])
    statement = {
        "Sid": "ServeTheRoute",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "lambda:InvokeFunction",
        "Resource": route.function_arn,
        "Condition": {"ArnLike": {"AWS:SourceArn": route.source_arn}},
    }
    fix = Fix(
        f"Let API Gateway invoke {function}:{qualifier} for this route.",
        terraform='resource "aws_lambda_permission" "this" { action = "lambda:InvokeFunction", principal = '
        f'"{SERVICE}", function_name = "{function}", qualifier = "{qualifier}", source_arn = "{route.source_arn}" }}',
        statement=statement,
        add_to=policy.where,
        wrong_cure="The function's code and its role are not to blame: it was never invoked.",
    )
    sentence = f"the policy of {route.function_arn} does not let {SERVICE} invoke it for this route"
    evidence = (Evidence(policy.where, json.dumps(policy.document)),)
    return _Cause("permission_missing", sentence, fix, Confidence.CERTAIN, evidence)


def _over_limit(case: _Case) -> _Cause | None:
    limit_ms = case.route.limit_ms if case.route else 29_000
    late = case.call.integration_ms is not None and case.call.integration_ms >= NEARLY * limit_ms
    if case.call.status != TIMED_OUT and not (late and not case.call.integration_status):
        return None
    if case.invocation and case.invocation.status == "timeout" and case.invocation.duration_ms < NEARLY * limit_ms:
        return None
    function = case.function.name if case.function else "the integration"
    took = f"{case.invocation.duration_ms:,.0f} ms" if case.invocation else "longer"
    fix = Fix(
        f"Make {function} answer sooner, or answer 202 at once and let a state machine do the work. Its own time-out "
        f"belongs below {limit_ms / 1000:g} s, so that it fails with a reason.",
        terraform=f"limits = {{ timeout_seconds = {max(1, limit_ms // 1000 - 1)} }}",
        wrong_cure=f"A longer time-out of {function} changes nothing: the API waits {limit_ms / 1000:g} s at most.",
    )
    sentence = f"{function} took {took}, and API Gateway waits {limit_ms / 1000:g} s at most"
    return _Cause("over_limit", sentence, fix, Confidence.CERTAIN, _report(case))


def _function_throttled(case: _Case) -> _Cause | None:
    function = case.function
    unasked = case.invocation is None and not case.call.integration_status
    if function is None or not unasked or not function.throttles or case.call.status == TIMED_OUT:
        return None
    reserved = function.reserved_concurrency
    held = "the account's concurrency is used up" if reserved is None else f"it may run {reserved} times at once"
    wanted = max(10, 2 * (reserved or 0))
    fix = Fix(
        f"Reserve more for {function.name}, or nothing, so that it takes from the account's pool.",
        terraform=f"concurrency = {{ reserved = {wanted} }}",
        wrong_cure="More memory or time for the function changes nothing: it was never run.",
    )
    evidence = (Evidence(f"metrics of {function.name}", f"Throttles: {function.throttles}; reserved: {reserved}"),)
    sentence = f"Lambda refused {function.name} {function.throttles} times: {held}"
    return _Cause("function_throttled", sentence, fix, Confidence.LIKELY, evidence)


def _timed_out(case: _Case) -> _Cause | None:
    if case.invocation is None or case.invocation.status != "timeout" or case.function is None:
        return None
    sentence = f"{case.function.name} was stopped after its {case.function.timeout_seconds} s"
    fix = Fix("See what fault 1 says about the function.")
    return _Cause("function_timed_out", sentence, fix, Confidence.CERTAIN, _report(case))


def _unhandled(case: _Case) -> _Cause | None:
    if case.invocation is None or case.function is None or case.call.status != BAD_GATEWAY:
        return None
    if case.invocation.status != "error" and not case.invocation.error_type:
        return None
    what = case.invocation.error_type or "an exception"
    fix = Fix(
        f"Mend what raised {what} (the log line has the place), and wrap the handler in `answering` of "
        "lambda_src/shared/http.py, which answers every exception in due form.",
        wrong_cure="To answer 200 with the error in the body hides it from the callers and from the alarms.",
    )
    sentence = f"{case.function.name} raised {what}, and nothing in it made an answer of that"
    return _Cause("unhandled_exception", sentence, fix, Confidence.CERTAIN, _log(case))


def _malformed(case: _Case) -> _Cause | None:
    if case.invocation is None or case.function is None or case.call.status != BAD_GATEWAY:
        return None
    fix = Fix(
        'Return {"statusCode": a whole number, "headers": {name: text}, "body": text} and no other key; the body is '
        "text, so `json.dumps` it.",
        wrong_cure="More time or memory changes nothing: the function succeeded.",
    )
    sentence = f"{case.function.name} succeeded, but its answer has not the form that API Gateway takes"
    return _Cause("malformed_response", sentence, fix, Confidence.CERTAIN, _report(case))


def _answered(case: _Case) -> _Cause | None:
    """Judge a call whose answer the function itself gave."""
    if case.call.integration_status != str(case.call.status) or case.function is None:
        return None
    if case.call.status in (UNAVAILABLE, TOO_MANY):
        fix = Fix("Look at the service that the log line names: is it throttled, or down? The caller should try again.")
        sentence = f"{case.function.name} says that a service it needs is busy"
        return _Cause("downstream_busy", sentence, fix, Confidence.LIKELY, _log(case))
    told = case.error_line
    fix = Fix("Mend what the log line tells; the answer itself is in due form.")
    sentence = f"{case.function.name} failed and said so" + ("" if told else ", but nothing of the request was logged")
    return _Cause("handled_exception", sentence, fix, Confidence.CERTAIN if told else Confidence.POSSIBLE, _log(case))


def _unexplained(case: _Case) -> _Cause | None:
    """Say so, unless what was wrong is mended by now: the route may be invoked, or has answered since."""
    if case.call.error == NOT_INVOKED:
        return None
    same = [each for each in case.api.calls if (each.method, each.route) == (case.call.method, case.call.route)]
    if any(each.at > case.call.at and each.status not in STATUSES for each in same):
        return None
    name = case.function.name if case.function else "the integration"
    fix = Fix(
        f"Call it once more and look at the log of {name}; `make apply` deploys what changed since.",
    )
    sentence = f"the access log has the call, but no record of {name} belongs to it"
    return _Cause("unexplained", sentence, fix, Confidence.POSSIBLE)


_JUDGES = (
    _stage_throttled,
    _function_missing,
    _over_limit,
    _permission_missing,
    _function_throttled,
    _timed_out,
    _unhandled,
    _malformed,
    _answered,
    _unexplained,
)


def _report(case: _Case) -> tuple[Evidence, ...]:
    return (Evidence(case.invocation.report.where, case.invocation.report.text),) if case.invocation else ()


def _log(case: _Case) -> tuple[Evidence, ...]:
    """Return what the function logged of the error, or else its report."""
    told = case.error_line
    return (Evidence(told.where, told.text),) if told else _report(case)


def _tells_of_error(text: str) -> bool:
    try:
        line = json.loads(text)
    except ValueError:
        return "[ERROR]" in text or "Traceback" in text
    return isinstance(line, dict) and line.get("level", line.get("log_level")) in ("ERROR", "CRITICAL")
