"""EC2's query protocol: requests to structures and structures to XML, by the names in the AWS SDK's own model of EC2.

https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from botocore.loaders import Loader
from botocore.model import ServiceModel
from ministack.services import ec2 as engine

from scripts.local_engine.mends.cloudwatch.wire import structure

type Answer = tuple[int, dict[str, str], bytes]


class Refusal(Exception):
    """An error that EC2 answers with: its code, message and HTTP status.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def answer(self) -> Answer:
        """Return the error as the engine's handlers return theirs."""
        answer: Answer = engine._error(self.code, escape(str(self)), self.status)
        return answer


@cache
def model() -> ServiceModel:
    """Return the SDK's model of EC2."""
    return ServiceModel(Loader().load_service_model("ec2", "service-2"), "ec2")


def request(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the request that flat parameters such as `Filter.1.Name` stand for, with numbers and booleans as such."""
    return dict(_read(model().operation_model(operation).input_shape, structure(params)))


def member(shape: str, name: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return what flat parameters under `name` say, as a structure of `shape`."""
    return dict(_read(model().shape_for(shape), structure(params).get(name, {})))


def _read(shape: Any, node: Any) -> Any:
    match shape.type_name:
        case "structure":
            named = ((name, each, _query_name(name, each)) for name, each in shape.members.items())
            return {name: _read(each, node[key]) for name, each, key in named if key in node}
        case "list":
            return [_read(shape.member, node[index]) for index in sorted(node, key=int)]
        case "integer" | "long":
            return int(node)
        case "boolean":
            return str(node).lower() == "true"
    return node


def _query_name(name: str, shape: Any) -> str:
    given = shape.serialization
    return str(given.get("queryName") or f"{(named := given.get('name', name))[0].upper()}{named[1:]}")


def answer(operation: str, result: dict[str, Any]) -> Answer:
    """Return a response of `operation` in EC2's XML."""
    inner = xml(model().operation_model(operation).output_shape, result)
    found: Answer = engine._xml(200, f"{operation}Response", inner)
    return found


def done(operation: str) -> Answer:
    """Return the response of an operation that has nothing to tell."""
    return engine._xml(200, f"{operation}Response", "<return>true</return>")  # type: ignore[no-any-return] # untyped


def fragment(shape: str, value: dict[str, Any]) -> str:
    """Return a structure of the named shape as XML, without an element around it."""
    return xml(model().shape_for(shape), value)


def xml(shape: Any, value: Any) -> str:
    """Return a value as XML; absent members and those that the shape does not know are left out, as AWS does."""
    match shape.type_name:
        case "structure":
            there = ((name, each) for name, each in shape.members.items() if value.get(name) is not None)
            tagged = ((each.serialization.get("name", name), xml(each, value[name])) for name, each in there)
            return "".join(f"<{tag}>{inner}</{tag}>" for tag, inner in tagged)
        case "list":
            tag = shape.member.serialization.get("name", "item")
            return "".join(f"<{tag}>{xml(shape.member, each)}</{tag}>" for each in value)
        case "boolean":
            return str(value).lower()
    return escape(str(value))


def result(shape: Any, node: Any) -> Any:
    """Return a value from XML, read into dictionaries and lists, under the names and in the types of `shape`."""
    match shape.type_name:
        case "structure":
            named = ((name, each, each.serialization.get("name", name)) for name, each in shape.members.items())
            return {name: result(each, node[tag]) for name, each, tag in named if tag in (node or {})}
        case "list":
            items = node.get("item", []) if isinstance(node, dict) else node or []
            return [result(shape.member, each) for each in (items if isinstance(items, list) else [items])]
        case "integer" | "long":
            return int(node)
        case "boolean":
            return node in {"true", True}
    return node
