"""What owners are told: which of their volumes are going to be deleted, when, and how to keep them."""

from collections import defaultdict
from collections.abc import Iterable

from shared.operations.acting import Status
from shared.operations.plan import Item
from shared.operations.report import MAX_TEXT_BYTES, Report
from volume_cleanup.domain.marks import DELETE_AFTER
from volume_cleanup.domain.planning import DELETE, MARK

TELL = "TELL"


def owners(marked: Iterable[Item]) -> list[Item]:
    """Return one item for each owner of volumes that were marked; its facts are the volumes' lines."""
    lines: dict[str, list[str]] = defaultdict(list)
    for item in marked:
        line = f"{item.resource_id}  {item.gib:,} GiB  {item.usd_per_month:.2f} USD a month  {item.reason}"
        lines[item.facts["owner"]].append(f"{line}; deleted after {item.facts['mark'][DELETE_AFTER]}")
    return [Item(owner, TELL, "owns marked volumes", facts={"lines": found}) for owner, found in sorted(lines.items())]


def warning(owner: Item, opt_out_tag: str) -> tuple[str, str]:
    """Return the subject and the text of what an owner is told."""
    lines = owner.facts["lines"]
    text = [
        "Nobody uses these volumes. Each is deleted after the moment beside it, and a snapshot of it kept, unless you",
        f"attach it, or tag it {opt_out_tag} with a date such as 2026-12-31, or with forever.",
        "",
        *lines,
    ]
    subject = f"{len(lines):,} of your volumes will be deleted"
    return subject, "\n".join(text).encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


def subject(report: Report) -> str:
    """Return the subject of what operators are told."""
    words = {
        f"{Status.DONE} {DELETE}": "deleted",
        f"WOULD_{DELETE}": "would be deleted",
        f"{Status.DONE} {MARK}": "marked",
        f"WOULD_{MARK}": "would be marked",
    }
    counted = [f"{report.counts[outcome]:,} {word}" for outcome, word in words.items() if outcome in report.counts]
    failed = [f"{report.failed:,} failed"] if report.failed else []
    left = [f"{report.unfinished:,} unfinished"] if report.unfinished else []
    ended = f" ended early ({report.problem.partition(':')[0]})" if report.problem else ""
    return f"Volume clean-up{ended}: {', '.join([*counted, *failed, *left]) or 'nothing to do'}"


def restoring(report: Report) -> str:
    """Return how to get a deleted volume back, if any was deleted."""
    if not report.counts.get(f"{Status.DONE} {DELETE}"):
        return ""
    return "\n\nTo get a volume back: python -m scripts.restore_volume --env ENVIRONMENT VOLUME-ID"
