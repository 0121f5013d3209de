"""CloudTrail: who called EC2 and STS to change what, in the event history and, with a trail, on EventBridge."""

from importlib import import_module

MENDS = ("history", "recording", "trails")


def apply() -> None:
    """Apply every mend of CloudTrail."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
