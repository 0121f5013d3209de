"""CloudTrail: a trail has the tags it was created with."""

from typing import Any

from ministack.services import cloudtrail as engine

from scripts.local_engine.patching import wrap_entry


def create_trail(original: Any, body: dict[str, Any]) -> Any:
    """Tag a new trail.

    AWS: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (TagsList)
    Engine: forgot the tags, so that Terraform saw drift.
    """
    response = original(body)
    if response[0] == 200 and body.get("TagsList"):  # noqa: PLR2004 - HTTP
        engine._add_tags({"ResourceId": engine._trail_arn(body["Name"].strip()), "TagsList": body["TagsList"]})
    return response


def apply() -> None:
    """Mend the creation of trails."""
    wrap_entry(engine._DISPATCH, "CreateTrail")(create_trail)
