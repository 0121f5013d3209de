"""Bounded reading: a window in time, a limit in number, and a note of what could not be read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws import Client
from scripts.deployment import Deployment

MISSING = ("NotFound", "NoSuch", "DoesNotExist", "NonExistentQueue", "404")


@dataclass(frozen=True)
class Window:
    """From when until when to look, in seconds since the epoch, and how many lines of each log group to read."""

    since: float
    until: float
    limit: int


@dataclass
class Reader:
    """One look at one environment: AWS's clients, the window, and what could not be read."""

    deployment: Deployment
    window: Window
    unread: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client: Callable[[str], Client] = cache(self.deployment.client)

    @property
    def prefix(self) -> str:
        """What the names of all of the environment's resources begin with."""
        return f"{self.deployment.outputs['foundation']['name']}-"

    def get(self, what: str, default: Any, read: Callable[..., Any], **parameters: Any) -> Any:  # noqa: ANN401 - boto3's
        """Return what `read` answers; `default` if there is none of it, or it may not be read, which is noted."""
        try:
            return read(**parameters)
        except (ClientError, BotoCoreError) as error:
            if not is_missing(error):
                self.unread.append(f"{what}: {error}")
            return default

    def exists(self, what: str, read: Callable[..., Any], **parameters: str) -> bool | None:
        """Tell whether there is what `read` reads; None if that cannot be told, which is noted."""
        missing = object()
        before = len(self.unread)
        if self.get(what, missing, read, **parameters) is missing:
            return False if len(self.unread) == before else None
        return True

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return the items of all pages of an operation, no more than the limit; [] if they cannot be read."""

        def read() -> list[dict[str, Any]]:
            pages = self.client(service).get_paginator(operation).paginate(**parameters)
            return list(islice(_items(pages, key), self.window.limit))

        found: list[dict[str, Any]] = self.get(f"{operation} of {service} {list(parameters.values())}", [], read)
        return found


def is_missing(error: Exception) -> bool:
    """Tell whether an error says that there is no such thing."""
    code = str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""
    return any(part in code for part in MISSING)


def _items(pages: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from page.get(key, [])
