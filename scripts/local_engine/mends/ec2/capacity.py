"""Capacity: the instance types that AWS has no room for, which a test says by a hook.

AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html#troubleshooting-launch-capacity
"""

from scripts.local_engine.mends.ec2.wire import Refusal

without: set[str] = set()


def check(instance_type: str) -> None:
    """Raise Refusal when there is no room for an instance of that type."""
    if instance_type in without:
        sentence = (
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested."
        )
        raise Refusal("InsufficientInstanceCapacity", sentence, 500)
