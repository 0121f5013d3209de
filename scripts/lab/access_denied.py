"""Fault 2, a Lambda gets AccessDenied: a statement that is lost, a Deny, a permissions boundary, a key's policy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.deployment import Deployment
from scripts.doctor.findings import Fault, Finding
from scripts.lab import kept
from scripts.lab.bench import Bench
from scripts.lab.course import ASK, Cure, Variant
from scripts.lab.cures import proposed, says
from scripts.lab.policies import Document, kept_policies, policy_of, put_policy
from scripts.policies import document

SUBJECT = "approval-workflow-show-request"
READ = "dynamodb:GetItem"
NAME = "lab"  # of what a variant adds


@contextmanager
def _statement_lost(bench: Bench) -> Iterator[Cure]:
    role = bench.shown.name
    with kept_policies(bench.deployment, role) as policies:
        for name, policy in policies.items():
            policy["Statement"] = [each for each in policy["Statement"] if READ not in each["Action"]]
            put_policy(bench.deployment, role, name, policy)

        def cure(finding: Finding) -> str:
            put_policy(bench.deployment, role, NAME, policy_of(proposed(finding)))
            return "the role has the statement that the doctor proposes"

        yield cure


@contextmanager
def _explicit_deny(bench: Bench) -> Iterator[Cure]:
    role = bench.shown.name
    deny = {"Sid": "NobodyReadsTables", "Effect": "Deny", "Action": "dynamodb:*Item", "Resource": "*"}
    with kept_policies(bench.deployment, role):
        put_policy(bench.deployment, role, NAME, policy_of(deny))

        def cure(finding: Finding) -> str:
            says(finding, deny["Sid"])
            bench.deployment.client("iam").delete_role_policy(RoleName=role, PolicyName=NAME)
            return "the Deny leaves the role out"

        yield cure


@contextmanager
def _boundary(bench: Bench) -> Iterator[Cure]:
    role, iam = bench.shown.name, bench.deployment.client("iam")
    allowed = {"Effect": "Allow", "Action": ["kms:*", "logs:*", "sqs:*", "xray:*"], "Resource": "*"}

    def read() -> str:
        limit = iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary", {})
        return str(limit.get("PermissionsBoundaryArn", ""))

    def write(before: str) -> None:
        if before:
            iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=before)
        else:
            iam.delete_role_permissions_boundary(RoleName=role)

    made = iam.create_policy(PolicyName=NAME, PolicyDocument=json.dumps(policy_of(allowed)))["Policy"]["Arn"]
    try:
        with kept(f"the permissions boundary of {role}", read, write):
            iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=made)

            def cure(finding: Finding) -> str:
                text = json.dumps(policy_of(allowed, proposed(finding)))
                iam.create_policy_version(PolicyArn=made, PolicyDocument=text, SetAsDefault=True)
                return "the boundary has the statement that the doctor proposes"

            yield cure
    finally:
        _delete_policy(bench.deployment, made)


def _delete_policy(deployment: Deployment, arn: str) -> None:
    iam = deployment.client("iam")
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


@contextmanager
def _key_policy(bench: Bench) -> Iterator[Cure]:
    kms, key = bench.deployment.client("kms"), bench.deployment.outputs["foundation"]["kms_key_arn"]
    named = {"KeyId": key, "PolicyName": "default"}

    def read() -> Document:
        return document(kms.get_key_policy(**named)["Policy"])

    def write(policy: Document) -> None:
        kms.put_key_policy(**named, Policy=json.dumps(policy))

    with kept("the policy of the environment's key", read, write) as before:
        others = [role["Arn"] for role in _roles(bench.deployment) if role["RoleName"] != bench.shown.name]
        hardened = [
            {**each, "Principal": {"AWS": others}} if "AWS" in each["Principal"] else each
            for each in before["Statement"]
        ]
        write(policy_of(*hardened))

        def cure(finding: Finding) -> str:
            write(policy_of(*hardened, proposed(finding)))
            return "the key's policy has the statement that the doctor proposes"

        yield cure


def _roles(deployment: Deployment) -> Iterator[dict[str, Any]]:
    for page in deployment.client("iam").get_paginator("list_roles").paginate():
        yield from page["Roles"]


VARIANTS = (
    Variant(
        Fault.ACCESS_DENIED,
        "missing_statement",
        SUBJECT,
        f"the statement that allows {READ} is taken from the function's role",
        ASK,
        "500 500",
        _statement_lost,
    ),
    Variant(
        Fault.ACCESS_DENIED,
        "explicit_deny",
        SUBJECT,
        "somebody adds a Deny for all tables, and the role's Allow does not help any more",
        ASK,
        "500 500",
        _explicit_deny,
    ),
    Variant(
        Fault.ACCESS_DENIED,
        "boundary",
        SUBJECT,
        "an administrator gives the role a permissions boundary that leaves DynamoDB out",
        ASK,
        "500 500",
        _boundary,
    ),
    Variant(
        Fault.ACCESS_DENIED,
        "key_policy",
        SUBJECT,
        "somebody lets the key's policy name each role in place of the account, and forgets one",
        ASK,
        "500 500",
        _key_policy,
    ),
)
