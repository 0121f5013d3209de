"""Functions on the bench: new releases behind their alias, as a deployment makes them, and the old one again."""

import io
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.lab import kept

ALIAS = "live"


@dataclass(frozen=True)
class LabFunction:
    """A deployed function, by its name in AWS, which is its role's, too."""

    deployment: Deployment
    name: str

    @cached_property
    def client(self) -> Client:
        """The client of Lambda."""
        return self.deployment.client("lambda")

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Put its code, its settings, its versions and its alias back at the end."""
        package = self.package()

        def write(before: dict[str, Any]) -> None:
            self._deploy(package, Timeout=before["Timeout"], MemorySize=before["MemorySize"])
            self.client.update_alias(FunctionName=self.name, Name=ALIAS, FunctionVersion=before["live"])
            for version in set(self._versions()) - set(before["versions"]):
                self.client.delete_function(FunctionName=self.name, Qualifier=version)

        with kept(f"the function {self.name}", self._read, write):
            yield

    @contextmanager
    def reserving(self, executions: int) -> Iterator[None]:
        """Let it run no more than so many times at once for a while: 0 is never."""

        def read() -> int | None:
            found: dict[str, int] = self.client.get_function_concurrency(FunctionName=self.name)
            return found.get("ReservedConcurrentExecutions")

        def write(before: int | None) -> None:
            if before is None:
                self.client.delete_function_concurrency(FunctionName=self.name)
            else:
                self.reserve(before)

        with kept(f"the concurrency of {self.name}", read, write):
            self.reserve(executions)
            yield

    def reserve(self, executions: int) -> None:
        """Let it run so many times at once, and no more."""
        self.client.put_function_concurrency(FunctionName=self.name, ReservedConcurrentExecutions=executions)

    def release(self, change: str = "", package: bytes | None = None, **settings: int) -> None:
        """Put a new version behind the alias: `package`, or what is there with `change` at its handler module's end.

        `settings` are Timeout (seconds) and MemorySize (MB).
        """
        self._deploy(changed(self.package(), self._module(), change) if change else package, **settings)
        version = self.client.publish_version(FunctionName=self.name)["Version"]
        self.client.update_alias(FunctionName=self.name, Name=ALIAS, FunctionVersion=version)

    def _deploy(self, package: bytes | None, **settings: int) -> None:
        if package:
            self.client.update_function_code(FunctionName=self.name, ZipFile=package)
            self._await_update()
        if settings:
            self.client.update_function_configuration(FunctionName=self.name, **settings)
            self._await_update()

    def _await_update(self) -> None:
        self.client.get_waiter("function_updated_v2").wait(FunctionName=self.name)

    def package(self) -> bytes:
        """Return the zip that it runs."""
        location = self.client.get_function(FunctionName=self.name)["Code"]["Location"]
        with urllib.request.urlopen(location) as package:  # noqa: S310 - the engine's own address
            content: bytes = package.read()
        return content

    def _module(self) -> str:
        handler: str = self.client.get_function_configuration(FunctionName=self.name)["Handler"]
        return handler.rpartition(".")[0].replace(".", "/") + ".py"

    def _read(self) -> dict[str, Any]:
        found = self.client.get_function_configuration(FunctionName=self.name)
        alias = self.client.get_alias(FunctionName=self.name, Name=ALIAS)
        settings = {name: found[name] for name in ("CodeSha256", "MemorySize", "Timeout")}
        return settings | {"live": alias["FunctionVersion"], "versions": self._versions()}

    def _versions(self) -> list[str]:
        pages = self.client.get_paginator("list_versions_by_function").paginate(FunctionName=self.name)
        return [version["Version"] for page in pages for version in page["Versions"]]


def changed(package: bytes, module: str, change: str) -> bytes:
    """Return a zip with `change` at the end of one module, whose compiled form goes, as it is of the module before."""
    folder, _, file = module.rpartition("/")
    compiled = f"{folder}/__pycache__/{file.removesuffix('.py')}."
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as before, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry)
            if not entry.filename.startswith(compiled):
                after.writestr(entry, content + change.encode() if entry.filename == module else content)
    return result.getvalue()
