"""The build specification: what to run in which phase, with which variables, and what to keep of it.

AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html. Not served here: `proxy`, `batch`,
`reports`, `cache`, `run-as`, `runtime-versions` (the machine's own are used) and retries on failure.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts.local_engine.mends.codebuild.failure import Failure

DEFAULT = "buildspec.yml"
_PHASES = ("install", "pre_build", "build", "post_build")
_VERSIONS = {"0.1", "0.2"}
_SHELLS = {"sh": "/bin/sh", "/bin/sh": "/bin/sh", "bash": "/bin/bash"}

type Document = dict[str, Any]


@dataclass(frozen=True)
class Phase:
    """The commands of a phase, those that run whatever became of the first, and what a failure leads to."""

    commands: list[str] = field(default_factory=list)
    finally_commands: list[str] = field(default_factory=list)
    on_failure: str = ""


@dataclass(frozen=True)
class Buildspec:
    """What a build is to do."""

    phases: dict[str, Phase]
    env: Document
    artifacts: Document
    shell: str
    isolated: bool  # version 0.1: no command sees what the one before it set

    @property
    def exported(self) -> list[str]:
        """The variables whose values the build tells."""
        return [str(name) for name in self.env.get("exported-variables") or []]


def read(given: str, folder: Path) -> Buildspec:
    """Return the specification that a project or a start gives, as YAML or as a path in the source."""
    return parse(given if _is_inline(given) else _content(folder, given or DEFAULT))


def _is_inline(given: str) -> bool:
    return "\n" in given or given.lstrip().startswith(("{", "version:"))


def _content(folder: Path, path: str) -> str:
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()) or not place.is_file():
        raise Failure("YAML_FILE_ERROR", f"YAML file does not exist: stat {place}: no such file or directory")
    return place.read_text(errors="replace")


def parse(text: str) -> Buildspec:
    """Return the specification in a YAML text."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Failure("YAML_FILE_ERROR", f"YAML is not valid: {error}") from None
    if not isinstance(found, dict) or str(found.get("version")) not in _VERSIONS:
        raise Failure("YAML_FILE_ERROR", f"unknown version of the buildspec: {_member(found, 'version')}")
    phases = _mapping(found, "phases")
    if unknown := [str(name) for name in phases if name not in _PHASES]:
        raise Failure("YAML_FILE_ERROR", f"unknown phases: {', '.join(unknown)}")
    env = _mapping(found, "env")
    shell = _SHELLS.get(str(env.get("shell") or "sh"))
    if shell is None:
        raise Failure("YAML_FILE_ERROR", f"unknown shell: {env['shell']}")
    named = {name.upper(): _phase(_mapping(phases, name)) for name in _PHASES}
    return Buildspec(named, env, _mapping(found, "artifacts"), shell, str(found["version"]) == "0.1")


def _phase(found: Document) -> Phase:
    return Phase(_commands(found, "commands"), _commands(found, "finally"), str(found.get("on-failure") or ""))


def _commands(found: Document, name: str) -> list[str]:
    commands = found.get(name) or []
    listed = commands if isinstance(commands, list) else [commands]
    if wrong := [each for each in listed if isinstance(each, dict | list) or each is None]:
        raise Failure("YAML_FILE_ERROR", f"Expected {name} to be strings: found {wrong[0]!r}")
    return [str(each) for each in listed]


def _mapping(found: Document, name: str) -> Document:
    value = found.get(name) or {}
    if not isinstance(value, dict):
        raise Failure("YAML_FILE_ERROR", f"Expected {name} to be a mapping")
    return value


def _member(found: Any, name: str) -> Any:
    return found.get(name) if isinstance(found, dict) else None
