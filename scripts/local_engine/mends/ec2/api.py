"""What is the same for every operation of EC2: dry runs, pages, filters that do not exist."""

import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import parse_qs

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import matching, pages
from scripts.local_engine.mends.ec2.wire import Answer, Refusal
from scripts.local_engine.patching import Function, wrap

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_SETS = {
    "DescribeImages": "imagesSet",
    "DescribeInstances": "reservationSet",
    "DescribeTags": "tagSet",
}
# The filters that the engine knows, of those AWS has; other lists have their own, where they are made.
_FILTERS = {
    "DescribeTags": {"key", "resource-id", "resource-type", "value"},
}


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
        page, operation = pages.asked(params), engine._p(params, "Action")
        if operation in _FILTERS:
            matching.check(engine._parse_filters(params), _FILTERS[operation])
        answer = await original(method, path, headers, body, query_params)
    except Refusal as refusal:
        return refusal.answer()
    return _cut(answer, _SETS[operation], page) if page.wanted and operation in _SETS else answer


def _cut(answer: Answer, name: str, page: pages.Page) -> Answer:
    """Leave in an answer the page's results of the set `name`, and the token for what follows them."""
    status, headers, body = answer
    ET.register_namespace("", _NAMESPACE)
    root = ET.fromstring(body)  # noqa: S314 - the engine wrote it a moment ago
    results = root.find(f"{{{_NAMESPACE}}}{name}")
    if results is None:
        return answer
    shown, token = page.cut(list(results))
    for each in set(results) - set(shown):
        results.remove(each)
    if token:
        ET.SubElement(root, f"{{{_NAMESPACE}}}nextToken").text = token
    return status, headers, ET.tostring(root, encoding="utf-8", xml_declaration=True)
