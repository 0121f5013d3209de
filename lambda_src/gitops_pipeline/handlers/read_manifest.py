"""ReadManifest: makes sure that what is to be deployed is what this run's build made and signed."""

from dataclasses import dataclass
from typing import Any

from gitops_pipeline.adapters import objects
from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.adapters.signatures import is_signed
from gitops_pipeline.domain.errors import BadManifest
from gitops_pipeline.domain.manifest import Artifact, Envelope, artifacts_of, artifacts_prefix
from gitops_pipeline.domain.run import Run
from shared.handlers import lambda_handler
from shared.observability import logger
from shared.settings import once

_LARGEST_MANIFEST = 1 << 20


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    bucket: str
    ledger_table: str
    signing_key_arn: str


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"run", "manifest_key", "version_id"}`; return the manifest's digest and those of its artifacts.

    Nothing of the manifest is believed before its signature is verified, and nothing of it about objects before they
    are read: the digests are of the bytes as they are.
    """
    run = Run.from_document(event["run"])
    Ledger(settings().ledger_table, run.key).keep(run)
    envelope = Envelope.from_bytes(_read(run, str(event["manifest_key"]), str(event["version_id"])))
    if not is_signed(settings().signing_key_arn, envelope.digest, envelope.signature):
        raise BadManifest("the manifest's signature is not the build's")
    artifacts = artifacts_of(envelope.payload, run)
    for name, artifact in artifacts.items():
        _check(name, artifact)
    digests = {name: artifact.sha256 for name, artifact in artifacts.items()}
    logger.info("the manifest is verified", extra={"run_id": run.run_id, "artifacts": digests})
    return {"manifest_digest": envelope.digest.hex(), "artifacts": digests}


def _read(run: Run, key: str, version_id: str) -> bytes:
    """Return the manifest in one version of it: the one that is read before the deploy must be the one read now."""
    if not key.startswith(artifacts_prefix(run.run_id)) or not version_id:
        raise BadManifest(f"the build named {key!r} in version {version_id!r}, which is no manifest of its run's")
    try:
        return objects.read(settings().bucket, key, _LARGEST_MANIFEST, version_id=version_id)
    except (objects.Missing, objects.TooLarge) as problem:
        raise BadManifest(str(problem)) from problem


def _check(name: str, artifact: Artifact) -> None:
    try:
        found = objects.digest(settings().bucket, artifact.key, artifact.version_id)
    except objects.Missing as problem:
        raise BadManifest(f"{name}: {problem}") from problem
    if found != artifact.sha256:
        raise BadManifest(f"{name} has the digest {found}, the manifest says {artifact.sha256}")
