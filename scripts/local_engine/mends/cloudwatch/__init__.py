"""CloudWatch: metrics of services that the engine did not count, and alarms that mean what they say."""

from importlib import import_module

MENDS = ("actions", "alarms", "dashboards", "evaluation", "keeping", "queries", "queues", "ticker")


def apply() -> None:
    """Apply every mend of CloudWatch."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
