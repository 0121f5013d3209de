"""Say what is wrong with a deployed environment, and how to mend it; nothing is changed.

`python -m scripts.doctor --env dev --minutes 60` looks at the last hour; `--json` is for machines. It exits with 0 when
nothing is wrong, with 1 when something is, and with 2 when it could not look.
"""

import argparse
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from scripts.deployment import NotDeployedError, load
from scripts.doctor.adapters.environment import gather
from scripts.doctor.adapters.reading import Window
from scripts.doctor.diagnosis import diagnose
from scripts.doctor.report import as_json, show
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

HEALTHY, WRONG, BLIND = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return the exit code, 2 after one sentence on standard error."""
    asked = _parser().parse_args(arguments)
    try:
        now = time.time()
        environment = gather(load(asked.env), Window(now - 60 * asked.minutes, now, asked.limit))
    except (NotDeployedError, EngineError, TerraformError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return BLIND
    findings = diagnose(environment)
    if asked.json:
        print(as_json(environment.name, findings, environment.unread))
    else:
        show(Console(soft_wrap=True, highlight=False), environment.name, findings, environment.unread)
    if findings:
        return WRONG
    return BLIND if environment.unread else HEALTHY


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.doctor", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("--minutes", type=_positive, default=60.0, help="how far to look back (%(default)g)")
    parser.add_argument("--limit", type=int, default=5000, help="log lines read of each group (%(default)s)")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def _positive(text: str) -> float:
    if not (value := float(text)) > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
