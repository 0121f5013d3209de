"""Transport: the way over loopback counts as TLS, because what stands there in AWS is always TLS."""

from ministack import app

from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "pin_request_origin")(_over_tls)


def _over_tls(original: Function, source_ip: str, secure_transport: bool) -> None:
    """Evaluate `aws:SecureTransport` as true.

    AWS: endpoints are reached over TLS, and policies refuse requests that are not
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport).
    Engine: it serves plain HTTP on loopback, so every TLS-only policy shut everybody out, the account's root included.
    """
    del secure_transport
    original(source_ip, secure_transport=True)
