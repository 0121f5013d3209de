"""What a function's answer says about the records of a batch.

AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting and
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html (success and failure conditions).
Engine: malformed answers, and ids that were not in the batch, counted as success; streams ignored the answer.
"""

from collections.abc import Collection
from typing import Any


def failed_items(answer: Any, known: Collection[str]) -> set[str]:
    """Return the identifiers that an answer reports as failed: all of `known` when it is malformed.

    Empty and null answers and lists are a success.
    """
    if answer in (None, "", {}):
        return set()
    if not isinstance(answer, dict):
        return set(known)
    failures = answer.get("batchItemFailures") or []
    named = [each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures]
    if isinstance(failures, list) and all(isinstance(name, str) and name in known for name in named):
        return {str(name) for name in named}
    return set(known)
