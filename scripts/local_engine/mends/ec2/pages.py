"""Pages of results: how many are asked for, and the token for what follows them."""

import base64
from typing import Any, NamedTuple

from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2.wire import Refusal

_FEWEST = dict.fromkeys(("DescribeInstances", "DescribeInstanceStatus", "DescribeSnapshots", "DescribeTags"), 5)
_IDS = ("InstanceId.", "SnapshotId.", "VolumeId.")


class Page(NamedTuple):
    """How many results are wanted at most, 0 for all of them, and how many came before."""

    wanted: int
    start: int

    def cut[T](self, found: list[T]) -> tuple[list[T], str | None]:
        """Return the page's part of all results, and the token for what follows it."""
        end = self.start + self.wanted
        if not self.wanted:
            return found, None
        token = base64.b64encode(str(end).encode()).decode() if len(found) > end else None
        return found[self.start : end], token


def asked(params: dict[str, Any]) -> Page:
    """Return the page that a request asks for.

    Raises Refusal. AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
    """
    operation, wanted = engine._p(params, "Action"), int(engine._p(params, "MaxResults") or 0)
    if not wanted:
        return Page(0, 0)
    if wanted < (fewest := _FEWEST.get(operation, 1)):
        sentence = f"Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value greater than {fewest}."
        raise Refusal("InvalidParameterValue", sentence)
    if operation != "DescribeImages" and any(key.startswith(_IDS) for key in params):
        raise Refusal("InvalidParameterCombination", "The parameter ids cannot be used with the parameter maxResults")
    token = engine._p(params, "NextToken")
    try:
        return Page(wanted, int(base64.b64decode(token or b"MA==")))
    except ValueError:
        raise Refusal("InvalidNextToken", f"The token '{token}' is invalid") from None
