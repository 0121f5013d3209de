"""What a requester wants: a new instance for some hours, or more hours for one that runs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from approval_workflow.domain.errors import BadRequest
from approval_workflow.domain.wanted import Facts, Wanted, request_id_of

MAX_PURPOSE, MAX_HOURS, MAX_KEY = 500, 8760, 255
_INSTANCE_TYPE = re.compile(r"[a-z0-9-]{1,32}\.[a-z0-9-]{1,32}")
_IMAGE_PARAMETER = re.compile(r"/[A-Za-z0-9_./-]{1,1010}")
_COST_CENTRE = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_REQUEST_ID = re.compile(r"req-[0-9a-f]{20}")


@dataclass(frozen=True)
class Wish(Wanted):
    """The body of a request; an extension names the request whose instance it extends, and neither type nor image."""

    purpose: str
    hours: int
    cost_centre: str
    instance_type: str = ""
    image_parameter: str = ""
    extends: str = ""

    kind: ClassVar[str] = ""

    @classmethod
    def from_document(cls, document: object) -> "Wish":
        """Read a request's JSON, as strictly as the gateway does with callers who send JSON. Raises `BadRequest`."""
        if not isinstance(document, dict):
            raise BadRequest("the body must be a JSON object")
        if odd := [name for name in document if name not in _FIELDS]:
            raise BadRequest(f"unknown: {', '.join(sorted(odd))[:200]}")
        own = ("extends",) if "extends" in document else ("instance_type", "image_parameter")
        wanted = {"purpose", "hours", "cost_centre", *own}
        if wanted != set(document):
            difference = ", ".join(sorted(wanted ^ set(document)))
            raise BadRequest(f"missing, or of no use beside the others: {difference}")
        if wrong := [name for name in sorted(document) if not _FIELDS[name](document[name])]:
            raise BadRequest(f"not as agreed: {', '.join(wrong)}")
        return cls(**document)

    def facts(self, plan: Mapping[str, Any]) -> Facts:
        """Return what approvers have to know."""
        return [
            *([("Extends", self.extends)] if self.extends else self._instance(plan["types"])),
            ("Hours", str(self.hours)),
            ("Costs at most", f"{plan['price_usd']} USD"),
            ("Cost centre", self.cost_centre),
            ("Purpose", self.purpose),
        ]

    def headline(self, requester_name: str) -> str:
        """Return who asks."""
        return f"by {requester_name}"

    def _instance(self, types: list[str]) -> Facts:
        first, *others = types
        either = f"{first}, or else {', '.join(others)}" if others else first
        return [("Instance type", either), ("Image", self.image_parameter)]


def request_id_for(caller: str, key: str) -> str:
    """Return the id of the request that a caller sends under an Idempotency-Key. Raises `BadRequest`."""
    if not key.isprintable() or not 1 <= len(key) <= MAX_KEY:
        raise BadRequest(f"Idempotency-Key must be printable text of 1 to {MAX_KEY} characters")
    return request_id_of(caller, key)


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_purpose(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_PURPOSE and value.isprintable() and not value.isspace()


def _is_hours(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_HOURS


_FIELDS: dict[str, Callable[[object], bool]] = {
    "purpose": _is_purpose,
    "hours": _is_hours,
    "cost_centre": _matches(_COST_CENTRE),
    "instance_type": _matches(_INSTANCE_TYPE),
    "image_parameter": _matches(_IMAGE_PARAMETER),
    "extends": _matches(_REQUEST_ID),
}
