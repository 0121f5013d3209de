"""What may go wrong with a message; the class of an error decides what becomes of it, its name is for operators."""


class KnownError(Exception):
    """An error of ours: its sentence holds no value of a message, so that it may be logged, sent on and grouped by."""


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


class Transient(KnownError):
    """Somebody is busy or out of reach; the same message may work in a moment."""


class Refused(KnownError):
    """AWS refused a call for a reason that waiting alone does not mend, such as a missing permission."""


class BadPriceList(KnownError):
    """The price list contradicts itself: our mistake, not the message's, which is tried again."""


class UnreadableResult(KnownError):
    """A record of the results' stream holds no result."""
