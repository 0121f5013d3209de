"""Which records a mapping's filter criteria let through.

AWS: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html (rules as EventBridge's; records that do not match
are discarded; a body or pattern that is not JSON matches only its like).
Engine: a matcher of its own without `$or`, `equals-ignore-case` and lists, and with numbers read from text; of a batch
that failed, the discarded messages came back, too.
"""

import json
from typing import Any

from ministack.services import eventbridge


def matches(record: dict[str, Any], mapping: dict[str, Any]) -> bool:
    """Say whether one of the filters, or the lack of any, lets a record through."""
    filters = (mapping.get("FilterCriteria") or {}).get("Filters") or []
    if not filters:
        return True
    readable = record | ({"body": _decoded(record["body"])} if "body" in record else {})
    alternatives = (found for each in filters for found in eventbridge._compiled_pattern(each["Pattern"]) or ())
    return any(eventbridge._matches_detail(readable, alternative) for alternative in alternatives)


def _decoded(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
