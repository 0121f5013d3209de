"""Fakes of EC2's instances, of Auto Scaling's groups and of CloudWatch's measurements, on one clock."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from tests.unit.volume_cleanup.aws import Killed, refusal

MONTH = timedelta(days=30)


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass
class Ec2:
    """Instances as EC2 describes them. `no_room` are types that cannot start; `kill_after` counts changes to die at.

    `taken_back` are instances that EC2 stops again right after their start.

    `before` is called with each operation and its resource, to change the world at that moment.
    """

    clock: Callable[[], datetime]
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    no_room: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    kill_after: list[int] = field(default_factory=list)
    starts_slowly: bool = False
    before: Callable[[str, str], None] = lambda _operation, _resource: None
    changes: int = 0

    def add(self, name: str, kind: str = "t3.micro", state: str = "running", **changes: Any) -> str:
        tags = changes.pop("tags", {})
        described = {"InstanceId": f"i-{name}", "InstanceType": kind, "State": {"Name": state}, "Tags": _pairs(tags)}
        described |= {"LaunchTime": self.clock() - MONTH, "RootDeviceType": "ebs"}
        self.instances[f"i-{name}"] = described | changes
        return f"i-{name}"

    def state(self, instance_id: str) -> str:
        return str(self.instances[instance_id]["State"]["Name"])

    def tags(self, instance_id: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.instances[instance_id]["Tags"]}

    def set_tags(self, instance_id: str, **tags: str) -> None:
        found = self.tags(instance_id) | {key.replace("_", "-"): value for key, value in tags.items()}
        self.instances[instance_id]["Tags"] = _pairs(found)

    def become(self, instance_id: str, state: str) -> None:
        self.instances[instance_id]["State"] = {"Name": state}
        if state in {"pending", "running"}:
            self.instances[instance_id].pop("StateReason", None)
            self.instances[instance_id]["LaunchTime"] = self.clock()

    def done(self, *operations: str) -> list[str]:
        """Return the resources of these operations, in the order of the calls."""
        return [resource for operation, resource in self.calls if operation in operations]

    # What botocore's client offers

    def get_paginator(self, operation: str) -> "Paginator":
        return Paginator(self, operation)

    def describe_instances(self, InstanceIds: list[str]) -> dict[str, Any]:  # noqa: N803  # botocore's names, here and below
        (instance_id,) = InstanceIds
        self._called("describe_instances", instance_id)
        return {"Reservations": [{"Instances": [deepcopy(self.instances[instance_id])]}]}

    def create_tags(self, Resources: list[str], Tags: list[dict[str, str]]) -> None:  # noqa: N803
        (instance_id,) = Resources
        self._called("create_tags", instance_id)
        found = self.tags(instance_id) | {tag["Key"]: tag["Value"] for tag in Tags}
        self.instances[instance_id]["Tags"] = _pairs(found)
        self._change()

    def delete_tags(self, Resources: list[str], Tags: list[dict[str, str]]) -> None:  # noqa: N803
        (instance_id,) = Resources
        self._called("delete_tags", instance_id)
        gone = {tag["Key"] for tag in Tags}
        found = {key: value for key, value in self.tags(instance_id).items() if key not in gone}
        self.instances[instance_id]["Tags"] = _pairs(found)
        self._change()

    def stop_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803
        (instance_id,) = InstanceIds
        self._called("stop_instances", instance_id)
        assert "stop-after" in self.tags(instance_id), "the role may stop only what was warned"
        self.become(instance_id, "stopped")
        self._change()

    def start_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803
        (instance_id,) = InstanceIds
        self._called("start_instances", instance_id)
        assert self.tags(instance_id)["stopped-by"] == "workflows-idle-resources"
        if self.instances[instance_id]["InstanceType"] in self.no_room:
            raise refusal("InsufficientInstanceCapacity", 500, gave_up=True)
        self.become(instance_id, "pending" if self.starts_slowly else "running")
        if instance_id in self.taken_back:
            reason = {"Code": "Client.InternalError", "Message": "Client.InternalError: Client error on launch"}
            self.instances[instance_id] |= {"State": {"Name": "stopped"}, "StateReason": reason}
        self._change()

    def modify_instance_attribute(self, InstanceId: str, InstanceType: dict[str, str]) -> None:  # noqa: N803
        self._called("modify_instance_attribute", InstanceId)
        assert self.state(InstanceId) == "stopped"
        self.instances[InstanceId]["InstanceType"] = InstanceType["Value"]
        self._change()

    def _called(self, operation: str, instance_id: str) -> None:
        self.before(operation, instance_id)
        if instance_id not in self.instances:
            raise refusal("InvalidInstanceID.NotFound")
        self.calls.append((operation, instance_id))

    def _change(self) -> None:
        self.changes += 1
        if self.changes in self.kill_after:
            raise Killed


@dataclass
class Paginator:
    """A listing of instances or of types, two a page."""

    ec2: Ec2
    operation: str

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        if self.operation == "describe_instance_types":
            yield {
                "InstanceTypes": [
                    {"InstanceType": k, "InstanceStorageSupported": "d." in k} for k in call["InstanceTypes"]
                ]
            }
            return
        found = [each for each in self.ec2.instances.values() if all(_fits(each, one) for one in call["Filters"])]
        for start in range(0, len(found), 2):
            yield {"Reservations": [{"Instances": [each]} for each in deepcopy(found[start : start + 2])]}


def _fits(instance: dict[str, Any], one: dict[str, Any]) -> bool:
    values = {"instance-id": instance["InstanceId"], "instance-state-name": instance["State"]["Name"]}
    return values[one["Name"]] in one["Values"]


@dataclass
class AutoScaling:
    """Groups as Auto Scaling describes them; `fails` are the names that it refuses to resize."""

    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: dict[str, ClientError] = field(default_factory=dict)
    kill_after: list[int] = field(default_factory=list)
    changes: int = 0

    def add(self, name: str, size: tuple[int, int, int] = (2, 4, 10), **tags: str) -> str:
        smallest, desired, largest = size
        named = {key.replace("_", "-"): value for key, value in tags.items()}
        group = {"AutoScalingGroupName": name, "Tags": _pairs(named)}
        group |= {"MinSize": smallest, "DesiredCapacity": desired, "MaxSize": largest}
        self.groups[name] = group | {"Instances": [{"InstanceType": "t3.micro"}] * desired}
        return f"group/{name}"

    def size(self, name: str) -> tuple[int, int, int]:
        group = self.groups[name]
        return group["MinSize"], group["DesiredCapacity"], group["MaxSize"]

    def tags(self, name: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.groups[name]["Tags"]}

    # What botocore's client offers

    def get_paginator(self, operation: str) -> "AutoScaling":
        assert operation == "describe_auto_scaling_groups"
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        for group in self.groups.values():
            yield {"AutoScalingGroups": [deepcopy(group)]}

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> dict[str, Any]:  # noqa: N803
        found = [self.groups[name] for name in AutoScalingGroupNames if name in self.groups]
        return {"AutoScalingGroups": deepcopy(found)}

    def create_or_update_tags(self, Tags: list[dict[str, Any]]) -> None:  # noqa: N803
        for tag in Tags:
            assert (tag["ResourceType"], tag["PropagateAtLaunch"]) == ("auto-scaling-group", False)
            found = self.tags(tag["ResourceId"]) | {tag["Key"]: tag["Value"]}
            self.groups[tag["ResourceId"]]["Tags"] = _pairs(found)
        self._change()

    def delete_tags(self, Tags: list[dict[str, Any]]) -> None:  # noqa: N803
        for tag in Tags:
            found = {key: value for key, value in self.tags(tag["ResourceId"]).items() if key != tag["Key"]}
            self.groups[tag["ResourceId"]]["Tags"] = _pairs(found)
        self._change()

    def update_auto_scaling_group(self, AutoScalingGroupName: str, MinSize: int, DesiredCapacity: int) -> None:  # noqa: N803
        if error := self.fails.get(AutoScalingGroupName):
            raise error
        group = self.groups[AutoScalingGroupName]
        assert MinSize <= DesiredCapacity <= group["MaxSize"]
        group |= {"MinSize": MinSize, "DesiredCapacity": DesiredCapacity}
        group["Instances"] = [{"InstanceType": "t3.micro"}] * DesiredCapacity
        self._change()

    def _change(self) -> None:
        self.changes += 1
        if self.changes in self.kill_after:
            raise Killed


@dataclass
class CloudWatch:
    """What was measured of each instance in each hour: CPU in percent, bytes received, bytes sent."""

    measured: dict[str, dict[datetime, tuple[float, float, float]]] = field(default_factory=dict)
    queries: int = 0

    def get_paginator(self, operation: str) -> "CloudWatch":
        assert operation == "get_metric_data"
        return self

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        queries = call["MetricDataQueries"]
        assert len(queries) <= 500
        self.queries += len(queries)
        for query in queries:
            metric = query["MetricStat"]["Metric"]
            place = ("CPUUtilization", "NetworkIn", "NetworkOut").index(metric["MetricName"])
            series = self.measured.get(metric["Dimensions"][0]["Value"], {})
            hours = [hour for hour in series if call["StartTime"] <= hour < call["EndTime"]]
            values = [series[hour][place] for hour in hours]
            yield {"MetricDataResults": [{"Id": query["Id"], "Timestamps": hours, "Values": values}]}
