"""What CloudTrail says about rotations, which no API call tells: events of the service itself.

AWS: https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
Engine: nothing of the kind.
"""

from typing import Any

from scripts.local_engine.mends.cloudtrail import recording

SERVICE = "secretsmanager.amazonaws.com"


def announce(secret: dict[str, Any], event: str) -> None:
    """Write into the event history, and tell EventBridge if there is a trail, what became of a rotation."""
    recording.record_service_event(SERVICE, event, {"SecretId": secret["ARN"]})
