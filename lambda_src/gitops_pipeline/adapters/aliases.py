"""Lambda: the alias that everything invokes, and the versions it shares calls among."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from gitops_pipeline.domain.canary import Routing, newest_of
from shared.clients import client
from shared.faults import is_transient

_ALIAS = "live"


class Refused(Exception):
    """Lambda did not move the alias, and would not a little later."""


def functions(prefix: str) -> Iterator[str]:
    """Yield the names of the functions that begin with a prefix."""
    for page in client("lambda").get_paginator("list_functions").paginate():
        yield from (each["FunctionName"] for each in page["Functions"] if each["FunctionName"].startswith(prefix))


def current(function: str) -> Routing | None:
    """Return what a function's alias points to, None if there is no function or no alias."""
    functions_api = client("lambda")
    try:
        alias = functions_api.get_alias(FunctionName=function, Name=_ALIAS)
    except functions_api.exceptions.ResourceNotFoundException:
        return None
    return Routing(alias["FunctionVersion"], (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def newest(function: str) -> str:
    """Return the version that was published last."""
    pages = client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return newest_of([each["Version"] for page in pages for each in page["Versions"]])


def point(function: str, routing: Routing) -> None:
    """Let a function's alias share its calls like this; the weights are all replaced. Raises `Refused`."""
    try:
        client("lambda").update_alias(
            FunctionName=function,
            Name=_ALIAS,
            FunctionVersion=routing.version,
            RoutingConfig={"AdditionalVersionWeights": dict(routing.weights)},
        )
    except ClientError as refusal:
        if is_transient(refusal):
            raise
        raise Refused(str(refusal)) from refusal
