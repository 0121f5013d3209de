"""The ledger of a branch: its lock, what became of its commits, and the versions to go back to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gitops_pipeline.domain.errors import LockLost
from gitops_pipeline.domain.lock import Lock, Status, Waiting
from gitops_pipeline.domain.run import Run
from shared.clients import client
from shared.faults import TransientFailure
from shared.operations.adapters import clock
from shared.operations.moments import iso

_LOCK, _VERSIONS = "LOCK", "VERSIONS"
# EventBridge delivers again within a day, and Step Functions keeps an execution's name for ninety.
_KEPT_SECONDS = 90 * 86400
_LOST_RACE = {"None", "ConditionalCheckFailed", "TransactionConflict"}
_BUSY = {"None", "ProvisionedThroughputExceeded", "ThrottlingError"} | _LOST_RACE


@dataclass(frozen=True)
class Entry:
    """What the ledger says of a commit: its status, the execution that it is of, and the run if there was one."""

    status: Status
    execution: str
    run: Run | None


@dataclass(frozen=True)
class Versions:
    """What a run remembered, by function; `settled` once the run has succeeded or gone back to them."""

    run_id: str
    aliases: Mapping[str, str]
    settled: bool


@dataclass(frozen=True)
class Ledger:
    """One branch's partition."""

    table: str
    key: str

    def lock(self) -> Lock:
        """Return the lock as it is now."""
        item = self._get(_LOCK)
        if not item:
            return Lock()
        waiting = json.loads(item["waiting"]["S"]) if "waiting" in item else None
        return Lock(
            version=int(item["version"]["N"]),
            execution=item["execution"]["S"],
            commit=item["commit"]["S"],
            previous=item["previous"]["S"],
            lease_until=int(item["lease_until"]["N"]),
            waiting=Waiting(**waiting) if waiting else None,
        )

    def entry(self, commit: str) -> Entry | None:
        """Return what became of a commit so far, None if it is not known."""
        item = self._get(_commit(commit))
        if not item:
            return None
        run = Run.from_document(json.loads(item["run"]["S"])) if "run" in item else None
        return Entry(Status(item["status"]["S"]), item.get("execution", {}).get("S", ""), run)

    def write(self, lock: Lock, changes: Mapping[str, Mapping[str, str]]) -> bool:
        """Write the lock and attributes of commits at once; return False if the lock has changed since it was read.

        Raises `TransientFailure` if the table is too busy.
        """
        dynamodb = client("dynamodb")
        updates = [{"Update": self._update(commit, values)} for commit, values in changes.items()]
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": self._put(lock)}, *updates])
        except dynamodb.exceptions.TransactionCanceledException as refusal:
            codes = {reason["Code"] for reason in refusal.response["CancellationReasons"]}
            if codes <= _LOST_RACE:
                return False
            if codes <= _BUSY:
                raise TransientFailure(f"DynamoDB: {', '.join(sorted(codes))}") from refusal
            raise
        return True

    def keep(self, run: Run) -> None:
        """Prolong the lease of the lock that a run holds. Raises `LockLost`."""
        lease_until = int(clock.now().timestamp()) + run.lease_seconds
        if not self._change(
            _LOCK,
            "SET lease_until = :lease_until ADD version :one",
            "execution = :mine",
            {":lease_until": {"N": str(lease_until)}, ":one": {"N": "1"}, ":mine": {"S": run.execution}},
        ):
            raise LockLost(f"{run.run_id} does not hold {self.key} any more")

    def finish(self, commit: str, execution: str, status: Status) -> bool:
        """Write how a commit's run ended; return False if the commit is another execution's."""
        update = self._update(commit, {"status": status})
        values = update["ExpressionAttributeValues"] | {":mine": {"S": execution}}
        names = update["ExpressionAttributeNames"]
        return self._change(_commit(commit), update["UpdateExpression"], "execution = :mine", values, names)

    def versions(self) -> Versions | None:
        """Return what the branch's last deploying run remembered."""
        item = self._get(_VERSIONS)
        if not item:
            return None
        return Versions(item["run_id"]["S"], json.loads(item["aliases"]["S"]), item["settled"]["BOOL"])

    def remember(self, versions: Versions) -> None:
        """Write what to go back to. Whoever does so holds the lock."""
        values = {"run_id": {"S": versions.run_id}, "aliases": {"S": json.dumps(dict(versions.aliases))}}
        item = self._key(_VERSIONS) | values | {"settled": {"BOOL": versions.settled}}
        client("dynamodb").put_item(TableName=self.table, Item=item)

    def settle(self, run_id: str) -> None:
        """Note that a run's versions are no longer needed; those of another run stay as they are."""
        values = {":yes": {"BOOL": True}, ":run_id": {"S": run_id}}
        self._change(_VERSIONS, "SET settled = :yes", "run_id = :run_id", values)

    def _get(self, entry: str) -> dict[str, Any]:
        answer = client("dynamodb").get_item(TableName=self.table, Key=self._key(entry), ConsistentRead=True)
        item: dict[str, Any] = answer.get("Item", {})
        return item

    def _key(self, entry: str) -> dict[str, Any]:
        return {"branch": {"S": self.key}, "entry": {"S": entry}}

    def _put(self, lock: Lock) -> dict[str, Any]:
        texts = {"execution": lock.execution, "commit": lock.commit, "previous": lock.previous}
        if lock.waiting:
            texts["waiting"] = json.dumps(asdict(lock.waiting))
        numbers = {"version": lock.version, "lease_until": lock.lease_until}
        values = {name: {"S": text} for name, text in texts.items()} | {
            name: {"N": str(number)} for name, number in numbers.items()
        }
        put: dict[str, Any] = {"TableName": self.table, "Item": self._key(_LOCK) | values}
        if lock.version == 1:
            return put | {"ConditionExpression": "attribute_not_exists(branch)"}
        read = {":read": {"N": str(lock.version - 1)}}
        return put | {"ConditionExpression": "version = :read", "ExpressionAttributeValues": read}

    def _update(self, commit: str, texts: Mapping[str, str]) -> dict[str, Any]:
        now = clock.now()
        values = {name: {"S": str(text)} for name, text in (dict(texts) | {"at": iso(now)}).items()}
        values["remove_at"] = {"N": str(int(now.timestamp()) + _KEPT_SECONDS)}
        return {
            "TableName": self.table,
            "Key": self._key(_commit(commit)),
            "UpdateExpression": "SET " + ", ".join(_assignments(values)),
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
        }

    def _change(
        self,
        entry: str,
        expression: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> bool:
        """Update an item; return False if the condition does not hold."""
        dynamodb = client("dynamodb")
        try:
            dynamodb.update_item(
                TableName=self.table,
                Key=self._key(entry),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=dict(values),
                **({"ExpressionAttributeNames": dict(names)} if names else {}),
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _assignments(values: Mapping[str, object]) -> Iterator[str]:
    return (f"#{name} = :{name}" for name in values)


def _commit(commit: str) -> str:
    return f"COMMIT#{commit}"
