"""Asks Step Functions about executions."""

from shared.clients import client


def is_running(execution_arn: str) -> bool:
    """Tell whether an execution still runs; one that Step Functions has forgotten does not."""
    states = client("stepfunctions")
    try:
        status: str = states.describe_execution(executionArn=execution_arn)["status"]
    except states.exceptions.ExecutionDoesNotExist:
        return False
    return status in {"RUNNING", "PENDING_REDRIVE"}
