"""LookupEvents: two requests a second, one attribute, a page at a time, newest first.

`POST /_local/cloudtrail/events {"resources": ["vol-…"], "event": "DetachVolume", "time": "2026-01-01T00:00:00Z"}` -
makes the calls of that name that touched one of the resources as old as that, which only time does on AWS
"""

import base64
import json
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudtrail as engine

from scripts.local_engine.patching import Function, wrap, wrap_entry

PATH = "/_local/cloudtrail/events"
_A_SECOND = 2
_MOST = 50
_NESTED = {"ResourceName", "ResourceType"}

type Event = dict[str, Any]

# When the last requests came, by account and region.
_asked: dict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=_A_SECOND))


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._DISPATCH, "LookupEvents")(look_up)
    wrap(app, "_handle_admin_config_request")(_back_date)


def look_up(_original: Any, body: dict[str, Any]) -> Any:
    """Answer with a page of events.

    AWS: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    Engine: the first page only, of several attributes together, as often as asked.
    """
    if _is_too_fast():
        return engine._err("ThrottlingException", "Rate exceeded")
    wanted, attributes = body.get("MaxResults", _MOST), body.get("LookupAttributes", [])
    if not 1 <= wanted <= _MOST:
        return engine._err("InvalidMaxResultsException", f"Specify a value from 1 to {_MOST}.")
    if len(attributes) > 1:
        return engine._err("InvalidLookupAttributesException", "Specify one lookup attribute.")
    start, end = body.get("StartTime", 0), body.get("EndTime", time.time() + 1)
    if start > end:
        return engine._err("InvalidTimeRangeException", "The start time is after the end time.")
    same = {name: value for name, value in body.items() if name not in {"MaxResults", "NextToken"}}
    last = _last(body.get("NextToken"), same)
    if last is None:
        return engine._err("InvalidNextTokenException", "The token is invalid, or of other parameters.")
    found = [
        event
        for event in reversed(engine._get_event_queue())
        if start <= event["EventTime"] <= end and all(_has(event, each) for each in attributes)
    ]
    position = next((index + 1 for index, event in enumerate(found) if event["EventId"] == last), 0)
    page, rest = found[position : position + wanted], found[position + wanted :]
    token = base64.b64encode(json.dumps([page[-1]["EventId"], same]).encode()).decode() if rest else None
    return engine._ok({"Events": page} | ({"NextToken": token} if token else {}))


def _is_too_fast() -> bool:
    times, now = _asked[get_account_id(), get_region()], time.monotonic()
    if len(times) == _A_SECOND and now - times[0] < 1:
        return True
    times.append(now)
    return False


def _last(token: str | None, same: dict[str, Any]) -> str | None:
    """Return the id of the last event before the page, "" before the first; None for a token of other parameters."""
    if not token:
        return ""
    try:
        event_id, parameters = json.loads(base64.b64decode(token))
    except ValueError:
        return None
    return str(event_id) if parameters == same else None


def _has(event: Event, attribute: dict[str, str]) -> bool:
    name, value = attribute["AttributeKey"], attribute["AttributeValue"]
    holders = event["Resources"] if name in _NESTED else [event]
    return any(each[name] == value for each in holders)


async def _back_date(original: Function, path: str, method: str, body: bytes) -> Any:
    """Make events older, in every account and region, and keep them in order. Engine: nothing of the kind."""
    if path != PATH or method != "POST":
        return await original(path, method, body)
    asked = json.loads(body)
    then, names = datetime.fromisoformat(asked["time"]).astimezone(UTC), set(asked["resources"])
    for _, events in list(engine._events.all_items()):
        for event in events:
            touched = {each["ResourceName"] for each in event["Resources"]}
            if event["EventName"] == asked["event"] and touched & names:
                detail = json.loads(event["CloudTrailEvent"]) | {"eventTime": f"{then:%Y-%m-%dT%H:%M:%SZ}"}
                event |= {"EventTime": then.timestamp(), "CloudTrailEvent": json.dumps(detail)}
        in_order = sorted(events, key=lambda event: event["EventTime"])
        events.clear()
        events.extend(in_order)
    return 200, {"Content-Type": "application/json"}, b"{}"
