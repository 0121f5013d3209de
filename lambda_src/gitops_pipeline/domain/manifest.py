"""What a build made, as it signed it: each artifact with the digest that may be deployed, and no other."""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gitops_pipeline.domain.errors import BadManifest
from gitops_pipeline.domain.run import Run

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Envelope:
    """The signed bytes and the signature (DER) over their SHA-256: one object, so that both are of one version."""

    payload: bytes
    signature: bytes

    @classmethod
    def from_bytes(cls, body: bytes) -> "Envelope":
        """Read `{"manifest": a text, "signature": base64}`. Raises `BadManifest`."""
        try:
            document = json.loads(body)
            return cls(document["manifest"].encode(), b64decode(document["signature"], validate=True))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError, binascii.Error) as problem:
            raise BadManifest(f"not a signed manifest: {problem!r}") from problem

    @property
    def digest(self) -> bytes:
        """What is signed."""
        return sha256(self.payload).digest()


@dataclass(frozen=True)
class Artifact:
    """An object that was built, in the version that was built, with the SHA-256 of its bytes."""

    key: str
    version_id: str
    sha256: str


def artifacts_of(payload: bytes, run: Run) -> dict[str, Artifact]:
    """Return the artifacts of a manifest that was verified. Raises `BadManifest` if it is not this run's."""
    try:
        manifest = json.loads(payload)
        _check_origin(manifest, run)
        artifacts = {str(name): _artifact(name, values, run) for name, values in manifest["artifacts"].items()}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise BadManifest(f"the manifest cannot be read: {problem!r}") from problem
    if not artifacts:
        raise BadManifest("the manifest names no artifact")
    return artifacts


def artifacts_prefix(run_id: str) -> str:
    """Return where a run's build puts what it makes."""
    return f"artifacts/{run_id}/"


def _check_origin(manifest: Mapping[str, Any], run: Run) -> None:
    """Raise `BadManifest` for a manifest that was signed for something else, and so is as valid as this run's."""
    for name in ("run_id", "repository", "branch", "commit"):
        if manifest[name] != getattr(run, name):
            raise BadManifest(f"the manifest's {name} is {manifest[name]!r}, the run's {getattr(run, name)!r}")


def _artifact(name: str, values: Mapping[str, str], run: Run) -> Artifact:
    artifact = Artifact(str(values["key"]), str(values["version_id"]), str(values["sha256"]))
    if not _NAME.fullmatch(name) or not _DIGEST.fullmatch(artifact.sha256) or not artifact.version_id:
        raise BadManifest(f"{name!r} has no plain name, no version or no SHA-256")
    if not artifact.key.startswith(artifacts_prefix(run.run_id)):
        raise BadManifest(f"{name!r} is at {artifact.key!r}, not among the run's artifacts")
    return artifact
