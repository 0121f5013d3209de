"""What a request may ask for. Each kind says itself what approvers have to know of it, and how it is stored."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

type Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Wanted(ABC):
    """What is asked for; `kind` tells stored documents apart, and is "" for wishes, which were there before it."""

    kind: ClassVar[str]

    def to_document(self) -> dict[str, Any]:
        """Return what is stored: all that is not empty, and the kind."""
        return {name: value for name, value in {"kind": self.kind, **asdict(self)}.items() if value}

    def digest(self) -> str:
        """Return what tells two of them apart, however their JSON was written."""
        return hashlib.sha256(json.dumps(self.to_document(), sort_keys=True).encode()).hexdigest()

    @abstractmethod
    def facts(self, plan: Mapping[str, Any]) -> Facts:
        """Return what approvers have to know, as names and values; `plan` is the request's."""

    @abstractmethod
    def headline(self, requester_name: str) -> str:
        """Return how the subject of a message goes on after "Approval asked"; SNS takes ASCII only."""


def request_id_of(owner: str, key: str) -> str:
    """Return the id of the request that `owner` makes under a key: always the same one."""
    return f"req-{hashlib.sha256(f'{owner}\n{key}'.encode()).hexdigest()[:20]}"
