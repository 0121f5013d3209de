"""Builds of CodeBuild, and how runs of the pipeline came out."""

from collections.abc import Iterator, Mapping
from typing import Any

from notifications.domain.incoming import Event, Published
from notifications.domain.notification import Notification
from notifications.domain.readers.texts import facts_and_text
from notifications.domain.severity import Severity

_STATUSES = {
    "FAILED": (Severity.ERROR, "failed"),
    "FAULT": (Severity.ERROR, "failed"),
    "TIMED_OUT": (Severity.ERROR, "timed out"),
    "STOPPED": (Severity.WARNING, "was stopped"),
    "SUCCEEDED": (Severity.INFO, "succeeded"),
    "IN_PROGRESS": (Severity.INFO, "began"),
}
# As the pipeline's subjects begin.
_OUTCOMES = {
    "Failed:": Severity.ERROR,
    "Rolled back:": Severity.ERROR,
    "Rejected:": Severity.WARNING,
    "Not approved:": Severity.WARNING,
    "Deployed:": Severity.INFO,
    "Deployed to ": Severity.INFO,
}


def read(event: Event) -> Notification:
    """Put a change of a build's status into words. Raises KeyError for a status that nobody knows.

    https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html#sample-build-notifications-ref
    """
    detail = event.detail
    severity, word = _STATUSES[detail["build-status"]]
    more = _mapping(detail.get("additional-information"))
    log = str(_mapping(more.get("logs")).get("deep-link", ""))
    return Notification(
        kind="build",
        source=event.source,
        severity=severity,
        title=f"Build of {detail['project-name']} {word}",
        text="\n".join(_failures(more)),
        facts=(
            ("Build", str(detail.get("build-id", "")).rpartition("/")[2]),
            ("Started by", str(more.get("initiator", ""))),
            ("Version", str(more.get("source-version", ""))),
            ("Account", event.account),
        ),
        links=(("Log", log),) if log.startswith("https://") else (),
        at=event.at,
        occurrence=f"{detail.get('build-id', '')} {event.at}",
    )


def is_outcome(published: Published) -> bool:
    """Tell whether a message says how a run of the pipeline came out."""
    return _outcome(published.subject) is not None


def read_outcome(published: Published) -> Notification:
    """Put how a run of the pipeline came out into words."""
    facts, text = facts_and_text(published.message)
    return Notification(
        kind="build",
        source=published.topic,
        severity=_outcome(published.subject) or Severity.INFO,
        title=published.subject,
        text=text,
        facts=facts,
        at=published.at,
    )


def _outcome(subject: str) -> Severity | None:
    return next((severity for word, severity in _OUTCOMES.items() if subject.startswith(word)), None)


def _failures(more: Mapping[str, Any]) -> Iterator[str]:
    """Yield what each phase that failed said."""
    phases = more.get("phases")
    for phase in phases if isinstance(phases, list) else []:
        found = _mapping(phase)
        if found.get("phase-status") not in {None, "SUCCEEDED"}:
            contexts = found.get("phase-context")
            said = [str(each) for each in contexts if each] if isinstance(contexts, list) else []
            yield ": ".join([str(found.get("phase-type", "")), *said])


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
