"""The uploaded object that a run is about, as the S3 event names it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl_pipeline.domain.errors import UnexpectedEvent, UnknownDataset

_KEY = re.compile(r"incoming/(?P<dataset>[a-z0-9][a-z0-9_-]{0,63})/(?:.*/)?[^/]+")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Upload:
    """One version of one object: the unit that is loaded once, however often its event is delivered."""

    bucket: str
    key: str
    version_id: str
    size: int

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Upload":
        """Read EventBridge's "Object Created" event of S3. Raises `UnexpectedEvent`."""
        try:
            stored = event["detail"]["object"]
            return cls(event["detail"]["bucket"]["name"], stored["key"], stored["version-id"], int(stored["size"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise UnexpectedEvent(f"not an Object Created event of a versioned bucket: {problem!r}") from problem

    @property
    def object_version(self) -> str:
        """The run ledger's key."""
        return f"{self.bucket}/{self.key}@{self.version_id}"

    @property
    def dataset(self) -> str:
        """The dataset that the key names. Raises `UnknownDataset`."""
        if self.dataset_or_unknown == UNKNOWN:
            raise UnknownDataset(f"{self.key!r} is not incoming/<dataset>/<file>")
        return self.dataset_or_unknown

    @property
    def dataset_or_unknown(self) -> str:
        """The dataset that the key names, or "unknown"."""
        match = _KEY.fullmatch(self.key)
        return match["dataset"] if match else UNKNOWN

    @property
    def file(self) -> str:
        """The key's last segment, or all of it if it ends in a slash."""
        return self.key.rpartition("/")[2] or self.key
