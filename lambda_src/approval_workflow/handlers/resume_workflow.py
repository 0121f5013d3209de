"""ResumeWorkflow: answers the token of every request that was decided, so that a stored decision is never lost."""

from typing import Any

from approval_workflow.adapters import executions
from approval_workflow.adapters.attributes import document
from shared.handlers import lambda_handler
from shared.observability import logger


@lambda_handler
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take records of the requests' stream; a failure brings all of them again, as answering twice does no harm."""
    for record in event["Records"]:
        request = document(record["dynamodb"]["NewImage"])
        executions.answer(request["task_token"], request["status"])
        about = {"request_id": request["request_id"], "status": request["status"]}
        logger.info("the execution knows of the decision", extra=about)
    return {"batchItemFailures": []}
