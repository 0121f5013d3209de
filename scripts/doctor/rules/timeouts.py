"""Fault 1, a function times out: where the time went, and whether more time would help at all."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import quantiles

from scripts.doctor.facts import FULL_CORE_MB, Call, Environment, Function, Invocation
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix

LONGEST_SECONDS = 900  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
LARGEST_MB = 10_240
MOST = 0.5  # the share of the time from which on one part of it is the reason
BUSY = 0.8  # the share of what the processor could give from which on it is the limit
CLOSE = 0.7  # the share of the time-out from which on a successful run was only just in time
PRESSED = 0.95  # the share of the memory in use from which on it is the limit
ROOM = 2  # how many times the slowest success a time-out should be
SHOWN = 3  # invocations in the evidence of one finding


@dataclass(frozen=True)
class Split:
    """Where an invocation's milliseconds went: starting, calls of others, computing, and the rest, which is waiting.

    None is what nothing recorded.
    """

    total: float
    init: float
    downstream: float | None
    computing: float | None
    open_call: Call | None = None

    @property
    def waiting(self) -> float | None:
        """What is left when the other parts are known."""
        if self.downstream is None or self.computing is None:
            return None
        return max(0.0, self.total - self.downstream - self.computing)

    def __str__(self) -> str:
        parts = {"init": self.init, "downstream calls": self.downstream, "computing": self.computing}
        parts["waiting"] = self.waiting
        known = ", ".join(f"{name} {value:,.0f} ms" for name, value in parts.items() if value is not None)
        missing = " and ".join(name for name, value in parts.items() if value is None)
        return known + (f" ({missing} not recorded)" if missing else "")


@dataclass(frozen=True)
class _Cause:
    name: str
    sentence: str
    fix: Fix
    confidence: Confidence


def findings(environment: Environment) -> Iterator[Finding]:
    """Yield one finding for each function and reason of its time-outs."""
    for function in environment.functions:
        groups: dict[str, list[tuple[Invocation, _Cause]]] = {}
        for invocation in function.invocations:
            if invocation.status == "timeout":
                cause = _cause(function, invocation)
                groups.setdefault(cause.name, []).append((invocation, cause))
        for group in groups.values():
            cause = group[0][1]
            yield Finding(
                Fault.TIME_OUT,
                cause.name,
                function.name,
                f"{function.name} was stopped after its {function.timeout_seconds} s, {len(group)} of "
                f"{len(function.invocations)} times: {cause.sentence}",
                tuple(evidence for invocation, _ in group[:SHOWN] for evidence in _evidence(invocation)),
                cause.fix,
                cause.confidence,
                frozenset(invocation.request_id for invocation, _ in group),
            )


def split(invocation: Invocation) -> Split:
    """Return where an invocation's time went."""
    end = invocation.at + invocation.duration_ms / 1000
    calls = invocation.calls
    downstream = None if calls is None else _covered(calls, end)
    unfinished = next((call for call in reversed(calls or ()) if call.duration_ms is None), None)
    return Split(invocation.duration_ms, invocation.init_ms or 0.0, downstream, invocation.cpu_ms, unfinished)


def value_to_set(function: Function) -> int:
    """Return the seconds a function's time-out should be for what its successful runs take; never more than allowed."""
    slowest = max((each.duration_ms for each in _successes(function)), default=function.timeout_seconds * 1000)
    return min(LONGEST_SECONDS, math.ceil(ROOM * slowest / 1000))


def _cause(function: Function, invocation: Invocation) -> _Cause:
    """Return the one reason of a time-out: the first that the recorded facts show."""
    parts = split(invocation)
    found = (judge(function, invocation, parts) for judge in _JUDGES)
    return next(filter(None, found), None) or _by_comparison(function)


def _memory(function: Function, invocation: Invocation, _: Split) -> _Cause | None:
    if not invocation.memory_mb or invocation.peak_mb < PRESSED * invocation.memory_mb:
        return None
    more = _more_memory(function)
    return _Cause(
        "memory_pressure",
        f"it used {invocation.peak_mb} of its {invocation.memory_mb} MB, and short of memory everything is slow",
        Fix(
            f"Give it {more} MB, which buys more of a processor, too.",
            terraform=f"limits = {{ memory_mb = {more} }}",
            wrong_cure="A longer time-out leaves it short of memory for longer.",
        ),
        Confidence.LIKELY,
    )


def _hanging_call(function: Function, invocation: Invocation, parts: Split) -> _Cause | None:
    call = parts.open_call
    if call is None or (waited_ms := _left(call, invocation)) < MOST * parts.total:
        return None
    network = (
        f" The function is in a VPC: see that its subnets have an endpoint or a route for {call.name.split(':')[0]}, "
        "and that the security groups let it pass."
        if function.in_network
        else ""
    )
    return _Cause(
        "downstream_hangs",
        f"it waited {waited_ms:,.0f} ms for an answer of {call.name} that never came",
        Fix(
            "Give the client a time limit of its own below the function's (botocore: Config(connect_timeout=2, "
            f"read_timeout={max(1, function.timeout_seconds // 3)})), and find out why {call.name} does not answer."
            + network,
            wrong_cure="A longer time-out waits longer for an answer that does not come, and pays for it.",
        ),
        Confidence.POSSIBLE if call.inferred and parts.computing is None else Confidence.CERTAIN,
    )


def _slow_calls(function: Function, invocation: Invocation, parts: Split) -> _Cause | None:
    downstream_ms = parts.downstream or 0.0
    if downstream_ms < MOST * parts.total:
        return None
    longest = max(invocation.calls or (), key=lambda call: call.duration_ms or 0.0)
    count = sum(call.name == longest.name for call in invocation.calls or ())
    quick = [each for each in _successes(function) if each.duration_ms < MOST * function.timeout_seconds * 1000]
    one_slow = (longest.duration_ms or 0.0) >= MOST * downstream_ms
    if one_slow and quick:
        return _Cause(
            "downstream_slow",
            f"{longest.name} alone took {longest.duration_ms or 0:,.0f} ms; {len(quick)} other runs took less than "
            "half of the time",
            Fix(
                f"Look at {longest.name} (throttled? slow itself?), and give the client a time limit and a retry.",
                wrong_cure="A longer time-out hides the slow service, and every caller waits for it.",
            ),
            Confidence.LIKELY,
        )
    return _with_more_time(
        function,
        "too_much_work",
        f"{downstream_ms:,.0f} ms of it went into {len(invocation.calls or ())} calls, {count} of them {longest.name}",
        Confidence.LIKELY,
    )


def _computing(function: Function, _: Invocation, parts: Split) -> _Cause | None:
    share = min(1.0, function.cores)
    if parts.computing is None or parts.computing < BUSY * parts.total * share:
        return None
    sentence = f"it computed all the time on the {share:.2f} processors that {function.memory_mb} MB buy"
    if function.cores >= 1:
        return _with_more_time(function, "computing", sentence + ", and one thread cannot use more", Confidence.LIKELY)
    more = min(FULL_CORE_MB, _more_memory(function))
    return _Cause(
        "processor_bound",
        sentence,
        Fix(
            f"Give it {more} MB: the processor grows with the memory, up to a whole one at {FULL_CORE_MB} MB.",
            terraform=f"limits = {{ memory_mb = {more} }}",
            wrong_cure="A longer time-out costs the same as more memory, and everybody waits longer.",
        ),
        Confidence.LIKELY,
    )


def _slow_start(function: Function, _: Invocation, parts: Split) -> _Cause | None:
    if parts.init < MOST * function.timeout_seconds * 1000:
        return None
    more = _more_memory(function)
    return _Cause(
        "slow_start",
        f"its start alone took {parts.init:,.0f} ms",
        Fix(
            f"Import less, and nothing at the top that one call alone needs; {more} MB make the start faster, too.",
            terraform=f"limits = {{ memory_mb = {more} }}",
            wrong_cure="A longer time-out lets cold starts pass, and leaves every one of them as slow.",
        ),
        Confidence.LIKELY,
    )


def _waiting(_: Function, __: Invocation, parts: Split) -> _Cause | None:
    waiting_ms = parts.waiting or 0.0
    if waiting_ms < MOST * parts.total:
        return None
    return _Cause(
        "waiting",
        f"it neither computed nor called anybody for {waiting_ms:,.0f} ms: it slept, or waited for a lock",
        Fix(
            "Find the sleep, the lock or the poll in the code; a wait belongs into a state machine's Wait state.",
            wrong_cure="A longer time-out pays for waiting.",
        ),
        Confidence.LIKELY,
    )


def _by_comparison(function: Function) -> _Cause:
    """Return the reason that the function's other runs suggest, when nothing tells where the time went."""
    successes = _successes(function)
    limit_ms = function.timeout_seconds * 1000
    if len(successes) >= 1 and _high(successes) >= CLOSE * limit_ms:
        slowest = max(each.duration_ms for each in successes)
        return _with_more_time(
            function, "limit_too_low", f"its successful runs take up to {slowest:,.0f} ms", Confidence.LIKELY
        )
    if successes:
        return _Cause(
            "hangs",
            f"{len(successes)} other runs took at most {max(each.duration_ms for each in successes):,.0f} ms, so this "
            "one did not work but hung",
            Fix(
                "See what the last line before the end says, and give each client a time limit below the function's.",
                wrong_cure="A longer time-out waits longer for what does not come.",
            ),
            Confidence.LIKELY,
        )
    doubled = min(LONGEST_SECONDS, ROOM * function.timeout_seconds)
    return _Cause(
        "limit_never_enough",
        "no run succeeded, and nothing recorded where the time went",
        Fix(
            f"Try {doubled} s once: if that is not enough either, something hangs; the last line says after what.",
            terraform=f"limits = {{ timeout_seconds = {doubled} }}",
        ),
        Confidence.POSSIBLE,
    )


def _with_more_time(function: Function, name: str, sentence: str, confidence: Confidence) -> _Cause:
    """Return a cause that more time cures, unless somebody does not wait that long."""
    wanted = value_to_set(function)
    if wanted <= function.timeout_seconds:
        wanted = min(LONGEST_SECONDS, ROOM * function.timeout_seconds)
    tightest = min(function.callers, key=lambda caller: caller.limit_seconds, default=None)
    limit = min(tightest.limit_seconds if tightest else LONGEST_SECONDS, LONGEST_SECONDS)
    if wanted <= limit and wanted > function.timeout_seconds:
        return _Cause(
            name,
            sentence,
            Fix(f"Give it {wanted} s.", terraform=f"limits = {{ timeout_seconds = {wanted} }}"),
            confidence,
        )
    who = f"{tightest.name} waits {limit:g} s at most ({tightest.why})" if tightest else "Lambda allows 900 s at most"
    return _Cause(
        name,
        f"{sentence}, and {who}",
        Fix(
            "Do less in one call (smaller batches, pages), or answer at once and let a state machine do the work.",
            wrong_cure=f"A longer time-out does not help: {who}.",
        ),
        confidence,
    )


def _more_memory(function: Function) -> int:
    return min(LARGEST_MB, 2 * function.memory_mb)


_JUDGES = (_memory, _computing, _hanging_call, _slow_calls, _slow_start, _waiting)


def _left(call: Call, invocation: Invocation) -> float:
    """Return how many milliseconds an unfinished call had waited at the end of its invocation."""
    return max(0.0, (invocation.at - call.started) * 1000 + invocation.duration_ms)


def _covered(calls: Iterable[Call], end: float) -> float:
    """Return for how many milliseconds at least one call was under way."""
    total, until = 0.0, 0.0
    for call in sorted(calls, key=lambda each: each.started):
        stop = end if call.duration_ms is None else call.started + call.duration_ms / 1000
        total += max(0.0, stop - max(until, call.started))
        until = max(until, stop)
    return total * 1000


def _successes(function: Function) -> list[Invocation]:
    return [each for each in function.invocations if each.status == "success"]


def _high(successes: list[Invocation]) -> float:
    """Return the 95th percentile of how long successes took, or the longest of a few."""
    durations = [each.duration_ms for each in successes]
    return quantiles(durations, n=20, method="inclusive")[-1] if len(durations) > 1 else durations[0]


def _evidence(invocation: Invocation) -> Iterator[Evidence]:
    yield Evidence(invocation.report.where, invocation.report.text)
    memory = f"memory {invocation.peak_mb} of {invocation.memory_mb} MB"
    yield Evidence(f"request {invocation.request_id}, its time", f"{split(invocation)}; {memory}")
    if invocation.lines:
        last = invocation.lines[-1]
        yield Evidence(f"{last.where}, the last line before the end", last.text)
