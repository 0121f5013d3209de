"""What may be wrong with a usage record or the prices; what happens to any message is in `shared/queues/errors.py`."""

from shared.queues.errors import KnownError


class Poison(KnownError):
    """The message can never work, however often it is tried: it leaves the queue at once."""


class BadJson(Poison):
    """The body is not JSON."""


class BrokenContract(Poison):
    """The body is not a usage record as agreed with the producers."""


class UnknownMeter(Poison):
    """Nobody has agreed on a price for what was used."""


class KeyReused(Poison):
    """Another usage record, with other content, has the same business key."""


class BadPriceList(KnownError):
    """The price list contradicts itself: our mistake, not the message's, which is tried again."""


class UnreadableResult(KnownError):
    """A record of the results' stream holds no result."""
