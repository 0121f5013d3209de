"""Step Functions: starts the run that waited, once."""

import json
from collections.abc import Mapping
from typing import Any

from shared.clients import client
from shared.observability import logger


def start(state_machine_arn: str, name: str, detail: Mapping[str, Any]) -> None:
    """Start the machine as the push's event would have; an execution of that name was started before."""
    event = {"source": "aws.codecommit", "detail-type": "CodeCommit Repository State Change", "detail": dict(detail)}
    states = client("stepfunctions")
    try:
        states.start_execution(stateMachineArn=state_machine_arn, name=name, input=json.dumps(event))
    except states.exceptions.ExecutionAlreadyExists:
        logger.info("the execution was started before", extra={"execution_name": name})
