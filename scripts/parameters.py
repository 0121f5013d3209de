"""Parameters that hold JSON: what a workflow goes by, and what operators, demo and tests may change at any time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scripts.deployment import Deployment


@dataclass(frozen=True)
class Parameter:
    """One parameter of a deployment, by its name."""

    deployment: Deployment
    name: str
    seconds: float = 0
    """For how long functions go by what they read before; writing waits as long."""

    def read(self) -> dict[str, Any]:
        """Return what it says."""
        document: dict[str, Any] = json.loads(self._found()["Value"])
        return document

    def write(self, document: dict[str, Any]) -> None:
        """Let it say something else from now on, under the same key if it is encrypted."""
        kept: dict[str, Any] = {"Name": self.name, "Type": self._found()["Type"], "Overwrite": True}
        if kept["Type"] == "SecureString":
            kept["KeyId"] = self.deployment.outputs["foundation"]["kms_key_arn"]
        self.deployment.client("ssm").put_parameter(**kept, Value=json.dumps(document))
        time.sleep(self.seconds)

    @contextmanager
    def changed(self, **changes: object) -> Iterator[dict[str, Any]]:
        """Change some of its members for a while; yield all of them."""
        before = self.read()
        self.write(before | changes)
        try:
            yield before | changes
        finally:
            self.write(before)

    def _found(self) -> dict[str, Any]:
        found = self.deployment.client("ssm").get_parameter(Name=self.name, WithDecryption=True)
        parameter: dict[str, Any] = found["Parameter"]
        return parameter
