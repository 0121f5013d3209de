"""An AWS account with things to tag, played by moto, and what is seen of the calls to it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from resource_tagging.adapters import launchers, lists, resources, trail
from resource_tagging.handlers import tag_resources
from shared.clients import client
from tests.support.functions import Context


@dataclass
class Account:
    """Makes resources, lets the function tag them, and counts its calls; `refusals` come before CreateTags works."""

    monkeypatch: pytest.MonkeyPatch
    calls: list[str] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    stacks: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for adapter in (launchers, lists, resources, trail):
            self.monkeypatch.setattr(adapter, "client", lambda service: Spy(self, service))

    @property
    def ec2(self) -> Any:
        return client("ec2")

    def instance(self, count: int = 1) -> list[str]:
        """Launch instances; each has a volume and an interface."""
        launched = self.ec2.run_instances(ImageId="ami-00000001", MinCount=count, MaxCount=count)["Instances"]
        return [each["InstanceId"] for each in launched]

    def volume(self) -> str:
        made: str = self.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
        return made

    def set_tags(self, resource_id: str, **tags: str) -> None:
        self.ec2.create_tags(Resources=[resource_id], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])

    def tags(self, resource_id: str) -> dict[str, str]:
        found = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource_id]}])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def parts(self, instance_id: str) -> list[str]:
        """Return an instance with its volumes and interfaces."""
        instance = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        volumes = [each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"]]
        return [instance_id, *volumes, *(each["NetworkInterfaceId"] for each in instance["NetworkInterfaces"])]

    def deliver(self, event: dict[str, Any], seconds: float = 60, **ids: str) -> dict[str, Any]:
        """Let the function take an event, in which recorded ids are replaced by real ones; `vol_1` is vol-…01."""
        text = json.dumps(event)
        for name, resource_id in ids.items():
            kind, _, number = name.partition("_")
            text = text.replace(f"{kind}-{int(number):017}", resource_id)
        return tag_resources.handler(json.loads(text), Context(seconds))


class Spy:
    """A client of moto's that notes which calls are made."""

    def __init__(self, account: Account, service: str) -> None:
        self._account = account
        self._client = None if service == "cloudformation" else client(service)  # moto's wants more packages

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("get_paginator"):
            self._account.calls.append(name)
        return getattr(self._client, name)

    def create_tags(self, **call: Any) -> Any:
        self._account.calls.append("create_tags")
        if self._account.refusals:
            raise self._account.refusals.pop(0)
        return self._client.create_tags(**call)

    def lookup_events(self, LookupAttributes: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803  # botocore's name
        self._account.calls.append("lookup_events")
        (wanted,) = LookupAttributes
        assert wanted["AttributeKey"] == "ResourceName"
        found = [event for event in self._account.history if wanted["AttributeValue"] in json.dumps(event)]
        return {"Events": [{"CloudTrailEvent": json.dumps(event["detail"])} for event in found]}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803  # botocore's name
        if StackName not in self._account.stacks:
            raise refusal("ValidationError")
        tags = self._account.stacks[StackName]
        return {"Stacks": [{"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]}


def refusal(code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, "Operation")
