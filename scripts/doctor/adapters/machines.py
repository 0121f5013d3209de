"""State machines: definitions, and what the histories of their executions show."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from scripts.doctor.adapters.reading import Reader
from scripts.doctor.facts import Attempt, Denial, Execution, StateMachine
from scripts.executions import history

BAD, GOOD = 30, 10  # histories read of each machine: of executions that did not succeed, and that did
EVENTS = 5000  # read of one history
TRIED = ("Task", "LambdaFunction", "Activity")
ENDINGS = ("Failed", "TimedOut")


def machines(reader: Reader) -> Iterator[StateMachine]:
    """Yield the environment's state machines."""
    client = reader.client("stepfunctions")
    for listed in reader.pages("stepfunctions", "list_state_machines", "stateMachines"):
        arn = listed["stateMachineArn"]
        if not listed["name"].startswith(reader.prefix):
            continue
        described = reader.get(f"machine {arn}", None, client.describe_state_machine, stateMachineArn=arn)
        if described:
            standard = described.get("type", "STANDARD") == "STANDARD"
            updated = max(described["creationDate"].timestamp(), _changed(reader, arn))
            runs = tuple(_executions(reader, arn)) if standard else ()  # an express one keeps no history
            definition = json.loads(described["definition"])
            yield StateMachine(listed["name"], arn, definition, runs, standard, updated)


def denials(machine: StateMachine, role_arn: str) -> Iterator[Denial]:
    """Yield what executions tell of refusals, one for each execution."""
    for execution in machine.executions:
        for attempt in execution.attempts:
            if "is not authorized to perform" in attempt.cause:
                where = f"execution {execution.arn}, event {attempt.event}"
                yield Denial(attempt.cause, where, execution.arn, role_arn)
                break


def read(arn: str, status: str, started: float, events: list[dict[str, Any]]) -> Execution:
    """Return what an execution's history shows."""
    states: dict[int, str] = {}
    visits: Counter[str] = Counter()
    attempts: list[Attempt] = []
    for event in events:
        entered = event.get("stateEnteredEventDetails")
        state = entered["name"] if entered else states.get(event.get("previousEventId", 0), "")
        states[event["id"]] = state
        if entered:
            visits[state] += 1
        elif event["type"].startswith(TRIED) and event["type"].endswith(ENDINGS):
            attempts.append(_attempt(event, state))
    retries = sum(Counter(each.state for each in attempts).values()) - len({each.state for each in attempts})
    return Execution(
        arn, status, started, tuple(attempts), dict(visits), visits.total() + max(0, retries), len(events) < EVENTS
    )


def _attempt(event: dict[str, Any], state: str) -> Attempt:
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    default = "States.Timeout" if event["type"].endswith("TimedOut") else "States.TaskFailed"
    at = event["timestamp"].timestamp()
    return Attempt(state, details.get("error") or default, details.get("cause") or "", at, event["id"])


def _changed(reader: Reader, arn: str) -> float:
    """Return when a machine's newest version was made, 0 for one without versions: a machine itself does not say."""
    versions = reader.client("stepfunctions").list_state_machine_versions
    answer = reader.get(f"versions of {arn}", {}, versions, stateMachineArn=arn, maxResults=1)
    made = [float(each["creationDate"].timestamp()) for each in answer.get("stateMachineVersions", [])]
    return max(made, default=0.0)


def _executions(reader: Reader, arn: str) -> Iterator[Execution]:
    listed = reader.pages("stepfunctions", "list_executions", "executions", stateMachineArn=arn)
    recent = [each for each in listed if _within(reader, each)]
    for wanted, good in ((BAD, False), (GOOD, True)):
        for each in [run for run in recent if (run["status"] == "SUCCEEDED") is good][:wanted]:
            events = reader.get(
                f"history of {each['executionArn']}", [], _history, reader=reader, arn=each["executionArn"]
            )
            yield read(each["executionArn"], each["status"], each["startDate"].timestamp(), events)


def _history(reader: Reader, arn: str) -> list[dict[str, Any]]:
    return list(islice(history(reader.client("stepfunctions"), arn), EVENTS))


def _within(reader: Reader, execution: dict[str, Any]) -> bool:
    started: float = execution["startDate"].timestamp()
    return execution["status"] == "RUNNING" or reader.window.since <= started <= reader.window.until
