"""Rotates a secret by Secrets Manager's four steps, each of which may be cut off, repeated, or come too late.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.rotation.errors import NoFirstValue, NotMade, NotPending, UnknownStep, Unusable

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"

type Stages = Mapping[str, Collection[str]]


class Issuer(ABC):
    """Makes the values of one secret, and knows how to tell whether they are good."""

    @abstractmethod
    def first(self) -> str | None:
        """Return the value that a new secret begins with, None if people put it."""

    @abstractmethod
    def issue(self, before: str, in_force: str, token: str, /) -> str:
        """Return a value that is to follow the one before, which counts until then by the token `in_force`.

        For the same token the same one, if that has effects elsewhere.
        """

    @abstractmethod
    def establish(self, value: str) -> None:
        """Tell a value to those who have to know it, besides the secret's readers."""

    @abstractmethod
    def prove(self, value: str) -> None:
        """Use a value as its consumers do. Raises `Unusable` for one that never will do."""


class Versions(Protocol):
    """The versions of one secret; `adapters.versions.SecretVersions` is one."""

    def stages(self) -> Stages:
        """Return the stages of each version that has any."""

    def value(self, version: str) -> str | None:
        """Return a version's value, None while it has none."""

    def put(self, version: str, value: str, stage: str) -> None:
        """Give a version its value and a stage, unless it has a value."""

    def promote(self, version: str, instead_of: str | None) -> None:
        """Make a version the current one, if the other still is; that becomes the previous one."""

    def drop(self, version: str) -> None:
        """Take the label of what is to be next from a version."""


@dataclass(frozen=True)
class Rotation:
    """The rotation of one secret. Whatever is done twice, or by two at a time, leaves one current value, a proven one.

    The one before it stays readable until the next rotation: who holds it has that long to change over.
    """

    versions: Versions
    issuer: Issuer

    def begin(self) -> None:
        """Make the first value, unless there is one; clear what a cancelled rotation left, or no other could start."""
        stages = self.versions.stages()
        if _of(stages, CURRENT) is None and (value := self.issuer.first()) is not None:
            self.issuer.prove(value)
            self.versions.put(FIRST_VERSION, value, CURRENT)
        if (left := _of(stages, PENDING)) and CURRENT not in stages[left]:
            self.versions.drop(left)

    def step(self, name: str, version: str) -> None:
        """Do one of the four steps for a version. Raises `UnknownStep`, `NotPending`, `NotMade` and `Unusable`."""
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._try,
            "finishSecret": self._finish,
        }
        if name not in steps:
            raise UnknownStep(f"Secrets Manager knows no step {name!r} of a rotation")
        stages = self.versions.stages()
        if CURRENT in stages.get(version, ()):
            self._clear(version, stages)
        elif PENDING in stages.get(version, ()):
            steps[name](version, _of(stages, CURRENT))
        else:
            raise NotPending(f"version {version} is not to be the next one")

    def _create(self, version: str, current: str | None) -> None:
        if self.versions.value(version) is None:
            before = self.versions.value(current) if current else None
            if current is None or before is None:
                raise NoFirstValue("there is no value that another could follow: put the first one")
            self.versions.put(version, self.issuer.issue(before, current, version), PENDING)

    def _set(self, version: str, _current: str | None) -> None:
        self.issuer.establish(self._made(version))

    def _try(self, version: str, current: str | None) -> None:
        """Prove the value, if any: setting a rotation up calls this step as well, maybe before people put the first."""
        if current is not None or self.versions.value(version) is not None:
            self._test(version)

    def _test(self, version: str) -> None:
        """Prove the value; one that never will do gives way, or every later rotation would end here."""
        try:
            self.issuer.prove(self._made(version))
        except Unusable:
            self.versions.drop(version)
            raise

    def _finish(self, version: str, current: str | None) -> None:
        """Let the value count. It is proven once more: whoever calls which step, no other ever gets so far."""
        self._test(version)
        self.versions.promote(version, current)
        self.versions.drop(version)

    def _clear(self, version: str, stages: Stages) -> None:
        """Take the label of what is next from what is current: moved back, it would look like a rotation under way."""
        if PENDING in stages[version]:
            self.versions.drop(version)

    def _made(self, version: str) -> str:
        value = self.versions.value(version)
        if value is None:
            raise NotMade(f"version {version} has no value yet")
        return value


# The first value's version has always the same name, so that two who make it at a time make one.
FIRST_VERSION = "00000000-0000-0000-0000-000000000001"


def _of(stages: Stages, stage: str) -> str | None:
    return next((version for version, labels in stages.items() if stage in labels), None)
