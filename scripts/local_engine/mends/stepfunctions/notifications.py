"""What `sns:publish` hands on: the message attributes, by which subscriptions filter."""

from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.patching import Function, wrap_entry


def publish(original: Function, resource: str, input_data: dict[str, Any]) -> Any:
    """Publish with the attributes, in the form that SNS's API has them.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html (MessageAttributes is supported)
    Engine: dropped them, so that no filter policy matched what a machine published.
    """
    fields = dict(input_data)
    for number, (name, attribute) in enumerate((input_data.get("MessageAttributes") or {}).items(), 1):
        entry = f"MessageAttributes.entry.{number}"
        fields[f"{entry}.Name"] = name
        fields |= {f"{entry}.Value.{kind}": value for kind, value in attribute.items()}
    return original(resource, fields)


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._SERVICE_DISPATCH, "arn:aws:states:::sns:publish")(publish)
