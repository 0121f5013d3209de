"""Asks Step Functions about executions."""

from shared.clients import client


def is_running(execution_arn: str) -> bool:
    """Tell whether an execution still runs; one that Step Functions has forgotten does not.

    Only metadata is read, which takes no right to the key that executions are encrypted with.
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    states = client("stepfunctions")
    try:
        found = states.describe_execution(executionArn=execution_arn, includedData="METADATA_ONLY")
    except states.exceptions.ExecutionDoesNotExist:
        return False
    return found["status"] in {"RUNNING", "PENDING_REDRIVE"}
