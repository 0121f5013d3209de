"""Step Functions: starts an execution once, and answers the token that one waits with."""

import json

from shared.clients import client
from shared.observability import logger


def start(state_machine_arn: str, request_id: str) -> None:
    """Start the execution that is named like the request; one that was started before is the same."""
    states = client("stepfunctions")
    try:
        states.start_execution(
            stateMachineArn=state_machine_arn, name=request_id, input=json.dumps({"request_id": request_id})
        )
    except states.exceptions.ExecutionAlreadyExists:
        logger.info("the execution was started before", extra={"request_id": request_id})


def answer(task_token: str, decision: str) -> None:
    """Tell the waiting execution what was decided; a token that is no longer waited with was answered before."""
    states, gone = client("stepfunctions"), client("stepfunctions").exceptions
    try:
        states.send_task_success(taskToken=task_token, output=json.dumps({"decision": decision}))
    except (gone.InvalidToken, gone.TaskDoesNotExist, gone.TaskTimedOut) as refusal:
        logger.info("nobody waits with this token", extra={"reason": type(refusal).__name__})
