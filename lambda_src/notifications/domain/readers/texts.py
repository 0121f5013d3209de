"""What our own workflows and anybody else say in plain text: lines like `Name: value` are facts, the rest is text."""

import re
from itertools import zip_longest

from notifications.domain.incoming import Event, Published, Text
from notifications.domain.notification import MAX_FACTS, Notification
from notifications.domain.severity import Severity

_FACT = re.compile(r"(?P<name>[A-Z][\w ./()-]{0,39}): (?P<value>\S.{0,499})")
_LINK = re.compile(r"https?://\S+")
_FAILED = re.compile(r"(?i)\b(?:fail(?:ed|ure|s)?|error|broken|ended early|rolled back)\b")
_WARNED = re.compile(r"(?i)\b(?:exceeded|expire[sd]?|overdue|warning|will be (?:deleted|stopped|terminated))\b")
_ASKED = {"approval_asked", "reminder"}
_APPROVALS = {"approval_asked", "ended", "outcome", "reminder"}
_SUBJECTS = ("title", "eventName", "name", "State", "state", "status", "reason")  # what events say first of all
_REFUSED = re.compile(r"(?i)\b(?:denied|expired|invalid|not approved|rejected)\b")


def facts_and_text(message: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Split a message into the facts among its lines, as many as are shown, and what else it says, in order.

    A line that others are indented below is their heading.
    """
    facts, rest = list[tuple[str, str]](), list[str]()
    lines = message.splitlines()
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        found = _FACT.fullmatch(line.rstrip())
        is_heading = following.startswith(" ")
        if found and not is_heading and len(facts) < MAX_FACTS:
            facts.append((found["name"], found["value"]))
        else:
            rest.append(line.rstrip())
    return tuple(facts), "\n".join(rest).strip()


def read(published: Published) -> Notification:
    """Put a message of a topic into words, by the kind that it says it is."""
    kind = published.attributes.get("kind", "")
    if kind in _APPROVALS:
        return _approval(published, kind)
    return _report(published, "report" if kind else "other", kind)


def read_text(text: Text) -> Notification:
    """Tell what nobody agreed on, as it is."""
    return Notification("other", "queue", severity_of(text.text), _first_line(text.text), text=text.text)


def read_event(event: Event) -> Notification:
    """Tell an event that has no words of its own by what its detail says at first sight."""
    plain = [(name, value) for name, value in event.detail.items() if isinstance(value, str | int | float | bool)]
    said = " ".join(str(value) for _, value in plain)
    subject = [str(event.detail[name]) for name in _SUBJECTS if isinstance(event.detail.get(name), str)]
    return Notification(
        kind="other",
        source=event.source,
        severity=severity_of(f"{event.kind} {said}"),
        title=": ".join([event.kind, *subject[:1]]),
        facts=tuple((name, str(value)) for name, value in plain),
        at=event.at,
        occurrence=f"{event.at} {' '.join(event.resources)}",
    )


def severity_of(said: str) -> Severity:
    """Guess how much it matters from the words it is said in."""
    return Severity.ERROR if _FAILED.search(said) else Severity.WARNING if _WARNED.search(said) else Severity.INFO


def _approval(published: Published, kind: str) -> Notification:
    """Tell of a request without the link in it, which is its approver's alone, and so once for all approvers."""
    facts, text = facts_and_text(published.message)
    if kind in _ASKED:
        text = "Approvers have their links by mail."
    refused = Severity.WARNING if _REFUSED.search(published.subject) else severity_of(published.subject)
    return Notification(
        kind="approval",
        source=published.topic,
        severity=Severity.WARNING if kind == "reminder" else refused,
        title=published.subject or "Approval",
        text=_LINK.sub("(link)", text),
        facts=facts,
        at=published.at,
        owner="" if kind in _ASKED else published.attributes.get("recipient", ""),
    )


def _report(published: Published, kind: str, said_kind: str) -> Notification:
    facts, text = facts_and_text(published.message)
    guessed = severity_of(f"{said_kind} {published.subject}".replace("_", " "))
    return Notification(
        kind=kind,
        source=published.topic,
        severity=max(guessed, Severity.ERROR if said_kind == "failure" else Severity.INFO),
        title=published.subject or _first_line(published.message),
        text=text,
        facts=facts,
        at=published.at,
        owner=published.attributes.get("recipient", ""),
    )


def _first_line(text: str) -> str:
    """Return what a text begins with; a document has brackets there."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if any(map(str.isalnum, line))), "A notification without words")
