"""Equips a step for a page: its claims, its share of EC2's requests, and a sense of time."""

from shared.context import Context, seconds_left
from shared.operations.acting import Worker
from shared.operations.adapters import clock
from shared.operations.adapters.ec2 import passes
from shared.operations.adapters.ledger import Ledger
from shared.operations.adapters.rules import is_dry_run
from shared.operations.pace import Pace, rate_of
from shared.operations.plan import Page

_MARGIN_SECONDS = 20.0
_WORKERS = 4


class DryRun(Exception):
    """A step was asked to act on a page of a dry run."""


def worker(table: str, page: Page, action: str, context: Context, step: str = "") -> Worker:
    """Return a worker that keeps to the bucket of the API action `action`.

    `step` sets the partition of a step that is not the items' last apart, for example "/snapshots". The settings may
    have `workers` (how many pages the machine runs at a time) and `rates` (`pace.rate_of`). Raises `DryRun`.
    """
    if is_dry_run(page.rules):
        raise DryRun(f"{page.run_id} is a dry run")
    rate = rate_of(action, page.rules.get("rates")).share(int(page.rules.get("workers", _WORKERS)), page.pages)
    return Worker(
        Ledger(table, page.run_id + step, clock.now().timestamp() + seconds_left(context)),
        Pace(rate),
        lambda: seconds_left(context) > _MARGIN_SECONDS,
        passes,
    )
