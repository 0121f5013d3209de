"""What happens to instances, volumes and snapshots."""

from notifications.domain.incoming import Event
from notifications.domain.notification import Notification
from notifications.domain.readers import consoles
from notifications.domain.severity import Severity

_STATES = {"stopped": Severity.WARNING, "terminated": Severity.WARNING}


def read_state(event: Event) -> Notification:
    """Put a change of an instance's state into words.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
    """
    instance, state = str(event.detail["instance-id"]), str(event.detail["state"])
    return _about(event, instance, f"Instance {instance} is {state}", _STATES.get(state, Severity.INFO))


def read_interruption(event: Event) -> Notification:
    """Put the warning into words that EC2 takes a Spot instance back.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
    """
    instance, action = str(event.detail["instance-id"]), str(event.detail["instance-action"])
    title = f"Spot instance {instance}: EC2 will {action} it in two minutes"
    return _about(event, instance, title, Severity.WARNING)


def read_storage(event: Event) -> Notification:
    """Put what became of an operation on a volume or a snapshot into words.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html
    """
    detail = event.detail
    result, operation = str(detail["result"]), str(detail["event"])
    resource = event.resources[0].rpartition("/")[2] if event.resources else ""
    failed = result not in {"available", "succeeded", "deleted"}
    about = _about(
        event,
        resource,
        f"{operation} of {resource or 'a volume'}: {result}",
        Severity.ERROR if failed else Severity.INFO,
    )
    facts = (("Source", str(detail.get("source") or "").rpartition("/")[2]), *about.facts)
    return Notification(**{**vars(about), "text": str(detail.get("cause") or ""), "facts": facts})


def _about(event: Event, resource: str, title: str, severity: Severity) -> Notification:
    return Notification(
        kind="resource",
        source=event.source,
        severity=severity,
        title=title,
        facts=(("Account", event.account), ("Region", event.region)),
        links=consoles.instance(resource, event.region) if resource.startswith("i-") else (),
        at=event.at,
        resource=resource,
        occurrence=event.at,
    )
