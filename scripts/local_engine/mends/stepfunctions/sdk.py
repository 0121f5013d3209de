"""`aws-sdk` integrations: errors named as the SDK for Java names them, and EC2's requests and results by its model.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.patching import add_entry, wrap

# The services of this integration whose models have other names.
_MODELS = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events", "rdsdata": "rds-data"}
_ADDED = (
    ("codebuild", "CodeBuild", "CodeBuild_20161006"),
    ("codecommit", "CodeCommit", "CodeCommit_20150413"),
)
_SUFFIXES = ("Exception", "Fault", "Error")


def error_name(original: Any, service_name: str, error_code: str) -> str:
    """Name an error after the SDK's exception class, which ends in `Exception`.

    AWS: the class of the service itself stands for every code that has no class, as all of EC2's.
    Engine: the code as it was, so that Ec2.Ec2Exception and Ssm.ParameterNotFoundException caught nothing.
    """
    if service_name == "rds" or error_code.startswith("States."):  # RDS's have the engine's own table
        return str(original(service_name, error_code))
    prefix = engine._AWS_SDK_ERROR_PREFIX.get(service_name, service_name.capitalize())
    return f"{prefix}.{_classes(service_name).get(error_code, f'{prefix}Exception')}"


@cache
def _classes(service_name: str) -> dict[str, str]:
    """Return the SDK's exception classes of a service by their error codes."""
    name = _MODELS.get(service_name, service_name)
    shapes = ServiceModel(Loader().load_service_model(name, "service-2"), name).error_shapes
    classes = {shape.name: _class(shape.name) for shape in shapes}
    return classes | {shape.error_code: _class(shape.name) for shape in shapes}


def _class(name: str) -> str:
    suffix = next((each for each in _SUFFIXES if name.endswith(each)), "")
    return f"{name.removesuffix(suffix)}Exception"


def ec2_parameters(
    original: Any, data: Any, prefix: str = "", action: str | None = None, parent: str = ""
) -> dict[str, str]:
    """Write EC2's parameters as its model says.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html. Engine: guessed singulars.
    """
    if prefix or action not in wire.model().operation_names:
        return dict(original(data, prefix, action, parent))
    body = create_serializer("ec2").serialize_to_request(data or {}, wire.model().operation_model(action))["body"]
    return {name: str(value) for name, value in body.items() if name not in ("Action", "Version")}


def query_result(original: Any, service_key: str, action: str, result: Any) -> Any:
    """Read EC2's results as its model says: names, lists, numbers and booleans.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/OperationList-query.html (response elements)
    Engine: knew some names and types; the rest came with their names on the wire, and as text.
    """
    if service_key != "ec2" or not isinstance(result, dict) or action not in wire.model().operation_names:
        return original(service_key, action, result)
    shape = wire.model().operation_model(action).output_shape
    return wire.result(shape, result) if shape else {}


def apply() -> None:
    """Mend errors, EC2's requests and EC2's results, and add the services that the engine's integration lacks.

    Engine: "Service 'codebuild' is not supported".
    """
    for service, prefix, target in _ADDED:
        add_entry(engine._AWS_SDK_SERVICE_MAP, service)({"target_prefix": target, "protocol": "json"})
        add_entry(engine._AWS_SDK_ERROR_PREFIX, service)(prefix)
    wrap(engine, "_prefix_sdk_error")(error_name)
    wrap(engine, "_flatten_ec2_query_params")(ec2_parameters)
    wrap(engine, "_normalize_query_response")(query_result)
