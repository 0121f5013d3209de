"""The tag by which an owner keeps a resource: until the end of a day in UTC, or for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

TAG = "keep-until"
_FOREVER = "forever"


@dataclass(frozen=True)
class OptOut:
    """Whether a resource is protected, and a sentence for the report; "" if its owner said nothing."""

    protected: bool
    reason: str = ""


def opt_out(tags: Mapping[str, str], now: datetime, tag: str = TAG) -> OptOut:
    """Tell whether the tag protects a resource `now` (in UTC): what cannot be read does, what has expired does not."""
    text = tags.get(tag)
    if text is None:
        return OptOut(False)
    if text.strip().lower() == _FOREVER:
        return OptOut(True, f"kept for ever ({tag})")
    try:
        last = date.fromisoformat(text.strip())
    except ValueError:
        return OptOut(True, f"kept, as {tag} is neither a date like 2026-12-31 nor {_FOREVER}: {text[:40]!r}")
    if now.date() <= last:
        return OptOut(True, f"kept until {last} ({tag})")
    return OptOut(False, f"{tag} expired on {last}")
