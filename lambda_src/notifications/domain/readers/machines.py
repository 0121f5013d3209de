"""State machines' executions that ended otherwise than they should."""

from notifications.domain.incoming import Event
from notifications.domain.notification import Notification
from notifications.domain.readers import consoles
from notifications.domain.severity import Severity

_ENDS = {
    "FAILED": (Severity.ERROR, "failed"),
    "TIMED_OUT": (Severity.ERROR, "timed out"),
    "ABORTED": (Severity.WARNING, "was stopped"),
    "SUCCEEDED": (Severity.INFO, "succeeded"),
    "RUNNING": (Severity.INFO, "began"),
}
_ENCRYPTED = "The execution tells why, to those who may use its key."


def read(event: Event) -> Notification:
    """Put a change of an execution's status into words. Raises KeyError for a status that nobody knows.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html; of a machine under a customer's
    key, events say neither why nor what about:
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    detail = event.detail
    severity, word = _ENDS[detail["status"]]
    machine = str(detail["stateMachineArn"]).rpartition(":")[2]
    execution = str(detail["executionArn"])
    return Notification(
        kind="machine",
        source=event.source,
        severity=severity,
        title=f"State machine {machine} {word}",
        text=str(detail.get("cause") or ("" if detail.get("input") else _ENCRYPTED)),
        facts=(
            ("Error", str(detail.get("error") or "")),
            ("Execution", str(detail.get("name") or execution.rpartition(":")[2])),
            ("Account", event.account),
            ("Region", event.region),
        ),
        links=consoles.execution(execution),
        at=event.at,
        occurrence=f"{execution} {event.at}",
    )
