"""What the doctor tells: a root cause with its evidence, its exact cure, and how sure that is."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Fault(IntEnum):
    """The five classic faults, numbered as in the guide."""

    TIME_OUT = 1
    ACCESS_DENIED = 2
    RETRY_LOOP = 3
    TRIGGER = 4
    API_ERROR = 5


class Confidence(StrEnum):
    """How sure a root cause is."""

    CERTAIN = "certain"  # the service itself says so, or its configuration leaves no other possibility
    LIKELY = "likely"  # the evidence fits this cause, and none of the other causes that the doctor knows
    POSSIBLE = "possible"  # the evidence fits, but what would rule other causes out was not recorded


@dataclass(frozen=True)
class Evidence:
    """What was read (`text`: a log line, an event, a statement, a setting) and where."""

    where: str
    text: str


@dataclass(frozen=True)
class Fix:
    """The exact cure.

    `terraform` is the input to set, in HCL; `statement` the smallest policy statement to add, and `add_to` the
    document that it belongs to; `wrong_cure` is what people tend to do in its place, and why that would not help.
    """

    text: str
    terraform: str = ""
    statement: dict[str, Any] | None = None
    add_to: str = ""
    wrong_cure: str = ""


@dataclass(frozen=True)
class Finding:
    """One root cause.

    `cause` is its name for machines, in snake_case; `subject` is what it was found on; `symptoms` are the ids of what
    it explains (request ids, executions, links of a trigger): a symptom that several findings explain belongs to the
    one that lies deepest.
    """

    fault: Fault
    cause: str
    subject: str
    root_cause: str
    evidence: tuple[Evidence, ...]
    fix: Fix
    confidence: Confidence
    symptoms: frozenset[str] = field(default_factory=frozenset)
