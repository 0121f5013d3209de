"""What every function behind API Gateway is wrapped in: one form of request, and a well-formed answer come what may."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import parse_qs

from shared.faults import TransientFailure
from shared.handlers import lambda_handler
from shared.observability import logger

_MAX_FIELDS = 20
_REFUSALS = range(400, 500)
_SERVER_ERROR = 500
_JSON_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class BadBody(Exception):
    """The request's body cannot be read."""

    status, code = 400, "bad_body"


class MalformedAnswer(Exception):
    """A function returned something that API Gateway would not understand."""


@dataclass(frozen=True)
class HttpRequest:
    """A request as functions see it: names of headers in small letters, the body as text.

    `caller` is the ARN that signed the request, or "" on a public route; `address` is where it came from;
    `correlation_id` is API Gateway's id of the request, which its access log names as well.
    """

    path_parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    caller: str
    address: str
    user_agent: str
    correlation_id: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "HttpRequest":
        """Read the event of a REST API's proxy integration. Raises `BadBody`.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        identity = event["requestContext"].get("identity") or {}
        return cls(
            path_parameters=event.get("pathParameters") or {},
            headers=_headers(event),
            body=_body(event),
            caller=identity.get("userArn") or "",
            address=identity.get("sourceIp") or "",
            user_agent=identity.get("userAgent") or "",
            correlation_id=event["requestContext"]["requestId"],
        )

    def json(self) -> Any:  # noqa: ANN401  # a JSON document may be a value of any kind
        """Return the body's JSON document. Raises `BadBody`."""
        try:
            return json.loads(self.body)
        except (RecursionError, ValueError):
            raise BadBody("the body is not JSON") from None

    def form(self) -> dict[str, list[str]]:
        """Return the values of each field of a submitted form. Raises `BadBody`."""
        try:
            return parse_qs(self.body, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        except ValueError:
            raise BadBody("the body is not a form") from None


@dataclass(frozen=True)
class HttpAnswer:
    """What a function answers; `body` is text."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """All that a caller is told of an error."""

    status: int
    code: str
    message: str
    correlation_id: str

    @classmethod
    def of(cls, error: Exception, correlation_id: str) -> "Problem":
        """Describe an error: one with a `status` from 400 to 499 and a `code` is a refusal, any other is our fault."""
        status, code = getattr(error, "status", None), getattr(error, "code", None)
        if isinstance(status, int) and status in _REFUSALS and isinstance(code, str):
            return cls(status, code, str(error), correlation_id)
        if isinstance(error, TransientFailure):
            return cls(503, "unavailable", "A service is busy. Try again in a moment.", correlation_id)
        return cls(_SERVER_ERROR, "internal_error", "Something went wrong on our side.", correlation_id)


def json_answer(status: int, document: object, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """Return an answer that holds a JSON document."""
    return HttpAnswer(status, json.dumps(document), {**_JSON_HEADERS, **(headers or {})})


def json_problem(problem: Problem) -> HttpAnswer:
    """Return an error as a JSON document for programs."""
    error = {"code": problem.code, "message": problem.message, "correlation_id": problem.correlation_id}
    return json_answer(problem.status, {"error": error})


type Function = Callable[[HttpRequest], HttpAnswer]
type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def answering(render: Callable[[Problem], HttpAnswer]) -> Callable[[Function], Handler]:
    """Return the decorator that makes a function a handler, whose errors `render` turns into answers.

    A refusal is the caller's to mend, and noted. Anything else is logged with its traceback, as in all functions, and
    answered by a 5xx without internals: the answer's correlation id finds the log line.
    """

    def decorate(function: Function) -> Handler:
        @lambda_handler
        def answer(event: dict[str, Any], context: object) -> dict[str, Any]:
            correlation_id = _correlation_id(event, context)
            logger.set_correlation_id(correlation_id)
            try:
                return _proxy(function(HttpRequest.from_event(event)))
            except Exception as error:
                problem = Problem.of(error, correlation_id)
                if problem.status >= _SERVER_ERROR:
                    raise
                logger.info("the request is refused", extra={"code": problem.code, "reason": problem.message})
                return _proxy(render(problem))

        @wraps(function)
        def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
            try:
                return answer(event, context)
            except Exception as error:  # noqa: BLE001  # logged by `lambda_handler`; the caller gets an answer come what may
                return _proxy(render(Problem.of(error, _correlation_id(event, context))))

        return handler

    return decorate


api_handler = answering(json_problem)


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers; the values of one that was sent several times are joined, as HTTP has it."""
    several = event.get("multiValueHeaders") or {}
    headers = (event.get("headers") or {}) | {name: ", ".join(values) for name, values in several.items()}
    return {name.lower(): value for name, value in headers.items()}


def _body(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    try:
        return b64decode(body, validate=True).decode() if event.get("isBase64Encoded") else str(body)
    except ValueError:
        raise BadBody("the body is not text in UTF-8") from None


def _proxy(answer: object) -> dict[str, Any]:
    """Spell an answer as API Gateway takes it. Raises `MalformedAnswer`."""
    if not isinstance(answer, HttpAnswer) or type(answer.status) is not int or not isinstance(answer.body, str):
        raise MalformedAnswer(f"the function returned {type(answer).__name__}, no answer with a status and a text")
    headers = {str(name): str(value) for name, value in answer.headers.items()}
    return {"statusCode": answer.status, "headers": headers, "body": answer.body, "isBase64Encoded": False}


def _correlation_id(event: object, context: object) -> str:
    request = event.get("requestContext") if isinstance(event, dict) else None
    found = request.get("requestId") if isinstance(request, dict) else None
    return found if isinstance(found, str) else str(getattr(context, "aws_request_id", "unknown"))
