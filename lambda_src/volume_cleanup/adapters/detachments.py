"""CloudTrail's event history: which volumes were detached when. It is there without a trail, for 90 days."""

import json
from collections.abc import Callable
from datetime import datetime

from shared.clients import client


def since(start: datetime, pace: Callable[[], None]) -> dict[str, datetime]:
    """Return the latest DetachVolume of each volume after `start`, but for failed calls; `pace` follows each request.

    All the account's detachments are read, 50 a request: one request for each volume would take an hour for 7,200.
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    latest: dict[str, datetime] = {}
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "DetachVolume"}]
    events = client("cloudtrail").get_paginator("lookup_events")
    for page in events.paginate(LookupAttributes=attributes, StartTime=start):
        for event in page["Events"]:
            detail = json.loads(event["CloudTrailEvent"])
            if detail.get("errorCode") is None:
                volume_id = detail["requestParameters"]["volumeId"]
                latest[volume_id] = max(event["EventTime"], latest.get(volume_id, event["EventTime"]))
        pace()
    return latest
