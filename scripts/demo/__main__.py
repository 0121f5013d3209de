"""`make demo`: bring the local environment up and tell the workflows' stories, or one workflow's."""

import argparse
import importlib
import pkgutil
import sys

from rich.console import Console

from scripts import demo
from scripts.deployment import Deployment
from scripts.stage import perform

LAST = "gitops_pipeline"  # it takes longer than all others together


def main() -> int:
    """Tell the stories; return 0, or 1 after one sentence on standard error."""
    names = [module.name for module in pkgutil.iter_modules(demo.__path__) if module.name != "__main__"]
    stories = sorted(names, key=lambda name: (name == LAST, name))
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description=__doc__)
    parser.add_argument("workflow", nargs="?", choices=stories, help="default: all of them")
    only = parser.parse_args().workflow

    def tell(deployment: Deployment, console: Console) -> None:
        for story in [only] if only else stories:
            importlib.import_module(f"scripts.demo.{story}").tell(deployment, console)

    return perform(tell)


if __name__ == "__main__":
    sys.exit(main())
