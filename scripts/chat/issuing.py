"""Deploys the sample issuer that `environments/local` names; who administers Slack and Teams would bring their own."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from scripts.chat import issuer
from scripts.chat.server import ADMINISTRATION, Chat
from scripts.deployment import Deployment

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


@contextmanager
def issued_by(deployment: Deployment, chat: Chat) -> Iterator[None]:
    """Let a server's new addresses be had from the sample issuer for a while."""
    name = f"{deployment.outputs['foundation']['name']}-sample-issuer"
    _remove(deployment, name)  # what was cut off may have left it
    role = deployment.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]
    functions = deployment.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="issuer.handler",
        Role=role["Arn"],
        Timeout=10,
        Code={"ZipFile": _zipped()},
        Environment={"Variables": {"ADMINISTRATION_URL": f"{chat.url}{ADMINISTRATION}"}},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    try:
        yield
    finally:
        _remove(deployment, name)


def _remove(deployment: Deployment, name: str) -> None:
    functions, iam = deployment.client("lambda"), deployment.client("iam")
    with suppress(functions.exceptions.ResourceNotFoundException):
        functions.delete_function(FunctionName=name)
    with suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_role(RoleName=name)


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(issuer.__file__, "issuer.py")
    return buffer.getvalue()
