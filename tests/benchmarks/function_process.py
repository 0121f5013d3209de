"""Stands for one execution environment of a function: runs it in an interpreter that sees only the unpacked zips.

Standard input: {"paths", "program", "events"}; the last line of standard output: {"cpu", "wall", "peak_mib",
"answers"}, where the seconds are those of the calls, without the imports.
"""

import importlib
import json
import os
import sys
import time


class Context:
    """Lambda's context, as far as handlers and Powertools look at it."""

    function_name = "function"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:function:live"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


def peak_mib() -> float:
    """Return the process's largest resident set; `getrusage` would include its parent's, inherited by the fork."""
    with open("/proc/self/status") as status:  # noqa: PTH123  # pathlib would be part of what is measured
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def main() -> None:
    order = json.load(sys.stdin)
    sys.path[:0] = order["paths"]
    module, _, name = order["program"].rpartition(".")
    function = getattr(importlib.import_module(module), name)
    cpu, wall = sum(os.times()[:2]), time.perf_counter()
    answers = [function(event, Context()) for event in order["events"]]
    measured = {
        "cpu": sum(os.times()[:2]) - cpu,
        "wall": time.perf_counter() - wall,
        "peak_mib": peak_mib(),
        "answers": answers,
    }
    print(json.dumps(measured))


main()
