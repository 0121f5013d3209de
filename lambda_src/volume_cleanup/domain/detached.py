"""Since when a volume is detached: the clock that decides, and never the moment it was created (ADR 13).

EC2 does not say. What is known is when a run first saw the volume unattached, and what CloudTrail says of DetachVolume;
a volume that a terminated instance left behind was never detached by a call. So the later of the two counts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.operations.moments import iso, moment_of


@dataclass(frozen=True)
class Sightings:
    """Since when each unattached volume is so, what of it is `news` to be remembered, and what is to be forgotten."""

    since: Mapping[str, datetime]
    news: Mapping[str, str]
    gone: Collection[str]


def sightings(
    remembered: Mapping[str, str], unattached: Collection[str], detached: Mapping[str, datetime], now: datetime
) -> Sightings:
    """Combine what earlier runs saw, what is unattached now, and CloudTrail's latest detachments, by volume id.

    A volume that is attached now, or gone, is forgotten: should it be seen unattached again, its clock begins anew.
    """
    since = {each: _later(remembered.get(each), detached.get(each), now) for each in unattached}
    texts = {each: iso(moment) for each, moment in since.items()}
    news = {each: text for each, text in texts.items() if remembered.get(each) != text}
    return Sightings(since, news, remembered.keys() - since.keys())


def _later(seen: str | None, detached: datetime | None, now: datetime) -> datetime:
    first = moment_of(seen) if seen else now
    return max(first, detached) if detached else first
