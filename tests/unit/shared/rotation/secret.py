"""A secret as Secrets Manager keeps it, and an issuer of its values, for tests in this process."""

from dataclasses import dataclass, field

from shared.rotation.errors import Unusable
from shared.rotation.rotating import CURRENT, PENDING, Issuer, Stages

PREVIOUS = "AWSPREVIOUS"


class CutOff(Exception):
    """The function was ended in the middle."""


class Refused(Exception):
    """Secrets Manager said no."""


@dataclass
class Secret:
    """The versions of a secret; each call may be the last one of a function that is cut off, before or after it."""

    values: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    cut_off_at: int = -1
    after_it: bool = False
    calls: int = 0
    ever_current: list[str] = field(default_factory=list)

    # What the function may do

    def stages(self) -> Stages:
        self._call()
        found: dict[str, set[str]] = {}
        for label, version in self.labels.items():
            found.setdefault(version, set()).add(label)
        self._called()
        return found

    def value(self, version: str) -> str | None:
        self._call()
        self._called()
        return self.values.get(version)

    def put(self, version: str, value: str, stage: str) -> None:
        self._call()
        if version not in self.values:  # else it exists
            self.values[version] = value
            self._label(stage, version)
        self._called()

    def promote(self, version: str, instead_of: str | None) -> None:
        self._call()
        if self.labels.get(CURRENT) != instead_of:
            raise Refused("the staging label AWSCURRENT is attached to another version")
        self._label(CURRENT, version)
        self._called()

    def drop(self, version: str) -> None:
        self._call()
        if self.labels.get(PENDING) != version:
            raise Refused("the staging label AWSPENDING is not attached to the version")
        del self.labels[PENDING]
        self._called()

    # What Secrets Manager does

    def rotate(self, token: str) -> str:
        """List a version before it has a value; return the version of a rotation that was not finished instead."""
        left = self.labels.get(PENDING)
        if left and left != self.labels.get(CURRENT):
            return left
        self.labels[PENDING] = token
        return token

    def by_hand(self, version: str, value: str) -> None:
        """Put a value, which ends a rotation under way."""
        self.values[version] = value
        self._label(CURRENT, version)
        self.labels.pop(PENDING, None)

    @property
    def current(self) -> str | None:
        version = self.labels.get(CURRENT)
        return self.values[version] if version else None

    @property
    def previous(self) -> str | None:
        version = self.labels.get(PREVIOUS)
        return self.values[version] if version else None

    def _label(self, stage: str, version: str) -> None:
        if stage == CURRENT:
            before = self.labels.get(CURRENT)
            if before and before != version:
                self.labels[PREVIOUS] = before
            if self.labels.get(PREVIOUS) == version:
                del self.labels[PREVIOUS]
            self.ever_current.append(version)
        self.labels[stage] = version

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.cut_off_at and not self.after_it:
            raise CutOff

    def _called(self) -> None:
        if self.calls == self.cut_off_at:
            raise CutOff


@dataclass
class Values(Issuer):
    """Issues a new value each time; those that hold `bad` are no good."""

    bad: str = "never"
    starts: bool = True
    issued: int = 0
    followed: list[str] = field(default_factory=list)
    proven: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def first(self) -> str | None:
        return self._next() if self.starts else None

    def issue(self, before: str, in_force: str, token: str) -> str:
        self.followed.append(in_force)
        return f"{self._next()} after {before.partition(' ')[0]} for {token}"

    def establish(self, value: str) -> None:
        self.told.append(value)

    def prove(self, value: str) -> None:
        if self.bad in value:
            raise Unusable("no good")
        self.proven.add(value)

    def _next(self) -> str:
        self.issued += 1
        return f"value-{self.issued}"
