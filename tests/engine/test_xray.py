"""X-Ray: groups are kept, changed and removed."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

type Clients = Callable[[str], Any]


@pytest.fixture
def xray(client: Clients) -> Any:
    return client("xray")


def test_a_group_is_kept_changed_and_removed(xray: Any, name: str) -> None:
    name = name[:32]
    made = xray.create_group(GroupName=name, FilterExpression='service("one")', Tags=[{"Key": "owner", "Value": "ada"}])
    arn = made["Group"]["GroupARN"]
    assert made["Group"]["InsightsConfiguration"] == {"InsightsEnabled": False, "NotificationsEnabled": False}
    xray.update_group(GroupARN=arn, FilterExpression='service("two")')
    assert xray.get_group(GroupName=name)["Group"]["FilterExpression"] == 'service("two")'
    assert arn in [group["GroupARN"] for group in xray.get_groups()["Groups"]]
    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "red"}])
    xray.untag_resource(ResourceARN=arn, TagKeys=["owner"])
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    with pytest.raises(ClientError, match="already exists"):
        xray.create_group(GroupName=name)
    xray.delete_group(GroupARN=arn)
    with pytest.raises(ClientError, match=r"InvalidRequestException.*not found"):
        xray.get_group(GroupName=name)


def test_a_name_may_not_be_longer_than_32_characters(xray: Any) -> None:
    with pytest.raises(ClientError, match="32"):
        xray.create_group(GroupName="a" * 33)


def test_a_role_needs_the_right_to_see_groups(as_role: Callable[..., Clients]) -> None:
    nobody = as_role({"Action": "s3:ListBucket", "Resource": "*"})
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody("xray").get_groups()
    assert as_role({"Action": "xray:GetGroups", "Resource": "*"})("xray").get_groups()["Groups"] is not None
