"""What a workflow remembers from run to run, in a partition of its ledger's table: one text for each resource."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import batched, islice
from typing import Any

from shared.backoff import full_jitter
from shared.clients import client
from shared.faults import TransientFailure
from shared.operations.adapters.ledger import rows

_BATCH = 25  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_ATTEMPTS = 10


@dataclass(frozen=True)
class Memory:
    """One kind of memory, such as "seen" for when a resource was first seen; no run can be named like its partition."""

    table: str
    kind: str

    def everything(self) -> dict[str, str]:
        """Return all the texts by resource id."""
        return {row["resource_id"]["S"]: row["memory"]["S"] for row in rows(self.table, self._partition)}

    def write(self, texts: Mapping[str, str]) -> None:
        """Remember texts. Raises `TransientFailure` when the table is too busy."""
        self._send({"PutRequest": {"Item": self._key(each) | {"memory": {"S": text}}}} for each, text in texts.items())

    def forget(self, resource_ids: Iterable[str]) -> None:
        """Remember nothing of these resources any more. Raises `TransientFailure` when the table is too busy."""
        self._send({"DeleteRequest": {"Key": self._key(each)}} for each in resource_ids)

    @property
    def _partition(self) -> str:
        return f"#{self.kind}"

    def _key(self, resource_id: str) -> dict[str, Any]:
        return {"run_id": {"S": self._partition}, "resource_id": {"S": resource_id}}

    def _send(self, requests: Iterable[dict[str, Any]]) -> None:
        for batch in batched(requests, _BATCH, strict=False):
            left = list(batch)
            for delay in islice(full_jitter(), _ATTEMPTS):
                answer = client("dynamodb").batch_write_item(RequestItems={self.table: left})
                left = answer.get("UnprocessedItems", {}).get(self.table, [])
                if not left:
                    break
                time.sleep(delay)
            else:
                raise TransientFailure(f"{self.table} left {len(left)} of {len(batch)} items")
