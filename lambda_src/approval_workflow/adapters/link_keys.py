"""The versions of the secret that signs links; a value is made here and nowhere else.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from secrets import token_urlsafe
from uuid import NAMESPACE_URL, uuid5

from shared.clients import client

_BYTES = 32
_CURRENT, _PENDING = "AWSCURRENT", "AWSPENDING"


def make_first(secret: str) -> None:
    """Make a key that signs from now on, unless there is one."""
    if _current(secret) is None:
        _make(secret, str(uuid5(NAMESPACE_URL, secret)), _CURRENT)


def make_next(secret: str, version: str) -> None:
    """Make the key that is to sign next, unless it is made: Secrets Manager lists its version before it has a value."""
    try:
        check_next(secret, version)
    except client("secretsmanager").exceptions.ResourceNotFoundException:
        _make(secret, version, _PENDING)


def check_next(secret: str, version: str) -> None:
    """See that the next key can be read. Raises what Secrets Manager raises when it cannot."""
    client("secretsmanager").get_secret_value(SecretId=secret, VersionId=version, VersionStage=_PENDING)


def promote(secret: str, version: str) -> None:
    """Let the next key sign, unless it does; the key before it still verifies."""
    current = _current(secret)
    if current != version:
        client("secretsmanager").update_secret_version_stage(
            SecretId=secret, VersionStage=_CURRENT, MoveToVersionId=version, RemoveFromVersionId=current
        )


def _make(secret: str, version: str, stage: str) -> None:
    client("secretsmanager").put_secret_value(
        SecretId=secret, ClientRequestToken=version, SecretString=token_urlsafe(_BYTES), VersionStages=[stage]
    )


def _current(secret: str) -> str | None:
    """Return the version that signs, or None while there is no value at all."""
    versions = client("secretsmanager").describe_secret(SecretId=secret).get("VersionIdsToStages", {})
    return next((version for version, stages in versions.items() if _CURRENT in stages), None)
