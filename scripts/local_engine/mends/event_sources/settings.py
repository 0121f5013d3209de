"""The settings of an event source mapping: what AWS refuses, and what it takes when nothing is said."""

from typing import Any

from ministack.services import dynamodb, lambda_svc, sqs

from scripts.local_engine.authorization import Decision
from scripts.local_engine.mends.event_sources.permissions import may_read
from scripts.local_engine.patching import Function, wrap

UNWINDOWED_BATCH = 10
MAX_BATCH = 10_000


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_create_esm")(_create)
    wrap(lambda_svc, "_update_esm")(_update)


def _create(original: Function, data: dict[str, Any]) -> Any:
    """Refuse a mapping that cannot work: InvalidParameterValueException, or ResourceConflictException for a second one.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html and
    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    Engine: accepted any queue, stream, batch and role; the default batch of a stream was 10 instead of 100.
    """
    source = data.get("EventSourceArn", "")
    _, config, _ = lambda_svc._get_func_record_for_ref(data.get("FunctionName", ""))
    if config is None or not _is_polled(source):
        return original(data)
    data.setdefault("BatchSize", 10 if ":sqs:" in source else 100)
    problem = _problem_of_source(source, config) or _problem_of_batches(data, source)
    if problem:
        return lambda_svc._invalid_parameter_value(problem)
    function = lambda_svc._func_arn(config["FunctionName"])
    for mapping in lambda_svc._esms.values():
        if mapping["EventSourceArn"] == source and f"{mapping['FunctionArn']}:".startswith(f"{function}:"):
            return _conflict(mapping)
    return original(data)


def _update(original: Function, esm_id: str, data: dict[str, Any]) -> Any:
    """Refuse the same when a mapping is changed."""
    mapping = lambda_svc._esms.get(esm_id) or {}
    source = mapping.get("EventSourceArn", "")
    problem = _problem_of_batches(mapping | data, source) if _is_polled(source) else None
    return lambda_svc._invalid_parameter_value(problem) if problem else original(esm_id, data)


def _is_polled(source: str) -> bool:
    return ":sqs:" in source or ":dynamodb:" in source


def _problem_of_source(source: str, config: dict[str, Any]) -> str | None:
    allowed = may_read(config["Role"], source)
    return _problem_of_queue(source, config, allowed) if ":sqs:" in source else _problem_of_stream(source, allowed)


def _problem_of_queue(source: str, config: dict[str, Any], allowed: Decision) -> str | None:
    queue = sqs._queue_by_arn(source)
    if queue is None:
        return (
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist for this wsdl version."
        )
    if not allowed:
        missing = allowed.reason.split("perform: ", 1)[-1].split(" ", 1)[0].split(":")[-1]
        return f"The function execution role does not have permissions to call {missing} on SQS"
    visible, timeout = int(queue["attributes"].get("VisibilityTimeout", 30)), config.get("Timeout", 3)
    if visible < timeout:
        return f"Queue visibility timeout: {visible} seconds is less than Function timeout: {timeout} seconds"
    return None


def _problem_of_stream(source: str, allowed: Decision) -> str | None:
    table = dynamodb._tables.get(source.split("table/", 1)[-1].split("/", 1)[0]) or {}
    if table.get("LatestStreamArn") != source:
        return f"Stream not found: {source}"
    if not allowed:
        return (
            f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
            f"DescribeStream, and ListStreams Actions on your stream in IAM. {allowed.reason}"
        )
    return None


def _problem_of_batches(data: dict[str, Any], source: str) -> str | None:
    size, window = data["BatchSize"], data.get("MaximumBatchingWindowInSeconds") or 0
    if not 1 <= size <= MAX_BATCH:
        return f"BatchSize must be between 1 and {MAX_BATCH}"
    if source.endswith(".fifo") and (size > UNWINDOWED_BATCH or window):
        return "A FIFO queue allows a BatchSize of at most 10 and no MaximumBatchingWindowInSeconds"
    if ":sqs:" in source and size > UNWINDOWED_BATCH and not window:
        return "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    return None


def _conflict(mapping: dict[str, Any]) -> Any:
    sentence = (
        f'An event source mapping with event source arn (" {mapping["EventSourceArn"]} ") and function '
        f'(" {mapping["FunctionName"]} ") already exists. Please update or delete the existing mapping with UUID '
        f"{mapping['UUID']}"
    )
    return lambda_svc.error_response_json("ResourceConflictException", sentence, 409)
