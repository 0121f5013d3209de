"""ShiftTraffic: lets new versions have a larger share of the calls, and at last all of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gitops_pipeline.adapters import aliases
from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.domain.canary import Routing, routing, shift
from gitops_pipeline.domain.run import Run
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    ledger_table: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run", "aliases", "step"}`, from step 0; return `{"percent", "done", "wait_seconds"}`.

    A function that this deploy removed, or made, has nothing to shift; if that is all of them, all is done.
    """
    run = Run.from_document(event["run"])
    Ledger(settings().ledger_table, run.key).keep(run)
    newest = dict(_newest(event["aliases"]))
    changed = [each for each in event["aliases"] if newest.get(each["function"], each["version"]) != each["version"]]
    step = shift(run.stages if changed else [], int(event["step"]))
    for each in event["aliases"]:
        if each["function"] in newest:
            _point(each["function"], routing(each["version"], newest[each["function"]], step.percent))
    logger.info("the traffic is shifted", extra={"run_id": run.run_id, "percent": step.percent})
    return asdict(step)


def _newest(remembered: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for each in remembered:
        if aliases.current(each["function"]):
            yield each["function"], aliases.newest(each["function"])


def _point(function: str, wanted: Routing) -> None:
    if aliases.current(function) != wanted:
        aliases.point(function, wanted)
