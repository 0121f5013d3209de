"""All rules over all facts, with one cause for each symptom: the one that lies deepest."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from scripts.doctor.facts import Environment
from scripts.doctor.findings import Evidence, Finding
from scripts.doctor.rules import access_denied, api_errors, retry_loops, timeouts, triggers

type Rule = Callable[[Environment], Iterator[Finding]]

# From the deepest cause outwards: a refusal makes functions fail, these make executions and API calls fail.
RULES: tuple[Rule, ...] = (
    access_denied.findings,
    timeouts.findings,
    triggers.findings,
    retry_loops.findings,
    api_errors.findings,
)


def diagnose(environment: Environment) -> list[Finding]:
    """Return what is wrong, by fault; what happened before the last change of its function or machine is history."""
    found = [finding for rule in RULES for finding in rule(current(environment))]
    return sorted(one_cause_each(found), key=lambda finding: (finding.fault, finding.subject, finding.cause))


def current(environment: Environment) -> Environment:
    """Return the facts without the runs that ended before their function or machine was changed."""
    functions = (
        replace(each, invocations=tuple(run for run in each.invocations if run.at >= each.updated))
        for each in environment.functions
    )
    machines = (
        replace(
            each,
            executions=tuple(run for run in each.executions if run.started >= each.updated or run.status == "RUNNING"),
        )
        for each in environment.machines
    )
    return replace(environment, functions=tuple(functions), machines=tuple(machines))


def one_cause_each(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without those whose every symptom an earlier one explains, which takes over their evidence.

    A finding without symptoms speaks for itself.
    """
    kept: list[Finding] = []
    owners: dict[str, int] = {}
    for finding in findings:
        left = finding.symptoms - owners.keys()
        if finding.symptoms and not left:
            owner = owners[min(finding.symptoms)]
            seen = Evidence(f"seen there, too: {finding.subject}", finding.root_cause)
            kept[owner] = replace(kept[owner], evidence=(*kept[owner].evidence, seen))
            continue
        owners |= dict.fromkeys(left, len(kept))
        kept.append(replace(finding, symptoms=left))
    return kept
