"""CodeBuild: projects as they were put, and builds that really run their buildspec with the project's role."""

from importlib import import_module

MENDS = ("builds", "projects")


def apply() -> None:
    """Apply every mend of CodeBuild."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
