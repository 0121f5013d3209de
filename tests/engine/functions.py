"""Makes and invokes small functions for the engine's tests."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

LOGGING = {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}


class Functions:
    """Lambda functions of one test session."""

    def __init__(self, client: Callable[[str], Any], make_role: Callable[..., str]) -> None:
        self._lambda = client("lambda")
        self._logs = client("logs")
        self._make_role = make_role

    def make(self, source: str, *, variables: dict[str, str] | None = None, **settings: Any) -> str:
        """Deploy a module `function` with a `handler`; return the function's name."""
        name: str = settings.pop("FunctionName", f"function-{uuid4().hex[:12]}")
        settings = {"Role": settings.get("Role") or self._make_role(LOGGING), "Timeout": 10, **settings}
        self._lambda.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="function.handler",
            Code={"ZipFile": zipped({"function.py": source})},
            Environment={"Variables": variables or {}},
            **settings,
        )
        while self._lambda.get_function_configuration(FunctionName=name)["State"] == "Pending":
            time.sleep(0.05)
        return name

    def layer(self, files: dict[str, str]) -> str:
        """Publish a layer; return its version's ARN."""
        name = f"layer-{uuid4().hex[:12]}"
        made = self._lambda.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})
        return str(made["LayerVersionArn"])

    def alias(self, name: str) -> str:
        """Publish a version behind the alias `live`; return the alias's ARN."""
        version = self._lambda.publish_version(FunctionName=name)["Version"]
        made = self._lambda.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
        return str(made["AliasArn"])

    def invoke(self, name: str, event: Any = None, **settings: Any) -> Any:
        """Invoke a function that must succeed; return what it returned."""
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(event), **settings)
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return json.loads(payload) if payload else None

    def fails(self, name: str, **settings: Any) -> dict[str, Any]:
        """Invoke a function that must fail; return the error it reported."""
        answer = self._lambda.invoke(FunctionName=name, **settings)
        assert answer["FunctionError"] == "Unhandled"
        failure: dict[str, Any] = json.loads(answer["Payload"].read())
        return failure

    def refused(self, name: str, **settings: Any) -> dict[str, Any]:
        """Invoke a function that Lambda refuses to invoke; return the API's error."""
        with pytest.raises(ClientError) as refusal:
            self._lambda.invoke(FunctionName=name, **settings)
        error: dict[str, Any] = dict(refusal.value.response["Error"])
        return error

    def log(self, name: str) -> list[str]:
        """Return the messages of the function's log group."""
        events = self._logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [event["message"] for event in events]


def zipped(files: dict[str, str]) -> bytes:
    """Return a zip of the given texts by path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()
