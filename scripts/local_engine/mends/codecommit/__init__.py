"""CodeCommit: repositories that are real bare git repositories, their pushes as events, comments on commits."""

from importlib import import_module

MENDS = ("pushes", "service")


def apply() -> None:
    """Apply every mend of CodeCommit."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
