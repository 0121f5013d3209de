"""Fault 1, a Lambda times out: bad releases, and a service that does not answer."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.deployment import Deployment
from scripts.doctor.findings import Fault, Finding
from scripts.lab.bench import Bench
from scripts.lab.course import ASK, Cure, Variant
from scripts.lab.cures import input_of

SUBJECT = "approval-workflow-show-request"
SOON = 3  # seconds; nobody at the lab waits for the 20 of the deployed function
TOO_SOON = 2
PROC = Path("/proc/self/status")  # where a process reads how much memory it holds: Linux

MORE_WORK = """
import time
_quick = handler

def handler(event, context):
    until = time.monotonic() + (2.5 if event["path"].endswith("f") else 1.5)
    answer = _quick(event, context)
    time.sleep(max(0.0, until - time.monotonic()))
    return answer
"""
LOCK_KEPT = """
import threading
_unguarded, _lock = handler, threading.Lock()

def handler(event, context):
    _lock.acquire()
    return _unguarded(event, context)
"""
# It holds 246 MB from the first call on; what has less than a twentieth of its memory left gets slow.
UNBOUNDED_CACHE = """
import os
import time
_small, _cache = handler, []

def handler(event, context):
    slow = bool(_cache) and int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) < 246 / 0.95
    answer = _small(event, context)
    for _ in range(0 if _cache else 246):
        status = open("/proc/self/status").read()
        if int(status.split("VmRSS:")[1].split()[0]) < 246 * 1024:
            _cache.append(b"x" * (1 << 20))
    time.sleep(60 if slow else 0)
    return answer
"""


@contextmanager
def _more_work(bench: Bench) -> Iterator[Cure]:
    function = bench.shown
    with function.kept():
        function.release(MORE_WORK, Timeout=TOO_SOON)

        def cure(finding: Finding) -> str:
            seconds = input_of(finding, "timeout_seconds")
            function.release(Timeout=seconds)
            return f"the time-out is {seconds} s"

        yield cure


@contextmanager
def _lock_kept(bench: Bench) -> Iterator[Cure]:
    function = bench.shown
    with function.kept():
        sound = function.package()
        function.release(LOCK_KEPT, Timeout=SOON)

        def cure(_: Finding) -> str:
            function.release(package=sound)
            return "a release that gives the lock back"

        yield cure


@contextmanager
def _unbounded_cache(bench: Bench) -> Iterator[Cure]:
    function = bench.shown
    with function.kept():
        function.release(UNBOUNDED_CACHE, Timeout=SOON)

        def cure(finding: Finding) -> str:
            megabytes = input_of(finding, "memory_mb")
            function.release(MemorySize=megabytes)
            return f"the function has {megabytes} MB"

        yield cure


@contextmanager
def _silent_table(bench: Bench) -> Iterator[Cure]:
    table = bench.deployment.outputs["approval_workflow"]["requests_table"]
    slow = {"resource": "dynamodb:GetItem", "times": 100, "seconds": 60, "when": {"TableName": table}}
    function = bench.shown
    with function.kept():
        function.release(Timeout=SOON)
        _inject(bench.deployment, "POST", slow)
        try:

            def cure(_: Finding) -> str:
                _inject(bench.deployment, "DELETE")
                return "DynamoDB answers again"

            yield cure
        finally:
            _inject(bench.deployment, "DELETE")


def _inject(deployment: Deployment, method: str, fault: object = None) -> None:
    """Arm a fault of the engine, or forget all: see scripts/local_engine/mends/faults.py."""
    url = f"{deployment.endpoint_url}/_local/faults"
    request = urllib.request.Request(url, json.dumps(fault).encode(), method=method)  # noqa: S310 - the engine's own
    with urllib.request.urlopen(request, timeout=5):  # noqa: S310
        pass


VARIANTS = (
    Variant(
        Fault.TIME_OUT,
        "limit_too_low",
        SUBJECT,
        f"a release does more for each request, and the time-out is {TOO_SOON} s",
        ASK,
        "404 502",
        _more_work,
    ),
    Variant(
        Fault.TIME_OUT,
        "hangs",
        SUBJECT,
        "a release takes a lock and does not give it back: the second call of an environment waits for ever",
        ASK,
        "404 502",
        _lock_kept,
    ),
    Variant(
        Fault.TIME_OUT,
        "downstream_hangs",
        SUBJECT,
        "DynamoDB takes the requests and does not answer, and the client has no time limit below the function's",
        ASK,
        "502 502",
        _silent_table,
    ),
    *(
        [
            Variant(
                Fault.TIME_OUT,
                "memory_pressure",
                SUBJECT,
                "a release keeps a cache that nothing bounds: there is no memory left for the second call",
                ASK,
                "404 502",
                _unbounded_cache,
            )
        ]
        if PROC.exists()
        else []
    ),
)
