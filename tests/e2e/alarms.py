"""Alarms: somebody is told of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scripts.deployment import Deployment
from scripts.inbox import Inbox, Notification
from tests.e2e.approvals import PATIENCE_SECONDS, wait


def is_raised(deployment: Deployment, name: str) -> bool:
    """Tell whether a metric alarm is in the state ALARM."""
    [alarm] = deployment.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return bool(alarm["StateValue"] == "ALARM")


@contextmanager
def hearing(deployment: Deployment, name: str) -> Iterator[Callable[[str], Notification]]:
    """Listen to an alarm that is not raised; what is yielded waits until somebody is told of a state, or fails.

    It listens before it waits for what another test raised to be over: an alarm that turns in between would be told
    to nobody, and be raised already when it is to turn.
    """
    with Inbox(deployment, deployment.outputs["foundation"]["alarm_topic_arn"]) as inbox:
        wait(lambda: not is_raised(deployment, name))

        def told(state: str) -> Notification:
            notification = inbox.wait_for(f'{state}: "{name}"', PATIENCE_SECONDS)
            assert notification, f"nobody was told that {name} is {state}"
            return notification

        yield told
