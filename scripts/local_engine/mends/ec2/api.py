"""What is the same for every operation of EC2: dry runs, pages, filters that do not exist."""

import base64
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import parse_qs

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2.wire import Answer, Refusal
from scripts.local_engine.patching import Function, wrap

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_SETS = {
    "DescribeImages": "imagesSet",
    "DescribeInstances": "reservationSet",
    "DescribeInstanceStatus": "instanceStatusSet",
    "DescribeSnapshots": "snapshotSet",
    "DescribeTags": "tagSet",
    "DescribeVolumes": "volumeSet",
}
_TAGS = ("tag:", "tag-key", "tag-value")
# The filters that the engine knows, of those AWS has; DescribeInstances has its own in `describe`.
_FILTERS = {
    "DescribeInstanceStatus": set[str](),
    "DescribeSnapshots": {
        "description", "encrypted", "owner-id", "progress", "snapshot-id", "start-time", "status", "storage-tier",
        "volume-id", "volume-size",
    },
    "DescribeTags": {"key", "resource-id", "resource-type", "value"},
    "DescribeVolumes": {
        "attachment.attach-time", "attachment.delete-on-termination", "attachment.device", "attachment.instance-id",
        "attachment.status", "availability-zone", "create-time", "encrypted", "multi-attach-enabled", "size",
        "snapshot-id", "status", "volume-id", "volume-type",
    },
}  # fmt: skip
_FEWEST = {"DescribeInstances": 5, "DescribeInstanceStatus": 5, "DescribeSnapshots": 5, "DescribeTags": 5}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "handle_request")(handle)


async def handle(
    original: Function, method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> Any:
    """Do nothing in a dry run, and answer a page at a time.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html (DryRun),
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
    Engine: a dry run did what was asked for; one page held everything; filters it did not know let everything pass.
    """
    text = body.decode() if isinstance(body, bytes) else body or ""
    params = {**query_params, **parse_qs(text)}
    if engine._p(params, "DryRun").lower() == "true":  # whoever may not do it has been refused before
        sentence = "Request would have succeeded, but DryRun flag is set."
        return Refusal("DryRunOperation", sentence, 412).answer()
    try:
        wanted, start = _page(params)
        _check_filters(params)
        answer = await original(method, path, headers, body, query_params)
    except Refusal as refusal:
        return refusal.answer()
    return _cut(answer, engine._p(params, "Action"), start, wanted) if wanted else answer


def _check_filters(params: dict[str, Any]) -> None:
    """Refuse filters that the engine would ignore, with all that they should have left out. Raises Refusal."""
    operation = engine._p(params, "Action")
    for name in engine._parse_filters(params) if operation in _FILTERS else ():
        if name not in _FILTERS[operation] and not name.startswith(_TAGS):
            raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")


def _page(params: dict[str, Any]) -> tuple[int, int]:
    """Return how many results are wanted at most, 0 for all of them, and how many came before. Raises Refusal."""
    operation, wanted = engine._p(params, "Action"), int(engine._p(params, "MaxResults") or 0)
    if not wanted or operation not in _SETS:
        return 0, 0
    if wanted < (fewest := _FEWEST.get(operation, 1)):
        sentence = f"Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value greater than {fewest}."
        raise Refusal("InvalidParameterValue", sentence)
    if operation != "DescribeImages" and any(key.startswith(("InstanceId.", "VolumeId.")) for key in params):
        raise Refusal("InvalidParameterCombination", "The parameter ids cannot be used with the parameter maxResults")
    token = engine._p(params, "NextToken")
    try:
        return wanted, int(base64.b64decode(token or b"MA=="))
    except ValueError:
        raise Refusal("InvalidNextToken", f"The token '{token}' is invalid") from None


def _cut(answer: Answer, operation: str, start: int, wanted: int) -> Answer:
    """Leave in an answer the results from `start` on, as many as wanted, and the token for what follows them."""
    status, headers, body = answer
    ET.register_namespace("", _NAMESPACE)
    root = ET.fromstring(body)  # noqa: S314 - the engine wrote it a moment ago
    results = root.find(f"{{{_NAMESPACE}}}{_SETS[operation]}")
    if results is None:
        return answer
    everything = list(results)
    for each in everything[:start] + everything[start + wanted :]:
        results.remove(each)
    if len(everything) > start + wanted:
        token = base64.b64encode(str(start + wanted).encode()).decode()
        ET.SubElement(root, f"{{{_NAMESPACE}}}nextToken").text = token
    return status, headers, ET.tostring(root, encoding="utf-8", xml_declaration=True)
