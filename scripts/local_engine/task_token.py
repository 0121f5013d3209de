"""Task tokens: opaque, never twice the same, and they know the machine whose task they belong to."""

import base64
import binascii
from uuid import uuid4


def issue(machine_arn: str) -> str:
    """Return a new token for a task of the machine."""
    return base64.urlsafe_b64encode(f"{machine_arn} {uuid4()}".encode()).decode()


def machine_of(token: str) -> str:
    """Return the ARN of the machine that a token was issued for, "" for what is no such token."""
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    arn, _, _ = text.partition(" ")
    return arn if arn.startswith("arn:aws:states:") else ""
