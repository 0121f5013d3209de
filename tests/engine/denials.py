"""What tests of denials share: calls that must be denied, and the ARNs they are about."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:{}:us-east-1:000000000000:{}"


def denied(call: Callable[..., Any], **arguments: Any) -> str:
    """Make a call that must be denied; return the message."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    assert "AccessDenied" in refusal.value.response["Error"]["Code"], refusal.value
    return str(refusal.value.response["Error"]["Message"])
