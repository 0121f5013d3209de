"""EC2: launches as asked, states that take time, volumes and snapshots, dry runs, pages, IAM on each resource."""

from importlib import import_module

MENDS = (
    "api",
    "attributes",
    "describe",
    "ebs_lists",
    "endpoints",
    "hooks",
    "images",
    "instances",
    "metadata",
    "networks",
    "rates",
    "run",
    "security_groups",
    "snapshots",
    "states",
    "status",
    "tags",
    "templates",
    "types",
    "volume_life",
)


def apply() -> None:
    """Apply every mend of EC2."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
