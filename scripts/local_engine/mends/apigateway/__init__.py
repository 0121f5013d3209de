"""API Gateway (REST): APIs are imported, deployed, authorized, called, logged and counted as AWS does it."""

from importlib import import_module

MENDS = (
    "account",
    "authorization",
    "call",
    "definition",
    "deployments",
    "errors",
    "event",
    "integrations",
    "invocation",
    "openapi",
    "stages",
    "tracing",
    "validation",
)


def apply() -> None:
    """Apply every mend of REST APIs."""
    for name in MENDS:
        import_module(f"{__name__}.{name}").apply()
