"""`make demo`: bring the local environment up and tell the workflows' stories, or one workflow's."""

import argparse
import importlib
import pkgutil
import sys
import time
from urllib.error import URLError

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from scripts import demo, local
from scripts.deployment import ROOT, NotDeployedError
from scripts.executions import ExecutionTimeoutError
from scripts.local_engine import Engine, EngineError
from scripts.terraform import TerraformError

# Errors whose message is a sentence for whoever runs the demo.
EXPLAINED = (
    EngineError,
    TerraformError,
    local.ApplyError,
    NotDeployedError,
    ExecutionTimeoutError,
    demo.StoryError,
)


def main() -> int:
    """Tell the stories; return 0, or 1 after one sentence on standard error."""
    stories = sorted(module.name for module in pkgutil.iter_modules(demo.__path__) if module.name != "__main__")
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description=__doc__)
    parser.add_argument("workflow", nargs="?", choices=stories, help="default: all of them")
    only = parser.parse_args().workflow
    console = Console(highlight=False, soft_wrap=True)
    try:
        engine = Engine()
        began = time.monotonic()
        with console.status("") as status:
            deployment = local.up(engine, status.update)
        console.print(f"[green]✓[/] AWS on {engine.url}, environments/local applied, {time.monotonic() - began:.0f} s")
        for story in [only] if only else stories:
            importlib.import_module(f"scripts.demo.{story}").tell(deployment, console)
    except EXPLAINED as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, URLError) as error:
        print(f"The engine did not answer as expected ({error}); see {engine.log}.", file=sys.stderr)
        return 1
    console.print(f"\nThe engine keeps running (log: {engine.log.relative_to(ROOT)}); `make down` stops it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
