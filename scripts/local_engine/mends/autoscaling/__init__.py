"""Auto Scaling: groups whose instances are real, processes that can be suspended, and IAM on each group's tags."""

from importlib import import_module

MENDS = ("groups", "members", "processes")


def apply() -> None:
    """Apply every mend of Auto Scaling."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
