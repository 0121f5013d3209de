"""The commands of a build's phases, run one after the other in a sandbox, as its agent does."""

import shlex
from pathlib import Path
from typing import Any

from scripts.local_engine.mends.codebuild.buildspec import Buildspec, Phase
from scripts.local_engine.mends.codebuild.failure import Failure
from scripts.local_engine.mends.codebuild.log import Log
from scripts.local_engine.sandbox import Shell

_LIMIT = 1 << 20  # bytes of a value that a build hands out

# Each command has a shell of its own that goes on where the last one ended.
# AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-cmd.html (version 0.2)
_COMMAND = """\
[ -f {environment} ] && . {environment}
[ -f {folder} ] && cd -- "$(cat {folder})"
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
{command}
CODEBUILD_LAST_EXIT=$?
export -p > {environment}
pwd > {folder}
exit $CODEBUILD_LAST_EXIT
"""
_ISOLATED = "export CODEBUILD_BUILD_SUCCEEDING={succeeding}\n{command}\n"
_VALUE = '[ -f {environment} ] && . {environment}\nprintf %s "{expression}" > {value}\n'


class Commands:
    """Runs the commands of one build; `succeeding` says whether all went well so far."""

    def __init__(self, shell: Shell, spec: Buildspec, state: Path, log: Log) -> None:
        self.succeeding = True
        self._shell = shell
        self._spec = spec
        self._log = log
        self._value = state / "value"
        self._places = {name: shlex.quote(str(state / name)) for name in ("environment", "folder", "value")}

    def run(self, phase: Phase) -> None:
        """Run a phase's commands up to the first that fails, then its last ones in any case. Raises Failure.

        AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (finally)
        """
        failure = self._first_failure(phase.commands)
        failure = self._first_failure(phase.finally_commands) or failure
        if failure:
            raise failure

    def _first_failure(self, commands: list[str]) -> Failure | None:
        for command in commands:
            self._log.say(f"Running command {command}")
            if status := self._run(command):
                self._log.say(f"Command did not exit successfully {command} exit status {_exit(status)}")
                self.succeeding = False
                sentence = f"Error while executing command: {command}. Reason: exit status {_exit(status)}"
                return Failure("COMMAND_EXECUTION_ERROR", sentence)
        return None

    def _run(self, command: str) -> int:
        template = _ISOLATED if self._spec.isolated else _COMMAND
        filled = template.format(command=command, succeeding=int(self.succeeding), **self._places)
        return self._shell.run(filled, self._log.write, self._spec.shell)

    def value(self, expression: str) -> str:
        """Return what the shell makes of an expression, with the variables that the commands have set."""
        self._value.unlink(missing_ok=True)
        self._shell.run(_VALUE.format(expression=expression, **self._places), lambda _: None, self._spec.shell)
        if self._value.is_symlink() or not self._value.is_file():
            return ""
        with self._value.open("rb") as file:
            return file.read(_LIMIT).decode(errors="replace")

    def exported(self) -> list[dict[str, Any]]:
        """Return the variables that the build tells, with their last values.

        AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ExportedEnvironmentVariable.html
        """
        return [{"name": name, "value": self.value(f"${{{name}-}}")} for name in self._spec.exported]


def _exit(status: int) -> int:
    """Return the exit status as a shell tells it, also of what a signal ended."""
    return status if status >= 0 else 128 - status
