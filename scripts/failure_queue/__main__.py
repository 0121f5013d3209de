"""Triage of a workflow's failure queue, from the command line.

`python -m scripts.failure_queue --env dev list`; `… redrive --reason "…" --rate 20` only says what it would do, with
`--yes` it does it; `… purge` asks twice.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from scripts.deployment import NotDeployedError, load
from scripts.failure_queue.triage import Message, Triage, TriageError, move, survey
from scripts.terraform import TerraformError


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    arguments = _parser().parse_args()
    wanted = _selection(arguments.reason, arguments.error_type)
    try:
        triage = Triage.on(load(arguments.env), arguments.workflow)
        if arguments.command == "list":
            _show(*survey(triage, wanted))
        elif arguments.command == "redrive":
            redrive(triage, wanted, arguments.rate, sure=arguments.yes)
        else:
            purge(triage, wanted)
    except (TriageError, NotDeployedError, TerraformError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.failure_queue", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("--workflow", default="queue_processor", help="whose failure queue (%(default)s)")
    selection = argparse.ArgumentParser(add_help=False)
    selection.add_argument("--reason", help="only messages whose reason contains this")
    selection.add_argument("--error-type", help="only messages of exactly this error type")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", parents=[selection], help="group by reason, show samples")
    back = commands.add_parser("redrive", parents=[selection], help="send messages back to their queue")
    back.add_argument("--rate", type=_positive, default=50.0, help="messages a second, at most (%(default)s)")
    back.add_argument("--yes", action="store_true", help="do it; without this, only say what would be done")
    commands.add_parser("purge", parents=[selection], help="delete messages for good, after asking twice")
    return parser


def _positive(text: str) -> float:
    if not (value := float(text)) > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _selection(reason: str | None, error_type: str | None) -> Callable[[Message], bool]:
    return lambda m: (reason is None or reason in m.reason) and (error_type in (None, m.error_type))


def redrive(triage: Triage, wanted: Callable[[Message], bool], rate: float, *, sure: bool) -> None:
    """Send the wanted messages back at `rate` a second, or only say so unless `sure`."""
    if sure:
        print(f"{move(triage, wanted, triage.send_back, rate):,} messages were sent back.")
        return
    counts, samples = survey(triage, wanted)
    _show(counts, samples)
    print(f"{counts.total():,} messages would be sent back; add --yes to do it.")


def purge(triage: Triage, wanted: Callable[[Message], bool]) -> None:
    """Delete the wanted messages for good, after two questions. Raises TriageError for a wrong answer."""
    counts, samples = survey(triage, wanted)
    _show(counts, samples)
    if not counts:
        return
    name = triage.failure_queue_url.rsplit("/", 1)[-1]
    if input(f"Delete {counts.total():,} messages for good? Type the queue's name: ") != name:
        raise TriageError("nothing was deleted: that is not the queue's name")
    if input("Nobody can bring them back. Type how many there are: ") != str(counts.total()):
        raise TriageError("nothing was deleted: that is not their number")
    print(f"{move(triage, wanted, triage.throw_away, rate=1000):,} messages were deleted.")


def _show(counts: Counter[tuple[str, str]], samples: list[Message]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("messages", "error type", "reason", box=None)
    for (error_type, reason), count in counts.most_common():
        table.add_row(f"{count:,}", error_type, reason)
    console.print(table if counts else "The failure queue has no such message.")
    for message in samples:
        sample = f"  {message.error_type}, first seen {message.first_seen}: {message.body[:200]!r}"
        console.print(sample, markup=False)


if __name__ == "__main__":
    sys.exit(main())
