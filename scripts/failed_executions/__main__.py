"""Executions that ended badly (FAILED, TIMED_OUT, ABORTED): what became of each, and a way back or out.

`python -m scripts.failed_executions --env dev list`; `… redrive <execution>` only says what it would do, with `--yes`
it does it; `… redrive --all`; `… discard <execution> --yes` forgets one. Returns 1 when something that was asked for
could not be done.
"""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from scripts.deployment import NotDeployedError, load
from scripts.failed_executions.failures import Failure, Failures, RedriveError, chosen
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

LONGEST_CAUSE = 200
DONE = {"redrive": "redriven", "discard": "discarded"}


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return 0, or 1 after a sentence on standard error for what could not be done."""
    given = _parser().parse_args(arguments)
    try:
        return run(Failures.on(load(given.env), given.workflow), given)
    except (NotDeployedError, EngineError, TerraformError, RedriveError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1


def run(workflows: list[Failures], given: argparse.Namespace) -> int:
    """Do what was asked about the executions of `workflows`; return main's code. Raises RedriveError or ClientError."""
    with ExitStack() as stack:
        holders = {each.workflow: (each, stack.enter_context(each.held())) for each in workflows}
        found = chosen((one for _, failures in holders.values() for one in failures), given.executions)
        if given.command == "list":
            _show(found, as_json=given.json)
            return 0
        can = [one for one in found if given.command == "discard" or not one.reason]
        if not given.yes:
            _show(found, as_json=False)
            print(f"{len(can)} of {len(found)} executions would be {DONE[given.command]}; add --yes to do it.")
            return int(bool(given.executions) and len(can) < len(found))
        act = {"redrive": Failures.redrive, "discard": Failures.discard}[given.command]
        return _do(can if given.all else found, lambda one: act(holders[one.workflow][0], one), given.command)


def _do(found: list[Failure], act: Callable[[Failure], None], command: str) -> int:
    """Do `act` to each, whatever becomes of the others; return 1 when one could not be done, else 0."""
    failed = 0
    for one in found:
        try:
            act(one)
            print(f"{one.workflow} {one.name}: {DONE[command]}")
        except (RedriveError, ClientError) as error:
            print(error, file=sys.stderr)
            failed += 1
    return int(failed > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.failed_executions", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("--workflow", help="whose executions (all)")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="what ended badly, where and why, and whether it can be redriven")
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.set_defaults(executions=[])
    for command, help_text in (
        ("redrive", "go on with executions in the state in which they ended"),
        ("discard", "forget executions that nobody wants to go on with"),
    ):
        acting = commands.add_parser(command, help=help_text)
        which = acting.add_mutually_exclusive_group(required=True)
        which.add_argument("executions", nargs="*", default=[], metavar="execution", help="by name or ARN")
        which.add_argument("--all", action="store_true", help="every one of them")
        acting.add_argument("--yes", action="store_true", help="do it; without this, only say what would be done")
    return parser


def _show(found: list[Failure], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([{key: value for key, value in asdict(one).items() if key not in _RAW} for one in found]))
        return
    console = Console(soft_wrap=True, highlight=False)
    if not found:
        console.print("No execution waits.")
    for one in found:
        table = Table(f"{one.workflow} {one.name}", one.status, box=None)
        table.add_row("ended in", one.state)
        table.add_row("error", one.error)
        table.add_row("cause", one.cause[:LONGEST_CAUSE])
        table.add_row("redrive", one.reason or ("yes" if one.messages else "was redriven since"))
        console.print(table)


_RAW = ("messages", "settled")

if __name__ == "__main__":
    sys.exit(main())
