"""A workflow's settings, from Parameter Store: read anew when a run begins, and kept in its plan."""

from collections.abc import Mapping
from typing import Any

from shared import configuration


def read_rules(parameter: str) -> dict[str, Any]:
    """Return the settings as they stand: who stops a workflow stops its next run. Raises `BadConfiguration`."""
    return configuration.read(parameter, configuration.json_object, max_age=0)


def is_dry_run(rules: Mapping[str, Any]) -> bool:
    """Tell whether nothing may be touched: always, unless the settings say `"dry_run": false`."""
    return rules.get("dry_run") is not False
