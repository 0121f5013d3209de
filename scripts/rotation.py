"""Has a secret of a deployment rotated by Secrets Manager, and tells which version counts."""

import time
from dataclasses import dataclass

from scripts.deployment import Deployment

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class RotatedSecret:
    """A secret, by its name or its ARN."""

    deployment: Deployment
    name: str

    def current(self) -> str:
        """Return the version that counts."""
        secrets = self.deployment.client("secretsmanager")
        return str(secrets.get_secret_value(SecretId=self.name)["VersionId"])

    def begin(self) -> str | None:
        """Ask for a rotation; return the next version. None: Secrets Manager goes on with one that is not over."""
        secrets = self.deployment.client("secretsmanager")
        try:
            return str(secrets.rotate_secret(SecretId=self.name)["VersionId"])
        except secrets.exceptions.InvalidRequestException:
            return None

    def rotate(self, seconds: float = 60) -> bool:
        """Have the value replaced; tell whether another one counts within so many seconds."""
        before, deadline, next_one = self.current(), time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            next_one = next_one or self.begin()
            if self.current() != before:
                return True
            time.sleep(_POLL_SECONDS)
        return False
