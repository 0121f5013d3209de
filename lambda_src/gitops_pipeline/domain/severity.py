"""How bad a finding is, in the words that all scanners' reports are put into."""

from enum import IntEnum


class Severity(IntEnum):
    """From what is merely said to what must never be deployed."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @classmethod
    def of(cls, name: object) -> "Severity":
        """Return the severity of that name. Raises ValueError."""
        if not isinstance(name, str) or name not in cls.__members__:
            raise ValueError(f"{name!r} is none of {', '.join(cls.__members__)}")
        return cls[name]
