"""EventBridge Scheduler: the right moments in every time zone, with the schedule's role, again if need be."""

from importlib import import_module

MENDS = ("clock", "definitions")


def apply() -> None:
    """Apply every mend of the scheduler."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
