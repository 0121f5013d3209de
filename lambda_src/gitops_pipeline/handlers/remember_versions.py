"""RememberVersions: notes the last good version of each function before anything is deployed."""

from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters import aliases, objects
from gitops_pipeline.adapters.ledger import Ledger, Versions
from gitops_pipeline.domain.canary import last_good
from gitops_pipeline.domain.run import Run
from shared.handlers import lambda_handler
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment; `target_prefix` begins the names of all functions that the pipeline deploys."""

    bucket: str
    ledger_table: str
    target_prefix: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run"}`; return `{"aliases": [{"function", "version"}]}`.

    A second attempt returns what the first one noted: by then the aliases may point elsewhere.
    """
    run = Run.from_document(event["run"])
    ledger = Ledger(settings().ledger_table, run.key)
    ledger.keep(run)
    before = ledger.versions()
    good = dict(before.aliases) if before and before.run_id == run.run_id else _look(settings().target_prefix, before)
    ledger.remember(Versions(run.run_id, good, settled=False))
    answer = {"aliases": [{"function": function, "version": version} for function, version in sorted(good.items())]}
    objects.write_json(settings().bucket, f"runs/{run.run_id}/versions.json", answer)
    return answer


def _look(prefix: str, before: Versions | None) -> dict[str, str]:
    current = {function: aliases.current(function) for function in aliases.functions(prefix)}
    pointed = {function: routing.version for function, routing in current.items() if routing}
    return last_good(before.aliases if before and not before.settled else {}, pointed)
