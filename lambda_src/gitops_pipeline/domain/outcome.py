"""What people are told of a run: a subject, a text, and the comment that stands beside the commit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_pipeline.domain.failure import Failure
from gitops_pipeline.domain.lock import Status

_SUBJECT = 100  # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_COMMENT = 10_000  # https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html allows 10 KB
_WORDS = {
    Status.SUCCEEDED: "Deployed",
    Status.REJECTED: "Rejected",
    Status.ROLLED_BACK: "Rolled back",
    Status.NOT_APPROVED: "Not approved",
    Status.FAILED: "Failed",
}


@dataclass(frozen=True)
class Told:
    """A run as people know it, also one that failed before it was one: then some of it is ""."""

    repository: str
    branch: str
    commit: str
    environment: str
    author: str
    pusher: str
    message: str
    started_at: str
    execution: str
    approvers: tuple[str, ...] = ()
    needed: int = 0


def outcome_of(name: str) -> Status:
    """Return the status that a run ends with. Raises ValueError."""
    status = Status(name)
    if status not in _WORDS:
        raise ValueError(f"{name} is no end of a run")
    return status


def subject(told: Told, status: Status) -> str:
    """Return a line for mails: ASCII, and no longer than SNS takes."""
    where = f" to {told.environment}" if told.environment and status is Status.SUCCEEDED else ""
    line = f"{_WORDS[status]}{where}: {told.repository} {told.branch} {told.commit[:12]}"
    return " ".join(line.encode("ascii", "replace").decode().split())[:_SUBJECT]


def text(
    told: Told, status: Status, facts: Mapping[str, Any], failure: Failure | None, places: Mapping[str, str]
) -> str:
    """Return the whole story: who, what, how long, what was found, and by `places` where to read on."""
    who = (
        ("Environment", told.environment),
        ("Message", told.message),
        ("Author", told.author),
        ("Pushed by", told.pusher),
        ("Began", told.started_at),
    )
    lines = [
        f"{_WORDS[status]}: commit {told.commit} of {told.branch} in {told.repository}",
        *_named(who),
        *_story(told, facts, failure),
        *_named((f"Log of {name}", address) for name, address in (facts.get("links") or {}).items()),
        *_named(places.items()),
        f"Execution: {told.execution}",
    ]
    return "\n".join(lines)


def comment(
    told: Told, status: Status, facts: Mapping[str, Any], failure: Failure | None, places: Mapping[str, str]
) -> str:
    """Return what is said beside the commit: what everybody with the repository may read, so no mail addresses."""
    where = f" ({told.environment})" if told.environment else ""
    lines = [*_story(told, facts, failure), *_named(places.items())]
    items = [line if line.startswith("- ") else f"- {line}" for line in lines]  # it is Markdown
    return "\n".join([f"**{_WORDS[status]}**{where}", "", *items]).encode()[:_COMMENT].decode(errors="ignore")


def _named(values: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in values if value]


def _story(told: Told, facts: Mapping[str, Any], failure: Failure | None) -> Iterable[str]:
    """Yield what happened, in the order of the steps; each of them may be missing."""
    yield from _why(failure)
    yield from _stopping(facts)
    yield from _counts(facts)
    if plan := facts.get("plan"):
        yield f"Plan: {plan['summary']}"
    if approval := facts.get("approval"):
        asked = f"{told.needed} of {', '.join(told.approvers)}"
        yield f"Approval: {approval['status']}, wanted from {asked} ({approval['request_id']})"
    if functions := facts.get("rolled_back"):
        yield f"Back at their last good version: {', '.join(functions)}"
    if problem := facts.get("not_rolled_back"):
        left = Failure.from_caught(problem)
        yield f"Not all is back at its last good version: {left.error}: {left.cause}"
    yield from _durations(facts)


def _why(failure: Failure | None) -> list[str]:
    if failure is None:
        return []
    why = f"{failure.error}: {failure.cause}"
    return [f"At {failure.state}: {why}" if failure.state else why, *_named([("Log", failure.log)])]


def _stopping(facts: Mapping[str, Any]) -> list[str]:
    scans = facts.get("scans") or {}
    shown, total = scans.get("findings", []), scans.get("stopping", 0)
    lines = [
        f"- {each['severity']} {each['scan']}: {each['what']}" + (f" ({each['where']})" if each["where"] else "")
        for each in shown
    ]
    return lines + ([f"- and {total - len(shown)} more"] if total > len(shown) else [])


def _counts(facts: Mapping[str, Any]) -> list[str]:
    """Say how much each scan found, also what is not bad enough to stop a run."""
    counts = (facts.get("scans") or {}).get("counts") or {}
    parts = [
        f"{name} " + (" ".join(f"{number} {severity}" for severity, number in found.items()) or "nothing")
        for name, found in counts.items()
    ]
    return [f"Found: {', '.join(parts)}"] if parts else []


def _durations(facts: Mapping[str, Any]) -> list[str]:
    durations = facts.get("durations") or {}
    parts = [f"{name} {float(seconds):.0f} s" for name, seconds in durations.items()]
    return [f"Durations: {', '.join(parts)}"] if parts else []
