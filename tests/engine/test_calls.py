"""The engine tells how many requests each API got, by account."""

import json
from collections.abc import Callable
from typing import Any

from scripts.local_engine import Engine
from scripts.signed_http import send


def test_requests_are_counted_by_account_and_action(engine: Engine, client: Callable[[str], Any], name: str) -> None:
    send("DELETE", f"{engine.url}/_local/calls")
    client("sqs").list_queues()
    for _ in range(2):
        client("ec2").describe_volumes()
    client("s3").create_bucket(Bucket=name)
    client("s3").put_object(Bucket=name, Key="key", Body=b"Action=Nothing")
    counts = json.loads(send("GET", f"{engine.url}/_local/calls").text)["000000000000"]
    assert counts.items() >= {"sqs:ListQueues": 1, "ec2:DescribeVolumes": 2, "s3:PUT": 2}.items()
    send("DELETE", f"{engine.url}/_local/calls")
    assert json.loads(send("GET", f"{engine.url}/_local/calls").text) == {}
