"""What AWS says of an account: its health, and costs that are out of the ordinary."""

from collections.abc import Mapping
from typing import Any

from notifications.domain.incoming import Event
from notifications.domain.notification import Notification
from notifications.domain.severity import Severity

_CATEGORIES = {"issue": Severity.ERROR, "scheduledChange": Severity.WARNING, "investigation": Severity.WARNING}
_SHOWN = 10


def read_health(event: Event) -> Notification:
    """Put an event of AWS Health into words; a page of many affected resources is told like any other.

    https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
    """
    detail = event.detail
    closed = detail.get("statusCode") == "closed"
    affected = [str(each.get("entityValue", "")) for each in detail.get("affectedEntities") or []]
    shown = ", ".join(affected[:_SHOWN]) + (f" and {len(affected) - _SHOWN} more" if len(affected) > _SHOWN else "")
    severity = Severity.INFO if closed else _CATEGORIES.get(str(detail.get("eventTypeCategory")), Severity.INFO)
    return Notification(
        kind="account",
        source=event.source,
        severity=severity,
        title=f"AWS Health: {detail['service']} {detail['eventTypeCode']}" + (" (closed)" if closed else ""),
        text=_description(detail),
        facts=(
            ("Affected", shown),
            ("From", str(detail.get("startTime") or "")),
            ("Until", str(detail.get("endTime") or "")),
            ("Region", str(detail.get("eventRegion") or event.region)),
            ("Account", str(detail.get("affectedAccount") or event.account)),
        ),
        at=event.at,
        resource=affected[0] if len(affected) == 1 else "",
        occurrence=f"{detail.get('eventArn', '')} {detail.get('lastUpdatedTime') or event.at} {detail.get('page', '')}",
    )


def read_anomaly(event: Event) -> Notification:
    """Put an anomaly of costs into words.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ce.html says that the event is there, and
    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Anomaly.html what an anomaly is.
    """
    detail = event.detail
    impact = detail["impact"]
    return Notification(
        kind="account",
        source=event.source,
        severity=Severity.WARNING,
        title=f"Cost anomaly: {impact['totalImpact']} USD for {detail.get('dimensionValue') or detail['accountName']}",
        facts=(
            ("Spent", str(impact.get("totalActualSpend", ""))),
            ("Expected", str(impact.get("totalExpectedSpend", ""))),
            ("From", str(detail.get("anomalyStartDate") or "")),
            ("Until", str(detail.get("anomalyEndDate") or "")),
            ("Account", str(detail.get("accountName") or event.account)),
        ),
        links=_details(detail),
        at=event.at,
        occurrence=f"{detail.get('anomalyId', '')} {event.at}",
    )


def _description(detail: Mapping[str, Any]) -> str:
    descriptions = detail.get("eventDescription") or []
    return "\n".join(str(each.get("latestDescription", "")) for each in descriptions)


def _details(detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    link = str(detail.get("anomalyDetailsLink", ""))
    return (("Anomaly", link),) if link.startswith("https://") else ()
