"""Where a build's source comes from: CodeCommit, an archive in S3, or nowhere.

AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectSource.html. Secondary sources, submodules and
the other providers are not served here.
"""

import io
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.local_engine.authorization import role_allows
from scripts.local_engine.mends.codebuild import record
from scripts.local_engine.mends.codebuild.failure import Failure
from scripts.local_engine.mends.codebuild.session import RoleSession
from scripts.local_engine.mends.codecommit import git, store

type Build = dict[str, Any]

_ERROR = "CLIENT_ERROR"
_EXACT = re.compile(r"\^\{([0-9a-f]{40})\}$")  # refs/heads/main^{a commit id}
_SECONDS = 600


def download(build: Build, session: RoleSession, folder: Path) -> None:
    """Fetch the source into an empty folder with the service role, and say which version it is. Raises Failure."""
    kind, location = build["source"]["type"], build["source"].get("location") or ""
    if kind == "CODECOMMIT":
        _clone(build, session, folder, location)
    elif kind == "S3":
        _unpack(build, session, folder, location)
    elif kind != "NO_SOURCE":
        raise Failure(_ERROR, f"Sources of type {kind} are not fetched here")


def _clone(build: Build, session: RoleSession, folder: Path, location: str) -> None:
    """Check out a branch, a tag or a commit of a repository, in a clone that shares nothing with it.

    AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html (sourceVersion)
    """
    repository = store.by_clone_url(location)
    if repository is None:
        raise Failure(_ERROR, f"repository not found: {location}")
    allowed = role_allows(session.role, "codecommit:GitPull", repository["Arn"], via="codebuild")
    if not allowed:
        raise Failure(_ERROR, f"authorization failed for primary source: {allowed.reason}")
    version, content = build.get("sourceVersion") or "", store.content(repository)
    commit = _resolved(content, version)
    if commit is None:
        raise Failure(_ERROR, f"reference not found for primary source and source version {version}")
    depth = build["source"].get("gitCloneDepth") or 0
    shallow = [f"--depth={depth}"] if depth else []
    _git("init", "--quiet", "--template=", str(folder))
    _git("-C", str(folder), "remote", "add", "origin", repository["cloneUrlHttp"])
    wanted = [commit] if depth else ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", commit]
    _git("-C", str(folder), "fetch", "--quiet", *shallow, content.as_uri(), *wanted)
    _git("-C", str(folder), "checkout", "--quiet", "--detach", commit)
    record.note(build, resolvedSourceVersion=commit)


def _resolved(content: Path, version: str) -> str | None:
    if exact := _EXACT.search(version):
        return git.commit_of(content, exact[1])
    return git.resolve(content, version or "HEAD")


def _git(*arguments: str) -> None:
    try:
        subprocess.run(
            ["git", *arguments], env=git.ENVIRONMENT, capture_output=True, text=True, check=True, timeout=_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise Failure(_ERROR, f"git clone failed: {error.stderr.strip()}") from None


def _unpack(build: Build, session: RoleSession, folder: Path, location: str) -> None:
    """Unpack a zip, or a version of it."""
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    version = {"VersionId": build["sourceVersion"]} if build.get("sourceVersion") else {}
    try:
        archive = session.client("s3").get_object(Bucket=bucket, Key=key, **version)["Body"].read()
        zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    except (ClientError, zipfile.BadZipFile) as error:
        raise Failure(_ERROR, f"{error} for primary source and source version {location}") from None
