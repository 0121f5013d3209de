"""What a build leaves behind: files of its folder, put into S3 by the service role.

AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectArtifacts.html,
https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (artifacts)
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.local_engine.mends.codebuild.failure import Failure
from scripts.local_engine.mends.codebuild.session import RoleSession

type Document = dict[str, Any]
type Build = dict[str, Any]

_ERROR = "CLIENT_ERROR"
_SHOWN = ("overrideArtifactName", "encryptionDisabled", "artifactIdentifier")
_MOMENT = (1980, 1, 1, 0, 0, 0)


def upload(build: Build, chosen: Document, named: Document, place: Path, session: RoleSession) -> Document:
    """Put the files that the specification names where the project says, and return where and what that is.

    `chosen` are the project's artifacts, `named` the specification's, `place` is the source's folder. Raises Failure.
    """
    if not named.get("files"):
        raise Failure(_ERROR, "no definition for artifacts in the buildspec")
    found = dict(_files(named, place))
    if not found:
        raise Failure(_ERROR, "no matching artifact paths found")
    prefix = _prefix(build, chosen, named)
    sums: Document = {}
    if chosen.get("packaging") == "ZIP":
        archive = _zipped(found)
        sums = {"md5sum": hashlib.md5(archive, usedforsecurity=False).hexdigest()}
        sums["sha256sum"] = hashlib.sha256(archive).hexdigest()
        objects: dict[str, Callable[[], bytes]] = {prefix: lambda: archive}
    else:
        objects = {"/".join(filter(None, (prefix, name))): path.read_bytes for name, path in found.items()}
    _put(build, chosen, objects, session)
    shown = {key: chosen[key] for key in _SHOWN if key in chosen}
    return {"location": f"arn:aws:s3:::{chosen['location']}/{prefix}", **sums, **shown}


def _prefix(build: Build, chosen: Document, named: Document) -> str:
    """Return the name below which the files go, or of the zip: path/namespace/name."""
    by_spec = chosen.get("overrideArtifactName") and named.get("name")
    name = str(by_spec or chosen.get("name") or build["projectName"])
    namespace = build["id"].partition(":")[2] if chosen.get("namespaceType") == "BUILD_ID" else ""
    return "/".join(part for part in (chosen.get("path", "").strip("/"), namespace, name.strip("/")) if part)


def _files(named: Document, place: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files by their names; nothing that a link leads to outside the source's folder."""
    base = place / str(named.get("base-directory") or "")
    excluded = [str(pattern) for pattern in named.get("exclude-paths") or []]
    for pattern in named["files"]:
        relative = str(pattern).removeprefix(f"{base}/")
        matched = [] if relative.startswith("/") or ".." in Path(relative).parts else base.glob(relative)
        for path in sorted(matched):
            name = path.relative_to(base)
            left_out = any(name.full_match(pattern) for pattern in excluded)
            if path.is_file() and path.resolve().is_relative_to(place.resolve()) and not left_out:
                yield name.name if named.get("discard-paths") in {True, "yes"} else name.as_posix(), path


def _zipped(files: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _put(build: Build, chosen: Document, objects: dict[str, Callable[[], bytes]], session: RoleSession) -> None:
    """Put objects, encrypted with the build's key. AWS: BuildArtifacts/encryptionDisabled, Project/encryptionKey."""
    key = build["encryptionKey"]
    own = {} if key.endswith("alias/aws/s3") else {"SSEKMSKeyId": key}
    encryption = {} if chosen.get("encryptionDisabled") else {"ServerSideEncryption": "aws:kms", **own}
    client = session.client("s3")
    for name, content in objects.items():
        try:
            client.put_object(Bucket=chosen["location"], Key=name, Body=content(), **encryption)
        except ClientError as error:
            raise Failure(_ERROR, f"Error while uploading artifacts: {error}") from None
