"""A stand-in for the Terraform program, for tests of what calls it."""

from collections.abc import Callable
from pathlib import Path


class FakeTerraform:
    """A program that notes how it is called and runs one line of shell per command."""

    def __init__(self, machine: Path) -> None:
        self._program, self._calls = machine / "bin" / "terraform", machine / "calls"

    def says(self, **commands: str) -> None:
        """Let `terraform <command>` run a line of shell; all other commands succeed and say nothing."""
        cases = "".join(f'*" {command} "*) {line} ;;\n' for command, line in commands.items())
        self._program.write_text(
            f'#!/bin/sh\ncase " $* " in\n*" version "*) echo \'{{"terraform_version": "1.11.4"}}\'; exit ;;\nesac\n'
            f'echo "$*" >> {self._calls}\ncase " $* " in\n{cases}esac\n'
        )
        self._program.chmod(0o755)
        self._calls.unlink(missing_ok=True)

    @property
    def commands(self) -> list[str]:
        """The commands it was called with, without their options."""
        calls = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [next(word for word in call.split() if not word.startswith("-")) for call in calls]


type Install = Callable[..., FakeTerraform]
