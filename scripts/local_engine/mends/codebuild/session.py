"""The service role's session: what a build does, itself or through CodeBuild, it does with this."""

import os
import secrets
from typing import Any

from botocore.config import Config
from ministack.core.responses import get_account_id, get_region
from ministack.services import sts

from scripts.local_engine.authorization import role_name

ENDPOINT = "AWS_ENDPOINT_URL"
_PREFIX = "AWSCodeBuild-"


class RoleSession:
    """A session of a role, named after a build. AWS: AWSCodeBuild-<the build's UUID>, seen in CloudTrail."""

    def __init__(self, role_arn: str, uuid: str) -> None:
        self.role = role_arn
        name, session = role_name(role_arn), f"{_PREFIX}{uuid}"
        self._key = f"ASIA{secrets.token_hex(8).upper()}"
        self._secret, self._token = secrets.token_hex(32), secrets.token_hex(32)
        sts.register_session(
            self._key,
            {
                "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/{session}",
                "UserId": f"{name}:{session}",
                "SecretAccessKey": self._secret,
                "SessionToken": self._token,
            },
        )

    def variables(self) -> dict[str, str]:
        """Return the variables by which the tools of AWS find these credentials, and the engine."""
        return {
            "AWS_ACCESS_KEY_ID": self._key,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_SESSION_TOKEN": self._token,
            ENDPOINT: os.environ[ENDPOINT],
        }

    def client(self, service: str) -> Any:
        """Return a client that acts with the role."""
        import boto3  # noqa: PLC0415 - at the top of the file it makes each start of the engine a third longer, builds or not

        return boto3.Session(self._key, self._secret, self._token, get_region()).client(
            service,
            endpoint_url=os.environ[ENDPOINT],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def end(self) -> None:
        """Make the credentials worthless."""
        sts._sessions.pop(self._key, None)
