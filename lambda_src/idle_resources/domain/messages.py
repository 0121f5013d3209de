"""What people are told: owners, of what will be stopped and how to keep it; operators, of what a run did."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256

from idle_resources.domain.judging import START, STOP, WARN
from idle_resources.domain.marks import OVERRIDE, STOP_AFTER
from shared.operations.acting import Status
from shared.operations.plan import Item
from shared.operations.report import MAX_TEXT_BYTES, Outcome, Report

TELL = "TELL"
NOT_PLANNED = "NOT_PLANNED"  # `report.account`'s word


def owners(items: Iterable[Item], outcomes: Mapping[str, Outcome]) -> list[Item]:
    """Return one item for each owner of what a run has warned of; its facts are the resources' lines."""
    lines: dict[str, list[str]] = defaultdict(list)
    for item in items:
        outcome = outcomes.get(item.resource_id)
        if item.action == WARN and outcome and outcome.status is Status.DONE:
            line = f"{item.resource_id}  {item.usd_per_month:.2f} USD a month  {item.reason}"
            after = outcome.facts.get(STOP_AFTER, item.facts["stop_after"])
            lines[item.facts["owner"]].append(f"{line}; stopped after {after}")
    return [Item(owner, TELL, "owns what is to stop", facts={"lines": found}) for owner, found in sorted(lines.items())]


def warning(owner: Item) -> tuple[str, str]:
    """Return the subject and the text of what an owner is told."""
    lines = owner.facts["lines"]
    text = [
        "These are not used, or their working hours end. Each is stopped after the moment beside it, never deleted,",
        f"unless you tag it {OVERRIDE} with a moment such as 2026-12-31T18:00:00Z.",
        "",
        *lines,
    ]
    subject = f"{len(lines):,} of your machines will be stopped"
    return subject, "\n".join(text).encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


def saved(report: Report) -> Decimal:
    """Return the US dollars that the stops which this run ended have really saved."""
    ended = f"{Status.DONE} {START}"
    return sum((Decimal(e.facts.get("saved_usd", 0)) for e in report.entries if e.outcome == ended), Decimal(0))


def subject(report: Report) -> str:
    """Return the subject of what operators are told."""
    words = {STOP: "stopped", START: "started", WARN: "warned"}
    counted = [f"{count:,} {word}" for action, word in words.items() if (count := _count(report, action))]
    failed = [f"{report.failed:,} failed"] if report.failed else []
    dry = " (dry run)" if report.dry_run else ""
    return f"Idle resources{dry}: {', '.join([*counted, *failed]) or 'nothing to do'}"


def fingerprint(report: Report) -> str:
    """Return what tells two reports apart; "" of one that holds nothing to be told."""
    fates = sorted((each.resource_id, each.outcome) for each in report.entries if each.outcome != NOT_PLANNED)
    return sha256(repr(fates).encode()).hexdigest() if fates else ""


def _count(report: Report, action: str) -> int:
    return report.counts.get(f"WOULD_{action}" if report.dry_run else f"{Status.DONE} {action}", 0)
