"""What the whole session proves about the local environment; runs after every other test and prints two tables."""

import json
import tomllib
from pathlib import Path

import pytest

from scripts.local_engine import Engine
from tests.support import coverage, privileges
from tests.support.applied import Applied
from tests.support.report import Report

EXEMPT = tomllib.loads((Path(__file__).parent / "exemptions.toml").read_text())
# What tests forbid on purpose: the role's name ends so, and the action is this.
PROVOKED = {("-uploads", "states:StartExecution"), ("-approval-workflow-host", "ssm:GetParameter")}

pytestmark = pytest.mark.last


def test_no_role_is_granted_what_nothing_uses(engine: Engine, local: Applied, report: Report) -> None:
    decisions = engine.decisions()
    iam = local.deployment.client("iam")
    unused = set()
    with report.table("Least privilege, proven", "role", "statement", "action", "resource", "used") as row:
        for grant in (grant for role in roles(local) for grant in privileges.grants(iam, role)):
            used = privileges.uses(grant, decisions)
            exempt = not used and exemption(grant)
            row(grant.role, grant.statement, grant.action, grant.resource, "exempt" if exempt else str(used))
            if not used:
                unused.add(exemption(grant) or f"{grant.role}: {grant.statement} {grant.action} on {grant.resource}")
    assert unused == {exempt["reason"] for exempt in EXEMPT["unused"]}, "each is exempt, and each exemption is needed"


def test_no_role_was_refused_what_it_needs(engine: Engine, local: Applied) -> None:
    refused = {
        (privileges.role_name(found), found["action"], found["resource"])
        for found in privileges.denials(set(roles(local)), engine.decisions())
    }
    assert not {
        (role, action, resource)
        for role, action, resource in refused
        if not any(role.endswith(suffix) and action == provoked for suffix, provoked in PROVOKED)
    }


def test_every_state_and_every_branch_was_gone_through(local: Applied, report: Report) -> None:
    logs = local.deployment.client("logs")
    missed = []
    with report.table("State coverage", "machine", "state", "branch", "times") as row:
        for machine in local.resources("aws_sfn_state_machine"):
            name = machine["values"]["name"]
            definition = json.loads(machine["values"]["definition"])
            events = coverage.log_events(logs, f"/aws/vendedlogs/states/{name}")
            counted = coverage.visited(definition, events)
            for branch in coverage.branches(definition):
                row(name, branch.state, branch.label, str(counted[branch]))
                if not counted[branch]:
                    missed.append(f"{name}: {branch}")
    assert not missed


def roles(local: Applied) -> list[str]:
    return sorted(role["values"]["name"] for role in local.resources("aws_iam_role"))


def exemption(grant: privileges.Grant) -> str:
    """Return why a grant may be unused; empty when nothing exempts it."""
    return next(
        (e["reason"] for e in EXEMPT["unused"] if grant.role.endswith(e["role"]) and grant.action == e["action"]), ""
    )
