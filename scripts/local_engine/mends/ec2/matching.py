"""Filters that filter, with wildcards, and that are refused when EC2 does not know them.

AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
"""

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2.wire import Refusal

TAGS = ("tag:", "tag-key", "tag-value")
_PARTS = {"tag-key": "Key", "tag-value": "Value"}
_MOST_VALUES = 200

type Filters = dict[str, list[str]]


def check(filters: Filters, known: Iterable[str]) -> None:
    """Refuse filters that are not known, and those with too many values. Raises Refusal."""
    if unknown := {name for name in filters if not name.startswith(TAGS)} - set(known):
        raise Refusal("InvalidParameterValue", f"The filter '{min(unknown)}' is invalid")
    if any(len(wanted) > _MOST_VALUES for wanted in filters.values()):
        sentence = f"The maximum number of filter values specified on a single call is {_MOST_VALUES}"
        raise Refusal("FilterLimitExceeded", sentence)


def matches(resource: dict[str, Any], resource_id: str, filters: Filters, paths: dict[str, str]) -> bool:
    """Say whether one resource passes every filter."""
    return matcher(filters, paths)(resource, resource_id)


def matcher(filters: Filters, paths: dict[str, str]) -> Callable[[dict[str, Any], str], bool]:
    """Return what says of a resource and its id whether it passes; `paths` says where it holds what a filter asks for.

    It is made once a request: thousands of resources are held against hundreds of values.
    """
    wanted = [(name, _one_of(values)) for name, values in filters.items()]
    of_fields = [(paths[name], fits) for name, fits in wanted if not name.startswith(TAGS)]
    of_tags = [(name.removeprefix("tag:"), fits) for name, fits in wanted if name.startswith("tag:")]
    of_parts = [(_PARTS[name], fits) for name, fits in wanted if name in _PARTS]

    def passes(resource: dict[str, Any], resource_id: str) -> bool:
        tags = engine._tags.get(resource_id, []) if of_tags or of_parts else []
        return (
            all(any(map(fits, _values(resource, path))) for path, fits in of_fields)
            and all(any(tag["Key"] == key and fits(tag.get("Value", "")) for tag in tags) for key, fits in of_tags)
            and all(any(fits(tag.get(part, "")) for tag in tags) for part, fits in of_parts)
        )

    return passes


def _one_of(values: list[str]) -> Callable[[str], bool]:
    """Return what says whether a text is one of the values, in which * and ? are wildcards."""
    plain = {each for each in values if "*" not in each and "?" not in each}
    patterns = [re.compile(fnmatch.translate(each)).match for each in values if each not in plain]
    return (lambda text: text in plain or any(fits(text) for fits in patterns)) if patterns else plain.__contains__


def _values(value: Any, path: str) -> Iterator[str]:
    """Yield what is at the end of a path of names, in each member of the lists on the way."""
    name, _, rest = path.partition(".")
    for each in value if isinstance(value, list) else [value]:
        found = (each or {}).get(name, "")
        if rest:
            yield from _values(found, rest)
        else:
            yield str(found).lower() if isinstance(found, bool) else str(found)
