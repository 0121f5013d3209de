"""What the whole session proves about the local environment; runs after every other test and ends with two tables."""

import json
import tomllib
from pathlib import Path

import pytest

from scripts.aws import Client
from scripts.local_engine import Engine
from tests.support import coverage, privileges
from tests.support.applied import Applied
from tests.support.documents import roles
from tests.support.report import EXEMPT, Report

EXEMPTIONS = tomllib.loads((Path(__file__).parent / "exemptions.toml").read_text())["unused"]
# What tests forbid on purpose: the role's name ends so, and the action is this.
PROVOKED = {
    ("-uploads", "states:StartExecution"),
    ("-approval-workflow-host", "ssm:GetParameter"),
    ("-approval-workflow-show-request", "dynamodb:GetItem"),
    ("-approval-workflow-show-request", "kms:Decrypt"),
    ("-resource-tagging-tag-resources", "ec2:CreateTags"),
    ("-idle-resources-start-instances", "kms:CreateGrant"),
    ("-volume-cleanup", "s3:GetObject"),
} | {
    (f"-gitops-pipeline-{project}", action)
    for project in ("policy-scan", "build", "plan", "apply", "smoke-test")
    for action in ("s3:PutObject", "kms:Sign", "sts:AssumeRole", "lambda:InvokeFunction")
}

# What is drawn and alarmed on, and what these tests do not bring about; tests/engine does, but for the first.
SELDOM = {
    "ExecutionThrottled": "the engine's account has no rate of state transitions",
    "ExecutionsTimedOut": "machines have hours",
    "FailedInvocations": "a rule's target that refuses for good",
    "InvocationDroppedCount": "a schedule's target that refuses for good",
}

pytestmark = pytest.mark.last


def test_no_role_is_granted_what_nothing_uses(engine: Engine, local: Applied, report: Report) -> None:
    decisions = privileges.by_role(engine.decisions())
    iam = local.deployment.client("iam")
    unused = set()
    with report.table("Least privilege", "role", "statement", "action", "resource", "used") as row:
        for grant in (grant for role in roles(local) for grant in privileges.grants(iam, role)):
            used = privileges.uses(grant, decisions.get(grant.role, []))
            exempt = not used and exemption(grant)
            row(grant.role, grant.statement, grant.action, grant.resource, EXEMPT if exempt else str(used))
            if not used:
                unused.add(exemption(grant) or f"{grant.role}: {grant.statement} {grant.action} on {grant.resource}")
    assert unused == {exempt["reason"] for exempt in EXEMPTIONS}, "each is exempt, and each exemption is needed"


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
    with report.table("State coverage", "machine", "state", "branch", "entered") as row:
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


def test_every_graph_draws_what_is_measured(local: Applied) -> None:
    cloudwatch = local.deployment.client("cloudwatch")
    pages = cloudwatch.get_paginator("list_metrics").paginate()
    measured = {
        (metric["Namespace"], metric["MetricName"], frozenset(each["Name"] for each in metric["Dimensions"]))
        for page in pages
        for metric in page["Metrics"]
    }
    rows = [row for name in dashboards(local) for row in drawn(cloudwatch, name)]
    wanted = {(namespace, metric, frozenset(dimensions[::2])) for namespace, metric, *dimensions in rows}
    assert {each for each in wanted - measured if each[1] not in SELDOM} == set()
    assert {metric for _, metric, _ in wanted} >= SELDOM.keys()


def dashboards(local: Applied) -> list[str]:
    found = [dashboard["values"]["dashboard_name"] for dashboard in local.resources("aws_cloudwatch_dashboard")]
    assert len(found) == 1 + len(local.resources("aws_cloudwatch_composite_alarm"))
    return found


def drawn(cloudwatch: Client, dashboard: str) -> list[list[str]]:
    """Return the metrics of a dashboard: namespace, name, then names and values of dimensions."""
    body = json.loads(cloudwatch.get_dashboard(DashboardName=dashboard)["DashboardBody"])
    rows = [row for widget in body["widgets"] for row in widget["properties"].get("metrics", [])]
    return [row[:-1] for row in rows if "expression" not in row[-1]]


def exemption(grant: privileges.Grant) -> str:
    """Return why a grant may be unused; empty when nothing exempts it."""
    return next((e["reason"] for e in EXEMPTIONS if grant.role.endswith(e["role"]) and grant.action == e["action"]), "")
