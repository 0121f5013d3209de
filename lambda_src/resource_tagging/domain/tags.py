"""The tags that say whose a resource is, spelled as EC2 takes them."""

import re
from datetime import datetime

from resource_tagging.domain.identity import Owner

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
_FOREIGN = re.compile(r"[^\w +\-=.:/@]")
_MAX_VALUE = 256


def tags(owner_tag: str, owner: Owner, at: datetime) -> dict[str, str]:
    """Return the owner, how it was found, and when the call was; the same for an event that is delivered again."""
    return {
        owner_tag: _value(owner.name),
        f"{owner_tag}-found-by": _value(owner.found_by),
        f"{owner_tag}-since": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _value(text: str) -> str:
    return _FOREIGN.sub("_", text)[:_MAX_VALUE]
