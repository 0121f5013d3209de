"""The query protocol that Terraform's provider speaks: parameters to and from structures.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from typing import Any
from xml.sax.saxutils import escape


def structure(params: dict[str, Any]) -> dict[str, Any]:
    """Return the request that flat parameters such as `Dimensions.member.1.Name` stand for; values stay strings."""
    tree: dict[str, Any] = {}
    for key, value in params.items():
        *path, last = key.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value[0] if isinstance(value, list) else value
    return dict(_with_lists(tree))


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"}:
        return [_with_lists(node["member"][index]) for index in sorted(node["member"], key=int)]
    return {key: _with_lists(value) for key, value in node.items()}


def xml(value: Any) -> str:
    """Return a structure as XML; absent and empty members are left out, as AWS does."""
    if isinstance(value, dict):
        return "".join(f"<{key}>{xml(each)}</{key}>" for key, each in value.items() if each not in (None, "", []))
    if isinstance(value, list):
        return "".join(f"<member>{xml(each)}</member>" for each in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
