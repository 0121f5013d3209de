"""Why a rotation's step cannot be done. None of these sentences ever holds a value."""


class UnknownStep(Exception):
    """Secrets Manager knows no such step."""


class NotPending(Exception):
    """The version is not the one that is to be next: a rotation that was abandoned, or that another one overtook."""


class NotMade(Exception):
    """The version has no value yet."""


class Unusable(Exception):
    """A value is no good, and no other attempt makes it better."""


class NoFirstValue(Exception):
    """People put the first value of this secret, and nobody has."""
