"""SQS: queues that lose nothing under load, and receive, redrive and refuse as AWS's do."""

from importlib import import_module

MENDS = ("receiving", "redrive", "receipts", "sizes", "locking")  # the lock last, around all of them


def apply() -> None:
    """Apply every mend of SQS."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
