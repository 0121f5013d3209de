"""The local environment as a stage for stories: brought up first, and what goes wrong is told in one sentence."""

import sys
import time
from collections.abc import Callable
from urllib.error import URLError

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from scripts import local
from scripts.deployment import ROOT, Deployment, NotDeployedError
from scripts.executions import ExecutionTimeoutError
from scripts.local_engine import Engine, EngineError
from scripts.sample_repository import GitError
from scripts.terraform import TerraformError


class StoryError(Exception):
    """A story did not go as it should; the message says where it went wrong."""


# Errors whose message is a sentence for whoever runs a story.
EXPLAINED = (
    EngineError,
    TerraformError,
    GitError,
    local.ApplyError,
    NotDeployedError,
    ExecutionTimeoutError,
    StoryError,
)


def perform(tell: Callable[[Deployment, Console], None]) -> int:
    """Bring the environment up and tell a story on it; return 0, or 1 after one sentence on standard error."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        engine = Engine()
        began = time.monotonic()
        with console.status("") as status:
            deployment = local.up(engine, status.update)
        console.print(f"[green]✓[/] AWS on {engine.url}, environments/local applied, {time.monotonic() - began:.0f} s")
        tell(deployment, console)
    except EXPLAINED as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, URLError) as error:
        print(f"The engine did not answer as expected ({error}); see {engine.log}.", file=sys.stderr)
        return 1
    console.print(f"\nThe engine keeps running (log: {engine.log.relative_to(ROOT)}); `make down` stops it.")
    return 0
