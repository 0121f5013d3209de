"""JudgeCanary: asks the functions' alarms whether the new versions do well."""

from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters import alarms
from gitops_pipeline.domain.errors import NoAlarms
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `target_prefix` begins the names of all alarms of what the pipeline deploys."""

    target_prefix: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run"}`; return whether none of the alarms is in ALARM, and which are.

    Raises `NoAlarms` if there are none to ask.
    """
    states = alarms.states(settings().target_prefix)
    if not states:
        raise NoAlarms(f"no alarm's name begins with {settings().target_prefix!r}")
    raised = sorted(name for name, state in states.items() if state == "ALARM")
    logger.info("the canary is judged", extra={"run_id": event["run"]["run_id"], "alarms": raised})
    return {"healthy": not raised, "alarms": raised}
