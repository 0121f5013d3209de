"""How much a notification matters: what routes and colours go by."""

from enum import IntEnum


class Severity(IntEnum):
    """From what is good to know to what somebody must see to now."""

    INFO = 0
    WARNING = 1
    ERROR = 2
    CRITICAL = 3

    @classmethod
    def of(cls, name: object) -> "Severity":
        """Return the severity of that name, in small letters. Raises ValueError."""
        if not isinstance(name, str) or name.upper() not in cls.__members__:
            raise ValueError(f"{name!r} is none of {', '.join(each.lower() for each in cls.__members__)}")
        return cls[name.upper()]

    @property
    def word(self) -> str:
        """The severity as people read it."""
        return self.name.lower()
