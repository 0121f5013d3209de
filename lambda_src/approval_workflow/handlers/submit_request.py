"""SubmitRequest: stores a request and starts its execution, each once, however often a caller sends it."""

from dataclasses import dataclass
from uuid import uuid4

from approval_workflow.adapters import clock, executions
from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.audit import Entry
from approval_workflow.domain.errors import KeyReused, UnknownCaller
from approval_workflow.domain.request import Request, Status
from approval_workflow.domain.wish import Wish, request_id_for
from shared.http import HttpAnswer, HttpRequest, api_handler, json_answer
from shared.observability import logger
from shared.settings import once


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    requests_table: str
    audit_table: str
    state_machine_arn: str


settings = once(Settings)


@api_handler
def handler(http: HttpRequest) -> HttpAnswer:
    """Take a wish; answer 202 with the request's id, the very same when it is sent again under its Idempotency-Key."""
    if not http.caller:
        raise UnknownCaller("the request must be signed")
    wish = Wish.from_document(http.json())
    stored = _store(wish, http)
    if stored.body_digest != wish.digest():
        raise KeyReused("another request was sent with the same Idempotency-Key")
    if stored.status is Status.PENDING:  # again, if the function died between storing and starting
        executions.start(settings().state_machine_arn, stored.request_id)
    logger.info("the request is accepted", extra={"request_id": stored.request_id})
    document = {"request_id": stored.request_id, "status": Status.PENDING, "created_at": stored.created_at}
    return json_answer(202, document, {"Location": f"requests/{stored.request_id}"})


def _store(wish: Wish, http: HttpRequest) -> Request:
    """Return the request as it is stored: new, or as it came before."""
    key, at = http.headers.get("idempotency-key"), clock.moment()
    request_id = f"req-{uuid4().hex[:20]}" if key is None else request_id_for(http.caller, key)
    entry = Entry("SUBMITTED", at, http.caller, from_address=http.address, user_agent=http.user_agent)
    ledger = Ledger(settings().requests_table, settings().audit_table)
    return ledger.create(Request(request_id, http.caller, wish, wish.digest(), at), entry)
