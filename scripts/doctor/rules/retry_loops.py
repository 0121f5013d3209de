"""Fault 3, a retry loop: a state that is tried again and again, what it cost, and what is missing in the definition."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.asl.model import Json, Machine, machines, transitions
from scripts.asl.rules import EVERYTHING, MISTAKES
from scripts.doctor.facts import Attempt, Environment, Execution, StateMachine
from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix

DEFAULT_ATTEMPTS = 3  # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
EXCESSIVE = 10  # retries of one state from which on they cost more than they mend
ROUNDS = 100  # visits to a state outside of a Map's items from which on a loop has no end in sight
SENSIBLE = 3
USD_PER_TRANSITION = 0.000025  # https://aws.amazon.com/step-functions/pricing/, us-east-1, Standard workflows
TIMES_OUT = "States.Timeout"
TIME_OUTS = (TIMES_OUT, "Sandbox.Timedout")
# Errors of a request or a program: the same call fails again, however late. The last part of a name counts.
PERMANENT = {
    "AccessDenied",
    "AccessDeniedException",
    "AttributeError",
    "ConditionalCheckFailedException",
    "ExecutionDoesNotExist",
    "HandlerNotFound",
    "ImportModuleError",
    "IndexError",
    "InvalidParameterException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "KeyError",
    "NoSuchBucket",
    "NoSuchKey",
    "NotFoundException",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
    "TypeError",
    "UserCodeSyntaxError",
    "ValidationException",
    "ValueError",
} | {name.removeprefix("States.") for name in MISTAKES if name != EVERYTHING}


@dataclass(frozen=True)
class _Loop:
    """One state's failed attempts of one error in one execution, and the retrier of the definition that repeats it."""

    machine: StateMachine
    execution: Execution
    body: Json
    attempts: tuple[Attempt, ...]
    retrier: Json | None

    @property
    def state(self) -> str:
        return self.attempts[0].state

    @property
    def error(self) -> str:
        return self.attempts[0].error

    @property
    def allowed(self) -> int:
        """How many retries the definition allows."""
        return int(self.retrier.get("MaxAttempts", DEFAULT_ATTEMPTS)) if self.retrier else 0

    @property
    def retries(self) -> int:
        return len(self.attempts) - 1

    @property
    def named_permanent(self) -> bool:
        return self.error.rpartition(".")[2] in PERMANENT


def findings(environment: Environment) -> Iterator[Finding]:
    """Yield one finding for each state that is retried too often, or though its error is permanent, or without end."""
    for machine in environment.machines:
        groups: dict[tuple[str, str, str], list[_Loop]] = {}
        for loop in _loops(machine):
            if cause := _cause(loop):
                groups.setdefault((loop.state, loop.error, cause), []).append(loop)
        yield from (_finding(cause, loops) for (_, _, cause), loops in groups.items())
        yield from _cycles(machine, {loop.state for loops in groups.values() for loop in loops})


def permanent(error: str) -> bool:
    """Tell whether an error with this name stays, however often a task is tried again."""
    return error.rpartition(".")[2] in PERMANENT


def retrier_of(state: Json, error: str) -> Json | None:
    """Return the retrier of a state that takes an error: the first that names it, as Step Functions decides."""
    for retrier in state.get("Retry", []):
        names = retrier.get("ErrorEquals", [])
        everything = EVERYTHING in names and error not in ("States.DataLimitExceeded", "States.Runtime")
        if error in names or everything or ("States.TaskFailed" in names and error != TIMES_OUT):
            found: Json = retrier
            return found
    return None


def _loops(machine: StateMachine) -> Iterator[_Loop]:
    bodies = {name: body for graph in machines(_graph(machine)) for name, body in graph.states.items()}
    for execution in machine.executions:
        grouped: dict[tuple[str, str], list[Attempt]] = {}
        for attempt in execution.attempts:
            grouped.setdefault((attempt.state, attempt.error), []).append(attempt)
        for (state, error), attempts in grouped.items():
            body = bodies.get(state, {})
            yield _Loop(machine, execution, body, tuple(attempts), retrier_of(body, error))


def _cause(loop: _Loop) -> str:
    """Return the name of what is wrong with a state's retries, "" if nothing is."""
    rounds = max(1, loop.execution.visits.get(loop.state, 1))
    if loop.retries < 1 or loop.allowed < 1 or len(loop.attempts) <= rounds:
        return ""  # each round, or each item of a Map, failed at most once
    if loop.named_permanent:
        return "permanent_error_retried"
    if loop.allowed > EXCESSIVE and loop.retries / rounds > EXCESSIVE:
        return "excessive_attempts"
    # An error that the retrier names is one that its author expects to pass.
    expected = loop.error in TIME_OUTS or loop.error in (loop.retrier or {}).get("ErrorEquals", [])
    same = not expected and len({_message(attempt.cause) for attempt in loop.attempts}) == 1
    gave_up = loop.execution.status in ("FAILED", "ABORTED", "TIMED_OUT") and loop.retries >= loop.allowed
    return "permanent_error_retried" if same and gave_up and loop.retries > SENSIBLE else ""


def _message(cause: str) -> str:
    """Return what a cause says; a function's has the request's id, too, which no two attempts share."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (KeyError, TypeError, ValueError):
        return cause


def _finding(cause: str, loops: list[_Loop]) -> Finding:
    worst = max(loops, key=lambda loop: loop.retries)
    wrong = (
        f"{worst.error} stays however often the state is tried again"
        if cause == "permanent_error_retried"
        else f"its Retry allows {worst.allowed:,} attempts"
    )
    certain = cause == "excessive_attempts" or worst.named_permanent
    return Finding(
        Fault.RETRY_LOOP,
        cause,
        f"{worst.machine.name}.{worst.state}",
        f"{worst.state} of {worst.machine.name} was tried again {worst.retries:,} times in one execution, "
        f"{sum(loop.retries for loop in loops):,} times in {len(loops)} ({_cost(loops)}): {wrong}{_uncaught(worst)}",
        tuple(_evidence(worst)),
        _fix(cause, worst),
        Confidence.CERTAIN if certain else Confidence.LIKELY,
        frozenset(_symptom(cause, loop) for loop in loops),
    )


def _symptom(cause: str, loop: _Loop) -> str:
    """Return what a loop explains: too many attempts are a fault of their own, others are how an execution failed."""
    arn = loop.execution.arn
    return f"retries:{arn}:{loop.state}" if cause == "excessive_attempts" else arn


def _evidence(loop: _Loop) -> Iterator[Evidence]:
    first, last = loop.attempts[0], loop.attempts[-1]
    for attempt in (first, last):
        text = f"{attempt.error}: {attempt.cause}"
        yield Evidence(f"execution {loop.execution.arn}, event {attempt.event}", text[:500])
    yield Evidence(f"definition of {loop.machine.name}, {loop.state}", json.dumps({"Retry": [loop.retrier]}))


def _fix(cause: str, loop: _Loop) -> Fix:
    if cause == "excessive_attempts":
        text = f"Set MaxAttempts of that retrier to {SENSIBLE}, with BackoffRate 2, MaxDelaySeconds and full jitter"
    elif loop.error in (loop.retrier or {}).get("ErrorEquals", []):
        text = f"Take {loop.error} out of the Retry of {loop.state}: it must not be among its ErrorEquals"
    else:
        exception = json.dumps({"ErrorEquals": [loop.error], "MaxAttempts": 0})
        text = f"Put {exception} before the retrier of {loop.state} that takes everything"
    catch = f", and give {loop.state} a Catch for {EVERYTHING} that tells somebody and fails"
    return Fix(
        f"{text}{'' if loop.body.get('Catch') else catch} (statemachines/, then `make apply`).",
        wrong_cure="A longer time-out of the machine only pays for more attempts.",
    )


def _uncaught(loop: _Loop) -> str:
    return "" if loop.body.get("Catch") else ", and nothing catches it"


def _cost(loops: list[_Loop]) -> str:
    """Return what the attempts cost so far: Standard workflows are billed by transition, a retry is one."""
    retries = sum(loop.retries for loop in loops)
    if not loops[0].machine.standard:
        return "billed by time"
    return f"{retries * USD_PER_TRANSITION:.4f} USD of state transitions, and what each call costs"


def _cycles(machine: StateMachine, explained: set[str]) -> Iterator[Finding]:
    """Yield a finding for each circle of states that an execution goes round without an end in sight."""
    for graph in machines(_graph(machine)):
        if graph.parent is not None:
            continue  # items of a Map visit its states once each
        for circle in _circles(graph):
            failing = [each for each in machine.executions if each.status != "SUCCEEDED"]
            endless = [each for each in failing if _rounds(each, circle) > ROUNDS]
            if endless and not explained & circle:
                yield _cycle(machine, graph, circle, endless)


def _rounds(execution: Execution, circle: frozenset[str]) -> int:
    return max(execution.visits.get(state, 0) for state in circle)


def _cycle(machine: StateMachine, graph: Machine, circle: frozenset[str], endless: list[Execution]) -> Finding:
    worst = max(endless, key=lambda each: _rounds(each, circle))
    way = " -> ".join(sorted(circle))
    ways = {f"{name} -> {way.target}": way.target for name in circle for way in transitions(graph.states[name])}
    leaving = sorted(text for text, target in ways.items() if target not in circle)
    exits = f"the only ways out are {', '.join(leaving)}" if leaving else "no way leads out"
    spent = f"{worst.transitions * USD_PER_TRANSITION:.4f} USD of state transitions"
    return Finding(
        Fault.RETRY_LOOP,
        "endless_cycle",
        f"{machine.name}.{min(circle)}",
        f"an execution of {machine.name} went round {way} {_rounds(worst, circle):,} times ({spent}): {exits}",
        (Evidence(f"execution {worst.arn}", f"visits: {json.dumps(dict(Counter(worst.visits).most_common(5)))}"),),
        Fix(
            "Count the rounds in a variable (Assign), and add a Choice that ends in Fail when there are too many.",
            wrong_cure="A TimeoutSeconds of the machine alone ends the execution late and without a reason.",
        ),
        Confidence.LIKELY if leaving else Confidence.CERTAIN,
        frozenset(f"cycle:{each.arn}" for each in endless),
    )


def _circles(graph: Machine) -> Iterator[frozenset[str]]:
    """Yield each set of states that lead back to each other."""
    reached = {name: graph.reachable(*(way.target for way in transitions(graph.states[name]))) for name in graph.states}
    on_circle = [name for name in reached if name in reached[name]]
    circles = {frozenset(other for other in reached[name] if name in reached[other]) for name in on_circle}
    yield from sorted(circles, key=sorted)


def _graph(machine: StateMachine) -> Machine:
    return Machine(machine.name, machine.definition)
