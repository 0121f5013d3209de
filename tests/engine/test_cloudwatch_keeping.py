"""CloudWatch: data points that several threads record are all kept."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from ministack.core.responses import request_scope

from scripts.local_engine.mends.cloudwatch.keeping import evict, locked


def test_one_thread_at_a_time_writes() -> None:
    inside: list[int] = []

    def write(number: int) -> list[int]:
        inside.append(number)
        time.sleep(0.01)  # lets other threads go on
        found = [*inside]
        inside.remove(number)
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda number: locked(write, number), range(8))) == [[number] for number in range(8)]


def test_what_is_too_old_is_looked_for_once_an_hour_in_each_account() -> None:
    looked: list[str] = []
    first, second = uuid4().hex, uuid4().hex
    for account in (first, second, first):
        with request_scope(account, "us-east-1"):
            evict(lambda account=account: looked.append(account))
    assert looked == [first, second]
