"""Loads records into DynamoDB, 25 at a time, from put requests that were rendered before.

The request's body is put together from text: parsing, validating and serializing every item again would cost
most of a load. Everything else (endpoint, signature, retries, errors) stays botocore's.
"""

import json
import time
from collections.abc import Callable, Iterable
from functools import cache
from itertools import batched
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from etl_pipeline.domain.errors import UnprocessedItems
from shared.backoff import full_jitter
from shared.clients import client

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html: 25 puts, 16 MB (40 x 400 KB)
BATCH = 25
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html#API_BatchWriteItem_Errors
_NOTHING_PROCESSED = {
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}
_MARGIN_SECONDS = 5.0


def load(
    table: str,
    put_requests: Iterable[str],
    seconds_left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Write all the put requests, each a line of DynamoDB's JSON, and return how many the table accepted.

    What the table did not accept is sent again after a wait, as long as the function has time; then
    `UnprocessedItems` is raised. Loading the same requests again changes nothing.
    """
    loaded = 0
    for batch in batched(put_requests, BATCH, strict=False):
        waiting, delays = list(batch), full_jitter()
        while waiting := _send(table, waiting):
            delay = next(delays)
            if seconds_left() < delay + _MARGIN_SECONDS:
                raise UnprocessedItems(
                    f"{table} left {len(waiting)} of {len(batch)} items after {loaded:,} were loaded"
                )
            sleep(delay)
        loaded += len(batch)
    return loaded


def _send(table: str, put_requests: list[str]) -> list[str]:
    """Send one batch; return the put requests that the table did not process."""
    dynamodb = _client()
    body = f'{{"RequestItems":{{"{table}":[{",".join(put_requests)}]}}}}'.encode()
    try:
        response = dynamodb.batch_write_item(RequestItems={}, RenderedBody=body)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] not in _NOTHING_PROCESSED:
            raise
        return put_requests
    return [json.dumps(request) for request in response.get("UnprocessedItems", {}).get(table, [])]


@cache
def _client() -> BaseClient:
    """Return the DynamoDB client, with `BatchWriteItem` taking a body as it is."""
    dynamodb = client("dynamodb")
    dynamodb.meta.events.register("before-parameter-build.dynamodb.BatchWriteItem", _take_body)
    dynamodb.meta.events.register("before-call.dynamodb.BatchWriteItem", _put_body)
    return dynamodb


def _take_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    context["rendered_body"] = params.pop("RenderedBody", None)


def _put_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    if context["rendered_body"] is not None:  # other batches of the same client are rendered as ever
        params["body"] = context["rendered_body"]
