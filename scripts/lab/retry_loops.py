"""Fault 3, a Step Functions retry loop: a Retry for everything, one without a sensible end, a Catch that goes back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scripts.doctor.findings import Fault, Finding
from scripts.doctor.rules.retry_loops import SENSIBLE
from scripts.lab import kept
from scripts.lab.bench import GOES_ON, Bench
from scripts.lab.course import LOAD_BROKEN, LOAD_WHEN_BUSY, Cure, Variant

STATE = "ParseMetadata"
SUBJECT = f"etl-pipeline.{STATE}"
EAGER = {"IntervalSeconds": 1, "BackoffRate": 1}  # so that the lab sees many attempts soon
THROTTLED = "Lambda.TooManyRequestsException"
type Definition = dict[str, Any]


@contextmanager
def _machine(bench: Bench) -> Iterator[tuple[Definition, Callable[[Definition], None]]]:
    """Yield the pipeline's definition, and what puts another behind the alias; put all back at the end."""
    outputs, client = bench.deployment.outputs["etl_pipeline"], bench.states
    machine, alias = outputs["state_machine_arn"], outputs["state_machine_alias"]

    def versions() -> list[str]:
        listed = client.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
        return [version["stateMachineVersionArn"] for version in listed]

    def read() -> dict[str, Any]:
        described = client.describe_state_machine(stateMachineArn=machine)
        routing = client.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"]
        # The definition's very text, since Terraform compares that.
        return {"definition": described["definition"], "routing": routing, "versions": versions()}

    def write(before: dict[str, Any]) -> None:
        client.update_state_machine(stateMachineArn=machine, definition=before["definition"])
        client.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=before["routing"])
        for version in set(versions()) - set(before["versions"]):
            client.delete_state_machine_version(stateMachineVersionArn=version)

    def release(definition: Definition) -> None:
        text = json.dumps(definition)
        made = client.update_state_machine(stateMachineArn=machine, definition=text, publish=True)
        routing = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]
        client.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routing)

    with kept(f"the state machine {machine}", read, write) as before:
        yield json.loads(before["definition"]), release


@contextmanager
def _everything_retried(bench: Bench) -> Iterator[Cure]:
    with _machine(bench) as (definition, release):
        retriers = definition["States"][STATE]["Retry"]
        retriers.append({"ErrorEquals": ["States.ALL"], **EAGER, "MaxAttempts": 8})
        release(definition)

        def cure(finding: Finding) -> str:
            exception = json.loads(finding.fix.text[finding.fix.text.index("{") : finding.fix.text.index("}") + 1])
            retriers.insert(-1, exception)
            release(definition)
            return f"before the retrier of everything stands {json.dumps(exception)}"

        yield cure


@contextmanager
def _attempts_without_end(bench: Bench) -> Iterator[Cure]:
    with _machine(bench) as (definition, release):
        retrier = {"ErrorEquals": [THROTTLED], **EAGER, "MaxAttempts": 100_000}
        definition["States"][STATE]["Retry"].insert(0, retrier)
        release(definition)

        def cure(_: Finding) -> str:
            retrier["MaxAttempts"] = SENSIBLE
            release(definition)
            return f"MaxAttempts is {SENSIBLE}"

        yield cure


@contextmanager
def _back_to_the_start(bench: Bench) -> Iterator[Cure]:
    with _machine(bench) as (definition, release):
        states = definition["States"]
        [catcher] = states[STATE]["Catch"]
        ending, catcher["Next"] = catcher["Next"], definition["StartAt"]
        release(definition)

        def cure(_: Finding) -> str:
            states["CountRounds"] = {"Type": "Pass", "Assign": {"rounds": 0}, "Next": definition["StartAt"]}
            again = [{"Condition": f"{{% $rounds < {SENSIBLE} %}}", "Next": definition["StartAt"]}]
            states["AgainOrNot"] = {"Type": "Choice", "Choices": again, "Default": ending}
            catcher["Assign"]["rounds"] = "{% $rounds + 1 %}"
            catcher["Next"] = "AgainOrNot"
            release(definition | {"StartAt": "CountRounds"})
            return f"the rounds are counted, and after {SENSIBLE} of them the run fails"

        yield cure


VARIANTS = (
    Variant(
        Fault.RETRY_LOOP,
        "permanent_error_retried",
        SUBJECT,
        f"{STATE} tries again whatever went wrong (States.ALL), and a file's missing columns stay missing",
        LOAD_BROKEN,
        GOES_ON,
        _everything_retried,
    ),
    Variant(
        Fault.RETRY_LOOP,
        "excessive_attempts",
        SUBJECT,
        f"somebody means `for ever` and gives {STATE} 100,000 attempts",
        LOAD_WHEN_BUSY,
        GOES_ON,
        _attempts_without_end,
    ),
    Variant(
        Fault.RETRY_LOOP,
        "endless_cycle",
        "etl-pipeline.",
        f"the Catch of {STATE} leads back to the first state, and nothing counts the rounds",
        LOAD_BROKEN,
        GOES_ON,
        _back_to_the_start,
    ),
)
