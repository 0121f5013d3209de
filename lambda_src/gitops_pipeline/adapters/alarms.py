"""CloudWatch: which alarms there are, and which of them are in alarm."""

from shared.clients import client


def states(prefix: str) -> dict[str, str]:
    """Return the state of each alarm whose name begins with a prefix, composite ones too."""
    pages = client("cloudwatch").get_paginator("describe_alarms")
    return {
        alarm["AlarmName"]: alarm["StateValue"]
        for page in pages.paginate(AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for kind in ("MetricAlarms", "CompositeAlarms")
        for alarm in page.get(kind, [])
    }
