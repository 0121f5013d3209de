"""TagResources: finds whose a new resource is and writes it on it, on its volumes and on its interfaces, in one go."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from resource_tagging.adapters import launchers, resources, trail
from resource_tagging.domain.call import Call
from resource_tagging.domain.errors import NotTaggableYet
from resource_tagging.domain.identity import UNKNOWN
from resource_tagging.domain.owner import Resolver
from resource_tagging.domain.tags import tags
from shared.backoff import full_jitter
from shared.context import Context, seconds_left
from shared.handlers import lambda_handler
from shared.observability import logger, metrics
from shared.settings import once

_MARGIN_SECONDS = 5.0  # what a look and a call take when AWS answers slowly
# By then EC2 shows everything: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
_SETTLED = timedelta(minutes=5)


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    owner_tag: str
    dry_run: bool


settings = once(Settings)


@lambda_handler
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Take CloudTrail's event of a call, or EC2's of an image; return what was tagged, left alone, or gone.

    `{"dry_run": true}` beside the event only says what would be tagged. Raises `NotTaggableYet`: Lambda tries again
    in a minute and once more after that, then the event goes to the failure queue.
    """
    call = Call.from_event(event)
    if call is None:
        logger.info("nothing was made, so there is nothing to tag")
        return {"ignored": True}
    owner_tag = settings().owner_tag
    owner = Resolver(owner_tag, launchers.tags_of, trail.issuer_of).owner(call)
    if call.inherits and owner.name == UNKNOWN:
        logger.info("the source has no owner yet, and will be told of", extra={"resources": call.resource_ids})
        return {"ignored": True}
    dry_run = settings().dry_run or bool(event.get("dry_run"))
    tag = partial(resources.tag, call.resource_ids, owner_tag, tags(owner_tag, owner, call.at), dry_run=dry_run)
    outcome = _patiently(lambda: tag(settled=datetime.now(UTC) - call.at > _SETTLED), context)
    metrics.add_metric("ResourcesTagged", MetricUnit.Count, 0 if dry_run else len(outcome.tagged))
    metrics.add_metric("OwnersUnknown", MetricUnit.Count, owner.name == UNKNOWN)
    metrics.flush_metrics()
    answer = {"dry_run": dry_run, "owner": owner.name, "found_by": owner.found_by, **asdict(outcome)}
    logger.info("a call is dealt with", extra={"call": call.name, **answer})
    return {"ignored": False, **answer}


def _patiently(tag: Callable[[], resources.Outcome], context: Context) -> resources.Outcome:
    """Try until everything can be tagged, ever more slowly, while the function has time. Raises `NotTaggableYet`."""
    for delay in full_jitter():
        try:
            return tag()
        except NotTaggableYet:
            if seconds_left(context) < delay + _MARGIN_SECONDS:
                raise
        time.sleep(delay)
    raise AssertionError  # the delays never end
