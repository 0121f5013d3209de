"""EC2: launches as their template and request say, states that take time, dry runs, pages, and IAM on each resource."""

from importlib import import_module

MENDS = (
    "api",
    "describe",
    "images",
    "instances",
    "metadata",
    "networks",
    "run",
    "security_groups",
    "states",
    "tags",
    "templates",
    "volumes",
)


def apply() -> None:
    """Apply every mend of EC2."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
