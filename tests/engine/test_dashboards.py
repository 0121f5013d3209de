"""CloudWatch: a dashboard is kept, and one that could not be drawn is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

type Clients = Callable[[str], Any]
METRIC = ["AWS/Lambda", "Errors", "FunctionName", "one", {"id": "m1"}]


def graph(*rows: list[Any], **more: Any) -> dict[str, Any]:
    return {"type": "metric", "width": 12, "properties": {"region": "us-east-1", "metrics": list(rows), **more}}


def test_a_dashboard_is_kept(client: Clients, name: str) -> None:
    cloudwatch = client("cloudwatch")
    body = {"widgets": [graph(METRIC, [{"expression": "SUM([m1]) * 2", "id": "t1"}])]}
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body))
    assert json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]) == body
    listed = cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert [each["DashboardName"] for each in listed] == [name]


@pytest.mark.parametrize(
    ("widgets", "fault"),
    [
        (None, "no widgets"),
        ([{"type": "picture"}], "unknown type picture"),
        ([{**graph(METRIC), "x": 18}], "does not fit"),
        ([{"type": "alarm", "properties": {"alarms": []}}], "from 1 to 100"),
        ([graph()], "from 1 to 500"),
        ([graph(METRIC, METRIC)], "unique"),
        ([graph(["AWS/Lambda", "Errors", "FunctionName"])], "names and values"),
        ([graph(METRIC, [{"expression": "m1 + m2"}])], "m2"),
    ],
)
def test_what_could_not_be_drawn_is_refused(client: Clients, name: str, widgets: Any, fault: str) -> None:
    with pytest.raises(ClientError, match=fault) as refused:
        client("cloudwatch").put_dashboard(
            DashboardName=name, DashboardBody=json.dumps({"widgets": widgets} if widgets else {})
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterInput"
