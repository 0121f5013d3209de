"""CloudWatch: how busy instances were."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import Any

from idle_resources.domain.idleness import Usage
from shared.clients import client

_HOUR = 3600
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html: 500 queries a request
_METRICS = {"CPUUtilization": "Maximum", "NetworkIn": "Sum", "NetworkOut": "Sum"}
_INSTANCES_A_REQUEST = 500 // len(_METRICS)

type Series = Mapping[datetime, Decimal]


def usage(instance_ids: Iterable[str], window: timedelta, now: datetime) -> dict[str, Usage]:
    """Return each instance's usage in the whole hours of the window before `now`; of instances without data, none."""
    end = now.replace(minute=0, second=0, microsecond=0)
    measured: dict[str, dict[str, dict[datetime, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for batch in batched(instance_ids, _INSTANCES_A_REQUEST, strict=False):
        for instance_id, metric, series in _read(list(batch), end - window, end):
            measured[instance_id][metric] |= series
    return {instance_id: _usage(metrics) for instance_id, metrics in measured.items()}


def _read(instance_ids: list[str], start: datetime, end: datetime) -> Iterator[tuple[str, str, Series]]:
    wanted = [(instance_id, metric) for instance_id in instance_ids for metric in _METRICS]
    queries = [_query(number, *each) for number, each in enumerate(wanted)]
    pages = client("cloudwatch").get_paginator("get_metric_data")
    for page in pages.paginate(MetricDataQueries=queries, StartTime=start, EndTime=end):
        for result in page["MetricDataResults"]:
            values = (Decimal(str(value)) for value in result["Values"])
            yield *wanted[int(result["Id"][1:])], dict(zip(result["Timestamps"], values, strict=True))


def _query(number: int, instance_id: str, metric: str) -> dict[str, Any]:
    dimensions = [{"Name": "InstanceId", "Value": instance_id}]
    what = {"Namespace": "AWS/EC2", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": f"q{number}", "MetricStat": {"Metric": what, "Period": _HOUR, "Stat": _METRICS[metric]}}


def _usage(metrics: Mapping[str, Series]) -> Usage:
    """Return the busiest hour of those in which everything was measured."""
    cpu, received, sent = (metrics.get(name, {}) for name in _METRICS)
    hours = cpu.keys() & received.keys() & sent.keys()
    return Usage(
        hours=len(hours),
        cpu_percent=max((cpu[hour] for hour in hours), default=Decimal(0)),
        network_bytes=max((received[hour] + sent[hour] for hour in hours), default=Decimal(0)),
    )
