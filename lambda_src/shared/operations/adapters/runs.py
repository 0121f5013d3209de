"""Lets one run of a workflow happen at a time: a schedule may fire twice, and people start runs by hand."""

from shared.clients import client
from shared.executions import is_running

_KEY = {"run_id": {"S": "#runs"}, "resource_id": {"S": "current"}}


class AnotherRun(Exception):
    """An execution of this workflow is at work; two of them would do everything twice."""


def begin(table: str, execution_arn: str) -> None:
    """Take the workflow for an execution, unless another one that still runs has it. Raises `AnotherRun`.

    There is no lease to guess: Step Functions is asked whether the holder still runs.
    """
    holder = _take(table, execution_arn, execution_arn)
    if holder and not is_running(holder):
        holder = _take(table, execution_arn, holder)
    if holder:
        raise AnotherRun(f"{holder} is at work")


def _take(table: str, execution_arn: str, holder: str) -> str | None:
    """Take it from nobody or from `holder`; return None, or who has it instead."""
    dynamodb = client("dynamodb")
    try:
        dynamodb.put_item(
            TableName=table,
            Item=_KEY | {"execution_arn": {"S": execution_arn}},
            ConditionExpression="attribute_not_exists(run_id) OR execution_arn = :holder",
            ExpressionAttributeValues={":holder": {"S": holder}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as refusal:
        found: str = refusal.response["Item"]["execution_arn"]["S"]
        return found
    return None
