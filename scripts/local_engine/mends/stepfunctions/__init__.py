"""Step Functions: the engine's API and query languages; roles, limits, history and logs as AWS has them."""

from importlib import import_module

MENDS = (
    "announce",
    "branches",
    "callbacks",
    "choice",
    "codebuild",
    "dataset",
    "distributed",
    "history",
    "life",
    "machines",
    "notifications",
    "retry",
    "role",
    "sdk",
    "start",
    "task",
    "walk",
)


def apply() -> None:
    """Apply every mend of Step Functions."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
