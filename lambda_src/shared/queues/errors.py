"""What may go wrong with a message; the class of an error decides what becomes of it, its name is for operators."""

from traceback import extract_tb


class KnownError(Exception):
    """An error of ours: its sentence holds no value of a message, so that it may be logged, sent on and grouped by."""


class Transient(KnownError):
    """Somebody is busy or out of reach; the same message may work in a moment."""


class Refused(KnownError):
    """AWS refused a call for a reason that waiting alone does not mend, such as a missing permission."""


def reason(error: Exception) -> str:
    """Return a known error's sentence; of any other only its place, as its text may hold a message's values."""
    if isinstance(error, KnownError):
        return str(error)
    frames = extract_tb(error.__traceback__)
    return f"unexpected, at {frames[-1].name}, line {frames[-1].lineno}" if frames else "unexpected"
