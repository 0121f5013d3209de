"""Secrets Manager: versions with values of their own, and rotations that really call their function, in time."""

from importlib import import_module

MENDS = ("api", "hooks", "rotation", "schedule")


def apply() -> None:
    """Apply every mend of Secrets Manager."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
