"""The run ledger in DynamoDB: one item per object version, changed only by conditional writes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from etl_pipeline.domain.errors import ClaimLost
from etl_pipeline.domain.failure import Failure
from etl_pipeline.domain.reconciliation import Totals
from etl_pipeline.domain.run import Run
from shared.clients import client

_FREE_OR_HELD = (
    "attribute_not_exists(object_version) OR #status = :failed OR (#status = :running AND execution_arn = :holder)"
)
# Of two failed runs the one that began later stays on record, in whichever order they are recorded.
_NEW_OR_MINE_OR_FAILED_BEFORE = (
    "attribute_not_exists(object_version) OR execution_arn = :mine OR (#status = :status AND started_at <= :started_at)"
)


@dataclass(frozen=True)
class LedgerEntry:
    """The ledger's item for one object version, as one run sees it."""

    table: str
    object_version: str
    dataset: str
    run: Run

    def claim(self, is_running: Callable[[str], bool]) -> dict[str, str] | None:
        """Claim the object version; return None, or the run that has loaded it or is loading it now.

        A failed run leaves the version free. The same execution may claim again (its function was killed and is
        retried), and so may any other once the execution that holds the claim no longer runs.
        """
        holder = self._claim_from(self.run.execution_arn)
        if holder and holder["status"] == "RUNNING" and not is_running(holder["execution_arn"]):
            return self._claim_from(holder["execution_arn"])
        return holder

    def succeed(self, totals: Totals) -> None:
        """Mark the run as succeeded, with its counts. Raises `ClaimLost` if it no longer holds the object version."""
        counts = {"rows_read": totals.read, "rows_loaded": totals.loaded, "rows_rejected": totals.rejected}
        numbers = {name: {"N": str(count)} for name, count in counts.items()}
        if not self._update(_texts(status="SUCCEEDED", finished_at=_now()) | numbers, "execution_arn = :mine"):
            raise ClaimLost(f"another execution holds {self.object_version}")

    def fail(self, failure: Failure) -> bool:
        """Mark the run as failed, claimed or not; return False if another run has loaded the version, or is at it."""
        outcome = _texts(status="FAILED", finished_at=_now(), error=failure.error, cause=failure.cause)
        return self._update(self._identity() | outcome, _NEW_OR_MINE_OR_FAILED_BEFORE)

    def _identity(self) -> dict[str, dict[str, str]]:
        run = self.run
        return _texts(
            run_id=run.id, dataset=self.dataset, started_at=run.started_at, execution_arn=run.execution_arn,
        )  # fmt: skip

    def _claim_from(self, holder: str) -> dict[str, str] | None:
        dynamodb = client("dynamodb")
        try:
            dynamodb.put_item(
                TableName=self.table,
                Item=_texts(object_version=self.object_version, status="RUNNING") | self._identity(),
                ConditionExpression=_FREE_OR_HELD,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=_texts(**{":failed": "FAILED", ":running": "RUNNING", ":holder": holder}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException as refusal:
            return {name: value["S"] for name, value in refusal.response["Item"].items() if "S" in value}
        return None

    def _update(self, values: dict[str, dict[str, str]], condition: str) -> bool:
        dynamodb = client("dynamodb")
        try:
            dynamodb.update_item(
                TableName=self.table,
                Key=_texts(object_version=self.object_version),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in values},
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()}
                | _texts(**{":mine": self.run.execution_arn}),
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _texts(**values: str) -> dict[str, dict[str, str]]:
    return {name: {"S": text} for name, text in values.items()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
