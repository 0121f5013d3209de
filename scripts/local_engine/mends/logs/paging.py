"""FilterLogEvents: what does not fit into an answer comes with the next one."""

import json
import re
from http import HTTPStatus
from typing import Any

from ministack.services import cloudwatch_logs as engine

from scripts.local_engine.patching import Function, wrap

MOST = 10_000
_TOKEN = re.compile(r"(\d+)/(\d+)")


def filter_events(original: Function, data: dict[str, Any]) -> Any:
    """Answer up to `limit` events, and the token for the rest: a timestamp, and how many of its events were given.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    Engine: left out all events after the first ten thousand, without a word.
    """
    since, given = data.get("startTime"), 0
    if token := data.get("nextToken"):
        if not (found := _TOKEN.fullmatch(token)):
            return engine.error_response_json("InvalidParameterException", "The specified nextToken is invalid.", 400)
        since, given = int(found[1]), int(found[2])
    limit = min(given + min(data.get("limit", MOST), MOST), MOST)
    window = {} if since is None else {"startTime": since}
    status, headers, body = original({**data, **window, "limit": limit})
    if status != HTTPStatus.OK:
        return status, headers, body
    answer = json.loads(body)
    events = answer["events"]
    if given < len(events) == limit:
        last = events[-1]["timestamp"]
        answer["nextToken"] = f"{last}/{sum(event['timestamp'] == last for event in events)}"
    return engine.json_response({**answer, "events": events[given:]})


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_filter_log_events")(filter_events)
