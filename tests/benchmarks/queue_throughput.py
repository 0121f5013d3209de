"""Messages per second through the queue's handler, and its calls for each, beside Powertools' way to do the same."""

import os
from typing import Any

from shared.clients import client
from tests.benchmarks.workbench import ROOT, QueueBench, machine, table, workbench
from tests.unit.queue_processor.workflow import body

TABLE = "idempotency"
MESSAGES, BATCH = int(os.environ.get("MESSAGES", "1000")), 10
ROUNDS = 5
WAYS = {
    "this handler": "queue_processor.handlers.process_messages.handler",
    "Powertools": "tests.benchmarks.powertools_queue.handler",
}


def measure(bench: QueueBench) -> str:
    """Process the same messages both ways in turns, new ones each round; return a section of the document."""
    client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    best: dict[str, dict[str, float]] = {}
    for number in range(ROUNDS):
        for way, program in WAYS.items():
            measured = bench.call(program, *_batches(bench, f"round-{number}"), tools=(str(ROOT),))
            if any(answer["batchItemFailures"] for answer in measured["answers"]):
                raise AssertionError(f"{way} must process every message")
            best[way] = {
                name: min(measured[name], best.get(way, measured)[name]) for name in ("cpu", "wall", "peak_mib")
            }
    counted = {way: _calls(bench, program) for way, program in WAYS.items()}
    rows = [
        [way, *(f"{MESSAGES / one[name]:,.0f}" for name in ("wall", "cpu")), *counted[way], f"{one['peak_mib']:.0f}"]
        for way, one in best.items()
    ]
    ours, theirs = (best[way] for way in WAYS)
    return (
        f"{MESSAGES:,} new messages in batches of {BATCH}, priced and stored once each in DynamoDB on the embedded"
        f" engine; the least disturbed of {ROUNDS} rounds in turns. This handler does"
        f" **{theirs['wall'] / ours['wall']:.1f} times** the messages per second,"
        f" and {theirs['cpu'] / ours['cpu']:.1f} times those per CPU-second, of Powertools'"
        " `BatchProcessor` with `@idempotent_function`, which calls the same pricing, keeps its result in the"
        " idempotency table alone and does not tell a duplicate from a key that is used twice.\n\n"
        + table(["", "messages per s", "per CPU-second", "writes, new", "writes, duplicate", "peak MiB"], rows)
    )


def _batches(bench: QueueBench, name: str, messages: int = MESSAGES) -> list[dict[str, Any]]:
    records = [
        bench.workflow.message(body(usage_id=f"{name}-{number}", quantity=f"{number}.5"), number)
        for number in range(messages)
    ]
    return [{"Records": records[start : start + BATCH]} for start in range(0, messages, BATCH)]


def _calls(bench: QueueBench, program: str) -> tuple[str, str]:
    """Return the DynamoDB calls for a new message, and for its duplicate; none of them is a read."""
    order = {"program": program, "events": _batches(bench, "counted", 100)}
    counts = (bench.call("tests.benchmarks.calls.count", order, tools=(str(ROOT),)) for _ in range(2))
    new, duplicate = ({**count["answers"][0]} for count in counts)
    return _per_message(new), _per_message(duplicate)


def _per_message(calls: dict[str, int]) -> str:
    calls.pop("GetParameter", None)
    return ", ".join(f"{count / 100:g} {operation}" for operation, count in sorted(calls.items()))


def main() -> str:
    """Run the benchmark; return its section of the document."""
    with workbench(QueueBench, IDEMPOTENCY_TABLE=TABLE) as bench:
        return f"## Queue throughput\n\n{measure(bench)}"


if __name__ == "__main__":
    print(machine(), main(), sep="\n\n")
