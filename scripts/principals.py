"""People and roles who may do everything on EC2, in the local account, for as long as they are needed."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Self
from uuid import uuid4

import boto3

from scripts.aws import Client
from scripts.deployment import Deployment

MAY = ("autoscaling:*", "ec2:*", "iam:PassRole", "sts:AssumeRole")

type Clients = Callable[[str], Client]


class Principals:
    """Makes users, roles and sessions; use it as a context manager, at whose end they are removed."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.iam = deployment.client("iam")
        self.end = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end.close()

    def person(self, name: str, may: Sequence[str] = MAY) -> Clients:
        """Return the clients of an IAM user who may do everything on EC2, or what else is said."""
        with suppress(self.iam.exceptions.EntityAlreadyExistsException):  # left behind by a run that was cut off
            self.iam.create_user(UserName=name, Path="/people/")
        self.end.callback(self.iam.delete_user, UserName=name)
        for old in self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            self.iam.delete_access_key(UserName=name, AccessKeyId=old["AccessKeyId"])
        self.iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=_allow(may))
        self.end.callback(self.iam.delete_user_policy, UserName=name, PolicyName="all")
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.end.callback(self.iam.delete_access_key, UserName=name, AccessKeyId=key["AccessKeyId"])
        return self.clients(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, name: str, principal: dict[str, str] | None = None, path: str = "/") -> str:
        """Return the ARN of a role that may do everything on EC2; the account's people assume it, or who is named."""
        name = f"{name}_{uuid4().hex[:8]}"
        trusted = principal or {"AWS": f"arn:aws:iam::{self.deployment.account_id}:root"}
        statement = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"], "Principal": trusted}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = self.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document)
        self.end.callback(self.iam.delete_role, RoleName=name)
        self.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=_allow(MAY))
        self.end.callback(self.iam.delete_role_policy, RoleName=name, PolicyName="all")
        return str(made["Role"]["Arn"])

    def assume(self, role: str, session: str, by: Clients | None = None, **asked: str) -> Clients:
        """Return the clients of a session of a role."""
        sts = (by or self.deployment.client)("sts")
        got = sts.assume_role(RoleArn=role, RoleSessionName=session, **asked)["Credentials"]
        return self.clients(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    def clients(self, *credentials: str) -> Clients:
        """Return the clients of whoever has these credentials."""
        session = boto3.Session(*credentials, region_name=self.deployment.region)
        return lambda service: session.client(service, endpoint_url=self.deployment.endpoint_url)


def _allow(actions: Sequence[str]) -> str:
    """Return a policy that allows some actions on everything, and to find out who one is."""
    statement = {"Effect": "Allow", "Action": ["sts:GetCallerIdentity", *actions], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
