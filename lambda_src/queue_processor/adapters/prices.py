"""Reads the price list from Parameter Store, at most once a minute."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from queue_processor.adapters.translation import translated
from queue_processor.domain.errors import BadPriceList
from queue_processor.domain.prices import PriceList
from shared.clients import client

_KEPT_SECONDS = 60


def price_list(parameter: str, clock: Callable[[], float] = time.monotonic) -> PriceList:
    """Return the price list, a minute old at most. Raises `BadPriceList`, `Transient` and `Refused`."""
    return _read(parameter, int(clock() // _KEPT_SECONDS))


@lru_cache(maxsize=1)
def _read(parameter: str, _minute: int) -> PriceList:
    with translated():
        text = client("ssm", hasty=True).get_parameter(Name=parameter)["Parameter"]["Value"]
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError as problem:
        raise BadPriceList(f"the price list is not JSON: {problem}") from problem
    return PriceList.from_document(document)
