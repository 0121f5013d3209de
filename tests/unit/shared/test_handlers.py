"""What every handler is wrapped in: errors are logged with the trace id, and faults of AWS that pass have one name."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient

from shared.clients import client
from shared.faults import TransientFailure
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from tests.unit.etl_pipeline.pipeline import ENVIRONMENT, Context

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Return what was logged."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def refusing(monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> BaseClient:
    """Return the functions' DynamoDB client, whose every attempt is refused, without a wait in between."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    body = io.BytesIO(json.dumps({"__type": f"com.amazonaws#{code}", "message": "later"}).encode())
    body.stream = lambda **_: iter([body.getvalue()])  # type: ignore[attr-defined]  # as urllib3's response has it
    dynamodb = client.__wrapped__("dynamodb")
    dynamodb.meta.events.register("before-send", lambda **_: AWSResponse("", status, {}, body))
    return dynamodb


def raising(error: Exception) -> Callable[[dict[str, Any], Context], None]:
    """Return a handler that fails with `error`."""

    @lambda_handler
    def handler(_event: dict[str, Any], _context: Context) -> None:
        raise error

    return handler


def test_an_error_is_logged_with_the_trace_id_and_raised_as_it_is(log: Callable[[], list[dict[str, Any]]]) -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError("by zero"))({}, Context())
    (line,) = log()
    assert (line["level"], line["exception_name"], line["xray_trace_id"]) == ("ERROR", "ZeroDivisionError", TRACE)
    assert "by zero" in line["exception"]
    assert line["function_request_id"] == Context.aws_request_id


def test_metrics_have_the_trace_id(capsys: pytest.CaptureFixture[str]) -> None:
    @lambda_handler
    def handler(_event: dict[str, Any], _context: Context) -> None:
        metrics.add_metric("Rows", "Count", 1)
        metrics.flush_metrics()

    handler({}, Context())
    assert json.loads(capsys.readouterr().out)["xray_trace_id"] == TRACE


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "ThrottlingException"), (400, "ProvisionedThroughputExceededException"), (503, "SlowDown"), (500, "Odd")],
)
def test_a_fault_that_outlasts_the_client_s_attempts_is_transient(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    dynamodb = refusing(monkeypatch, status, code)

    @lambda_handler
    def handler(_event: dict[str, Any], _context: Context) -> None:
        dynamodb.get_item(TableName="runs", Key={})

    with pytest.raises(TransientFailure, match=f"ClientError.*{code}|{code}.*{code}"):
        handler({}, Context())


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ConnectTimeoutError(endpoint_url=""),
        exceptions.ConnectionClosedError(endpoint_url=""),
        exceptions.EndpointConnectionError(endpoint_url=""),
        exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        exceptions.ReadTimeoutError(endpoint_url=""),
        exceptions.ResponseStreamingError(error=""),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_connection_is_transient(error: Exception) -> None:
    with pytest.raises(TransientFailure, match=type(error).__name__):
        raising(error)({}, Context())


def test_a_refusal_that_will_not_pass_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb = refusing(monkeypatch, 400, "ValidationException")

    @lambda_handler
    def handler(_event: dict[str, Any], _context: Context) -> None:
        dynamodb.get_item(TableName="runs", Key={})

    with pytest.raises(exceptions.ClientError, match="ValidationException"):
        handler({}, Context())
