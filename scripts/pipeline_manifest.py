"""Puts what a build made into the GitOps pipeline's bucket, and signs a manifest with the digest of each artifact.

`python -m scripts.pipeline_manifest --bucket … --signing-key … --run-id … [and what it is of] build/*.zip`
prints `MANIFEST_KEY=…` and `MANIFEST_VERSION=…`: what the deploy is told. ReadManifest lets nothing else be deployed.
"""

import argparse
import hashlib
import json
import sys
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws import Client


@dataclass(frozen=True)
class Origin:
    """What the manifest is of; another run's is refused."""

    run_id: str
    repository: str
    branch: str
    commit: str

    @property
    def prefix(self) -> str:
        """Where artifacts go (`lambda_src/gitops_pipeline/domain/manifest.py`; a test holds both together)."""
        return f"artifacts/{self.run_id}/"


def publish(s3: Client, bucket: str, origin: Origin, files: Iterable[Path]) -> dict[str, dict[str, str]]:
    """Put files into the bucket; return by name where they are, in which version, and their SHA-256."""
    artifacts = {}
    for file in sorted(files):
        body, key = file.read_bytes(), origin.prefix + file.name
        version = s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
        artifacts[file.name] = {"key": key, "version_id": version, "sha256": hashlib.sha256(body).hexdigest()}
    return artifacts


def sign(kms: Client, key: str, origin: Origin, artifacts: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the manifest as a text, with a signature over exactly these bytes."""
    text = json.dumps(vars(origin) | {"artifacts": artifacts}, sort_keys=True)
    answer: dict[str, Any] = kms.sign(
        KeyId=key,
        Message=hashlib.sha256(text.encode()).digest(),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    return {"manifest": text, "signature": b64encode(answer["Signature"]).decode()}


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    arguments = _parser().parse_args()
    origin = Origin(arguments.run_id, arguments.repository, arguments.branch, arguments.commit)
    try:
        s3, kms = boto3.client("s3"), boto3.client("kms")
        envelope = sign(kms, arguments.signing_key, origin, publish(s3, arguments.bucket, origin, arguments.files))
        key = f"{origin.prefix}manifest.json"
        stored = s3.put_object(Bucket=arguments.bucket, Key=key, Body=json.dumps(envelope).encode())
    except (OSError, KeyError, ClientError, BotoCoreError) as error:
        print(f"no manifest was made: {error!r}", file=sys.stderr)
        return 1
    print(f"MANIFEST_KEY={key}\nMANIFEST_VERSION={stored['VersionId']}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.pipeline_manifest", description=__doc__)
    for name, about in (
        ("bucket", "the pipeline's bucket, with versions"),
        ("signing-key", "the KMS key (ECC_NIST_P256) that only builds sign with"),
        ("run-id", "the run's id"),
        ("repository", "the repository's name"),
        ("branch", "the branch that was pushed"),
        ("commit", "the commit that was built"),
    ):
        parser.add_argument(f"--{name}", required=True, help=about)
    parser.add_argument("files", type=Path, nargs="+", help="what was built")
    return parser


if __name__ == "__main__":
    sys.exit(main())
