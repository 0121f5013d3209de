"""Transport: the way over loopback counts as TLS, because what stands there in AWS is always TLS."""

from contextvars import ContextVar

from ministack import app
from ministack.core import iam_evaluator

from scripts.local_engine.patching import Function, replace, wrap


def apply() -> None:
    """Evaluate `aws:SecureTransport` as true, for requests and for services that act by themselves.

    AWS: endpoints are reached over TLS, and policies refuse requests that are not
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport).
    Engine: it serves plain HTTP on loopback, so every TLS-only policy shut everybody out, the account's root included.
    """
    replace(iam_evaluator, "_request_origin", ContextVar("request_origin", default=("127.0.0.1", True)))
    wrap(app, "pin_request_origin")(_over_tls)


def _over_tls(original: Function, source_ip: str, secure_transport: bool) -> None:  # noqa: ARG001 replaced by true
    original(source_ip, secure_transport=True)
