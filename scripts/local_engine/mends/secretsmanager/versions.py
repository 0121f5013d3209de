"""The versions of a secret, as the engine keeps them: their values and their stages."""

from typing import Any

from scripts.local_engine.mends.secretsmanager.events import announce

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
KINDS = ("SecretString", "SecretBinary")


def has_value(version: dict[str, Any]) -> bool:
    """Tell whether a version (or a request) is more than its label: a rotation lists the next one before it is made."""
    return any(version.get(kind) is not None for kind in KINDS)


def of_stage(secret: dict[str, Any], stage: str) -> str | None:
    """Return the version that has a stage."""
    return next((version for version, entry in secret["Versions"].items() if stage in entry["Stages"]), None)


def unfinished(secret: dict[str, Any]) -> str | None:
    """Return the version of a rotation that was not finished: pending, and not current."""
    version = of_stage(secret, PENDING)
    return version if version and CURRENT not in secret["Versions"][version]["Stages"] else None


def take_label(secret: dict[str, Any], stage: str, but: str | None = None) -> None:
    """Take a stage from all versions but one."""
    for version, entry in secret["Versions"].items():
        if version != but:
            entry["Stages"] = [each for each in entry["Stages"] if each != stage]


def abandon(secret: dict[str, Any]) -> None:
    """End a rotation under way, as the secret got a new value meanwhile.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieve-ct-entries.html (RotationAbandoned)
    """
    if unfinished(secret):
        take_label(secret, PENDING)
        announce(secret, "RotationAbandoned")
