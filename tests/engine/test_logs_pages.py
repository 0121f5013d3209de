"""CloudWatch Logs: whoever turns the pages sees every event once, in order."""

import time

import pytest
from botocore.exceptions import ClientError

from tests.engine.conftest import Clients


@pytest.mark.parametrize("size", [1, 4, 25, 10_000])
def test_all_events_are_on_some_page(client: Clients, name: str, size: int) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number // 7, "message": f"{number:02}"} for number in range(25)]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name, PaginationConfig={"PageSize": size})
    seen = [[event["message"] for event in page["events"]] for page in pages]
    assert [message for page in seen for message in page] == [event["message"] for event in events]
    assert max(len(page) for page in seen) == min(size, 25)


def test_a_token_of_another_kind_is_refused(client: Clients, name: str) -> None:
    client("logs").create_log_group(logGroupName=name)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client("logs").filter_log_events(logGroupName=name, nextToken="x")
