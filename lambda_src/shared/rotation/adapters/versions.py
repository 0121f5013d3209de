"""The versions of a secret in Secrets Manager."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.clients import client
from shared.rotation.rotating import CURRENT, PENDING, Stages


@dataclass(frozen=True)
class SecretVersions:
    """Those of the secret with an ARN."""

    secret: str

    def stages(self) -> Stages:
        """Return the stages of each version that has any."""
        found: Stages = client("secretsmanager").describe_secret(SecretId=self.secret).get("VersionIdsToStages", {})
        return found

    def value(self, version: str) -> str | None:
        """Return a version's value, None while it has none."""
        secrets = client("secretsmanager")
        try:
            text: str = secrets.get_secret_value(SecretId=self.secret, VersionId=version)["SecretString"]
        except secrets.exceptions.ResourceNotFoundException:
            return None
        return text

    def put(self, version: str, value: str, stage: str) -> None:
        """Give a version its value and a stage, unless it has a value: who came first has made it."""
        secrets = client("secretsmanager")
        with suppress(secrets.exceptions.ResourceExistsException):
            secrets.put_secret_value(
                SecretId=self.secret, ClientRequestToken=version, SecretString=value, VersionStages=[stage]
            )

    def promote(self, version: str, instead_of: str | None) -> None:
        """Make a version the current one, if the other still is; that becomes the previous one."""
        other = {"RemoveFromVersionId": instead_of} if instead_of else {}
        client("secretsmanager").update_secret_version_stage(
            SecretId=self.secret, VersionStage=CURRENT, MoveToVersionId=version, **other
        )

    def drop(self, version: str) -> None:
        """Take the label of what is to be next from a version."""
        client("secretsmanager").update_secret_version_stage(
            SecretId=self.secret, VersionStage=PENDING, RemoveFromVersionId=version
        )


def current_since(secret: str) -> datetime | None:
    """Return since when there is the current value, None if nobody has put one; no value is read.

    Only versions that have a stage are listed, so one page holds them all.
    """
    versions = client("secretsmanager").list_secret_version_ids(SecretId=secret, MaxResults=100)["Versions"]
    found = (version["CreatedDate"] for version in versions if CURRENT in version.get("VersionStages", []))
    return next(found, None)
