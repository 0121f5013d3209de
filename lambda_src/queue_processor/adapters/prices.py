"""The price list, from Parameter Store."""

from queue_processor.domain.errors import BadPriceList
from queue_processor.domain.prices import PriceList
from shared import configuration
from shared.queues.translation import translated


def price_list(parameter: str) -> PriceList:
    """Return the price list, as old as the environment allows. Raises `BadPriceList`, `Transient` and `Refused`."""
    try:
        with translated():
            return configuration.read(parameter, PriceList.from_text, hasty=True)
    except configuration.NoParameter:
        raise BadPriceList("there is no price list") from None
