"""Accounts for everything that a run saw: each resource once, with what became of it and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shared.operations.acting import Status
from shared.operations.plan import Item, Plan

PREVIEW = 20
MAX_TEXT_BYTES = 32 << 10  # an SNS message may have 256 KiB; nobody reads as much


@dataclass(frozen=True)
class Entry:
    """What became of a resource; `outcome` is a status and its action, such as "DONE DELETE" or "WOULD_DELETE"."""

    resource_id: str
    outcome: str
    reason: str
    gib: int = 0
    usd_per_month: Decimal = Decimal(0)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """Return the entry as JSON values."""
        return {**vars(self), "facts": dict(self.facts), "usd_per_month": str(self.usd_per_month)}


@dataclass(frozen=True)
class Outcome:
    """What the ledger says of an item."""

    status: Status
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A whole run. `problem` is why it ended early, or ""; `unpriced` are names without a price."""

    plan: Plan
    entries: Sequence[Entry]
    dry_run: bool
    problem: str = ""
    unpriced: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many resources came to each outcome, the most frequent first."""
        return dict(Counter(entry.outcome for entry in self.entries).most_common())

    @property
    def failed(self) -> int:
        """How many items failed."""
        return self._count(Status.FAILED)

    @property
    def unfinished(self) -> int:
        """How many items the run did not come to, or was cut off at."""
        return self._count(Status.PLANNED) + self._count(Status.ACTING)

    def _count(self, status: Status) -> int:
        return sum(entry.outcome.split()[0] == status for entry in self.entries)

    def saved(self, action: str) -> tuple[int, Decimal]:
        """Return the GiB and the US dollars a month that an action has saved, or in a dry run would save."""
        wanted = {f"{Status.DONE} {action}", f"WOULD_{action}"}
        done = [entry for entry in self.entries if entry.outcome in wanted]
        return sum(entry.gib for entry in done), sum((entry.usd_per_month for entry in done), Decimal(0))

    def to_document(self, saving: str) -> dict[str, Any]:
        """Return the report as JSON values, every resource in it; `saving` is the action that saves."""
        gib, usd = self.saved(saving)
        return {
            "run_id": self.plan.run_id,
            "workflow": self.plan.workflow,
            "dry_run": self.dry_run,
            "problem": self.problem,
            "seen": self.plan.seen,
            "counts": self.counts,
            "failed": self.failed,
            "unfinished": self.unfinished,
            "saved": {"gib": gib, "usd_per_month": str(usd)},
            "unpriced": list(self.unpriced),
            "entries": [entry.to_document() for entry in self.entries],
        }

    def text(self, saving: str, where: str) -> str:
        """Return what people are told: numbers, the first few of each kind, and `where` the whole report is."""
        gib, usd = self.saved(saving)
        lines = [
            *(["Dry run: nothing was touched."] if self.dry_run else []),
            *([f"The run ended early: {self.problem}"] if self.problem else []),
            f"{self.plan.seen:,} seen; {gib:,} GiB, {usd:.2f} USD a month {'to save' if self.dry_run else 'saved'}",
            *([f"Price unknown: {', '.join(self.unpriced)}"] if self.unpriced else []),
            f"Report: {where}",
            *_preview(self.entries),
        ]
        return "\n".join(lines).encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


def account(plan: Plan, outcomes: Mapping[str, Outcome], *, dry_run: bool) -> list[Entry]:
    """Return an entry for each item of the plan, and for each resource that it skipped."""
    acted = (_entry(item, outcomes.get(item.resource_id), dry_run=dry_run) for item in plan.items)
    left = (Entry(resource_id, "NOT_PLANNED", reason) for resource_id, reason in plan.skipped)
    return [*acted, *left]


def _entry(item: Item, outcome: Outcome | None, *, dry_run: bool) -> Entry:
    saved = (item.gib, item.usd_per_month)
    if dry_run:
        return Entry(item.resource_id, f"WOULD_{item.action}", item.reason, *saved, item.facts)
    if outcome is None:
        return Entry(item.resource_id, f"{Status.PLANNED} {item.action}", "the run did not come to it", *saved)
    facts = {**item.facts, **outcome.facts}
    return Entry(item.resource_id, f"{outcome.status} {item.action}", outcome.reason, *saved, facts)


def _preview(entries: Iterable[Entry]) -> list[str]:
    """Return the number of each outcome and reason, and the first resources of each outcome."""
    kinds: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        kinds[entry.outcome].append(entry)
    lines = []
    for outcome, found in sorted(kinds.items()):
        lines += ["", f"{outcome}: {len(found):,}"]
        lines += [f"  {entry.resource_id}  {entry.reason}" for entry in found[:PREVIEW]]
        lines += [f"  and {len(found) - PREVIEW:,} more"] if len(found) > PREVIEW else []
    return lines
